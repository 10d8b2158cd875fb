"""Odd requests to everything but the API: control addresses, pages and forms of the desk, OAuth."""

import base64
import copy
import json
import re
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from starlette.routing import Route

from qbo_emulator.faults import KINDS
from qbo_emulator.switches import SWITCHES

from . import odd_values as values
from .inside import Ask

# What the control addresses take (qbo_emulator/README.md).
CONTROL: dict[str, list[str]] = {
    "reset": ["company", "switches", "webhook_url"],
    "faults": [
        "kind", "method", "path", "entity", "operation", "realm", "nth", "times", "probability",
        "seed", "until_seconds", "seconds", "status", "code", "message", "detail", "element",
        "body", "content_type", "headers",
    ],
    "clock": ["advance_seconds", "now", "offset_seconds"],
    "switches": [*SWITCHES],
    "webhooks": [
        "url", "verifier", "release", "flush", "resend_last", "drop_next", "clear", "send", "hold",
        "format", "copies", "reorder", "drop", "wrong_signature", "delay_seconds",
    ],
    "companies": ["company", "realm_id"],
    "act": ["realm", "entity", "operation", "id", "into", "fields", "user"],
    "tokens": ["action", "realm", "client_id"],
    "apps": ["client_id", "client_secret", "name", "redirect_uris"],
    "requestids": ["forget"],
}  # fmt: skip
# Names of forms and of query parameters.
NAMES = [
    "realm", "kind", "operation", "times", "seconds", "status", "code", "message", "detail",
    "number", "url", "format", "copies", "wrong_signature", "into", "client_id", "client_secret",
    "since", "limit", "writes", "entity", "grant_type", "refresh_token", "token", "redirect_uri",
    "state", "scope", "response_type", "email", "password", "next", "q", "page", "inactive",
    "DisplayName", "SyncToken", "Notes", "ParentRef", "BillAddr.Line1", "do", "back", "fault",
    "decision", "by", "id", "user",
]  # fmt: skip
FITTING = [
    "sample", "empty", "messy", "bulk:2", "bulk:-1", "bulk:x", "Customer", "Invoice", "create",
    "update", "merge", "inactivate", "reactivate", "issue", "new", "expire", "disconnect", "write",
    "refresh_token", "authorization_code", "emulator-client", "emulator-secret", "code", "twice",
    "com.intuit.quickbooks.accounting", "sandbox.owner@example.test", "sandbox", "/books", "0",
    "//evil.example", "http://localhost/callback", "1", "2", "58", "Query", "allow", "down",
    {"DisplayName": "Quist"}, {"limits": "x"}, [{"entity": "Customer", "id": "1"}], *KINDS,
]  # fmt: skip
PARTS = [
    "customers", "vendors", "employees", "customer", "invoice", "Customer", "9341453708120001",
    "1", "2", "58", "0", "9" * 30, "x", "é", "\x00", "'", "..", "-1", " ", "log", "faults",
]  # fmt: skip
# A thousand customers at once is one of the buttons; it is right and slow.
LEFT_OUT = ("/make",)


class OddElsewhere:
    """The request of one seed to one of the routes."""

    def __init__(self, seed: int, routes: list[Route]) -> None:
        self.random = Random(seed)
        self.pick = self.random.choice
        self.routes = [route for route in routes if not route.path.endswith(LEFT_OUT)]

    def request(self) -> Ask:
        route = self.pick(self.routes)
        target = re.sub(r"\{[^}]*\}", lambda _: quote(self.pick(PARTS), safe=""), route.path)
        if self.random.randrange(3) == 0:
            target += f"?{self.form()}"
        method = self.pick([*sorted(route.methods or {"GET"}), "POST"])
        is_control = route.path.startswith("/emulator/")
        body = self.json(route.path) if is_control else self.form().encode()
        form = "application/x-www-form-urlencoded"
        content_type = "application/json" if is_control else form
        if self.random.randrange(20) == 0:
            content_type = self.pick(values.CONTENT_TYPES)
            body = self.pick([*values.BODIES, b"\xff\xfe", b"%ff=%fe&a"])
        headers = {"Content-Type": content_type}
        if self.random.randrange(4):
            headers["Cookie"] = "qbo_emulator_session=signed-in"
        if self.random.randrange(2):
            headers["Authorization"] = self.pick([*values.TOKENS, "Basic é", _basic(), _basic()])
        return Ask(method, target, headers, body)

    def value(self) -> Any:
        return copy.deepcopy(self.pick(self.pick([values.VALUES, FITTING])))

    def json(self, path: str) -> bytes:
        known = CONTROL.get(path.rpartition("/")[2], NAMES)
        names = self.random.sample(known, self.random.randrange(min(len(known), 4) + 1))
        if self.random.randrange(20) == 0:
            names.append(self.pick(values.UNKNOWN_NAMES))
        raw = json.dumps({name: self.value() for name in names}).encode()
        for mark, text in values.RAW.items():
            raw = raw.replace(f'"{mark}"'.encode(), text)
        return raw

    def form(self) -> str:
        names = self.random.sample(NAMES, self.random.randrange(6))
        return urlencode({name: str(self.value()) for name in names}, errors="surrogatepass")


def _basic() -> str:
    return "Basic " + base64.b64encode(b"emulator-client:emulator-secret").decode()
