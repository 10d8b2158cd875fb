"""DocNumber (4.6.4): who gives it, what it may be, and when it is taken."""

from typing import Any

from .. import errors
from ..store import Store
from .form import Form

MOST_NUMBER = 10**15
ORDER_NUMBERS = "VendorAndPurchasesPrefs.UseCustomTxnNumbers"


def settle(form: Form) -> None:
    """
    Give or keep the number of a document.

    Raises:
        Fault: 6140 where another form of the same counter has it.
    """
    if not form.entity.numbers:
        return
    document, was = form.document, form.was("DocNumber")
    sent = document.get("DocNumber")
    if not _may_choose(form) and form.before is None and sent and _is_ignored(form):
        sent = None
    if sent is None and form.before is None and not _may_choose(form):
        document["DocNumber"] = _next(form)
        return
    if sent is None:
        document.pop("DocNumber", None)
        return
    if sent != was and form.entity.numbers == "sales":
        _check_free(form, sent)
    if form.is_person and sent != was:
        move_counter(form.company.store, form.company.realm, form.entity.numbers, sent)


def _may_choose(form: Form) -> bool:
    """Custom transaction numbers are on (or off, where `custom_numbers_reading` is reversed)."""
    is_on = bool(form.company.preference("SalesFormsPrefs", "CustomTxnNumbers"))
    if form.entity.name == "PurchaseOrder":  # has a preference of its own
        pairs = form.company.preference("OtherPrefs", "NameValue", [])
        is_on = {"Name": ORDER_NUMBERS, "Value": "true"} in pairs
    is_reversed = form.company.switches.custom_numbers_reading == "reversed"
    return is_on != is_reversed or (form.is_person and bool(form.get("DocNumber")))


def _is_ignored(form: Form) -> bool:
    return form.company.switches.number_sent_when_off == "ignore"


def _next(form: Form) -> str:
    store, realm = form.company.store, form.company.realm
    return str(store.next_number(realm, f"number:{form.entity.numbers}"))


def move_counter(store: Store, realm: str, numbers: str, sent: str) -> None:
    """A number typed in the books moves the counter; one sent over the API does not."""
    if sent.isascii() and sent.isdigit() and int(sent) < MOST_NUMBER:
        store.set_counter(realm, f"number:{numbers}", int(sent))


def _check_free(form: Form, number: str) -> None:
    if "allowduplicatedocnum" in form.include or form.is_person:
        return
    if not form.company.switches.duplicate_numbers_refused:
        return
    rows = form.company.store.named(form.company.realm, space(form.entity.numbers), key(number))
    for row in rows:
        if (row.entity, row.id) != (form.entity.name, form.id):
            raise errors.duplicate_number(number, spoken(row.entity), row.id)


def space(numbers: str) -> str:
    """Where numbers are looked up: the name space of rows that have one."""
    return f"number:{numbers}" if numbers else ""


def key(number: Any) -> str:
    return str(number or "").strip().casefold()


def spoken(entity: str) -> str:
    """The entity's name as QuickBooks shows it: SalesReceipt is a Sales Receipt."""
    return "".join(f" {each}" if each.isupper() else each for each in entity).strip()
