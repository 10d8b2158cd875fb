"""
Journal entries: debits and credits to any accounts, in balance.

Its lines on receivables are a customer's: together they can be paid by a payment, or be used by one
like a credit (4.7).
"""

from decimal import Decimal
from typing import Any

from .. import errors
from ..jsontext import loads
from ..ledger import Posting
from ..money import cents, rounded
from . import numbers, references
from .company import Company
from .form import Form
from .lines import LineNumbers
from .links import Links
from .sales import settle_head

DETAIL, TEXT = "JournalEntryLineDetail", "DescriptionOnly"
PLACE = f"Line.{DETAIL}"


def settle(form: Form) -> None:
    """
    Complete a journal entry.

    Raises:
        Fault: 2300 where debits are not credits, 6000 for a line on receivables without a customer
            or on payables without a vendor, and for less than is paid of it.
    """
    settle_head(form)
    lines = form.get("Line", [])
    if not lines:
        raise errors.required_missing("Line")
    line_numbers = LineNumbers(form, first=0)
    form.document["Line"] = [_settled(form, line, line_numbers) for line in lines]
    amounts = [_signed(line) for line in form.document["Line"]]
    if sum(amounts):
        raise errors.debits_not_credits(f"{Decimal(abs(sum(amounts))) / 100:,.2f}")
    debits = sum(amount for amount in amounts if amount > 0)
    form.document["TotalAmt"] = rounded(Decimal(debits) / 100)
    _check_paid(form)
    numbers.settle(form)


def _settled(form: Form, line: dict[str, Any], line_numbers: LineNumbers) -> dict[str, Any]:
    kind = line.get("DetailType")
    if kind is None:
        raise errors.required_missing("DetailType")
    settled: dict[str, Any] = {"Id": line_numbers.take(line.get("Id", ""))}
    if "Description" in line:
        settled["Description"] = line["Description"]
    if kind == TEXT:
        return settled | {"DetailType": TEXT, "DescriptionLineDetail": {}}
    for name in (DETAIL, "Amount"):
        if name not in line:
            raise errors.required_missing(name)
    if line["Amount"] < 0:
        raise errors.negative_amount("Amount")
    settled |= {"Amount": line["Amount"], "DetailType": DETAIL}
    return settled | {DETAIL: _detail(form, line[DETAIL])}


def _detail(form: Form, detail: dict[str, Any]) -> dict[str, Any]:
    for name in ("PostingType", "AccountRef"):
        if name not in detail:
            raise errors.required_missing(name)
    shown: dict[str, Any] = {"PostingType": detail["PostingType"]}
    whose = detail.get("Entity") or {}
    if whose.get("EntityRef"):
        owner = references.settle_name(
            form, whose["EntityRef"], f"{PLACE}.EntityRef", whose.get("Type", "")
        )
        shown["Entity"] = {"Type": owner.pop("type"), "EntityRef": owner}
    account = detail["AccountRef"]["value"]
    shown["AccountRef"] = references.settle(form, "Account", account, f"{PLACE}.AccountRef")
    kind = references.account_type(form, account)
    if kind == "Non-Posting":
        raise errors.wrong_account_type(f"{PLACE}.AccountRef")
    references.check_owner(kind, _owner(shown))
    for name, entity in (("ClassRef", "Class"), ("DepartmentRef", "Department")):
        if name in detail:
            id = detail[name]["value"]
            shown[name] = references.settle(form, entity, id, f"{PLACE}.{name}")
    for name in ("TaxCodeRef", "BillableStatus"):
        if name in detail:
            shown[name] = detail[name]
    return shown


def _owner(detail: dict[str, Any]) -> str:
    """Whose a line is, as the ledger names it."""
    whose = detail.get("Entity")
    return f"{whose['Type']}:{whose['EntityRef']['value']}" if whose else ""


def _signed(line: dict[str, Any]) -> int:
    """The cents of a line, debits positive."""
    if DETAIL not in line:
        return 0
    sign = 1 if line[DETAIL]["PostingType"] == "Debit" else -1
    return sign * cents(line["Amount"])


def post(form: Form) -> list[Posting]:
    return [
        Posting(line[DETAIL]["AccountRef"]["value"], _signed(line), _owner(line[DETAIL]))
        for line in form.get("Line", [])
        if DETAIL in line
    ]


# --- Payments on it ---


def receivable(company: Company, entry: dict[str, Any], customer: str) -> int:
    """Cents by which an entry raises what a customer owes; negative where it is a credit."""
    total = 0
    for line in entry.get("Line", []):
        if DETAIL not in line or _owner(line[DETAIL]) != f"Customer:{customer}":
            continue
        account = company.find("Account", line[DETAIL]["AccountRef"]["value"]) or {}
        if account.get("AccountType") == references.RECEIVABLE:
            total += _signed(line)
    return total


def used(company: Company, id: str, customer: str, *, but: str = "") -> int:
    """Cents of an entry that payments of a customer use, that with the id `but` left out."""
    return _used(company, id, but).get(customer, 0)


def _used(company: Company, id: str, but: str = "") -> dict[str, int]:
    """Customer id -> cents of an entry that their payments use."""
    found: dict[str, int] = {}
    for link in Links(company.store).on(company.realm, "JournalEntry", id):
        row = company.row(link.entity, link.id)
        if row is None or link.id == but:
            continue
        customer = loads(row.doc)["CustomerRef"]["value"]
        found[customer] = found.get(customer, 0) + link.cents
    return found


def _check_paid(form: Form) -> None:
    """What payments use of an entry has to stay in it."""
    if form.before is None:
        return
    for customer, amount in _used(form.company, form.id).items():
        was = receivable(form.company, form.before, customer)
        now = receivable(form.company, form.document, customer)
        if abs(now) < amount or (now > 0) != (was > 0):
            raise errors.business_validation(
                "Payments use this journal entry: it cannot become less than they use.", "Line"
            )
