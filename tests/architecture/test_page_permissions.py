"""Which permission each page asks for. Pages are found in the URL map: a new one needs a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from firms.permissions import Permission
from tests.architecture.service_calls import House
from tests.architecture.test_pages import OPEN, address, pages
from tests.factories import make_member

pytestmark = pytest.mark.django_db

VIEW = Permission.VIEW_ONLY
# A page is opened and used with the permission; "" is the first page.
NEEDS: dict[Permission, str] = {
    Permission.MANAGE_TEAM: """
        settings/firm/
        settings/team/invite/
        settings/team/roles/
        settings/team/roles/new/
        settings/team/roles/<int:pk>/
        settings/team/roles/<int:pk>/delete/
        settings/team/<int:pk>/role/
        settings/team/<int:pk>/remove/
        settings/audit-log/
        settings/audit-log/export.csv
    """,
    Permission.MANAGE_CONTACTS: """
        contacts/new/
        contacts/import/
        contacts/import/<int:pk>/
        contacts/<int:pk>/edit/
        contacts/<int:pk>/archive/
        contacts/<int:pk>/merge/
        contacts/<int:pk>/restore/
    """,
    Permission.MANAGE_SERVICE_ITEMS: """
        service-items/new/
        service-items/<int:pk>/edit/
        service-items/<int:pk>/archive/
        service-items/<int:pk>/restore/
    """,
    Permission.EDIT_INVOICES: """
        invoices/<int:pk>/send/
        invoices/<int:pk>/mark-sent/
        invoices/<int:pk>/void/
        invoices/<int:pk>/duplicate/
        invoices/<int:pk>/delete/
        invoices/new/
        invoices/<int:pk>/edit/
        invoices/options/contacts/
        invoices/options/items/
        invoices/settings/numbering/
        invoices/settings/tax-rates/new/
        invoices/settings/tax-rates/<int:pk>/
        settings/integrations/qbo/numbers/use/
    """,
    Permission.RECORD_PAYMENTS: """
        invoices/<int:pk>/payments/new/
        payments/new/
        payments/<int:pk>/edit/
        payments/<int:pk>/void/
    """,
    Permission.MANAGE_INTEGRATIONS: """
        settings/integrations/qbo/setup/
        settings/integrations/qbo/setup/contacts/
        settings/integrations/qbo/setup/contacts/progress/
        settings/integrations/qbo/setup/contacts/progress/stop/
        settings/integrations/qbo/setup/contacts/progress/again/
        settings/integrations/qbo/setup/contacts/progress/carry-on/
        settings/integrations/qbo/setup/contacts/check-again/
        settings/integrations/qbo/setup/contacts/sync/
        settings/integrations/qbo/setup/contacts/sync/plan.csv
        settings/integrations/qbo/setup/contacts/row/<int:row_id>/find/
        settings/integrations/qbo/setup/contacts/<slug:name>/
        settings/integrations/qbo/setup/services/
        settings/integrations/qbo/setup/services/skip/
        settings/integrations/qbo/setup/services/progress/
        settings/integrations/qbo/setup/services/progress/stop/
        settings/integrations/qbo/setup/services/progress/again/
        settings/integrations/qbo/setup/services/progress/carry-on/
        settings/integrations/qbo/setup/services/check-again/
        settings/integrations/qbo/setup/services/sync/
        settings/integrations/qbo/setup/services/sync/older/<slug:side>/
        settings/integrations/qbo/setup/services/sync/link/<int:row_id>/
        settings/integrations/qbo/setup/services/sync/plan.csv
        settings/integrations/qbo/setup/services/row/<int:row_id>/find/
        settings/integrations/qbo/setup/services/row/<int:row_id>/theirs/
        settings/integrations/qbo/setup/services/report/
        settings/integrations/qbo/setup/services/report.csv
        settings/integrations/qbo/setup/services/<slug:name>/
        settings/integrations/qbo/setup/finish/
        settings/integrations/qbo/setup/report/
        settings/integrations/qbo/setup/report.csv
        settings/integrations/qbo/connect/
        settings/integrations/qbo/callback/
        settings/integrations/qbo/other-company/
        settings/integrations/qbo/sync-now/
        settings/integrations/qbo/pause/
        settings/integrations/qbo/resume/
        settings/integrations/qbo/release/
        settings/integrations/qbo/rules/read/
        settings/integrations/qbo/numbers/check/
        settings/integrations/qbo/rules/both-ways/
        settings/integrations/qbo/rules/one-way/
        settings/integrations/qbo/turn-on/
        settings/integrations/qbo/turn-on/new-service/
        settings/integrations/qbo/test-invoice/make/
        settings/integrations/qbo/disconnect/
        settings/integrations/qbo/restart/
        settings/integrations/qbo/reconnect/
        settings/integrations/qbo/agreement/compare/
        settings/integrations/qbo/issues/retry-all/
        settings/integrations/qbo/issues/<int:pk>/undo/
        settings/integrations/qbo/issues/<int:pk>/retry/
        settings/integrations/qbo/issues/<int:pk>/choose/
        settings/integrations/qbo/issues/<int:pk>/same-payment/
        settings/integrations/qbo/issues/<int:pk>/pick/
        settings/integrations/qbo/issues/<int:pk>/archive/
        settings/integrations/qbo/issues/<int:pk>/unmatch/
        settings/integrations/qbo/left-out/create/
        settings/integrations/qbo/<entity>/<int:local_id>/match/
        settings/integrations/qbo/<entity>/<int:local_id>/create/
        settings/integrations/qbo/pairs/<int:pk>/unmatch/
    """,
}
# Everybody of the firm opens these, and there is nothing to change on them, or only one's own.
ANYBODY = """
    (first)
    switch-firm/
    settings/team/
    settings/plan/
    settings/api-tokens/
    settings/api-tokens/new/
    contacts/
    contacts/parents/
    contacts/import/template.csv
    contacts/export.csv
    contacts/<int:pk>/
    service-items/
    service-items/<int:pk>/
    invoices/
    invoices/<int:pk>/
    invoices/<int:pk>/pdf
    payments/
    payments/<int:pk>/
    invoices/settings/
    settings/integrations/
    settings/integrations/add/
    settings/integrations/ask-an-admin/
    settings/integrations/qbo/
    settings/integrations/qbo/tiles/
    settings/integrations/qbo/test-invoice/
    settings/integrations/qbo/activity/
    settings/integrations/qbo/activity/export.csv
    settings/integrations/qbo/activity/<uuid:pk>/
    settings/integrations/qbo/agreement/
    settings/integrations/qbo/agreement/export.csv
    settings/integrations/qbo/issues/<int:pk>/
    settings/integrations/qbo/left-out/
    settings/integrations/qbo/<entity>/<int:local_id>/find/
    settings/integrations/qbo/pairs/<int:pk>/sync-now/
    settings/integrations/qbo/pairs/<int:pk>/compare/
    settings/integrations/qbo/pairs/<int:pk>/timeline/
"""
# Why no single permission opens it -> there.
OTHERS = {
    "Each action asks for its own: tests/billing/test_invoice_pages.py.": """
        invoices/bulk/
    """,
    "Everybody may read the rules; `set_rules` asks: test_services.py.": """
        settings/integrations/qbo/rules/
    """,
    "What is sent is read first; the service behind it asks: test_services.py.": """
        settings/integrations/qbo/issues/<int:pk>/decide/
        settings/integrations/qbo/issues/<int:pk>/ignore/
        settings/integrations/qbo/issues/<int:pk>/rename/
        settings/integrations/qbo/issues/<int:pk>/link/
    """,
    "One's own, or another's with Manage Team: tests/firms/test_api_tokens.py.": """
        settings/api-tokens/<int:pk>/revoke/
    """,
}
# These are opened by everybody who may look; the permission is for what they send.
SHOWN_TO_ALL = {
    "settings/firm/",
    "settings/integrations/qbo/connect/",
}
# The permission that a page asks for besides.
ALSO = {
    "settings/integrations/qbo/test-invoice/make/": Permission.EDIT_INVOICES,
    "settings/integrations/qbo/issues/<int:pk>/archive/": Permission.MANAGE_CONTACTS,
}
REFUSED = 403


def rows(text: str) -> Iterator[str]:
    yield from ("" if each == "(first)" else each for each in text.split())


NEEDED = {page: permission for permission, text in NEEDS.items() for page in rows(text)}


@pytest.fixture
def house(db: None) -> House:
    return House(company_id="1")


def test_every_page_is_decided_on() -> None:
    others = [page for text in OTHERS.values() for page in rows(text)]
    decided = [*NEEDED, *rows(ANYBODY), *others, *OPEN]

    assert sorted(decided) == sorted(set(decided))
    assert set(decided) - set(OPEN) == set(pages()) - set(OPEN), "Say which permission it asks for."


def statuses(client: Any, house: House, page: str, permissions: Any) -> dict[str, int]:
    member = make_member(house.firm, role=f"Tried {len(permissions)}", permissions=permissions)
    client.force_login(member.user)
    where = address(page, house)
    return {method: getattr(client, method)(where).status_code for method in ("get", "post")}


@pytest.mark.parametrize("page", NEEDED)
def test_without_the_permission_it_is_refused(page: str, client: Any, house: House) -> None:
    lacking = set(Permission) - {NEEDED[page]}

    answers = statuses(client, house, page, lacking)

    if page in SHOWN_TO_ALL:
        assert answers.pop("get") in (200, 302)
    assert set(answers.values()) <= {REFUSED, 405}
    assert REFUSED in answers.values()


@pytest.mark.parametrize("page", NEEDED)
def test_with_the_permission_it_is_not(page: str, client: Any, house: House, qbo: Any) -> None:
    held = {VIEW, NEEDED[page], *([ALSO[page]] if page in ALSO else [])}

    assert REFUSED not in statuses(client, house, page, held).values()


@pytest.mark.parametrize("page", list(rows(ANYBODY)))
def test_who_may_look_may_open_the_others(page: str, client: Any, house: House) -> None:
    answers = statuses(client, house, page, [VIEW])

    assert REFUSED not in answers.values()
    assert max(answers.values()) < 500
