"""The emulated QuickBooks Online as a real process, and its control addresses."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]


class ActRefused(AssertionError):
    """A control address did not do it: a rule of the books that holds for bookkeepers, too."""


class Emulator:
    """
    A running emulator, seen by who looks after the books. See qbo_emulator/README.md.

    `access`: what a client needs: base_url, realm_id, client_id, client_secret, access_token,
    refresh_token, webhook_verifier.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.access: dict[str, Any] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    def ask(self, path: str, body: Mapping[str, Any] | None = None, **params: Any) -> Any:
        """GET a control address, or POST `body` to it."""
        method = "GET" if body is None else "POST"
        return self._call(method, path, body, params)

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, params: Mapping[str, Any]
    ) -> Any:
        answer = self._session.request(
            method, f"{self.base_url}/emulator/{path}", json=body, params=params, timeout=30
        )
        if answer.status_code != 200:
            raise ActRefused(answer.text)
        return answer.json()

    # -- What it is like ---------------------------------------------------------------------------
    def reset(
        self, company: str = "sample", *, now: datetime | None = None, **switches: Any
    ) -> dict[str, Any]:
        """
        A fresh company: sample, empty, messy or bulk:N; no faults, no log, no webhooks.

        now: the day it lives on; today without.
        """
        self.access = self.ask(
            "reset",
            {
                "company": company,
                "switches": switches,
                "webhook_url": "",
                "now": now.isoformat() if now else None,
            },
        )
        return self.access

    def settings(self, product: Mapping[str, Any]) -> dict[str, Any]:
        """`settings.QUICKBOOKS` of the product, pointed here."""
        return {
            **product,
            "client_id": self.access["client_id"],
            "client_secret": self.access["client_secret"],
            "discovery_url": f"{self.base_url}/.well-known/openid_configuration",
            "api_url": self.base_url,
            "authorize_origin": self.base_url,
            "webhook_verifier": self.access["webhook_verifier"],
        }

    def switch(self, **switches: Any) -> None:
        self.ask("switches", switches)

    def advance(self, seconds: float) -> None:
        """Move its clock."""
        self.ask("clock", {"advance_seconds": seconds})

    def fault(self, kind: str, **rule: Any) -> None:
        """Arm a fault: which kinds and rules there are, GET /emulator/faults and README.md tell."""
        self.ask("faults", {"kind": kind, **rule})

    def clear_faults(self) -> None:
        self._call("DELETE", "faults", None, {})

    def webhooks(self, **wishes: Any) -> dict[str, Any]:
        """Where they go (`url`), and things to do: flush, hold, release, resend_last, send."""
        return dict(self.ask("webhooks", wishes))

    def tokens(self, action: str) -> dict[str, Any]:
        """issue, expire, new, or disconnect (consent withdrawn in the books)."""
        return dict(self.ask("tokens", {"action": action}))

    # -- What a bookkeeper does --------------------------------------------------------------------
    def act(self, operation: str, remote_id: str = "", **more: Any) -> dict[str, Any]:
        """create, update, inactivate, reactivate (`fields`) or merge (`into`); return it."""
        entity = more.get("entity", "Customer")
        body = {"operation": operation, "id": remote_id, **more, "entity": entity}
        return dict(self.ask("act", body)[entity])

    def create(self, name: str, **fields: Any) -> dict[str, Any]:
        return self.act("create", fields={"DisplayName": name, **fields})

    def edit(self, remote_id: str, **fields: Any) -> dict[str, Any]:
        return self.act("update", remote_id, fields=fields)

    def inactivate(self, remote_id: str) -> dict[str, Any]:
        return self.act("inactivate", remote_id)

    # -- What it holds and what it was asked -------------------------------------------------------
    def stored(self, remote_id: str, entity: str = "Customer") -> dict[str, Any]:
        realm = self.access["realm_id"]
        return dict(self.ask(f"objects/{realm}/{entity}/{remote_id}")[entity])

    def objects(self, entity: str = "Customer") -> list[dict[str, Any]]:
        """All that exist, inactive ones too."""
        return list(self.ask(f"objects/{self.access['realm_id']}/{entity}")[entity])

    def named(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.objects() if each["DisplayName"] == name]

    def history(self, remote_id: str = "", entity: str = "Customer") -> list[dict[str, Any]]:
        """Every version that a write made, in order; of one object, or of all."""
        path = f"history/{self.access['realm_id']}/{entity}"
        return list(self.ask(f"{path}/{remote_id}" if remote_id else path)["versions"])

    def calls(self, **params: Any) -> list[dict[str, Any]]:
        """The call log. since=NUMBER, writes=1, entity, kind narrow it."""
        return list(self.ask("log", **params)["calls"])

    def forget_calls(self) -> None:
        self._call("DELETE", "log", None, {})

    @property
    def writes(self) -> list[dict[str, Any]]:
        """The writes that API clients asked for since the log was last cleared."""
        return self.calls(writes=1)

    def counts(self) -> dict[str, Any]:
        return dict(self.ask("counts"))


@contextmanager
def running(data: Path, *, port: int = 0) -> Iterator[Emulator]:
    """An emulator process, as long as the block lasts. Port 0: any free one."""
    command = [sys.executable, "-m", "qbo_emulator", "serve", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--data", str(data), "--die-with-parent"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            ready = re.fullmatch(r"ready (\S+)\n", process.stdout.readline())
            assert ready, "the emulator did not start"
            yield Emulator(ready[1])
        finally:
            process.terminate()
            process.wait(timeout=10)
