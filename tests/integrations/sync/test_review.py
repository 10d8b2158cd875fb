"""What a second look at the sync found: nothing is stuck, lost, or asked for again and again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from contacts import services
from contacts.models import Contact
from integrations.models import (
    Activity,
    Connection,
    Cursor,
    InboxEntry,
    Intent,
    Issue,
    Link,
)
from integrations.reconcile.policy import Side
from integrations.sync import connections, links, resolving
from tests.world import World


def webhook(world: World, remote_id: str, **fields: Any) -> InboxEntry:
    """A webhook about a customer, as it was kept."""
    defaults: dict[str, Any] = {
        "entity": "contact",
        "source": InboxEntry.Source.WEBHOOK,
        "operation": "updated",
        "needs_read": True,
        "occurred_at": world.now,
        "made_at": world.now,
    }
    return InboxEntry.objects.create(
        connection=world.connection, remote_id=remote_id, **{**defaults, **fields}
    )


def metered(world: World) -> int:
    return int(world.quickbooks.counts()["metered"])


def make_there(world: World, name: str, **fields: Any) -> str:
    return str(world.quickbooks.create(name, **fields)["Id"])


def open_kinds() -> list[str]:
    return sorted(Issue.objects.filter(state="open").values_list("kind", flat=True))


# -- gone and merged -----------------------------------------------------------------------------


def test_a_customer_that_was_gone_before_we_saw_it_is_not_looked_up_without_end(world: World):
    gone = make_there(world, "Harbour Timber")
    webhook(world, gone)
    world.quickbooks.act("merge", gone, into="1")

    world.sync(after=30)
    before = metered(world)
    world.sync(after=30)
    assert metered(world) == before <= 2

    world.sync(after=300)  # reads may lag: five minutes later it is sure
    assert not Link.objects.filter(remote_id=gone).exists()
    assert metered(world) <= before + 2


@pytest.fixture
def merged(world: World) -> Contact:
    """Our contact's customer was merged into customer 1, and no webhook told of it."""
    contact = world.linked("Quist Boats", phone="1")
    world.quickbooks.act("merge", world.link(contact).remote_id or "", into="1")
    world.edit(contact, phone="2")
    Cursor.objects.update(wanted_at=None)  # nor does the feed
    world.sync(after=301)  # that it is not found counts once no read can lag so far behind
    return contact


def test_a_merge_nobody_told_of_is_found_by_the_next_write(world: World, merged: Contact):
    assert world.link(merged).state == Link.State.MERGED
    assert open_kinds() == [Issue.Kind.MERGED_THERE]


def test_the_contact_of_a_merged_customer_can_be_matched_with_the_survivor(
    world: World, merged: Contact
):
    links.match(
        actor=world.actor,
        connection=world.connection,
        entity="contact",
        local_id=merged.pk,
        remote_id="1",
        now=world.now,
    )
    world.sync()

    link = world.link(merged)
    assert (link.state, link.remote_id) == (Link.State.LINKED, "1")
    merged.refresh_from_db()
    assert merged.email == "Birds@Intuit.com"
    assert open_kinds() == [Issue.Kind.CONFLICT]


def test_the_contact_of_a_merged_customer_can_be_created_anew(world: World, merged: Contact):
    links.create_there(
        actor=world.actor,
        connection=world.connection,
        entity="contact",
        local_id=merged.pk,
        now=world.now,
    )
    world.sync()

    assert world.customer(merged)["DisplayName"] == "Quist Boats"
    assert not open_kinds()


# -- parents -------------------------------------------------------------------------------------


def test_a_child_follows_though_its_parent_was_told_first_and_waits_itself(world: World):
    grand = make_there(world, "Quist")
    parent = make_there(world, "Boats", ParentRef={"value": grand}, Job=True)
    child = make_there(world, "Hull 7", ParentRef={"value": parent}, Job=True)
    for remote_id in (parent, child, grand):  # rung in this order
        webhook(world, remote_id)

    world.sync(feed=True)

    hull = Contact.objects.select_related("parent__parent").get(display_name="Hull 7")
    assert hull.parent is not None
    assert hull.parent.parent is not None
    assert hull.parent.parent.display_name == "Quist"


def test_a_child_is_not_stuck_when_its_parent_was_the_one_we_made(world: World):
    world.quickbooks.fault("cut_after_commit", operation="create")
    parent = world.create("Quist Boats")
    world.sync()
    there = str(world.customers_named("Quist Boats")[0]["Id"])
    make_there(world, "Hull 7", ParentRef={"value": there}, Job=True)
    world.sync(feed=True)

    world.sync(after=131)
    world.sync(after=60)

    assert Contact.objects.get(display_name="Hull 7").parent_id == parent.pk


def test_a_child_gets_its_parent_once_that_one_is_matched(world: World):
    there = make_there(world, "Quist Boats")
    world.sync(feed=True)
    parent = Contact.objects.get(display_name="Quist Boats")
    links.unmatch(actor=world.actor, link=world.link(parent), now=world.now)
    make_there(world, "Hull 7", ParentRef={"value": there}, Job=True)
    world.sync(feed=True)
    child = Contact.objects.get(display_name="Hull 7")
    assert child.parent_id is None

    links.match(
        actor=world.actor,
        connection=world.connection,
        entity="contact",
        local_id=parent.pk,
        remote_id=there,
        now=world.now,
    )
    world.sync()

    child.refresh_from_db()
    assert child.parent_id == parent.pk


def test_a_child_of_a_parent_that_is_not_sent_says_so(world: World):
    parent = world.create("Quist Boats")
    child = world.create("Hull 7", parent_id=parent.pk)
    services.archive_contact(actor=world.actor, contact=parent, now=world.now)

    world.sync()

    assert world.open_issue().kind == Issue.Kind.HELD
    assert world.open_issue().link.local_id == child.pk


def test_a_child_goes_on_once_its_archived_parent_is_restored(world: World):
    parent = world.create("Quist Boats")
    child = world.create("Hull 7", parent_id=parent.pk)
    services.archive_contact(actor=world.actor, contact=parent, now=world.now)
    world.sync()

    services.restore_contact(actor=world.actor, contact=parent, now=world.now)
    world.sync()

    assert world.customer(child)["FullyQualifiedName"] == "Quist Boats:Hull 7"
    assert not open_kinds()


def test_a_child_is_told_of_when_its_parent_is_left_out(world: World):
    world.quickbooks.fault("fault", operation="create", code="2010", status=400)
    parent = world.create("Quist Boats")
    world.create("Hull 7", parent_id=parent.pk)
    world.sync()

    links.leave_out(actor=world.actor, link=world.link(parent), now=world.now)
    world.sync()

    assert world.open_issue().kind == Issue.Kind.HELD


# -- bells and reads -----------------------------------------------------------------------------


def test_a_late_read_does_not_answer_a_bell(world: World):
    contact = world.linked("Quist Boats")
    remote_id = world.link(contact).remote_id or ""
    world.quickbooks.advance(60)
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555"})
    world.quickbooks.switch(read_lag_seconds=30, id_read_lag_seconds=30)
    webhook(world, remote_id, occurred_at=world.now + timedelta(seconds=60))

    world.sync(after=30)
    world.quickbooks.switch(read_lag_seconds=0, id_read_lag_seconds=0)
    world.sync(after=60)

    contact.refresh_from_db()
    assert contact.phone == "555"
    assert not InboxEntry.objects.exists()


def test_writes_go_on_when_the_reads_of_the_month_are_used_up(world: World):
    contact = world.linked("Quist Boats")
    world.sync(feed=True)
    world.quickbooks.switch(metered_allowance=1)
    world.edit(contact, phone="555")

    world.sync(feed=True)

    assert world.customer(contact)["PrimaryPhone"]["FreeFormNumber"] == "555"
    wanted_at = Cursor.objects.get().wanted_at
    assert wanted_at is not None
    assert wanted_at > world.now


def test_an_incomplete_feed_is_followed_by_a_listing_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    from integrations.providers.quickbooks import feed

    monkeypatch.setattr(feed, "MOST_OBJECTS", 2)
    for number in range(3):
        make_there(world, f"Customer {number}")
    connection = world.connection
    Connection.objects.filter(pk=connection.pk).update(last_webhook_at=world.now)

    world.sync(feed=True)

    assert Cursor.objects.get().listing is None
    assert Contact.objects.filter(display_name__startswith="Customer").count() == 3


def test_after_a_long_rest_everything_is_listed(world: World):
    make_there(world, "Harbour Timber")
    Cursor.objects.update(value=world.now - timedelta(days=40))

    while world.sync(feed=Cursor.objects.get().read_at is None).has_more:
        pass
    world.connection.refresh_from_db()
    assert "brought in 20" in world.connection.held_reason  # nobody told of so many
    world.now += timedelta(minutes=1)
    connections.release_hold(actor=world.actor, connection=world.connection, now=world.now)
    while world.sync().has_more:
        pass

    assert Contact.objects.filter(display_name="Harbour Timber").count() == 1
    value = Cursor.objects.get().value
    assert value is not None
    assert world.now - value < timedelta(minutes=1)


def test_our_own_fresh_writes_are_not_taken_for_a_restored_company(world: World):
    contacts = [world.create(f"Contact {number}") for number in range(6)]
    world.sync()
    world.quickbooks.advance(30)
    for contact in contacts:
        world.edit(contact, phone="555")
    world.sync()
    world.quickbooks.switch(read_lag_seconds=10)

    world.sync(feed=True)

    world.connection.refresh_from_db()
    assert world.connection.held_reason == ""


def test_a_restored_company_stops_and_goes_on_when_a_person_says_so(world: World):
    contacts = [world.linked(f"Contact {number}") for number in range(6)]
    # Versions as they were before the books were restored from an older backup.
    Link.objects.update(remote_version=40, remote_changed_at=world.now - timedelta(days=1))
    for contact in contacts:
        world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "restored"})
    world.sync(feed=True)
    world.connection.refresh_from_db()
    assert "restored" in world.connection.held_reason

    connections.release_hold(actor=world.actor, connection=world.connection, now=world.now)
    world.sync(feed=True)

    world.connection.refresh_from_db()
    assert world.connection.held_reason == ""
    assert Contact.objects.filter(phone="restored").count() == 6
    world.edit(contacts[0], email="nora@quist.test")
    world.sync()
    assert world.customer(contacts[0])["PrimaryEmailAddr"]["Address"] == "nora@quist.test"


def test_what_quickbooks_does_not_tell_of_one_record_rests_no_other(world: World):
    webhook(world, "not-a-number", made_at=world.now - timedelta(minutes=1))
    contact = world.create("Quist Boats")

    world.sync()
    world.sync()

    assert world.link(contact).state == Link.State.LINKED
    world.connection.refresh_from_db()
    assert world.connection.not_before is None


# -- decisions -----------------------------------------------------------------------------------


@pytest.fixture
def conflict(world: World) -> Contact:
    contact = world.linked("Quist Boats", phone="1")
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "theirs"})
    world.edit(contact, phone="ours")
    world.sync(feed=True)
    return contact


def decide(world: World, issue: Issue, side: Side, at: datetime | None = None) -> None:
    resolving.decide(actor=world.actor, issue=issue, keep={"phone": side}, now=at or world.now)


def test_a_look_before_a_decision_acts_leaves_it_to_be_taken_back(world: World, conflict: Contact):
    decide(world, world.open_issue(), Side.REMOTE)
    world.edit(conflict, website="https://quist.test")
    world.sync(after=1)

    resolving.undo(actor=world.actor, issue=world.open_issue(), now=world.now)
    world.sync(after=20)

    conflict.refresh_from_db()
    assert conflict.phone == "ours"


def test_taking_a_decision_back_loses_no_other_work(world: World, conflict: Contact):
    decide(world, world.open_issue(), Side.REMOTE)
    world.quickbooks.fault("cut_after_commit", operation="update")
    world.edit(conflict, website="https://quist.test")
    world.sync(after=1)
    assert Intent.objects.exists()

    resolving.undo(actor=world.actor, issue=world.open_issue(), now=world.now)
    world.sync(after=140)

    assert not Intent.objects.exists()


def test_a_refusal_meanwhile_does_not_forget_a_decision(world: World, conflict: Contact):
    decide(world, world.open_issue(), Side.REMOTE)
    world.quickbooks.fault("fault", operation="update", code="2010", status=400)
    world.edit(conflict, website="https://quist.test")
    world.sync(after=1)

    world.sync(after=11)

    conflict.refresh_from_db()
    assert conflict.phone == "theirs"


def test_what_people_decide_does_not_count_as_harm(world: World, conflict: Contact):
    decide(world, world.open_issue(), Side.REMOTE)

    world.sync(after=11)

    conflict.refresh_from_db()
    assert conflict.phone == "theirs"
    assert not Activity.objects.filter(is_harmful=True).exists()


# -- what people do ------------------------------------------------------------------------------


def test_a_record_whose_create_is_under_way_cannot_be_left_out(world: World):
    world.quickbooks.fault("cut_after_commit", operation="create")
    contact = world.create("Quist Boats")
    world.sync()

    with pytest.raises(links.AlreadyLinked):
        links.leave_out(actor=world.actor, link=world.link(contact), now=world.now)


def test_a_retry_by_a_person_does_not_wait(world: World):
    world.create("a:colon is refused")
    world.sync()
    issue = world.open_issue()
    Link.objects.update(not_before=world.now + timedelta(hours=1))

    resolving.retry(actor=world.actor, issue=issue, now=world.now)
    world.sync()

    issue.refresh_from_db()
    assert issue.tries == 2


def test_unmatching_twice_is_refused_in_words(world: World):
    link = world.link(world.linked("Quist Boats"))
    links.unmatch(actor=world.actor, link=link, now=world.now)

    with pytest.raises(links.AlreadyLinked):
        links.unmatch(actor=world.actor, link=link, now=world.now)
