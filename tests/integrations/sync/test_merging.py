"""Two of our contacts are merged: their customers stay in step, none is made or put away."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection, transaction

from billing.models import Invoice
from billing.services import invoices
from contacts import services
from contacts.models import Contact
from firms.marks import SyncMark
from integrations.models import Activity, Connection, Intent, Issue, Link, OutboxEntry, Setup
from integrations.sync import links
from tests.integrations.sync.test_agreement import bill_there, compare
from tests.integrations.sync.test_invoices import draft, edit, linked, make_item, pay
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def merge(world: World, keep: Contact, lose: Contact, take: tuple[str, ...] = ()) -> Contact:
    keep.refresh_from_db()
    lose.refresh_from_db()
    return services.merge_contacts(
        actor=world.actor,
        keep=keep,
        lose=lose,
        versions=(keep.version, lose.version),
        take=take,
        now=world.now,
    )


def refusal(world: World, keep: Contact, lose: Contact) -> str:
    with pytest.raises(services.MergeRefused) as caught:
        merge(world, keep, lose)
    assert not Contact.objects.exclude(merged_into=None).exists()
    return str(caught.value)


def left_out(world: World, name: str, **values: object) -> Contact:
    contact = world.create(name, **values)
    link = Link.objects.create(
        connection=world.connection,
        firm=world.firm,
        entity="contact",
        local_id=contact.pk,
        label=name,
    )
    links.leave_out(actor=world.actor, link=link, now=world.now)
    world.sync()
    return contact


def bill(world: World, contact: Contact) -> Invoice:
    """An invoice of 300 that left draft."""
    made = draft(world, contact, make_item(world, f"Hours {contact}"))
    return invoices.mark_as_sent(actor=world.actor, invoice=made, now=world.now)


def customers(world: World) -> int:
    return len(world.quickbooks.objects())


def posts(world: World) -> list[str]:
    """What was sent since `forget_calls`, also where it changed nothing there."""
    paths = [each["path"] for each in world.quickbooks.calls() if each["method"] == "POST"]
    return [path.rpartition("/")[2] for path in paths]


def check_in_step(world: World) -> None:
    """Nothing is left to write, nothing needs a person, and both sides agree to the cent."""
    before = world.writes()
    world.sync(feed=True)
    world.sync(after=400, feed=True)
    assert world.writes() == before
    assert not Issue.objects.filter(state="open").exists()
    run = compare(world, is_full=True)
    assert run.state == "done"
    assert not run.rows.filter(is_explained=False).exists()
    owed = run.rows.filter(entity="receivable")
    assert [(each.ours, each.result) for each in owed] == [(each.theirs, "agrees") for each in owed]


# -- One of them is linked -----------------------------------------------------------------------


def test_the_link_of_the_one_that_goes_becomes_the_survivors(books: World):
    invoice = linked(books)
    payment = pay(books, invoice, "100.00")
    books.sync()
    lose = Contact.objects.get(display_name="Quist Boats")
    keep = left_out(books, "Quist Marine", email="office@quist.example")
    customer, there = books.link(lose).remote_id, books.theirs(invoice)
    many = customers(books)
    books.quickbooks.forget_calls()

    merge(books, keep, lose)
    books.sync()
    sent = posts(books)

    assert books.link(keep).remote_id == customer
    assert not Link.objects.exclude(state="former").filter(local_id=lose.pk, entity="contact")
    theirs = books.customer(keep)
    assert (theirs["DisplayName"], theirs["Active"]) == ("Quist Marine", True)
    assert theirs["PrimaryEmailAddr"]["Address"] == "office@quist.example"
    assert customers(books) == many
    assert sent == ["customer"]  # its fields; no invoice was sent again
    assert books.theirs(invoice)["SyncToken"] == there["SyncToken"]
    payment.refresh_from_db()
    assert payment.contact == keep
    check_in_step(books)


def test_a_later_edit_of_a_moved_invoice_goes_to_the_same_customer(books: World):
    invoice = linked(books)
    lose = Contact.objects.get(display_name="Quist Boats")
    customer = books.link(lose).remote_id
    keep = left_out(books, "Quist Marine")
    merge(books, keep, lose)
    books.sync()

    edit(books, invoice, message="Thank you")
    books.sync()

    theirs = books.theirs(invoice)
    assert theirs["CustomerMemo"]["value"] == "Thank you"
    assert theirs["CustomerRef"]["value"] == customer
    check_in_step(books)


def test_what_comes_from_one_that_is_left_out_is_the_linked_customers(books: World):
    keep = books.linked("Quist Boats")
    lose = left_out(books, "Quist Marine")
    invoice = bill(books, lose)
    books.sync()
    assert books.open_issue().kind == Issue.Kind.HELD
    many = customers(books)

    merge(books, keep, lose)
    books.sync()

    assert books.theirs(invoice)["CustomerRef"]["value"] == books.link(keep).remote_id
    assert customers(books) == many
    assert books.customer(keep)["Active"] is True
    check_in_step(books)


def test_two_contacts_of_one_name_end_as_one_customer(books: World):
    keep = books.linked("Quist Boats")
    lose = books.create("Quist Boats")
    invoice = bill(books, lose)
    books.sync()
    assert Issue.objects.get(kind="duplicate_name").state == "open"

    merge(books, keep, lose)
    books.sync()

    assert Issue.objects.get(kind="duplicate_name").closing_note == "Merged here"
    assert books.theirs(invoice)["CustomerRef"]["value"] == books.link(keep).remote_id
    assert len(books.customers_named("Quist Boats")) == 1
    check_in_step(books)


def test_contacts_below_it_stay_below_the_same_customer_and_are_not_sent_again(world: World):
    lose = world.linked("Quist Boats")
    child = world.linked("Hull 7", parent_id=lose.pk)
    keep = left_out(world, "Quist Marine")
    token = world.customer(child)["SyncToken"]
    world.quickbooks.forget_calls()

    merge(world, keep, lose)
    world.sync()
    sent = posts(world)

    child.refresh_from_db()
    assert child.parent == keep
    assert world.customer(child)["ParentRef"]["value"] == world.link(keep).remote_id
    assert (world.customer(child)["SyncToken"], sent) == (token, ["customer"])
    check_in_step(world)


def test_an_invoice_whose_answer_is_awaited_is_answered_for_the_survivor(books: World):
    lose = books.linked("Quist Boats")
    keep = left_out(books, "Quist Marine")
    books.sync()
    books.quickbooks.fault("cut_after_commit", path="/invoice")
    invoice = bill(books, lose)
    books.sync()
    assert Intent.objects.get(link__entity="invoice").values["contact"] == lose.pk

    merge(books, keep, lose)
    books.sync(after=200)
    books.sync(after=200)

    link = books.link_of(invoice)
    assert (link.state, link.base["contact"]) == (Link.State.LINKED, keep.pk)
    assert len(books.quickbooks.history(link.remote_id or "", "Invoice")) == 1
    check_in_step(books)


def test_what_comes_in_during_the_merge_is_the_survivors(books: World):
    lose = books.linked("Quist Boats")
    keep = left_out(books, "Quist Marine")
    bill_there(books, books.link(lose).remote_id, 120)

    def look() -> None:
        try:
            books.sync(feed=True)
        finally:
            connection.close()

    other = Thread(target=look)
    with transaction.atomic():
        merge(books, keep, lose)
        other.start()
        other.join(timeout=1)
        assert other.is_alive()  # it waits until the two are merged
    other.join(timeout=30)

    assert Invoice.objects.get().contact == keep
    check_in_step(books)


# -- Neither is ----------------------------------------------------------------------------------


def test_one_that_was_left_out_does_not_keep_the_survivor_out(world: World):
    lose = left_out(world, "Quist Marine")
    keep = world.create("Quist Boats")

    merge(world, keep, lose)
    world.sync()

    assert world.link(keep).state == Link.State.LINKED
    assert world.customers_named("Quist Marine") == []
    assert not SyncMark.objects.filter(local_id=lose.pk, entity="contact").exists()
    assert not OutboxEntry.objects.exists()


def test_two_that_wait_to_be_created_make_one_customer(books: World):
    keep, lose = books.create("Quist Boats"), books.create("Quist Marine")
    invoice = bill(books, lose)
    many = customers(books)

    merge(books, keep, lose)
    books.sync()

    assert customers(books) == many + 1
    assert books.theirs(invoice)["CustomerRef"]["name"] == "Quist Boats"
    check_in_step(books)


# -- Both are ------------------------------------------------------------------------------------


def test_two_customers_are_merged_in_quickbooks_first(books: World):
    invoice = linked(books)
    pay(books, invoice, "100.00")
    keep = books.linked("Quist Marine")
    lose = Contact.objects.get(display_name="Quist Boats")

    told = refusal(books, keep, lose)

    assert "Only QuickBooks can merge customers" in told
    assert "Change its display name to exactly Quist Marine" in told
    invoice.refresh_from_db()
    assert invoice.contact == lose


def test_once_they_were_merged_there_the_two_are_merged_here(books: World):
    invoice = linked(books)
    pay(books, invoice, "100.00")
    keep = books.linked("Quist Marine")
    lose = Contact.objects.get(display_name="Quist Boats")
    books.quickbooks.act("merge", books.link(lose).remote_id or "", into=books.link(keep).remote_id)
    books.edit(lose, phone="2")
    books.sync(after=301)
    assert books.open_issue().kind == Issue.Kind.MERGED_THERE
    books.quickbooks.forget_calls()

    merge(books, keep, lose)
    books.sync(feed=True)
    sent = posts(books)

    assert Issue.objects.get().closing_note == "Merged here"
    assert books.theirs(invoice)["CustomerRef"]["value"] == books.link(keep).remote_id
    invoice.refresh_from_db()
    assert invoice.contact == keep
    assert sent == []
    check_in_step(books)


def test_the_contact_of_the_customer_that_vanished_may_be_the_one_that_stays(books: World):
    invoice = linked(books)
    lose = books.linked("Quist Marine")
    keep = Contact.objects.get(display_name="Quist Boats")
    survivor = books.link(lose).remote_id
    books.quickbooks.act("merge", books.link(keep).remote_id or "", into=survivor)
    books.edit(keep, phone="2")
    books.sync(after=301)

    merge(books, keep, lose)
    books.sync(feed=True)

    assert books.link(keep).remote_id == survivor
    assert books.customer(keep)["DisplayName"] == "Quist Boats"
    assert books.theirs(invoice)["CustomerRef"]["value"] == survivor
    check_in_step(books)


# -- Not now -------------------------------------------------------------------------------------


def test_one_that_is_being_created_there_is_waited_for(world: World):
    keep = world.linked("Quist Boats")
    world.quickbooks.fault("cut_after_commit", path="/customer")
    lose = world.create("Quist Marine")
    world.sync()
    assert Intent.objects.exists()

    assert "Wait until it is in step" in refusal(world, keep, lose)
    assert "Wait until it is in step" in refusal(world, lose, keep)
    world.sync(after=200)
    assert "merge those first" in refusal(world, keep, lose)


def test_one_whose_invoices_are_a_former_customers_is_matched_first(books: World):
    linked(books)
    lose = Contact.objects.get(display_name="Quist Boats")
    keep = books.linked("Quist Marine")
    links.unmatch(actor=books.actor, link=books.link(lose), now=books.now)

    assert "Match it with their customer first" in refusal(books, keep, lose)
    assert "Match it with their customer first" in refusal(books, lose, keep)


def test_an_inactive_customer_does_not_become_the_survivors(world: World):
    lose = world.linked("Quist Boats")
    services.archive_contact(actor=world.actor, contact=lose, now=world.now)
    world.sync()
    keep = left_out(world, "Quist Marine")

    assert "Restore Quist Boats first" in refusal(world, keep, lose)


def test_while_set_up_matches_contacts_none_are_merged(world: World):
    keep, lose = world.create("Quist Boats"), world.create("Quist Marine")
    Setup.objects.create(
        connection=world.connection,
        firm=world.firm,
        started_at=world.now,
        matched_at=world.now,
    )

    assert "Finish it with Sync contacts first" in refusal(world, keep, lose)


# -- One way only --------------------------------------------------------------------------------


def test_in_push_only_the_next_invoice_goes_to_the_customer_of_both(books: World):
    Connection.objects.update(profile="push_only")
    books.connection.refresh_from_db()
    lose = books.create("Quist Boats", email="office@quist.example")
    bill(books, lose)
    books.sync()
    customer = books.link(lose).remote_id
    keep = books.create("Quist Marine", email="new@quist.example")
    many = customers(books)

    merge(books, keep, lose)
    invoice = bill(books, keep)
    books.sync()

    assert books.theirs(invoice)["CustomerRef"]["value"] == customer
    assert customers(books) == many
    assert books.customer(keep)["DisplayName"] == "Quist Marine"


def test_the_history_of_the_pair_tells_who_merged(world: World):
    lose = world.linked("Quist Boats")
    keep = left_out(world, "Quist Marine")

    merge(world, keep, lose)
    world.sync()

    told = Activity.objects.filter(link_id=world.link(keep).pk).order_by("at")
    assert "Quist Boats was merged into it" in [each.title for each in told]
    assert [each.cause for each in told][-1] == world.actor.label
