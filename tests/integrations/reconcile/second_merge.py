"""
A second merge, written from the documented table alone, without a look at the product's merge.

It answers in other terms: a `Verdict` for each group, found by asking four questions. The tests
let both merges run on the same random cases; where they differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from integrations.reconcile.policy import Decision, Direction, OnConflict, Policy, Side
from integrations.reconcile.record import UNKNOWN, Field, Life, Record


class Verdict(Enum):
    QUIET = "nobody changed it, or only the side that may not"
    SAME = "both hold the same"
    TO_LOCAL = "their value comes here"
    TO_REMOTE = "our value goes there"
    CONTEST = "a person decides"
    UNTOLD = "something changed, and something is not known"


@dataclass
class Outcome:
    local: dict[str, Any] = field(default_factory=dict)
    remote: dict[str, Any] = field(default_factory=dict)
    conflicts: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    base: dict[str, Any] = field(default_factory=dict)  # moves, once both parts are done


def merge(
    *,
    base: Mapping[str, Any],
    local: Record | None,
    remote: Record | None,
    policy: Policy,
    decisions: Mapping[str, Decision] | None = None,
) -> Outcome:
    """What is to be written on each side, what contends, and the base fields that move."""
    if local is None or remote is None:
        return _birth(local, remote, policy)
    kind = type(local)
    # What was never agreed counts as agreed to be blank; no life is a blank one.
    held = {**kind.blanks(), "life": UNKNOWN, **base}
    groups = {name: each for name, each in kind.groups().items() if name not in policy.without}

    def verdict(name: str) -> Verdict:
        return _verdict(name, groups[name], base, held, local, remote, policy, decisions or {})

    life = groups.pop("life")
    lives = {Side.LOCAL: local.life, Side.REMOTE: remote.life}
    if UNKNOWN in lives.values():
        stirred = any(
            not _alike(group, local, remote)
            and (_moved(group, held, local) or _moved(group, held, remote))
            for group in (life, *groups.values())
        )
        return Outcome(unknown={"life"} if stirred else set())
    final = {side for side, each in lives.items() if each.is_final}
    if len(final) == 2:
        both = lives[Side.LOCAL] if len(set(lives.values())) == 1 else None
        return Outcome(base={"life": both} if both not in (None, base.get("life")) else {})

    verdicts = {name: verdict(name) for name in groups}
    edits = {
        side: [
            name
            for name, group in groups.items()
            if _moved(group, held, record) and not _alike(group, local, remote)
        ]
        for side, record in ((Side.LOCAL, local), (Side.REMOTE, remote))
    }
    found = _life_verdict(base, lives, edits, groups, local, remote, policy, decisions or {})
    if found is Verdict.CONTEST:
        return Outcome(conflicts={"life"})
    if final:
        return _gather({"life": life}, {"life": found}, local, remote)
    return _gather({**groups, "life": life}, {**verdicts, "life": found}, local, remote)


def _life_verdict(
    base: Mapping[str, Any],
    lives: Mapping[Side, Any],
    edits: Mapping[Side, list[str]],
    groups: Mapping[str, tuple[Field, ...]],
    local: Record,
    remote: Record,
    policy: Policy,
    decisions: Mapping[str, Decision],
) -> Verdict:
    """Which life goes where. One that ended against an edit or another life is contested."""
    if lives[Side.LOCAL] == lives[Side.REMOTE]:
        return Verdict.QUIET if base.get("life") == lives[Side.LOCAL] else Verdict.SAME
    moved = [side for side in Side if lives[side] != base.get("life")]
    mover = moved[0]
    is_contested = len(moved) == 2 or (lives[mover] is not Life.LIVE and bool(edits[mover.other]))
    winner: Side | None = mover
    if is_contested:
        winner = _winner("life", {Side.LOCAL: local, Side.REMOTE: remote}, {
            side: ["life", *(each.name for name in edits[side] for each in groups[name])]
            for side in Side
        }, policy, decisions)  # fmt: skip
        is_two_way = policy.direction is Direction.TWO_WAY
        if is_two_way and winner is not None and lives[winner.other].is_final:
            winner = None  # nobody can make again what ended for good: it stays a question
    if winner is None:
        return Verdict.CONTEST
    if not policy.direction.writes(winner.other) or lives[winner.other].is_final:
        return Verdict.QUIET  # what ended for good is never made again
    return Verdict.TO_REMOTE if winner is Side.LOCAL else Verdict.TO_LOCAL


def _birth(local: Record | None, remote: Record | None, policy: Policy) -> Outcome:
    made = local if local is not None else remote
    target = Side.REMOTE if local is not None else Side.LOCAL
    if made is None or not policy.direction.writes(target):
        return Outcome()
    if made.life is not UNKNOWN and Life(made.life).is_final:
        return Outcome()
    left_out = {
        each.name for name, group in made.groups().items() if name in policy.without
        for each in group
    }  # fmt: skip
    values = {name: value for name, value in made.values().items() if name not in left_out}
    return Outcome(**{target.value: values, "base": dict(values)})


def _moved(group: tuple[Field, ...], held: Mapping[str, Any], record: Record) -> bool:
    """Whether a known field of the group differs from what was agreed."""
    return any(
        getattr(record, each.name) is not UNKNOWN
        and not each.same(held[each.name], getattr(record, each.name))
        for each in group
    )


def _alike(group: tuple[Field, ...], one: Record, other: Record) -> bool:
    return all(each.same(getattr(one, each.name), getattr(other, each.name)) for each in group)


def _verdict(
    name: str,
    group: tuple[Field, ...],
    base: Mapping[str, Any],
    held: Mapping[str, Any],
    local: Record,
    remote: Record,
    policy: Policy,
    decisions: Mapping[str, Decision],
) -> Verdict:
    here, there = _moved(group, held, local), _moved(group, held, remote)
    untold = any(UNKNOWN in (getattr(local, f.name), getattr(remote, f.name)) for f in group)
    if untold:
        return Verdict.UNTOLD if here or there else Verdict.QUIET
    if _alike(group, local, remote):
        fresh = here or any(each.name not in base for each in group)
        return Verdict.SAME if fresh else Verdict.QUIET
    if here and there:
        names = [each.name for each in group]
        winner = _winner(
            name,
            {Side.LOCAL: local, Side.REMOTE: remote},
            {Side.LOCAL: names, Side.REMOTE: names},
            policy,
            decisions,
        )
    else:
        winner = Side.LOCAL if here else Side.REMOTE
    if winner is None:
        return Verdict.CONTEST
    if not policy.direction.writes(winner.other):
        return Verdict.QUIET
    return Verdict.TO_REMOTE if winner is Side.LOCAL else Verdict.TO_LOCAL


def _winner(
    name: str,
    records: Mapping[Side, Record],
    at_stake: Mapping[Side, list[str]],
    policy: Policy,
    decisions: Mapping[str, Decision],
) -> Side | None:
    """Who wins a contest: the source, else a decision that still holds, else the rule."""
    if policy.direction is not Direction.TWO_WAY:
        return policy.direction.source
    decision = decisions.get(name)
    if decision is not None:
        loser = records[decision.keep.other]
        by_name = {each.name: each for each in loser.fields()}
        known = {each for each in at_stake[decision.keep.other] if each in loser.values()}
        if known <= set(decision.shown) and all(
            by_name[each].same(getattr(loser, each), shown)
            for each, shown in decision.shown.items()
        ):
            return decision.keep
    return {OnConflict.LOCAL: Side.LOCAL, OnConflict.REMOTE: Side.REMOTE}.get(policy.on_conflict)


def _gather(
    groups: Mapping[str, tuple[Field, ...]],
    verdicts: Mapping[str, Verdict],
    local: Record,
    remote: Record,
) -> Outcome:
    found = Outcome()
    for name, verdict in verdicts.items():
        mine = {each.name: getattr(local, each.name) for each in groups[name]}
        theirs = {each.name: getattr(remote, each.name) for each in groups[name]}
        if verdict is Verdict.CONTEST:
            found.conflicts.add(name)
        elif verdict is Verdict.UNTOLD:
            found.unknown.add(name)
        elif verdict is Verdict.SAME:
            found.base.update(mine)
        elif verdict is Verdict.TO_REMOTE:
            found.remote.update(mine)
            found.base.update(mine)
        elif verdict is Verdict.TO_LOCAL:
            found.local.update(theirs)
            found.base.update(theirs)
    return found
