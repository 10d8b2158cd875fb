"""What a person sees happen: stories of one contact, real engine, real emulator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from contacts import services
from contacts.models import Contact
from firms.models import SyncMark
from integrations import inbox
from integrations.models import (
    Activity,
    Connection,
    Cursor,
    ImportedRecord,
    InboxEntry,
    Intent,
    Issue,
    Link,
    OutboxEntry,
)
from integrations.providers.base import Notice
from integrations.reconcile.policy import OnConflict, Side
from integrations.sync import (
    company_facts,
    engine,
    feed,
    links,
    resolving,
    rule_changes,
)
from tests.world import World


def test_a_contact_made_here_becomes_a_customer(world: World):
    contact = world.create("Quist Boats", email="nora@quist.test", billing_city="Half Moon Bay")

    world.sync()

    customer = world.customer(contact)
    assert customer["DisplayName"] == "Quist Boats"
    assert customer["PrimaryEmailAddr"] == {"Address": "nora@quist.test"}
    assert customer["BillAddr"]["City"] == "Half Moon Bay"
    assert SyncMark.objects.get(local_id=contact.pk).state == "synced"
    assert not OutboxEntry.objects.exists()


def test_an_edit_here_sends_that_field_only_and_reads_nothing(world: World):
    contact = world.linked("Quist Boats", email="nora@quist.test")

    world.edit(contact, phone="555-0100")
    world.sync()

    call = world.quickbooks.calls()[-1]
    assert json.loads(call["request"]).keys() == {"Id", "SyncToken", "sparse", "PrimaryPhone"}
    assert world.quickbooks.ask("counts")["metered"] == 0


def test_an_edit_there_arrives_here_and_is_not_sent_back(world: World):
    contact = world.linked("Quist Boats")
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555-0199"})
    writes = world.writes()

    world.sync(feed=True)

    contact.refresh_from_db()
    assert contact.phone == "555-0199"
    assert world.writes() == writes
    assert not OutboxEntry.objects.exists()
    assert not ImportedRecord.objects.filter(remote_id=world.link(contact).remote_id).exists()


def test_different_fields_edited_on_both_sides_both_survive(world: World):
    contact = world.linked("Quist Boats")
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555-0199"})
    world.edit(contact, email="nora@quist.test")

    world.sync()  # without the feed: the version we hold is stale, so it is read and merged
    world.sync(feed=True)

    contact.refresh_from_db()
    assert (contact.phone, contact.email) == ("555-0199", "nora@quist.test")
    assert world.customer(contact)["PrimaryPhone"]["FreeFormNumber"] == "555-0199"
    assert world.customer(contact)["PrimaryEmailAddr"]["Address"] == "nora@quist.test"
    assert world.quickbooks.ask("counts")["overwritten_unseen"] == 0


@pytest.fixture
def conflict(world: World) -> Contact:
    contact = world.linked("Quist Boats", phone="1")
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "theirs"})
    world.edit(contact, phone="ours")
    world.sync(feed=True)
    return contact


def test_the_same_field_edited_on_both_sides_waits_for_a_person(world: World, conflict: Contact):
    issue = world.open_issue()

    assert issue.kind == Issue.Kind.CONFLICT
    assert [(each["local"], each["remote"]) for each in issue.detail["groups"]] == [
        ({"phone": "ours"}, {"phone": "theirs"})
    ]
    assert issue.detail["local_by"] == world.actor.label
    conflict.refresh_from_db()
    assert conflict.phone == "ours"
    assert world.customer(conflict)["PrimaryPhone"]["FreeFormNumber"] == "theirs"
    assert SyncMark.objects.get(local_id=conflict.pk).state == "conflict"


@pytest.mark.parametrize(("keep", "value"), [(Side.LOCAL, "ours"), (Side.REMOTE, "theirs")])
def test_a_decision_is_carried_out_after_the_time_to_undo_it(
    world: World, conflict: Contact, keep: Side, value: str
):
    issue = world.open_issue()
    resolving.decide(actor=world.actor, issue=issue, keep={"phone": keep}, now=world.now)

    world.sync(after=9)
    conflict.refresh_from_db()
    assert conflict.phone == "ours"
    assert world.customer(conflict)["PrimaryPhone"]["FreeFormNumber"] == "theirs"

    world.sync(after=2)
    conflict.refresh_from_db()
    assert conflict.phone == value
    assert world.customer(conflict)["PrimaryPhone"]["FreeFormNumber"] == value
    issue.refresh_from_db()
    assert issue.state == Issue.State.RESOLVED


def test_a_decision_can_be_taken_back(world: World, conflict: Contact):
    issue = world.open_issue()
    resolving.decide(actor=world.actor, issue=issue, keep={"phone": Side.REMOTE}, now=world.now)

    resolving.undo(actor=world.actor, issue=issue, now=world.now + timedelta(seconds=5))
    world.sync(after=20)

    conflict.refresh_from_db()
    assert conflict.phone == "ours"
    assert world.open_issue() == issue


def test_a_decision_does_not_count_once_the_loser_changed(world: World, conflict: Contact):
    issue = world.open_issue()
    resolving.decide(actor=world.actor, issue=issue, keep={"phone": Side.LOCAL}, now=world.now)
    world.edit_there(conflict, PrimaryPhone={"FreeFormNumber": "theirs, newer"})

    world.sync(after=20, feed=True)

    assert world.customer(conflict)["PrimaryPhone"]["FreeFormNumber"] == "theirs, newer"
    assert world.open_issue().detail["groups"][0]["remote"] == {"phone": "theirs, newer"}


def test_other_fields_flow_while_one_is_contested(world: World, conflict: Contact):
    world.edit(conflict, website="https://quist.test")

    world.sync()

    assert world.customer(conflict)["WebAddr"]["URI"] == "https://quist.test"
    assert world.open_issue().kind == Issue.Kind.CONFLICT


def test_archived_here_edited_there_is_decided_by_a_person(world: World):
    contact = world.linked("Quist Boats")
    services.archive_contact(actor=world.actor, contact=contact, now=world.now)
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555"})
    world.sync(feed=True)
    assert world.customer(contact)["Active"] is True

    issue = world.open_issue()
    resolving.decide(actor=world.actor, issue=issue, keep={"life": Side.LOCAL}, now=world.now)
    world.sync(after=11)

    contact.refresh_from_db()
    assert (contact.is_archived, contact.phone) == (True, "555")
    assert world.customer(contact)["Active"] is False


def test_archiving_and_restoring_flow_both_ways(world: World):
    contact = world.linked("Quist Boats")
    remote_id = world.link(contact).remote_id
    assert remote_id is not None

    services.archive_contact(actor=world.actor, contact=contact, now=world.now)
    world.sync()
    assert world.customer(contact)["DisplayName"] == "Quist Boats (deleted)"

    world.quickbooks.act("reactivate", remote_id)
    world.sync(feed=True)
    contact.refresh_from_db()
    assert (contact.is_archived, contact.display_name) == (False, "Quist Boats")

    world.quickbooks.act("inactivate", remote_id)
    world.sync(feed=True)
    contact.refresh_from_db()
    assert (contact.is_archived, contact.display_name) == (True, "Quist Boats")


def test_a_customer_made_there_becomes_one_contact_however_often_it_is_told(world: World):
    world.quickbooks.act("create", fields={"DisplayName": "Harbour Timber"})

    for _ in range(3):
        world.sync(feed=True)

    assert Contact.objects.filter(display_name="Harbour Timber").count() == 1


def test_an_answer_lost_after_the_commit_makes_no_second_customer(world: World):
    world.quickbooks.fault("cut_after_commit", operation="create")
    contact = world.create("Quist Boats")
    world.sync()
    world.sync(feed=True)  # the feed tells of it: it may be ours, so no contact is made of it
    assert Contact.objects.count() == 1
    assert world.link(contact).state == Link.State.UNDECIDED

    world.sync(after=131)

    assert len(world.customers_named("Quist Boats")) == 1
    assert world.link(contact).state == Link.State.LINKED
    assert Link.objects.count() == 1
    assert Contact.objects.count() == 1


def test_it_is_found_by_name_where_the_request_id_was_forgotten(world: World):
    world.quickbooks.fault("cut_after_commit", operation="create")
    contact = world.create("Quist Boats", email="nora@quist.test")
    world.sync()
    world.quickbooks.ask("requestids", {"forget": True})

    world.sync(after=131)

    assert len(world.customers_named("Quist Boats")) == 1
    assert world.link(contact).state == Link.State.LINKED


def test_an_update_whose_answer_was_lost_is_done_once(world: World):
    contact = world.linked("Quist Boats")
    world.quickbooks.fault("cut_after_commit", operation="update")
    world.edit(contact, phone="555")
    world.sync()
    world.edit(contact, email="nora@quist.test")
    world.sync()  # nothing else is planned while the outcome is open
    assert "PrimaryEmailAddr" not in world.customer(contact)

    world.sync(after=131)
    world.sync()

    customer = world.customer(contact)
    assert customer["PrimaryPhone"]["FreeFormNumber"] == "555"
    assert customer["PrimaryEmailAddr"]["Address"] == "nora@quist.test"
    assert customer["SyncToken"] == "2"
    assert not Intent.objects.exists()


def test_a_name_that_is_taken_waits_with_its_remedies(world: World):
    contact = world.create("Amy's Bird Sanctuary")
    world.sync()
    issue = world.open_issue()
    assert issue.kind == Issue.Kind.DUPLICATE_NAME
    assert "Amy's Bird Sanctuary" in issue.sentence

    contact.refresh_from_db()
    resolving.rename(
        actor=world.actor,
        issue=issue,
        name="Amy's Birds",
        version=contact.version,
        now=world.now,
    )
    world.sync()

    assert len(world.customers_named("Amy's Birds")) == 1
    issue.refresh_from_db()
    assert issue.state == Issue.State.RESOLVED


def test_a_taken_name_can_be_linked_with_the_customer_that_has_it(world: World):
    contact = world.create("Amy's Bird Sanctuary", website="https://birds.test")
    world.sync()

    resolving.link_to_existing(
        actor=world.actor, issue=world.open_issue(), remote_id="1", now=world.now
    )
    world.sync()

    contact.refresh_from_db()
    assert world.link(contact).remote_id == "1"
    assert contact.email == "Birds@Intuit.com"  # blank here: theirs comes over
    assert world.customer(contact)["WebAddr"]["URI"] == "https://birds.test"
    assert not Issue.objects.filter(state="open").exists()


def test_one_bad_record_holds_nothing_else_back(world: World):
    world.create("a:colon is refused")
    good = world.create("Quist Boats")

    world.sync()

    assert world.link(good).state == Link.State.LINKED
    assert world.open_issue().link.local_id != good.pk


def test_a_child_waits_for_its_parent_and_follows_it(world: World):
    parent = world.create("Quist Boats")
    child = world.create("Hull 7", parent_id=parent.pk)
    OutboxEntry.objects.filter(local_id=parent.pk).delete()  # the parent's bell was lost

    world.sync()

    assert world.customer(child)["FullyQualifiedName"] == "Quist Boats:Hull 7"
    assert world.quickbooks.ask("counts")["unknown_references"] == 0


def test_a_merge_there_moves_the_link_to_the_survivor(world: World):
    contact = world.linked("Quist Boats")
    gone = world.link(contact).remote_id
    survivor = world.quickbooks.act("create", fields={"DisplayName": "Quist Boats Inc"})["Id"]
    world.quickbooks.act("merge", gone or "", into=survivor)
    InboxEntry.objects.create(
        connection=world.connection,
        entity="contact",
        remote_id=survivor,
        merged_from=gone or "",
        source="webhook",
        operation="merged",
        needs_read=True,
        made_at=world.now,
    )

    world.sync()

    contact.refresh_from_db()
    assert world.link(contact).remote_id == survivor
    assert contact.display_name == "Quist Boats Inc"
    assert Contact.objects.filter(display_name="Quist Boats Inc").count() == 1


def test_a_revoked_token_rests_the_connection_and_loses_nothing(world: World):
    contact = world.linked("Quist Boats")
    world.quickbooks.ask("tokens", {"action": "disconnect"})
    world.edit(contact, phone="555")

    world.sync()

    world.connection.refresh_from_db()
    assert world.connection.state == Connection.State.RECONNECT
    assert OutboxEntry.objects.exists() or Intent.objects.exists()


def test_nothing_changed_means_no_write_and_one_read(world: World):
    world.linked("Quist Boats")
    world.sync(feed=True)
    before = world.quickbooks.ask("counts")
    links_before = list(Link.objects.order_by("pk").values())
    entries = Activity.objects.count()

    world.sync(after=60, feed=True)

    after = world.quickbooks.ask("counts")
    assert after["writes"] == before["writes"]
    assert after["metered"] - before["metered"] == 1
    assert list(Link.objects.order_by("pk").values()) == links_before
    assert Activity.objects.count() == entries


def test_the_cursor_never_moves_back(world: World):
    world.sync(feed=True)
    first = Cursor.objects.get().value
    world.quickbooks.ask("clock", {"advance_seconds": -3600})

    world.sync(feed=True)

    assert first is not None
    assert Cursor.objects.get().value == first


def test_an_unmatched_contact_is_never_created_again_unasked(world: World):
    contact = world.linked("Quist Boats")
    links.unmatch(actor=world.actor, link=world.link(contact), now=world.now)
    world.edit(contact, phone="555")
    world.quickbooks.act("update", "58", fields={"Notes": "x"})

    world.sync(feed=True)

    assert len(world.customers_named("Quist Boats")) == 1
    assert Contact.objects.count() == 1
    assert SyncMark.objects.get(local_id=contact.pk).state == "not_synced"


def test_many_archives_at_once_stop_and_ask(world: World):
    contacts = [world.create(f"Contact {number}") for number in range(25)]
    world.sync()
    for contact in contacts:
        world.quickbooks.act("inactivate", world.link(contact).remote_id or "")

    world.sync(feed=True)

    world.connection.refresh_from_db()
    assert world.connection.held_reason
    assert Contact.objects.filter(is_archived=True).count() == 20


@pytest.mark.parametrize(("cursor_age", "is_held"), [(1, False), (40, True)])
def test_creates_count_in_a_full_comparison_alone(world: World, cursor_age: int, is_held: bool):
    for number in range(22):
        world.quickbooks.create(f"Customer {number}")
    Cursor.objects.update(value=world.now - timedelta(days=cursor_age))

    for _ in range(4):
        world.sync(feed=True)

    world.connection.refresh_from_db()
    assert bool(world.connection.held_reason) == is_held
    created = Contact.objects.count()
    assert created == 20 if is_held else created >= 22


def test_preferences_are_read_again_once_a_week(world: World):
    world.connection.company_facts, world.connection.facts_read_at = {}, world.now
    world.connection.save()

    assert company_facts.reread_old_facts(now=world.now + timedelta(days=6)) == 0
    assert company_facts.reread_old_facts(now=world.now + timedelta(days=8)) == 1

    world.connection.refresh_from_db()
    assert world.connection.company_facts["country"] == "US"


def test_a_pair_that_held_the_same_says_that_it_was_linked(world: World):
    contact = world.linked("Quist Boats")
    remote_id = world.link(contact).remote_id or ""
    links.unmatch(actor=world.actor, link=world.link(contact), now=world.now)
    links.match(
        actor=world.actor,
        connection=world.connection,
        entity="contact",
        local_id=contact.pk,
        remote_id=remote_id,
        now=world.now,
    )
    writes = world.writes()

    world.sync()

    assert Activity.objects.filter(title__startswith="Linked with Quist Boats").count() == 1
    assert world.writes() == writes


def test_a_rule_that_answers_conflicts_answers_the_open_ones(world: World, conflict: Contact):
    rule_changes.set_rules(
        actor=world.actor,
        connection=world.connection,
        on_conflict=OnConflict.REMOTE,
        syncs_notes=False,
        now=world.now,
    )

    world.sync()

    conflict.refresh_from_db()
    assert conflict.phone == "theirs"
    assert not Issue.objects.filter(state="open").exists()


def test_a_company_whose_subscription_was_renewed_is_worked_for_again(world: World):
    contact = world.linked("Quist Boats")
    world.quickbooks.fault(
        "fault", code="6190", operation="update", message="Invalid Company Status"
    )
    world.edit(contact, phone="555")
    world.sync()
    world.connection.refresh_from_db()
    assert world.connection.state == Connection.State.UNAVAILABLE

    assert company_facts.probe_unavailable(now=world.now) == 1
    world.sync(after=1)

    assert world.customer(contact)["PrimaryPhone"]["FreeFormNumber"] == "555"


def test_what_is_read_only_there_is_never_written_there(world: World):
    project = world.linked("Hull 7")
    Link.objects.update(is_read_only=True)  # a project: the emulator lets nobody make one
    writes = world.writes()

    world.edit(project, phone="555")
    world.sync()

    assert world.writes() == writes
    assert not Intent.objects.exists()


def test_an_edit_there_just_after_our_own_write_arrives_without_another_bell(world: World):
    """Its webhook may be the echo of our write: it waits, but not for the next change."""
    world.quickbooks.ask("clock", {"now": world.now.isoformat(), "frozen": True})
    contact = world.linked("Quist Boats")
    remote_id = world.link(contact).remote_id or ""
    world.quickbooks.ask("clock", {"advance_seconds": 1})
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555"})
    told = world.quickbooks.stored(remote_id)["MetaData"]["LastUpdatedTime"]
    notice = Notice(
        company_id=world.connection.company_id,
        entity="contact",
        remote_id=remote_id,
        operation="updated",
        occurred_at=datetime.fromisoformat(told) + timedelta(seconds=0.3),
    )
    inbox.hear([notice], provider="quickbooks", now=world.now)
    world.sync()

    later = world.now + timedelta(seconds=21)
    assert engine.ring_due(now=later) == 1
    world.sync(after=21)

    contact.refresh_from_db()
    assert contact.phone == "555"
    assert engine.ring_due(now=world.now + timedelta(seconds=60)) == 0


def test_of_two_webhooks_about_the_time_of_one_write_one_is_no_echo(world: World):
    contact = world.linked("Quist Boats")
    remote_id = world.link(contact).remote_id or ""
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555"})  # in the same second
    told = world.quickbooks.stored(remote_id)["MetaData"]["LastUpdatedTime"]
    echo, theirs = (
        Notice(
            company_id=world.connection.company_id,
            entity="contact",
            remote_id=remote_id,
            operation="updated",
            occurred_at=datetime.fromisoformat(told) + timedelta(seconds=fraction),
        )
        for fraction in (0.2, 0.7)
    )
    inbox.hear([echo, echo], provider="quickbooks", now=world.now)
    assert not feed.is_wanted(world.connection, now=world.now)

    inbox.hear([theirs], provider="quickbooks", now=world.now)
    world.sync()

    contact.refresh_from_db()
    assert contact.phone == "555"
