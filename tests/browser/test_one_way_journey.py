"""The whole way of a one-way connection: add the app, turn it on, bill, be paid, void."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo, a_page, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]

HOME = "/settings/integrations/qbo/"
Look = Callable[[str], None]  # what happens at each page: in `make shots` a picture is taken


def nothing(name: str) -> None:
    """Just walk on."""


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_an_admin_adds_the_app_and_what_is_billed_goes_there(
    browser: Browser, demo: Demo, javascript: bool
):
    with a_page(browser, javascript=javascript) as page:
        walk(page, demo, javascript=javascript)


def walk(page: Page, demo: Demo, *, javascript: bool = True, look: Look = nothing) -> None:
    sign_in(page, demo)
    _add_the_app(page, demo, javascript=javascript, look=look)
    _turn_it_on(page, look=look)
    _test_it(page, demo, javascript=javascript, look=look)
    invoice = _bill_a_new_contact(page, demo, look=look)
    _be_paid_and_void_it(page, demo, invoice)
    _nothing_comes_back(page, demo)
    _a_name_that_is_taken_is_held(page, demo, look=look)


def _add_the_app(page: Page, demo: Demo, *, javascript: bool, look: Look) -> None:
    page.goto(f"{demo.url}/settings/integrations/")
    page.get_by_role("link", name="Add an app").click()
    expect(page.get_by_role("heading", name="Internal Apps")).to_be_visible()
    look("add-app")
    add = page.get_by_role("button", name="Add", exact=True)
    quickbooks = page
    if javascript:
        with page.context.expect_page() as opened:
            add.click()
        quickbooks = opened.value
    else:
        add.click()
    quickbooks.wait_for_url(lambda url: url.startswith(demo.qbo_url))
    quickbooks.get_by_role("button", name="Sign In").click()
    quickbooks.get_by_role("button", name="Connect").click()
    page.wait_for_url("**/qbo/turn-on/")
    expect(page.get_by_text("Connected to Craig's Design").first).to_be_visible()


def _turn_it_on(page: Page, *, look: Look) -> None:
    look("turn-on-before-reading")
    page.get_by_role("button", name="Read from QuickBooks").click()
    expect(page.get_by_text("The company has no service called Sales.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Sales")
    page.get_by_label("Income account").select_option(label="Services")
    page.get_by_role("button", name="Make it in QuickBooks").click()
    expect(page.get_by_text("Sales was made in QuickBooks.").first).to_be_visible()
    expect(page.get_by_label("Default service").locator("option:checked")).to_have_text("Sales")
    look("turn-on")
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url(f"**{HOME}")
    expect(page.get_by_text("What is sent from now on goes to QuickBooks.").first).to_be_visible()
    look("one-way-home")


def _test_it(page: Page, demo: Demo, *, javascript: bool, look: Look) -> None:
    page.goto(re.sub(r"/settings/.*", f"{HOME}test-invoice/", page.url))
    before = len(demo.objects("Invoice"))
    page.get_by_role("button", name="Make a test invoice").click()
    look("test-invoice-under-way")
    works = page.get_by_text("The connection works.")
    if javascript:
        expect(works).to_be_visible(timeout=60_000)
    else:
        until(lambda: page.goto(page.url) and works.count(), "the test invoice", seconds=60)
    look("test-invoice")
    assert len(demo.objects("Invoice")) == before


def _bill_a_new_contact(page: Page, demo: Demo, *, look: Look) -> str:
    _new_contact(page, demo, "Harbour Rope Works", "ap@harbourrope.example")
    invoice = _send_an_invoice(page, demo, "Harbour Rope Works", "120")
    until(lambda: _invoice_of(demo, "Harbour Rope Works"), "the invoice there", seconds=45)
    there = _invoice_of(demo, "Harbour Rope Works")
    assert there["TotalAmt"] == 120
    sold = [each for each in there["Line"] if each["DetailType"] == "SalesItemLineDetail"]
    assert {each["SalesItemLineDetail"]["ItemRef"]["name"] for each in sold} == {"Sales"}
    page.goto(invoice)
    look("one-way-invoice")
    return invoice


def _be_paid_and_void_it(page: Page, demo: Demo, invoice: str) -> None:
    page.goto(invoice)
    page.get_by_role("link", name="Record payment").click()
    page.get_by_role("button", name=re.compile(r"^Record \$")).click()
    paid_there = lambda: _invoice_of(demo, "Harbour Rope Works")["Balance"] == 0  # noqa: E731
    until(paid_there, "the payment there", seconds=45)
    page.goto(f"{demo.url}/payments/")
    page.get_by_role("link", name=re.compile("Nov|Dec|Jan")).first.click()
    page.get_by_role("link", name="Void").click()
    page.get_by_role("button", name="Void", exact=False).last.click()
    until(lambda: not paid_there(), "the payment to be void there", seconds=45)
    page.goto(f"{invoice}void/")
    expect(page.get_by_text(re.compile(r"In QuickBooks invoice \d+ is deleted"))).to_be_visible()
    page.get_by_role("button", name="Void", exact=False).last.click()
    until(lambda: not _invoice_of(demo, "Harbour Rope Works"), "it to be deleted", seconds=45)
    page.goto(f"{demo.url}{HOME}activity/")
    expect(page.get_by_text("Deleted in QuickBooks").first).to_be_visible()


def _nothing_comes_back(page: Page, demo: Demo) -> None:
    """What is made there stays there; an invoice sent after it has come through shows that."""
    customer = demo.customers()[0]["Id"]
    detail = {"ItemRef": {"value": "4"}, "Qty": 1, "UnitPrice": 75}
    line = {"Amount": 75, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    made = demo.act("create", "Invoice", CustomerRef={"value": customer}, Line=[line])
    _send_an_invoice(page, demo, "Harbour Rope Works", "80")
    until(lambda: _invoice_of(demo, "Harbour Rope Works"), "the second invoice", seconds=45)
    page.goto(f"{demo.url}/invoices/?status=all")
    expect(page.get_by_role("link", name=made["DocNumber"], exact=True)).to_have_count(0)


def _a_name_that_is_taken_is_held(page: Page, demo: Demo, *, look: Look) -> None:
    demo.act("create", "Customer", DisplayName="Quist Boats")  # of another e-mail address
    _new_contact(page, demo, "Quist Boats", "ap@quist.example")
    _send_an_invoice(page, demo, "Quist Boats", "60")
    clash = page.get_by_text("already has a customer, vendor or employee")
    page.goto(f"{demo.url}{HOME}")
    until(lambda: page.goto(page.url) and clash.count(), "the clash to show", seconds=45)
    look("name-clash")
    expect(page.get_by_role("button", name="Link to existing customer")).to_be_visible()
    expect(page.get_by_role("link", name="Rename contact")).to_be_visible()
    page.get_by_role("button", name="Send with a suffix").click()
    until(lambda: _invoice_of(demo, "Quist Boats (2)"), "the renamed one there", seconds=45)


def _new_contact(page: Page, demo: Demo, name: str, email: str) -> None:
    page.goto(f"{demo.url}/contacts/new/")
    page.get_by_label("Display name").fill(name)
    page.get_by_label("Email", exact=True).first.fill(email)
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_url(re.compile(r"/contacts/\d+/$"))


def _send_an_invoice(page: Page, demo: Demo, contact: str, rate: str) -> str:
    page.goto(f"{demo.url}/invoices/new/")
    page.get_by_label("Contact", exact=True).fill(contact)
    page.get_by_label("Description, line 1").fill("Mooring")
    page.get_by_label("Rate, line 1").fill(rate)
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(re.compile(r"/invoices/\d+/"))
    invoice = re.sub(r"(/invoices/\d+/).*", r"\1", page.url)
    page.goto(invoice)
    page.locator("summary[aria-label^=More]").click()
    page.get_by_role("button", name="Mark as sent").click()
    expect(page.get_by_role("link", name="Record payment")).to_be_visible()
    return invoice


def _invoice_of(demo: Demo, customer: str) -> dict[str, Any]:
    found = demo.objects("Invoice")
    return next((each for each in found if each["CustomerRef"]["name"] == customer), {})
