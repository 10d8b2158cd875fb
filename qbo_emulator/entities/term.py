"""Term (4.14): when an invoice is due."""

from typing import Any

from .base import Entity, Field, Kind, Shape


def fill_from_itself(term: dict[str, Any]) -> None:
    term["Type"] = "STANDARD" if term.get("DueDays") is not None else "DATE_DRIVEN"


TERM = Entity(
    name="Term",
    shape=Shape.NAME_LIST,
    noun="term",
    counter="term",
    name_field="Name",
    name_space="terms",
    one_of=("DueDays", "DayOfMonthDue"),
    required=("Name",),
    reference_kind="Terms",
    sends_events=("Create", "Update"),
    on_write=fill_from_itself,
    fields=(
        Field("Name", limit=31, filters=True, sorts=True),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
        Field("Type", read_only=True),
        Field("DiscountPercent", Kind.DECIMAL, default=0, low=0, high=100),
        Field("DueDays", Kind.INTEGER, low=0, high=999),
        Field("DiscountDays", Kind.INTEGER, low=0, high=999),
        Field("DayOfMonthDue", Kind.INTEGER, low=1, high=31),
        Field("DueNextMonthDays", Kind.INTEGER, low=0, high=999),
        Field("DiscountDayOfMonth", Kind.INTEGER, low=0, high=31),
    ),
)
