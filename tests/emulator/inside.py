"""An emulator inside the test process: its application is called without a network."""

import asyncio
import xml.dom.minidom
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from qbo_emulator.app import create_app
from qbo_emulator.emulator import Emulator
from qbo_emulator.jsontext import loads


@dataclass
class Ask:
    """One request. `target`: path and query as they stand in the request line, all ASCII."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __repr__(self) -> str:  # short: bodies may hold a MiB
        return f"{self.method} {self.target[:300]} {self.headers} {self.body[:2000]!r}"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    def json(self) -> Any:
        return loads(self.body)


class Inside:
    """
    Calls the application; what it raises comes through, with its traceback.

    The sample company, limits off, everything in memory. The webhook sender does not run.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.emulator = Emulator()
        self.emulator.ensure_company("sample")
        self.emulator.set_switches({"limits": False, "write_seconds": 0})
        self.app = create_app(self.emulator)
        self.asked = 0

    def close(self) -> None:
        self.emulator.close()
        self.loop.close()

    def objects(self, realm: str, entity: str) -> list[tuple[str, str]]:
        """The ids there are, each with its SyncToken."""
        rows = self.emulator.store.db.execute(
            "SELECT id, token FROM object WHERE realm = ? AND entity = ? AND gone IS NULL",
            (realm, entity),
        )
        return [(id, str(token)) for id, token in rows]

    def ask(self, wanted: Ask) -> Answer:
        self.asked += 1
        return self.loop.run_until_complete(asyncio.wait_for(self._ask(wanted), 20))

    async def _ask(self, wanted: Ask) -> Answer:
        path, _, query = wanted.target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": wanted.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in wanted.headers.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 9000),
        }
        waiting = [{"type": "http.request", "body": wanted.body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        if not sent:  # an armed fault has cut the connection
            return Answer(0, {}, b"")
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]
        }
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], headers, body)


@contextmanager
def emulator_inside() -> Iterator[Inside]:
    inside = Inside()
    try:
        yield inside
    finally:
        inside.close()


def check_shape(wanted: Ask, answer: Answer) -> None:
    """An answer of the API: 200 that can be read, or a fault as recorded; JSON, or XML (6)."""
    assert answer.status == 200 or 400 <= answer.status < 500, f"{answer} to {wanted!r}"
    if answer.content_type == "application/xml":
        root = xml.dom.minidom.parseString(answer.body).documentElement
        assert root is not None
        assert root.tagName == "IntuitResponse"
        assert "json" not in wanted.headers.get("Accept", "").lower()
        faults = [*root.getElementsByTagName("Fault"), *root.getElementsByTagName("fault")]
        assert faults or answer.status == 200
        return
    if answer.status == 200 and answer.content_type != "application/json":
        assert answer.content_type in {"application/pdf", "text/plain"}, f"{answer} to {wanted!r}"
        return
    assert answer.content_type == "application/json", f"{answer} to {wanted!r}"
    body = answer.json()
    if answer.status == 200:
        assert "time" in body or "Fault" not in body
        return
    assert is_fault(body), f"{answer} to {wanted!r}"


def is_fault(body: dict[str, Any]) -> bool:
    """Upper case from the API, lower case from the gateway before it (6.1, 6.2)."""
    if "Fault" in body:
        error = body["Fault"]["Error"][0]
        return {"Message", "Detail", "code"} <= set(error) and "type" in body["Fault"]
    error = body["fault"]["error"][0]
    return {"message", "detail", "code", "element"} == set(error) and "type" in body["fault"]
