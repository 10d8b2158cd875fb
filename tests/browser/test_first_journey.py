"""The whole way of an admin: connect, look through the lists, sync, and then it just flows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo, a_page, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_an_admin_connects_walks_the_lists_and_syncs(
    browser: Browser, demo: Demo, javascript: bool
):
    with a_page(browser, javascript=javascript) as page:
        sign_in(page, demo)
        _connect(page, demo, javascript=javascript)
        _import_active_contacts(page, javascript=javascript)
        assert not [each for each in demo.ask("log")["calls"] if _is_write(each)]
        _look_through_the_lists(page)
        _sync_contacts(page, javascript=javascript)
        _edit_here_and_find_it_there(page, demo)
        _edit_there_and_find_it_here(page, demo)
        _sync_service_items_and_finish(page, demo, javascript=javascript)
        _bill_and_be_paid_here(page, demo)
        _bill_and_be_paid_there(page, demo)


def _is_write(call: dict[str, Any]) -> bool:
    return call["kind"] in ("create", "update", "inactivate", "delete")


def _connect(page: Page, demo: Demo, *, javascript: bool) -> None:
    page.goto(f"{demo.url}/settings/integrations/")
    connect = page.get_by_role("button", name="Connect")
    if javascript:
        with page.context.expect_page() as opened:
            connect.click()
        quickbooks = opened.value
    else:
        connect.click()
        quickbooks = page
    quickbooks.wait_for_url(lambda url: url.startswith(demo.qbo_url))
    quickbooks.get_by_role("button", name="Sign In").click()
    quickbooks.get_by_role("button", name="Connect").click()
    page.wait_for_url("**/qbo/setup/contacts/")
    expect(page.get_by_text("Connected to Craig's Design").first).to_be_visible()


def _import_active_contacts(page: Page, *, javascript: bool) -> None:
    expect(page.get_by_role("radio", name=re.compile("Active contacts"))).to_be_checked()
    page.get_by_role("button", name="Start").click()
    if javascript:
        page.wait_for_url("**/contacts/matched/", timeout=30_000)
    else:
        until(lambda: _next_is_ready(page), "the import", seconds=30)


def _next_is_ready(page: Page) -> bool:
    page.goto(page.url)
    if "/contacts/matched/" in page.url:
        return True
    following = page.get_by_role("link", name="Next")
    if following.count() and following.first.get_attribute("aria-disabled") != "true":
        following.first.click()
        return True
    return False


def _look_through_the_lists(page: Page) -> None:
    for name in ("Matched", "Unmatched", "Duplicates", "New from QuickBooks"):
        expect(page.get_by_role("heading", level=1)).to_contain_text(name.split()[0].rstrip("s"))
        if name != "New from QuickBooks":
            page.get_by_role("link", name="Next").click()


def _sync_contacts(page: Page, *, javascript: bool) -> None:
    page.get_by_role("link", name="Sync contacts").click()
    page.wait_for_url("**/contacts/sync/")
    _every_cell_is_whole_on_a_telephone(page)
    page.get_by_role("button", name="Sync contacts").click()
    if javascript:
        page.wait_for_url("**/settings/integrations/", timeout=60_000)
    else:
        until(lambda: _is_back(page), "the sync", seconds=60)
    expect(page.get_by_text("Contacts synced with QuickBooks.").first).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_be_visible()
    page.goto(page.url + "qbo/setup/report/")
    expect(page.get_by_text("3 need you.")).to_be_visible()
    _every_cell_is_whole_on_a_telephone(page)


def _every_cell_is_whole_on_a_telephone(page: Page) -> None:
    """None is cut off at the edge of its table or pressed to one letter a line."""
    page.set_viewport_size({"width": 390, "height": 900})
    cells = [cell.bounding_box() for cell in page.locator(".tablewrap tbody td").all()]
    shown = [each for each in cells if each is not None]
    assert shown
    assert max(each["x"] + each["width"] for each in shown) <= 390 - 16
    assert min(each["width"] for each in shown) >= 36  # the spine
    page.set_viewport_size({"width": 1440, "height": 900})


def _is_back(page: Page) -> bool:
    page.goto(page.url)
    return page.url.endswith("/settings/integrations/")


def _edit_here_and_find_it_there(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}/contacts/")
    page.get_by_role("link", name="Amy's Bird Sanctuary").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Phone", exact=True).fill("(650) 555-0101")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/contacts/\d+/$"))
    until(lambda: _phone_of(demo, "Amy's Bird Sanctuary") == "(650) 555-0101", "the edit there")


def _edit_there_and_find_it_here(page: Page, demo: Demo) -> None:
    contact = page.url
    page.goto(f"{demo.qbo_url}/books/customers")
    page.get_by_role("link", name="Amy's Bird Sanctuary").click()
    page.get_by_label("Mobile").fill("(650) 555-0199")
    page.get_by_role("button", name="Save").click()

    def arrived() -> bool:
        page.goto(contact)
        return page.get_by_text("(650) 555-0199").count() > 0

    until(arrived, "the edit to arrive here", seconds=45)


def _sync_service_items_and_finish(page: Page, demo: Demo, *, javascript: bool) -> None:
    page.goto(f"{demo.url}/settings/integrations/")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**/setup/services/")
    _every_cell_is_whole_on_a_telephone(page)
    page.get_by_role("button", name="Start").click()
    _wait_for(page, "/services/matched/", javascript=javascript)
    for _ in range(2):
        page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New from QuickBooks")
    page.get_by_role("link", name="Sync service items").click()
    page.get_by_label("Default income account").select_option(label="Services")
    page.get_by_label("All invoices").check()
    page.get_by_role("button", name="Show what happens").click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    _every_cell_is_whole_on_a_telephone(page)
    page.get_by_role("button", name="Sync service items").click()
    _wait_for(page, "/finish/", javascript=javascript)
    _every_cell_is_whole_on_a_telephone(page)
    page.get_by_role("button", name="Finish").click()
    page.wait_for_url("**/settings/integrations/qbo/")
    expect(page.get_by_text("Created from QuickBooks").first).to_be_visible()


def _bill_and_be_paid_here(page: Page, demo: Demo) -> None:
    """An invoice and its payment go there; void here is void there."""
    before = {each["Id"] for each in demo.objects("Invoice")}
    page.goto(f"{demo.url}/invoices/1/duplicate/")
    page.get_by_role("button", name="Duplicate", exact=True).last.click()
    page.wait_for_url(re.compile(r"/invoices/\d+/"))
    invoice = re.sub(r"(/invoices/\d+/).*", r"\1", page.url)
    page.goto(invoice)
    page.locator("summary[aria-label^=More]").click()
    page.get_by_role("button", name="Mark as sent").click()

    def there() -> dict[str, Any]:
        return next((x for x in demo.objects("Invoice") if x["Id"] not in before), {})

    until(there, "the invoice to arrive there", seconds=45)
    assert there()["TotalAmt"] == 450

    page.goto(invoice)
    page.get_by_role("link", name="Record payment").click()
    page.get_by_role("button", name=re.compile(r"^Record \$")).click()
    until(lambda: there()["Balance"] == 0, "the payment to arrive there", seconds=45)
    page.goto(f"{demo.url}/payments/")
    page.get_by_role("link", name=re.compile("Nov|Dec|Jan")).first.click()
    page.get_by_role("link", name="Void").click()
    page.get_by_role("button", name="Void", exact=False).last.click()
    until(lambda: there()["Balance"] == 450, "the payment to be void there", seconds=45)

    page.goto(f"{invoice}void/")
    page.get_by_role("button", name="Void", exact=False).last.click()
    until(lambda: there()["TotalAmt"] == 0, "the invoice to be void there", seconds=45)


def _bill_and_be_paid_there(page: Page, demo: Demo) -> None:
    """An invoice and its payment come in; void there is void here."""
    amy = next(each["Id"] for each in demo.customers() if each["DisplayName"].startswith("Amy"))
    detail = {"ItemRef": {"value": "4"}, "Qty": 2, "UnitPrice": 75}
    line = {"Amount": 150, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    made = demo.act("create", "Invoice", CustomerRef={"value": amy}, Line=[line])
    page.goto(f"{demo.url}/invoices/?status=all")
    link = page.get_by_role("link", name=made["DocNumber"], exact=True)

    def has_come() -> bool:
        page.goto(page.url)
        return link.count() > 0

    until(has_come, "the invoice to come in", seconds=60)
    link.first.click()
    page.wait_for_url(re.compile(r"/invoices/\d+/$"))
    invoice = page.url
    expect(page.get_by_text("$150.00").first).to_be_visible()

    paid = demo.act("receive_payment", "Payment", invoices=[made["Id"]], amount=150)
    page.goto(invoice)
    _until_shown(page, "Paid")
    demo.act("void", "Payment", paid["Id"])
    _until_shown(page, "Record payment")
    demo.act("void", "Invoice", made["Id"])
    _until_shown(page, "Voided in QuickBooks")


def _until_shown(page: Page, text: str) -> None:
    def is_shown() -> bool:
        page.goto(page.url)
        return page.get_by_text(text).count() > 0

    until(is_shown, f"{text!r} to show here", seconds=60)


def _wait_for(page: Page, part: str, *, javascript: bool) -> None:
    """Scripts move the page on by themselves; without them it is asked for again."""
    if javascript:
        page.wait_for_url(f"**{part}", timeout=60_000)
        return

    def has_come() -> bool:
        page.goto(page.url)
        return part in page.url

    until(has_come, part, seconds=60)


def _phone_of(demo: Demo, name: str) -> str:
    customer = next(each for each in demo.customers() if each["DisplayName"] == name)
    return str(customer.get("PrimaryPhone", {}).get("FreeFormNumber", ""))
