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
    held = {**kind.blanks(), **base}  # what was never agreed counts as agreed to be blank
    groups = {name: each for name, each in kind.groups().items() if name not in policy.without}

    def verdict(name: str) -> Verdict:
        return _verdict(name, groups[name], base, held, local, remote, policy, decisions or {})

    life = groups.pop("life")
    lives = {Side.LOCAL: local.life, Side.REMOTE: remote.life}
    if Life(held["life"]).is_final:
        return Outcome()  # final is final
    others = {name: verdict(name) for name in groups}
    if UNKNOWN in lives.values():
        changed = _moved(life, held, local) or _moved(life, held, remote)
        stirs = {Verdict.TO_LOCAL, Verdict.TO_REMOTE, Verdict.CONTEST, Verdict.UNTOLD}
        if changed or stirs & set(others.values()):
            return Outcome(unknown={"life"})
        return _gather(groups, others, local, remote)

    ending = _ending(held, lives)
    if ending is None:
        others["life"] = _verdict(
            "life", life, base, held, local, remote, policy, decisions or {}
        )
        return _gather({**groups, "life": life}, others, local, remote)
    return _end(ending, life, groups, others, held, lives, local, remote, policy, decisions or {})


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
        shown = {
            Side.LOCAL: {f.name: getattr(local, f.name) for f in group},
            Side.REMOTE: {f.name: getattr(remote, f.name) for f in group},
        }
        winner = _winner(name, group, shown, policy, decisions)
    else:
        winner = Side.LOCAL if here else Side.REMOTE
    if winner is None:
        return Verdict.CONTEST
    if not policy.direction.writes(winner.other):
        return Verdict.QUIET
    return Verdict.TO_REMOTE if winner is Side.LOCAL else Verdict.TO_LOCAL


def _winner(
    name: str,
    fields: tuple[Field, ...],
    shown: Mapping[Side, Mapping[str, Any]],
    policy: Policy,
    decisions: Mapping[str, Decision],
) -> Side | None:
    """Who wins a contest: the source, else a decision that still holds, else the rule."""
    if policy.direction is not Direction.TWO_WAY:
        return policy.direction.source
    decision = decisions.get(name)
    if decision is not None:
        loser = shown[decision.keep.other]
        by_name = {each.name: each for each in fields}
        if set(loser) <= set(decision.shown) and all(
            by_name[each].same(value, decision.shown[each]) for each, value in loser.items()
        ):
            return decision.keep
    return {OnConflict.LOCAL: Side.LOCAL, OnConflict.REMOTE: Side.REMOTE}.get(policy.on_conflict)


def _ending(held: Mapping[str, Any], lives: Mapping[Side, Any]) -> Side | None:
    """The side that ended the record's life, where only one side did."""
    ended = [
        side for side, life in lives.items() if life != held["life"] and life is not Life.LIVE
    ]
    return ended[0] if len(ended) == 1 else None


def _end(
    ending: Side,
    life: tuple[Field, ...],
    groups: Mapping[str, tuple[Field, ...]],
    others: dict[str, Verdict],
    held: Mapping[str, Any],
    lives: Mapping[Side, Any],
    local: Record,
    remote: Record,
    policy: Policy,
    decisions: Mapping[str, Decision],
) -> Outcome:
    """One side ended it. An edit on the other side contends with that."""
    records = {Side.LOCAL: local, Side.REMOTE: remote}
    editor = records[ending.other]
    edited = [
        name
        for name, group in groups.items()
        if _moved(group, held, editor) and others[name] is not Verdict.SAME
    ]
    restored = lives[ending.other] != held["life"]
    is_final = lives[ending].is_final
    if edited or restored:
        fields = life + tuple(f for name in edited for f in groups[name])
        shown = {
            side: {f.name: getattr(record, f.name) for f in fields}
            for side, record in records.items()
        }
        winner = _winner("life", fields, shown, policy, decisions)
    else:
        winner = ending
    if winner is None:
        return Outcome(conflicts={"life"})
    target = winner.other
    if winner is ending:
        if not policy.direction.writes(target):
            return Outcome() if is_final else _gather(groups, others, local, remote)
        if is_final:
            ended = {"life": lives[ending]}
            return Outcome(**{target.value: ended, "base": dict(ended)})
        others["life"] = Verdict.TO_LOCAL if target is Side.LOCAL else Verdict.TO_REMOTE
        return _gather({**groups, "life": life}, others, local, remote)
    if is_final:
        return Outcome()  # what ended for good is never made again
    if policy.direction.writes(target):
        others["life"] = Verdict.TO_LOCAL if target is Side.LOCAL else Verdict.TO_REMOTE
        return _gather({**groups, "life": life}, others, local, remote)
    return _gather(groups, others, local, remote)


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
