"""Two contacts are merged over the API, by the service that the page calls."""

from __future__ import annotations

import pytest

from contacts.models import Contact
from tests.api.test_frame import problem
from tests.factories import make_contact, make_firm, make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(firm):
    """The contact that stays, and the one that goes."""
    keep = make_contact(firm, display_name="Maple", phone="1")
    return keep, make_contact(firm, display_name="Maple Inc", phone="2", email="a@x.test")


def refused(response):
    told = problem(response)
    return told["status"], told["code"]


def test_the_survivor_is_answered_and_the_other_points_to_it(program, firm, two):
    keep, lose = two
    invoice = make_invoice(firm, contact=lose)

    response = program.post(
        f"/contacts/{keep.pk}/merge/", {"other": lose.pk, "fields": {"phone": "other"}}
    )

    told = response.json()
    assert (response.status_code, response["ETag"]) == (200, '"2"')
    assert (told["phone"], told["email"], told["merged_into"]) == ("2", "a@x.test", None)
    gone = program.get(f"/contacts/{lose.pk}/").json()
    assert (gone["is_archived"], gone["merged_into"]) == (True, keep.pk)
    assert program.get(f"/invoices/{invoice.pk}/").json()["contact_id"] == keep.pk


def test_a_repeat_with_the_same_key_is_answered_as_the_first(program, two):
    keep, lose = two
    call = {"headers": {"Idempotency-Key": "once"}}

    first = program.post(f"/contacts/{keep.pk}/merge/", {"other": lose.pk}, **call)
    again = program.post(f"/contacts/{keep.pk}/merge/", {"other": lose.pk}, **call)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


@pytest.mark.parametrize("stale", ["survivor", "other"])
def test_neither_may_have_changed_since_it_was_read(program, two, stale):
    keep, lose = two
    body = {"other": lose.pk, "other_version": 2 if stale == "other" else 1}
    version = {"If-Match": '"7"' if stale == "survivor" else '"1"'}

    response = program.post(f"/contacts/{keep.pk}/merge/", body, headers=version)

    assert refused(response) == (412, "contact_changed")
    assert Contact.objects.standing().count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "other"),
        ({"other": "x"}, "other"),
        ({"other": 10**6}, "other"),
        ({"other": 1, "fields": {"parent_id": "other"}}, "fields.parent_id"),
        ({"other": 1, "fields": {"phone": "both"}}, "fields.phone"),
    ],
)
def test_a_body_that_cannot_be_names_the_field(program, two, body, field):
    response = program.post(f"/contacts/{two[0].pk}/merge/", body)

    assert refused(response) == (422, "fields_not_possible")
    assert list(response.json()["errors"]) == [field]


def test_what_is_refused_says_why(program, firm, two):
    keep, lose = two
    stranger = make_contact(make_firm())

    itself = program.post(f"/contacts/{keep.pk}/merge/", {"other": keep.pk})
    theirs = program.post(f"/contacts/{keep.pk}/merge/", {"other": stranger.pk})
    program.post(f"/contacts/{keep.pk}/merge/", {"other": lose.pk})
    restored = program.post(f"/contacts/{lose.pk}/restore/", {})

    assert refused(itself) == (409, "merge_refused")
    assert refused(theirs) == (422, "fields_not_possible")
    assert refused(restored) == (409, "contact_merged")
