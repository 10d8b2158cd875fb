"""The agreement report: both sides compared, each difference with its cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice, Payment
from billing.services import invoices
from contacts.models import Contact
from integrations import housekeeping
from integrations.models import (
    AgreementRow,
    AgreementRun,
    Connection,
    ImportedRecord,
    InboxEntry,
    Intent,
    Link,
    OutboxEntry,
)
from integrations.sync import agreement
from tests.factories import NOW, make_contact, make_firm, make_invoice
from tests.integrations.connected import make_connection
from tests.integrations.sync.test_invoices import balance_of, draft, linked, make_item, pay
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def compare(world: World, *, is_full: bool = False) -> AgreementRun:
    run = agreement.begin(world.connection, is_full=is_full, now=world.now)
    assert run is not None
    agreement.work(run.pk, clock=lambda: world.now)
    run.refresh_from_db()
    return run


def row_of(run: AgreementRun, record: Contact | Invoice | Payment) -> AgreementRow:
    entity = type(record).__name__.lower()
    return run.rows.get(entity=entity, local_id=record.pk)


def owed(run: AgreementRun, contact_id: int) -> AgreementRow:
    return run.rows.get(entity="receivable", contact_id=contact_id)


def calls(world: World) -> int:
    return len(world.quickbooks.calls())


# -- What agrees -----------------------------------------------------------------------------------


def test_what_both_sides_hold_agrees_and_nothing_is_asked(books: World):
    invoice = linked(books)
    pay(books, invoice, "100.00")
    books.sync()
    books.sync(feed=True)
    before = calls(books)

    run = compare(books)

    assert run.state == "done"
    sums = agreement.totals(run)
    assert sums.pop("agrees") == 4
    assert set(sums.values()) == {0}
    assert calls(books) == before
    row = owed(run, invoice.contact_id)
    assert (row.result, row.ours, row.theirs, row.is_explained) == ("agrees", 200, 200, True)
    assert (row.detail["invoices"], row.detail["payments"]) == ("300.00", "100.00")


def test_a_void_invoice_agrees_and_owes_nothing(books: World):
    invoice = linked(books)
    invoices.void_invoice(actor=books.actor, invoice=invoice, reason="Wrong", now=books.now)
    books.sync()

    run = compare(books)

    row = row_of(run, invoice)
    assert (row.result, row.ours, row.theirs) == ("agrees", 0, 0)


def test_drafts_are_not_compared(books: World):
    draft(books, books.linked("Quist Boats"), make_item(books))
    books.sync()

    run = compare(books)

    assert not run.rows.filter(entity="invoice").exists()


# -- What differs, and why -------------------------------------------------------------------------


def test_an_edit_that_was_not_sent_yet_waits(books: World):
    contact = books.linked("Quist Boats")
    books.edit(contact, email="ada@quist.example")

    row = row_of(compare(books), contact)

    assert (row.result, row.cause, row.is_explained) == ("differs", "waits", True)
    assert row.detail["fields"] == [
        {"name": "email", "label": "Email", "ours": "ada@quist.example", "theirs": ""}
    ]


def test_of_a_paused_connection_the_cause_says_so(books: World):
    contact = books.linked("Quist Boats")
    Connection.objects.update(is_paused=True)
    books.connection.refresh_from_db()
    books.edit(contact, email="ada@quist.example")

    assert "paused" in row_of(compare(books), contact).sentence


def test_an_open_conflict_is_the_cause_and_its_issue_is_named(books: World):
    contact = books.linked("Quist Boats", phone="555 0100")
    books.edit(contact, phone="555 0101")
    books.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555 0102"})
    books.sync(feed=True)

    row = row_of(compare(books), contact)

    issue = books.open_issue()
    assert (row.cause, row.issue_id, row.sentence) == ("issue", issue.pk, issue.sentence)
    assert [each["name"] for each in row.detail["fields"]] == ["phone"]


def test_what_was_told_and_not_taken_in_is_not_read_yet(books: World):
    contact = books.linked("Quist Boats")
    link = books.link(contact)
    InboxEntry.objects.create(
        connection=books.connection,
        entity="contact",
        remote_id=link.remote_id or "",
        source=InboxEntry.Source.WEBHOOK,
        needs_read=True,
        made_at=books.now,
    )
    Link.objects.filter(pk=link.pk).update(seen={"phone": "555 0199"})

    assert row_of(compare(books), contact).cause == "unread"


def test_a_write_without_an_answer_is_awaited(books: World):
    contact = books.linked("Quist Boats")
    books.edit(contact, email="ada@quist.example")
    books.quickbooks.fault("cut_after_commit")
    books.sync()
    assert Intent.objects.exists()

    assert row_of(compare(books), contact).cause in ("sending", "issue")


def test_a_difference_without_a_known_cause_is_red_and_looked_at_again(books: World):
    contact = books.linked("Quist Boats")
    Contact.objects.filter(pk=contact.pk).update(email="past@the.services")

    run = compare(books)

    row = row_of(run, contact)
    assert (row.cause, row.is_explained) == ("unknown", False)
    assert agreement.totals(run)["red"] == 1
    books.sync()
    assert books.customer(contact)["PrimaryEmailAddr"]["Address"] == "past@the.services"
    assert row_of(compare(books), contact).result == "agrees"


def test_a_cent_between_the_totals_differs(books: World):
    invoice = linked(books)
    link = books.link_of(invoice)
    Link.objects.filter(pk=link.pk).update(facts={**link.facts, "total": "300.01"})

    row = row_of(compare(books), invoice)

    assert row.result == "differs"
    assert row.detail["fields"] == [
        {"name": "total", "label": "Total", "ours": "300.00", "theirs": "300.01"}
    ]


def test_an_edit_there_that_the_rule_leaves_alone_is_shown_with_that_reason(books: World):
    books.switch_billing_on(invoices_direction="push")
    invoice = linked(books)
    books.act(invoice, "update", CustomerMemo={"value": "Thank you"})
    books.sync(feed=True)

    row = row_of(compare(books), invoice)

    assert (row.cause, row.is_explained) == ("one_way", True)


# -- What is missing -------------------------------------------------------------------------------


def test_an_invoice_that_waits_is_missing_there_with_its_money(books: World):
    invoice = linked(books)
    other = draft(books, invoice.contact, invoice.lines.get().service_item)
    invoices.mark_as_sent(actor=books.actor, invoice=other, now=books.now)

    run = compare(books)

    row = row_of(run, other)
    assert (row.result, row.cause, row.ours, row.theirs) == ("missing", "waits", 300, None)
    total = owed(run, invoice.contact_id)
    assert (total.result, total.ours, total.theirs) == ("differs", 600, 300)
    assert total.is_explained


def test_an_invoice_whose_bell_was_lost_is_sent_after_all(books: World):
    invoice = linked(books)
    other = draft(books, invoice.contact, invoice.lines.get().service_item)
    books.now += timedelta(seconds=1)
    invoices.mark_as_sent(actor=books.actor, invoice=other, now=books.now)
    OutboxEntry.objects.all().delete()

    row = row_of(compare(books), other)

    assert (row.result, row.cause, row.is_explained) == ("missing", "unknown", False)
    books.sync()
    assert books.theirs(other)["TotalAmt"] == 300


def test_what_is_from_before_the_sync_is_left_out_not_missing(books: World):
    contact = books.create("Old Harbour")
    OutboxEntry.objects.all().delete()
    Contact.objects.filter(pk=contact.pk).update(updated_at=books.now - timedelta(days=9))

    row = row_of(compare(books), contact)

    assert (row.result, row.cause) == ("left_out", "before")
    assert not OutboxEntry.objects.exists()


def test_what_a_person_left_out_is_counted_with_its_money(books: World):
    invoice = linked(books)
    Link.objects.filter(pk=books.link_of(invoice).pk).update(state="left_out", remote_id=None)

    run = compare(books)

    assert (row_of(run, invoice).result, row_of(run, invoice).ours) == ("left_out", 300)
    assert owed(run, invoice.contact_id).is_explained


def test_an_invoice_there_that_is_left_out_is_not_held_here(books: World):
    contact = books.linked("Quist Boats")
    made = bill_there(books, books.link(contact).remote_id, 120)
    Link.objects.create(
        connection=books.connection,
        firm=books.firm,
        entity="invoice",
        remote_id=made["Id"],
        state=Link.State.LEFT_OUT,
    )
    books.sync(feed=True)

    run = compare(books)

    row = run.rows.get(entity="invoice", remote_id=made["Id"])
    assert (row.result, row.contact_id, row.not_held) == ("not_held", contact.pk, 120)
    total = owed(run, contact.pk)
    assert (total.ours, total.theirs, total.not_held) == (0, 120, 120)
    assert (total.result, total.is_explained) == ("agrees", True)


def bill_there(world: World, customer_id: str | None, amount: int) -> dict[str, Any]:
    line = {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    fields = {"CustomerRef": {"value": customer_id}, "Line": [line]}
    return world.quickbooks.act("create", entity="Invoice", fields=fields)


# -- What contacts owe -----------------------------------------------------------------------------


def test_a_payment_sent_since_the_books_were_read_is_the_cause(books: World):
    invoice = linked(books)
    books.sync(feed=True)
    pay(books, invoice, "100.00")
    books.sync()

    run = compare(books)

    row = row_of(run, invoice)
    assert (row.result, row.cause, row.ours, row.theirs) == ("differs", "late", 200, 300)
    books.sync(feed=True)
    assert row_of(compare(books), invoice).result == "agrees"


def test_a_balance_that_nothing_explains_is_red(books: World):
    invoice = linked(books)
    books.sync(feed=True)
    link = books.link_of(invoice)
    Link.objects.filter(pk=link.pk).update(facts={**link.facts, "balance": "250.00"})

    run = compare(books)

    assert (row_of(run, invoice).cause, owed(run, invoice.contact_id).is_explained) == (
        "unknown", False,
    )  # fmt: skip


def test_credits_of_quickbooks_lower_both_sides(books: World):
    invoice = linked(books)
    customer = books.theirs(invoice)["CustomerRef"]["value"]
    line = {
        "Amount": 50,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    books.quickbooks.act(
        "create", entity="CreditMemo", fields={"CustomerRef": {"value": customer}, "Line": [line]}
    )
    books.sync(feed=True)
    books.sync()
    assert balance_of(invoice) == 250

    row = owed(compare(books), invoice.contact_id)

    assert (row.ours, row.theirs, row.detail["credits"]) == (250, 250, "50.00")


def test_a_credit_used_with_money_leaves_nothing_unapplied_on_either_side(books: World):
    """A payment there of 250 in money and 50 of a credit memo, for an invoice of 300."""
    books.quickbooks.switch()
    invoice = linked(books)
    customer = books.theirs(invoice)["CustomerRef"]["value"]
    line = {
        "Amount": 50,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    prefs = {"SalesFormsPrefs": {"AutoApplyCredit": False}}
    books.quickbooks.act("update", "1", entity="Preferences", fields=prefs)
    memo = books.quickbooks.act(
        "create", entity="CreditMemo", fields={"CustomerRef": {"value": customer}, "Line": [line]}
    )
    paid = {"TxnId": books.link_of(invoice).remote_id, "TxnType": "Invoice"}
    used = {"TxnId": memo["Id"], "TxnType": "CreditMemo"}
    books.quickbooks.act(
        "create",
        entity="Payment",
        fields={
            "CustomerRef": {"value": customer},
            "TotalAmt": 250,
            "Line": [
                {"Amount": 300, "LinkedTxn": [paid]},
                {"Amount": 50, "LinkedTxn": [used]},
            ],
        },
    )
    books.sync(feed=True)
    books.sync()

    run = compare(books)

    payment = row_of(run, Payment.objects.get())
    assert (payment.ours, payment.theirs, payment.result) == (0, 0, "agrees")
    assert balance_of(invoice) == 0


# -- A full run ------------------------------------------------------------------------------------


def test_a_full_run_finds_an_edit_that_nobody_told_of(books: World):
    contact = books.linked("Quist Boats", phone="555 0100")
    books.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555 0102"})

    assert row_of(compare(books), contact).result == "agrees"  # it was not told
    expected = agreement.reads_of_full(books.connection)
    run = compare(books, is_full=True)

    assert run.state == "done"
    assert run.reads == expected == 4
    assert ImportedRecord.objects.filter(entity="contact").exists()
    books.sync()
    contact.refresh_from_db()
    assert contact.phone == "555 0102"


def test_a_full_run_tells_the_customer_s_own_balance(books: World):
    invoice = linked(books)
    line = {
        "Amount": 50,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    prefs = {"SalesFormsPrefs": {"AutoApplyCredit": False}}
    books.quickbooks.act("update", "1", entity="Preferences", fields=prefs)
    customer = books.theirs(invoice)["CustomerRef"]["value"]
    books.quickbooks.act(
        "create", entity="CreditMemo", fields={"CustomerRef": {"value": customer}, "Line": [line]}
    )

    row = owed(compare(books, is_full=True), invoice.contact_id)

    assert (row.ours, row.theirs, row.not_held, row.told_balance) == (300, 250, -50, 250)
    assert row.is_explained
    assert "credit memos" in row.sentence


def test_what_a_listing_does_not_show_is_not_taken_for_gone(books: World):
    contact = books.linked("Quist Boats")
    link = books.link(contact)
    Link.objects.filter(pk=link.pk).update(remote_id="99999", sent_at=None, made_at=NOW)
    books.now += timedelta(minutes=30)

    row = row_of(compare(books, is_full=True), contact)

    assert (row.result, row.cause, row.is_explained) == ("missing", "not_shown", False)
    assert InboxEntry.objects.filter(remote_id="99999", needs_read=True).exists()
    contact.refresh_from_db()
    assert not contact.is_archived


def test_a_full_run_goes_on_where_it_was_stopped(books: World):
    books.linked("Quist Boats")
    run = agreement.begin(books.connection, is_full=True, now=books.now)
    assert run is not None

    while run.state == "running":
        agreement.work(run.pk, clock=lambda: books.now, seconds=-1)  # one step, then it dies
        run.refresh_from_db()

    assert run.state == "done"
    assert run.rows.filter(entity="contact", result="agrees").count() == 1
    assert run.reads == agreement.reads_of_full(books.connection)


def test_a_page_that_was_read_twice_counts_once(books: World):
    contact = books.linked("Quist Boats")
    run = agreement.begin(books.connection, is_full=True, now=books.now)
    assert run is not None
    place = run.place
    agreement.work(run.pk, clock=lambda: books.now, seconds=-1)
    AgreementRun.objects.filter(pk=run.pk).update(place=place)

    agreement.work(run.pk, clock=lambda: books.now)

    assert row_of(run, contact).result == "agrees"
    assert not run.rows.filter(result="listed").exists()


def test_a_full_run_stops_in_words_when_the_sign_in_ended(books: World):
    books.linked("Quist Boats")
    books.quickbooks.tokens("disconnect")

    run = compare(books, is_full=True)

    assert run.state == "stopped"
    assert run.why_stopped


def test_of_an_emptied_company_nothing_is_taken_for_gone(books: World):
    invoice = linked(books)
    books.quickbooks.reset("empty", limits=False)

    compare(books, is_full=True)

    invoice.refresh_from_db()
    assert invoice.status == "sent"


# -- To QuickBooks only ----------------------------------------------------------------------------


@pytest.fixture
def one_way(world: World) -> World:
    world.switch_billing_on(
        profile=Connection.Profile.PUSH_ONLY,
        void_rule="delete",
        number_rule="theirs",
        invoices_direction="push",
    )
    return world


def test_in_push_only_what_went_agrees_and_what_needs_no_sending_is_not_missing(one_way: World):
    invoice = linked(one_way)
    one_way.create("Old Harbour")  # no invoice needs it
    one_way.sync()

    run = compare(one_way)

    assert row_of(run, invoice).result == "agrees"
    assert agreement.totals(run)["missing"] == 0
    assert agreement.totals(run)["red"] == 0
    assert owed(run, invoice.contact_id).result == "agrees"


def test_in_push_only_a_bill_made_there_is_not_held_here(one_way: World):
    invoice = linked(one_way)
    bill_there(one_way, one_way.theirs(invoice)["CustomerRef"]["value"], 120)
    one_way.sync(feed=True)

    row = owed(compare(one_way), invoice.contact_id)

    assert (row.ours, row.not_held, row.theirs, row.is_explained) == (300, 120, 420, True)


def test_in_push_only_a_contact_edited_here_goes_with_its_next_invoice(one_way: World):
    invoice = linked(one_way)
    one_way.edit(invoice.contact, phone="555 0100")
    one_way.sync()

    assert row_of(compare(one_way), invoice.contact).cause == "next_invoice"


# -- The command -----------------------------------------------------------------------------------


def test_the_command_says_what_differs_and_what_a_full_run_costs(books: World):
    contact = books.linked("Quist Boats")
    books.edit(contact, email="ada@quist.example")
    told = StringIO()

    call_command("agreement", str(books.firm.pk), "--full", stdout=told)

    assert "about 4 metered reads" in told.getvalue()
    assert "1 differ" in told.getvalue()
    assert "contact Quist Boats: It was changed here and waits to be sent." in told.getvalue()


# -- Runs ------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def test_only_one_run_at_a_time():
    connection = make_connection()

    first = agreement.begin(connection, is_full=False, now=NOW)

    assert first is not None
    assert agreement.begin(connection, is_full=False, now=NOW) is None


def test_each_connection_has_its_minute_of_the_night_by_its_firm_s_clock():
    connections = [make_connection(make_firm(time_zone="America/New_York")) for _ in range(40)]
    begun: dict[int, datetime] = {}
    evening = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)  # 18:00 in New York

    for minutes in range(0, 24 * 60, 10):
        now = evening + timedelta(minutes=minutes)
        agreement.start_due(now=now)
        for run in AgreementRun.objects.filter(state="running"):
            assert run.connection_id not in begun
            begun[run.connection_id] = now
        AgreementRun.objects.update(state="done")

    assert begun.keys() == {each.pk for each in connections}
    midnight = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
    assert all(midnight <= at <= midnight + timedelta(hours=5, minutes=10) for at in begun.values())
    assert len(set(begun.values())) > 10


def test_what_was_connected_by_day_waits_for_the_night():
    make_connection(make_firm(time_zone="America/New_York"))

    assert agreement.start_due(now=datetime(2026, 11, 28, 19, 0, tzinfo=UTC)) == 0


def test_a_run_whose_worker_died_is_taken_up():
    connection = make_connection()
    run = agreement.begin(connection, is_full=False, now=NOW)
    assert run is not None

    assert agreement.start_due(now=NOW + timedelta(minutes=6)) >= 1


def test_old_runs_are_forgotten_but_for_the_last_of_a_connection():
    connection = make_connection()
    for days in (90, 60, 40):
        run = agreement.begin(connection, is_full=False, now=NOW - timedelta(days=days))
        assert run is not None
        agreement.work(run.pk, clock=lambda days=days: NOW - timedelta(days=days))

    housekeeping.tidy(now=NOW)

    assert AgreementRun.objects.get().started_at == NOW - timedelta(days=40)


def test_what_agreed_is_kept_of_the_newest_run_alone(books: World):
    books.linked("Quist Boats")
    first, second = compare(books), compare(books)

    assert first.counts == second.counts
    assert not first.rows.filter(result="agrees").exists()
    assert second.rows.filter(result="agrees").exists()


# -- How much it takes -----------------------------------------------------------------------------


def fill(connection: Connection, number: int) -> None:
    contact = make_contact(connection.firm)
    bills = [make_invoice(connection.firm, contact=contact) for _ in range(number)]
    Link.objects.bulk_create(
        Link(
            connection=connection,
            firm_id=connection.firm_id,
            entity="invoice",
            local_id=bill.pk,
            remote_id=str(bill.pk),
            remote_version=0,
            local_version=bill.version,
            state=Link.State.LINKED,
            facts={"total": "1.00", "balance": "1.00"},
            base={},
        )
        for bill in bills
    )


def queries_of_a_run(number: int) -> int:
    connection = make_connection(billing_started_at=NOW, billing_synced_at=NOW)
    fill(connection, number)
    run = agreement.begin(connection, is_full=False, now=NOW)
    assert run is not None
    with CaptureQueriesContext(database) as queries:
        agreement.work(run.pk, clock=lambda: NOW)
    run.refresh_from_db()
    assert run.state == "done"
    assert run.counts["invoice"]["differs"] == number
    return len(queries)


def test_the_queries_of_a_chunk_do_not_depend_on_its_rows():
    assert queries_of_a_run(2) == queries_of_a_run(40)
