"""
A record: a frozen value that both sides understand, and how its fields compare.

A field belongs to a group; the fields of a group only make sense together and contend together.
A value that an answer did not tell is UNKNOWN, which is neither blank nor equal to anything.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Any, ClassVar, Final, Self


class Unknown(Enum):
    """The one value that says: not told."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


class Life(StrEnum):
    """Whether the thing still lives. Void and deleted are final and freeze all other fields."""

    LIVE = "live"
    INACTIVE = "inactive"
    VOID = "void"
    DELETED = "deleted"

    @property
    def is_final(self) -> bool:
        return self in (Life.VOID, Life.DELETED)


@dataclass(frozen=True)
class Ref:
    """A reference in the provider's terms, not yet turned into our id."""

    entity: str
    remote_id: str


def plain(value: Any) -> Hashable:
    return value


def text(value: Any) -> Hashable:
    """Compare as QuickBooks shows it: NFC, outer blanks trimmed, inner ones collapsed."""
    return " ".join(unicodedata.normalize("NFC", value).split())


def email(value: Any) -> Hashable:
    return text(value).casefold()  # type: ignore[attr-defined]


def number(value: Any) -> Hashable:
    """Compare as a number: "75", "75.00" and 75 agree; 0 is as good as nothing."""
    return Decimal(value).normalize() or None


def money(value: Any) -> Hashable:
    """Compare to the cent."""
    return Decimal(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) or None


def plain_number(value: Decimal | None) -> str:
    """How a record writes a number: "75", "0.125"; "" where there is none."""
    return "" if value is None else f"{value.normalize():f}"


def goes_along(value: Any) -> Hashable:
    """Never differs by itself: it travels with the group it belongs to."""
    return True


COUNTRIES: Final = {
    "us": "US", "usa": "US", "united states": "US", "united states of america": "US",
    "ca": "CA", "can": "CA", "canada": "CA", "gb": "GB", "gbr": "GB", "uk": "GB",
    "united kingdom": "GB", "au": "AU", "aus": "AU", "australia": "AU",
}  # fmt: skip


def country(value: Any) -> Hashable:
    """Compare by ISO code: QuickBooks answers three letters whatever was written."""
    folded = text(value).casefold()  # type: ignore[attr-defined]
    return COUNTRIES.get(folded, folded)


@dataclass(frozen=True)
class Field:
    name: str
    group: str
    key: Callable[[Any], Hashable]
    label: str

    def same(self, one: Any, other: Any) -> bool:
        """Whether two known values agree. UNKNOWN agrees with nothing."""
        if one is UNKNOWN or other is UNKNOWN:
            return False
        return bool(one == other) or self.comparable(one) == self.comparable(other)

    def comparable(self, value: Any) -> Hashable:
        if self.key is goes_along:
            return True
        key = None if is_blank(value) else self.key(value)
        return None if is_blank(key) else key  # text of blanks only is blank


def is_blank(value: Any) -> bool:
    """Empty text and None say "nothing there"; False does too, for a yes-or-no field."""
    return value is None or value == "" or value is False


def part(
    *, key: Callable[[Any], Hashable] = text, group: str = "", label: str = "", blank: Any = ""
) -> Any:
    """Declare a field of a Record: how it compares, which group it contends with."""
    return field(
        default=UNKNOWN, metadata={"key": key, "group": group, "label": label, "blank": blank}
    )


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of the records of one entity. `None` in place of a record: never existed there."""

    entity: ClassVar[str]

    life: Life | Unknown = part(key=plain, label="Active", blank=Life.LIVE)

    @classmethod
    @cache
    def fields(cls) -> tuple[Field, ...]:
        return tuple(
            Field(
                name=each.name,
                group=each.metadata["group"] or each.name,
                key=each.metadata["key"],
                label=each.metadata["label"] or each.name.replace("_", " ").capitalize(),
            )
            for each in fields(cls)
        )

    @classmethod
    @cache
    def groups(cls) -> Mapping[str, tuple[Field, ...]]:
        """Group name -> its fields, in the order they are declared."""
        found: dict[str, tuple[Field, ...]] = {}
        for each in cls.fields():
            found[each.group] = (*found.get(each.group, ()), each)
        return found

    @classmethod
    @cache
    def blanks(cls) -> Mapping[str, Any]:
        """The value of each field when nothing is there."""
        return {each.name: each.metadata["blank"] for each in fields(cls)}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """A record of stored values; what is not among them is UNKNOWN."""
        names = {each.name for each in cls.fields()}
        known = {name: value for name, value in values.items() if name in names}
        if isinstance(known.get("life"), str):
            known["life"] = Life(known["life"])
        return cls(**known)

    def values(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """Known values by field name, JSON-ready; only of `names` if given."""
        wanted = [each.name for each in self.fields()] if names is None else list(names)
        pairs = ((name, getattr(self, name)) for name in wanted)
        return {name: value for name, value in pairs if value is not UNKNOWN}

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        return self.from_values({**self.values(), **changes})
