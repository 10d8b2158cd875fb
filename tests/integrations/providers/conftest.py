"""The emulator as a real process on loopback, and the provider pointed at it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.providers.base import FixedToken, OpenGate
from integrations.providers.quickbooks import oauth
from integrations.providers.quickbooks.provider import QuickBooksBooks, QuickBooksProvider

ROOT = Path(__file__).resolve().parents[3]


class Emulator:
    """The control addresses of a running emulator."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False
        self.access: dict[str, Any] = {}

    def ask(self, path: str, body: Mapping[str, Any] | None = None, **params: Any) -> Any:
        method = "GET" if body is None else "POST"
        answer = self._session.request(
            method, f"{self.base_url}/emulator/{path}", json=body, params=params, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset(self, company: str = "sample", **switches: Any) -> dict[str, Any]:
        self.access = self.ask("reset", {"company": company, "switches": switches})
        return self.access

    def switch(self, **switches: Any) -> None:
        self.ask("switches", switches)

    def fault(self, kind: str, **rule: Any) -> None:
        self.ask("faults", {"kind": kind, **rule})

    def act(self, operation: str, remote_id: str = "", **more: Any) -> dict[str, Any]:
        body = {"entity": "Customer", "operation": operation, "id": remote_id, **more}
        return dict(self.ask("act", body)["Customer"])

    def calls(self, **params: Any) -> list[dict[str, Any]]:
        return list(self.ask("log", **params)["calls"])

    def stored(self, remote_id: str) -> dict[str, Any]:
        realm = self.access["realm_id"]
        return dict(self.ask(f"objects/{realm}/customer/{remote_id}")["Customer"])


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of an emulator that lives as long as the run."""
    folder = tmp_path_factory.mktemp("quickbooks")
    command = [sys.executable, "-m", "qbo_emulator", "serve", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(
        [*command, "--die-with-parent"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = re.fullmatch(r"ready (\S+)\n", process.stdout.readline())
        assert ready, "the emulator did not start"
        yield ready[1]
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def emulator(emulator_process: str, settings: Any) -> Emulator:
    """The sample company, fresh; the product's settings point at it. Limits are off."""
    found = Emulator(emulator_process)
    access = found.reset(limits=False)
    settings.QUICKBOOKS = {
        **settings.QUICKBOOKS,
        "client_id": access["client_id"],
        "client_secret": access["client_secret"],
        "discovery_url": f"{emulator_process}/.well-known/openid_configuration",
        "api_url": emulator_process,
        "webhook_verifier": access["webhook_verifier"],
    }
    oauth.forget_discovered()
    return found


@pytest.fixture
def provider() -> QuickBooksProvider:
    return QuickBooksProvider()


@pytest.fixture
def books(emulator: Emulator, provider: QuickBooksProvider) -> QuickBooksBooks:
    return provider.open(
        company_id=emulator.access["realm_id"],
        tokens=FixedToken(emulator.access["access_token"]),
        gate=OpenGate(),
    )
