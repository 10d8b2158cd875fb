"""Employee (4.3): shares the space of names with customers and vendors; time is theirs."""

from typing import Any

from .base import NO_NAME_CHARACTERS, Entity, Field, Kind, Shape, joined

PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
MASKED = "XXX-XX-XXXX"


def fill_from_itself(employee: dict[str, Any]) -> None:
    if not employee.get("PrintOnCheckName"):
        employee["PrintOnCheckName"] = (joined(employee, PARTS) or employee["DisplayName"])[:110]
    if employee.get("SSN"):
        employee["SSN"] = MASKED


EMPLOYEE = Entity(
    name="Employee",
    shape=Shape.NAME_LIST,
    noun="employee",
    counter="names",
    name_field="DisplayName",
    name_space="names",
    name_parts=PARTS,
    one_of=("GivenName", "FamilyName"),
    reference_kind="Names",
    sends_events=("Create", "Update", "Delete", "Merge"),
    on_write=fill_from_itself,
    system_before="Title",
    fields=(
        Field("PrimaryAddr", Kind.ADDRESS),
        Field("SSN", limit=100),
        Field("EmployeeNumber", limit=100),
        Field("BillableTime", Kind.BOOL, default=False),
        Field("BillRate", Kind.DECIMAL),
        Field("CostRate", Kind.DECIMAL),
        Field("BirthDate", Kind.DATE),
        Field("Gender", choices=("Male", "Female")),
        Field("HiredDate", Kind.DATE),
        Field("ReleasedDate", Kind.DATE),
        Field("Organization", Kind.BOOL, read_only=True),
        Field("Title", limit=16, forbidden=NO_NAME_CHARACTERS),
        Field("GivenName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("MiddleName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("FamilyName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("Suffix", limit=16, forbidden=NO_NAME_CHARACTERS),
        Field("DisplayName", limit=500, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field(
            "PrintOnCheckName", limit=110, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True
        ),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
        Field("PrimaryPhone", Kind.PHONE, limit=20),
        Field("Mobile", Kind.PHONE, limit=20),
        Field("PrimaryEmailAddr", Kind.EMAIL, limit=100),
        Field("EmailAddress", Kind.EMAIL, read_only=True),
        Field("V4IDPseudonym", read_only=True),
    ),
)
