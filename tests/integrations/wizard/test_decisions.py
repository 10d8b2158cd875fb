"""What people decide about rows: saved at once, one effect whoever presses how often."""

from __future__ import annotations

import pytest

from firms.middleware import actor_of
from firms.permissions import STAFF, NotAllowed, WrongFirm
from integrations.models import Link, MatchProposal, Setup
from integrations.wizard import decisions
from integrations.wizard.decisions import Rows
from tests.factories import make_firm, make_member


@pytest.fixture
def act(wizard):
    return {"actor": wizard.actor, "setup": wizard.setup, "now": wizard.clock.now}


def test_unmatching_leaves_both_sides_alone_and_can_be_undone(wizard, act):
    wizard.contact(display_name="Cool Cars", email="x@cars.example")
    wizard.import_all()
    before = dict(wizard.setup.counts)
    row = wizard.row("matched", "Cool Cars")

    ids = decisions.unmatch(rows=Rows(ids=[row.pk]), **act)

    assert wizard.row("unmatched", "Cool Cars").decision == ""
    assert wizard.row("new", "Cool Cars").decision == ""  # not created as a second contact
    assert wizard.setup.counts["matched"] == before["matched"] - 1
    assert wizard.setup.counts["unmatched"] == before["unmatched"] + 1

    decisions.match_suggested(rows=Rows(ids=ids), **act)

    assert wizard.row("matched", "Cool Cars").plan == row.plan
    assert [each.remote_label for each in wizard.rows("new")].count("Cool Cars") == 0
    assert wizard.setup.counts == before


def test_pressing_unmatch_twice_is_pressing_it_once(wizard, act):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    rows = Rows(ids=[wizard.row("matched", "Cool Cars").pk])

    assert len(decisions.unmatch(rows=rows, **act)) == 1
    assert decisions.unmatch(rows=rows, **act) == []
    assert MatchProposal.objects.filter(remote_label="Cool Cars").count() == 1


def test_a_duplicate_is_matched_by_choosing_one_a_side(wizard, act):
    wizard.contact(display_name="Cool Cars", email="one@cars.example")
    wizard.contact(display_name="Cool Cars", email="two@cars.example")
    wizard.import_all()
    chosen = next(
        each for each in wizard.rows("duplicates") if each.local_email == "two@cars.example"
    )
    remote_id = wizard.imported("Cool Cars").remote_id

    decisions.match(row_id=chosen.pk, remote_id=remote_id, **act)

    assert wizard.row("matched", "Cool Cars").pk == chosen.pk
    assert [each.local_email for each in wizard.rows("duplicates")] == ["one@cars.example"]

    decisions.unmatch(rows=Rows(ids=[chosen.pk]), **act)
    assert len(wizard.rows("duplicates")) == 3


def test_of_two_people_who_match_the_same_customer_one_wins(wizard, act):
    first = wizard.contact(display_name="One")
    wizard.contact(display_name="Other")
    wizard.import_all()
    remote_id = wizard.imported("Cool Cars").remote_id
    decisions.match(row_id=wizard.row("unmatched", "One").pk, remote_id=remote_id, **act)

    with pytest.raises(decisions.Taken, match="Cool Cars is matched with One already"):
        decisions.match(row_id=wizard.row("unmatched", "Other").pk, remote_id=remote_id, **act)

    assert [each.local_id for each in wizard.rows("matched")] == [first.pk]


def test_in_bulk_a_customer_is_given_to_one_contact_only(wizard, act):
    for name in ("One", "Other"):
        wizard.contact(display_name=name)
    wizard.import_all()
    MatchProposal.objects.filter(list="unmatched").update(suggested=wizard.imported("Cool Cars"))

    ids = decisions.match_suggested(rows=Rows(is_all=True), **act)

    assert len(ids) == 1
    assert len(wizard.rows("unmatched")) == 1


def test_all_that_match_a_search_are_decided_at_once(wizard, act):
    for name in ("Alpha one", "Alpha two", "Beta"):
        wizard.contact(display_name=name)
    wizard.import_all()

    rows = Rows(is_all=True, text="alpha")
    decisions.decide(name="unmatched", rows=rows, decision="create_there", **act)

    decided = {each.local_label: each.decision for each in wizard.rows("unmatched")}
    assert decided == {"Alpha one": "create_there", "Alpha two": "create_there", "Beta": ""}


def test_a_row_of_another_list_or_run_is_not_touched(wizard, act):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    matched = wizard.row("matched", "Cool Cars")

    changed = decisions.decide(
        name="unmatched", rows=Rows(ids=[matched.pk]), decision="create_there", **act
    )

    assert changed == []
    matched.refresh_from_db()
    assert matched.decision == "link"


def test_nothing_is_decided_without_the_permission_or_from_another_firm(wizard, act):
    wizard.import_all()
    staff = actor_of(make_member(wizard.firm, role="Staff", permissions=STAFF))
    stranger = actor_of(make_member(make_firm()))
    rows = Rows(is_all=True)

    for actor, error in ((staff, NotAllowed), (stranger, WrongFirm)):
        with pytest.raises(error):
            decisions.decide(name="new", rows=rows, decision="leave_out", **{**act, "actor": actor})
    assert not MatchProposal.objects.filter(decision="leave_out").exists()


def test_lists_are_closed_once_sync_was_pressed(wizard, act):
    wizard.import_all()
    Setup.objects.update(confirmed_at=wizard.clock.now)

    with pytest.raises(decisions.AlreadySynced):
        decisions.decide(name="new", rows=Rows(is_all=True), decision="leave_out", **act)


def test_no_decision_writes_a_link_or_a_contact_or_to_quickbooks(wizard, act):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()

    decisions.unmatch(rows=Rows(is_all=True), **act)
    decisions.decide(name="unmatched", rows=Rows(is_all=True), decision="create_there", **act)

    assert not Link.objects.exists()
    assert wizard.emulator.writes == []
