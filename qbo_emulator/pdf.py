"""
A printed form as a PDF (5.11): one page, Helvetica, written by hand, without a library.

The text stands uncompressed in the file, so that a test can look for it.
"""

from decimal import Decimal
from typing import Any

from .money import to_cents

WIDTH, HEIGHT, MARGIN = 612, 792, 54  # US letter, in points
MOST_LINES = 30
TITLES = {
    "CreditMemo": "CREDIT MEMO",
    "SalesReceipt": "SALES RECEIPT",
    "RefundReceipt": "REFUND RECEIPT",
    "PurchaseOrder": "PURCHASE ORDER",
}


class Page:
    """One page; y counts from the top."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: Any, *, size: int = 10, bold: bool = False) -> None:
        font = "F2" if bold else "F1"
        self.parts.append(
            f"BT /{font} {size} Tf {x:.1f} {HEIGHT - y:.1f} Td ({_escaped(text)}) Tj ET"
        )

    def right(self, x: float, y: float, text: Any, *, bold: bool = False) -> None:
        """Text that ends at x. Digits of Helvetica are 0.556 of their size wide, signs 0.278."""
        width = sum(2.78 if each in ",.-: " else 5.56 for each in str(text))
        self.text(x - width, y, text, bold=bold)

    def rule(self, y: float) -> None:
        self.parts.append(
            f"0.5 w {MARGIN} {HEIGHT - y:.1f} m {WIDTH - MARGIN} {HEIGHT - y:.1f} l S"
        )

    def file(self) -> bytes:
        """The whole PDF."""
        content = "\n".join(self.parts).encode("cp1252", "replace")
        font = "<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R"
            " /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
            (font % "Helvetica").encode(),
            (font % "Helvetica-Bold").encode(),
        ]
        return _file(objects)


def _escaped(text: Any) -> str:
    plain = " ".join(str(text).split())
    return plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _file(objects: list[bytes]) -> bytes:
    """Number the objects and write where each begins, as readers expect it."""
    data, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return data + b"startxref\n%d\n%%%%EOF\n" % start


def form(entity: str, document: dict[str, Any], company: dict[str, Any]) -> bytes:
    """
    A transaction as a customer gets it.

    Args:
        company: the CompanyInfo of the books.
    """
    page = Page()
    page.text(MARGIN, 70, company.get("CompanyName", ""), size=16, bold=True)
    page.right(WIDTH - MARGIN, 70, TITLES.get(entity, entity.upper()), bold=True)
    y = _address(page, 86, company.get("CompanyAddr") or {})
    y = _head(page, max(y, 130), document)
    y = _lines(page, y + 10, document)
    _totals(page, y + 10, document)
    memo = (document.get("CustomerMemo") or {}).get("value")
    if memo:
        page.text(MARGIN, HEIGHT - MARGIN, memo[:110])
    return page.file()


def _address(page: Page, y: float, address: dict[str, Any]) -> float:
    for name in ("Line1", "Line2", "Line3", "Line4", "Line5"):
        if address.get(name):
            page.text(MARGIN, y, address[name])
            y += 13
    parts = [address.get(name, "") for name in ("City", "CountrySubDivisionCode", "PostalCode")]
    if any(parts):
        page.text(MARGIN, y, " ".join(each for each in parts if each))
        y += 13
    return y


def _head(page: Page, y: float, document: dict[str, Any]) -> float:
    facts = {
        "Number": document.get("DocNumber"),
        "Date": document.get("TxnDate"),
        "Due": document.get("DueDate"),
        "Expires": document.get("ExpirationDate"),
        "Reference": document.get("PaymentRefNum"),
    }
    right = y
    for name, value in facts.items():
        if value:
            page.text(400, right, name, bold=True)
            page.right(WIDTH - MARGIN, right, value)
            right += 14
    party = document.get("CustomerRef") or document.get("VendorRef") or {}
    page.text(MARGIN, y, party.get("name", ""), bold=True)
    left = _address(page, y + 13, document.get("BillAddr") or document.get("VendorAddr") or {})
    return max(left, right)


def _lines(page: Page, y: float, document: dict[str, Any]) -> float:
    page.text(MARGIN, y, "Product or service", bold=True)
    for x, name in ((400, "Qty"), (475, "Rate"), (WIDTH - MARGIN, "Amount")):
        page.right(x, y, name, bold=True)
    page.rule(y + 4)
    printed = _printed(document)
    for text, quantity, price, amount in printed[:MOST_LINES]:
        y += 15
        page.text(MARGIN, y, text[:60])
        for x, value in ((400, quantity), (475, price), (WIDTH - MARGIN, amount)):
            page.right(x, y, value)
    if len(printed) > MOST_LINES:
        y += 15
        page.text(MARGIN, y, f"and {len(printed) - MOST_LINES} more lines")
    page.rule(y + 6)
    return y + 10


def _printed(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The lines: what it is, quantity, price, amount."""
    found = []
    for line in document.get("Line", []):
        detail = line.get(line.get("DetailType", ""), {})
        kind = line.get("DetailType", "")
        if kind in {"SubTotalLineDetail", "DiscountLineDetail"}:
            continue
        item = (detail.get("ItemRef") or detail.get("GroupItemRef") or {}).get("name", "")
        linked = [f"{each['TxnType']} {each['TxnId']}" for each in line.get("LinkedTxn", [])]
        text = ", ".join(each for each in (item, line.get("Description", ""), *linked) if each)
        quantity = detail.get("Qty", detail.get("Quantity", ""))
        price = _money(detail["UnitPrice"]) if "UnitPrice" in detail else ""
        amount = _money(line["Amount"]) if "Amount" in line else ""
        found.append((text, str(quantity), price, amount))
    return found


def _totals(page: Page, y: float, document: dict[str, Any]) -> None:
    discount = [
        line["Amount"]
        for line in document.get("Line", [])
        if line.get("DetailType") == "DiscountLineDetail"
    ]
    totals = {
        "Discount": -Decimal(discount[0]) if discount else None,
        "Tax": (document.get("TxnTaxDetail") or {}).get("TotalTax") or None,
        "Total": document.get("TotalAmt"),
        "Balance due": document.get("Balance"),
        "Unapplied": document.get("UnappliedAmt"),
    }
    for name, value in totals.items():
        if value is not None:
            page.text(400, y, name, bold=True)
            page.right(WIDTH - MARGIN, y, _money(value), bold=True)
            y += 15


def _money(value: Any) -> str:
    return f"{to_cents(Decimal(str(value))):,}"
