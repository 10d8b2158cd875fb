"""What was asked of the emulator: the call log and the counts that tests and the desk read."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

from .store import Store

KEPT_CALLS = 20_000
KEPT_CHARACTERS = 20_000
WRITES = {"create", "update", "inactivate", "delete", "void", "write", "send", "upload"}
METERED = {"read", "query", "cdc", "batch", "report", "pdf", "download"}  # CorePlus (7.4)


@dataclass
class Call:
    """
    One request and its answer. `kind`: create, update, read, query, cdc, batch, token, ...

    An item of a batch is a line of its own; `batch` is the number of the request it came in.
    """

    number: int
    at: str
    method: str
    path: str
    query: str = ""
    realm: str = ""
    client_id: str = ""
    kind: str = "other"
    entity: str = ""
    id: str = ""
    requestid: str = ""
    replayed: bool = False
    status: int = 0  # 0: no answer was sent
    code: str = ""
    fault_rule: int | None = None
    batch: int = 0
    ms: float = 0.0
    tid: str = ""
    request: str = ""
    answer: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Calls:
    """Kept in memory: a restart begins a new log."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.log: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._number = 0
        self.by_kind: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.by_code: Counter[str] = Counter()
        self.metered: Counter[str] = Counter()  # "2026-11" -> calls
        self.creates: Counter[str] = Counter()
        self.creates_by_request_id: Counter[str] = Counter()
        self.writes = 0
        self.replays = 0
        self.overwritten_unseen = 0
        self.unknown_references = 0
        self.batch_items: Counter[str] = Counter()  # by kind
        self._items: dict[int, list[Call]] = {}  # of batches that are not answered yet
        self.served: dict[tuple[str, str, str, str], int] = {}

    def clear_log(self) -> None:
        self.log.clear()

    def begin(self, **facts: Any) -> Call:
        self._number += 1
        return Call(number=self._number, **facts)

    def begin_item(self, batch: Call, **facts: Any) -> Call:
        """A line for an item of a batch; it is kept once the batch is answered or cut."""
        shared = {name: getattr(batch, name) for name in ("at", "method", "path", "realm", "tid")}
        item = self.begin(batch=batch.number, client_id=batch.client_id, **shared, **facts)
        self._items.setdefault(batch.number, []).append(item)
        return item

    def finish(self, call: Call, *, month: str) -> None:
        """Count a call once it is answered or cut."""
        call.answer = call.answer[:KEPT_CHARACTERS]
        self.log.append(call)
        for item in self._items.pop(call.number, ()):
            self._finish_item(item, call)
        self.by_kind[call.kind] += 1
        self.by_status[str(call.status)] += 1
        if call.code:
            self.by_code[call.code] += 1
        if call.kind in METERED and 200 <= call.status < 300:
            self.metered[month] += 1
        if call.replayed:
            self.replays += 1
        if call.notes.get("unknown_reference"):
            self.unknown_references += 1

    def _finish_item(self, item: Call, batch: Call) -> None:
        """Items are counted apart: one batch is one call."""
        item.answer = item.answer[:KEPT_CHARACTERS]
        if batch.status == 0:
            item.notes["kept_back"] = {"status": item.status, "body": item.answer}
            item.status = 0
        self.log.append(item)
        self.batch_items[item.kind] += 1
        if item.code:
            self.by_code[item.code] += 1
        if item.notes.get("unknown_reference"):
            self.unknown_references += 1

    def wrote(self, call: Call, operation: str) -> None:
        """Count a write that was really carried out, whether or not its answer arrived."""
        self.writes += 1
        if operation == "Create":
            self.creates[call.entity] += 1
            if call.requestid:
                self.creates_by_request_id[call.requestid] += 1

    def serve(self, realm: str, client_id: str, shown: list[tuple[str, str, int]]) -> None:
        """Note which versions were shown to a client: (entity, id, SyncToken)."""
        for entity, id, token in shown:
            key = (realm, client_id, entity, id)
            if token > self.served.get(key, -1):
                self.served[key] = token

    def has_seen(self, realm: str, client_id: str, entity: str, id: str, token: int) -> bool:
        return self.served.get((realm, client_id, entity, id), -1) >= token

    def forget_seen(self, realm: str, store: Store | None = None) -> None:
        """
        The books of a company were replaced: versions beyond the stored ones were never shown.

        Without a store: nothing of it was shown.
        """
        for key in [key for key in self.served if key[0] == realm]:
            row = store.get(realm, key[2], key[3]) if store else None
            if row is None:
                del self.served[key]
            else:
                self.served[key] = min(self.served[key], row.token)

    def find(
        self, *, since: int = 0, writes_only: bool = False, entity: str = "", kind: str = ""
    ) -> list[Call]:
        """Calls after number `since`, oldest first."""
        return [
            call
            for call in self.log
            if call.number > since
            and (not writes_only or call.kind in WRITES)
            and (not entity or call.entity.lower() == entity.lower())
            and (not kind or call.kind == kind)
        ]

    def counts(self, month: str) -> dict[str, Any]:
        twice = {id: count for id, count in self.creates_by_request_id.items() if count > 1}
        return {
            "calls": sum(self.by_kind.values()),
            "by_kind": dict(self.by_kind),
            "by_status": dict(self.by_status),
            "by_code": dict(self.by_code),
            "metered": self.metered[month],
            "metered_by_month": dict(self.metered),
            "batch_items": dict(self.batch_items),
            "writes": self.writes,
            "creates": dict(self.creates),
            "creates_by_request_id": len(self.creates_by_request_id),
            "request_ids_created_twice": twice,
            "replays": self.replays,
            "overwritten_unseen": self.overwritten_unseen,
            "unknown_references": self.unknown_references,
            "last": self._number,
        }
