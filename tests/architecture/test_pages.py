"""Every page, with people who may not use it: nobody, and who may only look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from firms.permissions import VIEWER
from integrations.models import Activity
from tests.architecture.service_calls import House
from tests.architecture.test_services import state
from tests.architecture.test_tenancy import NOT_OURS
from tests.factories import make_member

pytestmark = pytest.mark.django_db

# Why nobody needs to be signed in -> there.
OPEN = {
    "healthz": "it says that we are up",
    "sign-in/": "it is the way in",
    "theme/": "one's own colours",
    "webhooks/quickbooks/": "QuickBooks signs what it sends",
    "api/v1/openapi.json": "the description of the API says nothing of any firm",
    "api/v1/docs/": "nor do its pages",
}
# What who may only look changes all the same, and why.
OWN = {
    "invoices/<int:pk>/pdf": "whoever has the PDF knows the number, so that stays",
    "settings/integrations/ask-an-admin/": "it is how one asks for a permission",
    "settings/integrations/qbo/pairs/<int:pk>/sync-now/": "looks again, and decides nothing",
}
# The beginning of an address -> whose id it has; the first that fits.
IDS = {
    "contacts/import/": "file_id",
    "contacts/": "contact",
    "service-items/": "item",
    "invoices/settings/": "rate",
    "invoices/": "invoice",
    "payments/": "payment",
    "settings/team/roles/": "role",
    "settings/team/": "membership",
    "settings/api-tokens/": "token",
    "settings/integrations/qbo/activity/": "activity",
    "settings/integrations/qbo/issues/": "issue",
    "settings/integrations/qbo/pairs/": "link",
}
# What else stands in an address.
WORDS = {"name": "unmatched", "entity": "contact", "side": "ours"}


def pages(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """The pattern of each page; tests/api/test_routes.py has the addresses of the API."""
    for each in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from pages(each, pattern)
        elif isinstance(each, URLPattern) and not pattern.startswith(NOT_OURS):
            yield from [] if hasattr(each.callback, "cls") else [pattern]


def address(pattern: str, house: House) -> str:
    kind = next((kind for start, kind in IDS.items() if pattern.startswith(start)), "")
    row: Any = {**house.ids, **{name: it.pk for name, it in house.rows.items()}}
    row["activity"] = Activity.objects.get(firm_id=house.firm.pk).id
    values = {**row, "pk": row.get(kind), **WORDS}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), pattern)


@pytest.fixture
def house(db: None) -> House:
    return House(company_id="1")


def test_every_page_asks_who_is_there(client, house):
    """Signed out, all but a few lead to the sign-in, whatever is sent to them."""
    answers = {
        pattern: getattr(client, method)(address(pattern, house))
        for pattern in pages()
        for method in ("get", "post")
        if pattern not in OPEN
    }

    strayed = {
        pattern: answer.status_code
        for pattern, answer in answers.items()
        if answer.status_code != 302 or not answer["Location"].startswith("/sign-in/")
    }
    assert len(answers) > 100
    assert strayed == {}


def test_nothing_changes_by_who_is_signed_out(client, house):
    before = state()

    for pattern in pages():
        for method in ("get", "post"):
            getattr(client, method)(address(pattern, house))

    assert state() == before


@pytest.mark.parametrize("permissions", [VIEWER, ()], ids=["viewer", "no permission"])
def test_nothing_changes_by_who_may_only_look(client, house, permissions):
    client.force_login(make_member(house.firm, role="Tried", permissions=permissions).user)
    before = state()

    faults = {}
    for pattern in pages():
        if pattern in {*OPEN, *OWN}:
            continue
        answers = [
            getattr(client, method)(address(pattern, house)).status_code
            for method in ("get", "post")
        ]
        if max(answers) >= 500:
            faults[pattern] = answers

    assert faults == {}
    assert {model for model, rows in state().items() if rows != before[model]} == set()
