"""
Batch (5.7): up to 30 reads and writes in one request, each with its own answer or Fault.

Items run one after another. Query and CDC items show the books as they were before the batch: the
API promises that no item sees the result of an earlier one. Writes go the way single ones go.
"""

import random
from dataclasses import dataclass
from typing import Any

from . import errors
from .asked import Asked, Reply, check_json, kind_of_write
from .calls import WRITES, Call
from .emulator import Emulator
from .entities import BY_PATH, Entity
from .errors import Fault
from .faults import IN_ITEMS
from .jsontext import NotJson, dumps, loads
from .oauth import Connection
from .operations import Done, Operations, Shown, Write

MOST_ITEMS = 30
MOST_REQUEST_ID = 36  # with an id of the item at most 50 (2.6)
MOST_ITEM_ID = 10
OPERATIONS = {"create", "update", "delete"}
READS = {"Query": "query", "CDCQuery": "cdc"}
PROPERTIES = {"bId", "operation", "optionsData", "ReportQuery", *READS}


@dataclass
class Item:
    """One item. kind: of the call log; `what` is the object, or the words of a query."""

    b_id: str
    kind: str
    what: Any
    entity: Entity | None = None
    problem: Fault | None = None


class Batch:
    """The batch operation of one emulator."""

    def __init__(self, emulator: Emulator, operations: Operations) -> None:
        self.emulator = emulator
        self.operations = operations

    async def run(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        """
        Carry a batch out; 200 whatever becomes of its items.

        Raises:
            Fault: the batch as a whole cannot be read; then no item was tried.
        """
        if asked.problem is not None:
            raise asked.problem
        check_json(asked)
        items = read_items(asked.body, has_requestid=bool(asked.requestid))
        emulator = self.emulator
        emulator.limits.count_items(asked.realm, len(items), emulator.clock.epoch())
        return await self.operations.once(
            asked, call, lambda: self._run(items, call, connection), MOST_REQUEST_ID
        )

    async def _run(self, items: list[Item], call: Call, connection: Connection) -> Reply:
        lines = [self._line(item, call) for item in items]
        answers: dict[int, str] = {}
        shown: Shown = []
        reads_first = sorted(range(len(items)), key=lambda at: items[at].kind in WRITES)
        for at in reads_first:
            answers[at] = await self._answer(items[at], lines[at], connection, shown)
        order = list(range(len(items)))
        if self.emulator.switches.batch_order == "shuffled":
            order = _shuffled(order, call.number)
        text = ",".join(answers[at] for at in order)
        return self.operations.reply(Done(f'"BatchItemResponse":[{text}]', shown))

    def _line(self, item: Item, call: Call) -> Call:
        line = self.emulator.calls.begin_item(
            call,
            kind=item.kind,
            entity=item.entity.name if item.entity else "",
            requestid=f"{call.requestid}:{item.b_id}" if call.requestid else "",
            request=dumps(item.what)[:20_000],
        )
        line.notes["bId"] = item.b_id
        if item.kind not in {"create", "query", "cdc"} and isinstance(item.what, dict):
            line.id = str(item.what.get("Id", ""))[:50]
        return line

    async def _answer(self, item: Item, line: Call, connection: Connection, shown: Shown) -> str:
        """The answer of one item as JSON text; what it shows is added to `shown`."""
        try:
            done = await self._do(item, line, connection)
        except Fault as fault:
            line.notes |= fault.notes
            line.status, line.code = fault.status, fault.code
            text = f'"Fault":{dumps(fault.body("")["Fault"])}'
        else:
            line.status, text = 200, done.text
            shown += done.shown
        line.answer = f'{{{text},"bId":{dumps(item.b_id)}}}'
        return line.answer

    async def _do(self, item: Item, line: Call, connection: Connection) -> Done:
        if item.problem is not None:
            raise item.problem
        rule = self.emulator.faults.strike(
            method=line.method,
            path=f"{line.path}#{item.b_id}",
            entity=line.entity,
            operation=item.kind,
            realm=line.realm,
            now=self.emulator.clock.epoch(),
            kinds=IN_ITEMS,
        )
        if rule is not None:
            line.fault_rule = rule.number
            if rule.kind == "fault_after_commit":
                await self._carry_out(item, line, connection)
            raise rule.fault()
        return await self._carry_out(item, line, connection)

    async def _carry_out(self, item: Item, line: Call, connection: Connection) -> Done:
        operations, realm = self.operations, line.realm
        if item.kind in READS.values():
            await operations.take_time()
        if item.kind == "query":
            return operations.query(realm, item.what)
        if item.kind == "cdc":
            entities, since = item.what.get("Entities", ""), item.what.get("ChangedSince", "")
            if isinstance(entities, list):
                entities = ",".join(map(str, entities))
            return operations.changes(realm, str(entities), str(since))
        if item.entity is None:
            raise errors.unsupported_operation(f"Operation {item.kind} is not supported.")
        address = f"/company/{realm}/{item.entity.path}?operation={item.kind}"
        write = Write(realm, item.entity, item.kind, item.what, address, line, connection)
        return await operations.carry_out(write)


# --- Reading the request ---


def read_items(body: bytes, *, has_requestid: bool) -> list[Item]:
    """
    The items of a request.

    Raises:
        Fault: it is not JSON, holds no items or too many, or their bIds do not serve.
    """
    try:
        parsed = loads(body)
    except UnicodeDecodeError as error:
        raise errors.not_utf8(error.start + 1) from None
    except NotJson:
        raise errors.unparsable() from None
    if not isinstance(parsed, dict):
        raise errors.unparsable()
    unknown = next((name for name in parsed if name != "BatchItemRequest"), None)
    if unknown is not None:
        known = ["BatchItemRequest"]
        raise errors.unrecognized_property(unknown[:100], "IntuitBatchRequest", known)
    items = parsed.get("BatchItemRequest")
    if items is None or items == []:
        raise errors.required_missing("BatchItemRequest")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise errors.unparsable()
    if len(items) > MOST_ITEMS:
        raise errors.batch_too_large(MOST_ITEMS, len(items))
    seen: set[str] = set()
    for item in items:
        _check_item_id(item.get("bId"), seen, has_requestid)
    return [_item(item) for item in items]


def _check_item_id(b_id: Any, seen: set[str], has_requestid: bool) -> None:
    if b_id in (None, ""):
        raise errors.required_missing("bId")
    if not isinstance(b_id, str):
        raise errors.unparsable()
    if has_requestid and len(b_id) > MOST_ITEM_ID:
        raise errors.invalid_request_id(len(b_id), MOST_ITEM_ID, "bId")
    if b_id in seen:
        raise errors.repeated_batch_id(b_id[:50])
    seen.add(b_id)


def _item(item: dict[str, Any]) -> Item:
    """What an item asks for; what is wrong with it alone waits in `problem`."""
    b_id = item["bId"]
    for name, kind in READS.items():
        if name in item:
            what = item[name]
            wanted = str if kind == "query" else dict
            problem = None if isinstance(what, wanted) else errors.unparsable()
            return Item(b_id, kind, what, problem=problem)
    names = [name for name in item if name not in PROPERTIES]
    if len(names) != 1:
        missing = errors.required_missing("Query") if not names else errors.unparsable()
        if "ReportQuery" in item:
            missing = errors.unsupported_operation("Operation ReportQuery is not supported.")
        return Item(b_id, "other", item, problem=missing)
    name, what = names[0], item[names[0]]
    entity = BY_PATH.get(name.lower())
    if entity is None or entity.name != name:
        detail = f"Operation on {name[:100]} is not supported."
        return Item(b_id, "write", what, problem=errors.unsupported_operation(detail))
    operation = item.get("operation")
    if operation is None:
        missing = errors.required_missing("operation")
        return Item(b_id, "write", what, entity, missing)
    if not isinstance(operation, str) or operation not in OPERATIONS:
        wrong = errors.invalid_enumeration("operation", str(operation)[:100])
        return Item(b_id, "write", what, entity, wrong)
    kind = "write"
    if isinstance(what, dict):
        options = str(item.get("optionsData") or "")
        kind = kind_of_write(entity, what, {"operation": operation, "include": options})
        if operation == "update" and kind == "create":
            return Item(b_id, "update", what, entity, errors.required_missing("Id"))
    return Item(b_id, kind, what, entity)


def _shuffled(order: list[int], seed: int) -> list[int]:
    """Another order, the same for the same seed."""
    mixed = order[:]
    random.Random(seed).shuffle(mixed)
    return mixed if mixed != order else [*order[1:], *order[:1]]
