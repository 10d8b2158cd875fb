"""Keeps one cluster of django-q2 at work: starts it, watches it from outside, replaces it.

It also rings the bell of every connection that has pairs due, once a second: a lost bell costs a
second, not data.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django.utils import timezone

from canopy_sync import heartbeat, processes

log = logging.getLogger(__name__)

BEAT_SECONDS = 3.0
FROZEN_SECONDS = 12.0  # without an answer, and nobody busy; a replacement is up within 15
STOP_SECONDS = 20.0
ROUND_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0  # between tries, while the database is away


class Supervisor:
    def __init__(self, *, ring_due: Callable[..., int]) -> None:
        self.ring_due = ring_due
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.folder = Path(tempfile.mkdtemp(prefix="canopy-worker-"))
        self.cluster: subprocess.Popen[bytes] | None = None
        self.trusted_since = timezone.now()  # what came before says nothing about this cluster
        self.asked_at = 0.0
        self.failures = 0
        self.is_stopping = False

    def run(self) -> None:
        """Work until SIGTERM or Ctrl-C."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._ask_to_stop)
        parent = os.getppid()
        try:
            while not self.is_stopping and os.getppid() == parent:
                self._pause(self._round())
        finally:
            self._stop_cluster()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _ask_to_stop(self, *_: object) -> None:
        self.is_stopping = True

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(0.1)

    def _round(self) -> float:
        """Look after everything once; return the seconds until the next look."""
        try:
            close_old_connections()
            self._look_after_cluster()
            self._beat()
            self.ring_due(now=timezone.now())
        except (DatabaseError, InterfaceError) as error:
            return self._wait_for_database(error)
        self.failures = 0
        return ROUND_SECONDS

    def _wait_for_database(self, error: Exception) -> float:
        if self.failures == 0:
            log.warning("The database does not answer: %s", str(error).strip())
        self.failures += 1
        connections.close_all()
        self.trusted_since = timezone.now()  # a silence now is not the cluster's fault
        return min(ROUND_SECONDS * 2**self.failures, LONGEST_PAUSE_SECONDS)

    def _look_after_cluster(self) -> None:
        if self.cluster is None or self.cluster.poll() is not None:
            if self.cluster is not None:
                log.warning("The cluster ended (%s); starting another.", self.cluster.returncode)
                self._kill_cluster()
            self._start_cluster()
        elif self._is_frozen(timezone.now()):
            log.error("The cluster has not answered for %s s; replacing it.", FROZEN_SECONDS)
            self._kill_cluster()
            heartbeat.forget_waiting()
            self._start_cluster()

    def _is_frozen(self, now: datetime) -> bool:
        """Questions wait, and no worker of ours is in a task or has run one for a while."""
        limit = now - timedelta(seconds=FROZEN_SECONDS)
        if self.trusted_since > limit or heartbeat.last_run(self.folder) > limit.timestamp():
            return False
        waits_since = heartbeat.waits_since(now=now)
        return waits_since is not None and waits_since < limit and not self._is_busy()

    def _is_busy(self) -> bool:
        assert self.cluster is not None
        alive = {process.pid for process in processes.family(self.cluster.pid)}
        return bool(heartbeat.busy_workers(self.folder) & alive)

    def _beat(self) -> None:
        if time.monotonic() - self.asked_at >= BEAT_SECONDS:
            heartbeat.ask(by=self.name, now=timezone.now())
            self.asked_at = time.monotonic()

    def _start_cluster(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.cluster = processes.start(
            [sys.executable, "-m", "canopy_sync.cluster"],
            environment={
                **os.environ,
                heartbeat.FOLDER: str(self.folder),
                heartbeat.SUPERVISOR: self.name,
            },
            folder=settings.BASE_DIR,
        )
        self.trusted_since = timezone.now()

    def _kill_cluster(self) -> None:
        """End every process of the cluster: a frozen one obeys no smaller word."""
        if self.cluster is not None:
            processes.kill(processes.family(self.cluster.pid))
            self.cluster.wait(timeout=5)
            self.cluster = None

    def _stop_cluster(self) -> None:
        if self.cluster is not None:
            processes.stop([self.cluster], seconds=STOP_SECONDS)
            self.cluster = None
