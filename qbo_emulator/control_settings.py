"""Control addresses for what is set: faults, the port, clock, switches, webhooks."""

from typing import Any

from starlette.requests import Request

from . import clock as clocks
from . import server
from .control_base import BadRequest, ControlPart, Table, numbers, only
from .events import EVENTS, is_sent
from .switches import SWITCHES


class ControlSettings(ControlPart):
    """/emulator/faults, port, clock, switches, webhooks."""

    def table(self) -> Table:
        return [
            ("GET", "/emulator/faults", self.list_faults),
            ("POST", "/emulator/faults", self.arm_fault),
            ("DELETE", "/emulator/faults", self.clear_faults),
            ("POST", "/emulator/port", self.shut_port),
            ("GET", "/emulator/clock", self.read_clock),
            ("POST", "/emulator/clock", self.set_clock),
            ("GET", "/emulator/switches", self.list_switches),
            ("POST", "/emulator/switches", self.set_switches),
            ("GET", "/emulator/webhooks", self.webhook_state),
            ("POST", "/emulator/webhooks", self.set_webhooks),
        ]

    async def list_faults(self, request: Request, body: dict[str, Any]) -> Any:
        return self.emulator.faults.as_dicts()

    async def arm_fault(self, request: Request, body: dict[str, Any]) -> Any:
        rule = self.emulator.faults.arm(numbers(body), self.emulator.clock.epoch())
        return {"number": rule.number, "kind": rule.kind}

    async def clear_faults(self, request: Request, body: dict[str, Any]) -> Any:
        number = request.query_params.get("number")
        if number:
            return {"removed": self.emulator.faults.remove(int(number))}
        self.emulator.faults.clear()
        return {"removed": True}

    async def shut_port(self, request: Request, body: dict[str, Any]) -> Any:
        """{"way": "refuse" or "hang", "seconds"}: the port, for so long; this connection stays."""
        only(body, "way", "seconds")
        way, seconds = str(body.get("way", "refuse")), float(body.get("seconds", 1))
        self.emulator.port.shut(way, seconds, server.client_of(request.scope))
        return {"way": way, "seconds": seconds}

    async def read_clock(self, request: Request, body: dict[str, Any]) -> Any:
        clock = self.emulator.clock
        return {
            "now": clock.now().isoformat(),
            "time": self.time(),
            "offset_seconds": clock.offset_seconds,
            "frozen": clock.stands_at is not None,
        }

    async def set_clock(self, request: Request, body: dict[str, Any]) -> Any:
        only(body, "advance_seconds", "now", "offset_seconds", "frozen")
        clock = self.emulator.clock
        offset = clock.offset_seconds  # everything is read before anything is set
        if "now" in body:
            offset += clocks.parse_time(str(body["now"])) - clock.epoch()
        if "offset_seconds" in body:
            offset = float(body["offset_seconds"])
        offset += float(body.get("advance_seconds", 0))
        clock.offset_seconds = offset
        if "frozen" in body:
            clock.freeze(body["frozen"] is True)
        self.emulator.save_clock()
        self.emulator.webhooks.wake()
        return await self.read_clock(request, body)

    async def list_switches(self, request: Request, body: dict[str, Any]) -> Any:
        about = {
            name: {"default": default, "choices": choices, "what": what}
            for name, (default, choices, what) in SWITCHES.items()
        }
        return {"switches": self.emulator.switches.all(), "about": about}

    async def set_switches(self, request: Request, body: dict[str, Any]) -> Any:
        self.emulator.set_switches(numbers(body))
        return {"switches": self.emulator.switches.all()}

    # --- Webhooks ---

    async def webhook_state(self, request: Request, body: dict[str, Any]) -> Any:
        return self.emulator.webhooks.state()

    async def set_webhooks(self, request: Request, body: dict[str, Any]) -> Any:
        """url, verifier, any webhook switch by its short name, and things to do now."""
        short = {name.removeprefix("webhook_"): name for name in SWITCHES if "webhook_" in name}
        doings = (
            "url",
            "verifier",
            "release",
            "flush",
            "resend_last",
            "drop_next",
            "clear",
            "send",
        )
        only(body, *doings, *short)
        webhooks = self.emulator.webhooks
        changes = numbers({short[name]: value for name, value in body.items() if name in short})
        self.emulator.switches.check(changes)  # before anything is done
        if "url" in body:
            self.emulator.set_webhook_url(str(body["url"] or ""))
        if "verifier" in body:
            webhooks.verifier = str(body["verifier"])
            self.emulator.store.set_setting("webhook_verifier", webhooks.verifier)
        if body.get("release"):
            changes["webhook_hold"] = False
        if changes:
            self.emulator.set_switches(changes)
        if "drop_next" in body:
            webhooks.drop_next = int(body["drop_next"])
        if body.get("clear"):
            webhooks.clear()
        for wish in body.get("send", []):
            self._send_event(wish)
        if body.get("resend_last"):
            webhooks.resend_last()
        if body.get("flush"):
            await webhooks.flush(even_later=body["flush"] != "due")
        webhooks.wake()
        return webhooks.state()

    def _send_event(self, wish: dict[str, Any]) -> None:
        """An event of one's own: {"entity", "id", "operation"?, "realm"?, "deleted_id"?}."""
        if not isinstance(wish, dict):
            raise BadRequest("send is a list of objects.")
        asked, operation = str(wish.get("entity")), str(wish.get("operation", "Update"))
        name = next((each for each in EVENTS if each.lower() == asked.lower()), asked)
        if not is_sent(name, operation):
            raise BadRequest(f"{name} has no event {operation!r} (8.5).")
        self.emulator.webhooks.emit(
            str(wish.get("realm") or self.realm(None)),
            name,
            str(wish["id"]),
            operation,
            self.emulator.clock.epoch(),
            wish.get("deleted_id"),
        )
