"""The lines of bills, vendor credits, purchases and purchase orders: accounts or items (4.0)."""

from decimal import Decimal
from typing import Any

from .. import errors
from ..ledger import Posting
from ..money import cents
from . import references, stock
from .form import Form
from .lines import LineNumbers, settle_amount, tax_code, usable_item

ACCOUNT, ITEM = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"


def settle(form: Form) -> Decimal:
    """
    Complete the lines of a document.

    Returns: what they come to.
    Raises:
        Fault: 2020 for a line without what it needs, 2500 for references, 6070 for amounts that are
            not quantity times price, 6430 for accounts that cannot take an expense.
    """
    lines = form.get("Line", [])
    if not lines:
        raise errors.required_missing("Line")
    numbers = LineNumbers(form)
    form.document["Line"] = [
        _settled(form, line, numbers, place) for place, line in enumerate(lines, 1)
    ]
    return sum((Decimal(line["Amount"]) for line in form.document["Line"]), Decimal(0))


def _settled(form: Form, line: dict[str, Any], numbers: LineNumbers, place: int) -> dict[str, Any]:
    kind = line.get("DetailType")
    for name in ("DetailType", str(kind)):
        if name not in line:
            raise errors.required_missing(name)
    detail = dict(line[str(kind)])
    settle_amount(line, detail)
    settled = {"Id": numbers.take(line.get("Id", "")), "LineNum": place}
    for name in ("Description", "Amount", "LinkedTxn"):
        if line.get(name) not in (None, []):
            settled[name] = line[name]
    settled["DetailType"] = kind
    shown = _account(form, detail) if kind == ACCOUNT else _item(form, detail)
    settled[str(kind)] = shown | _billable(form, detail, f"Line.{kind}")
    settled["CustomExtensions"] = []
    return settled


def _account(form: Form, detail: dict[str, Any]) -> dict[str, Any]:
    id = (detail.get("AccountRef") or {}).get("value", "")
    if not id:
        raise errors.required_missing("AccountRef")
    place = f"Line.{ACCOUNT}.AccountRef"
    account = references.settle(form, "Account", id, place)
    kind = references.account_type(form, id)
    # A purchase may pay a customer back or a vendor ahead; other forms have payables of their own.
    if kind == "Non-Posting" or (kind in references.OWNERS and form.entity.name != "Purchase"):
        raise errors.wrong_account_type(place)
    references.check_owner(kind, form.party)
    return {"AccountRef": account}


def _item(form: Form, detail: dict[str, Any]) -> dict[str, Any]:
    id = (detail.get("ItemRef") or {}).get("value", "")
    if not id:
        raise errors.required_missing("ItemRef")
    item = usable_item(form, id, f"Line.{ITEM}.ItemRef")
    if item["Type"] == "Group" or not item.get("ExpenseAccountRef"):
        raise errors.business_validation(
            f"The item {item['Name']} has no expense account: it is not set up to be bought.",
            f"Line.{ITEM}.ItemRef",
        )
    shown = {"ItemRef": {"value": id, "name": item["FullyQualifiedName"]}}
    return shown | {name: detail[name] for name in ("UnitPrice", "Qty") if name in detail}


def _billable(form: Form, detail: dict[str, Any], place: str) -> dict[str, Any]:
    """For whom it was bought, and whether they are billed for it."""
    shown: dict[str, Any] = {}
    customer = (detail.get("CustomerRef") or {}).get("value", "")
    if customer:
        shown["CustomerRef"] = references.settle(form, "Customer", customer, f"{place}.CustomerRef")
    shown["BillableStatus"] = billable_status(detail, bool(customer))
    if "ClassRef" in detail:
        shown["ClassRef"] = references.settle(
            form, "Class", detail["ClassRef"]["value"], f"{place}.ClassRef"
        )
    if "MarkupInfo" in detail:
        shown["MarkupInfo"] = detail["MarkupInfo"]
    shown["TaxCodeRef"] = {"value": tax_code(detail)}
    return shown


def billable_status(detail: dict[str, Any], has_customer: bool) -> str:
    """
    NotBillable unless it was sent.

    Raises:
        Fault: 6000 where nobody can be billed.
    """
    status = str(detail.get("BillableStatus", "NotBillable"))
    if status == "Billable" and not has_customer:
        raise errors.business_validation(
            "When you make a line billable, you must choose a customer.", "BillableStatus"
        )
    return status


def post(form: Form, sign: int) -> list[Posting]:
    """Each line's account; sign 1 for what is bought, -1 for what goes back."""
    found = []
    for line in form.get("Line", []):
        account = _account_of(form, line)
        is_owned = references.account_type(form, account) in references.OWNERS
        customer = line[line["DetailType"]].get("CustomerRef", {}).get("value")
        name = form.party if is_owned or not customer else f"Customer:{customer}"
        found.append(Posting(account, sign * cents(line["Amount"]), name))
    return found


def _account_of(form: Form, line: dict[str, Any]) -> str:
    if ACCOUNT in line:
        return str(line[ACCOUNT]["AccountRef"]["value"])
    item = form.company.find("Item", line[ITEM]["ItemRef"]["value"]) or {}
    if item.get("Type") == "Inventory":
        return stock.asset_account(form, item)
    account = item.get("ExpenseAccountRef") or form.company.account("expense")
    return str(account["value"])
