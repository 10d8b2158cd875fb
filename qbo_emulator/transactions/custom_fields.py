"""Custom fields of sales forms (4.0): at most three, defined in Preferences."""

from typing import Any

from .. import errors
from .form import Form


def settle(form: Form) -> None:
    """
    Every field the company has defined, with its value where there is one.

    Raises:
        Fault: 3000 for a value of a field that is not defined.
    """
    defined = _definitions(form)
    values: dict[str, str] = {}
    for each in form.get("CustomField", []):
        id, value = each.get("DefinitionId", ""), each.get("StringValue")
        if value and id not in defined:
            if "CustomField" in form.sent:
                raise errors.invalid_custom_field(id)
            continue
        if value:
            values[id] = value
    form.document["CustomField"] = [
        {"DefinitionId": id, "Name": name, "Type": "StringType"}
        | ({"StringValue": values[id]} if id in values else {})
        for id, name in defined.items()
    ]


def _definitions(form: Form) -> dict[str, str]:
    """Id -> name of the fields in use: UseSalesCustom1 to 3, SalesCustomName1 to 3 (4.12)."""
    known: dict[str, Any] = {}
    for group in form.company.preference("SalesFormsPrefs", "CustomField", []):
        for each in group.get("CustomField", []):
            name = str(each.get("Name", "")).removeprefix("SalesFormsPrefs.")
            known[name] = each.get("BooleanValue", each.get("StringValue"))
    return {
        str(number): str(known.get(f"SalesCustomName{number}") or "")
        for number in (1, 2, 3)
        if known.get(f"UseSalesCustom{number}") is True
    }
