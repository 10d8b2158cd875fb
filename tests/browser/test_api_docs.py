"""The pages of the API in a real browser: drawn with files of ours, and able to call."""

from __future__ import annotations

import pytest

from tests.factories import make_firm, make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_description_is_drawn_under_our_policy(open_page, live_server):
    page = open_page()
    complaints, asked = [], []
    page.on("console", lambda each: complaints.append(each.text) if each.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/api/v1/docs/")
    page.get_by_text("Create a contact").first.wait_for()

    assert complaints == []
    assert [each for each in asked if not each.startswith((live_server.url, "data:"))] == []


def test_a_signed_in_person_can_call_from_there(open_page):
    firm = make_firm()
    page = open_page(make_member(firm).user)

    page.goto("/api/v1/docs/#/Terms/list_terms")
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()

    page.get_by_text("Due on receipt").first.wait_for()
