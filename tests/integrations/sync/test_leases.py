"""One drain a connection: who holds the lease, and when another may take it."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import transaction

from integrations.models import Connection, Lease
from integrations.sync import leases
from tests.factories import NOW, make_firm

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    made = Connection.objects.create(
        firm=make_firm(),
        company_id="1",
        company_name="Quist",
        state_changed_at=NOW,
        connected_at=NOW,
    )
    Lease.objects.create(connection=made)
    return made


def held_by(connection: Connection, process: int, host: str = "") -> None:
    Lease.objects.filter(connection=connection).update(
        held_until=NOW + leases.HOLD, holder=f"{host or socket.gethostname()}:{process}"
    )


def test_a_lease_that_is_held_by_a_living_process_is_not_given(connection: Connection):
    assert leases.take(connection.pk, now=NOW) is not None

    assert leases.take(connection.pk, now=NOW + timedelta(seconds=1)) is None


def test_a_lease_whose_holder_died_on_this_machine_is_given_at_once(connection: Connection):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait(timeout=10)
    held_by(connection, dead.pid)

    assert leases.take(connection.pk, now=NOW) is not None


def test_of_a_holder_on_another_machine_nothing_is_known_until_its_time_is_over(
    connection: Connection,
):
    held_by(connection, 1, host="another-machine")

    assert leases.take(connection.pk, now=NOW + leases.HOLD - timedelta(seconds=1)) is None
    assert leases.take(connection.pk, now=NOW + leases.HOLD) is not None


def test_whoever_lost_the_lease_writes_nothing_any_more(connection: Connection):
    first = leases.take(connection.pk, now=NOW)
    assert first is not None
    leases.take(connection.pk, now=NOW + leases.HOLD)

    with pytest.raises(leases.LeaseLost):
        leases.renew(first, now=NOW)
    with pytest.raises(leases.LeaseLost), transaction.atomic():
        leases.check(first)


def test_giving_back_a_lost_lease_takes_it_from_nobody(connection: Connection):
    first = leases.take(connection.pk, now=NOW)
    assert first is not None
    later = NOW + leases.HOLD
    leases.take(connection.pk, now=later)

    leases.release(first)

    assert leases.take(connection.pk, now=later) is None
