"""Invoices that are voided or unmatched, and what was paid on them."""

from __future__ import annotations

import pytest

from billing.models import Invoice, Payment
from billing.services import invoices, payments
from integrations.models import Connection, Issue
from integrations.sync import links, resolving
from tests.integrations.sync.test_invoices import balance_of, linked, pay
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def paid(world: World) -> tuple[Invoice, Payment]:
    """An invoice of 300 that is paid on both sides."""
    invoice = linked(world)
    payment = pay(world, invoice)
    world.sync()
    world.sync(feed=True)
    return invoice, payment


def close_books_there(world: World, day: str) -> None:
    """A bookkeeper does, and we have not read it yet."""
    fields = {"AccountingInfoPrefs": {"BookCloseDate": day}}
    world.quickbooks.act("update", "1", entity="Preferences", fields=fields)


def void_with_payments(world: World, invoice: Invoice) -> None:
    invoice.refresh_from_db()
    invoices.void_invoice(actor=world.actor, invoice=invoice, payments="void", now=world.now)


def states(world: World, invoice: Invoice, payment: Payment) -> tuple[str, bool, int, int]:
    invoice.refresh_from_db()
    payment.refresh_from_db()
    amounts = (world.theirs(invoice)["TotalAmt"], world.theirs(payment)["TotalAmt"])
    return (invoice.status, payment.is_void, *amounts)


def test_both_are_void_on_both_sides(books: World):
    invoice, payment = paid(books)

    void_with_payments(books, invoice)
    books.sync()
    books.sync(feed=True)

    assert states(books, invoice, payment) == ("void", True, 0, 0)
    assert not Issue.objects.filter(state="open").exists()


def test_a_refused_void_brings_back_the_payments_that_went_with_it(books: World):
    """The invoice lived again, and its payment was void on both sides."""
    invoice, payment = paid(books)
    close_books_there(books, "2026-11-22")

    void_with_payments(books, invoice)
    books.sync()
    books.sync(feed=True)

    assert states(books, invoice, payment) == ("sent", False, 300, 300)
    assert balance_of(invoice) == 0
    assert books.open_issue().kind == Issue.Kind.PERIOD_CLOSED


def test_a_retry_of_the_void_voids_the_payments_again(books: World):
    invoice, payment = paid(books)
    close_books_there(books, "2026-11-22")
    void_with_payments(books, invoice)
    books.sync()
    close_books_there(books, "")

    resolving.retry(actor=books.actor, issue=books.open_issue(), now=books.now)
    books.sync()
    books.sync(feed=True)

    assert states(books, invoice, payment) == ("void", True, 0, 0)
    assert not Issue.objects.filter(state="open").exists()


def test_a_payment_that_is_void_there_stays_so_and_the_issue_says_it(books: World):
    invoice, payment = paid(books)
    close_books_there(books, "2026-11-22")
    books.act(payment, "void")
    void_with_payments(books, invoice)
    books.sync(feed=True)
    books.sync()

    assert states(books, invoice, payment) == ("sent", True, 300, 0)
    assert "Payment of 300.00 is void in QuickBooks and stays void." in books.open_issue().sentence


def test_unmatching_a_paid_invoice_moves_no_money(books: World):
    """At the payment's next change its part was taken off our invoice, which was open again."""
    invoice, payment = paid(books)
    links.unmatch(actor=books.actor, link=books.link_of(invoice), now=books.now)

    books.act(payment, "update", PaymentRefNum="77")
    books.sync(feed=True)
    payment.refresh_from_db()
    assert (payment.reference, payment.parts.get().invoice_id) == ("77", invoice.pk)
    assert balance_of(invoice) == 0

    payments.update_payment(
        actor=books.actor,
        payment=payment,
        version=payment.version,
        changes={"reference": "78"},
        now=books.now,
    )
    books.sync()
    books.sync(feed=True)
    told = books.theirs(payment)
    assert (told["PaymentRefNum"], told["UnappliedAmt"]) == ("78", 0)
    assert balance_of(invoice) == 0
    assert not Issue.objects.filter(state="open").exists()


def test_a_new_payment_of_an_unmatched_invoice_waits(books: World):
    invoice = linked(books)
    links.unmatch(actor=books.actor, link=books.link_of(invoice), now=books.now)

    pay(books, invoice)
    books.sync()

    assert books.open_issue().kind == Issue.Kind.HELD
    assert "Payment" not in books.quickbooks.counts()["creates"]


def test_one_way_the_payment_on_it_does_not_hold_the_delete(world: World):
    world.switch_billing_on(
        profile=Connection.Profile.PUSH_ONLY, void_rule="delete", invoices_direction="push"
    )
    invoice, payment = paid(world)
    there = str(world.link_of(invoice).remote_id)

    void_with_payments(world, invoice)
    world.sync()
    world.sync()

    payment.refresh_from_db()
    assert payment.is_void
    assert world.theirs(payment)["TotalAmt"] == 0
    assert there not in [each["Id"] for each in world.quickbooks.objects("Invoice")]
    assert not Issue.objects.filter(state="open").exists()
