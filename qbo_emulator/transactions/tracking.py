"""Classes and locations on transactions: they count while their preference is on (4.6.1, 4.16)."""

from typing import Any

from .form import Form

# property -> the preference that lets a head have it, and a line
HEADS = {"ClassRef": "ClassTrackingPerTxn", "DepartmentRef": "TrackDepartments"}
LINES = {"ClassRef": "ClassTrackingPerTxnLine", "DepartmentRef": "TrackDepartments"}


def settle(form: Form) -> None:
    """What was sent of them while they are off is ignored; the head keeps what it had."""
    for name, preference in HEADS.items():
        if name in form.sent and not _is_on(form, preference):
            form.document.pop(name, None)
            if form.was(name):
                form.document[name] = form.was(name)
    off = {name for name, preference in LINES.items() if not _is_on(form, preference)}
    if "Line" in form.sent and off:
        form.document["Line"] = [_without(line, off) for line in form.get("Line", [])]


def _is_on(form: Form, preference: str) -> bool:
    return bool(form.company.preference("AccountingInfoPrefs", preference))


def _without(part: Any, names: set[str]) -> Any:
    """A line, and all that stands in it, without these properties."""
    if isinstance(part, list):
        return [_without(each, names) for each in part]
    if not isinstance(part, dict):
        return part
    return {name: _without(each, names) for name, each in part.items() if name not in names}
