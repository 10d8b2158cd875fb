"""The table of all cases, for contacts. Its stories: docs/sync-model.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from integrations.entities.contact import ContactRecord
from integrations.reconcile.plan import Action, Create, Plan, Retire, Update
from integrations.reconcile.policy import Decision, Direction, OnConflict, Policy, Side
from integrations.reconcile.record import UNKNOWN, Life
from integrations.reconcile.three_way import reconcile

BLANK = ContactRecord(**ContactRecord.blanks())
ADA = replace(BLANK, display_name="Ada", email="ada@x.org", phone="555 0100")
BASE = ADA.values()

ASK = Policy()
PUSH = Policy(direction=Direction.PUSH)
PULL = Policy(direction=Direction.PULL)
OURS = Policy(on_conflict=OnConflict.LOCAL)
THEIRS = Policy(on_conflict=OnConflict.REMOTE)

INACTIVE, VOID, DELETED = (
    {"life": Life.INACTIVE},
    {"life": Life.VOID},
    {"life": Life.DELETED},
)


def look(
    edited_here: Mapping[str, Any],
    edited_there: Mapping[str, Any],
    *,
    base: Mapping[str, Any] = BASE,
    policy: Policy = ASK,
    decisions: Mapping[str, Decision] | None = None,
) -> Plan:
    return reconcile(
        base=base,
        local=replace(ADA, **edited_here),
        remote=replace(ADA, **edited_there),
        policy=policy,
        decisions=decisions,
    )


def changes(action: Action | None) -> dict[str, Any]:
    """What an action changes of Ada; parts of a group that stay as they were left out."""
    values = action.values if action else {}
    return {name: value for name, value in values.items() if value != getattr(ADA, name)}


def contested(plan: Plan) -> list[str]:
    return [each.group for each in plan.conflicts]


# -- one side has none ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "is_created_there", "is_created_here"),
    [
        (ASK, True, True),
        # A one-way sync never makes anything at its source.
        (PUSH, True, False),
        (PULL, False, True),
    ],
)
def test_what_is_new_on_one_side_is_created_on_the_other(policy, is_created_there, is_created_here):
    new_here = reconcile(base={}, local=ADA, remote=None, policy=policy)
    new_there = reconcile(base={}, local=None, remote=ADA, policy=policy)

    assert new_here.remote == (Create(values=ADA.values()) if is_created_there else None)
    assert new_there.local == (Create(values=ADA.values()) if is_created_here else None)
    assert (new_here.local, new_there.remote) == (None, None)


def test_the_base_of_a_new_record_holds_only_once_it_was_created():
    plan = reconcile(base={}, local=ADA, remote=None, policy=ASK)

    assert plan.base_after() == {}
    assert plan.base_after(Side.REMOTE) == ADA.values()


@pytest.mark.parametrize("ended", [VOID, DELETED])
def test_what_ended_before_the_other_side_saw_it_is_never_created(ended):
    gone = replace(ADA, **ended)

    assert reconcile(base={}, local=gone, remote=None, policy=ASK) == Plan()
    assert reconcile(base={}, local=None, remote=gone, policy=ASK) == Plan()


def test_an_archived_contact_that_was_chosen_is_created_archived():
    plan = reconcile(base={}, local=None, remote=replace(ADA, **INACTIVE), policy=ASK)

    assert plan.local.values["life"] is Life.INACTIVE


def test_what_a_rule_keeps_out_is_not_created_along():
    policy = Policy(without=frozenset({"notes"}))
    noted = replace(ADA, notes="pays late")

    assert "notes" not in reconcile(base={}, local=noted, remote=None, policy=policy).remote.values


# -- paired, without a base -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "there", "to_here", "to_there", "conflicts"),
    [
        # Both hold the same: agreed.
        ({}, {}, {}, {}, []),
        # The same but for how it is written: agreed, nobody is rewritten.
        ({"email": "ADA@x.org"}, {}, {}, {}, []),
        # One is blank: the filled one goes over.
        ({"fax": "555 0111"}, {}, {}, {"fax": "555 0111"}, []),
        ({}, {"fax": "555 0111"}, {"fax": "555 0111"}, {}, []),
        # Both filled and different: one conflict; the rest goes on.
        ({"phone": "1", "fax": "2"}, {"phone": "3"}, {}, {"fax": "2"}, ["phone"]),
        # A whole address beside none goes over.
        ({}, {"billing_city": "Rome"}, {"billing_city": "Rome"}, {}, []),
        # Two addresses, each with parts the other lacks, are never mixed.
        ({"billing_line1": "Via 1"}, {"billing_city": "Rome"}, {}, {}, ["billing_address"]),
        # A life has no blank: archived here and active there is asked about.
        (INACTIVE, {}, {}, {}, ["life"]),
        # Blanks only are nothing.
        ({"fax": "  "}, {}, {}, {}, []),
    ],
)
def test_a_new_pair(here, there, to_here, to_there, conflicts):
    plan = look(here, there, base={})

    assert (changes(plan.local), changes(plan.remote)) == (to_here, to_there)
    assert contested(plan) == conflicts


def test_what_a_new_pair_agrees_on_becomes_the_base_at_once():
    plan = look({"phone": "1"}, {"phone": "2"}, base={})

    assert "phone" not in plan.base_after()
    assert plan.base_after()["email"] == "ada@x.org"


def test_a_field_that_a_release_added_disturbs_nothing():
    older = {name: value for name, value in BASE.items() if name != "fax"}

    assert look({}, {}, base=older).is_empty
    assert changes(look({}, {"fax": "1"}, base=older).local) == {"fax": "1"}
    # Archiving is no conflict only because the new field was never agreed on.
    assert contested(look(INACTIVE, {}, base=older)) == []


@pytest.mark.parametrize(("policy", "to_here", "to_there"), [
    (OURS, {}, {"phone": "1"}),
    (THEIRS, {"phone": "2"}, {}),
    (PUSH, {}, {"phone": "1"}),
    (PULL, {"phone": "2"}, {}),
])  # fmt: skip
def test_a_new_pair_that_differs_follows_the_choice_of_the_wizard(policy, to_here, to_there):
    plan = look({"phone": "1"}, {"phone": "2"}, base={}, policy=policy)

    assert (changes(plan.local), changes(plan.remote)) == (to_here, to_there)


# -- edits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "there", "to_here", "to_there", "conflicts"),
    [
        # A false bell, or the echo of our own write.
        ({}, {}, {}, {}, []),
        # Only written differently: nothing.
        ({"email": "ADA@X.ORG"}, {"phone": " 555  0100 "}, {}, {}, []),
        # Edited here.
        ({"email": "b@x.org"}, {}, {}, {"email": "b@x.org"}, []),
        # Cleared here: clearing is an edit.
        ({"email": ""}, {}, {}, {"email": ""}, []),
        # Edited there.
        ({}, {"phone": "1"}, {"phone": "1"}, {}, []),
        # Different fields: both edits survive.
        ({"email": "b@x.org"}, {"phone": "1"}, {"phone": "1"}, {"email": "b@x.org"}, []),
        # The same value on both: agreed.
        ({"phone": "1"}, {"phone": "1"}, {}, {}, []),
        # The same field: a conflict, and the other field still goes over.
        ({"phone": "1", "fax": "9"}, {"phone": "2"}, {}, {"fax": "9"}, ["phone"]),
        # Two parts of one address: the address contends as a whole.
        ({"billing_city": "Rome"}, {"billing_line1": "Via 1"}, {}, {}, ["billing_address"]),
        # The two addresses are apart.
        (
            {"billing_city": "Rome"},
            {"shipping_city": "Bari"},
            {"shipping_city": "Bari"},
            {"billing_city": "Rome"},
            [],
        ),
        # Parent and "bill with parent" contend together.
        ({"parent": 7}, {"bill_with_parent": True}, {}, {}, ["parent"]),
    ],
)
def test_edits_are_carried_over_group_by_group(here, there, to_here, to_there, conflicts):
    plan = look(here, there)

    assert (changes(plan.local), changes(plan.remote)) == (to_here, to_there)
    assert contested(plan) == conflicts


def test_a_changed_address_goes_over_whole():
    plan = look({"billing_city": "Rome"}, {})

    assert plan.remote.values.keys() == {
        each.name for each in ContactRecord.groups()["billing_address"]
    }


def test_the_base_moves_by_the_side_that_was_done():
    plan = look({"email": "b@x.org"}, {"phone": "1"})

    assert plan.base_after() == {}
    assert plan.base_after(Side.LOCAL) == {"phone": "1"}
    assert plan.base_after(Side.REMOTE) == {"email": "b@x.org"}


def test_the_same_edit_on_both_sides_moves_the_base_at_once():
    assert look({"phone": "1"}, {"phone": "1"}).base_after() == {"phone": "1"}


def test_a_conflict_shows_all_three_values():
    (conflict,) = look({"phone": "1"}, {"phone": "2"}).conflicts

    assert (conflict.base, conflict.local, conflict.remote) == (
        {"phone": "555 0100"},
        {"phone": "1"},
        {"phone": "2"},
    )


# -- life -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "here", "there", "to_here", "to_there", "conflicts"),
    [
        # Archived here, or there.
        ({}, INACTIVE, {}, None, Retire(values=INACTIVE), []),
        ({}, {}, INACTIVE, Retire(values=INACTIVE), None, []),
        # Voided or deleted.
        ({}, VOID, {}, None, Retire(values=VOID), []),
        ({}, {}, DELETED, Retire(values=DELETED), None, []),
        # Restored: an edit like any other.
        (INACTIVE, {}, INACTIVE, None, Update(values={"life": Life.LIVE}), []),
        (INACTIVE, INACTIVE, {}, Update(values={"life": Life.LIVE}), None, []),
        # Archived on both.
        ({}, INACTIVE, INACTIVE, None, None, []),
        # Archived here, edited there; and the other way about.
        ({}, INACTIVE, {"phone": "1"}, None, None, ["life"]),
        ({}, {"phone": "1"}, INACTIVE, None, None, ["life"]),
        ({}, DELETED, {"phone": "1"}, None, None, ["life"]),
        ({}, {"phone": "1"}, DELETED, None, None, ["life"]),
        # The side that was edited made the same edit as the one that archived: no contest.
        (
            {},
            {**INACTIVE, "phone": "1"},
            {"phone": "1"},
            None,
            Retire(values=INACTIVE),
            [],
        ),
        # Restored here, deleted there: both lives moved.
        (INACTIVE, {}, DELETED, None, None, ["life"]),
        # Archived here, deleted there.
        ({}, INACTIVE, DELETED, None, None, ["life"]),
        # Deleted there before, "restored" here: what ended for good is never made again.
        (DELETED, {"phone": "1"}, DELETED, None, None, []),
        # Both ended: whatever else differs is frozen.
        ({}, {**VOID, "phone": "1"}, {**DELETED, "phone": "2"}, None, None, []),
    ],
)
def test_life(base, here, there, to_here, to_there, conflicts):
    plan = look(here, there, base={**BASE, **base})

    assert (plan.local, plan.remote) == (to_here, to_there)
    assert contested(plan) == conflicts


def test_archived_and_edited_here_goes_over_together():
    plan = look({**INACTIVE, "phone": "1"}, {})

    assert plan.remote == Retire(values={**INACTIVE, "phone": "1"})


def test_a_final_life_takes_no_other_field_along():
    plan = look({**VOID, "phone": "1"}, {})

    assert plan.remote == Retire(values=VOID)


def test_while_a_life_is_contested_no_edit_passes_it_by():
    plan = look({**INACTIVE, "fax": "9"}, {"phone": "1"})

    assert (plan.local, plan.remote) == (None, None)
    (conflict,) = plan.conflicts
    assert conflict.local == {**INACTIVE, "fax": "9"}
    assert conflict.remote == {"life": Life.LIVE, "phone": "1"}


# -- who answers a conflict -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "to_here", "to_there"),
    [
        (OURS, {}, {"phone": "1"}),
        (THEIRS, {"phone": "2"}, {}),
        # The source of a one-way sync is always right.
        (PUSH, {}, {"phone": "1"}),
        (PULL, {"phone": "2"}, {}),
    ],
)
def test_a_rule_answers_a_conflict(policy, to_here, to_there):
    plan = look({"phone": "1"}, {"phone": "2"}, policy=policy)

    assert (changes(plan.local), changes(plan.remote)) == (to_here, to_there)
    assert plan.conflicts == ()


@pytest.mark.parametrize(
    ("policy", "here", "there"),
    [(PUSH, {}, {"phone": "1"}), (PULL, {"phone": "1"}, {}), (PUSH, {}, INACTIVE)],
)
def test_drift_on_the_other_side_of_a_one_way_sync_is_left_alone(policy, here, there):
    plan = look(here, there, policy=policy)

    assert plan.is_empty
    assert plan.base_after() == {}  # it stays visible as a difference from the base


@pytest.mark.parametrize(
    ("keep", "shown", "to_here", "to_there", "conflicts"),
    [
        (Side.LOCAL, {"phone": "2"}, {}, {"phone": "1"}, []),
        (Side.REMOTE, {"phone": "1"}, {"phone": "2"}, {}, []),
        # The loser changed since it was shown: asked anew.
        (Side.LOCAL, {"phone": "22"}, {}, {}, ["phone"]),
        (Side.REMOTE, {"phone": "11"}, {}, {}, ["phone"]),
        # Written differently is the same.
        (Side.LOCAL, {"phone": " 2 "}, {}, {"phone": "1"}, []),
        # What was shown did not hold all of it.
        (Side.LOCAL, {}, {}, {}, ["phone"]),
        # Of a field that is no longer kept.
        (Side.LOCAL, {"phone": "2", "pager": "3"}, {}, {}, ["phone"]),
    ],
)
def test_a_persons_answer_counts_while_the_loser_holds_what_was_shown(
    keep, shown, to_here, to_there, conflicts
):
    decisions = {"phone": Decision(keep=keep, shown=shown)}

    plan = look({"phone": "1"}, {"phone": "2"}, decisions=decisions)

    assert (changes(plan.local), changes(plan.remote)) == (to_here, to_there)
    assert contested(plan) == conflicts


def test_the_winner_may_change_on_after_the_decision():
    decisions = {"phone": Decision(keep=Side.LOCAL, shown={"phone": "2"})}

    plan = look({"phone": "1 and more"}, {"phone": "2"}, decisions=decisions)

    assert changes(plan.remote) == {"phone": "1 and more"}


@pytest.mark.parametrize(
    ("keep", "shown", "to_here", "to_there"),
    [
        # Keep it archived: their edit comes here all the same, so that both hold the same.
        (
            Side.LOCAL,
            {"life": Life.LIVE, "phone": "1"},
            Update(values={"phone": "1"}),
            Retire(values=INACTIVE),
        ),
        # Keep it active: it is restored here, with the edit.
        (
            Side.REMOTE,
            INACTIVE,
            Update(values={"life": Life.LIVE, "phone": "1"}),
            None,
        ),
    ],
)
def test_archived_here_and_edited_there_is_decided_both_ways(keep, shown, to_here, to_there):
    decisions = {"life": Decision(keep=keep, shown=shown)}

    plan = look(INACTIVE, {"phone": "1"}, decisions=decisions)

    assert (plan.local, plan.remote) == (to_here, to_there)
    assert plan.conflicts == ()


def test_a_further_edit_asks_anew_whether_to_archive():
    shown = {"life": Life.LIVE, "phone": "1"}
    decisions = {"life": Decision(keep=Side.LOCAL, shown=shown)}

    assert contested(look(INACTIVE, {"phone": "2"}, decisions=decisions)) == ["life"]
    assert contested(look(INACTIVE, {"phone": "1", "fax": "9"}, decisions=decisions)) == ["life"]


def test_what_ended_for_good_cannot_be_kept_and_stays_a_question():
    decision = {"life": Decision(keep=Side.LOCAL, shown=DELETED)}
    for policy, decisions in ((OURS, {}), (Policy(), decision)):
        plan = look({"phone": "1"}, DELETED, policy=policy, decisions=decisions)

        assert (plan.local, plan.remote) == (None, None)
        assert [each.only for each in plan.conflicts] == [Side.REMOTE]


def test_what_ended_on_one_side_is_left_where_a_person_said_so():
    for edit in ({"phone": "1"}, {}):
        assert look(edit, DELETED, policy=Policy(leaves_ends=True)).is_empty


def test_edited_here_and_deleted_there_is_decided_without_a_new_record():
    shown = {"life": Life.LIVE, "phone": "1"}
    decisions = {"life": Decision(keep=Side.REMOTE, shown=shown)}

    plan = look({"phone": "1"}, DELETED, decisions=decisions)

    assert (plan.local, plan.remote) == (Retire(values=DELETED), None)
    assert plan.conflicts == ()


# -- what is not known ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "there", "to_there", "unknown"),
    [
        # Not told, and nothing changed: nothing to know.
        ({}, {"phone": UNKNOWN}, {}, set()),
        # Changed here, not told there: read first; the other field goes on.
        ({"phone": "1", "fax": "9"}, {"phone": UNKNOWN}, {"fax": "9"}, {"phone"}),
        # One part of an address not told: the address waits.
        ({"billing_city": "Rome"}, {"billing_line1": UNKNOWN}, {}, {"billing_address"}),
        # Whether it lives was not told: everything waits.
        ({"phone": "1"}, {"life": UNKNOWN}, {}, {"life"}),
        (INACTIVE, {"life": UNKNOWN}, {}, {"life"}),
        ({}, {"life": UNKNOWN}, {}, set()),
    ],
)
def test_what_was_not_told_is_neither_blank_nor_equal(here, there, to_there, unknown):
    plan = look(here, there)

    assert (plan.local, changes(plan.remote)) == (None, to_there)
    assert plan.unknown == unknown


def test_a_rule_keeps_a_field_out_both_ways():
    policy = Policy(without=frozenset({"notes"}))

    plan = look({"notes": "a"}, {"notes": "b"}, policy=policy)

    assert plan.is_empty
