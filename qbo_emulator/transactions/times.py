"""Time activities: hours somebody worked, for a customer or not. Not in the ledger."""

from datetime import datetime

from .. import errors
from .expense_lines import billable_status
from .form import Form
from .hours import length
from .links import Links

HOURS, TIMES = ("Hours", "Minutes"), ("StartTime", "EndTime")
BREAK = ("BreakHours", "BreakMinutes")


def settle(form: Form) -> None:
    """
    Complete a time activity.

    Raises:
        Fault: 2020 without a person or a length, 2070 for times nobody can read, 6000 for an end
            before its start and for billable time without a customer.
    """
    document = form.document
    document.setdefault("TxnDate", form.company.today)
    _settle_person(form)
    _settle_length(form)
    item = form.company.find("Item", form.ref("ItemRef")) or {}
    if item.get("Type") == "Category":
        raise errors.category_on_line(form.ref("ItemRef"), "ItemRef")
    document.setdefault("HourlyRate", item.get("UnitPrice", 0))
    document["BillableStatus"] = billable_status(document, bool(form.get("CustomerRef")))
    if form.id and Links(form.company.store).on(form.company.realm, "TimeActivity", form.id):
        document["BillableStatus"] = "HasBeenBilled"
    elif document["BillableStatus"] == "HasBeenBilled":
        document["BillableStatus"] = "Billable"


def _settle_person(form: Form) -> None:
    """NameOf says which of the two references counts; the other goes."""
    kind = form.document["NameOf"]
    needed, other = f"{kind}Ref", "VendorRef" if kind == "Employee" else "EmployeeRef"
    if not form.ref(needed):
        raise errors.required_missing(needed)
    form.document.pop(other, None)


def _settle_length(form: Form) -> None:
    """Hours and minutes, or start and end: of both the times count, what was sent first."""
    document = form.document
    has_times = all(document.get(name) for name in TIMES)
    sends_hours = form.sent.intersection(HOURS) and not form.sent.intersection(TIMES)
    if has_times and not (form.before and sends_hours):
        start, end = (_moment(name, document[name]) for name in TIMES)
        if (start.tzinfo is None) != (end.tzinfo is None):
            raise errors.invalid_date("EndTime", document["EndTime"])
        if length(document) < 0:
            raise errors.business_validation("EndTime is before StartTime.", "EndTime")
        unused: tuple[str, ...] = HOURS
    else:
        if document.get("Hours") is None and document.get("Minutes") is None:
            raise errors.required_missing("Hours or StartTime and EndTime")
        document.setdefault("Hours", 0)
        document.setdefault("Minutes", 0)
        unused = (*TIMES, *BREAK)
    for name in unused:
        document.pop(name, None)


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid_date(name, text) from None
