"""The pages of an integration with invoices in a real browser: axe, widths, one button pressed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from billing.models import Invoice
from firms.models import Firm, User
from integrations.models import Activity, Connection, Issue, Link, TaxCode
from tests.browser.test_pages import findings
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
from tests.integrations.web.rows import make_connection, make_issue, make_link
from tests.integrations.web.test_rules import LISTS
from tests.world import DEFAULTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Kind = Issue.Kind
SINCE = "2026-11-01T00:00Z"
QBO = "/settings/integrations/qbo/"


@pytest.fixture
def firm() -> Firm:
    return make_firm(name="Alder & Finch Accounting")


@pytest.fixture
def admin(firm: Firm) -> User:
    return make_member(firm, name="Priya Raman", email="priya@alderfinch.test").user


def connect(firm: Firm, **fields: Any) -> Connection:
    facts = {
        **LISTS,
        "home_currency": "USD",
        "country": "US",
        "preferences": {"own_numbers": True, "discounts": True, "custom_fields": []},
    }
    values = {"billing_synced_at": SINCE, "defaults": DEFAULTS, "company_facts": facts}
    return make_connection(firm, **{**values, **fields})


def link_of(connection: Connection, invoice: Invoice, **fields: Any) -> Link:
    facts = {"number": "1047", "total": "300.00", "balance": "120.00", "memo": "Ask\nPeter"}
    values = {"label": invoice.number, "state": "linked", "facts": facts, **fields}
    return make_link(connection, entity="invoice", local_id=invoice.pk, **values)


def needs_a_person(connection: Connection, firm: Firm) -> Link:
    """An open issue of each kind there is of invoices and payments; return an invoice's pair."""
    item = make_service_item(firm, name="Mooring hour by the day and the night")
    contact = make_contact(firm, display_name="Garnet Roofing Company")
    line = make_line(service_item_id=item.pk, description="Berth 7", quantity=Decimal(4))
    invoice = make_invoice(firm, contact=contact, lines=[line], discount_amount=Decimal(10))
    link = link_of(connection, invoice)
    left = make_link(connection, contact, state="left_out", remote_id=None)
    left_item = make_link(
        connection, entity="service_item", local_id=item.pk, label=item.name, state="left_out"
    )
    held = {"blocked_on": left_item.pk, "entity": "service_item"}
    make_issue(
        link,
        kind=Kind.TOTALS_DIFFER,
        sentence="It comes to 290.00 here and to 300.01 in QuickBooks.",
        what_to_do="Compare lines, discount and tax of the two, and change the one that is wrong.",
        detail={"local_total": "290.00", "remote_total": "300.01", "remote_tax": "0.01"},
    )
    make_issue(link, kind=Kind.DUPLICATE_NUMBER, sentence="Its number is taken in QuickBooks.")
    make_issue(link, kind=Kind.HELD, sentence=f"It needs {item.name}.", detail=held)
    make_issue(link, kind=Kind.DELETE_HELD, sentence="It was voided here, but it was paid there.")
    make_issue(link, kind=Kind.BILLED_TWICE, detail={"twin": invoice.pk, "twin_label": "1046"})
    make_issue(link, kind=Kind.DELETED_THERE, sentence="It was deleted in QuickBooks.")
    make_issue(link, kind=Kind.SET_UP, sentence="No tax code is chosen for its tax rate.")
    make_conflict_over_lines(link, item.pk)
    payment = make_payment(invoice, "20.00")
    theirs = make_link(connection, entity="payment", state="undecided", local_id=None)
    candidate = {"id": payment.pk, "label": str(payment), "dated_on": "2026-11-25"}
    make_issue(theirs, kind=Kind.SAME_PAYMENT, detail={"candidates": [candidate]})
    several = [{"id": "5", "label": "Pier One"}, {"id": "6", "label": "W" * 120}]
    make_issue(left, kind=Kind.SEVERAL_MATCHES, detail={"candidates": several})
    return link


def make_conflict_over_lines(link: Link, item_id: int) -> Issue:
    ours = {"kind": "item", "item": item_id, "quantity": "4", "rate": "75", "amount": "300.00"}
    theirs = {**ours, "item": "theirs:12", "item_name": "Dredging", "is_taxable": True}
    fields = [
        {"name": "lines", "label": "Lines", "local": [ours, ours], "remote": [theirs]},
        {"name": "discount_amount", "label": "Discount", "local": "10.00", "remote": ""},
    ]
    group = {"group": "money", "label": "Lines", "local": {}, "remote": {}, "fields": fields}
    return make_issue(
        link,
        kind=Kind.CONFLICT,
        sentence="Changed on both sides since the last sync.",
        what_to_do="",
        detail={"groups": [group], "local_by": "Priya Raman", "remote_by": "Somebody there"},
    )


@pytest.fixture
def both_ways(firm: Firm) -> list[str]:
    connection = connect(firm)
    link = needs_a_person(connection, firm)
    for number in range(2):
        TaxCode.objects.create(
            connection=connection,
            firm=firm,
            remote_id=f"{number}",
            name=f"California {number}",
            parts=[{"name": "CA", "percent": "8"}],
            read_at=NOW,
        )
    make_tax_rate(firm, "2", "6.7", name="W" * 100)
    make_tax_rate(firm, name="State")
    base = {"issued_on": "2026-11-20", "lines": [], "number": "1047", "message": "W" * 300}
    Link.objects.filter(pk=link.pk).update(base=base)
    entry = Activity.objects.create(
        at=NOW,
        connection_id=connection.pk,
        firm_id=firm.pk,
        entity="invoice",
        link_id=link.pk,
        local_id=link.local_id,
        label=link.label,
        direction="sent",
        result="done",
        title="Lines updated in QuickBooks",
        before={"lines": [], "due_on": "2026-12-20"},
        after={"lines": [{"kind": "item", "item_name": "W" * 90, "amount": "9"}]},
    )
    issues = Issue.objects.values_list("pk", flat=True)
    return [
        "/settings/integrations/",
        "/settings/integrations/add/",
        QBO,
        f"{QBO}rules/",
        f"{QBO}rules/one-way/",
        f"{QBO}left-out/",
        f"{QBO}activity/{entry.id}/",
        f"{QBO}invoice/{link.local_id}/find/",
        f"{QBO}pairs/{link.pk}/compare/",
        f"{QBO}pairs/{link.pk}/unmatch/",
        *(f"{QBO}issues/{pk}/" for pk in issues),
        f"/invoices/{link.local_id}/",
        f"/invoices/{link.local_id}/edit/",
        f"/invoices/{link.local_id}/void/",
    ]


@pytest.fixture
def one_way(firm: Firm) -> list[str]:
    connection = connect(firm, profile="push_only", billing_synced_at=None)
    item = make_service_item(firm)
    invoice = make_invoice(firm)
    Activity.objects.create(
        at=NOW,
        connection_id=connection.pk,
        firm_id=firm.pk,
        entity="invoice",
        local_id=invoice.pk,
        label=invoice.number,
        direction="here",
        result="done",
        title="Test invoice made",
    )
    return [
        "/settings/integrations/",
        "/settings/integrations/add/",
        QBO,
        f"{QBO}turn-on/",
        f"{QBO}rules/",
        f"{QBO}rules/both-ways/",
        f"{QBO}test-invoice/",
        f"/service-items/{item.pk}/",
        f"/invoices/{invoice.pk}/",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("way", ["both_ways", "one_way"])
def test_axe_finds_nothing(request, open_page, admin, theme, way):
    page = open_page(admin, color_scheme=theme)

    found = {}
    for address in request.getfixturevalue(way):
        page.goto(address)
        found[address] = findings(page)

    assert {address: each for address, each in found.items() if each} == {}


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 390, 320])
@pytest.mark.parametrize("way", ["both_ways", "one_way"])
def test_no_page_scrolls_sideways(request, open_page, admin, width, way):
    page = open_page(admin, width=width)

    widths = {}
    for address in request.getfixturevalue(way):
        page.goto(address)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")

    assert {address: each for address, each in widths.items() if each > width} == {}


def test_a_choice_is_made_without_scripts(open_page, admin, firm):
    link = link_of(connect(firm), make_invoice(firm))
    issue = make_issue(link, kind=Kind.DUPLICATE_NUMBER, sentence="Its number is taken.")
    page = open_page(admin, java_script_enabled=False)
    page.goto(QBO)

    page.get_by_label("Number in QuickBooks").fill("Q-17")
    page.get_by_role("button", name="Use this number in QuickBooks").click()

    expect(page.get_by_text("Nothing needs you")).to_be_visible()
    issue.refresh_from_db()
    link.refresh_from_db()
    assert (issue.state, link.options) == (Issue.State.RESOLVED, {"number_there": "Q-17"})
