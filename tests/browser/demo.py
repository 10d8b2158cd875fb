"""The demo as real processes: what a person meets, from the outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "try-canopy-sync"


@dataclass
class Demo:
    """The demo: the product at `url`, the books at `qbo_url`."""

    url: str
    qbo_url: str

    def customers(self) -> list[dict[str, Any]]:
        realm = self.ask("companies")["companies"][0]["realm_id"]
        found: list[dict[str, Any]] = self.ask(f"objects/{realm}/Customer")["Customer"]
        return found

    def objects(self, entity: str) -> list[dict[str, Any]]:
        """All of an entity that the books hold."""
        realm = self.ask("companies")["companies"][0]["realm_id"]
        return list(self.ask(f"objects/{realm}/{entity}")[entity])

    def act(self, operation: str, entity: str, remote_id: str = "", **fields: Any) -> Any:
        """A bookkeeper does something."""
        answer = requests.post(
            f"{self.qbo_url}/emulator/act",
            json={"operation": operation, "entity": entity, "id": remote_id, "fields": fields},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()[entity]

    def ask(self, path: str) -> Any:
        answer = requests.get(f"{self.qbo_url}/emulator/{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_demo(data: Path, *, seconds: float = 90) -> Iterator[Demo]:
    """`seconds`: for it to be ready."""
    port, qbo_port = _free_port(), _free_port()
    log = data.parent / "demo.log"
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "CANOPY_TESTS", "DJANGO_SETTINGS_MODULE")
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                sys.executable, "manage.py", "demo", "--port", str(port),
                "--qbo-port", str(qbo_port), "--data", str(data),
            ],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )  # fmt: skip
    try:
        until(
            lambda: "\nready" in log.read_text() or process.poll() is not None,
            "the demo to be ready",
            seconds=seconds,
        )
        assert process.poll() is None, log.read_text()
        yield Demo(url=f"http://127.0.0.1:{port}", qbo_url=f"http://127.0.0.1:{qbo_port}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


@contextmanager
def a_page(browser: Browser, *, javascript: bool = True, width: int = 1440) -> Iterator[Page]:
    """A fresh browser profile. Fails the test if a script of a page fails."""
    context: BrowserContext = browser.new_context(
        java_script_enabled=javascript, viewport={"width": width, "height": 900}
    )
    failed: list[str] = []
    context.on("weberror", lambda error: failed.append(str(error.error)))
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
    assert not failed


def sign_in(page: Page, demo: Demo, email: str = "priya@alderfinch.example") -> None:
    page.goto(f"{demo.url}/sign-in/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def until(is_so: Callable[[], object], what: str, *, seconds: float = 15) -> float:
    """Look often, for at most `seconds`; return how long it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"waited {seconds} s for {what}"
        time.sleep(0.05)
    return time.monotonic() - began


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
