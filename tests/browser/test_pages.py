"""Our pages in a real browser: axe, widths, keys, and without JavaScript."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from billing.models import InvoiceMail
from billing.services import invoices, payments
from contacts.models import Contact
from firms import api_tokens
from firms.middleware import actor_of
from firms.models import Firm, User
from firms.permissions import VIEWER, Actor, Permission
from tests.factories import (
    NOW,
    make_contact,
    make_firm,
    make_invoice,
    make_line,
    make_member,
    make_payment,
    make_service_item,
    make_tax_rate,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def firm() -> Firm:
    return make_firm(name="Alder & Finch Accounting")


@pytest.fixture
def admin(firm: Firm) -> User:
    return make_member(firm, name="Priya Raman", email="priya@alderfinch.test").user


@pytest.fixture
def addresses(firm: Firm) -> list[str]:
    """Every page of ours, with text that is hard to lay out."""
    parent = make_contact(firm, display_name="Maple Ridge Dental Group", notes="One\ntwo")
    long = make_contact(
        firm,
        display_name="W" * 500,
        company_name="W" * 100,
        email="w" * 300,
        billing_line1="W" * 500,
        parent_id=parent.pk,
    )
    make_contact(firm, display_name="شركة <script>alert(1)</script>")
    item = make_service_item(
        firm, name="W" * 100, description="W" * 4000, sku="W" * 100, category="W" * 500
    )
    make_service_item(firm, name="<script>alert(1)</script>: hour", rate=Decimal("99999999998.5"))
    member = make_member(firm, role="Viewer", permissions=VIEWER)
    unused = firm.roles.create(name="W" * 80, permissions=list(Permission))
    token, _ = api_tokens.create_token(
        actor=actor_of(make_member(firm, name="W" * 150)),
        firm=firm,
        name="W" * 80,
        permissions=list(Permission),
        expires_at=timezone.now() + timedelta(days=90),
        now=timezone.now(),
    )
    rate = make_tax_rate(firm, "2", "6.7", name="W" * 100)
    words = make_line(
        service_item_id=item.pk, description="W" * 4000, rate=Decimal("99999.1234567")
    )
    bill = {"contact": long, "tax_rate_id": rate.pk, "lines": [words, make_line(kind="text")]}
    draft = make_invoice(firm, status="draft", number="W" * 21, message="W" * 1000, **bill)
    locked = make_invoice(firm, **bill)
    invoices.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=locked.pk,
        line_ids=None,
        credits=[{"kind": "Credit memo", "amount": Decimal(1)}],
        lock_reason="It is linked to an estimate",
        now=NOW,
    )
    void = make_invoice(firm)
    invoices.void_invoice(actor=Actor.for_sync(firm_id=firm.pk), invoice=void, now=NOW)
    service_item = f"/service-items/{item.pk}/"
    contact = f"/contacts/{long.pk}/"
    return [
        "/contacts/",
        "/contacts/?q=nothing&sync=failed",
        contact,
        f"{contact}edit/",
        f"{contact}archive/",
        f"{contact}restore/",
        "/contacts/import/",
        "/service-items/",
        "/service-items/?q=nothing",
        "/service-items/new/",
        service_item,
        f"{service_item}edit/",
        f"{service_item}archive/",
        f"{service_item}restore/",
        "/invoices/new/",
        *(f"/invoices/{each.pk}/edit/" for each in (draft, locked, void)),
        "/invoices/settings/",
        *_addresses_of_invoices(firm, long),
        *_addresses_of_payments(firm, long),
        "/settings/firm/",
        "/settings/team/",
        "/settings/team/invite/",
        f"/settings/team/{member.pk}/role/",
        f"/settings/team/{member.pk}/remove/",
        "/settings/team/roles/",
        "/settings/team/roles/new/",
        f"/settings/team/roles/{unused.pk}/",
        f"/settings/team/roles/{unused.pk}/delete/",
        f"/settings/team/roles/{member.role_id}/delete/",
        "/settings/plan/",
        "/settings/api-tokens/",
        "/settings/api-tokens/new/",
        f"/settings/api-tokens/{token.pk}/revoke/",
        "/settings/audit-log/",
        "/settings/audit-log/?since=yesterday",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/sessions/",
        "/nowhere/",
    ]


def _addresses_of_invoices(firm: Firm, contact: Contact) -> list[str]:
    """A sent one with all there can be on it, and a draft."""
    line = make_line(description="W" * 4000, quantity=Decimal("0.1234567"), rate=Decimal("9999.5"))
    sent = make_invoice(firm, contact=contact, number="M" * 21, message="W" * 1000, lines=[line])
    draft = make_invoice(firm, contact=contact, status="draft")
    invoices.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=sent.pk,
        line_ids=None,
        credits=[{"kind": "W" * 60, "number": "W" * 32, "dated_on": NOW.date(), "amount": 1}],
        lock_reason="W" * 200,
        now=NOW,
    )
    InvoiceMail.objects.create(
        invoice=sent, to="w" * 200, state="failed", error="W" * 500, asked_by="W", asked_at=NOW
    )
    invoice = f"/invoices/{sent.pk}/"
    return [
        "/invoices/?status=all",
        "/invoices/?status=all&pick=page&issued=2026&sync=not_synced",
        "/invoices/?q=nothing",
        invoice,
        f"{invoice}send/",
        f"{invoice}void/",
        f"{invoice}duplicate/",
        f"/invoices/{draft.pk}/",
        f"/invoices/{draft.pk}/delete/",
    ]


def _addresses_of_payments(firm: Firm, contact: Contact) -> list[str]:
    """One with a rest, one that is locked, one that is void; forms of them, and new ones."""
    sync = Actor.for_sync(firm_id=firm.pk)
    bill = make_invoice(firm, contact=contact, number="M" * 20)
    part = {"invoice_id": bill.pk, "amount": Decimal(50)}
    texts = {"method": "W" * 31, "reference": "W" * 100}
    open_one = make_payment(bill, "99999999998.5", parts=[part], **texts)
    locked, void = make_payment(bill, 10), make_payment(bill, 10)
    payments.note_from_books(actor=sync, payment_id=locked.pk, lock_reason="W" * 200, now=NOW)
    payments.void_payment(actor=sync, payment=void, version=1, reason="W" * 500, now=NOW)
    return [
        "/payments/",
        "/payments/?tab=all&received=2026&sync=not_synced",
        "/payments/?q=nothing",
        *(f"/payments/{each.pk}/" for each in (open_one, locked, void)),
        *(f"/payments/{each.pk}/edit/" for each in (open_one, locked, void)),
        *(f"/payments/{each.pk}/void/" for each in (open_one, locked)),
        "/payments/new/",
        f"/payments/new/?contact={contact.pk}",
        f"/invoices/{bill.pk}/payments/new/",
    ]


def findings(page: Page) -> list[str]:
    answer = Axe().run(page, options={"runOnly": RULES}).response
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in answer["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, admin, addresses, theme):
    page = open_page(admin, color_scheme=theme)

    found = {}
    for address in addresses:
        page.goto(address)
        found[address] = findings(page)

    assert {address: each for address, each in found.items() if each} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_where_people_sign_in(open_page, db, theme):
    page = open_page(color_scheme=theme)

    for address in ("/sign-in/", "/accounts/password/reset/"):
        page.goto(address)
        assert findings(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_no_page_scrolls_sideways(open_page, admin, addresses, width):
    page = open_page(admin, width=width)

    widths = {}
    for address in addresses:
        page.goto(address)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")

    assert {address: each for address, each in widths.items() if each > width} == {}


def test_turning_a_page_keeps_the_frame_and_moves_focus_to_the_heading(open_page, admin, firm):
    Contact.objects.bulk_create(
        Contact(firm=firm, display_name=f"Contact {n:04}", created_at=NOW, updated_at=NOW)
        for n in range(301)
    )
    page = open_page(admin)
    page.goto("/contacts/")

    page.keyboard.press("]")

    expect(page.get_by_role("link", name="Contact 0300")).to_be_visible()
    expect(page).to_have_title("Contacts (page 2 of 2) - Canopy Sync")
    expect(page.locator("h1")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("link", name="Contact 0000")).to_be_visible()
    expect(page.locator("nav.side")).to_be_visible()


def test_the_list_searches_while_one_types_and_keeps_the_focus(open_page, admin, firm):
    make_contact(firm, display_name="Maple Ridge")
    make_contact(firm, display_name="Else")
    page = open_page(admin)
    page.goto("/contacts/")

    page.keyboard.press("/")
    page.keyboard.type("maple")

    expect(page.get_by_role("link", name="Else")).to_have_count(0)
    page.keyboard.type(" ridge")
    expect(page).to_have_url("/contacts/?q=maple%20ridge")
    expect(page.get_by_role("link", name="Maple Ridge", exact=True)).to_be_visible()
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("maple ridge")


def test_what_is_typed_while_an_answer_is_on_its_way_is_not_lost(open_page, admin, firm):
    make_contact(firm, display_name="Maple Ridge")
    page = open_page(admin)
    page.goto("/contacts/")
    late = []

    def answer_late(route):
        if not late:
            late.append(route)  # kept until more was typed
        else:
            route.continue_()

    page.route("**/contacts/?q=*", answer_late)
    page.locator("#q").press_sequentially("map")
    expect(page.locator("#list.htmx-request, form.htmx-request")).not_to_have_count(0)
    page.locator("#q").press_sequentially("le")
    late[0].continue_()

    expect(page).to_have_url("/contacts/?q=maple")
    expect(page.locator("#q")).to_have_value("maple")
    expect(page.locator("#q")).to_be_focused()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_contact_is_made_warned_of_and_found_on_a_telephone(open_page, admin, firm, javascript):
    page = open_page(admin, width=390, java_script_enabled=javascript)
    page.goto("/contacts/")
    page.get_by_role("link", name="New contact").first.click()
    page.get_by_label("Display name").fill("Smith: Bob")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("no colon in a display name").first).to_be_visible()
    page.get_by_role("button", name="Save anyway").click()
    expect(page.locator("h1")).to_have_text("Smith: Bob")
    page.locator("summary[aria-label=Menu]").click()
    page.get_by_role("link", name="Contacts").first.click()
    page.get_by_label("Search contacts").fill("smith")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Smith: Bob")).to_be_visible()


def test_signing_in_by_hand_and_switching_to_dark(open_page, admin):
    page = open_page(java_script_enabled=False)
    page.goto("/settings/team/")
    page.get_by_label("Email").fill("priya@alderfinch.test")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()

    expect(page.locator("h1")).to_have_text("Team and roles")
    page.locator("nav.side summary.me").click()
    page.get_by_role("button", name="Dark").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_nothing_on_a_page_breaks_the_rules_for_scripts(open_page, admin, firm):
    contact = make_contact(firm, display_name="<img src=x onerror=alert(1)>")
    page = open_page(admin)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    for address in ("/contacts/", f"/contacts/{contact.pk}/", "/contacts/new/"):
        page.goto(address)

    assert [each for each in said if "preload" not in each] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_token_is_made_seen_once_and_revoked(open_page, admin, width):
    page = open_page(admin, width=width)
    page.goto("/settings/api-tokens/")
    page.get_by_role("link", name="Make a token").first.click()
    page.get_by_label("Name").fill("Payroll")
    page.get_by_role("button", name="Make token").click()
    page.get_by_role("link", name="Choose at least one permission").click()
    page.get_by_label("View Only").check()
    page.get_by_role("button", name="Make token").click()

    text = page.get_by_label("Token", exact=True).input_value()
    assert len(text) == len("canopy_") + 12 + 1 + 43
    assert findings(page) == []
    page.get_by_role("link", name="Done").click()
    assert text not in page.content()
    page.get_by_role("link", name="Revoke Payroll").click()
    page.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
