"""
The one decision: what must be done on each side so that both hold the same.

Pure: no database, no network, no clock. A change is a difference from the base, which is what
both sides last agreed on. The table of all cases, with a story for each: docs/sync-model.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.reconcile.plan import Agreed, Conflict, Create, Plan, Retire, Update
from integrations.reconcile.policy import Decision, Direction, OnConflict, Policy, Side
from integrations.reconcile.record import UNKNOWN, Field, Life, Record, Unknown

LIFE = "life"


def reconcile[R: Record](
    *,
    base: Mapping[str, Any],
    local: R | None,
    remote: R | None,
    policy: Policy,
    decisions: Mapping[str, Decision] | None = None,
) -> Plan:
    """
    Decide what makes both sides equal.

    Args:
        base: field -> value both sides last agreed on; a field that was never agreed is absent
            and counts as blank, so that of a new pair the filled value goes over.
        local, remote: the two records as known now; None: never existed on that side.
        policy: the directions allowed, and who answers a conflict.
        decisions: group -> a person's answer to its conflict; it counts only while the losing
            side still holds what the person was shown.
    """
    if local is None and remote is None:
        return Plan()
    if remote is None:
        return _create(local, Side.REMOTE, policy)
    if local is None:
        return _create(remote, Side.LOCAL, policy)
    return _Merge(base, local, remote, policy, decisions or {}).plan()


def _create(record: Record | None, side: Side, policy: Policy) -> Plan:
    assert record is not None
    if _is_final(record.life) or not policy.direction.writes(side):
        return Plan()
    kept_out = {each.name for group in policy.without for each in record.groups().get(group, ())}
    values = {name: value for name, value in record.values().items() if name not in kept_out}
    action = Create(values=values)
    agreed = (Agreed(values=values, after=side),)
    if side is Side.LOCAL:
        return Plan(local=action, agreed=agreed)
    return Plan(remote=action, agreed=agreed)


@dataclass
class _Merge:
    """One merge of two records that both exist. Filled by `plan`, read once, thrown away."""

    base: Mapping[str, Any]
    local: Record
    remote: Record
    policy: Policy
    decisions: Mapping[str, Decision]
    to_local: dict[str, Any] = field(default_factory=dict)
    to_remote: dict[str, Any] = field(default_factory=dict)
    settled: dict[str, Any] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    held: dict[str, Any] = field(init=False)  # the base; what was never agreed counts as blank

    def __post_init__(self) -> None:
        # A life has no blank: where none was agreed, both sides' lives count as news.
        self.held = {**self.local.blanks(), LIFE: UNKNOWN, **self.base}

    def plan(self) -> Plan:
        if not self._is_over() and self._merge_life():
            for group in self._mergeable_groups():
                self._merge_group(group)
        return Plan(
            local=_action(self.to_local),
            remote=_action(self.to_remote),
            conflicts=tuple(self.conflicts),
            agreed=tuple(
                Agreed(values=values, after=after)
                for values, after in (
                    (self.settled, None),
                    (self.to_local, Side.LOCAL),
                    (self.to_remote, Side.REMOTE),
                )
                if values
            ),
            unknown=frozenset(self.unknown),
        )

    # -- life ------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        """Both ended for good: nothing but that is worth agreeing on."""
        if not (_is_final(self.local.life) and _is_final(self.remote.life)):
            return False
        if self._same(LIFE):
            self._merge_group(LIFE)
        return True

    def _merge_life(self) -> bool:
        """Merge the life of the two; return whether the other fields may be merged too."""
        if self._is_unknown(LIFE):
            if any(self._changed(side, LIFE) or self._touched_by(side) for side in Side):
                self.unknown.add(LIFE)
            return False
        if self.policy.leaves_ends and self._only_winner(LIFE) is not None:
            return False
        if self._ended_against_an_edit():
            self._contend(LIFE)
        else:
            self._merge_group(LIFE)
        contested = any(each.group == LIFE for each in self.conflicts)
        is_over = _is_final(self.local.life) or _is_final(self.remote.life)
        return not contested and not is_over

    def _ended_against_an_edit(self) -> bool:
        """Whether one side was archived, voided or deleted while the other one was edited."""
        return any(
            self._changed(side, LIFE)
            and self._record(side).life is not Life.LIVE
            and not self._changed(side.other, LIFE)
            and bool(self._touched_by(side.other))
            for side in Side
        )

    def _touched_by(self, side: Side) -> dict[str, Any]:
        """What `side` changed of the other fields, unless both hold the same: name -> value."""
        return {
            name: value
            for group in self._mergeable_groups()
            if self._changed(side, group) and not self._same(group)
            for name, value in self._values(side, group).items()
        }

    # -- groups ----------------------------------------------------------------------------------

    def _mergeable_groups(self) -> list[str]:
        return [
            group
            for group in self.local.groups()
            if group != LIFE and group not in self.policy.without
        ]

    def _merge_group(self, group: str) -> None:
        if self._same(group):
            if not self._has_base(group) or self._changed(Side.LOCAL, group):
                self.settled.update(self._values(Side.LOCAL, group))
        elif self._is_unknown(group):
            if self._changed(Side.LOCAL, group) or self._changed(Side.REMOTE, group):
                self.unknown.add(group)
        elif not self._changed(Side.REMOTE, group):
            self._carry(group, winner=Side.LOCAL)
        elif not self._changed(Side.LOCAL, group):
            self._carry(group, winner=Side.REMOTE)
        else:
            self._contend(group)

    def _carry(self, group: str, *, winner: Side) -> None:
        """Write the winner's values on the other side, if that side may be written."""
        if not self.policy.direction.writes(winner.other):
            return
        if group == LIFE and _is_final(self._record(winner.other).life):
            return  # nothing brings back what was voided or deleted
        target = self.to_remote if winner is Side.LOCAL else self.to_local
        target.update(self._values(winner, group))

    def _contend(self, group: str) -> None:
        """Both sides changed it differently: take the answer there is, else ask."""
        answer = self._answer(group)
        if answer is not None:
            self._carry(group, winner=answer)
            return
        self.conflicts.append(
            Conflict(
                group=group,
                base={
                    each.name: self.base[each.name]
                    for each in self._fields(group)
                    if each.name in self.base
                },
                local=self._at_stake(Side.LOCAL, group),
                remote=self._at_stake(Side.REMOTE, group),
                only=self._only_winner(group),
            )
        )

    def _answer(self, group: str) -> Side | None:
        """
        Who wins a conflict: the source of a one-way sync, a person's decision, or the rule.

        An answer that would bring back what ended for good is none: it could not be carried out.
        """
        if self.policy.direction is not Direction.TWO_WAY:
            return self.policy.direction.source
        possible = (self._only_winner(group),) if self._only_winner(group) else tuple(Side)
        decision = self.decisions.get(group)
        if decision is not None and self._still_holds(decision, group):
            return decision.keep if decision.keep in possible else None
        if self.policy.on_conflict is OnConflict.ASK:
            return None
        rule = Side(self.policy.on_conflict.value)
        return rule if rule in possible else None

    def _only_winner(self, group: str) -> Side | None:
        """The side whose life ended for good, where the other one's did not."""
        ended = [side for side in Side if group == LIFE and _is_final(self._record(side).life)]
        return ended[0] if len(ended) == 1 else None

    def _still_holds(self, decision: Decision, group: str) -> bool:
        """Whether the losing side still holds what was shown, and nothing that was not."""
        loser = self._record(decision.keep.other)
        known = {each.name: each for each in self.local.fields()}
        return self._at_stake(decision.keep.other, group).keys() <= decision.shown.keys() and all(
            name in known and known[name].same(value, getattr(loser, name))
            for name, value in decision.shown.items()
        )

    def _at_stake(self, side: Side, group: str) -> dict[str, Any]:
        """What a decision about `group` is about: its values, for a life also the edits."""
        edits = self._touched_by(side) if group == LIFE else {}
        return {**self._values(side, group), **edits}

    # -- facts -----------------------------------------------------------------------------------

    def _record(self, side: Side) -> Record:
        return self.local if side is Side.LOCAL else self.remote

    def _fields(self, group: str) -> tuple[Field, ...]:
        return self.local.groups()[group]

    def _values(self, side: Side, group: str) -> dict[str, Any]:
        return self._record(side).values(each.name for each in self._fields(group))

    def _has_base(self, group: str) -> bool:
        return all(each.name in self.base for each in self._fields(group))

    def _changed(self, side: Side, group: str) -> bool:
        """Whether a known value of `side` differs from the base."""
        record = self._record(side)
        return any(
            (value := getattr(record, each.name)) is not UNKNOWN
            and not each.same(self.held[each.name], value)
            for each in self._fields(group)
        )

    def _same(self, group: str) -> bool:
        return all(
            each.same(getattr(self.local, each.name), getattr(self.remote, each.name))
            for each in self._fields(group)
        )

    def _is_unknown(self, group: str) -> bool:
        return any(
            getattr(self._record(side), each.name) is UNKNOWN
            for side in Side
            for each in self._fields(group)
        )


def _is_final(life: Life | Unknown) -> bool:
    return life is not UNKNOWN and life.is_final


def _action(values: Mapping[str, Any]) -> Update | Retire | None:
    if not values:
        return None
    if values.get(LIFE, Life.LIVE) is Life.LIVE:
        return Update(values=values)
    return Retire(values=values)
