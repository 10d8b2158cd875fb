"""Every address about QuickBooks, with every kind of caller. What each needs is decided here."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from firms.permissions import ADMIN, Permission
from integrations.models import (
    Activity,
    AgreementRun,
    Connection,
    Issue,
    Link,
    MatchProposal,
    Setup,
)
from tests.api.conftest import Program, Shelf
from tests.api.test_frame import problem
from tests.api.test_routes import api_routes
from tests.factories import connect, make_contact, make_firm, make_member
from tests.integrations.web.rows import make_connection, make_issue, make_link
from tests.quickbooks import Emulator

PREFIX = "integrations/quickbooks/"
CONTACT = object()  # the id of the house's
VIEW, MANAGE = Permission.VIEW_ONLY, Permission.MANAGE_INTEGRATIONS
# What is asked or sent, the permission it needs, and the status an admin gets in `House`: a
# connected company, its contacts read and not yet synced.
CALLS: dict[tuple[str, str], tuple[Any, Permission, int]] = {
    ("", "get"): ({}, VIEW, 200),
    ("preflight/", "get"): ({}, VIEW, 200),
    ("connect/", "post"): ({}, MANAGE, 200),
    ("connect/finish/", "post"): ({"state": "x", "code": "x", "realm_id": "1"}, MANAGE, 422),
    ("connect/other-company/", "post"): ({"decision": "keep"}, MANAGE, 409),
    ("disconnect/", "post"): ({"links": "keep"}, MANAGE, 200),
    ("sync-now/", "post"): ({}, MANAGE, 200),
    ("pause/", "post"): ({}, MANAGE, 200),
    ("resume/", "post"): ({}, MANAGE, 200),
    ("release/", "post"): ({}, MANAGE, 200),
    ("rules/", "get"): ({}, VIEW, 200),
    ("rules/", "patch"): ({"void_rule": "delete"}, MANAGE, 200),
    ("rules/choices/", "get"): ({}, VIEW, 200),
    ("rules/read-lists/", "post"): ({}, MANAGE, 200),
    ("rules/both-ways/", "post"): ({}, MANAGE, 409),
    ("rules/one-way/", "post"): ({}, MANAGE, 200),
    ("turn-on/", "post"): ({"service_item": "6"}, MANAGE, 409),
    ("turn-on/service/", "post"): ({"name": "Sales", "income_account": "1"}, MANAGE, 422),
    ("test-invoice/", "get"): ({}, VIEW, 200),
    ("test-invoice/", "post"): ({}, MANAGE, 409),
    ("issues/", "get"): ({}, VIEW, 200),
    ("issues/retry-all/", "post"): ({}, MANAGE, 200),
    ("issues/resolve/", "post"): ({"kind": "refused", "action": "retry"}, MANAGE, 200),
    ("issues/<int:pk>/", "get"): ({}, VIEW, 200),
    ("issues/<int:pk>/decide/", "post"): (
        {"decisions": [{"group": "phone", "keep": "ours", "loses": {}}]}, MANAGE, 422,
    ),
    ("issues/<int:pk>/undo/", "post"): ({}, MANAGE, 409),
    ("issues/<int:pk>/retry/", "post"): ({}, MANAGE, 200),
    ("issues/<int:pk>/ignore/", "post"): ({"reason": "Old"}, MANAGE, 200),
    ("issues/<int:pk>/resolve/", "post"): ({"action": "retry"}, MANAGE, 200),
    ("activity/", "get"): ({}, VIEW, 200),
    ("activity/<uuid:pk>/", "get"): ({}, VIEW, 200),
    ("links/", "get"): ({}, VIEW, 200),
    ("links/match/", "post"): (
        {"entity": "contact", "ours_id": CONTACT, "quickbooks_id": "1"}, MANAGE, 409,
    ),
    ("links/candidates/", "get"): ({"entity": "contact", "ours_id": CONTACT}, VIEW, 200),
    ("links/<int:pk>/", "get"): ({}, VIEW, 200),
    ("links/<int:pk>/create/", "post"): ({}, MANAGE, 409),
    ("links/<int:pk>/sync-now/", "post"): ({}, VIEW, 202),  # as on the pages: it decides nothing
    ("links/<int:pk>/unmatch/", "post"): ({}, MANAGE, 200),
    ("agreement/", "get"): ({}, VIEW, 200),
    ("agreement/", "post"): ({}, MANAGE, 202),
    ("agreement/rows/", "get"): ({}, VIEW, 200),
    ("setup/", "get"): ({}, MANAGE, 200),
    ("setup/restart/", "post"): ({}, MANAGE, 200),
    ("setup/finish/", "post"): ({}, MANAGE, 409),
    ("setup/contacts/customers/", "get"): ({}, MANAGE, 200),
    ("setup/contacts/plan/", "get"): ({}, MANAGE, 200),
    ("setup/contacts/sync/", "post"): ({"digest": "x"}, MANAGE, 409),
    ("setup/services/skip/", "post"): ({}, MANAGE, 409),
    ("setup/services/offers/", "get"): ({}, MANAGE, 409),
    ("setup/services/plan/", "get"): ({"income_account": "1", "start": "all"}, MANAGE, 409),
    ("setup/services/sync/", "post"): (
        {"digest": "x", "income_account": "1", "start": "all"}, MANAGE, 409,
    ),
    ("setup/services/rows/<int:pk>/use-theirs/", "post"): ({"version": 1}, MANAGE, 409),
    ("setup/<str:half>/", "get"): ({}, MANAGE, 200),
    ("setup/<str:half>/start/", "post"): ({"which": "all"}, MANAGE, 202),
    ("setup/<str:half>/stop/", "post"): ({}, MANAGE, 409),
    ("setup/<str:half>/again/", "post"): ({}, MANAGE, 202),
    ("setup/<str:half>/carry-on/", "post"): ({}, MANAGE, 409),
    ("setup/<str:half>/check-again/", "post"): ({}, MANAGE, 409),
    ("setup/<str:half>/report/", "get"): ({}, MANAGE, 409),
    ("setup/<str:half>/undo/", "post"): (
        {"what": "new", "decided_at": "2026-11-22T10:00:00Z"}, MANAGE, 200,
    ),
    ("setup/<str:half>/lists/<str:name>/", "get"): ({}, MANAGE, 200),
    ("setup/<str:half>/lists/<str:name>/seen/", "post"): ({}, MANAGE, 200),
    ("setup/<str:half>/lists/<str:name>/decide/", "post"): (
        {"decision": "leave_out", "all": True}, MANAGE, 200,
    ),
    ("setup/<str:half>/rows/<int:pk>/candidates/", "get"): ({"q": "a"}, MANAGE, 200),
    ("setup/<str:half>/rows/<int:pk>/match/", "post"): ({"quickbooks_id": "1"}, MANAGE, 409),
}  # fmt: skip
ODD = ("\x00", 10**40, [], {}, None, -1, "é" * 3000)
pytestmark = pytest.mark.django_db


def calls() -> list[tuple[str, str]]:
    return [
        (pattern.removeprefix(f"api/v1/{PREFIX}"), method)
        for pattern, view in api_routes(get_resolver())
        for method in ("get", "post", "patch", "put", "delete")
        if hasattr(view, method) and pattern.startswith(f"api/v1/{PREFIX}")
    ]


class House:
    """A firm whose contacts are being set up, with one of everything."""

    token = ""

    def __init__(self, connection: Connection, shelf: Shelf) -> None:
        self.firm, self.connection, self.shelf = connection.firm, connection, shelf
        self.admin = make_member(self.firm)
        self.contact = make_contact(self.firm)
        link = make_link(connection, self.contact)
        issue = make_issue(link, kind=Issue.Kind.REFUSED)
        now = timezone.now()
        setup, _ = Setup.objects.get_or_create(
            connection=connection, is_current=True, defaults={"firm": self.firm, "started_at": now}
        )
        Setup.objects.filter(pk=setup.pk).update(
            import_state="done", matched_at=now, confirmed_at=None, worked_off_at=None
        )
        row = MatchProposal.objects.create(
            setup=setup, entity="contact", list="unmatched", sort_key="a",
            local_id=self.contact.pk, local_label="Ada",
        )  # fmt: skip
        entry = Activity.objects.create(
            at=now, connection_id=connection.pk, firm_id=self.firm.pk, direction="here",
            result="done", title="Connected",
        )  # fmt: skip
        self.ids = {"issues": issue.pk, "links": link.pk, "activity": entry.id, "setup": row.pk}

    def address(self, pattern: str) -> str:
        pk = self.ids.get(pattern.partition("/")[0], 0)
        named = pattern.replace("<str:half>", "contacts").replace("<str:name>", "unmatched")
        return f"/{PREFIX}" + named.replace("<int:pk>", str(pk)).replace("<uuid:pk>", str(pk))

    def sent(self, pattern: str, method: str) -> dict[str, Any]:
        given = CALLS[pattern, method][0]
        return {name: self.contact.pk if each is CONTACT else each for name, each in given.items()}

    def program(self, permissions: Any = ADMIN) -> Program:
        return Program(self.shelf.make(self.admin, permissions))


def call(program: Program, house: House, pattern: str, method: str) -> Any:
    options = {} if method == "get" else {"headers": {"If-Match": "*"}}
    sent = house.sent(pattern, method)
    return getattr(program, method)(house.address(pattern), sent, **options)


@pytest.fixture
def house(qbo: Emulator, shelf: Shelf) -> House:
    return House(connect(make_firm(), qbo.base_url), shelf)


def test_the_table_has_every_call():
    assert set(calls()) == set(CALLS)


@pytest.mark.parametrize(("pattern", "method"), CALLS)
def test_an_admins_token_is_answered_as_decided(pattern, method, house):
    response = call(house.program(), house, pattern, method)

    assert response.status_code == CALLS[pattern, method][2], response.content


@pytest.mark.parametrize(("pattern", "method"), CALLS)
def test_a_token_without_the_permission_may_not(pattern, method, house):
    program = house.program(set(ADMIN) - {CALLS[pattern, method][1]})

    response = call(program, house, pattern, method)

    assert (response.status_code, problem(response)["code"]) == (403, "not_allowed")


def test_nobody_may_do_any_of_it(house):
    stranger = Program("")
    stranger.client = Client()

    answers = {each: call(stranger, house, *each).status_code for each in CALLS}

    assert set(answers.values()) == {401}, answers


def test_a_token_of_another_firm_changes_nothing_and_sees_no_record(house, shelf):
    """With the ids of this house, from a house of its own."""
    other = House(make_connection(make_firm()), shelf).program()
    before = state_of(house)
    with_ids = [each for each in CALLS if "pk>" in each[0] and "services" not in each[0]]

    answers = {each: call(other, house, *each).status_code for each in with_ids}

    assert set(answers.values()) == {404}, answers
    assert state_of(house) == before


def test_whoever_may_not_changes_nothing(house):
    before = state_of(house)
    viewer = house.program([VIEW])

    for pattern, method in CALLS:
        if method != "get" and CALLS[pattern, method][1] is MANAGE:
            call(viewer, house, pattern, method)

    assert state_of(house) == before


@pytest.mark.parametrize(("pattern", "method"), CALLS)
def test_what_makes_no_sense_is_refused(pattern, method, house):
    """Unknown names, zero bytes, numbers beyond any column: a problem, never a fault of ours."""
    program, address = house.program(), house.address(pattern)
    given = house.sent(pattern, method)
    odd = [{"no_such_field": 1}]
    for name in given:
        odd += [{**given, name: value} for value in ODD if method != "get" or value is not None]

    for sent in odd:
        if method == "get":
            response = program.get(address, sent)
        else:
            response = getattr(program, method)(address, sent, headers={"If-Match": "*"})
            assert response.status_code >= 400 or "no_such_field" not in sent, response.content
        assert response.status_code < 500, (sent, response.content)


def state_of(house: House) -> list[Any]:
    """What could be changed: rows of the firm, without the moments at which they were read."""
    rows = (Connection, Link, Issue, Setup, MatchProposal, AgreementRun, Activity)
    return [list(each.objects.order_by("pk").values()) for each in rows]
