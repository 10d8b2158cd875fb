"""The invoice editor in a real browser: keys, live totals, saving by itself, no scripts."""

from __future__ import annotations

import re
from decimal import Decimal as D

import pytest
from playwright.sync_api import Page, expect

from billing.models import Invoice
from tests.browser.test_pages import findings
from tests.factories import (
    make_contact,
    make_firm,
    make_member,
    make_service_item,
    make_tax_rate,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def member():
    member = make_member(make_firm(), name="Priya Raman")
    make_contact(member.firm, display_name="Tamarack Brewing Co", email="ap@tamarack.example")
    make_service_item(member.firm, name="Monthly bookkeeping", rate=D(425), is_taxable=True)
    make_service_item(member.firm, name="Payroll, 11 to 25 staff", sku="PR-025", rate=D(310))
    make_tax_rate(member.firm, "6.25", name="State 6.25%")
    return member


def total(page: Page):
    return page.locator("#totals .due")


def choose(page: Page, field: str, text: str, option: str) -> None:
    """By keyboard: type, wait for the list, point at it, take it."""
    page.get_by_label(field, exact=True).press_sequentially(text)
    # The list of all that came with the focus gives way to that of what was typed.
    expect(page.locator(".listbox:visible [role=option]").first).to_contain_text(option)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name=option)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".listbox:visible")).to_have_count(0)


def test_an_invoice_is_made_with_the_keyboard_alone(open_page, member):
    page = open_page(member.user)
    said: list[str] = []
    page.on("console", lambda it: said.append(it.text) if it.type == "error" else None)
    page.goto("/invoices/new/")
    expect(page.get_by_label("Contact", exact=True)).to_be_focused()

    choose(page, "Contact", "tama", "Tamarack Brewing Co")
    expect(page.get_by_text("ap@tamarack.example").last).to_be_visible()
    page.get_by_label("Service item, line 1", exact=True).focus()
    choose(page, "Service item, line 1", "mon", "Monthly bookkeeping")
    expect(page.get_by_label("Rate, line 1")).to_have_value("425.00")
    expect(page.get_by_label("Quantity, line 1")).to_have_value("1")
    expect(total(page)).to_contain_text("425.00")
    page.get_by_label("Rate, line 1").press("Enter")
    expect(page.get_by_label("Service item, line 2", exact=True)).to_be_focused()
    choose(page, "Service item, line 2", "pr-025", "Payroll, 11 to 25 staff")
    expect(total(page)).to_contain_text("735.00")
    page.keyboard.press("Alt+l")
    expect(page.get_by_label("Service item, line 3", exact=True)).to_be_focused()
    page.keyboard.press("Control+Backspace")
    expect(page.get_by_label("Service item, line 3", exact=True)).to_have_count(0)
    page.keyboard.press("Control+s")
    page.wait_for_url("**/edit/")

    invoice = Invoice.objects.get()
    assert (invoice.contact.display_name, invoice.total) == ("Tamarack Brewing Co", D(735))
    assert invoice.lines.count() == 2
    assert said == []


def test_totals_are_live_and_the_draft_saves_itself(open_page, member):
    page = open_page(member.user)
    page.goto("/invoices/new/")
    page.get_by_label("Contact", exact=True).fill("Tamarack Brewing Co")
    page.get_by_label("Quantity, line 1").fill("2")
    page.get_by_label("Rate, line 1").fill("100")
    page.get_by_label("Taxable, line 1").check()
    page.get_by_label("Tax", exact=True).select_option(label="State 6.25%")
    page.get_by_label("Discount", exact=True).fill("10")

    expect(page.locator("#amount-0")).to_have_text("200.00")
    expect(page.locator("#totals")).to_contain_text("(20.00)")
    expect(total(page)).to_contain_text("191.25")
    expect(page.locator("#saved")).to_contain_text("Saved just now")
    page.wait_for_url("**/edit/")
    assert Invoice.objects.get().total == D("191.25")

    page.get_by_label("Rate, line 1").fill("50")
    expect(total(page)).to_contain_text("95.63")
    page.reload()  # before it saved itself again: the address is that of the draft
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoice INV-1001")


def test_choosing_a_tax_exempt_contact_takes_the_tax_off_and_says_why(open_page, member):
    make_contact(member.firm, display_name="Harbor School", is_tax_exempt=True)
    page = open_page(member.user)
    page.goto("/invoices/new/")
    page.get_by_label("Rate, line 1").fill("100")
    page.get_by_label("Taxable, line 1").check()
    page.get_by_label("Tax", exact=True).select_option(label="State 6.25%")
    expect(total(page)).to_contain_text("106.25")

    page.get_by_label("Contact", exact=True).fill("Harbor School")
    expect(page.get_by_text("No tax: Harbor School is tax exempt.")).to_be_visible()
    expect(total(page)).to_contain_text("100.00")
    page.get_by_label("Contact", exact=True).fill("Tamarack Brewing Co")

    expect(page.get_by_label("Tax", exact=True)).to_be_visible()
    expect(total(page)).to_contain_text("106.25")


def test_control_enter_saves_and_goes_on_to_the_e_mail(open_page, member):
    page = open_page(member.user)
    page.goto("/invoices/new/")
    page.get_by_label("Contact", exact=True).fill("Tamarack Brewing Co")
    page.get_by_label("Rate, line 1").fill("100")

    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/send/")

    assert Invoice.objects.get().total == D(100)


def test_an_arrow_opens_the_list_and_enter_in_it_never_saves(open_page, member):
    page = open_page(member.user)
    page.goto("/invoices/new/")
    item = page.get_by_label("Service item, line 1", exact=True)
    item.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="Payroll")).to_be_visible()

    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(item).to_have_value("Payroll, 11 to 25 staff")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="Payroll")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator(".listbox:visible")).to_have_count(0)
    assert page.url.endswith("/invoices/new/")


def test_terms_and_due_date_follow_each_other(open_page, member):
    page = open_page(member.user)
    page.goto("/invoices/new/")
    page.get_by_label("Issue date").fill("Nov 2, 2026")
    due = page.get_by_label("Due date")

    expect(due).to_have_value("Dec 2, 2026")
    page.get_by_label("Terms").select_option(label="Net 10")
    expect(due).to_have_value("Nov 12, 2026")
    due.fill("+45")
    expect(page.get_by_label("Terms")).to_have_value("")


def test_saving_while_it_saves_itself_is_no_conflict_with_oneself(open_page, member):
    page = open_page(member.user)
    page.goto("/invoices/new/")
    page.get_by_label("Contact", exact=True).fill("Tamarack Brewing Co")
    page.get_by_label("Rate, line 1").fill("100")
    expect(page.locator("#saved")).to_contain_text("Saved just now")

    # The next own saving is held back until Save was pressed.
    held = []
    page.route(
        "**/invoices/**",
        lambda route: (
            held.append(route)
            if "do=auto" in (route.request.post_data or "")
            else route.continue_()
        ),
    )
    with page.expect_request(lambda it: "do=auto" in (it.post_data or "")):
        page.get_by_label("Message to the client").fill("Thanks")
    page.get_by_label("Message to the client").press_sequentially(" a lot")
    page.get_by_role("button", name="Save draft").click()
    held[0].continue_()

    expect(page.get_by_text("saved as a draft")).to_be_visible()
    assert Invoice.objects.get().message == "Thanks a lot"


def test_a_double_click_on_save_makes_one_invoice(open_page, member):
    page = open_page(member.user)
    page.goto("/invoices/new/")
    page.get_by_label("Contact", exact=True).fill("Tamarack Brewing Co")
    page.get_by_label("Rate, line 1").fill("100")

    page.get_by_role("button", name="Save draft").dblclick()
    page.wait_for_url("**/edit/")

    assert Invoice.objects.get().version == 1
    page.go_back()  # a form of its own: nothing of the one that was sent is in it
    expect(page.get_by_label("Contact", exact=True)).to_have_value("")
    expect(page.get_by_label("Invoice number")).to_have_value("INV-1002")


def test_without_scripts_an_invoice_is_made_too(open_page, member):
    page = open_page(member.user, java_script_enabled=False)
    page.goto("/invoices/new/")
    page.get_by_label("Contact", exact=True).fill("tamarack brewing co")
    page.get_by_label("Service item, line 1", exact=True).fill("monthly bookkeeping")
    page.get_by_role("button", name="Add line").click()
    page.get_by_label("Description, line 2").fill("Only words")
    page.get_by_role("button", name="Add line").click()
    page.get_by_label("Rate, line 3").fill("5")
    page.get_by_role("button", name="Remove line 3").click()
    page.get_by_role("button", name="Save draft").click()

    page.wait_for_url("**/edit/")
    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.lines.count()) == (D(425), 2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_an_open_list_and_in_a_refused_form(open_page, member, theme):
    page = open_page(member.user, color_scheme=theme)
    page.goto("/invoices/new/")
    page.get_by_label("Service item, line 1", exact=True).press_sequentially("pay")
    expect(page.locator(".listbox:visible [role=option]").first).to_contain_text("Payroll")
    page.keyboard.press("ArrowDown")
    assert findings(page) == []

    page.get_by_label("Quantity, line 1").fill("two")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert findings(page) == []


def test_a_refusal_takes_the_focus_and_names_the_field(open_page, member):
    page = open_page(member.user)
    page.goto("/invoices/new/")
    page.get_by_label("Contact", exact=True).fill("Nobody")
    page.get_by_role("button", name="Save draft").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    page.get_by_role("link", name='No contact is called "Nobody"').click()
    expect(page.get_by_label("Contact", exact=True)).to_be_focused()
