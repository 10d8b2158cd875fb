"""What reconciling decided. Data: it can be shown, counted, stored and tested before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.reconcile.policy import Side
from integrations.reconcile.record import Record, is_blank


@dataclass(frozen=True, kw_only=True)
class Create:
    """Make the record on this side, with all these values."""

    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Update:
    """Change these fields; whole groups, so that nothing is written apart that belongs together."""

    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Retire:
    """End the record's life: archive, void or delete. `values` holds `life` and what goes along."""

    values: Mapping[str, Any]


Action = Create | Update | Retire


def replaced(action: Action | None, record: Record | None) -> set[str]:
    """The groups of `record` that lose something by `action`: its life, or a value for another."""
    if record is None or action is None or isinstance(action, Create):
        return set()
    if isinstance(action, Retire):
        return {"life"}
    fields = {each.name: each for each in record.fields()}
    return {
        fields[name].group
        for name, old in record.values(action.values).items()
        if not is_blank(old) and not fields[name].same(old, action.values[name])
    }


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """
    A group that both sides changed differently. Nothing of it is written until decided.

    `only`: the one side that can be kept, where the other would bring back what ended for good.
    """

    group: str
    base: Mapping[str, Any]
    local: Mapping[str, Any]
    remote: Mapping[str, Any]
    only: Side | None = None


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """Fields whose base may move to `value`, once the part on `after` is done (None: at once)."""

    values: Mapping[str, Any]
    after: Side | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    local: Action | None = None  # what to do here
    remote: Action | None = None  # what to do there
    conflicts: tuple[Conflict, ...] = ()
    agreed: tuple[Agreed, ...] = field(default=())
    unknown: frozenset[str] = frozenset()  # changed groups that need a read before anything else

    @property
    def is_empty(self) -> bool:
        return not (self.local or self.remote or self.conflicts or self.unknown)

    def base_after(self, *done: Side) -> dict[str, Any]:
        """The base values that hold once the parts on the sides `done` were carried out."""
        return {
            name: value
            for each in self.agreed
            if each.after is None or each.after in done
            for name, value in each.values.items()
        }
