"""A caller may call so often, wherever a minute begins: a token, and a person on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import Contact
from firms.api.authentication import Caller
from firms.api.models import CallBucket
from firms.api.rate_limit import A_SECOND, AT_ONCE, TooManyCalls, count
from firms.middleware import actor_of
from tests.api.conftest import Program
from tests.api.test_frame import CONTACTS, problem
from tests.api.test_idempotency import at_once
from tests.factories import NOW, make_firm, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(member):
    return Caller(actor=actor_of(member), firm=member.firm, name="token:5")


def is_let_through(caller, seconds=0.0):
    try:
        count(caller, now=NOW + timedelta(seconds=seconds))
    except TooManyCalls:
        return False
    return True


def empty(caller):
    CallBucket.objects.create(
        firm=caller.firm, caller=caller.name, full_at=NOW + timedelta(seconds=AT_ONCE / A_SECOND)
    )


# -- The bucket ----------------------------------------------------------------------------------


def test_so_many_calls_come_at_once_and_one_more_waits(caller):
    answers = [is_let_through(caller) for _ in range(AT_ONCE + 1)]

    assert answers == [True] * AT_ONCE + [False]


def test_then_some_come_each_second(caller):
    empty(caller)

    answers = [is_let_through(caller, tenth / 10) for tenth in range(1, 51)]

    assert answers.count(True) == 5 * A_SECOND


def test_no_minute_has_more_than_600_wherever_it_begins(caller):
    """Tried twice as often as allowed, for a minute and a half after a rest."""
    tries = [0.0] * AT_ONCE + [step / (2 * A_SECOND) for step in range(90 * 2 * A_SECOND)]

    let_through = [at for at in tries if is_let_through(caller, at)]

    minutes = [sum(first <= at < first + 60 for at in let_through) for first in let_through]
    assert 590 < max(minutes) <= 600


def test_after_a_rest_the_bucket_is_full_again_and_no_fuller(caller):
    empty(caller)

    answers = [is_let_through(caller, 3600) for _ in range(AT_ONCE + 1)]

    assert answers == [True] * AT_ONCE + [False]


def test_who_is_refused_is_not_kept_away_longer_by_trying(caller):
    empty(caller)
    for _ in range(50):
        assert not is_let_through(caller)

    assert is_let_through(caller, 1 / A_SECOND)


def test_a_clock_that_was_wrong_locks_nobody_out(caller):
    CallBucket.objects.create(firm=caller.firm, caller=caller.name, full_at=NOW + timedelta(days=1))

    assert is_let_through(caller)


def test_a_process_whose_clock_is_behind_opens_nothing(caller):
    empty(caller)

    assert not is_let_through(caller, -30)


def test_each_caller_of_each_firm_has_a_bucket(caller):
    other = Caller(actor=caller.actor, firm=caller.firm, name="user:5")
    elsewhere = Caller(actor=caller.actor, firm=make_firm(), name="token:5")
    empty(caller)

    assert [is_let_through(each) for each in (caller, other, elsewhere)] == [False, True, True]


@pytest.mark.django_db(transaction=True)
def test_calls_side_by_side_are_all_counted(caller):
    for _ in range(AT_ONCE - 20):
        is_let_through(caller)

    answers = at_once(10, lambda _: [is_let_through(caller) for _ in range(5)])

    assert sum(answers, []).count(True) == 20


# -- Calls ---------------------------------------------------------------------------------------


def empty_all():
    full_at = timezone.now() + timedelta(seconds=AT_ONCE / A_SECOND + 5)
    CallBucket.objects.update(full_at=full_at)


def test_a_token_that_calls_too_often_is_told_when_to_come_back(program):
    assert program.get("/contacts/").status_code == 200
    empty_all()

    response = program.post("/contacts/", {"display_name": "Ada"})

    assert (response.status_code, problem(response)["code"]) == (429, "too_many_calls")
    assert response["Retry-After"] == "1"
    assert not Contact.objects.exists()


def test_a_person_who_calls_too_often_is_told_so_too(client, member):
    client.force_login(member.user)
    assert client.get(CONTACTS).status_code == 200
    empty_all()

    response = client.get(CONTACTS)

    assert (response.status_code, problem(response)["code"]) == (429, "too_many_calls")
    assert response["Retry-After"] == "1"


def test_a_person_and_their_token_are_two_callers(client, shelf, member):
    program = Program(shelf.make(member))
    client.force_login(member.user)
    program.get("/contacts/")
    empty_all()

    assert program.get("/contacts/").status_code == 429
    assert client.get(CONTACTS).status_code == 200


def test_a_call_that_is_refused_counts_as_well(program):
    program.post("/contacts/", {"display_name": ""})
    before = CallBucket.objects.get().full_at

    program.post("/contacts/", {"display_name": ""})

    assert CallBucket.objects.get().full_at > before


def test_the_callers_of_another_firm_are_not_in_the_way(program, shelf):
    program.get("/contacts/")
    empty_all()

    assert Program(shelf.make(make_member(make_firm()))).get("/contacts/").status_code == 200
