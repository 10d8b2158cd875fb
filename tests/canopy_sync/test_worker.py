"""The worker as real processes: it answers, survives what kills its cluster, and ends whole."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import Popen

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from canopy_sync import heartbeat, processes
from canopy_sync.models import Beat
from canopy_sync.supervisor import FROZEN_SECONDS, ROUND_SECONDS, Supervisor
from tests.processes import environment, running, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Popen[bytes]]:
    command = [sys.executable, "manage.py", "worker"]
    log = tmp_path / "worker.log"
    with running(command, environment=environment(), log=log) as process:
        wait_until(answered_after(0), seconds=60, what="the first answer")
        yield process


def answered_after(beat_id: int):
    return lambda: Beat.objects.filter(pk__gt=beat_id).exclude(answered_at=None).exists()


def last_beat() -> int:
    return Beat.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def cluster_of(worker: Popen[bytes]) -> psutil.Process:
    (main,) = psutil.Process(worker.pid).children()
    return main


def test_a_cluster_frozen_by_the_death_of_its_idle_workers_is_replaced(worker):
    old = processes.family(cluster_of(worker).pid)
    main, sentinel, *rest = old
    # The workers start first. One of the idle ones holds the lock of the queue inside the cluster.
    for process in sorted(rest, key=lambda each: (each.create_time(), each.pid))[:2]:
        process.kill()
    before = last_beat()

    wait_until(lambda: not main.is_running(), seconds=40, what="the end of the old cluster")
    wait_until(answered_after(before), seconds=30, what="an answer of the new cluster")

    assert not [each for each in old if each.is_running()]
    assert cluster_of(worker).pid != main.pid


def test_a_cluster_whose_main_process_was_killed_is_replaced_and_leaves_no_orphans(worker):
    old = processes.family(cluster_of(worker).pid)
    old[0].kill()

    wait_until(
        lambda: not any(each.is_running() for each in old), seconds=15, what="the end of them all"
    )
    wait_until(answered_after(last_beat()), seconds=40, what="an answer of the new cluster")


def test_connections_cut_by_the_database_do_not_end_the_worker(worker):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.rowcount

    wait_until(answered_after(last_beat()), seconds=60, what="an answer")

    assert worker.poll() is None


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_worker_ends(worker, sent):
    all_of_it = processes.family(worker.pid)
    assert len(all_of_it) >= 6

    os.kill(worker.pid, sent)

    wait_until(
        lambda: not [each for each in all_of_it if processes.is_alive(each)],
        seconds=5,
        what="the end",
    )


def test_the_watch_leaves_time_to_replace_a_frozen_cluster_within_fifteen_seconds():
    assert FROZEN_SECONDS + ROUND_SECONDS <= 13


class TestIsFrozen:
    """What the supervisor takes for frozen. The cluster here is a process that does nothing."""

    @pytest.fixture
    def supervisor(self, tmp_path):
        supervisor = Supervisor(ring_due=lambda *, now: 0)
        supervisor.trusted_since = timezone.now() - timedelta(minutes=1)
        with running(["sleep", "60"], environment=os.environ, log=tmp_path / "log") as process:
            supervisor.cluster = process
            yield supervisor
        supervisor.folder.rmdir()

    def ask(self, seconds_ago: float) -> None:
        Beat.objects.create(asked_by="us", asked_at=timezone.now() - timedelta(seconds=seconds_ago))

    def is_frozen(self, supervisor: Supervisor) -> bool:
        found = supervisor._is_frozen(timezone.now())
        for each in supervisor.folder.iterdir():
            each.unlink()
        return found

    def test_a_question_that_waits_too_long(self, supervisor):
        self.ask(FROZEN_SECONDS + 1)

        assert self.is_frozen(supervisor)

    def test_not_a_question_just_asked(self, supervisor):
        self.ask(FROZEN_SECONDS - 2)

        assert not self.is_frozen(supervisor)

    def test_not_while_a_worker_is_in_a_task(self, supervisor):
        self.ask(FROZEN_SECONDS + 1)
        (supervisor.folder / f"busy-{supervisor.cluster.pid}").touch()

        assert not self.is_frozen(supervisor)

    def test_but_when_the_worker_in_a_task_was_killed(self, supervisor):
        self.ask(FROZEN_SECONDS + 1)
        (supervisor.folder / f"busy-{os.getpid()}").touch()  # no process of that cluster

        assert self.is_frozen(supervisor)

    def test_not_when_it_ran_a_task_just_now(self, supervisor):
        self.ask(FROZEN_SECONDS + 1)
        (supervisor.folder / "ran").touch()

        assert not self.is_frozen(supervisor)


def test_an_answer_is_the_last_word_of_the_worker():
    heartbeat.ask(by="us", now=timezone.now())
    (beat,) = Beat.objects.all()
    assert heartbeat.waits_since(now=timezone.now()) == beat.asked_at

    heartbeat.answer(beat.pk)

    assert heartbeat.waits_since(now=timezone.now()) is None
    assert heartbeat.last_answer() is not None
