"""
The lines of a sales form as rows of fields, and back.

A row is one item line. Lines of another kind (bundles) are shown and stay as they are.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ..entities.sales_form import DISCOUNT, SALES_ITEM
from ..money import rounded, to_cents
from .forms import Document, Values, Wrong, clean, number, plain

ITEM, OFF = SALES_ITEM.name, DISCOUNT.name
TEXT, SUBTOTAL = "DescriptionOnly", "SubTotalLineDetail"
PARTS = ("id", "item", "description", "quantity", "rate", "amount", "tax")
ONE_MORE, MOST = 4, 400
_NAME = re.compile(r"line-(\d{1,3})-(\w+)", re.ASCII)
# find(id): the document of an item, {} where there is none.
FindItem = Callable[[str], Document]


def shown_rows(document: Document) -> list[Values]:
    """The lines of a document; `kept` says what a row holds that cannot be edited."""
    rows = []
    for line in document.get("Line", []):
        kind = line.get("DetailType")
        if kind in {OFF, SUBTOTAL}:
            continue
        detail = line.get(ITEM, {})
        row = {
            "id": line.get("Id", ""),
            "item": detail.get("ItemRef", {}).get("value", ""),
            "description": line.get("Description", ""),
            "quantity": plain(detail.get("Qty")),
            "rate": plain(detail.get("UnitPrice")),
            "amount": plain(line.get("Amount")),
            "tax": detail.get("TaxCodeRef", {}).get("value", "NON"),
        }
        if kind not in {ITEM, TEXT}:
            row["kept"] = f"{_name_of(line)} {plain(line.get('Amount'))}"
        rows.append(row)
    return rows


def _name_of(line: Document) -> str:
    group = line.get("GroupLineDetail", {}).get("GroupItemRef", {})
    return str(group.get("name") or line.get("DetailType"))


def typed_rows(values: Values) -> list[Values]:
    """The rows of a form, the blank ones too."""
    found: dict[int, Values] = {}
    for name, value in values.items():
        match = _NAME.fullmatch(name)
        if match and match[2] in PARTS:
            row = found.setdefault(int(match[1]), dict.fromkeys(PARTS, ""))
            row[match[2]] = clean(value)
    return [row | {"tax": row["tax"] or "NON"} for _, row in sorted(found.items())]


def shown_discount(document: Document) -> tuple[str, str]:
    """The discount of a document and how it is meant: percent or amount."""
    for line in document.get("Line", []):
        if line.get("DetailType") == OFF:
            percent = line[OFF].get("DiscountPercent")
            if line[OFF].get("PercentBased") and percent is not None:
                return plain(percent), "percent"
            return plain(line.get("Amount")), "amount"
    return "", "percent"


def lines_of(
    rows: list[Values], discount: tuple[str, str], before: Document, find: FindItem, taxed: bool
) -> list[Document]:
    """
    What a form's rows and discount come to, as the API takes lines.

    Args:
        before: the stored document, {} for a new one; what rows do not show stays as it was there.
        taxed: the company uses sales tax, so lines are TAX or NON.
    Raises:
        Wrong: a number that is none.
    """
    old = {line["Id"]: line for line in before.get("Line", []) if "Id" in line}
    old_rows = {row["id"]: row for row in shown_rows(before)}
    lines = []
    for place, row in enumerate(rows, 1):
        was = old_rows.get(row["id"])
        if was and "kept" in was:
            lines.append(old[row["id"]])
        elif any(row[part] for part in ("item", "description", "quantity", "rate", "amount")):
            lines.append(_line(row, was or {}, old.get(row["id"], {}), find, taxed, place))
    return [*lines, *_discount_line(discount, before)]


def _line(
    row: Values, was: Values, old: Document, find: FindItem, taxed: bool, place: int
) -> Document:
    head = {"Id": row["id"]} if old else {}
    if not any(row[part] for part in ("item", "quantity", "rate", "amount")):
        return {**head, "DetailType": TEXT, "Description": row["description"]}
    item = find(row["item"]) if row["item"] else {}
    quantity, rate, amount = _figures(row, was, item, place)
    detail: dict[str, Any] = dict(old.get(ITEM, {}))
    for name in ("ItemRef", "Qty", "UnitPrice", "TaxCodeRef"):
        detail.pop(name, None)
    if row["item"]:
        detail["ItemRef"] = {"value": row["item"]}
    if quantity is not None and rate is not None:
        detail |= {"Qty": quantity, "UnitPrice": rate}
    if taxed:
        detail["TaxCodeRef"] = {"value": row["tax"]}
    line = {**head, "Amount": amount, "DetailType": ITEM, ITEM: detail}
    description = row["description"] or ("" if was else item.get("Description", ""))
    if description:
        line["Description"] = description
    return line | ({"LinkedTxn": old["LinkedTxn"]} if "LinkedTxn" in old else {})


def _figures(
    row: Values, was: Values, item: Document, place: int
) -> tuple[Decimal | None, Decimal | None, Decimal]:
    """
    Quantity, rate and amount. One that is missing follows from the others, the rate from the item;
    where quantity or rate were changed the amount follows, and where the amount was, the rate.
    """
    quantity = number(row["quantity"], f"Line {place}: Quantity")
    rate = number(row["rate"], f"Line {place}: Rate")
    amount = number(row["amount"], f"Line {place}: Amount")
    is_touched = any(row[part] != was.get(part, "") for part in ("quantity", "rate"))
    if was and is_touched and row["amount"] == was["amount"]:
        amount = None
    if was and not is_touched and row["amount"] != was["amount"]:
        rate = None
    if amount is None:
        quantity = Decimal(1) if quantity is None else quantity
        rate = Decimal(item.get("UnitPrice") or 0) if rate is None else rate
        amount = quantity * rate
    elif rate is None and quantity:
        rate = amount / quantity
    if abs(amount) >= 10**11 or (rate is not None and abs(rate) >= 10**11):
        raise Wrong(f"Line {place}: The amount is too large.")
    return quantity, None if rate is None else Decimal(rounded(rate, 7)), to_cents(amount)


def _discount_line(discount: tuple[str, str], before: Document) -> list[Document]:
    text, kind = discount
    if discount == shown_discount(before):
        return [line for line in before.get("Line", []) if line.get("DetailType") == OFF]
    value = number(text, "Discount")
    if value is None:
        return []
    if kind == "percent":
        return [{"DetailType": OFF, OFF: {"PercentBased": True, "DiscountPercent": value}}]
    return [{"Amount": value, "DetailType": OFF, OFF: {"PercentBased": False}}]
