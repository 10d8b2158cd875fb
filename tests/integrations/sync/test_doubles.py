"""What may be entered on both sides: a person is asked, nothing is linked by itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Invoice, Payment
from integrations.models import Issue, Link
from integrations.sync import resolving
from tests.integrations.sync.test_invoices import linked, pay
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def received_there(world: World, invoice: Invoice, amount: int) -> None:
    world.quickbooks.act(
        "receive_payment",
        entity="Payment",
        fields={"invoices": [world.link_of(invoice).remote_id], "amount": amount},
    )


def test_a_payment_entered_on_both_sides_is_asked_about_and_linked(books: World):
    invoice = linked(books)
    received_there(books, invoice, 300)
    there = len(books.quickbooks.objects("Payment"))
    payment = pay(books, invoice, received_on=books.today_there)

    books.sync(feed=True)

    issue = Issue.objects.filter(state="open").order_by("pk").last()
    assert issue is not None
    assert issue.kind == Issue.Kind.SAME_PAYMENT
    assert len(books.quickbooks.objects("Payment")) == there
    candidate = issue.detail["candidates"][0]["id"]
    resolving.same_payment(actor=books.actor, issue=issue, other_id=str(candidate), now=books.now)
    books.sync()
    books.sync()

    assert Payment.objects.get() == payment
    assert books.link_of(payment).state == Link.State.LINKED
    assert not Issue.objects.filter(state="open").exists()


def test_both_are_recorded_where_the_client_paid_twice(books: World):
    invoice = linked(books)
    received_there(books, invoice, 100)
    pay(books, invoice, "100", received_on=books.today_there)
    books.sync(feed=True)

    asked = Issue.objects.filter(state="open")
    assert {each.kind for each in asked} == {Issue.Kind.SAME_PAYMENT}
    resolving.retry_all(actor=books.actor, connection=books.connection, now=books.now)
    books.sync()
    assert Payment.objects.count() == 1  # nobody has answered yet
    for issue in Issue.objects.filter(state="open"):
        resolving.choose(actor=books.actor, issue=issue, option="record_both", now=books.now)
    books.sync()
    books.sync()

    assert Payment.objects.count() == 2
    assert books.theirs(invoice)["Balance"] == 100
    assert not Issue.objects.filter(state="open").exists()


def test_an_invoice_made_on_both_sides_comes_in_and_is_asked_about(books: World):
    ours = linked(books)
    customer = books.theirs(ours)["CustomerRef"]["value"]
    books.quickbooks.act(
        "create",
        entity="Invoice",
        fields={
            "CustomerRef": {"value": customer},
            "TxnDate": "2026-11-22",
            "Line": [
                {
                    "Amount": 300,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
                }
            ],
        },
    )

    books.sync(feed=True)
    books.sync(feed=True)

    issue = books.open_issue()
    assert (issue.kind, issue.detail["twin"]) == (Issue.Kind.BILLED_TWICE, ours.pk)
    assert Invoice.objects.count() == 2
    resolving.choose(actor=books.actor, issue=issue, option="both_right", now=books.now)
    books.sync()
    assert not Issue.objects.filter(state="open").exists()
    assert Decimal(300) == Invoice.objects.exclude(pk=ours.pk).get().total
    assert date(2026, 11, 22) == Invoice.objects.exclude(pk=ours.pk).get().issued_on
