"""After an action, the keyboard goes on with the same action of the next row."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from firms.middleware import actor_of
from integrations.wizard import importing, services
from tests.factories import connect, make_contact, make_firm, make_member
from tests.integrations.web.rows import make_connection, make_issue, make_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def member():
    return make_member(make_firm(), name="Priya Raman")


def press(page: Page, name: str) -> None:
    """With the keyboard: the focus is where it was pressed."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def test_after_a_row_of_a_review_list_comes_the_next_and_at_the_end_the_one_before(
    open_page, qbo, member
):
    for name in ("Amy's Bird Sanctuary", "Cool Cars", "Mark Cho"):
        make_contact(member.firm, display_name=name)
    connection = connect(member.firm, qbo.base_url, contacts_synced_at=None)
    now, actor = timezone.now(), actor_of(member)
    setup = services.begin_setup(actor=actor, connection=connection, now=now)
    services.start_import(actor=actor, setup=setup, which="active", now=now)
    importing.run(setup.pk)
    page = open_page(member.user)
    page.goto("/settings/integrations/qbo/setup/contacts/matched/")

    press(page, "Unmatch Cool Cars")
    expect(page.get_by_role("button", name="Unmatch Mark Cho")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Unmatch Amy's Bird Sanctuary")).to_be_focused()


def test_after_a_card_that_needs_a_person_comes_the_same_button_of_the_next(open_page, member):
    connection = make_connection(member.firm)
    for name in ("Ada", "Ben", "Cleo"):
        link = make_link(connection, make_contact(member.firm, display_name=name))
        make_issue(link, kind="refused")
    page = open_page(member.user)
    page.goto("/settings/integrations/qbo/")
    cards = page.get_by_role("article")

    cards.nth(1).get_by_role("button", name="Retry").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/qbo/#issue-*")

    expect(cards.nth(2).get_by_role("button", name="Retry")).to_be_focused()
