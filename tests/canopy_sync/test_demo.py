"""
`make demo` as real processes: up, down, and nothing left however it ends.

The limits here are far above what is promised (15 s up, 5 s down on a machine at rest), so that a
busy machine fails no test.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
import uuid
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.urls import reverse

from canopy_sync import processes
from canopy_sync.management.commands import demo as demo_command
from tests.processes import wait_until

pytestmark = pytest.mark.slow
MARK = "CANOPY_TEST_RUN"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """One `manage.py demo`, and every process that came of it."""

    def __init__(self, folder: Path, *, port: int, qbo_port: int) -> None:
        self.mark = uuid.uuid4().hex
        self.port, self.output = port, folder / f"demo-{self.mark}.txt"
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        for name in ("CANOPY_TESTS", "DJANGO_SETTINGS_MODULE"):
            environment.pop(name, None)
        command = [sys.executable, "manage.py", "demo"]
        command += ["--port", str(port), "--qbo-port", str(qbo_port)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--data", str(folder / "data")],
                cwd=settings.BASE_DIR,
                env={**environment, MARK: self.mark},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        return "\nready" in self.said()

    def left(self) -> list[str]:
        """What still runs of it: web, worker, emulator, PostgreSQL, and what watches them."""
        self.process.poll()
        told = []
        for each in processes.carrying(MARK, self.mark):
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile, or nobody has waited for it
                told.append(" ".join(each.cmdline()))
        return told

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
        processes.kill(processes.carrying(MARK, self.mark))


@pytest.fixture
def demo(tmp_path):
    runs = []

    def start(**ports: int) -> Run:
        runs.append(Run(tmp_path, **{"port": free_port(), "qbo_port": free_port(), **ports}))
        return runs[-1]

    yield start
    for each in runs:
        each.end()


def test_the_emulator_is_told_our_addresses():
    assert reverse("quickbooks_webhook") == demo_command.WEBHOOK_PATH
    assert reverse("integrations:callback") == demo_command.CALLBACK_PATH


@pytest.mark.timeout(400)
def test_the_demo_comes_up_goes_down_keeps_its_data_and_leaves_nothing(demo):
    first = demo()
    wait_until(first.is_ready, seconds=120, what="ready")
    assert health(first.port)["ok"] is True
    assert re.findall(r"\S+@\S+", first.said())[0] == "priya@alderfinch.example"
    assert len(first.left()) >= 12

    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(timeout=30) == 0
    assert first.left() == []

    second = demo()
    wait_until(second.is_ready, seconds=120, what="ready again")
    assert health(second.port)["ok"] is True
    taken = demo(port=second.port)
    assert taken.process.wait(timeout=60) == 1
    assert len(taken.said().strip().splitlines()) == 1

    second.process.kill()
    wait_until(lambda: not second.left(), seconds=30, what="the end of a killed demo")


def health(port: int) -> dict[str, object]:
    return json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").read())


def test_a_taken_port_is_one_clear_line_and_nothing_runs(demo):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        run = demo(qbo_port=port)
        code = run.process.wait(timeout=30)

    (line,) = run.said().strip().splitlines()
    assert code == 1
    assert line.startswith(f"CommandError: Port {port} cannot be used")
    assert run.left() == []
