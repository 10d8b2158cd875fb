"""Two contacts are merged in a real browser, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from contacts.models import Contact
from firms.models import Membership
from tests.factories import make_contact, make_firm, make_invoice, make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def member() -> Membership:
    return make_member(make_firm(name="Alder & Finch Accounting"), name="Priya Raman")


@pytest.fixture
def keep(member: Membership) -> Contact:
    return make_contact(member.firm, display_name="Cobalt Cars", phone="555 0100")


@pytest.fixture
def lose(member: Membership) -> Contact:
    lose = make_contact(
        member.firm, display_name="Cobalt Classic Cars", phone="555 0199", email="ada@cobalt.test"
    )
    make_invoice(member.firm, contact=lose, number="INV-7")
    return lose


@pytest.mark.parametrize("java_script", [True, False], ids=["with", "without"])
@pytest.mark.parametrize("width", [1440, 390])
def test_two_contacts_are_merged(open_page, member, keep, lose, java_script, width):
    page = open_page(member.user, width=width, java_script_enabled=java_script)
    said: list[str] = []
    page.on("console", lambda it: said.append(it.text) if it.type == "error" else None)
    page.goto(f"/contacts/{keep.pk}/")
    page.locator("summary[aria-label=More]").click()
    page.get_by_role("link", name="Merge…").click()

    page.get_by_label("Search contacts").fill("classic")
    page.get_by_label("Search contacts").press("Enter")
    page.get_by_role("link", name="Cobalt Classic Cars").click()
    expect(page.get_by_text("1 invoice, 150.00 open")).to_be_visible()
    is_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(is_wide)

    page.get_by_role("row", name="Phone").get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Merge contacts").click()
    page.wait_for_url(f"**/contacts/{keep.pk}/")
    expect(page.get_by_text("Cobalt Classic Cars merged into Cobalt Cars")).to_be_visible()
    expect(page.get_by_role("link", name="INV-7")).to_be_visible()
    keep.refresh_from_db()
    assert (keep.phone, keep.email) == ("555 0199", "ada@cobalt.test")

    page.goto(f"/contacts/{lose.pk}/")
    expect(page.get_by_text("Cobalt Classic Cars was merged into Cobalt Cars")).to_be_visible()
    assert said == []
