"""Pages of invoices: the list, one invoice, its PDF, and what is done with one or many."""

import gzip
import re
import zipfile
from datetime import date, timedelta
from decimal import Decimal as D
from io import BytesIO
from uuid import uuid4

import pypdfium2
import pytest
from django.core import mail as mails
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import bulk, panels
from billing.models import Invoice, InvoiceMail
from billing.services import invoices, payments, sending
from firms.marks import SyncMark
from firms.models import Licence
from firms.permissions import VIEWER, Actor
from tests.factories import NOW, make_actor, make_contact, make_firm, make_invoice, make_member

LIST = "/invoices/"
LATE, LATER = date(2020, 1, 1), date(2199, 1, 1)
ACTIONS = ("send", "void", "duplicate", "delete", "mark_sent")


@pytest.fixture
def firm(db):
    return make_firm(name="Alder & Finch")


@pytest.fixture
def staff(client, firm):
    membership = make_member(firm, email="priya@alder.test")
    client.force_login(membership.user)
    return membership


@pytest.fixture
def viewer(client, firm):
    membership = make_member(firm, role="Viewer", permissions=VIEWER)
    client.force_login(membership.user)
    return membership


def invoice_of(firm, number, **values):
    values = {"due_on": LATER, "issued_on": LATE, **values}
    return make_invoice(firm, number=number, **values)


def pay(invoice, amount, **values):
    actor = make_actor(invoice.firm)
    given = {
        "contact_id": invoice.contact_id,
        "received_on": date(2026, 11, 20),
        "amount": D(amount),
        "method": "Check",
        "reference": "2207",
        "parts": [{"invoice_id": invoice.pk, "amount": D(amount)}],
        **values,
    }
    return payments.record_payment(actor=actor, values=given, now=NOW)


def mark(invoice, **values):
    return SyncMark.objects.create(
        **{
            "firm": invoice.firm,
            "entity": "invoice",
            "local_id": invoice.pk,
            "state": "synced",
            "changed_at": NOW,
            **values,
        }
    )


def listed(client, query=""):
    """Numbers in the order of the list."""
    page = client.get(f"{LIST}{query}").content.decode()
    return re.findall(r'<a class="strong"[^>]*><bdi>([^<]*)</bdi>', page)


def tabs(client, query=""):
    page = client.get(f"{LIST}{query}").content.decode()
    nav = page[page.index('aria-label="Invoice status"') :].split("</nav>")[0]
    return {
        name.lower(): int(count) for name, count in re.findall(r">(\w+) <span[^>]*>(\d+)<", nav)
    }


def url(name, invoice):
    return reverse(f"billing:invoice_{name}", args=[invoice.pk])


def words_of(pdf):
    return pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


def make_many(firm, number):
    contact = make_contact(firm)
    Invoice.objects.bulk_create(
        Invoice(
            firm=firm,
            contact=contact,
            number=f"M-{each:05}",
            status="sent",
            issued_on=LATE,
            due_on=LATER,
            total=D(each + 1),
            created_at=NOW,
            updated_at=NOW,
        )
        for each in range(number)
    )


# -- The list --------------------------------------------------------------------------------------
@pytest.fixture
def one_of_each(firm):
    actor = make_actor(firm)
    invoice_of(firm, "OPEN")
    invoice_of(firm, "LATE", due_on=LATE)
    invoice_of(firm, "DRAFT", status="draft")
    pay(invoice_of(firm, "PAID"), 150)
    pay(invoice_of(firm, "PART"), 100)
    invoices.void_invoice(actor=actor, invoice=invoice_of(firm, "VOID"), now=NOW)
    invoice_of(make_firm(), "STRANGER")


def test_each_tab_lists_its_invoices_and_says_how_many(client, staff, one_of_each):
    assert tabs(client) == {"open": 3, "overdue": 1, "draft": 1, "paid": 1, "void": 1, "all": 6}
    for query, numbers in {
        "": {"OPEN", "LATE", "PART"},
        "?status=overdue": {"LATE"},
        "?status=draft": {"DRAFT"},
        "?status=paid": {"PAID"},
        "?status=void": {"VOID"},
        "?status=all": {"OPEN", "LATE", "DRAFT", "PAID", "PART", "VOID"},
        "?status=nonsense": {"OPEN", "LATE", "PART"},
    }.items():
        assert set(listed(client, query)) == numbers, query


def test_a_row_shows_balance_status_and_the_number_in_quickbooks(client, staff, firm):
    invoice = invoice_of(firm, "INV-7", issued_on=date(2026, 11, 2))
    pay(invoice, 50)
    mark(invoice, state="conflict", remote_label="1047")

    page = client.get(LIST).content.decode()

    assert "<b>$100.00</b>" in page
    assert "Part paid" in page
    assert "Conflict" in page
    assert ">1047</span>" in page
    assert "Open balance" in page


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("inv-7", {"INV-7"}),
        ("1047", {"INV-7"}),  # its number in QuickBooks
        ("cobalt", {"INV-7"}),
        ("po-99", {"INV-7"}),
        ("150.00", {"INV-7", "INV-8"}),
        ("$150", {"INV-7", "INV-8"}),
        ("cobalt 1047", {"INV-7"}),
        ("cobalt 8", set()),
    ],
)
def test_both_numbers_names_and_totals_are_found(client, staff, firm, search, found):
    contact = make_contact(firm, display_name="Cobalt Classic Cars")
    mark(invoice_of(firm, "INV-7", contact=contact, po_number="PO-99"), remote_label="1047")
    invoice_of(firm, "INV-8")

    assert set(listed(client, f"?q={search}")) == found
    assert tabs(client, f"?q={search}")["open"] == len(found)


@pytest.mark.parametrize("query", ["%25", "_", "\\", "'", '"', "%00", "%F0%9F%98%80", "x" * 3000])
def test_odd_searches_find_nothing_and_break_nothing(client, staff, firm, query):
    invoice_of(firm, "INV-7")

    assert listed(client, f"?q={query}") in ([], ["INV-7"])


def test_the_list_can_be_narrowed_to_a_month_a_year_a_contact_and_a_sync_state(client, staff, firm):
    old = invoice_of(firm, "OLD", issued_on=date(2025, 12, 31))
    new = invoice_of(firm, "NEW", issued_on=date(2026, 11, 30))
    mark(new, state="failed")

    assert listed(client, "?issued=2026-11") == ["NEW"]
    assert listed(client, "?issued=2025") == ["OLD"]
    assert listed(client, "?issued=2025-12") == ["OLD"]
    assert set(listed(client, "?issued=2025-13")) == {"OLD", "NEW"}
    assert listed(client, f"?contact={old.contact_id}") == ["OLD"]
    assert listed(client, "?sync=failed") == ["NEW"]
    assert listed(client, "?sync=not_synced") == ["OLD"]
    assert "Clear filters" in client.get(f"{LIST}?sync=paused").content.decode()


def test_the_newest_comes_first_and_columns_sort_both_ways(client, staff, firm):
    invoice_of(firm, "B", issued_on=date(2026, 1, 1))
    invoice_of(firm, "A", issued_on=date(2026, 1, 2))

    assert listed(client) == ["A", "B"]
    assert listed(client, "?sort=issued") == ["B", "A"]
    assert listed(client, "?sort=-number") == ["B", "A"]
    assert 'aria-sort="ascending"' in client.get(f"{LIST}?sort=number").content.decode()


def test_pages_hold_300_and_cost_the_same_queries_whatever_they_show(client, staff, firm):
    client.get(LIST)  # the session
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    make_many(firm, 301)
    with CaptureQueriesContext(connection) as many:
        page = client.get(LIST)

    assert len(many) == len(few) + 1 or len(many) == len(few)  # the rows, where there are some
    assert page.content.decode().count("<tr>") == 301  # and the head
    assert len(gzip.compress(page.content)) <= 25_000
    assert len(page.content) <= 300_000
    assert listed(client, "?page=2") == ["M-00000"]


def test_what_quickbooks_refused_and_mails_that_failed_are_said_on_top(client, staff, firm):
    mark(invoice_of(firm, "BAD"), state="failed")
    mark(invoice_of(firm, "BOTH"), state="conflict")
    InvoiceMail.objects.create(
        invoice=invoice_of(firm, "MAIL"), to="a@b.test", state="failed", asked_at=NOW
    )

    page = client.get(LIST).content.decode()

    assert "2 invoices need you before they can sync." in page
    assert "E-mails that could not be sent" in page
    assert set(listed(client, "?status=all&sync=needs_you")) == {"BAD", "BOTH"}


# -- One invoice -----------------------------------------------------------------------------------
def test_a_page_shows_lines_totals_payments_and_credits(client, staff, firm):
    invoice = invoice_of(firm, "INV-7", private_note="Ask <b>first</b>", message="Thank you")
    pay(invoice, 100)
    invoices.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=invoice.pk,
        line_ids=None,
        credits=[{"kind": "Credit memo", "number": "73", "dated_on": LATE, "amount": D("20.50")}],
        lock_reason="It is linked to an estimate",
        now=NOW,
    )
    mark(invoice, remote_label="1047")

    page = client.get(url_of(invoice)).content.decode()

    for words in (
        "$29.50", "Bookkeeping", "75.00", "Part paid", "Paid Nov 20, 2026, check 2207", "(100.00)",
        "Credit memo 73, Jan 1, 2020", "(20.50)", "1047", "It is linked to an estimate",
        "Ask &lt;b&gt;first&lt;/b&gt;", "Thank you",
    ):  # fmt: skip
        assert words in page, words


def url_of(invoice):
    return reverse("billing:invoice", args=[invoice.pk])


def test_changed_since_sent_offers_to_send_again(client, staff, firm):
    invoice = invoice_of(firm, "INV-7")
    Invoice.objects.filter(pk=invoice.pk).update(is_changed_since_sent=True)

    page = client.get(url_of(invoice)).content.decode()

    assert "Changed since sent." in page
    assert "Send again" in page


def test_a_page_costs_the_same_queries_with_one_payment_and_with_many(client, staff, firm):
    invoice = invoice_of(firm, "INV-7")
    pay(invoice, 1)
    client.get(url_of(invoice))
    with CaptureQueriesContext(connection) as few:
        client.get(url_of(invoice))
    for _ in range(5):
        pay(invoice, 1)
        sending.send_by_email(
            actor=make_actor(firm), invoice=invoice, letter=LETTER, now=NOW, form_key=uuid4()
        )
    with CaptureQueriesContext(connection) as many:
        client.get(url_of(invoice))

    assert len(many) == len(few)


LETTER = sending.Letter(to="ada@cobalt.test", subject="Invoice", message="Hello")


def test_panels_of_other_apps_are_drawn(client, staff, firm, monkeypatch):
    def make(request, invoice):
        return panels.Panel(
            template="components/notice.html", context={"text": "From QuickBooks"}, place="top"
        )

    monkeypatch.setattr(panels, "_makers", {page: [make] for page in panels.Page})
    invoice = invoice_of(firm, "INV-7")

    assert "From QuickBooks" in client.get(url_of(invoice)).content.decode()


def test_the_pdf_is_a_file_and_fixes_the_number(client, staff, firm):
    invoice = invoice_of(firm, "INV-7")
    assert client.head(url("pdf", invoice)).status_code == 200
    invoice.refresh_from_db()
    assert not invoice.is_out

    answer = client.get(url("pdf", invoice))

    assert answer["Content-Type"] == "application/pdf"
    assert 'inline; filename="Invoice-INV-7.pdf"' in answer["Content-Disposition"]
    assert "INV-7" in words_of(answer.content)
    invoice.refresh_from_db()
    assert invoice.is_out


# -- Send ------------------------------------------------------------------------------------------
def test_a_draft_is_sent_with_a_letter_that_can_be_changed(client, staff, firm):
    contact = make_contact(firm, email="ada@cobalt.test")
    invoice = invoice_of(firm, "INV-7", status="draft", contact=contact)
    form = client.get(url("send", invoice)).context["form"]
    assert form["to"].value() == "ada@cobalt.test"
    values = {name: form[name].value() for name in form.fields}

    answer = client.post(url("send", invoice), {**values, "message": "Here it is"}, follow=True)

    assert "INV-7 is on its way to ada@cobalt.test" in answer.content.decode()
    (mail,) = InvoiceMail.objects.all()
    sending.deliver(mail.pk, clock=timezone.now)
    assert mails.outbox[0].body == "Here it is\n"
    assert mails.outbox[0].reply_to == ["priya@alder.test"]
    client.post(url("send", invoice), values)  # Back, and Send once more
    assert InvoiceMail.objects.count() == 1
    assert "Sent to" in client.get(url_of(invoice)).content.decode()


def test_a_letter_that_cannot_be_sent_comes_back_with_the_reason(client, staff, firm):
    invoice = invoice_of(firm, "INV-7", status="draft")

    answer = client.post(url("send", invoice), {"to": "ada", "subject": "s", "message": "kept"})

    page = answer.content.decode()
    assert "is not an e-mail address" in page
    assert "kept" in page
    assert "Error: " in page
    invoice.refresh_from_db()
    assert invoice.is_draft


def test_a_mail_that_failed_is_shown_and_comes_back_in_the_dialog(client, staff, firm):
    invoice = invoice_of(firm, "INV-7")
    InvoiceMail.objects.create(
        invoice=invoice, to="x@y.test", subject="Mine", message="My words", state="failed",
        error="The mail server did not take it: full", asked_at=NOW, asked_by="Priya",
    )  # fmt: skip

    page = client.get(url_of(invoice)).content.decode()
    assert "was not sent." in page
    assert "The mail server did not take it: full" in page
    form = client.get(url("send", invoice)).context["form"]
    assert (form["to"].value(), form["message"].value()) == ("x@y.test", "My words")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("sending", "We don't know if the e-mail"), ("waiting", "still waits to be sent")],
)
def test_a_mail_that_is_under_way_for_an_hour_says_so(client, staff, firm, state, sentence):
    invoice = invoice_of(firm, "INV-7")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    mail = InvoiceMail.objects.create(
        invoice=invoice,
        to="x@y.test",
        state=state,
        asked_at=an_hour_ago,
        started_at=an_hour_ago if state == "sending" else None,
    )
    assert sentence in client.get(url_of(invoice)).content.decode()

    InvoiceMail.objects.filter(pk=mail.pk).update(
        asked_at=timezone.now(), started_at=timezone.now()
    )
    assert sentence not in client.get(url_of(invoice)).content.decode()


def test_marking_as_sent_sends_no_mail(client, staff, firm):
    invoice = invoice_of(firm, "INV-7", status="draft")

    client.post(url("mark_sent", invoice), {"version": invoice.version})

    invoice.refresh_from_db()
    assert invoice.status == "sent"
    assert not InvoiceMail.objects.exists()


# -- Void, duplicate, delete -----------------------------------------------------------------------
@pytest.mark.parametrize(("choice", "is_void"), [("keep", False), ("void", True)])
def test_voiding_asks_what_becomes_of_payments(client, staff, firm, choice, is_void):
    invoice = invoice_of(firm, "INV-7")
    payment = pay(invoice, 100)
    page = client.get(url("void", invoice)).content.decode()
    assert "1 payment of $100.00 on it" in page

    client.post(
        url("void", invoice),
        {"version": invoice.version, "reason": "Wrong client", "payments": choice},
    )

    invoice.refresh_from_db()
    payment.refresh_from_db()
    assert (invoice.status, invoice.void_reason) == ("void", "Wrong client")
    assert payment.is_void is is_void
    assert "Reason: <bdi>Wrong client</bdi>" in client.get(url_of(invoice)).content.decode()


def test_a_payment_that_cannot_be_voided_keeps_the_invoice_and_says_why(client, staff, firm):
    invoice = invoice_of(firm, "INV-7")
    payment = pay(invoice, 100)
    type(payment).objects.filter(pk=payment.pk).update(lock_reason="It is part of a bank deposit")

    answer = client.post(url("void", invoice), {"payments": "void"})

    assert "It is part of a bank deposit" in answer.content.decode()
    invoice.refresh_from_db()
    assert invoice.status == "sent"


def test_an_invoice_that_somebody_changed_meanwhile_is_not_voided(client, staff, firm):
    invoice = invoice_of(firm, "INV-7")

    answer = client.post(url("void", invoice), {"version": invoice.version + 1})

    assert "was changed by somebody else" in answer.content.decode()
    invoice.refresh_from_db()
    assert invoice.status == "sent"


def test_a_double_click_on_duplicate_makes_one_draft(client, staff, firm):
    invoice = make_invoice(firm)
    key = str(uuid4())

    answers = [client.post(url("duplicate", invoice), {"form_key": key}) for _ in range(2)]

    (made,) = Invoice.objects.exclude(pk=invoice.pk)
    assert {answer["Location"] for answer in answers} == {url("edit", made)}
    assert made.is_draft


def test_a_draft_is_deleted_and_a_sent_invoice_never(client, staff, firm):
    draft = invoice_of(firm, "D", status="draft")
    sent = invoice_of(firm, "S")

    client.post(url("delete", draft), {"version": draft.version})
    client.post(url("delete", sent), {"version": sent.version})

    assert list(Invoice.objects.all()) == [sent]


# -- Many at once ----------------------------------------------------------------------------------
def post_bulk(client, do, *chosen, **more):
    data = {"do": do, "invoice": [invoice.pk for invoice in chosen], "filters": "", **more}
    return client.post("/invoices/bulk/", data, follow=True)


def test_several_are_sent_after_a_page_that_says_which_cannot_be(client, staff, firm):
    contact = make_contact(firm, email="ada@cobalt.test")
    good = [invoice_of(firm, number, contact=contact) for number in ("A", "B")]
    draft = invoice_of(firm, "D", status="draft", contact=contact)
    empty = invoice_of(firm, "E", status="draft", contact=contact, lines=[])
    nobody = invoice_of(firm, "N")
    key = str(uuid4())

    page = post_bulk(client, "send", *good, draft, empty, nobody, form_key=key).content.decode()
    assert "Send 3 invoices?" in page
    assert "2 cannot be sent." in page
    assert "has no e-mail address." in page
    assert not InvoiceMail.objects.exists()

    for _ in range(2):
        post_bulk(client, "send_now", *good, draft, form_key=key)
    assert InvoiceMail.objects.count() == 3
    draft.refresh_from_db()
    assert draft.status == "sent"


def test_one_is_downloaded_as_pdf_and_several_as_zip(client, staff, firm):
    one, other = invoice_of(firm, "A"), invoice_of(firm, "B")
    same = invoice_of(firm, "C")
    Invoice.objects.filter(pk=same.pk).update(number="B", is_numbered_here=False)

    assert post_bulk(client, "pdf", one)["Content-Type"] == "application/pdf"
    answer = post_bulk(client, "pdf", one, other, same)

    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert "INV" not in names
        assert sorted(names)[0] == "Invoice-A.pdf"
        assert len(set(names)) == 3
        assert "Balance due" in words_of(archive.read(names[0]))
    assert Invoice.objects.filter(is_out=True).count() == 3


def test_all_that_match_are_those_of_the_filters_not_of_the_screen(client, staff, firm):
    for number in ("A-1", "A-2", "B-1"):
        invoice_of(firm, number)

    answer = client.post("/invoices/bulk/", {"do": "pdf", "scope": "all", "filters": "q=A-"})

    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["Invoice-A-1.pdf", "Invoice-A-2.pdf"]


def test_too_many_at_once_and_none_say_so(client, staff, firm):
    make_many(firm, 301)

    answer = client.post("/invoices/bulk/", {"do": "pdf", "scope": "all"}, follow=True)
    assert "At most 300 invoices at once" in answer.content.decode()
    assert "Choose invoices first." in post_bulk(client, "pdf").content.decode()
    assert (
        "could not be done"
        in post_bulk(client, "nonsense", Invoice.objects.first()).content.decode()
    )


def test_another_app_may_add_an_action_of_its_own(client, staff, firm):
    done = []

    def run(request, ids):
        done.extend(ids)
        return "1 invoice queued"

    bulk.register(bulk.BulkAction(name="sync", label="Sync now", icon="sync", run=run))
    try:
        invoice = invoice_of(firm, "A")
        assert "Sync now" in client.get(LIST).content.decode()
        page = post_bulk(client, "sync", invoice, filters="status=all").content.decode()
    finally:
        bulk.unregister("sync")

    assert done == [invoice.pk]
    assert "1 invoice queued" in page


def test_invoices_of_another_firm_are_never_among_the_chosen(client, staff, firm):
    strange = invoice_of(make_firm(), "S")

    assert "Choose invoices first." in post_bulk(client, "pdf", strange).content.decode()


# -- Who may ---------------------------------------------------------------------------------------
def test_a_viewer_may_look_and_download_and_nothing_else(client, viewer, firm):
    contact = make_contact(firm, email="ada@cobalt.test")
    invoice = invoice_of(firm, "INV-7", contact=contact)
    draft = invoice_of(firm, "DRAFT", status="draft", contact=contact)

    assert client.get(LIST).status_code == 200
    assert "You can look but not change" in client.get(url_of(invoice)).content.decode()
    assert client.get(url("pdf", invoice)).status_code == 200
    for one in (invoice, draft):
        for action in ACTIONS:
            assert client.post(url(action, one), {"to": "a@b.test"}).status_code == 403
    assert post_bulk(client, "send_now", invoice).status_code == 403
    assert post_bulk(client, "pdf", invoice).status_code == 200
    assert set(Invoice.objects.values_list("number", "status")) == {
        ("INV-7", "sent"),
        ("DRAFT", "draft"),
    }
    assert not InvoiceMail.objects.exists()


def test_without_view_only_and_without_the_licence_nothing_is_shown(client, firm):
    invoice = invoice_of(firm, "INV-7")
    member = make_member(firm, role="Contacts", permissions=["manage_contacts"])
    client.force_login(member.user)
    for address in (LIST, url_of(invoice), url("pdf", invoice)):
        assert client.get(address).status_code == 403

    client.force_login(make_member(firm).user)
    assert client.get(LIST).status_code == 200
    firm.licences = [Licence.TRANSCRIPTS_AND_NOTICES]
    firm.save()
    assert client.get(LIST).status_code == 403
    assert 'href="/invoices/"' not in client.get("/contacts/").content.decode()


def test_hostile_text_is_shown_as_text(client, staff, firm):
    bad = "<script>alert(1)</script>"
    contact = make_contact(firm, display_name=bad)
    invoice = invoice_of(firm, "<b>1</b>", contact=contact, message=bad, private_note=bad)

    for address in (LIST, url_of(invoice), url("send", invoice), url("void", invoice)):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;b&gt;1&lt;/b&gt;" in page
