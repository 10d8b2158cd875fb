"""What was found in QuickBooks, in a real browser: axe, widths, and without JavaScript."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from firms.middleware import actor_of
from integrations.sync.access import open_books
from integrations.sync.company_facts import refresh_facts
from integrations.wizard import services
from tests.browser.test_pages import findings
from tests.factories import connect, make_firm, make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ["/settings/integrations/qbo/setup/contacts/", "/settings/integrations/qbo/rules/"]


@pytest.fixture
def admin(qbo):
    """Of a firm that has just connected the sample company."""
    member = make_member(make_firm(), name="Priya Raman")
    connection = connect(member.firm, qbo.base_url, contacts_synced_at=None)
    company = open_books(connection, lane="people").company()
    refresh_facts(connection=connection, company=company, now=timezone.now())
    services.begin_setup(actor=actor_of(member), connection=connection, now=timezone.now())
    return member.user


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_what_was_found_fits_every_width_and_axe_finds_nothing(open_page, admin, width):
    page = open_page(admin, width=width)

    for address in PAGES:
        page.goto(address)
        page.locator("#preflight summary").click()

        expect(page.get_by_role("rowheader", name="Custom transaction numbers")).to_be_visible()
        expect(page.get_by_role("rowheader", name="Home currency")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert findings(page) == []


def test_all_settings_can_be_read_without_javascript(open_page, admin):
    page = open_page(admin, java_script_enabled=False)

    for address in PAGES:
        page.goto(address)
        page.locator("#preflight summary").click()

        expect(page.get_by_role("rowheader", name="Home currency")).to_be_visible()
