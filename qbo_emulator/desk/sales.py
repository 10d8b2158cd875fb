"""The pages of forms with lines: invoices, estimates, sales receipts, credit memos, refunds."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..emulator import Session
from ..entities import BY_NAME
from ..errors import Fault
from .finding import options
from .forms import Column, Document, Input, Values, at, money, sentence
from .lists import is_real_code, is_sold, takes_money
from .objects import ObjectPages, Sheet, Visit
from .rows import ONE_MORE, lines_of, shown_discount, shown_rows, typed_rows

DATE, NUMBER = Column("Date", "TxnDate"), Column("Number", "DocNumber", "link")
CUSTOMER, TOTAL = Column("Customer", "CustomerRef.name"), Column("Total", "TotalAmt", "money")
BALANCE, STATE = Column("Balance", "Balance", "money"), Column("State", kind="state")
ID = Column("Id", "Id", "link")
PICK_CUSTOMER = Input("CustomerRef.value", "Customer", "pick", picks="Customer")
PICK_DATE = Input("TxnDate", "Date", "date")
MEMO = Input("PrivateNote", "Memo (the customer does not see it)", "long")
HEAD = (PICK_CUSTOMER, PICK_DATE, Input("DocNumber", "Number"))
MESSAGE = Input("CustomerMemo.value", "Message for the customer", "long")
TAX = Input(
    "TxnTaxDetail.TxnTaxCodeRef.value",
    "Sales tax",
    "pick",
    picks="TaxCode",
    where=is_real_code,
    needs="TaxPrefs.UsingSalesTax",
)
REST = (
    Input(
        "ClassRef.value",
        "Class",
        "pick",
        picks="Class",
        needs="AccountingInfoPrefs.ClassTrackingPerTxn",
    ),
    Input(
        "DepartmentRef.value",
        "Location",
        "pick",
        picks="Department",
        needs="AccountingInfoPrefs.TrackDepartments",
    ),
    Input("BillEmail.Address", "Email"),
    MESSAGE,
    MEMO,
)
MONEY_IN = (
    Input("PaymentMethodRef.value", "Payment method", "pick", picks="PaymentMethod"),
    Input("PaymentRefNum", "Reference"),
    Input("DepositToAccountRef.value", "Deposit to", "pick", picks="Account", where=takes_money),
)


def is_void(document: Document) -> bool:
    return str(document.get("PrivateNote", "")).startswith("Voided") and not document["TotalAmt"]


def owed(document: Document, today: str) -> tuple[str, str]:
    """The state of an invoice."""
    if is_void(document):
        return "Voided", "r"
    if not document.get("Balance"):
        return "Paid", "g"
    if document.get("DueDate", "9999") < today:
        return "Overdue", "r"
    return ("Open", "y") if document["Balance"] == document["TotalAmt"] else ("Part paid", "y")


def credit_left(document: Document, today: str) -> tuple[str, str]:
    if is_void(document):
        return "Voided", "r"
    return ("Open", "y") if document.get("Balance") else ("Used", "g")


def offered(document: Document, today: str) -> tuple[str, str]:
    word = document.get("TxnStatus", "Pending")
    return word, {"Accepted": "g", "Closed": "g", "Rejected": "r"}.get(word, "y")


def settled(document: Document, today: str) -> tuple[str, str]:
    return ("Voided", "r") if is_void(document) else ("Paid", "g")


INVOICES = Sheet(
    BY_NAME["Invoice"],
    "Invoices",
    (ID, NUMBER, CUSTOMER, DATE, Column("Due", "DueDate"), TOTAL, BALANCE, STATE),
    (
        *HEAD,
        Input("SalesTermRef.value", "Terms", "pick", picks="Term"),
        Input("DueDate", "Due date", "date"),
        TAX,
        Input("Deposit", "Deposit", "number", needs="SalesFormsPrefs.AllowDeposit"),
        *REST,
    ),
    (TOTAL, BALANCE, Column("Sales tax", "TxnTaxDetail.TotalTax", "money")),
    owed,
)
ESTIMATES = Sheet(
    BY_NAME["Estimate"],
    "Estimates",
    (ID, NUMBER, CUSTOMER, DATE, Column("Expires", "ExpirationDate"), TOTAL, STATE),
    (
        *HEAD,
        Input("ExpirationDate", "Expires", "date"),
        Input("TxnStatus", "Status", "choice", ("Pending", "Accepted", "Closed", "Rejected")),
        TAX,
        *REST,
    ),
    (TOTAL, Column("Sales tax", "TxnTaxDetail.TotalTax", "money")),
    offered,
)
SALES_RECEIPTS = Sheet(
    BY_NAME["SalesReceipt"],
    "Sales receipts",
    (ID, NUMBER, CUSTOMER, DATE, Column("Method", "PaymentMethodRef.name"), TOTAL, STATE),
    (*HEAD, *MONEY_IN, TAX, *REST),
    (TOTAL, Column("Deposited to", "DepositToAccountRef.name")),
    settled,
)
REFUNDS = Sheet(
    BY_NAME["RefundReceipt"],
    "Refund receipts",
    (ID, NUMBER, CUSTOMER, DATE, Column("Method", "PaymentMethodRef.name"), TOTAL, STATE),
    (*HEAD, *MONEY_IN, TAX, *REST),
    (TOTAL, Column("Paid from", "DepositToAccountRef.name")),
    settled,
)
CREDIT_MEMOS = Sheet(
    BY_NAME["CreditMemo"],
    "Credit memos",
    (ID, NUMBER, CUSTOMER, DATE, TOTAL, Column("Left", "Balance", "money"), STATE),
    (*HEAD, TAX, *REST),
    (TOTAL, Column("Left", "RemainingCredit", "money")),
    credit_left,
)
SALES = (ESTIMATES, SALES_RECEIPTS, CREDIT_MEMOS, REFUNDS)


# What an invoice takes over from its estimate beside the lines and the tax code.
TAKEN_OVER = (
    "CustomerRef",
    "CurrencyRef",
    "ClassRef",
    "DepartmentRef",
    "ProjectRef",
    "SalesTermRef",
    "CustomField",
    "CustomerMemo",
    "BillEmail",
    "BillAddr",
    "ShipAddr",
    "ApplyTaxAfterDiscount",
)
CAN_BE_INVOICED = ("Pending", "Accepted")


def invoice_of(estimate: Document) -> Document:
    """The body of the invoice that is made from an estimate; form and lines name it (4.6.5)."""
    link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
    body = {name: estimate[name] for name in TAKEN_OVER if name in estimate}
    body["LinkedTxn"] = [link]
    body["Line"] = [
        {name: value for name, value in line.items() if name not in {"Id", "LineNum", "LineEx"}}
        | ({"LinkedTxn": [link]} if line["DetailType"] != "DiscountLineDetail" else {})
        for line in estimate["Line"]
        if line["DetailType"] != "SubTotalLineDetail"
    ]
    code = at(estimate, "TxnTaxDetail.TxnTaxCodeRef")
    if code:
        body["TxnTaxDetail"] = {"TxnTaxCodeRef": code}
    return body


class SalesPages(ObjectPages):
    """A sales form: the head as any object's, then its lines and its discount."""

    template = "sales_form.html"

    def new_values(self, visit: Visit) -> Values:
        return {"TxnDate": self.today}

    def doings(self, document: Document) -> list[tuple[str, str]]:
        usual = super().doings(document)
        if self.entity.name == "Estimate" and document.get("TxnStatus") in CAN_BE_INVOICED:
            return [("invoice", "Make an invoice"), *usual]
        return usual

    async def do(self, request: Request, session: Session) -> Response:
        visit = await self.visit(request, session)
        estimate = self.document(visit)
        if request.path_params["do"] != "invoice" or self.entity.name != "Estimate":
            return await super().do(request, session)
        if estimate is None:
            return self.missing(visit)
        try:
            written = self.emulator.books.write(
                visit.realm, INVOICES.entity, invoice_of(estimate), visit.actor
            )
        except Fault as fault:
            values = self.old_values(visit, estimate)
            return self.form_page(visit, estimate, values, sentence(fault))
        session.message = "Made from the estimate."
        return self.pages.back_to(request, self.pages.address("Invoice", written.row.id))

    def more(self, visit: Visit, document: Document | None, values: Values) -> dict[str, Any]:
        typed = typed_rows(values)
        rows = typed or shown_rows(document or {})
        shown = {row["id"]: row for row in shown_rows(document or {})}
        rows = [{**row, "kept": shown.get(row["id"], {}).get("kept", "")} for row in rows]
        if not typed or "more" in values:
            rows += [{"tax": "NON"}] * ONE_MORE
        discount, kind = shown_discount(document or {})
        preferences = self.emulator.books.preferences(visit.realm)
        store = self.emulator.store
        return {
            "rows": rows,
            "items": options(store, visit.realm, "Item", is_sold),
            "item_names": self._names_of_items(visit, rows),
            "discount": values.get("discount", discount),
            "discount_kind": values.get("discount-kind", kind),
            "can_discount": bool(at(preferences, "SalesFormsPrefs.AllowDiscount") or discount),
            "is_taxed": bool(at(preferences, "TaxPrefs.UsingSalesTax")),
            "total": money((document or {}).get("TotalAmt")),
        }

    def _names_of_items(self, visit: Visit, rows: list[Values]) -> dict[str, str]:
        """What rows name that the list to pick from may lack: inactive and unknown items."""
        found = {}
        for row in rows:
            id = row.get("item", "")
            if id:
                item = self.pages.document(visit.realm, "Item", id) or {}
                found[id] = item.get("FullyQualifiedName") or f"Unknown: {id}"
        return found

    def body(self, visit: Visit, document: Document | None) -> Document:
        values, before = visit.values, document or {}
        body = super().body(visit, document)
        preferences = self.emulator.books.preferences(visit.realm)
        rows = typed_rows(values)
        discount = _typed_discount(values, before)
        if document is None or _differ(rows, before) or discount != shown_discount(before):
            body["Line"] = lines_of(
                rows,
                discount,
                before,
                lambda id: self.pages.document(visit.realm, "Item", id) or {},
                bool(at(preferences, "TaxPrefs.UsingSalesTax")),
            )
        follows = document is not None and ("TxnDate" in body or "SalesTermRef" in body)
        if follows and "DueDate" in self.entity.by_name and "DueDate" not in body:
            body["DueDate"] = ""  # the books find it anew
        return body


def _typed_discount(values: Values, before: Document) -> tuple[str, str]:
    if "discount" not in values:
        return shown_discount(before)
    kind = "amount" if values.get("discount-kind") == "amount" else "percent"
    text = values["discount"].strip()
    return (text, kind) if text else ("", shown_discount({})[1])


def _differ(rows: list[Values], before: Document) -> bool:
    """Do the rows that hold something differ from the lines of a document?"""
    old = {row["id"]: row for row in shown_rows(before)}
    kept = []
    for row in rows:
        if "kept" in old.get(row["id"], {}):
            kept.append(old[row["id"]])
        elif any(row[part] for part in ("item", "description", "quantity", "rate", "amount")):
            kept.append(row)
    return bool(rows) and kept != list(old.values())
