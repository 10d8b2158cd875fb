"""The four lists: what matching puts where, and what a new look keeps."""

from __future__ import annotations

import pytest

from integrations.models import ImportedRecord, Link
from integrations.wizard import decisions, proposals, queries
from integrations.wizard.decisions import Rows


def labels(rows):
    return [each.local_label or each.remote_label for each in rows]


def propose(wizard):
    proposals.propose(wizard.setup, now=wizard.clock.now)
    wizard.setup.refresh_from_db()


def test_the_same_name_on_both_sides_is_a_match_whatever_its_case_and_blanks(wizard):
    wizard.contact(display_name="amy's  BIRD sanctuary ")
    wizard.import_all()

    assert [each.remote_label for each in wizard.rows("matched")] == ["Amy's Bird Sanctuary"]
    assert wizard.row("matched", "Amy's Bird Sanctuary").decision == "link"


def test_two_contacts_and_one_customer_of_a_name_are_duplicates(wizard):
    wizard.contact(display_name="Cool Cars", email="one@cars.example")
    wizard.contact(display_name="COOL CARS")
    wizard.import_all()

    rows = wizard.rows("duplicates")
    assert sorted(labels(rows)) == ["COOL CARS", "Cool Cars", "Cool Cars"]
    assert {each.decision for each in rows} == {""}
    assert queries.number_shown(wizard.setup.counts, "duplicates") == 2
    assert wizard.setup.counts["duplicate_names"] == 1


def test_a_contact_without_a_partner_is_unmatched_and_does_not_sync(wizard):
    wizard.contact(display_name="Nobody There Knows")
    wizard.import_all()

    row = wizard.row("unmatched", "Nobody There Knows")
    assert (row.decision, row.suggested) == ("", None)


def test_a_suggestion_says_why_and_links_nothing(wizard):
    email = _email_of(wizard, "Cool Cars")
    wizard.contact(display_name="Refrigerated Vehicles", email=email.upper())
    wizard.import_all()

    row = wizard.row("unmatched", "Refrigerated Vehicles")
    assert row.suggested.label == "Cool Cars"
    assert "same email" in row.suggestion_reason.lower()
    assert wizard.row("new", "Cool Cars").decision == "create_here"


def _email_of(wizard, label):
    return wizard.emulator.named(label)[0]["PrimaryEmailAddr"]["Address"]


def test_active_customers_are_ticked_and_inactive_ones_are_offered(wizard):
    wizard.emulator.act("inactivate", "3")
    wizard.import_all("all")

    inactive = [each for each in wizard.rows("new") if not each.remote_is_active]
    assert [each.decision for each in inactive] == [""]
    assert {each.decision for each in wizard.rows("new") if each.remote_is_active} == {
        "create_here"
    }


def test_a_sub_customer_matches_by_its_whole_path(wizard):
    parent = wizard.contact(display_name="Freeman Sporting Goods")
    wizard.contact(display_name="0969 Ocean View Road", parent_id=parent.pk)
    wizard.contact(display_name="55 Twin Lane")
    wizard.import_all()

    assert set(labels(wizard.rows("matched"))) == {
        "Freeman Sporting Goods",
        "0969 Ocean View Road",
    }
    assert labels(wizard.rows("unmatched")) == ["55 Twin Lane"]
    assert wizard.row("matched", "0969 Ocean View Road").plan["ask"] == []  # same parent


def test_what_differs_is_worked_out_by_the_reconciler(wizard):
    wizard.contact(display_name="Cool Cars", phone="(999) 000-0000", fax="555 1")
    wizard.import_all()

    row = wizard.row("matched", "Cool Cars")
    assert row.has_differences
    assert "phone" in row.plan["ask"]
    assert row.plan["there"] == ["fax"]
    assert "email" in row.plan["here"]
    assert wizard.setup.counts["differences"] == 1


@pytest.mark.parametrize(
    "name",
    ["O'Brien \\ Sons", "שלום עולם", "<script>alert(1)</script>", "%_x", "N" * 500, "Tab\there"],
)
def test_hostile_names_go_through_whole(wizard, name):
    wizard.contact(display_name=name)
    wizard.import_all()

    assert labels(wizard.rows("unmatched")) == [name]
    assert [each.pk for each in queries.rows_of(wizard.setup, "unmatched", text=name[:20])]


def test_making_the_lists_anew_keeps_what_people_decided(wizard):
    wizard.contact(display_name="Cool Cars")
    email = _email_of(wizard, "Bill's Windsurf Shop")
    other = wizard.contact(display_name="Refrigerated", email=email)
    lonely = wizard.contact(display_name="Lonely")
    wizard.import_all()
    act = {"actor": wizard.actor, "setup": wizard.setup, "now": wizard.clock.now}
    decisions.unmatch(rows=Rows(ids=[wizard.row("matched", "Cool Cars").pk]), **act)
    decisions.match_suggested(rows=Rows(ids=[wizard.row("unmatched", "Refrigerated").pk]), **act)
    decisions.decide(
        name="unmatched",
        rows=Rows(ids=[wizard.row("unmatched", "Lonely").pk]),
        decision="create_there",
        **act,
    )
    decisions.decide(
        name="new",
        rows=Rows(ids=[wizard.row("new", "Dukes Basketball Camp").pk]),
        decision="leave_out",
        **act,
    )

    propose(wizard)

    assert [each.local_id for each in wizard.rows("matched")] == [other.pk]
    assert wizard.row("unmatched", "Lonely").local_id == lonely.pk
    assert wizard.row("unmatched", "Lonely").decision == "create_there"
    assert wizard.row("unmatched", "Cool Cars").suggestion_reason == "Unmatched here"
    assert wizard.row("new", "Cool Cars").decision == ""
    assert wizard.row("new", "Dukes Basketball Camp").decision == "leave_out"


def test_pairs_of_before_are_shown_as_matched_and_stay(wizard):
    contact = wizard.contact(display_name="Renamed Here")
    wizard.import_all()
    remote_id = wizard.imported("Cool Cars").remote_id
    Link.objects.create(
        connection=wizard.connection,
        firm=wizard.firm,
        entity="contact",
        local_id=contact.pk,
        remote_id=remote_id,
        state=Link.State.LINKED,
    )

    propose(wizard)

    row = wizard.row("matched", "Renamed Here")
    assert (row.remote_label, row.is_linked) == ("Cool Cars", True)


def test_a_customer_made_inactive_meanwhile_leaves_the_active_lists(wizard):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    ImportedRecord.objects.filter(label="Cool Cars").update(is_active=False)  # the feed told

    propose(wizard)

    assert labels(wizard.rows("unmatched")) == ["Cool Cars"]
    assert "Cool Cars" not in labels(wizard.rows("new"))
