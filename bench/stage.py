"""The whole product on one machine, for a measurement: database, web, worker, emulator."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Emulator:
    """The emulated QuickBooks Online, by its control addresses."""

    url: str
    realm: str

    def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = requests.request(method, self.url + path, timeout=60, **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def customers(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.ask("GET", f"/emulator/objects/{self.realm}/Customer")[
            "Customer"
        ]
        return told

    def customer(self, remote_id: str) -> dict[str, Any]:
        told: dict[str, Any] = self.ask(
            "GET", f"/emulator/objects/{self.realm}/Customer/{remote_id}"
        )
        customer: dict[str, Any] = told["Customer"]
        return customer

    def edit(self, remote_id: str, **fields: Any) -> None:
        self.ask(
            "POST",
            "/emulator/act",
            json={
                "entity": "Customer",
                "operation": "update",
                "id": remote_id,
                "fields": fields,
            },
        )

    def counts(self) -> dict[str, Any]:
        told: dict[str, Any] = self.ask("GET", "/emulator/counts")
        return told


@dataclass
class Stage:
    """What runs, and the firm and connection it runs for."""

    emulator: Emulator
    environment: dict[str, str]
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    folder: Path = Path()

    def start(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        child = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.children[name] = child
        return child

    def start_web_and_worker(self, port: int) -> None:
        self.start(
            "web",
            [
                sys.executable, "-m", "gunicorn", "canopy_sync.wsgi", "--bind", f"{HOST}:{port}",
                "--workers", "1", "--threads", "4", "--worker-class", "gthread",
            ],
        )  # fmt: skip
        self.start("worker", [sys.executable, "manage.py", "worker"])

    def stop(self) -> None:
        for child in reversed(self.children.values()):
            child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            try:
                child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()


@contextmanager
def stage(*, company: str, **settings: str) -> Iterator[Stage]:
    """
    Start database and emulator, migrate, and set Django up in this process.

    Args:
        company: as `python -m qbo_emulator serve --company` takes it.
        settings: further environment variables of the product.
    """
    port, qbo_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="canopy-bench-") as name, ExitStack() as undo:
        folder = Path(name)
        url = f"http://{HOST}:{qbo_port}"
        made = Stage(emulator=Emulator(url=url, realm=""), environment={}, folder=folder)
        undo.callback(made.stop)
        books = str(folder / "books")
        made.start(
            "emulator",
            [
                sys.executable, "-m", "qbo_emulator", "serve", "--port", str(qbo_port),
                "--data", books, "--company", company, "--die-with-parent",
                "--webhook-url", f"http://{HOST}:{port}/webhooks/quickbooks/",
            ],
        )  # fmt: skip
        wait_for(
            lambda: requests.get(url + "/emulator/counts", timeout=5).ok,
            "the emulator",
            seconds=300,
        )
        keys = json.loads(
            subprocess.check_output(
                [sys.executable, "-m", "qbo_emulator", "token", "--data", books], cwd=ROOT
            )
        )
        made.emulator.realm = keys["realm_id"]
        made.environment = {
            "CANOPY_DEMO": "1",
            "DATABASE_URL": _database(folder, undo),
            "BASE_URL": f"http://{HOST}:{port}",
            "QBO_CLIENT_ID": keys["client_id"],
            "QBO_CLIENT_SECRET": keys["client_secret"],
            "QBO_WEBHOOK_VERIFIER": keys["webhook_verifier"],
            "QBO_API_URL": url,
            "QBO_DISCOVERY_URL": f"{url}/.well-known/openid_sandbox_configuration",
            **settings,
        }
        os.environ.update(made.environment)
        os.environ["DJANGO_SETTINGS_MODULE"] = "canopy_sync.settings"
        _set_up(made, keys)
        made.environment["PORT"] = str(port)
        try:
            yield made
        except SystemExit as ended:
            if isinstance(ended.code, str):
                for log in sorted(folder.glob("*.log")):
                    say(f"-- {log.name}\n{log.read_text()[-2000:]}")
            raise


def _database(folder: Path, undo: ExitStack) -> str:
    from canopy_sync import postgres

    server = postgres.start(folder / "postgres")

    undo.callback(postgres.stop, folder / "postgres")
    return postgres.app_url(server)


def _set_up(made: Stage, keys: dict[str, str]) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    call_command("install_schedules", verbosity=0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(is_true: Callable[[], Any], what: str, *, seconds: float = 60) -> float:
    """Ask until it is true; return the seconds it took. Ends with an error after `seconds`."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        try:
            if is_true():
                return time.perf_counter() - began
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(0.005)
    raise SystemExit(f"Gave up on {what} after {seconds:.0f} s.")


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(line: str) -> None:
    print(line, flush=True)
