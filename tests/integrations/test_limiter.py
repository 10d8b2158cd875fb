"""The limits of a company, held by all threads and processes together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.utils import timezone

from canopy_sync import settings as product
from integrations.errors import Throttled
from integrations.limiter import (
    AT_ONCE,
    AT_ONCE_IN_BULK,
    CompanyGate,
    Lane,
)
from integrations.models import CallBudget, CallCount, CallSlot, Connection
from tests.integrations.connected import make_connection

SPACING = timedelta(seconds=60 / product.CALLS_PER_MINUTE)

pytestmark = pytest.mark.django_db
in_real_transactions = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> Connection:
    return make_connection()


class Server:
    """Stands where QuickBooks is: notes when calls arrive and how many are under way."""

    def __init__(self, *, takes: float) -> None:
        self.arrived: list[float] = []
        self.most_at_once = 0
        self._takes = takes
        self._under_way = 0
        self._lock = threading.Lock()

    def serve(self) -> None:
        with self._lock:
            self.arrived.append(time.monotonic())
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        time.sleep(self._takes)
        with self._lock:
            self._under_way -= 1

    def most_within(self, seconds: float) -> int:
        times = sorted(self.arrived)
        return max(sum(start <= each < start + seconds for each in times) for start in times)


def in_threads(number: int, work: Callable[[], None]) -> None:
    """Run `work` in so many threads, each with its own connection to the database."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  told to the test below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed, failed


def press(company: Connection, server: Server, *, threads: int, calls: int, lane: Lane) -> None:
    """Make calls as fast as the gate lets them."""

    def work() -> None:
        gate = CompanyGate(company.pk, lane=lane, longest_wait=60)
        for _ in range(calls):
            with gate.call(metered=False):
                server.serve()

    in_threads(threads, work)


def pretend(company: Connection, **facts: datetime | None) -> None:
    CallBudget.objects.update_or_create(connection=company, defaults=facts)
    for number in range(AT_ONCE):
        CallSlot.objects.get_or_create(connection=company, number=number)


@in_real_transactions
@pytest.mark.parametrize("lane", ["people", "bulk"])
def test_calls_stay_within_the_limits_and_use_nearly_all_of_them(
    company: Connection, lane: Lane
) -> None:
    server = Server(takes=0.3)

    press(company, server, threads=12, calls=4, lane=lane)

    assert server.most_within(1) <= 10
    assert server.most_at_once <= 10
    # The median, so that a stall of the machine does not count as a fault of ours.
    gap = median(later - one for one, later in pairwise(sorted(server.arrived)))
    assert 60 / gap >= 500 * 0.95


@in_real_transactions
def test_slow_calls_are_never_more_than_ten_at_once(company: Connection) -> None:
    server = Server(takes=1.5)

    press(company, server, threads=16, calls=1, lane="people")

    assert server.most_at_once == AT_ONCE


@in_real_transactions
def test_bulk_leaves_some_calls_to_people(company: Connection) -> None:
    server = Server(takes=1.5)

    press(company, server, threads=12, calls=1, lane="bulk")

    assert server.most_at_once == AT_ONCE_IN_BULK


@in_real_transactions
def test_people_overtake_what_is_done_in_bulk(company: Connection) -> None:
    stop = threading.Event()

    def bulk() -> None:
        gate = CompanyGate(company.pk, lane="bulk", longest_wait=60)
        while not stop.is_set():
            with gate.call(metered=False):
                pass

    waits: list[float] = []

    def person() -> None:
        gate = CompanyGate(company.pk, lane="people")
        try:
            for _ in range(5):
                began = time.monotonic()
                with gate.call(metered=False):
                    waits.append(time.monotonic() - began)
        finally:
            stop.set()

    helpers = [threading.Thread(target=lambda: in_threads(1, bulk)) for _ in range(6)]
    for each in helpers:
        each.start()
    in_threads(1, person)
    for each in helpers:
        each.join(60)

    # At most the turn that bulk had booked is before theirs.
    assert sorted(waits)[len(waits) // 2] <= 3 * SPACING.total_seconds()


def test_a_429_rests_the_whole_company_for_a_minute(company: Connection) -> None:
    gate = CompanyGate(company.pk, lane="people")
    with pytest.raises(Throttled) as told, gate.call(metered=True):
        raise Throttled()

    with pytest.raises(Throttled) as other, CompanyGate(company.pk, lane="bulk").call(metered=True):
        pytest.fail("a call was made while the company rests")

    assert told.value.until is not None
    assert abs(told.value.until - timezone.now() - timedelta(seconds=60)) < timedelta(seconds=5)
    assert other.value.until == told.value.until


def test_after_the_rest_the_pace_rises_slowly(company: Connection) -> None:
    def spacing_after(rest_ended_ago: timedelta) -> float:
        now = timezone.now()
        pretend(company, rests_until=now - rest_ended_ago, next_at=now)
        with CompanyGate(company.pk, lane="people").call(metered=False):
            row = CallBudget.objects.get(connection=company)
        assert row.next_at is not None
        return (row.next_at - now) / SPACING

    # Of two calls in a row the second waits: four times as long at first, then less and less.
    assert spacing_after(timedelta(seconds=0.5)) == pytest.approx(4, abs=0.3)
    assert spacing_after(timedelta(seconds=30)) == pytest.approx(2.5, abs=0.3)
    assert spacing_after(timedelta(seconds=61)) == pytest.approx(1, abs=0.3)


def test_a_wait_that_would_be_too_long_is_told_at_once(company: Connection) -> None:
    until = timezone.now() + timedelta(seconds=20)
    pretend(company, rests_until=until)
    began = time.monotonic()

    with (
        pytest.raises(Throttled) as caught,
        CompanyGate(company.pk, lane="people").call(metered=False),
    ):
        pytest.fail("a call was made")

    assert caught.value.until == until
    assert time.monotonic() - began < 2
    assert not CallSlot.objects.filter(connection=company, taken_until__isnull=False).exists()


def test_a_slot_whose_holder_died_is_taken_anew(company: Connection) -> None:
    pretend(company)
    CallSlot.objects.update(taken_until=timezone.now() + timedelta(seconds=100))
    gate = CompanyGate(company.pk, lane="people", longest_wait=0.2)
    with pytest.raises(Throttled), gate.call(metered=False):
        pytest.fail("all slots were taken")

    CallSlot.objects.filter(number=3).update(taken_until=timezone.now() - timedelta(seconds=1))
    with gate.call(metered=False):
        assert CallSlot.objects.filter(number=3, taken_until__gt=timezone.now()).exists()


def test_calls_are_counted_by_the_minute_and_only_successful_reads_are_metered(
    company: Connection,
) -> None:
    gate = CompanyGate(company.pk, lane="people")
    with gate.call(metered=True):
        pass
    with gate.call(metered=False):
        pass
    with pytest.raises(ValueError, match="refused"), gate.call(metered=True):
        raise ValueError("refused")

    rows = CallCount.objects.filter(connection=company)
    assert sum(row.calls for row in rows) == 3
    assert sum(row.metered for row in rows) == 1
    assert all(row.minute.second == 0 and row.minute.tzinfo == UTC for row in rows)


@in_real_transactions
def test_nothing_waits_inside_a_transaction(company: Connection) -> None:
    gate = CompanyGate(company.pk, lane="people")

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():  # noqa: SIM117
        with gate.call(metered=False):
            pytest.fail("a call was made inside a transaction")
    with gate.call(metered=False):
        assert not database.in_atomic_block
