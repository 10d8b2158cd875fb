"""
Random cases for the laws: a base, two records, a policy, decisions.

The values are few and often alike ("a" and " a ", "x@y.org" and "X@y.org"), so that sides meet.
A run is the same each time. `EXPLORE=20000 pytest ...` looks at that many fresh cases instead,
and `--hypothesis-seed` replays what it found.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from integrations.entities.contact import ContactRecord
from integrations.reconcile import record as compare
from integrations.reconcile.plan import Action, Create, Plan
from integrations.reconcile.policy import Decision, Direction, OnConflict, Policy, Side
from integrations.reconcile.record import UNKNOWN, Field, Life, Record, Unknown, part


def explored() -> int:
    """How many fresh cases somebody wants to see; 0: the fixed ones."""
    return int(os.environ.get("EXPLORE", "0"))


def fixed(examples: int) -> settings:
    """The settings of a law: the same cases each run, unless EXPLORE asks for fresh ones."""
    explore = explored()
    return settings(
        max_examples=explore or examples,
        derandomize=not explore,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True, kw_only=True)
class Card(Record):
    """A small record: a plain field, an e-mail, a group of two, a yes or no."""

    entity: ClassVar[str] = "card"

    name: str | Unknown = part()
    mail: str | Unknown = part(key=compare.email)
    street: str | Unknown = part(group="place")
    land: str | Unknown = part(group="place", key=compare.country)
    is_kept: bool | Unknown = part(key=compare.plain, blank=False)


@dataclass(frozen=True)
class Case:
    base: Mapping[str, Any]
    local: Any
    remote: Any
    policy: Policy
    decisions: Mapping[str, Decision]


TEXTS = ["", " ", "a", " a ", "b", "c"]
VALUES = {
    compare.text: TEXTS,
    compare.email: ["", "x@y.org", "X@y.org", "b@y.org"],
    compare.country: ["", "US", "usa", "CA", "Narnia"],
}


def values_of(field: Field, blank: Any) -> list[Any]:
    if field.name == "life":
        return [Life.LIVE, Life.LIVE, Life.LIVE, Life.INACTIVE, Life.VOID, Life.DELETED]
    if field.key in VALUES:
        return VALUES[field.key]
    return [False, True] if blank is False else [None, 1, 2]


def make_case(random: Random, record: type[Record], *, knows_all: bool = False) -> Case:
    """A case over `record`; `knows_all`: no value is UNKNOWN and both sides exist."""
    choices = {each.name: values_of(each, record.blanks()[each.name]) for each in record.fields()}

    def some(most: int) -> set[str]:
        names = ["life", *choices]  # a life moves more often than its share
        return {random.choice(names) for _ in range(random.randint(0, most))}

    def changed(values: Mapping[str, Any], most: int) -> dict[str, Any]:
        return {**values, **{name: random.choice(choices[name]) for name in sorted(some(most))}}

    start = changed(record.blanks(), len(choices))
    sides = [changed(start, 4), changed(start, 4)]
    never_agreed = set(choices) if random.randint(0, 5) == 0 else some(3)
    base = {name: value for name, value in start.items() if name not in never_agreed}
    if not knows_all:
        for side in sides:
            side.update(dict.fromkeys(some(2), UNKNOWN))
    records: list[Record | None] = [record.from_values(side) for side in sides]
    if not knows_all and random.randint(0, 9) == 0:
        records[random.randint(0, 1)] = None
    groups = sorted(set(record.groups()) - {"life"})
    policy = Policy(
        direction=random.choice(list(Direction)),
        on_conflict=random.choice(list(OnConflict)),
        without=frozenset([random.choice(groups)] if random.randint(0, 2) == 0 else []),
    )
    local, remote = records
    decisions = _decided(random, local, remote) if local and remote else {}
    return Case(base, local, remote, policy, decisions)


def _decided(random: Random, local: Record, remote: Record) -> dict[str, Decision]:
    """Answers of a person: some to what is there, some to what was there once."""
    groups = local.groups()
    decisions = {}
    for _ in range(random.randint(0, 2)):
        name = random.choice(["life", *groups])
        keep = random.choice(list(Side))
        loser = local if keep is Side.REMOTE else remote
        told = {name} | ({random.choice(list(groups)) for _ in range(random.randint(0, 4))})
        told = told if name == "life" else {name}
        shown = loser.values(each.name for group in sorted(told) for each in groups[group])
        if shown and random.randint(0, 3) == 0:
            shown[random.choice(sorted(shown))] = "was shown once"
        decisions[name] = Decision(keep=keep, shown=shown)
    return decisions


def seeded(record: type[Record], **options: Any) -> st.SearchStrategy[Case]:
    """A case a seed: ten times faster than drawing each value, and already small."""
    seeds = st.integers(0, 2**64 - 1)
    return seeds.map(lambda seed: make_case(Random(seed), record, **options))


def ask(case: Case) -> Case:
    """The same case, two-way, where nobody has answered anything."""
    return Case(case.base, case.local, case.remote, Policy(without=case.policy.without), {})


def carried_out(plan: Plan, case: Case, done: tuple[Side, ...] = (Side.LOCAL, Side.REMOTE)) -> Case:
    """The case that is left once the parts on the sides `done` were carried out."""
    local = _apply(plan.local, case.local, case) if Side.LOCAL in done else case.local
    remote = _apply(plan.remote, case.remote, case) if Side.REMOTE in done else case.remote
    base = {**case.base, **plan.base_after(*done)}
    return Case(base, local, remote, case.policy, case.decisions)


def _apply(action: Action | None, record: Record | None, case: Case) -> Record | None:
    if action is None:
        return record
    if isinstance(action, Create):
        assert record is None, "created a second time"
        return type(case.local or case.remote).from_values(action.values)
    assert record is not None, "changed what is not there"
    return record.with_changes(action.values)


def comparable(record: type[Record], values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Values as they compare, so that two of them can be held side by side."""
    by_name = {each.name: each for each in record.fields()}
    return {name: by_name[name].comparable(value) for name, value in (values or {}).items()}


CARDS = seeded(Card)
CONTACTS = seeded(ContactRecord)
KNOWN_CARDS = seeded(Card, knows_all=True)
KNOWN_CONTACTS = seeded(ContactRecord, knows_all=True)
