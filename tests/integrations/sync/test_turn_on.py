"""One-way connections: turned on, tested, moved to both ways and back. The real emulator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from billing.models import Invoice, ServiceItem
from billing.services import invoices
from contacts.models import Contact
from firms.permissions import NotAllowed, Permission
from integrations import tasks
from integrations.models import Activity, Connection, Cursor, Issue, Link, OutboxEntry, Setup
from integrations.sync import engine, rule_changes, rule_values, trial, turn_on
from integrations.wizard import dry_run, importing, services, syncing
from integrations.wizard.answers import Answers
from integrations.wizard.steps import LISTS, LISTS_OF_ITEMS
from tests.factories import make_actor, make_firm
from tests.integrations.sync.test_invoices import draft, edit, make_item, pay, sent
from tests.integrations.sync.test_push_only import void
from tests.integrations.web.rows import make_connection
from tests.world import World

Profile = Connection.Profile


@pytest.fixture
def fresh(world: World) -> World:
    """A one-way connection that is not turned on yet; what there is to choose from was read."""
    Connection.objects.update(profile=Profile.PUSH_ONLY, contacts_synced_at=None)
    Cursor.objects.update(value=None)
    world.connection.refresh_from_db()
    rule_changes.read_lists(actor=world.actor, connection=world.connection, now=world.now)
    return world


def switch_on(world: World, **chosen: str) -> int:
    values = {"service_item": "6", "deposit_account": "", "number_rule": "theirs", **chosen}
    return turn_on.turn_on(actor=world.actor, connection=world.connection, now=world.now, **values)


def test_before_it_is_on_nothing_is_sent(fresh):
    sent(fresh)

    fresh.sync()

    assert fresh.writes() == 0


def test_turned_on_what_is_sent_from_then_on_goes_there(fresh):
    old = sent(fresh, "Old Boats")
    paid = pay(fresh, old)

    left = switch_on(fresh)
    fresh.sync()

    assert left == 2
    assert fresh.link_of(old).state == Link.State.LEFT_OUT
    assert fresh.link_of(paid).state == Link.State.LEFT_OUT
    assert fresh.writes() == 0
    fresh.connection.refresh_from_db()
    assert fresh.connection.void_rule == "delete"
    assert fresh.connection.number_rule == "theirs"
    assert fresh.connection.invoices_direction == "push"
    assert fresh.connection.defaults["service_item"] == {"id": "6", "label": "Gardening"}

    new = sent_again(fresh)
    fresh.sync()

    theirs = fresh.theirs(new)
    assert theirs["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "6"
    assert not Issue.objects.exists()


def sent_again(world: World) -> Invoice:
    """Another invoice of 300, to a new contact, with the item there is."""
    made = draft(world, world.create("New Boats"), ServiceItem.objects.get())
    return invoices.mark_as_sent(actor=world.actor, invoice=made, now=world.now)


def test_an_older_invoice_that_changes_stays_left_out(fresh):
    old = sent(fresh, "Old Boats")
    switch_on(fresh)
    void(fresh, old)

    fresh.sync()

    assert fresh.link_of(old).state == Link.State.LEFT_OUT
    assert fresh.writes() == 0
    assert not OutboxEntry.objects.exists()


def test_turning_on_is_told_once(fresh):
    switch_on(fresh)

    with pytest.raises(turn_on.NotPossible):
        switch_on(fresh)

    entry = Activity.objects.get(title="Turned on, to QuickBooks only")
    assert entry.after["service_item"] == "Gardening"
    assert entry.cause == fresh.actor.label


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"service_item": ""}, "service_item"),
        ({"service_item": "999"}, "service_item"),
        ({"deposit_account": "999"}, "deposit_account"),
        ({"number_rule": "mine"}, "number_rule"),
    ],
)
def test_what_cannot_be_chosen_turns_nothing_on(fresh, chosen, field):
    with pytest.raises(rule_values.RuleNotPossible) as refused:
        switch_on(fresh, **chosen)

    assert refused.value.field == field
    fresh.connection.refresh_from_db()
    assert fresh.connection.billing_synced_at is None
    assert fresh.connection.defaults == {}


@pytest.mark.parametrize(
    "state",
    [{"profile": Profile.TWO_WAY}, {"state": Connection.State.RECONNECT}],
)
def test_it_is_turned_on_only_where_it_can_work(fresh, state):
    Connection.objects.update(**state)

    with pytest.raises(turn_on.NotPossible):
        switch_on(fresh)


def test_a_firm_without_billing_has_nothing_to_send(fresh):
    fresh.firm.licences = ["transcripts_and_notices"]
    fresh.firm.save()

    with pytest.raises(turn_on.NotPossible):
        switch_on(fresh)


@pytest.mark.parametrize("name", ["turn_on", "go_two_way", "go_push_only", "read_lists"])
@pytest.mark.django_db
def test_each_needs_the_permission_in_this_firm(name):
    firm = make_firm()
    connection = make_connection(firm)
    more = {}
    if name == "turn_on":
        more = {"service_item": "6", "deposit_account": "", "number_rule": "ours"}
    service = rule_changes.read_lists if name == "read_lists" else getattr(turn_on, name)
    for actor in (
        make_actor(firm, role="Staff", permissions=[Permission.EDIT_INVOICES]),
        make_actor(make_firm()),
    ):
        with pytest.raises(PermissionDenied):
            service(actor=actor, connection=connection, now=timezone.now(), **more)


def test_a_service_is_made_there_once_however_often_it_is_pressed(fresh):
    make = {"name": "Sales", "income_account": "1", "now": fresh.now}

    first = turn_on.create_service(actor=fresh.actor, connection=fresh.connection, **make)
    again = turn_on.create_service(actor=fresh.actor, connection=fresh.connection, **make)

    made = [each for each in fresh.quickbooks.objects("Item") if each["Name"] == "Sales"]
    assert [each["Id"] for each in made] == [first] == [again]
    assert made[0]["IncomeAccountRef"]["value"] == "1"
    assert switch_on(fresh, service_item=first) == 0


def test_a_service_of_that_name_is_taken_as_it_is(fresh):
    found = turn_on.create_service(
        actor=fresh.actor,
        connection=fresh.connection,
        name="gardening",
        income_account="1",
        now=fresh.now,
    )

    assert found == "6"
    assert "Item" not in fresh.quickbooks.counts()["creates"]


def test_a_service_needs_an_account_of_the_list(fresh):
    with pytest.raises(rule_values.RuleNotPossible):
        turn_on.create_service(
            actor=fresh.actor,
            connection=fresh.connection,
            name="Sales",
            income_account="999",
            now=fresh.now,
        )

    assert fresh.writes() == 0


# -- The test invoice ------------------------------------------------------------------------------


def begin(world: World) -> Invoice:
    return trial.begin(actor=world.actor, connection=world.connection, now=timezone.now())


def go_on(world: World) -> trial.Trial:
    """The task that drains, as often as it is rung for."""
    for _ in range(4):
        tasks.drain_connection(world.connection.pk)
    test = trial.last(world.connection)
    assert test is not None
    return test


def test_a_test_invoice_is_made_checked_voided_and_deleted_there(fresh):
    switch_on(fresh)
    invoice = begin(fresh)
    before = trial.last(fresh.connection)
    assert before is not None
    assert not before.is_there

    test = go_on(fresh)

    assert (test.is_there, test.is_checked, test.is_void, test.is_gone) == (True,) * 4
    assert test.problem == ""
    invoice.refresh_from_db()
    assert invoice.status == Invoice.Status.VOID
    link = fresh.link_of(invoice)
    assert link.remote_id not in [each["Id"] for each in fresh.quickbooks.objects("Invoice")]
    assert not Issue.objects.exists()


def test_a_second_test_takes_the_same_contact(fresh):
    switch_on(fresh)
    begin(fresh)
    go_on(fresh)

    begin(fresh)
    go_on(fresh)

    assert Contact.objects.filter(display_name=trial.CONTACT).count() == 1
    assert len(fresh.quickbooks.named(trial.CONTACT)) == 1


def test_only_one_test_is_under_way(fresh):
    switch_on(fresh)
    begin(fresh)

    with pytest.raises(trial.CannotTest):
        begin(fresh)

    assert Invoice.objects.count() == 1


def test_a_slow_test_goes_on_and_only_a_lost_one_may_be_begun_anew(fresh):
    switch_on(fresh)
    first = begin(fresh)
    later = timezone.now() + timedelta(minutes=6)

    test = trial.last(fresh.connection)
    assert test is not None
    assert test.is_going_on(later)  # it is queued, however long QuickBooks takes
    OutboxEntry.objects.all().delete()
    test = trial.last(fresh.connection)
    assert test is not None
    assert not test.is_going_on(later)
    assert trial.begin(actor=fresh.actor, connection=fresh.connection, now=later).pk != first.pk


def test_a_company_that_does_not_answer_holds_a_test_up_and_does_not_end_it(fresh):
    switch_on(fresh)
    invoice = begin(fresh)
    engine.drain(fresh.connection, now=timezone.now())
    fresh.quickbooks.fault("fault", operation="read", status=503, times=None)

    test = go_on(fresh)
    assert (test.is_there, test.is_checked, test.problem) == (True, False, "")
    assert test.is_going_on(timezone.now() + timedelta(minutes=6))

    fresh.quickbooks.clear_faults()
    Link.objects.filter(local_id=invoice.pk).update(wake_at=timezone.now())
    assert go_on(fresh).is_gone


def test_a_test_says_what_stopped_it(fresh):
    fresh.quickbooks.act("create", entity="Vendor", fields={"DisplayName": trial.CONTACT})
    switch_on(fresh)

    begin(fresh)
    test = go_on(fresh)

    assert test.is_over
    assert "already has a customer, vendor or employee" in test.problem


def test_what_is_not_the_same_there_is_not_voided_by_itself(fresh):
    switch_on(fresh)
    invoice = begin(fresh)
    engine.drain(fresh.connection, now=timezone.now())
    told = fresh.theirs(invoice)["Line"][:1]
    told[0]["Amount"] = 5
    told[0]["SalesItemLineDetail"]["UnitPrice"] = 5
    fresh.act(invoice, "update", Line=told)

    test = go_on(fresh)

    assert "does not show the same invoice" in test.problem
    invoice.refresh_from_db()
    assert invoice.status == Invoice.Status.SENT


@pytest.mark.parametrize("columns", [{"is_paused": True}, {"profile": Profile.TWO_WAY}])
def test_nothing_is_tested_where_nothing_can_be_sent(fresh, columns):
    switch_on(fresh)
    Connection.objects.update(**columns)
    fresh.connection.refresh_from_db()

    with pytest.raises(trial.CannotTest):
        begin(fresh)

    assert not Invoice.objects.exists()


def test_a_test_needs_who_may_make_invoices(fresh):
    switch_on(fresh)
    actor = make_actor(fresh.firm, role="Books", permissions=[Permission.MANAGE_INTEGRATIONS])

    with pytest.raises(NotAllowed):
        trial.begin(actor=actor, connection=fresh.connection, now=timezone.now())


# -- To both ways, and back ------------------------------------------------------------------------


def test_to_both_ways_the_wizard_begins_and_what_is_linked_stays(fresh):
    switch_on(fresh)
    invoice = sent(fresh)
    fresh.sync()
    contact = Contact.objects.get()

    turn_on.go_two_way(actor=fresh.actor, connection=fresh.connection, now=fresh.now)

    fresh.connection.refresh_from_db()
    assert fresh.connection.profile == Profile.TWO_WAY
    assert fresh.connection.contacts_synced_at is None
    assert (fresh.connection.void_rule, fresh.connection.number_rule) == ("void", "ours")
    assert Setup.objects.filter(connection=fresh.connection, is_current=True).exists()
    writes = fresh.writes()
    fresh.edit(contact, phone="555-0100")
    invoice.refresh_from_db()
    invoices.update_invoice(
        actor=fresh.actor,
        invoice=invoice,
        version=invoice.version,
        changes={"message": "Thanks"},
        now=fresh.now,
    )
    fresh.sync(feed=True)
    fresh.sync(after=60)

    assert not Issue.objects.exists()
    assert fresh.link_of(invoice).state == Link.State.LINKED
    assert fresh.customer(contact)["PrimaryPhone"]["FreeFormNumber"] == "555-0100"
    assert fresh.writes() == writes + 2  # the phone and the message
    assert fresh.theirs(invoice)["CustomerMemo"]["value"] == "Thanks"
    item = fresh.theirs(invoice)["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]
    assert item == "6"


def test_to_both_ways_what_differs_of_a_contact_is_asked(fresh):
    there = fresh.quickbooks.create(
        "Pier", PrimaryEmailAddr={"Address": "pier@quist.test"}, CompanyName="Pier Inc"
    )
    switch_on(fresh)
    contact = fresh.create("Pier & Co", email="pier@quist.test")
    invoices.mark_as_sent(
        actor=fresh.actor, invoice=draft(fresh, contact, make_item(fresh)), now=fresh.now
    )
    fresh.sync()
    assert fresh.link(contact).remote_id == there["Id"]

    turn_on.go_two_way(actor=fresh.actor, connection=fresh.connection, now=fresh.now)
    fresh.edit(contact, phone="555-0100")
    fresh.sync(feed=True)
    fresh.sync(after=60)

    contact.refresh_from_db()
    assert contact.display_name == "Pier & Co"
    assert contact.company_name == "Pier Inc"  # blank here: the filled one comes over
    assert fresh.open_issue().is_conflict
    assert fresh.quickbooks.stored(there["Id"])["DisplayName"] == "Pier"


def walk_the_wizard(world: World) -> None:
    """Both halves as a person walks them, with what is offered by itself."""
    act: dict[str, Any] = {"actor": world.actor, "now": world.now}
    for half, lists in ((Setup.Half.CONTACTS, LISTS), (Setup.Half.BILLING, LISTS_OF_ITEMS)):
        setup = services.begin_setup(connection=world.connection, half=half, **act)
        services.start_import(setup=setup, which="all", **act)
        importing.run(setup.pk, clock=lambda: world.now)
        setup.refresh_from_db()
        for name in lists:
            services.see_list(setup=setup, name=name, **act)
        if half == Setup.Half.CONTACTS:
            shown = dry_run.plan(setup, "contact")
            syncing.confirm(setup=setup, shown=shown.digest, **act)
        else:
            answers = Answers(income_account="1", since=None)
            planned = dry_run.plan_services(setup, answers)
            syncing.confirm_services(setup=setup, shown=planned.digest, answers=answers, **act)
        for _ in range(3):
            world.sync(after=1)
            syncing.note_finished(world.connection, world.now)


@pytest.mark.parametrize("edited", ["one way", "in the wizard"])
def test_what_was_edited_there_before_both_ways_is_not_lost(fresh, edited):
    switch_on(fresh)
    item = make_item(fresh)
    contact = fresh.create("Quist Boats", phone="555-0100")
    taken, contested = (
        invoices.mark_as_sent(actor=fresh.actor, invoice=draft(fresh, contact, item), now=fresh.now)
        for _ in range(2)
    )
    fresh.sync()

    def work_in_the_books() -> None:
        fresh.act(taken, "update", CustomerMemo={"value": "Said there"})
        fresh.act(contested, "update", CustomerMemo={"value": "Said there"})
        fresh.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555-0199"})

    if edited == "one way":
        work_in_the_books()
        fresh.sync(feed=True)
    turn_on.go_two_way(actor=fresh.actor, connection=fresh.connection, now=fresh.now)
    if edited == "in the wizard":
        work_in_the_books()
    edit(fresh, contested, message="Said here")
    walk_the_wizard(fresh)

    taken.refresh_from_db()
    contested.refresh_from_db()
    assert taken.message == "Said there"
    assert contested.message == "Said here"
    assert fresh.theirs(contested)["CustomerMemo"]["value"] == "Said there"
    asked = Issue.objects.filter(state=Issue.State.OPEN)
    assert {(each.link.entity, each.kind) for each in asked} == {
        ("invoice", "conflict"),
        ("contact", "conflict"),
    }


def test_to_one_way_it_rests_until_it_is_turned_on(world):
    world.switch_billing_on()
    invoice = sent(world)
    world.sync()
    rule_changes.read_lists(actor=world.actor, connection=world.connection, now=world.now)

    turn_on.go_push_only(actor=world.actor, connection=world.connection, now=world.now)

    world.connection.refresh_from_db()
    assert world.connection.profile == Profile.PUSH_ONLY
    assert world.connection.billing_synced_at is None
    assert switch_on(world) == 0  # what is linked is not left out
    assert world.link_of(invoice).state == Link.State.LINKED
    writes = world.writes()
    world.act(invoice, "update", CustomerMemo={"value": "Thanks"})
    world.sync(feed=True)
    world.sync(after=60)

    invoice.refresh_from_db()
    assert invoice.message == ""
    assert world.writes() == writes
    assert not Issue.objects.exists()


def test_the_same_way_again_is_refused(world):
    with pytest.raises(turn_on.NotPossible):
        turn_on.go_two_way(actor=world.actor, connection=world.connection, now=world.now)
    Connection.objects.update(profile=Profile.PUSH_ONLY)
    with pytest.raises(turn_on.NotPossible):
        turn_on.go_push_only(actor=world.actor, connection=world.connection, now=world.now)
