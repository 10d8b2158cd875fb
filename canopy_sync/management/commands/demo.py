"""`make demo`: database, web, worker and an emulated QuickBooks Online, up and down together."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from canopy_sync import demo_data, lifeline, postgres, processes

STOP_SECONDS = 2.0  # for the children to end by themselves
START_SECONDS = 60.0
LAST_RUN_SECONDS = 8.0  # a killed demo's lifeline is gone by then
HOST = "127.0.0.1"
WEBHOOK_PATH = "/webhooks/quickbooks/"
CALLBACK_PATH = "/settings/integrations/qbo/callback/"


class Stopped(BaseException):
    """Somebody asked us to end."""


class Command(BaseCommand):
    help = "Start everything on this machine with sample data; Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--qbo-port", type=int, default=9000)
        parser.add_argument("--data", type=Path, default=settings.BASE_DIR / ".data")
        parser.add_argument("--reset", action="store_true", help="throw the data away instead")

    def handle(self, *, port: int, qbo_port: int, data: Path, reset: bool, **_: Any) -> None:
        data = data.resolve()
        data.mkdir(parents=True, exist_ok=True)
        with _only_run(data) as lock:
            if reset:
                postgres.stop(data / "postgres")
                shutil.rmtree(data)
                self.stdout.write("The demo's data is gone; `make demo` starts over.")
                return
            _check_ports(port=port, qbo_port=qbo_port)
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(each, _stop)
            if "MAKELEVEL" in os.environ:  # then `make demo` is what people think they ended
                processes.die_with_parent(signal.SIGTERM)
            Demo(port=port, qbo_port=qbo_port, data=data, out=self.stdout).run(lock)


class Demo:
    """One run: what was started, in the order in which it was."""

    def __init__(self, *, port: int, qbo_port: int, data: Path, out: Any) -> None:
        self.port, self.qbo_port, self.data, self.out = port, qbo_port, data, out
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.base_url = f"http://{HOST}:{port}"
        self.qbo_url = f"http://{HOST}:{qbo_port}"
        self.environment = {
            **os.environ,
            lifeline.MARK: secrets.token_hex(8),
            "CANOPY_DEMO": "1",
            "BASE_URL": self.base_url,
            "PYTHONUNBUFFERED": "1",
        }
        self.owns_database = "DATABASE_URL" not in os.environ

    def run(self, lock: IO[str]) -> None:
        """Start all, wait until asked to stop, stop all."""
        watcher = self._start_lifeline(lock)
        try:
            self._start_all()
            self._tell()
            self._watch()
        except Stopped:
            self.out.write("Stopping ...")
        finally:
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(each, signal.SIG_IGN)
            self._stop_all(watcher)

    def _start_lifeline(self, lock: IO[str]) -> subprocess.Popen[bytes]:
        folder = str(self.data / "postgres") if self.owns_database else ""
        return subprocess.Popen(
            [sys.executable, "-m", "canopy_sync.lifeline", self.environment[lifeline.MARK], folder],
            stdin=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            start_new_session=True,
            pass_fds=[lock.fileno()],  # the next demo waits until it has cleared up
        )

    def _start_all(self) -> None:
        (self.data / "logs").mkdir(exist_ok=True)
        self._start_emulator()
        if self.owns_database:
            server = postgres.start(self.data / "postgres")
            self.environment["DATABASE_URL"] = postgres.app_url(server)
        self._read_keys()
        self._start("web", self._web_server())  # it wakes up while the database is made ready
        self._run("prepare_demo")
        self._start("worker", [sys.executable, "manage.py", "worker"])
        self._wait_for(f"{self.base_url}/healthz", "web")

    def _start_emulator(self) -> None:
        arguments = [
            sys.executable, "-m", "qbo_emulator", "serve",
            "--port", str(self.qbo_port),
            "--data", str(self.data / "quickbooks"),
            "--company", "sample",
            "--webhook-url", self.base_url + WEBHOOK_PATH,
            "--redirect-uri", self.base_url + CALLBACK_PATH,
            "--die-with-parent",
        ]  # fmt: skip
        self._start("quickbooks", arguments)

    def _read_keys(self) -> None:
        """Take the emulator's keys over, as an operator takes Intuit's."""
        self._wait_for(f"{self.qbo_url}/.well-known/openid_sandbox_configuration", "quickbooks")
        folder = str(self.data / "quickbooks")
        told = self._output([sys.executable, "-m", "qbo_emulator", "token", "--data", folder])
        keys = json.loads(told)
        self.environment |= {
            "QBO_CLIENT_ID": keys["client_id"],
            "QBO_CLIENT_SECRET": keys["client_secret"],
            "QBO_WEBHOOK_VERIFIER": keys["webhook_verifier"],
            "QBO_API_URL": self.qbo_url,
            "QBO_AUTHORIZE_ORIGIN": self.qbo_url,
            "QBO_DISCOVERY_URL": f"{self.qbo_url}/.well-known/openid_sandbox_configuration",
            "QBO_LATE_COMMIT_SECONDS": "10",
        }

    def _web_server(self) -> list[str]:
        address = f"{HOST}:{self.port}"
        if importlib.util.find_spec("gunicorn") is None:
            return [sys.executable, "manage.py", "runserver", "--noreload", address]
        return [
            sys.executable, "-m", "gunicorn", "canopy_sync.wsgi",
            "--bind", address, "--worker-class", "gthread", "--workers", "2", "--threads", "4",
            "--preload", "--graceful-timeout", "1", "--worker-tmp-dir", str(self.data),
            "--no-control-socket",
        ]  # fmt: skip

    def _start(self, name: str, arguments: list[str]) -> None:
        self.children[name] = processes.start(
            arguments,
            environment=self.environment,
            folder=settings.BASE_DIR,
            log=self._log(name),
        )

    def _run(self, command: str) -> None:
        self._output([sys.executable, "manage.py", command])

    def _output(self, arguments: list[str]) -> bytes:
        done = subprocess.run(
            arguments,
            env=self.environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode:
            last = (done.stderr or done.stdout).decode().strip().splitlines()[-1:]
            raise CommandError(f"{' '.join(arguments[1:4])} failed: {''.join(last)}")
        return done.stdout

    def _log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def _wait_for(self, url: str, name: str) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self._check_children()
            try:
                urllib.request.urlopen(url, timeout=2)
                return
            except OSError:  # not there yet, or /healthz says 503: the worker has not answered
                time.sleep(0.2)
        raise CommandError(f"{name} did not answer within {START_SECONDS:.0f} s: {self._log(name)}")

    def _check_children(self) -> None:
        for name, child in self.children.items():
            if child.poll() is not None:
                lines = self._log(name).read_text(errors="replace").strip().splitlines()
                raise CommandError(f"{name} ended: {(lines or ['no word'])[-1]}")

    def _watch(self) -> None:
        while True:
            self._check_children()
            time.sleep(0.25)

    def _tell(self) -> None:
        lines = [
            "",
            f"Canopy Sync        {self.base_url}/",
            f"QuickBooks Online  {self.qbo_url}/   (emulated: edit its books there)",
            f"Logs               {self.data / 'logs'}",
            "",
            f"Sign in with the password {demo_data.PASSWORD} as",
            *(f"  {each.email:<28}{each.what}" for each in demo_data.PEOPLE),
            "",
            "ready",
        ]
        self.out.write("\n".join(lines))
        self.out.flush()

    def _stop_all(self, watcher: subprocess.Popen[bytes]) -> None:
        processes.stop(list(self.children.values()), seconds=STOP_SECONDS)
        if self.owns_database:
            postgres.stop(self.data / "postgres", seconds=0.5)
        watcher.communicate(lifeline.ALL_IS_DONE, timeout=10)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


@contextmanager
def _only_run(data: Path) -> Iterator[IO[str]]:
    """Hold the folder for ourselves; wait a little for a killed demo to be cleared up."""
    with (data / "lock").open("w") as lock:
        until = time.monotonic() + LAST_RUN_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise CommandError(
                        f"A demo already runs with the data in {data}: stop it first."
                    ) from None
                time.sleep(0.1)
        yield lock


def _check_ports(*, port: int, qbo_port: int) -> None:
    if port == qbo_port:
        raise CommandError(f"PORT and QBO_PORT are both {port}: choose two.")
    for variable, number in (("PORT", port), ("QBO_PORT", qbo_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except (OSError, OverflowError) as error:
                raise CommandError(
                    f"Port {number} cannot be used ({error}): "
                    f"choose another, for example `make demo {variable}={number + 10}`."
                ) from None
