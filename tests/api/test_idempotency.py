"""A POST that is repeated with its Idempotency-Key is done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.urls import get_resolver
from django.utils import timezone

from billing.models import Invoice
from contacts.models import Contact
from firms.api import idempotency
from firms.api.models import IdempotentCall
from firms.models import ApiToken, Firm
from tests.api.conftest import Program
from tests.api.test_frame import problem
from tests.api.test_routes import api_routes
from tests.factories import make_contact, make_firm, make_invoice, make_member
from tests.processes import wait_until

ADA = {"display_name": "Ada"}


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


@pytest.mark.django_db
def test_a_repeat_is_answered_as_the_first(program):
    first = program.post("/contacts/", ADA, headers=key("a"))
    again = program.post("/contacts/", ADA, headers=key("a"))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert (first["ETag"], first["Location"]) == (again["ETag"], again["Location"])
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert Contact.objects.count() == 1


@pytest.mark.django_db
def test_the_order_of_names_is_no_other_body(program):
    program.post("/contacts/", b'{"display_name": "Ada", "phone": "1"}', headers=key("a"))
    again = program.post("/contacts/", b'{"phone":"1","display_name":"Ada"}', headers=key("a"))

    assert (again.status_code, Contact.objects.count()) == (201, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "body"), [("/contacts/", {"display_name": "Bob"}), ("/service-items/", ADA)]
)
def test_the_key_of_another_call_is_refused(program, address, body):
    program.post("/contacts/", ADA, headers=key("a"))

    response = program.post(address, body, headers=key("a"))

    assert (response.status_code, problem(response)["code"]) == (422, "key_used_for_another")
    assert Contact.objects.count() == 1


@pytest.mark.django_db
def test_another_key_is_another_call(program):
    for each in ("a", "b"):
        program.post("/contacts/", ADA, headers=key(each))

    assert Contact.objects.count() == 2


@pytest.mark.django_db
def test_two_callers_may_use_the_same_key(shelf, member, firm):
    other = make_member(make_firm())
    for each in (member, make_member(firm), other):
        assert (
            Program(shelf.make(each)).post("/contacts/", ADA, headers=key("a")).status_code == 201
        )

    assert Contact.objects.count() == 3


@pytest.mark.django_db
def test_a_refusal_keeps_no_key(program):
    refused = program.post("/contacts/", {"display_name": ""}, headers=key("a"))
    made = program.post("/contacts/", ADA, headers=key("a"))

    assert (refused.status_code, made.status_code) == (422, 201)


@pytest.mark.django_db
def test_a_key_is_free_again_after_a_day(program):
    program.post("/contacts/", ADA, headers=key("a"))
    IdempotentCall.objects.update(made_at=timezone.now() - timedelta(hours=24, seconds=1))

    again = program.post("/contacts/", ADA, headers=key("a"))

    assert ("Idempotent-Replayed" in again, Contact.objects.count()) == (False, 2)


@pytest.mark.django_db
def test_old_answers_are_forgotten(program):
    for name in ("old", "new"):
        program.post("/contacts/", ADA, headers=key(name))
    IdempotentCall.objects.filter(key="old").update(made_at=timezone.now() - timedelta(hours=25))

    idempotency.forget_old_calls(now=timezone.now())

    assert [each.key for each in IdempotentCall.objects.all()] == ["new"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "a b", "é", "x" * 256])
def test_a_key_that_is_not_possible_is_refused(program, text):
    response = program.post("/contacts/", ADA, headers=key(text))

    assert (response.status_code, problem(response)["code"]) == (400, "key_not_possible")


def test_every_post_can_be_repeated():
    posts = [
        (pattern, view.post)
        for pattern, view in api_routes(get_resolver())
        if hasattr(view, "post")
    ]

    assert len(posts) >= 15
    assert [pattern for pattern, post in posts if not getattr(post, "is_idempotent", False)] == []


# -- At the same time ----------------------------------------------------------------------------


def at_once(count, call):
    """What `call` returns in each of `count` threads that start together."""
    barrier = Barrier(count)

    def one(number):
        barrier.wait(timeout=20)
        try:
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_repeats_at_the_same_time_are_done_once(program):
    answers = at_once(8, lambda _: program.post("/contacts/", ADA, headers=key("a")))

    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert sum("Idempotent-Replayed" not in each for each in answers) == 1
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_money_that_is_sent_twice_at_once_is_recorded_once(program, firm):
    invoice = make_invoice(firm)
    body = {"amount": "75.00", "received_on": "2026-11-25"}
    address = f"/invoices/{invoice.pk}/payments/"

    answers = at_once(6, lambda _: program.post(address, body, headers=key("a")))

    assert {each.status_code for each in answers} == {201}
    assert program.get(f"/invoices/{invoice.pk}/").json()["balance"] == "75.00"


@pytest.mark.django_db(transaction=True)
def test_calls_of_different_keys_at_once_are_all_done(program):
    answers = at_once(6, lambda number: program.post("/contacts/", ADA, headers=key(str(number))))

    assert {each.status_code for each in answers} == {201}
    assert Contact.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_a_call_that_died_in_the_middle_leaves_its_key_usable(program, firm):
    """Of a killed process the database ends the session, as it is ended here."""
    body = {"contact_id": make_contact(firm).pk, "term_days": 30}
    program.client.raise_request_exception = False
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Firm.objects.select_for_update().get(pk=firm.pk)  # it gets as far as the next number
        call = pool.submit(at_once, 1, lambda _: program.post("/invoices/", body, headers=key("a")))
        wait_until(end_of_who_waits, seconds=20, what="a call that waits")
        [died] = call.result()

    again = [program.post("/invoices/", body, headers=key("a")) for _ in range(2)]

    assert died.status_code == 500
    assert [each.status_code for each in again] == [201, 201]
    assert ["Idempotent-Replayed" in each for each in again] == [False, True]
    assert Invoice.objects.count() == 1


def end_of_who_waits() -> bool:
    """End the session that waits for a lock; say whether there was one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees the same
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() is not None


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_told_to_come_back(program, firm, monkeypatch):
    monkeypatch.setattr(idempotency, "SECONDS_TO_WAIT", 1)
    caller = f"token:{ApiToken.objects.get().pk}"
    with transaction.atomic():
        IdempotentCall.objects.create(
            firm=firm, caller=caller, key="a", fingerprint="", made_at=timezone.now()
        )
        [response] = at_once(1, lambda _: program.post("/contacts/", ADA, headers=key("a")))

    assert (response.status_code, problem(response)["code"]) == (409, "still_at_work")
    assert response["Retry-After"] == "1"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_one_version_at_once_one_wins(program, firm):
    contact = make_contact(firm)
    headers = {"If-Match": '"1"'}

    answers = at_once(
        5,
        lambda number: program.patch(
            f"/contacts/{contact.pk}/", {"phone": f"555 010{number}"}, headers=headers
        ),
    )

    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412, 412]
    winner = next(each for each in answers if each.status_code == 200)
    assert program.get(f"/contacts/{contact.pk}/").json()["phone"] == winner.json()["phone"]
