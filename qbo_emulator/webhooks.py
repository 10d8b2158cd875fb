"""
The webhook sender (8): collects events, signs and posts them, retries on the ladder.

Events wait `webhook_delay_seconds` and then leave together in one delivery. The retry ladder runs
on the emulator's clock, so that advancing it makes a retry due.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import random
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from .clock import Clock
from .events import is_sent
from .switches import Switches

LADDER = (10, 20, 30, 300, 1200, 7200, 14400, 21600)
MOST_TRIES = 40
OPERATIONS = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Merge": "merged",
    "Void": "voided",
    "Emailed": "emailed",
}


@dataclass
class Event:
    """One change. `id` is the key a receiver can recognise a repeat by."""

    realm: str
    entity: str
    object_id: str
    operation: str
    epoch: float
    deleted_id: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def cloud(self) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.epoch, UTC)
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
            "type": f"qbo.{self.entity.lower()}.{OPERATIONS[self.operation]}.v1",
            "datacontenttype": "application/json",
            "time": f"{moment:%Y-%m-%dT%H:%M:%S.%f}517Z",
            "intuitentityid": self.object_id,
            "intuitaccountid": self.realm,
            "data": {"deletedId": self.deleted_id} if self.deleted_id else {},
        }

    def legacy(self) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.epoch, UTC)
        entity = {
            "name": self.entity,
            "id": self.object_id,
            "operation": self.operation,
            "lastUpdated": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        }
        if self.deleted_id:
            entity["deletedId"] = self.deleted_id
        return entity


@dataclass
class Delivery:
    """Events that travel in one POST. `due` is on the emulator's clock."""

    events: list[Event]
    due: float
    tries: int = 0
    number: int = 0


@dataclass
class Attempt:
    """One POST that was made. `status` 0: no answer in time. At most 50 events are kept."""

    at: str
    epoch: float
    number: int
    tries: int
    status: int
    url: str
    events: list[dict[str, Any]]
    body: str
    signature: str
    content_type: str
    note: str = ""


class Webhooks:
    """One per emulator. `run` is its background task; all else is called from the same loop."""

    def __init__(
        self, clock: Clock, switches: Switches, is_connected: Callable[[str], bool]
    ) -> None:
        self.clock = clock
        self.switches = switches
        self.is_connected = is_connected
        self.url = ""
        self.verifier = ""
        self.clear()
        self._wake: asyncio.Event | None = None

    def clear(self) -> None:
        """Forget what waits and what was sent; the address stays."""
        self.pending: list[Event] = []
        self.queue: list[Delivery] = []
        self.attempts: deque[Attempt] = deque(maxlen=500)
        self.dropped = 0
        self.drop_next = 0
        self.sent_events = 0
        self.emitted = 0
        self._number = 0
        self._busy = 0
        self._last: Delivery | None = None
        self._random = random.Random(0)

    # --- What happened ---

    def emit(
        self,
        realm: str,
        entity: str,
        object_id: str,
        operation: str,
        epoch: float,
        deleted_id: str | None = None,
    ) -> None:
        """
        Note a change. Nothing is sent without an address, of a company that is not connected, or
        where the entity has no such event, or was not chosen.
        """
        if not self.url or not is_sent(entity, operation) or not self._is_chosen(entity):
            return
        if self.switches.webhook_need_connection and not self.is_connected(realm):
            return
        self.emitted += 1
        self.pending.append(Event(realm, entity, object_id, operation, epoch, deleted_id))
        self.wake()

    def _is_chosen(self, entity: str) -> bool:
        """Is it among the entities that the app wants to hear of (8.1)?"""
        chosen = self.switches.webhook_entities.lower().replace(" ", "")
        return not chosen or entity.lower() in chosen.split(",")

    def wake(self) -> None:
        if self._wake is not None:
            self._wake.set()

    # --- Sending ---

    async def run(self) -> None:
        """Send for ever; cancelled at the end of the server."""
        self._wake = asyncio.Event()
        while True:
            self._wake.clear()
            if not self.switches.webhook_hold:
                if self.pending:
                    await asyncio.sleep(self.switches.webhook_delay_seconds)
                    self.gather()
                await self._send_due()
            timeout = 1.0 if self.queue and not self.switches.webhook_hold else None
            try:
                await asyncio.wait_for(self._wake.wait(), timeout)
            except TimeoutError:
                continue

    def gather(self) -> None:
        """Turn the collected events into deliveries."""
        events, self.pending = self.pending, []
        if not events:
            return
        if self.switches.webhook_mix_realms:
            groups = [events]
        else:
            realms = dict.fromkeys(event.realm for event in events)
            groups = [[event for event in events if event.realm == realm] for realm in realms]
        for group in groups:
            if self.switches.webhook_reorder:
                group.reverse()
            self._number += 1
            self.queue.append(Delivery(group, self.clock.epoch(), number=self._number))
        if self.switches.webhook_reorder:
            self.queue.sort(key=lambda delivery: -delivery.number)

    async def _send_due(self, *, even_later: bool = False) -> None:
        now = self.clock.epoch()
        due = [delivery for delivery in self.queue if even_later or delivery.due <= now]
        for delivery in due:
            if not even_later and self._must_wait_for_another(delivery):
                continue
            if delivery in self.queue:
                self.queue.remove(delivery)
                await self._send(delivery)

    def _must_wait_for_another(self, delivery: Delivery) -> bool:
        """Is an earlier one not acknowledged yet, and do later ones wait for it (8.2)?"""
        if not self.switches.webhook_in_line:
            return False
        return any(each.tries and each.number < delivery.number for each in self.queue)

    async def flush(self, *, even_later: bool = True) -> None:
        """
        Send what waits, held or not, and come back when it was answered.

        even_later: also what is not due yet on the ladder.
        """
        self.gather()
        await self._send_due(even_later=even_later)
        while self._busy:
            await asyncio.sleep(0.005)

    async def _send(self, delivery: Delivery) -> None:
        if self._is_dropped():
            self.dropped += len(delivery.events)
            return
        self._busy += 1
        try:
            status = 0
            for _ in range(max(1, int(self.switches.webhook_copies))):
                status = await self._post(delivery)
        finally:
            self._busy -= 1
        delivery.tries += 1
        if status == 200:
            self.sent_events += len(delivery.events)
        elif self.switches.webhook_retry and delivery.tries < MOST_TRIES:
            step = LADDER[min(delivery.tries, len(LADDER)) - 1]
            delivery.due = self.clock.epoch() + step
            self.queue.append(delivery)

    def _is_dropped(self) -> bool:
        if self.drop_next > 0:
            self.drop_next -= 1
            return True
        return self._random.random() < self.switches.webhook_drop

    async def _post(self, delivery: Delivery) -> int:
        body, content_type = self.body(delivery.events)
        signature = self.sign(body)
        if self.switches.webhook_wrong_signature:
            signature = base64.b64encode(hashlib.sha256(b"wrong" + body).digest()).decode()
        at = self.clock.now().isoformat(timespec="milliseconds")
        status, note = await asyncio.to_thread(
            _post,
            self.url,
            body,
            {"Content-Type": content_type, "intuit-signature": signature},
            self.switches.webhook_answer_seconds,
        )
        self._last = delivery
        shown = [vars(event) for event in delivery.events[:50]]
        self.attempts.append(
            Attempt(
                at,
                self.clock.epoch(),
                delivery.number,
                delivery.tries,
                status,
                self.url,
                shown,
                body.decode()[:20_000],
                signature,
                content_type,
                note,
            )
        )
        return status

    def body(self, events: list[Event]) -> tuple[bytes, str]:
        """The bytes of a delivery and their content type."""
        if self.switches.webhook_format == "legacy":
            by_realm: dict[str, list[dict[str, Any]]] = {}
            for event in events:
                by_realm.setdefault(event.realm, []).append(event.legacy())
            notifications = [
                {"realmId": realm, "dataChangeEvent": {"entities": entities}}
                for realm, entities in by_realm.items()
            ]
            text, content_type = (
                json.dumps({"eventNotifications": notifications}),
                "application/json",
            )
        else:
            text = json.dumps([event.cloud() for event in events])
            content_type = "application/cloudevents+json"
        return text.encode(), self.switches.webhook_content_type or content_type

    def sign(self, body: bytes) -> str:
        digest = hmac.new(self.verifier.encode(), body, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    # --- What tests and the desk see ---

    def state(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "verifier": self.verifier,
            "pending": [vars(event) for event in self.pending],
            "queue": [
                {
                    "number": delivery.number,
                    "tries": delivery.tries,
                    "due_in_seconds": round(delivery.due - self.clock.epoch(), 3),
                    "events": [vars(event) for event in delivery.events],
                }
                for delivery in self.queue
            ],
            "attempts": [vars(attempt) for attempt in self.attempts],
            "emitted": self.emitted,
            "ladder_seconds": LADDER,
            "sent_events": self.sent_events,
            "dropped": self.dropped,
        }

    def resend_last(self) -> bool:
        """Queue the newest delivery once more, as it was, with the same event ids."""
        if self._last is None:
            return False
        events = self._last.events
        self._number += 1
        self.queue.append(Delivery(events, self.clock.epoch(), number=self._number))
        self.wake()
        return True


def _post(url: str, body: bytes, headers: dict[str, str], seconds: float) -> tuple[int, str]:
    """POST and read the status; 0 with the reason where there is none within so many seconds."""
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = make(parts.hostname or "", parts.port, timeout=seconds)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read(65_536)
            return answer.status, ""
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, f"{type(error).__name__}: {error}"
