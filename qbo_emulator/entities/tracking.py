"""Class and Department (4.16, 4.17): what transactions are sorted by. Departments are locations."""

from .base import NO_NAME_CHARACTERS, Entity, Field, Hierarchy, Kind, Shape


def _fields(entity: str, flag: str) -> tuple[Field, ...]:
    return (
        Field("Name", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field(flag, Kind.BOOL, default=False, read_only=True),
        Field("ParentRef", Kind.REF, refers_to=entity),
        Field("FullyQualifiedName", read_only=True, filters=True),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
    )


CLASS = Entity(
    name="Class",
    shape=Shape.NAME_LIST,
    noun="class",
    counter="class",
    name_field="Name",
    name_space="classes",
    unique_within_parent=True,
    required=("Name",),
    reference_kind="Klasses",
    hierarchy=Hierarchy(flag="SubClass", level=""),
    default_order="name_key",
    sends_events=("Create", "Update", "Delete", "Merge"),
    fields=_fields("Class", "SubClass"),
)

DEPARTMENT = Entity(
    name="Department",
    shape=Shape.NAME_LIST,
    noun="location",
    counter="department",
    name_field="Name",
    name_space="departments",
    unique_within_parent=True,
    required=("Name",),
    reference_kind="Departments",
    hierarchy=Hierarchy(flag="SubDepartment", level=""),
    default_order="name_key",
    sends_events=("Create", "Update", "Merge"),
    fields=_fields("Department", "SubDepartment"),
)
