"""References that stand inside lines: they exist, new ones are active, and answers name them."""

from collections.abc import Iterator
from typing import Any

from .. import errors
from .company import Ref
from .form import Form

# entity: the word for it in a fault, and the property that names it
SPOKEN = {
    "Account": ("Accounts", "FullyQualifiedName"),
    "Customer": ("Names", "DisplayName"),
    "Vendor": ("Names", "DisplayName"),
    "Employee": ("Names", "DisplayName"),
    "Class": ("Klasses", "FullyQualifiedName"),
    "Department": ("Departments", "FullyQualifiedName"),
}
NAMES = ("Customer", "Vendor", "Employee")
RECEIVABLE, PAYABLE = "Accounts Receivable", "Accounts Payable"
OWNERS = {RECEIVABLE: "Customer", PAYABLE: "Vendor"}


def settle(form: Form, entity: str, id: str, place: str) -> Ref:
    """
    A reference as answers show it.

    Args:
        place: where it stands, as "Line.JournalEntryLineDetail.AccountRef".
    Raises:
        Fault: 2500 for what is not there, or is inactive and new in this document.
    """
    kind, name = SPOKEN[entity]
    found = form.known(entity, id, lambda: errors.unknown_reference(place, kind, id))
    name_of_it = place.rpartition(".")[2]
    if not found.get("Active", True) and id not in _values(form.before or {}, name_of_it):
        raise errors.inactive_reference(place)
    return {"value": id, "name": found[name]}


def _values(part: Any, name: str) -> Iterator[str]:
    """The ids that references of this name hold, anywhere in a document."""
    if isinstance(part, list):
        for each in part:
            yield from _values(each, name)
    elif isinstance(part, dict):
        if isinstance(part.get(name), dict) and "value" in part[name]:
            yield part[name]["value"]
        for each in part.values():
            yield from _values(each, name)


def settle_name(form: Form, reference: Ref, place: str, type: str = "") -> Ref:
    """
    A reference to a customer, vendor or employee, with its name and `type`.

    These share their ids: without a type the id tells it.
    """
    id = reference["value"]
    given = type or reference.get("type", "")
    kinds = [given] if given else [each for each in NAMES if form.company.find(each, id)]
    kind = kinds[0] if kinds else "Vendor"
    return {**settle(form, kind, id, place), "type": kind}


def check_owner(account_type: str, owner: str) -> None:
    """
    Receivables are a customer's, payables a vendor's.

    Args:
        owner: as the ledger names it: "Customer:58"; "" for nobody.
    Raises:
        Fault: 6000 for anybody else.
    """
    needed = OWNERS.get(account_type)
    if needed and not owner.startswith(f"{needed}:"):
        raise errors.name_required(account_type, needed.lower())


def account_type(form: Form, id: str) -> str:
    return str((form.company.find("Account", id) or {}).get("AccountType", ""))


def check_account(form: Form, id: str, types: tuple[str, ...], place: str) -> None:
    """The account has one of these types (6430)."""
    if account_type(form, id) not in types:
        raise errors.wrong_account_type(place)
