"""The laws of the merge, for any base, local, remote, policy and decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from integrations.reconcile.plan import Conflict, Create, Plan, Retire
from integrations.reconcile.policy import Decision, Direction, OnConflict, Policy, Side
from integrations.reconcile.record import UNKNOWN, Life
from integrations.reconcile.three_way import reconcile
from tests.integrations.reconcile.cases import (
    CARDS,
    CONTACTS,
    KNOWN_CARDS,
    KNOWN_CONTACTS,
    Case,
    ask,
    carried_out,
    comparable,
    fixed,
)

BOTH = (Side.LOCAL, Side.REMOTE)


def look(case: Case) -> Plan:
    return reconcile(**vars(case))


def groups_in_sync(case: Case):
    groups = type(case.local or case.remote).groups()
    return {name: each for name, each in groups.items() if name not in case.policy.without}


def record_on(case: Case, side: Side):
    return case.local if side is Side.LOCAL else case.remote


def values_for(plan: Plan, side: Side) -> dict:
    action = plan.local if side is Side.LOCAL else plan.remote
    return dict(action.values) if action else {}


# -- 1. it settles --------------------------------------------------------------------------------


def settles(case: Case) -> None:
    plan = look(case)

    again = look(carried_out(plan, case))

    assert (again.local, again.remote) == (None, None)
    assert again.conflicts == plan.conflicts
    assert again.unknown == plan.unknown
    assert look(carried_out(again, carried_out(plan, case))) == replace(again, agreed=())


@fixed(1200)
@given(CARDS)
def test_once_carried_out_a_second_look_changes_nothing(case: Case) -> None:
    settles(case)


@fixed(250)
@given(CONTACTS)
def test_once_carried_out_a_second_look_at_a_contact_changes_nothing(case: Case) -> None:
    settles(case)


def other_part_stands(case: Case) -> None:
    plan = look(case)
    for done in BOTH:
        left = look(carried_out(plan, case, done=(done,)))

        assert values_for(left, done) == {}
        assert values_for(left, done.other) == values_for(plan, done.other)
        assert left.conflicts == plan.conflicts


@fixed(1200)
@given(CARDS)
def test_a_part_that_was_not_done_is_planned_again(case: Case) -> None:
    other_part_stands(case)


@fixed(250)
@given(CONTACTS)
def test_a_part_of_a_contact_that_was_not_done_is_planned_again(case: Case) -> None:
    other_part_stands(case)


# -- 2. it converges ------------------------------------------------------------------------------


def converges(case: Case) -> None:
    case = replace_policy(case, direction=Direction.TWO_WAY)
    plan = look(case)
    ended = any(record.life.is_final for record in (case.local, case.remote))
    if plan.conflicts or ended:
        return  # what ended for good is frozen as it is
    after = carried_out(plan, case)
    for fields in groups_in_sync(case).values():
        names = [each.name for each in fields]
        kind = type(case.local)
        here = comparable(kind, after.local.values(names))
        there = comparable(kind, after.remote.values(names))
        agreed = comparable(kind, {name: after.base[name] for name in names})
        assert here == there == agreed


def replace_policy(case: Case, **changes) -> Case:
    return replace(case, policy=replace(case.policy, **changes))


@fixed(1200)
@given(KNOWN_CARDS)
def test_without_a_conflict_both_sides_and_the_base_become_equal(case: Case) -> None:
    converges(case)


@fixed(250)
@given(KNOWN_CONTACTS)
def test_without_a_conflict_both_contacts_and_the_base_become_equal(case: Case) -> None:
    converges(case)


# -- 3. it mirrors --------------------------------------------------------------------------------

OTHER_WAY = {Direction.PUSH: Direction.PULL, Direction.PULL: Direction.PUSH}
OTHER_RULE = {OnConflict.LOCAL: OnConflict.REMOTE, OnConflict.REMOTE: OnConflict.LOCAL}


def swapped(case: Case) -> Case:
    policy = Policy(
        direction=OTHER_WAY.get(case.policy.direction, case.policy.direction),
        on_conflict=OTHER_RULE.get(case.policy.on_conflict, case.policy.on_conflict),
        without=case.policy.without,
    )
    decisions = {
        group: Decision(keep=each.keep.other, shown=each.shown)
        for group, each in case.decisions.items()
    }
    return Case(case.base, case.remote, case.local, policy, decisions)


def mirrors(case: Case) -> None:
    plan, mirrored = look(case), look(swapped(case))
    kind = type(case.local or case.remote)

    assert (mirrored.local, mirrored.remote) == (plan.remote, plan.local)
    assert mirrored.unknown == plan.unknown
    assert [(each.group, each.base, each.remote, each.local) for each in mirrored.conflicts] == [
        (each.group, each.base, each.local, each.remote) for each in plan.conflicts
    ]
    assert comparable(kind, mirrored.base_after(*BOTH)) == comparable(kind, plan.base_after(*BOTH))


@fixed(1200)
@given(CARDS)
def test_swapped_sides_swap_the_plan(case: Case) -> None:
    mirrors(case)


@fixed(250)
@given(CONTACTS)
def test_swapped_contacts_swap_the_plan(case: Case) -> None:
    mirrors(case)


# -- 4. it loses nothing --------------------------------------------------------------------------


def changed_fields(case: Case, side: Side) -> set[str]:
    """Fields in sync whose known value on `side` differs from what was agreed (else: blank)."""
    record = record_on(case, side)
    held = {**record.blanks(), **case.base}
    return {
        each.name
        for fields in groups_in_sync(case).values()
        for each in fields
        if (value := getattr(record, each.name)) is not UNKNOWN
        and not each.same(held[each.name], value)
    }


def loses_nothing(case: Case) -> None:
    case = ask(case)
    if case.local is None or case.remote is None:
        return
    plan, kind = look(case), type(case.local)
    fields = {each.name: each for each in kind.fields()}
    for side in BOTH:
        record, written = record_on(case, side), values_for(plan, side)
        mine, theirs = changed_fields(case, side), changed_fields(case, side.other)
        for name in mine & written.keys():
            assert fields[name].same(getattr(record, name), written[name])
        if written.get("life", Life.LIVE) is not Life.LIVE:
            # It is ended only where nobody changed anything that the other side did not know.
            other = record_on(case, side.other)
            unseen = {n for n in mine if not fields[n].same(getattr(record, n), getattr(other, n))}
            assert unseen == set() or theirs == set()
            assert not unseen


@fixed(1500)
@given(CARDS)
def test_asked_first_no_changed_value_is_overwritten(case: Case) -> None:
    loses_nothing(case)


@fixed(250)
@given(CONTACTS)
def test_asked_first_no_changed_value_of_a_contact_is_overwritten(case: Case) -> None:
    loses_nothing(case)


# -- 5. one-way is one-way ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "forbidden"), [(Direction.PUSH, Side.LOCAL), (Direction.PULL, Side.REMOTE)]
)
@fixed(1000)
@given(CARDS)
def test_one_way_never_writes_its_source(direction, forbidden, case: Case) -> None:
    plan = look(replace_policy(case, direction=direction))

    assert values_for(plan, forbidden) == {}
    assert plan.conflicts == ()


@fixed(300)
@given(CONTACTS)
def test_one_way_never_writes_a_contact_at_its_source(case: Case) -> None:
    assert look(replace_policy(case, direction=Direction.PUSH)).local is None
    assert look(replace_policy(case, direction=Direction.PULL)).remote is None


# -- 6. an echo is silence ------------------------------------------------------------------------


@fixed(800)
@given(KNOWN_CARDS)
def test_an_echo_is_silence(case: Case) -> None:
    base = case.local.values()

    plan = look(replace(case, base=base, remote=case.local))

    assert plan == Plan()


@fixed(300)
@given(KNOWN_CONTACTS)
def test_an_echo_of_a_contact_is_silence(case: Case) -> None:
    plan = look(replace(case, base=case.remote.values(), local=case.remote))

    assert plan == Plan()


# -- what must hold beside them -------------------------------------------------------------------


def writes_only_what_is_known_and_whole(case: Case) -> None:
    plan = look(case)
    groups = groups_in_sync(case)
    for side in BOTH:
        written = values_for(plan, side)
        assert UNKNOWN not in written.values()
        if isinstance(plan.local if side is Side.LOCAL else plan.remote, Create):
            continue
        for fields in groups.values():
            names = {each.name for each in fields}
            assert not (names & written.keys()) or names <= written.keys()
        known = {name for fields in groups.values() for name in [each.name for each in fields]}
        assert written.keys() <= known  # a group that a rule keeps out is never written
        for name in written:
            assert getattr(record_on(case, side), name) is not UNKNOWN  # nothing unseen replaced


@fixed(1200)
@given(CARDS)
def test_only_known_values_and_whole_groups_are_written(case: Case) -> None:
    writes_only_what_is_known_and_whole(case)


@fixed(250)
@given(CONTACTS)
def test_only_known_values_and_whole_groups_of_a_contact_are_written(case: Case) -> None:
    writes_only_what_is_known_and_whole(case)


@fixed(1200)
@given(CARDS)
def test_what_ended_for_good_is_frozen(case: Case) -> None:
    if case.local is None or case.remote is None:
        return
    plan = look(case)
    for side in BOTH:
        record, written = record_on(case, side), values_for(plan, side)
        other = record_on(case, side.other)
        if record.life in (Life.VOID, Life.DELETED):
            assert written == {} or isinstance(
                plan.local if side is Side.LOCAL else plan.remote, Retire
            )
            assert written.get("life") is not Life.LIVE
        if other.life in (Life.VOID, Life.DELETED):
            assert written.keys() <= {"life"}


def answer_of(conflict: Conflict, keep: Side) -> Decision:
    """Keep that side, or the only one that can be kept."""
    side = conflict.only or keep
    shown = conflict.remote if side is Side.LOCAL else conflict.local
    return Decision(keep=side, shown=shown)


@fixed(1000)
@given(KNOWN_CARDS)
def test_an_answer_to_every_conflict_leaves_none(case: Case) -> None:
    case = ask(case)
    conflicts = look(case).conflicts
    for keep in BOTH:
        decisions = {each.group: answer_of(each, keep) for each in conflicts}
        plan = look(replace(case, decisions=decisions))
        still = {each.group for each in plan.conflicts}
        # A life that was decided lets the groups be merged that waited behind it.
        assert not still & decisions.keys()
