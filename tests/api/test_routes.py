"""Every address of the API, with every kind of caller. The table is made from the addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from firms.permissions import ADMIN, STAFF, VIEWER, Permission
from tests.api.conftest import Program
from tests.factories import (
    make_contact,
    make_firm,
    make_invoice,
    make_member,
    make_payment,
    make_service_item,
    make_tax_rate,
)

BILLING = Permission.EDIT_INVOICES
# What changes something: its body, the permission it needs, and the status when it is done.
CHANGES: dict[tuple[str, str], tuple[Any, Permission, int]] = {
    ("contacts/", "post"): ({"display_name": "New"}, Permission.MANAGE_CONTACTS, 201),
    ("contacts/<int:pk>/", "patch"): ({"phone": "1"}, Permission.MANAGE_CONTACTS, 200),
    ("contacts/<int:pk>/archive/", "post"): ({}, Permission.MANAGE_CONTACTS, 200),
    ("contacts/<int:pk>/restore/", "post"): ({}, Permission.MANAGE_CONTACTS, 200),
    ("contacts/<int:pk>/merge/", "post"): ({"other": "other"}, Permission.MANAGE_CONTACTS, 200),
    ("service-items/", "post"): ({"name": "New"}, Permission.MANAGE_SERVICE_ITEMS, 201),
    ("service-items/<int:pk>/", "patch"): ({"sku": "1"}, Permission.MANAGE_SERVICE_ITEMS, 200),
    ("service-items/<int:pk>/archive/", "post"): ({}, Permission.MANAGE_SERVICE_ITEMS, 200),
    ("service-items/<int:pk>/restore/", "post"): ({}, Permission.MANAGE_SERVICE_ITEMS, 200),
    ("invoices/", "post"): ({"contact_id": "contact", "term_days": 30}, BILLING, 201),
    ("invoices/<int:pk>/", "patch"): ({"message": "Hello"}, BILLING, 200),
    ("invoices/<int:pk>/", "delete"): ({}, BILLING, 204),
    ("invoices/<int:pk>/send/", "post"): ({"to": "ada@example.com"}, BILLING, 202),
    ("invoices/<int:pk>/mark-sent/", "post"): ({}, BILLING, 200),
    ("invoices/<int:pk>/void/", "post"): ({"reason": "Twice"}, BILLING, 200),
    ("invoices/<int:pk>/duplicate/", "post"): ({}, BILLING, 201),
    ("invoices/<int:pk>/payments/", "post"): (
        {"amount": "1.00", "received_on": "2026-11-25"}, Permission.RECORD_PAYMENTS, 201,
    ),
    ("payments/", "post"): (
        {"contact_id": "contact", "amount": "1.00", "received_on": "2026-11-25"},
        Permission.RECORD_PAYMENTS, 201,
    ),
    ("payments/<int:pk>/", "patch"): ({"reference": "1"}, Permission.RECORD_PAYMENTS, 200),
    ("payments/<int:pk>/void/", "post"): ({}, Permission.RECORD_PAYMENTS, 200),
    ("tax-rates/", "post"): (
        {"name": "New", "parts": [{"percent": "8.7"}]}, BILLING, 201,
    ),
    ("tax-rates/<int:pk>/", "patch"): ({"name": "Newer"}, BILLING, 200),
    ("tax-rates/<int:pk>/archive/", "post"): ({}, BILLING, 200),
    ("tax-rates/<int:pk>/restore/", "post"): ({}, BILLING, 200),
}  # fmt: skip
OVERWRITE = {"If-Match": "*"}
# Invoices that these need: sent ones.
OF_SENT = ("invoices/<int:pk>/void/", "invoices/<int:pk>/payments/")


def api_routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Pattern and view of each address under /api/v1/ that a serializer stands behind."""
    for each in resolver.url_patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from api_routes(each, pattern)
        elif pattern.startswith("api/v1/") and hasattr(each.callback, "cls"):
            yield pattern, each.callback.cls


def calls() -> list[tuple[str, str]]:
    return [
        (pattern.removeprefix("api/v1/"), method)
        for pattern, view in api_routes(get_resolver())
        for method in ("get", "post", "patch", "put", "delete")
        if hasattr(view, method) and "quickbooks" not in pattern
    ]


class House:
    """A firm with one of everything, and who may call for it."""

    def __init__(self, shelf: Any) -> None:
        self.firm = make_firm()
        self.shelf = shelf
        self.admin = make_member(self.firm)
        self.contact = make_contact(self.firm, email="ada@example.com")
        self.named = {"contact": self.contact.pk, "other": make_contact(self.firm).pk}
        item = make_service_item(self.firm)
        sent = make_invoice(self.firm, contact=self.contact)
        self.ids = {
            "contacts": self.contact.pk,
            "service-items": item.pk,
            "invoices": make_invoice(self.firm, contact=self.contact, status="draft").pk,
            "payments": make_payment(sent, "10.00").pk,
            "tax-rates": make_tax_rate(self.firm).pk,
        }
        self.sent = sent.pk

    def address(self, pattern: str) -> str:
        kind = pattern.partition("/")[0]
        pk = self.sent if pattern in OF_SENT else self.ids.get(kind, 0)
        return "/" + pattern.replace("<int:pk>", str(pk))

    def body(self, sent: Any) -> Any:
        return {
            name: self.named.get(value, value) if isinstance(value, str) else value
            for name, value in sent.items()
        }

    def program(self, permissions: Any) -> Program:
        return Program(self.shelf.make(self.admin, permissions))


def call(
    program: Program, house: House, pattern: str, method: str, headers: Any = OVERWRITE
) -> Any:
    sent = CHANGES[pattern, method][0] if method != "get" else {}
    options = {} if method == "get" else {"headers": headers}
    return getattr(program, method)(house.address(pattern), house.body(sent), **options)


@pytest.fixture
def house(db: None, shelf: Any) -> House:
    return House(shelf)


def test_the_table_has_every_call_that_changes_something():
    assert {each for each in calls() if each[1] != "get"} == set(CHANGES)
    assert len(calls()) >= 35


@pytest.mark.parametrize(("pattern", "method"), calls())
def test_an_admins_token_may_do_it(pattern, method, house):
    response = call(house.program(ADMIN), house, pattern, method)

    wanted = 200 if method == "get" else CHANGES[pattern, method][2]
    assert response.status_code == wanted, response.content


@pytest.mark.parametrize(("pattern", "method"), calls())
@pytest.mark.parametrize("role", [STAFF, VIEWER], ids=["staff", "viewer"])
def test_a_role_may_do_what_its_permissions_say(pattern, method, role, house):
    response = call(house.program(role), house, pattern, method)

    needed = Permission.VIEW_ONLY if method == "get" else CHANGES[pattern, method][1]
    if needed in role:
        assert response.status_code < 300, response.content
    else:
        assert (response.status_code, response.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(("pattern", "method"), calls())
def test_a_token_without_the_permission_may_not(pattern, method, house):
    needed = Permission.VIEW_ONLY if method == "get" else CHANGES[pattern, method][1]

    response = call(house.program(set(ADMIN) - {needed}), house, pattern, method)

    assert (response.status_code, response.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(("pattern", "method"), calls())
def test_nobody_may_do_it(pattern, method, house):
    stranger = Program("")
    stranger.client = Client()

    response = call(stranger, house, pattern, method)

    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize(("pattern", "method"), [each for each in calls() if "<int:pk>" in each[0]])
def test_a_record_of_another_firm_is_not_there(pattern, method, house, shelf):
    stranger = House(shelf).program(ADMIN)

    response = call(stranger, house, pattern, method)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


LISTS = [each for each in calls() if each[1] == "get" and "<" not in each[0]]
LISTS.remove(("terms/", "get"))  # the same for every firm


@pytest.mark.parametrize(("pattern", "method"), LISTS)
def test_a_list_shows_nothing_of_another_firm(pattern, method, house, shelf):
    other = House(shelf)

    own = call(house.program(ADMIN), house, pattern, method).json()["data"]
    theirs = call(other.program(ADMIN), other, pattern, method).json()["data"]

    assert own
    assert theirs
    assert not {each["id"] for each in own} & {each["id"] for each in theirs}


# These make something else of the record, and change nothing of it.
WITHOUT_VERSION = {
    ("invoices/<int:pk>/duplicate/", "post"),
    ("invoices/<int:pk>/payments/", "post"),
}
OF_A_VERSION = sorted({each for each in CHANGES if "<int:pk>" in each[0]} - WITHOUT_VERSION)


@pytest.mark.parametrize(("pattern", "method"), OF_A_VERSION)
def test_who_read_an_older_version_changes_nothing(pattern, method, house):
    before = state_of(house)
    program = house.program(ADMIN)

    response = call(program, house, pattern, method, headers={"If-Match": '"999"'})

    assert (response.status_code, response.json()["code"][-8:]) == (412, "_changed")
    assert state_of(house) == before


@pytest.mark.parametrize(("pattern", "method"), OF_A_VERSION)
def test_a_patch_or_delete_says_what_it_has_read(pattern, method, house):
    response = call(house.program(ADMIN), house, pattern, method, headers={})

    if method == "post":  # does what its name says, whatever the record was before
        assert response.status_code == CHANGES[pattern, method][2]
    else:
        assert (response.status_code, response.json()["code"]) == (428, "version_missing")


def test_no_row_was_changed_by_whom_may_not(house, shelf):
    """Over all calls at once: what strangers and viewers tried left everything as it was."""
    before = state_of(house)
    strangers = [House(shelf).program(ADMIN), house.program(VIEWER), Program("unknown")]

    for pattern, method in calls():
        for each in strangers:
            if method != "get" and ("<int:pk>" in pattern or each is not strangers[0]):
                call(each, house, pattern, method)

    assert state_of(house) == before


def state_of(house: House) -> Any:
    program = house.program(ADMIN)
    return [
        program.get(f"/{kind}/").json() for kind in ("contacts", "service-items", "invoices",
                                                     "payments", "tax-rates")
    ]  # fmt: skip
