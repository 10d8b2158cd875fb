"""The profile push_only: stories of invoices that only go there, real engine, real emulator."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing.models import Invoice, Payment
from billing.services import invoices, payments
from contacts.models import Contact
from integrations.models import Connection, Issue, Link
from integrations.sync import resolving
from tests.integrations.sync.test_invoices import draft, edit, make_item, pay, sent
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on(
        profile=Connection.Profile.PUSH_ONLY,
        void_rule="delete",
        number_rule="theirs",
        invoices_direction="push",
    )
    return world


def void(world: World, invoice: Invoice) -> None:
    invoice.refresh_from_db()
    invoices.void_invoice(
        actor=world.actor, invoice=invoice, version=invoice.version, now=world.now
    )


def pushed(world: World, name: str = "Quist Boats", **values: Any) -> Invoice:
    invoice = sent(world, name, **values)
    world.sync()
    assert world.link_of(invoice).state == Link.State.LINKED
    return invoice


def test_contacts_and_items_alone_send_nothing(books: World):
    books.create("Quist Boats")
    make_item(books)

    books.sync()

    assert books.writes() == 0


def test_an_invoice_goes_at_once_with_a_new_customer_on_the_default_service(books: World):
    invoice = pushed(books)

    theirs = books.theirs(invoice)
    detail = theirs["Line"][0]["SalesItemLineDetail"]
    assert (theirs["TotalAmt"], theirs["CustomerRef"]["name"]) == (300, "Quist Boats")
    assert detail["ItemRef"]["value"] == "6"
    assert theirs["DocNumber"] != invoice.number  # QuickBooks numbers by itself
    assert "Item" not in books.quickbooks.counts()["creates"]
    assert not Issue.objects.exists()


def test_the_customer_with_that_email_is_taken_and_stays_as_it_is(books: World):
    before = books.quickbooks.stored("3")  # Cool Cars
    contact = books.create("Cool Cars of Grace", email="Cool_Cars@intuit.com")
    made = draft(books, contact, make_item(books))
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)

    books.sync()

    assert books.theirs(invoice)["CustomerRef"]["value"] == "3"
    assert books.quickbooks.stored("3")["DisplayName"] == before["DisplayName"]
    assert "Customer" not in books.quickbooks.counts()["creates"]


def test_several_customers_with_that_email_are_for_a_person(books: World):
    for name in ("Pier One", "Pier Two"):
        books.quickbooks.create(name, PrimaryEmailAddr={"Address": "pier@quist.test"})
    made = draft(books, books.create("Pier", email="pier@quist.test"), make_item(books))
    invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)

    books.sync()

    issue = Issue.objects.get(state="open", kind=Issue.Kind.SEVERAL_MATCHES)
    assert [each["label"] for each in issue.detail["candidates"]] == ["Pier One", "Pier Two"]
    assert books.quickbooks.counts()["creates"].get("Invoice", 0) == 0


def test_an_inactive_customer_with_that_email_is_an_issue_and_never_made_again(books: World):
    made = books.quickbooks.create("Pier", PrimaryEmailAddr={"Address": "pier@quist.test"})
    books.quickbooks.inactivate(made["Id"])
    contact = books.create("Pier & Co", email="pier@quist.test")
    invoices.mark_as_sent(
        actor=books.actor, invoice=draft(books, contact, make_item(books)), now=books.now
    )

    books.sync()

    assert Issue.objects.get(kind=Issue.Kind.SEVERAL_MATCHES).sentence.endswith(
        "inactive in QuickBooks."
    )
    assert len(books.quickbooks.named("Pier & Co")) == 0


def test_a_new_name_goes_with_the_next_invoice(books: World):
    invoice = pushed(books)
    contact = Contact.objects.get(pk=invoice.contact_id)
    books.edit(contact, display_name="Quist & Daughters", email="q@quist.test")
    books.sync()
    assert books.customer(contact)["DisplayName"] == "Quist Boats"

    again = draft(books, contact, make_item(books, "Dredging"))
    invoices.mark_as_sent(actor=books.actor, invoice=again, now=books.now)
    books.sync()
    books.sync()

    assert books.customer(contact)["DisplayName"] == "Quist & Daughters"
    assert books.link_of(again).state == Link.State.LINKED


def test_a_payment_goes_there_and_is_void_there_when_voided_here(books: World):
    invoice = pushed(books)
    payment = pay(books, invoice)
    books.sync()
    assert books.theirs(invoice)["Balance"] == 0

    payment.refresh_from_db()
    payments.void_payment(
        actor=books.actor, payment=payment, version=payment.version, now=books.now
    )
    books.sync()

    assert books.theirs(invoice)["Balance"] == 300


def received_there(books: World, invoice: Invoice, amount: int) -> str:
    """A bookkeeper records a payment, and no feed tells us of it."""
    asked = {"invoices": [books.link_of(invoice).remote_id], "amount": amount}
    made = books.quickbooks.act("receive_payment", entity="Payment", fields=asked)
    return str(made["Id"])


def reads(books: World) -> int:
    return int(books.quickbooks.counts()["metered"])


def test_before_a_payment_goes_there_the_books_are_asked_once(books: World):
    invoice = pushed(books)
    before = reads(books)

    first, second = pay(books, invoice, "100.00"), pay(books, invoice, "200.00")
    books.sync()

    assert books.link_of(first).state == books.link_of(second).state == Link.State.LINKED
    assert reads(books) - before == 2
    assert not Issue.objects.exists()


def test_a_payment_that_waits_for_its_invoice_is_asked_about_once_it_can_go(books: World):
    invoice = sent(books)
    payment = pay(books, invoice)
    before = reads(books)

    books.sync()
    books.sync()

    assert books.link_of(payment).state == Link.State.LINKED
    assert reads(books) - before == 1  # the customer has no email to ask for


def test_a_payment_that_the_books_hold_already_is_asked_about_and_linked(books: World):
    invoice = pushed(books)
    remote_id = received_there(books, invoice, 300)
    payment, before = pay(books, invoice, received_on=books.today_there), reads(books)

    books.sync()

    issue = books.open_issue()
    assert (issue.kind, reads(books) - before) == (Issue.Kind.SAME_PAYMENT, 1)
    assert [each["id"] for each in issue.detail["candidates"]] == [remote_id]
    there = books.quickbooks.stored(remote_id, "Payment")
    resolving.same_payment(actor=books.actor, issue=issue, other_id=remote_id, now=books.now)
    books.sync()
    assert books.link_of(payment).remote_id == remote_id
    assert books.quickbooks.stored(remote_id, "Payment") == there
    assert not Issue.objects.filter(state="open").exists()


def test_both_are_recorded_where_the_client_paid_twice(books: World):
    invoice = pushed(books)
    received_there(books, invoice, 100)
    payment = pay(books, invoice, "100.00", received_on=books.today_there)
    books.sync()
    before = reads(books)

    resolving.choose(
        actor=books.actor, issue=books.open_issue(), option="record_both", now=books.now
    )
    books.sync()

    assert books.link_of(payment).state == Link.State.LINKED
    assert books.theirs(invoice)["Balance"] == 100
    assert reads(books) == before
    assert not Issue.objects.filter(state="open").exists()


@pytest.mark.parametrize(
    ("customer", "amount", "days"),
    [("", 299, 0), ("", 300, 11), ("3", 300, 0)],  # the amount, the days, the client differ
)
def test_another_payment_of_the_books_holds_none_of_ours_back(
    books: World, customer: str, amount: int, days: int
):
    invoice = pushed(books)
    mine = str(books.theirs(invoice)["CustomerRef"]["value"])
    books.quickbooks.act(
        "receive_payment",
        entity="Payment",
        fields={
            "customer": customer or mine,
            "amount": amount,
            "TxnDate": f"{date(2026, 11, 25) - timedelta(days=days)}",
        },
    )

    payment = pay(books, invoice)
    books.sync()

    assert books.link_of(payment).state == Link.State.LINKED
    assert not Issue.objects.exists()


def test_voided_here_is_deleted_there(books: World):
    invoice = pushed(books)
    remote_id = books.link_of(invoice).remote_id

    void(books, invoice)
    books.sync()

    assert remote_id not in [each["Id"] for each in books.quickbooks.objects("Invoice")]
    assert not Issue.objects.exists()


@pytest.mark.parametrize("option", ["void_there", "leave", "delete_anyway"])
def test_a_delete_is_held_where_the_books_did_more_with_it(books: World, option: str):
    invoice = pushed(books)
    remote_id = books.link_of(invoice).remote_id or ""
    books.quickbooks.act(
        "receive_payment", entity="Payment", fields={"invoices": [remote_id], "amount": 10}
    )

    void(books, invoice)
    books.sync()

    issue = books.open_issue()
    assert issue.kind == Issue.Kind.DELETE_HELD
    resolving.choose(actor=books.actor, issue=issue, option=option, now=books.now)
    books.sync()
    kept = {each["Id"]: each for each in books.quickbooks.objects("Invoice")}
    told = kept[remote_id]["TotalAmt"] if remote_id in kept else None
    assert told == {"void_there": 0, "leave": 300, "delete_anyway": None}[option]
    assert not Issue.objects.filter(state="open").exists()


def test_nothing_that_happens_there_writes_here(books: World):
    invoice = pushed(books)
    version = Invoice.objects.get(pk=invoice.pk).version
    books.act(invoice, "update", DueDate="2027-01-31", PrivateNote="ours now")
    books.quickbooks.act(
        "receive_payment",
        entity="Payment",
        fields={"invoices": [books.link_of(invoice).remote_id], "amount": 300},
    )
    books.quickbooks.create("Somebody new")

    books.sync(feed=True)
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.version, invoice.due_on) == (version, date(2026, 12, 20))
    assert not Payment.objects.exists()
    assert Invoice.objects.count() == Contact.objects.count() == 1


def test_deleted_there_is_an_issue_and_nothing_is_written(books: World):
    invoice = pushed(books)

    books.act(invoice, "delete")
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert invoice.status == "sent"
    issue = books.open_issue()
    assert issue.kind == Issue.Kind.DELETED_THERE
    resolving.choose(actor=books.actor, issue=issue, option="leave", now=books.now)
    books.sync()
    books.sync(feed=True)
    assert not Issue.objects.filter(state="open").exists()


def test_an_edit_here_wins_over_one_there(books: World):
    invoice = pushed(books)
    books.act(invoice, "update", DueDate="2027-01-31")
    edit(books, invoice, due_on=date(2026, 12, 31), term_days=None)

    books.sync()
    books.sync()

    assert books.theirs(invoice)["DueDate"] == "2026-12-31"
    assert not Issue.objects.exists()


def test_a_name_that_a_vendor_has_is_held(books: World):
    vendor = books.quickbooks.objects("Vendor")[0]["DisplayName"]
    sent(books, vendor)

    books.sync()

    kinds = set(Issue.objects.filter(state="open").values_list("kind", flat=True))
    assert Issue.Kind.DUPLICATE_NAME in kinds
