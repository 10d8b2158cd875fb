"""Invoices and payments on both sides: stories, real engine, real emulator."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Invoice, Payment, ServiceItem
from billing.queries import balances_of
from billing.services import invoices, payments, service_items
from billing.services.invoices import LineInput
from contacts.models import Contact
from integrations.models import Issue, Link
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def make_item(world: World, name: str = "Mooring hour", **values: Any) -> ServiceItem:
    return service_items.create_service_item(
        actor=world.actor, values={"name": name, "rate": Decimal(75), **values}, now=world.now
    )


def draft(world: World, contact: Contact, item: ServiceItem, **values: Any) -> Invoice:
    line = LineInput(service_item_id=item.pk, quantity=Decimal(4), rate=Decimal(75))
    return invoices.create_draft(
        actor=world.actor,
        values={
            "contact_id": contact.pk,
            "issued_on": date(2026, 11, 20),
            "term_days": 30,
            "due_on": date(2026, 12, 20),
            "lines": [line],
            **values,
        },
        now=world.now,
    )


def sent(world: World, name: str = "Quist Boats", **values: Any) -> Invoice:
    """An invoice of 300 that left draft; contact and item are new, too."""
    contact = world.create(name)
    made = draft(world, contact, make_item(world), **values)
    return invoices.mark_as_sent(actor=world.actor, invoice=made, now=world.now)


def linked(world: World, **values: Any) -> Invoice:
    invoice = sent(world, **values)
    world.sync()
    assert world.link_of(invoice).state == Link.State.LINKED
    return invoice


def edit(world: World, invoice: Invoice, **changes: Any) -> Invoice:
    invoice.refresh_from_db()
    return invoices.update_invoice(
        actor=world.actor,
        invoice=invoice,
        version=invoice.version,
        changes=changes,
        now=world.now,
    )


def pay(world: World, invoice: Invoice, amount: str = "300.00", **values: Any) -> Payment:
    return payments.record_payment(
        actor=world.actor,
        values={
            "contact_id": invoice.contact_id,
            "received_on": date(2026, 11, 25),
            "amount": Decimal(amount),
            "method": "Check",
            "reference": "2064",
            "parts": [{"invoice_id": invoice.pk, "amount": Decimal(amount)}],
            **values,
        },
        now=world.now,
    )


def balance_of(invoice: Invoice) -> Decimal:
    return balances_of(Invoice.objects.filter(pk=invoice.pk))[invoice.pk]


def test_a_sent_invoice_takes_its_contact_and_item_along(books: World):
    invoice = sent(books)

    books.sync()

    theirs = books.theirs(invoice)
    line = theirs["Line"][0]
    assert theirs["TotalAmt"] == 300
    assert (theirs["TxnDate"], theirs["DueDate"]) == ("2026-11-20", "2026-12-20")
    assert theirs["CustomerRef"]["name"] == "Quist Boats"
    assert line["SalesItemLineDetail"]["ItemRef"]["name"] == "Mooring hour"
    assert (line["SalesItemLineDetail"]["Qty"], line["Amount"]) == (4, 300)
    assert books.quickbooks.counts()["unknown_references"] == 0
    assert not Issue.objects.exists()


def test_a_draft_stays_here(books: World):
    draft(books, books.create("Quist Boats"), make_item(books))

    books.sync()

    assert "Invoice" not in books.quickbooks.counts()["creates"]


def test_what_was_sent_is_quiet_afterwards(books: World):
    linked(books)
    writes = books.writes()

    books.sync(feed=True)
    books.sync(feed=True)

    assert books.writes() == writes


def test_an_edit_of_the_due_date_sends_dates_only(books: World):
    invoice = linked(books)

    edit(books, invoice, due_on=date(2026, 12, 31), term_days=None)
    books.sync()

    body = json.loads(books.quickbooks.writes[-1]["request"])
    assert body.keys() == {"Id", "SyncToken", "sparse", "TxnDate", "DueDate"}
    assert books.theirs(invoice)["DueDate"] == "2026-12-31"


def test_a_mail_that_a_bookkeeper_wants_sent_is_not_overwritten(books: World):
    """The next edit here wrote EmailSent over it, and where we had mailed it was forgotten."""
    invoice = linked(books)
    invoices.note_emailed(actor=books.actor, invoice=invoice, to="ada@quist.test", now=books.now)
    books.sync()
    assert books.theirs(invoice)["EmailStatus"] == "EmailSent"

    theirs = {"EmailStatus": "NeedToSend", "BillEmail": {"Address": "office@quist.test"}}
    books.act(invoice, "update", **theirs)
    books.sync(feed=True)
    edit(books, invoice, due_on=date(2026, 12, 31), term_days=None)
    books.sync()
    books.sync(feed=True)

    told = books.theirs(invoice)
    assert {name: told[name] for name in theirs} == theirs
    invoice.refresh_from_db()
    assert invoice.emailed_to == "ada@quist.test"
    assert invoice.emailed_at is not None

    invoices.note_emailed(actor=books.actor, invoice=invoice, to="ada@quist.test", now=books.now)
    books.sync()
    assert books.theirs(invoice)["EmailStatus"] == "EmailSent"


def test_where_the_books_ignore_that_it_was_mailed_it_is_told_once(books: World):
    books.quickbooks.switch(email_sent_directly="ignore")
    invoice = linked(books)
    invoices.note_emailed(actor=books.actor, invoice=invoice, to="ada@quist.test", now=books.now)
    books.sync()
    writes = books.writes()

    books.sync(feed=True)
    books.sync()

    assert books.writes() == writes
    invoice.refresh_from_db()
    assert invoice.emailed_to == "ada@quist.test"
    assert not Issue.objects.exists()


def test_a_line_keeps_its_id_and_class_when_its_price_changes_here(books: World):
    books.quickbooks.act(
        "update",
        "1",
        entity="Preferences",
        fields={"AccountingInfoPrefs": {"ClassTrackingPerTxnLine": True}},
    )
    made = books.quickbooks.act("create", entity="Class", fields={"Name": "Boats"})
    invoice = linked(books)
    told = books.theirs(invoice)["Line"]
    told[0]["SalesItemLineDetail"]["ClassRef"] = {"value": made["Id"]}
    books.act(invoice, "update", Line=told[:1])
    books.sync(feed=True)

    line = invoice.lines.get()
    again = LineInput(
        line_id=line.pk,
        service_item_id=line.service_item_id,
        quantity=Decimal(5),
        rate=Decimal(75),
    )
    edit(books, invoice, lines=[again])
    books.sync()

    after = books.theirs(invoice)["Line"][0]
    assert (after["Id"], after["Amount"]) == (told[0]["Id"], 375)
    assert after["SalesItemLineDetail"]["ClassRef"]["value"] == made["Id"]


def test_lines_changed_there_arrive_here(books: World):
    invoice = linked(books)
    told = books.theirs(invoice)["Line"][:1]
    told[0]["SalesItemLineDetail"]["Qty"] = 6
    told[0]["Amount"] = 450

    books.act(invoice, "update", Line=told)
    books.sync(feed=True)

    invoice.refresh_from_db()
    line = invoice.lines.get()
    assert (line.quantity, line.amount, invoice.total) == (Decimal(6), Decimal(450), Decimal(450))
    assert line.service_item is not None


def test_an_invoice_made_there_comes_in_whole(books: World):
    contact = books.linked("Quist Boats")
    made = books.quickbooks.act(
        "create",
        entity="Invoice",
        fields={
            "CustomerRef": {"value": books.link(contact).remote_id},
            "TxnDate": "2026-11-18",
            "Line": [
                {
                    "Amount": 120,
                    "DetailType": "SalesItemLineDetail",
                    "Description": "Weeding",
                    "SalesItemLineDetail": {"ItemRef": {"value": "6"}, "Qty": 3, "UnitPrice": 40},
                }
            ],
        },
    )

    books.sync(feed=True)

    invoice = Invoice.objects.get(contact=contact)
    line = invoice.lines.get()
    assert (invoice.number, invoice.total) == (made["DocNumber"], Decimal(120))
    assert (line.service_item, line.books_item, line.item_name) == (None, "6", "Gardening")
    assert books.link_of(invoice).remote_id == made["Id"]
    assert books.writes() == 1  # the contact alone


def test_an_invoice_there_of_a_contact_that_is_left_out_comes_in_once_it_is_matched(books: World):
    made = books.quickbooks.act(
        "create",
        entity="Invoice",
        fields={
            "CustomerRef": {"value": "3"},
            "Line": [
                {
                    "Amount": 40,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
                }
            ],
        },
    )
    Link.objects.create(
        connection=books.connection,
        firm=books.firm,
        entity="contact",
        remote_id="3",
        remote_label="Cool Cars",
        state=Link.State.LEFT_OUT,
    )
    books.sync(feed=True)
    assert not Invoice.objects.exists()
    assert not Issue.objects.exists()
    link = Link.objects.get(entity="invoice", remote_id=made["Id"])
    assert link.state == Link.State.LEFT_OUT

    from integrations.sync import links

    contact = books.create("Cool Cars")
    links.match(
        actor=books.actor,
        connection=books.connection,
        entity="contact",
        local_id=contact.pk,
        remote_id="3",
        now=books.now,
    )
    books.sync()
    books.sync()

    assert Invoice.objects.get(contact=contact).total == 40


def test_voided_here_is_void_there(books: World):
    invoice = linked(books)
    invoice.refresh_from_db()

    invoices.void_invoice(
        actor=books.actor, invoice=invoice, version=invoice.version, reason="Wrong", now=books.now
    )
    books.sync()

    assert books.theirs(invoice)["TotalAmt"] == 0
    assert books.theirs(invoice)["PrivateNote"].startswith("Voided")
    books.sync(feed=True)
    invoice.refresh_from_db()
    assert invoice.total == 300  # zeroed lines there are no edit of ours
    assert not Issue.objects.exists()


def test_voided_there_is_void_here(books: World):
    invoice = linked(books)

    books.act(invoice, "void")
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.voided_by) == ("void", "books_void")
    assert invoice.lines.get().amount == 300


def test_deleted_there_is_void_here_and_never_made_again(books: World):
    invoice = linked(books)
    writes = books.writes()

    books.act(invoice, "delete")
    books.sync(feed=True)
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.voided_by) == ("void", "books_delete")
    assert books.writes() == writes


def test_by_the_rule_voided_here_is_deleted_there(books: World):
    books.switch_billing_on(void_rule="delete")
    invoice = linked(books)
    remote_id = books.link_of(invoice).remote_id
    invoice.refresh_from_db()

    invoices.void_invoice(
        actor=books.actor, invoice=invoice, version=invoice.version, reason="", now=books.now
    )
    books.sync()
    books.sync(feed=True)

    assert remote_id not in [each["Id"] for each in books.quickbooks.objects("Invoice")]
    invoice.refresh_from_db()
    assert invoice.voided_by == "here"
    assert not Issue.objects.exists()


def test_a_payment_here_pays_the_invoice_there(books: World):
    invoice = linked(books)

    payment = pay(books, invoice)
    books.sync()

    theirs = books.theirs(payment)
    assert (theirs["TotalAmt"], theirs["PaymentRefNum"]) == (300, "2064")
    assert books.theirs(invoice)["Balance"] == 0
    books.sync(feed=True)
    assert balance_of(invoice) == 0
    assert not Issue.objects.exists()


def test_a_payment_there_pays_the_invoice_here(books: World):
    invoice = linked(books)

    books.quickbooks.act(
        "receive_payment",
        entity="Payment",
        fields={"invoices": [books.link_of(invoice).remote_id], "amount": 100},
    )
    books.sync(feed=True)
    books.sync()

    payment = Payment.objects.get()
    assert (payment.amount, payment.parts.get().invoice) == (Decimal(100), invoice)
    assert balance_of(invoice) == 200
    assert not invoice.credits.exists()


def test_a_credit_memo_there_lowers_the_balance_here(books: World):
    invoice = linked(books)
    remote_id = books.link_of(invoice).remote_id
    customer = books.theirs(invoice)["CustomerRef"]["value"]
    books.quickbooks.act(
        "create",
        entity="CreditMemo",
        fields={
            "CustomerRef": {"value": customer},
            "Line": [
                {
                    "Amount": 50,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
                }
            ],
        },
    )
    if books.theirs(invoice)["Balance"] == 300:
        pytest.fail("the sample company applies credits by itself")

    books.sync(feed=True)
    books.sync()

    assert not Payment.objects.exists()
    credit = invoice.credits.get()
    assert (credit.kind, credit.amount) == ("Credit memo", Decimal(50))
    assert balance_of(invoice) == 250
    assert remote_id


def test_a_void_payment_reopens_the_invoice_on_both_sides(books: World):
    invoice = linked(books)
    payment = pay(books, invoice)
    books.sync()
    payment.refresh_from_db()

    payments.void_payment(
        actor=books.actor, payment=payment, version=payment.version, reason="", now=books.now
    )
    books.sync()
    books.sync(feed=True)

    assert books.theirs(payment)["TotalAmt"] == 0
    assert books.theirs(invoice)["Balance"] == 300
    assert balance_of(invoice) == 300
    assert not Issue.objects.exists()
