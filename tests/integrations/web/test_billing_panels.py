"""What the pages of invoices, payments and service items show of QuickBooks."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection as database
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import panels
from billing.models import Invoice
from billing.panels import Edited, Page
from billing.services.invoices import LineInput
from firms.middleware import actor_of
from firms.models import Membership
from firms.permissions import STAFF
from integrations.models import Connection, Link
from tests.factories import make_contact, make_firm, make_invoice, make_member, make_service_item
from tests.integrations.sync.test_invoices import draft, linked, make_item, pay
from tests.integrations.web.billed import browser_of, left_out, send_our_numbers, words
from tests.integrations.web.rows import make_connection, make_link
from tests.world import DEFAULTS, World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def drawn(page: Page, member: Membership, subject) -> str:
    """The panels of a page, as its view draws them."""
    request = RequestFactory().get("/")
    request.firm, request.actor = member.firm, actor_of(member)  # type: ignore[attr-defined]
    told = panels.draw(page, request, subject)  # type: ignore[arg-type]
    text = " ".join("".join(sum(told.values(), [])).split())
    return text.replace("&#x27;", "'")


def member_of(world: World) -> Membership:
    return Membership.objects.get(user_id=world.actor.user_id)


# -- Invoices, payments, service items -------------------------------------------------------------


def test_a_linked_invoice_says_its_number_id_and_balance_there(books):
    invoice = linked(books)
    books.act(invoice, "update", PrivateNote="Ask about the mast")
    books.sync(feed=True)

    page = words(browser_of(books), reverse("billing:invoice", args=[invoice.pk]))

    assert "<dt>Memo there</dt><dd><bdi>Ask about the mast</bdi></dd>" in page
    there = books.theirs(invoice)
    assert f"<dt>Number there</dt><dd><bdi>{there['DocNumber']}</bdi></dd>" in page
    assert f"<dt>QuickBooks id</dt><dd>{there['Id']}</dd>" in page
    assert "<dt>Balance there</dt><dd>300.00</dd>" in page
    assert "<bdi>Ask about the mast</bdi>" in page
    assert "Sync now</button>" in page
    assert "Unmatch</a>" in page


def test_both_sides_of_an_invoice_are_compared_on_a_page(books):
    invoice = linked(books)
    link = books.link_of(invoice)

    page = words(browser_of(books), reverse("integrations:compare", args=[link.pk]))

    line = "4 × 75.00 Mooring hour = 300.00"
    assert page.count(f"<bdi>{line}</bdi>") == 2
    assert '<th scope="row">Total</th>' in page
    assert page.count("<bdi>Quist Boats</bdi>") == 2
    assert 'class="d"' not in page


def test_a_difference_stands_out_in_the_comparison(books):
    invoice = linked(books)
    Invoice.objects.filter(pk=invoice.pk).update(message="Thank you")
    link = books.link_of(invoice)

    page = words(browser_of(books), reverse("integrations:compare", args=[link.pk]))

    assert '<span class="d"><bdi>Thank you</bdi></span>' in page
    assert '<span class="d"><bdi>(blank)</bdi></span>' in page


def test_a_pair_without_content_has_nothing_to_compare(books):
    contact = books.create("Quist Boats")
    left_out(books, "contact", contact.pk, "Quist Boats")
    link = books.link(contact)

    page = words(browser_of(books), reverse("integrations:compare", args=[link.pk]))

    assert "Nothing to compare yet." in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (["", "P.O. Number"], "P.O. Number"),
        (["Crew #"], "Stays here: your QuickBooks company has no PO number field."),
    ],
)
def test_an_invoice_with_a_po_number_says_where_it_is_there(books, fields, told):
    invoice = linked(books, po_number="TB-7")
    Connection.objects.update(company_facts={"preferences": {"custom_fields": fields}})

    text = drawn(Page.INVOICE, member_of(books), invoice)

    assert f"<dt>PO number</dt><dd><bdi>{told}</bdi></dd>" in text


def test_a_payment_says_its_id_and_what_is_unapplied_there(books):
    payment = pay(books, linked(books), "100.00")
    books.sync()

    text = drawn(Page.PAYMENT, member_of(books), payment)

    assert f"<dt>QuickBooks id</dt><dd>{books.theirs(payment)['Id']}</dd>" in text
    assert "<dt>Total there</dt><dd>100.00</dd>" in text
    assert "Compare" in text


def test_a_service_item_that_was_left_out_can_be_found_or_created(books):
    item = make_item(books)
    left_out(books, "service_item", item.pk, item.name)

    page = words(browser_of(books), reverse("billing:item", args=[item.pk]))

    assert "Not linked. It doesn't sync." in page
    assert reverse("integrations:find", args=["service_item", item.pk]) in page
    assert reverse("integrations:create_there", args=["service_item", item.pk]) in page


def test_a_payment_can_be_looked_for_among_those_of_its_amount(books):
    invoice = linked(books)
    payment = pay(books, invoice, "100.00")
    left_out(books, "payment", payment.pk, "Payment of 100.00")
    books.quickbooks.act(
        "receive_payment",
        entity="Payment",
        fields={"invoices": [books.link_of(invoice).remote_id], "amount": 100},
    )
    books.sync(feed=True)

    page = words(browser_of(books), reverse("integrations:find", args=["payment", payment.pk]))

    assert "Same amount" in page
    assert "Look in QuickBooks" not in page


@pytest.mark.django_db
def test_a_draft_says_when_it_goes_there(client: Client, firm, admin):
    make_connection(firm, billing_synced_at="2026-11-01T00:00Z")
    invoice = make_invoice(firm, status="draft")

    assert "A draft stays here." in drawn(Page.INVOICE, admin, invoice)


@pytest.mark.django_db
def test_in_push_only_a_service_item_says_that_it_does_not_sync(firm, admin):
    make_connection(
        firm, profile="push_only", billing_synced_at="2026-11-01T00:00Z", defaults=DEFAULTS
    )

    text = drawn(Page.ITEM, admin, make_service_item(firm))

    assert "each line goes out on Gardening" in text
    assert "Create in QuickBooks" not in text


@pytest.mark.django_db
def test_without_a_connection_nothing_is_drawn(firm, admin):
    invoice = make_invoice(firm)

    assert drawn(Page.INVOICE, admin, invoice) == ""
    assert drawn(Page.VOID, admin, invoice) == ""


@pytest.mark.django_db
def test_a_connection_of_another_firm_shows_nothing(firm, admin):
    make_connection(make_firm())

    assert drawn(Page.INVOICE, admin, make_invoice(firm)) == ""


@pytest.mark.parametrize(("rule", "word"), [("void", "voided"), ("delete", "deleted")])
def test_the_dialog_to_void_says_what_happens_there(books, rule, word):
    invoice = linked(books)
    Connection.objects.update(void_rule=rule)

    page = words(browser_of(books), reverse("billing:invoice_void", args=[invoice.pk]))

    assert f"<b>{word}</b>" in page


# -- The editor ------------------------------------------------------------------------------------


def edited(world: World, contact=None, items=(), **more) -> Edited:
    values = {"invoice": None, "number": "INV-7", **more}
    return Edited(contact=contact, service_items=list(items), **values)


def test_the_editor_says_beforehand_what_will_be_written(books):
    send_our_numbers(books)
    contact = books.linked("Quist Boats")
    synced = make_item(books)
    books.sync()
    new = make_item(books, "Dredging")

    text = drawn(Page.EDITOR, member_of(books), edited(books, contact, [synced.pk, new.pk, None]))

    assert "Quist Boats, linked with this contact." in text
    assert "Lines 1, 2</dt>" in text
    assert "With its own service item" in text
    assert "Line 3</dt>" in text
    assert "on Gardening, the default service" in text
    assert "INV-7, as here." in text
    assert "Stays here: your QuickBooks company has no PO number field." in text
    assert "Would wait" not in text


def test_what_holds_the_invoice_is_said_with_its_remedy(books):
    contact = books.create("Quist Boats")
    left_out(books, "contact", contact.pk, "Quist Boats")
    item = make_item(books)
    left_out(books, "service_item", item.pk, item.name)

    text = drawn(Page.EDITOR, member_of(books), edited(books, contact, [None, item.pk, item.pk]))

    assert "Would wait" in text
    assert "Quist Boats isn't synced. That holds the invoice." in text
    assert "Lines 2, 3</dt>" in text
    assert "Mooring hour isn't synced." in text
    assert reverse("integrations:find", args=["service_item", item.pk]) in text
    assert reverse("integrations:find", args=["contact", contact.pk]) in text
    assert "<form" not in text  # it stands inside the editor's form


def test_the_editor_page_shows_the_panel(books):
    made = draft(books, books.create("Quist Boats"), make_item(books))

    page = words(browser_of(books), reverse("billing:invoice_edit", args=[made.pk]))

    assert ">In QuickBooks</h2>" in page
    assert "A new customer, Quist Boats, is created first." in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("preferences", "rule", "told"),
    [
        ({}, "ours", "QuickBooks gives it its own."),
        ({"own_numbers": False}, "ours", "QuickBooks gives it its own."),
        ({"own_numbers": True}, "ours", "INV-7, as here."),
        ({"own_numbers": True}, "theirs", "it stays blank there until somebody types one"),
    ],
)
def test_who_numbers_it_follows_the_preference_and_the_rule(firm, admin, preferences, rule, told):
    make_connection(
        firm,
        billing_synced_at="2026-11-01T00:00Z",
        number_rule=rule,
        company_facts={"preferences": preferences},
    )
    told_of = Edited(invoice=None, contact=None, number="INV-7", service_items=[])

    assert told in drawn(Page.EDITOR, admin, told_of)


@pytest.mark.django_db
def test_what_is_switched_off_there_is_said_before_it_is_refused(firm, admin):
    facts = {"preferences": {"sales_tax": False, "discounts": False, "custom_fields": ["PO no"]}}
    make_connection(firm, billing_synced_at="2026-11-01T00:00Z", company_facts=facts)
    told_of = Edited(invoice=None, contact=None, number="INV-7", service_items=[None])

    text = drawn(Page.EDITOR, admin, told_of)

    assert "Sales tax is off there" in text
    assert "Discounts are off there" in text
    assert "Goes into PO no." in text
    assert "no default service is chosen. That holds the invoice." in text
    assert reverse("integrations:rules") in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("q@quist.test", "The customer with q@quist.test; if there is none, a new one."),
        ("", "it has no email to find one by"),
    ],
)
def test_in_push_only_the_customer_is_found_by_email(firm, admin, email, told):
    make_connection(
        firm, profile="push_only", billing_synced_at="2026-11-01T00:00Z", defaults=DEFAULTS
    )
    contact = make_contact(firm, display_name="Quist Boats", email=email)
    told_of = Edited(invoice=None, contact=contact, number="INV-7", service_items=[1, 2])

    text = drawn(Page.EDITOR, admin, told_of)

    assert told in text
    assert "All on Gardening, the default service." in text


@pytest.mark.django_db
def test_the_panel_of_the_editor_takes_the_same_queries_however_many_lines(firm, admin):
    connection = make_connection(firm, billing_synced_at="2026-11-01T00:00Z")
    items = [make_service_item(firm) for _ in range(20)]
    for item in items:
        make_link(
            connection,
            entity="service_item",
            local_id=item.pk,
            label=item.name,
            state=Link.State.LEFT_OUT,
        )

    def queries(number: int) -> int:
        ids = [item.pk for item in items[:number]]
        told_of = Edited(invoice=None, contact=None, number="1", service_items=ids)
        with CaptureQueriesContext(database) as counted:
            drawn(Page.EDITOR, admin, told_of)
        return len(counted)

    assert queries(1) == queries(20) <= 5


@pytest.mark.django_db
def test_who_may_not_manage_sees_why_the_buttons_do_nothing(firm):
    connection = make_connection(firm, billing_synced_at="2026-11-01T00:00Z")
    invoice = make_invoice(firm)
    make_link(
        connection, entity="invoice", local_id=invoice.pk, label=invoice.number, state="left_out"
    )
    member = make_member(firm, role="Staff accountant", permissions=STAFF)

    text = drawn(Page.INVOICE, member, invoice)

    assert 'aria-describedby="books-look"' in text
    assert "Matching needs the Manage Integrations permission." in text


@pytest.mark.django_db
def test_odd_names_are_harmless_in_the_panels(firm, admin):
    connection = make_connection(firm, billing_synced_at="2026-11-01T00:00Z")
    invoice = make_invoice(
        firm, lines=[LineInput(description="x", quantity=Decimal(1), rate=Decimal(1))]
    )
    link = make_link(connection, entity="invoice", local_id=invoice.pk, label="1", state="linked")
    hostile = "<script>alert(1)</script>"
    Link.objects.filter(pk=link.pk).update(
        facts={"number": hostile, "memo": hostile, "total": "1", "balance": "oops"}
    )

    text = drawn(Page.INVOICE, admin, invoice)

    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 2
