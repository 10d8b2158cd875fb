"""Sync contacts: what the numbers promised is what both sides hold afterwards."""

from __future__ import annotations

import csv
import io

import pytest
from django.core import mail

from contacts.models import Contact
from firms.models import SyncMark
from integrations.models import (
    Connection,
    Cursor,
    ImportedRecord,
    Issue,
    Link,
    MatchProposal,
    Setup,
)
from integrations.sync import engine
from integrations.wizard import decisions, dry_run, importing, proposals, report, services, syncing
from integrations.wizard.decisions import Rows
from integrations.wizard.steps import LISTS


@pytest.fixture
def act(wizard):
    return {"actor": wizard.actor, "setup": wizard.setup, "now": wizard.clock.now}


def see_all(wizard):
    for name in LISTS:
        services.see_list(actor=wizard.actor, setup=wizard.setup, name=name, now=wizard.clock.now)


def only(wizard, act, *labels):
    """Leave out every new customer but these: the runs stay short."""
    rows = [each.pk for each in wizard.rows("new") if each.remote_label not in labels]
    decisions.decide(name="new", rows=Rows(ids=rows), decision="leave_out", **act)


def confirm(wizard):
    see_all(wizard)
    shown = dry_run.plan(wizard.setup, "contact")
    syncing.confirm(
        actor=wizard.actor, setup=wizard.setup, shown=shown.digest, now=wizard.clock.now
    )
    return shown


def drain(wizard, seconds=30):
    for _ in range(5):
        told = engine.drain(wizard.connection, now=wizard.clock.now, seconds=seconds)
        if not told.has_more:
            break
    finished = syncing.note_finished(wizard.connection, wizard.clock.now)
    wizard.setup.refresh_from_db()
    return finished


def test_what_was_promised_is_done_on_both_sides(wizard, act):
    linked = wizard.contact(display_name="Cool Cars", fax="555 0100")
    created = wizard.contact(display_name="Quite New Here", email="new@here.example")
    left = wizard.contact(display_name="Stays Alone")
    wizard.import_all()
    only(wizard, act, "Dukes Basketball Camp")
    row = wizard.row("unmatched", "Quite New Here")
    decisions.decide(name="unmatched", rows=Rows(ids=[row.pk]), decision="create_there", **act)

    shown = confirm(wizard)
    assert (shown.link, shown.create_here, shown.create_there) == (1, 1, 1)
    assert shown.update_here == shown.update_there == 1
    assert drain(wizard)

    linked.refresh_from_db()
    assert linked.email == wizard.emulator.named("Cool Cars")[0]["PrimaryEmailAddr"]["Address"]
    assert wizard.emulator.named("Cool Cars")[0]["Fax"] == {"FreeFormNumber": "555 0100"}
    assert len(wizard.emulator.named("Quite New Here")) == 1
    assert Contact.objects.filter(display_name="Dukes Basketball Camp").count() == 1
    assert len(wizard.emulator.writes) == 2
    assert Link.objects.get(local_id=created.pk).state == Link.State.LINKED
    assert Link.objects.get(local_id=left.pk).state == Link.State.LEFT_OUT
    assert SyncMark.objects.get(local_id=left.pk).state == "not_synced"
    assert wizard.setup.worked_off_at is not None
    assert not ImportedRecord.objects.filter(label="Cool Cars").exists()
    assert ImportedRecord.objects.filter(label="Amy's Bird Sanctuary").exists()


def test_sync_reads_nothing_again(wizard, act):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    only(wizard, act, "Dukes Basketball Camp")
    wizard.emulator.forget_calls()

    confirm(wizard)
    drain(wizard)

    assert wizard.emulator.calls() == []


def test_nothing_is_written_before_sync_is_pressed(wizard, act):
    before = wizard.contact(display_name="Cool Cars").version
    wizard.import_all()
    see_all(wizard)
    dry_run.plan(wizard.setup, "contact")
    list(dry_run.as_csv(wizard.setup, "contact"))
    engine.drain(wizard.connection, now=wizard.clock.now)

    assert wizard.emulator.writes == []
    assert Contact.objects.get().version == before
    assert not Link.objects.filter(state=Link.State.LINKED).exists()


def test_pressing_sync_twice_makes_one_run(wizard, act):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    confirm(wizard)
    count = Link.objects.count()

    with pytest.raises(syncing.AlreadyConfirmed):
        syncing.confirm(**act, shown="x")
    assert Link.objects.count() == count


def test_a_plan_unlike_the_one_shown_goes_back_to_the_person(wizard, act):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    see_all(wizard)
    shown = dry_run.plan(wizard.setup, "contact")
    only(wizard, act)  # somebody else, meanwhile

    with pytest.raises(syncing.ShownDiffers):
        syncing.confirm(**act, shown=shown.digest)
    assert not Link.objects.exists()


def test_a_contact_edited_after_matching_is_planned_afresh(wizard, act):
    contact = wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    assert dry_run.plan(wizard.setup, "contact").update_there == 0
    Contact.objects.filter(pk=contact.pk).update(fax="555", updated_at=wizard.clock.now)
    Setup.objects.update(matched_at="2026-11-22T09:00:00Z")
    wizard.setup.refresh_from_db()

    assert dry_run.plan(wizard.setup, "contact").update_there == 1


def test_sync_waits_until_every_list_was_opened(wizard, act):
    wizard.import_all()
    services.see_list(**act, name="matched")

    with pytest.raises(syncing.NotReady, match="Unmatched and Duplicates and New"):
        syncing.confirm(**act, shown="")


def test_values_that_differ_are_asked_about_and_nothing_is_overwritten(wizard, act):
    contact = wizard.contact(display_name="Cool Cars", phone="999 000")
    wizard.import_all()
    only(wizard, act)
    shown = confirm(wizard)
    drain(wizard)

    assert shown.conflicts == 1
    contact.refresh_from_db()
    assert contact.phone == "999 000"
    assert wizard.emulator.named("Cool Cars")[0]["PrimaryPhone"]["FreeFormNumber"] != "999 000"
    assert Issue.objects.get().kind == Issue.Kind.CONFLICT
    totals = report.totals(wizard.setup)
    assert report.sentence(totals) == "0 of 1 synced. 1 needs you."


def test_a_customer_made_inactive_while_the_wizard_is_open(wizard, act):
    wizard.contact(display_name="Cool Cars")
    wizard.import_all()
    remote_id = wizard.imported("Cool Cars").remote_id
    wizard.emulator.inactivate(remote_id)

    assert importing.check_again(**act)

    wizard.setup.refresh_from_db()
    assert [each.local_label for each in wizard.rows("unmatched")] == ["Cool Cars"]
    assert not [each for each in wizard.rows("new") if each.remote_id == remote_id]


def test_what_changed_there_unseen_is_found_when_it_is_written(wizard, act):
    """Not even Check again: the engine's write is refused as stale, and merged anew."""
    contact = wizard.contact(display_name="Cool Cars", fax="555 0100")
    wizard.import_all()
    only(wizard, act)
    remote_id = wizard.imported("Cool Cars").remote_id
    wizard.emulator.edit(remote_id, Mobile={"FreeFormNumber": "555 0777"})
    confirm(wizard)
    drain(wizard)

    contact.refresh_from_db()
    assert contact.mobile == "555 0777"
    stored = wizard.emulator.stored(remote_id)
    assert stored["Fax"] == {"FreeFormNumber": "555 0100"}
    assert stored["Mobile"] == {"FreeFormNumber": "555 0777"}


def test_sub_customers_come_with_their_parents(wizard, act):
    wizard.import_all()
    only(wizard, act, "Freeman Sporting Goods", "0969 Ocean View Road")
    confirm(wizard)
    assert drain(wizard)

    child = Contact.objects.get(display_name="0969 Ocean View Road")
    assert child.parent.display_name == "Freeman Sporting Goods"


def test_a_contact_made_while_the_lists_were_open_is_left_out_visibly(wizard, act):
    wizard.import_all()
    only(wizard, act)
    wizard.clock.pass_(60)
    Setup.objects.update(matched_at="2026-11-22T09:00:00Z")
    late = wizard.contact(display_name="Late")
    confirm(wizard)
    drain(wizard)

    assert Link.objects.get(local_id=late.pk).state == Link.State.LEFT_OUT
    assert wizard.emulator.named("Late") == []


def test_the_report_is_written_once_and_mailed(wizard, act):
    wizard.contact(display_name="Cool Cars", notes="=1+1")
    wizard.import_all()
    only(wizard, act, "Dukes Basketball Camp")
    confirm(wizard)
    drain(wizard)
    mail.outbox.clear()

    report.write(wizard.setup.pk, now=wizard.clock.now)
    report.write(wizard.setup.pk, now=wizard.clock.now)

    assert [each.to for each in mail.outbox] == [[wizard.member.user.email]]
    assert "2 synced." in mail.outbox[0].body
    wizard.setup.refresh_from_db()
    assert wizard.setup.report["link"] == 1
    assert wizard.setup.report["create_here"] == 1
    rows = list(csv.reader(io.StringIO("".join(report.as_csv(wizard.setup)))))
    assert [row[0] for row in rows[1:]].count("Left out") == len(wizard.rows("new")) - 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_name_becomes_a_formula(wizard, act, start):
    wizard.contact(display_name=f"{start}cmd|' /C calc'!A0")
    wizard.import_all()

    rows = list(csv.reader(io.StringIO("".join(dry_run.as_csv(wizard.setup, "contact")))))

    names = [row[1] for row in rows if "calc" in row[1]]
    assert names == [f"'{start}cmd|' /C calc'!A0"]


def test_walking_the_wizard_again_keeps_links_and_takes_on_what_was_left_out(wizard, act):
    kept = wizard.contact(display_name="Cool Cars")
    parted = wizard.contact(display_name="Dukes Basketball Camp")
    new = wizard.contact(display_name="Alone At First")
    wizard.import_all()
    only(wizard, act)
    confirm(wizard)
    drain(wizard)
    before = Link.objects.get(local_id=kept.pk)
    Setup.objects.update(is_current=False)
    wizard.clock.pass_(3600)
    wizard.setup = services.begin_setup(
        actor=wizard.actor, connection=wizard.connection, now=wizard.clock.now
    )
    wizard.connection.refresh_from_db()
    wizard.emulator.forget_calls()

    wizard.import_all()
    again = {"actor": wizard.actor, "setup": wizard.setup, "now": wizard.clock.now}
    assert {each.local_label for each in wizard.rows("matched") if each.is_linked} == {
        "Cool Cars",
        "Dukes Basketball Camp",
    }
    only(wizard, again, "Amy's Bird Sanctuary")
    row = wizard.row("matched", "Dukes Basketball Camp")
    decisions.unmatch(rows=Rows(ids=[row.pk]), **again)
    lonely = wizard.row("unmatched", "Alone At First")
    decisions.decide(name="unmatched", rows=Rows(ids=[lonely.pk]), decision="create_there", **again)
    shown = confirm(wizard)
    assert drain(wizard)

    assert (shown.linked_before, shown.link, shown.create_here) == (1, 0, 1)
    assert Link.objects.get(local_id=kept.pk).pk == before.pk
    states = set(Link.objects.filter(local_id=parted.pk).values_list("state", flat=True))
    assert states == {Link.State.FORMER, Link.State.LEFT_OUT}
    assert Link.objects.get(local_id=new.pk).state == Link.State.LINKED
    assert Contact.objects.filter(display_name="Amy's Bird Sanctuary").count() == 1
    assert len(wizard.emulator.writes) == 1


def test_in_bulk_a_pair_without_a_plan_is_worked_out_for_the_dry_run(wizard, act):
    wizard.contact(display_name="Cool Cars", fax="555")
    wizard.import_all()
    rows = wizard.rows("matched")
    for row in rows:
        row.plan = None
    proposals.save_plans(rows)
    MatchProposal.objects.filter(list="matched").update(has_differences=False)

    assert dry_run.plan(wizard.setup, "contact").update_there == 1


# -- the mass-change stop ------------------------------------------------------------------------


def pairs_by_rule(wizard, side, *, differing, same):
    """Contacts that both sides hold; of the first ones the phones differ, and `side` wins."""
    Connection.objects.filter(pk=wizard.connection.pk).update(on_conflict=side)
    wizard.connection.refresh_from_db()
    there = {}
    for number in range(differing + same):
        ours = "555 0100" if number < differing else "555 0199"
        wizard.contact(display_name=f"Pair {number}", phone=ours)
        made = wizard.emulator.create(f"Pair {number}", PrimaryPhone={"FreeFormNumber": "555 0199"})
        there[f"Pair {number}"] = made["Id"]
    wizard.import_all()
    rows = Rows(is_all=True)
    decisions.decide(
        actor=wizard.actor,
        setup=wizard.setup,
        now=wizard.clock.now,
        name="new",
        rows=rows,
        decision="leave_out",
    )
    return there


def overwritten(wizard, there, side, phone):
    """How many of them hold the winner's phone on the side that lost."""
    if side == "remote":
        return Contact.objects.filter(phone=phone).count()
    stored = [wizard.emulator.stored(each) for each in there.values()]
    return sum(each["PrimaryPhone"]["FreeFormNumber"] == phone for each in stored)


@pytest.mark.parametrize(("side", "winner"), [("remote", "555 0199"), ("local", "555 0100")])
def test_what_a_person_confirmed_passes_the_mass_change_stop(wizard, side, winner):
    there = pairs_by_rule(wizard, side, differing=22, same=0)

    shown = confirm(wizard)
    drain(wizard)

    here_and_there = (shown.replace_here, shown.replace_there)
    assert here_and_there == ((22, 0) if side == "remote" else (0, 22))
    wizard.connection.refresh_from_db()
    assert not wizard.connection.held_reason
    assert overwritten(wizard, there, side, winner) == 22


@pytest.mark.parametrize(("side", "phone"), [("remote", "555 0177"), ("local", "555 0199")])
def test_what_was_in_no_dry_run_is_held_beside_it(wizard, side, phone):
    there = pairs_by_rule(wizard, side, differing=3, same=21)
    shown = confirm(wizard)
    for number in range(3, 24):
        wizard.emulator.edit(there[f"Pair {number}"], PrimaryPhone={"FreeFormNumber": "555 0177"})
    Cursor.objects.update(wanted_at=wizard.clock.now)

    drain(wizard)

    assert shown.replace_here + shown.replace_there == 3
    wizard.connection.refresh_from_db()
    assert "20 records" in wizard.connection.held_reason
    assert overwritten(wizard, there, side, phone) == 20


def test_a_grant_is_used_up_by_the_first_look(wizard):
    pairs_by_rule(wizard, "remote", differing=1, same=0)
    confirm(wizard)
    assert Link.objects.get(label="Pair 0").options == {"granted": ["local"]}

    drain(wizard)

    assert Link.objects.get(label="Pair 0").options == {}
