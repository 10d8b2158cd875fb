"""What holds for every call: who calls, what is refused, how it is answered."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from canopy_sync.request_ids import RequestIdFilter
from contacts.models import Contact
from firms.api_tokens import revoke_token
from firms.middleware import actor_of
from firms.models import ApiToken
from firms.permissions import Permission
from tests.api.conftest import Program
from tests.factories import make_contact, make_firm, make_member

pytestmark = pytest.mark.django_db
CONTACTS = "/api/v1/contacts/"


def problem(response):
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == response.status_code
    assert told["request_id"] == response["X-Request-Id"]
    return told


# -- Who calls -----------------------------------------------------------------------------------


def test_nobody_is_told_to_bring_a_token(client):
    response = client.get(CONTACTS)

    assert problem(response)["code"] == "not_authenticated"
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer unknown", "Bearer", "Basic abc", "Bearer \u00e9"])
def test_a_token_that_is_not_valid_is_refused_even_with_a_session(client, member, header):
    client.force_login(member.user)

    response = client.get(CONTACTS, headers={"Authorization": header})

    assert (response.status_code, problem(response)["code"]) == (401, "token_not_valid")


def test_a_signed_in_person_may_read(client, member):
    client.force_login(member.user)

    assert client.get(CONTACTS).status_code == 200


def test_a_signed_in_person_needs_the_csrf_token_to_change_something(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)

    response = client.post(CONTACTS, {"display_name": "Ada"}, content_type="application/json")

    assert (response.status_code, problem(response)["code"]) == (403, "csrf_failed")
    assert not Contact.objects.exists()


def test_with_the_csrf_token_a_signed_in_person_may_change_something(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    token = re.search(r'data-csrf="(\w+)"', client.get("/api/v1/docs/").content.decode())[1]

    response = client.post(
        CONTACTS,
        {"display_name": "Ada"},
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )

    assert response.status_code == 201


def test_a_program_needs_no_csrf_token(program):
    program.client.handler.enforce_csrf_checks = True

    assert program.post("/contacts/", {"display_name": "Ada"}).status_code == 201


def test_a_person_without_a_firm_is_told_so(client, firm):
    member = make_member(firm)
    client.force_login(member.user)
    member.delete()

    response = client.get(CONTACTS)

    assert (response.status_code, problem(response)["code"]) == (403, "no_firm")


def test_who_may_not_look_is_told_which_permission_is_missing(shelf, member):
    program = Program(shelf.make(member, [Permission.MANAGE_CONTACTS]))

    response = program.get("/contacts/")

    assert (response.status_code, problem(response)["code"]) == (403, "not_allowed")
    assert "View Only" in problem(response)["detail"]


def test_a_firm_without_the_licence_has_no_billing(shelf):
    program = Program(shelf.make(make_member(make_firm(licences=[]))))

    response = program.get("/invoices/")

    assert (response.status_code, problem(response)["code"]) == (403, "not_licensed")
    assert program.get("/contacts/").status_code == 200


def test_a_token_that_was_revoked_is_not_valid_any_more(program, member):
    revoke_token(actor=actor_of(member), token=ApiToken.objects.get(), now=timezone.now())

    assert program.get("/contacts/").status_code == 401


def test_a_token_that_has_ended_is_not_valid_any_more(program):
    ApiToken.objects.update(expires_at=timezone.now())

    response = program.post("/contacts/", {"display_name": "Ada"})

    assert (response.status_code, problem(response)["code"]) == (401, "token_not_valid")
    assert not Contact.objects.exists()


def test_a_token_may_do_what_its_maker_may_do_now(program, member):
    member.role.permissions = [Permission.VIEW_ONLY]
    member.role.save()

    response = program.post("/contacts/", {"display_name": "Ada"})

    assert (response.status_code, problem(response)["code"]) == (403, "not_allowed")
    assert program.get("/contacts/").status_code == 200


# -- Answers -------------------------------------------------------------------------------------


def test_nothing_is_kept_by_caches(program, client):
    assert program.get("/contacts/")["Cache-Control"] == "no-store"
    assert client.get(CONTACTS)["Cache-Control"] == "no-store"


def test_each_answer_has_an_id_of_its_own(program, client):
    answers = [program.get("/contacts/"), program.get("/contacts/"), client.get("/healthz")]

    assert len({each["X-Request-Id"] for each in answers}) == 3


def test_a_line_that_is_logged_says_of_which_request(program, caplog):
    [console] = [
        each
        for each in logging.getLogger().handlers
        if any(isinstance(it, RequestIdFilter) for it in each.filters)
    ]
    with caplog.at_level(logging.WARNING, logger="django.request"):
        response = program.get("/contacts/999/")

    lines = [console.format(console.filter(each) and each) for each in caplog.records]
    assert len(lines) == 1
    assert f"[{response['X-Request-Id']}]: Not Found" in lines[0]


def test_outside_of_a_request_a_line_says_so():
    record = logging.makeLogRecord({"msg": "Worked"})

    RequestIdFilter().filter(record)

    assert record.request_id == "-"


def test_an_unknown_address_is_a_problem_too(program):
    response = program.get("/customers/")

    assert (response.status_code, problem(response)["code"]) == (404, "not_found")


def test_a_slash_that_is_missing_at_the_end_is_no_matter(program):
    made = program.post("/contacts", {"display_name": "Ada"})

    assert made.status_code == 201
    assert program.get(f"/contacts/{made.json()['id']}").json() == made.json()


def test_a_method_that_does_not_fit_is_named(program):
    response = program.put("/contacts/")

    assert (response.status_code, problem(response)["code"]) == (405, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_json_comes_whatever_is_accepted(program):
    response = program.get("/contacts/", headers={"Accept": "text/html"})

    assert response["Content-Type"] == "application/json"


def test_a_fault_of_ours_is_a_problem_without_its_words(program):
    program.client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_address RENAME COLUMN city TO town")

    response = program.post("/contacts/", {"display_name": "A", "billing_address": {"city": "B"}})

    assert (response.status_code, problem(response)["code"]) == (500, "server_error")
    assert "contacts_address" not in response.content.decode()


# -- Bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b'{"display_name": "caf\xe9"}',
        b'{"display_name": NaN}',
        b'{"display_name": Infinity}',
        b'{"display_name": "A", "display_name": "B"}',
        b'{"billing_address": {"city": "A", "city": "B"}, "display_name": "A"}',
        b'{"display_name": "\\ud800"}',
        b'{"\\udfff": "A"}',
        b'{"display_name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"parent_id": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        b"display_name=Ada",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_body_that_cannot_be_read_is_refused(program, body):
    response = program.post("/contacts/", body)

    assert (response.status_code, problem(response)["code"]) == (400, "body_not_readable")
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({}, "display_name"),
        ({"display_name": None}, "display_name"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "   "}, "display_name"),
        ({"display_name": 7}, "display_name"),
        ({"display_name": ["A"]}, "display_name"),
        ({"display_name": "A" * 501}, "display_name"),
        ({"display_name": "A\x00B"}, "display_name"),
        ({"display_name": "A", "name": "B"}, "name"),
        ({"display_name": "A", "id": 7}, "id"),
        ({"display_name": "A", "firm_id": 7}, "firm_id"),
        ({"display_name": "A", "is_archived": True}, "is_archived"),
        ({"display_name": "A", "bill_with_parent": "true"}, "bill_with_parent"),
        ({"display_name": "A", "bill_with_parent": 1}, "bill_with_parent"),
        ({"display_name": "A", "parent_id": "7"}, "parent_id"),
        ({"display_name": "A", "parent_id": True}, "parent_id"),
        ({"display_name": "A", "parent_id": 10**30}, "parent_id"),
        ({"display_name": "A", "parent_id": -1}, "parent_id"),
        ({"display_name": "A", "billing_address": "Street"}, "billing_address"),
        ({"display_name": "A", "billing_address": {"street": "B"}}, "billing_address.street"),
        ({"display_name": "A", "billing_address": {"city": 7}}, "billing_address.city"),
        ({"display_name": "A", "more_emails": "a@b.c"}, "more_emails"),
        ({"display_name": "A", "more_emails": [7]}, "more_emails[0]"),
    ],
)
def test_a_field_that_is_not_possible_is_named(program, sent, path):
    response = program.post("/contacts/", sent)

    assert (response.status_code, problem(response)["code"]) == (422, "fields_not_possible")
    assert path in problem(response)["errors"], problem(response)["errors"]
    assert not Contact.objects.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_only_json_is_taken(program, kind):
    response = program.post("/contacts/", b'{"display_name": "Ada"}', content_type=kind)

    assert (response.status_code, problem(response)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 10 * 1024 * 1024])
def test_a_body_beyond_a_mebibyte_is_too_large(program, size):
    body = b'{"notes": "' + b"x" * (size - 13) + b'"}'

    response = program.post("/contacts/", body)

    assert (response.status_code, problem(response)["code"]) == (413, "body_too_large")


def test_a_body_of_a_mebibyte_is_read(program):
    body = json.dumps({"display_name": "Ada"}).encode().ljust(1024 * 1024)

    assert program.post("/contacts/", body).status_code == 201


@pytest.mark.parametrize("text", ["Zoë", "日本", "👩‍👩‍👧", "\u202eabc", "Z\u0301alg\u0335o"])
def test_signs_of_any_kind_come_back_as_they_were(program, text):
    made = program.post("/contacts/", {"display_name": text}).json()

    assert program.get(f"/contacts/{made['id']}/").json()["display_name"] == text


# -- Lists ---------------------------------------------------------------------------------------


def test_pages_follow_each_other_without_gap_or_repeat(program, firm):
    made = [make_contact(firm).pk for _ in range(7)]
    seen, cursor, pages = [], None, 0

    while pages == 0 or cursor:
        asked = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = program.get("/contacts/", asked).json()
        seen += [each["id"] for each in page["data"]]
        cursor, pages = page["next_cursor"], pages + 1
        make_contact(firm)  # made meanwhile, it shifts nothing

    assert (seen, pages) == (made[::-1], 3)


def test_the_next_page_is_in_the_link_header(program, firm):
    first, second = make_contact(firm), make_contact(firm)
    page = program.get("/contacts/", {"limit": 1, "is_archived": "false"})

    address = re.fullmatch(r'<http://testserver/api/v1(.+)>; rel="next"', page["Link"])[1]

    assert [each["id"] for each in page.json()["data"]] == [second.pk]
    assert [each["id"] for each in program.get(address).json()["data"]] == [first.pk]


def test_a_page_has_fifty_unless_told(program, firm):
    for _ in range(52):
        make_contact(firm)

    assert len(program.get("/contacts/").json()["data"]) == 50


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": "301"},
        {"limit": "0"},
        {"limit": "many"},
        {"cursor": "abc"},
        {"cursor": "é"},
        {"cursor": "YmVmb3JlOng"},
        {"page": "2"},
        {"is_archived": "perhaps"},
        {"sync_state": "fine"},
        {"updated_since": "yesterday"},
        {"parent_id": "9" * 40},
        {"q": "a\x00b"},
        {"email": "x" * 400},
    ],
    ids=str,
)
def test_a_parameter_that_is_not_possible_is_named(program, asked):
    response = program.get("/contacts/", asked)

    assert (response.status_code, problem(response)["code"]) == (400, "parameter_not_possible")
    assert set(problem(response)["errors"]) == set(asked)


# -- Versions ------------------------------------------------------------------------------------


def test_a_change_without_a_version_is_asked_for_it(program, firm):
    contact = make_contact(firm)

    response = program.patch(f"/contacts/{contact.pk}/", {"phone": "555 0199"})

    assert (response.status_code, problem(response)["code"]) == (428, "version_missing")


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*"])
def test_a_change_of_the_version_that_was_read_is_made(program, firm, tag):
    contact = make_contact(firm)

    response = program.patch(
        f"/contacts/{contact.pk}/", {"phone": "555 0199"}, headers={"If-Match": tag}
    )

    assert (response.status_code, response["ETag"]) == (200, '"2"')
    assert response.json()["phone"] == "555 0199"


def test_who_lost_a_race_changes_nothing(program, firm):
    contact = make_contact(firm, phone="555 0100")
    address, headers = f"/contacts/{contact.pk}/", {"If-Match": program.get(
        f"/contacts/{contact.pk}/")["ETag"]}  # fmt: skip
    program.patch(address, {"phone": "555 0101"}, headers=headers)

    response = program.patch(address, {"phone": "555 0102"}, headers=headers)

    assert (response.status_code, problem(response)["code"]) == (412, "contact_changed")
    assert program.get(address).json()["phone"] == "555 0101"


@pytest.mark.parametrize("tag", ["1", '"one"', '"1", "2"', '""', '"-1"', '"' + "9" * 30 + '"'])
def test_a_tag_that_is_none_of_ours_is_refused(program, firm, tag):
    contact = make_contact(firm)

    response = program.patch(f"/contacts/{contact.pk}/", {}, headers={"If-Match": tag})

    assert (response.status_code, problem(response)["code"]) == (400, "version_not_readable")
