"""/healthz: 200 while database and worker answer, without sign-in and without a word of a firm."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from canopy_sync.models import Beat
from integrations.models import Connection, Link
from tests.architecture.firm_rows import fill

pytestmark = pytest.mark.django_db


def worker_answered(seconds_ago: float) -> None:
    moment = timezone.now() - timedelta(seconds=seconds_ago)
    Beat.objects.create(asked_at=moment, asked_by="a host:1", answered_at=moment)


def test_it_is_well_while_the_worker_answers(client):
    worker_answered(2)

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    assert 2 <= answer.json()["worker_answered_seconds_ago"] < 5


def test_it_is_not_well_when_no_worker_ever_answered(client):
    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["worker_answered_seconds_ago"] is None


def test_it_is_not_well_when_the_worker_has_been_silent(client):
    worker_answered(40)

    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize(
    ("connection", "seconds"),
    [
        ({}, 90),
        ({"is_paused": True}, 0),  # waits on purpose
        ({"state": Connection.State.RECONNECT}, 0),
    ],
)
def test_the_oldest_pair_that_may_be_worked_on_is_told(client, connection, seconds):
    fill(company_id="1")
    Link.objects.update(wake_at=timezone.now() - timedelta(seconds=90))
    Connection.objects.update(**connection)

    told = client.get("/healthz").json()["pairs_due_oldest_seconds"]

    assert seconds <= told < seconds + 5


def test_nothing_of_a_firm_is_told(client):
    fill(company_id="1")
    worker_answered(1)

    assert set(client.get("/healthz").json()) == {
        "ok",
        "database",
        "worker_answered_seconds_ago",
        "queue_oldest_seconds",
        "pairs_due_oldest_seconds",
    }
