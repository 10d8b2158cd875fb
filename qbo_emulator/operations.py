"""
What the Accounting API can do, one method an operation: read, query, CDC, write (2.1, 5).

Token, realm and limits were checked before; a Fault that is raised here becomes the answer.
`batch.py` does the same for the items of a batch, through the same methods.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from . import clock, errors, feed, query, rules, server, tax_service
from .asked import JSON_OK, Asked, Reply, check_json, fault_reply, fingerprint, statement
from .books import Actor, Written
from .calls import METERED, WRITES, Call
from .documents import READS as DOCUMENT_READS
from .documents import WRITES as DOCUMENT_WRITES
from .documents import Documents
from .emulator import Emulator
from .entities import Entity
from .errors import Fault
from .jsontext import dumps, loads
from .oauth import USERS, Connection
from .query import Statement

MOST_REQUEST_ID = 50
Shown = list[tuple[str, str, int]]  # entity, id, SyncToken


@dataclass
class Write:
    """
    One write, alone in its request or an item of a batch.

    kind: what `kind_of_write` says.  address: below /v3, for the text of a refusal.
    call: its line in the log.  include: the words of that parameter.
    void_by: how a void is asked for (5.5): "operation", "include", or "batch".
    """

    realm: str
    entity: Entity
    kind: str
    body: Any
    address: str
    call: Call
    connection: Connection
    include: frozenset[str] = frozenset()
    void_by: str = "batch"


@dataclass
class Done:
    """What was read or written: `"Customer":{...}` as JSON text, and the versions it shows."""

    text: str
    shown: Shown


class Operations:
    """The operations of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.documents = Documents(emulator)

    async def run(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        """
        Carry a request out.

        Raises:
            Fault: what the API would refuse, 500 "Unsupported Operation" for what it does not know.
        """
        if asked.problem is not None:
            raise asked.problem
        if asked.kind in WRITES:
            return await self.once(asked, call, lambda: self._write(asked, call, connection))
        if asked.kind in METERED:
            await self.take_time()
        if asked.kind == "query":
            text = statement(asked)
            return self.reply(self.query(asked.realm, text, asked.page_shift, asked.include))
        if asked.kind == "cdc":
            entities, since = asked.params.get("entities", ""), asked.params.get("changedsince", "")
            return self.reply(self.changes(asked.realm, entities, since))
        if asked.kind == "read" and asked.entity is not None:
            return self._read(asked, asked.entity)
        if asked.kind in DOCUMENT_READS:
            return self.documents.read(asked)
        raise errors.unsupported_path(asked.relative, f"/v3{asked.relative}")

    async def take_time(self) -> None:
        """Every read takes so long, where that is switched on (7.2)."""
        if self.emulator.switches.read_seconds:
            await server.pause(self.emulator.switches.read_seconds)

    def time(self) -> str:
        return clock.answer_time(self.emulator.clock.epoch())

    def _read(self, asked: Asked, entity: Entity) -> Reply:
        if entity.identity:
            return self._read_dated(asked, entity)
        id = asked.parts[1] if len(asked.parts) > 1 else "1"
        if entity.name == "CompanyInfo":
            if id != asked.realm and id != "1":
                rules.check_id(entity, id)
                raise errors.object_not_found()
            id = "1"
        id = rules.check_id(entity, id)
        row = self.emulator.books.read(asked.realm, entity, id)
        document = self.documents.shown(asked.realm, entity, row.id, row.doc, asked.include)
        return self.reply(Done(f'"{entity.name}":{document}', [(entity.name, row.id, row.token)]))

    def _read_dated(self, asked: Asked, entity: Entity) -> Reply:
        """`exchangerate?sourcecurrencycode=EUR&asofdate=2026-11-28`."""
        today = query.today(self.emulator.clock.epoch())
        row = self.emulator.books.read_dated(asked.realm, entity, asked.params, today)
        return self.reply(Done(f'"{entity.name}":{row.doc}', [(entity.name, row.id, row.token)]))

    def reply(self, done: Done) -> Reply:
        return Reply(200, f'{{{done.text},"time":"{self.time()}"}}', shown=done.shown)

    def query(
        self, realm: str, text: str, page_shift: int = 0, include: frozenset[str] = frozenset()
    ) -> Done:
        """Run a statement (3); `page_shift`: as if so many rows before the page had gone."""
        emulator = self.emulator
        now = emulator.clock.epoch()
        parsed = self._parsed(text, query.today(now))
        parsed.start = max(1, parsed.start + page_shift)
        lag = emulator.switches.read_lag_seconds
        emulator.books.bring_up_to_date(realm, parsed.entity)
        found = query.run(emulator.store, realm, parsed, now - lag if lag else None)
        found.rows = [
            (id, token, self.documents.shown(realm, found.entity, id, doc, include))
            for id, token, doc in found.rows
        ]
        shown = [(found.entity.name, id, token) for id, token, _ in found.rows]
        return Done(f'"QueryResponse":{found.body()}', [] if parsed.names else shown)

    def _parsed(self, text: str, today: str) -> Statement:
        """A statement, by the readings that are switched on (3.2)."""
        parsed, switches = query.parse(text, today), self.emulator.switches
        unequal = next((each for each in parsed.conditions if each.operator == "!="), None)
        if unequal is not None and switches.query_not_equal == "refuse":
            raise errors.query_invalid(f"operator '!=' is not supported for {unequal.name}")
        if switches.query_projection == "whole":
            parsed.names = []
        return parsed

    def changes(self, realm: str, entities: str, changed_since: str) -> Done:
        self.emulator.books.bring_up_to_date(realm, *entities.split(","))
        body, shown = feed.changes(
            self.emulator.store,
            realm,
            entities=entities,
            changed_since=changed_since,
            now=self.emulator.clock.epoch(),
            switches=self.emulator.switches,
        )
        return Done(f'"CDCResponse":{body}', shown)

    async def once(
        self,
        asked: Asked,
        call: Call,
        work: Callable[[], Awaitable[Reply]],
        most: int = MOST_REQUEST_ID,
    ) -> Reply:
        """Do the work, or give the first answer of its requestid once more (2.6)."""
        if not asked.requestid or not self.emulator.switches.requestid:
            return await work()
        if len(asked.requestid) > most:
            raise errors.invalid_request_id(len(asked.requestid), most)
        key = (asked.realm, asked.requestid)
        lock = self.emulator.request_locks[key]
        try:
            async with lock:
                replayed = self._replay(asked, call)
                if replayed is not None:
                    return replayed
                return await self._work_and_remember(asked, call, work)
        finally:
            if not lock.locked():
                self.emulator.request_locks.pop(key, None)

    def _replay(self, asked: Asked, call: Call) -> Reply | None:
        emulator = self.emulator
        row = emulator.store.db.execute(
            "SELECT digest, at, status, body, facts FROM replay WHERE realm = ? AND requestid = ?",
            (asked.realm, asked.requestid),
        ).fetchone()
        if row is None:
            return None
        digest, at, status, body, facts = row
        life = emulator.switches.requestid_seconds
        if life and emulator.clock.epoch() >= at + life:
            emulator.store.db.execute(
                "DELETE FROM replay WHERE realm = ? AND requestid = ?",
                (asked.realm, asked.requestid),
            )
            return None
        if digest != fingerprint(asked) and emulator.switches.requestid_other_body == "600":
            raise errors.duplicate_request_id()
        call.replayed = True
        known = loads(facts)
        content_type = JSON_OK if status == 200 else "application/json"
        shown = [(name, id, token) for name, id, token in known["shown"]]
        return Reply(status, body, content_type, shown=shown, code=known["code"])

    async def _work_and_remember(
        self, asked: Asked, call: Call, work: Callable[[], Awaitable[Reply]]
    ) -> Reply:
        emulator = self.emulator
        try:
            reply = await work()
        except Fault as fault:
            if fault.notes.get("not_executed"):
                raise
            call.notes |= fault.notes
            reply = fault_reply(fault, self.time())
        if reply.status == 200 or emulator.switches.requestid_remembers == "all":
            emulator.store.db.execute(
                "INSERT OR REPLACE INTO replay VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    asked.realm,
                    asked.requestid,
                    fingerprint(asked),
                    emulator.clock.epoch(),
                    reply.status,
                    reply.body,
                    dumps({"shown": reply.shown, "code": reply.code}),
                ),
            )
        return reply

    async def _write(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        if asked.kind in DOCUMENT_WRITES:
            self._check_can_write(asked.realm)
            await server.pause(self.emulator.switches.write_seconds)
            return self.documents.write(asked, call, _actor(connection))
        if asked.entity is None:
            raise errors.unsupported_path(asked.relative, asked.path)
        write = Write(
            asked.realm,
            asked.entity,
            asked.kind,
            asked.parsed,
            asked.path.removeprefix("/v3"),
            call,
            connection,
            include=asked.include,
            void_by="operation" if asked.params.get("operation") == "void" else "include",
        )
        if not is_supported(write):
            raise errors.unsupported_path(asked.relative, asked.path)
        check_json(asked)
        if asked.parts[0] == "taxservice":
            return self._make_tax_code(write)
        return self.reply(await self.carry_out(write))

    def _make_tax_code(self, write: Write) -> Reply:
        self._check_can_write(write.realm)
        actor = _actor(write.connection)
        made = tax_service.create_tax_code(self.emulator, write.realm, write.body, actor)
        write.call.id = made["TaxCodeId"]
        self.emulator.calls.wrote(write.call, "Create")
        return Reply(200, dumps({**made, "time": self.time()}))

    def _check_can_write(self, realm: str) -> None:
        if self.emulator.state_of(realm) == "subscription_ended":
            fault = errors.company_refuses("subscription_ended")
            fault.notes["not_executed"] = True
            raise fault

    async def carry_out(self, write: Write) -> Done:
        """
        Every write of the API comes through here, alone or in a batch.

        Raises:
            Fault: nothing was changed.
        """
        if not is_supported(write):
            raise errors.unsupported_path(write.address, f"/v3{write.address}")
        self._check_can_write(write.realm)
        seconds, busy = self.emulator.switches.write_seconds, self.emulator.names_busy
        if not write.entity.is_name:
            if seconds:
                await server.pause(seconds)
            return self._write_now(write)
        if self.emulator.switches.one_name_at_a_time and write.realm in busy:
            fault = errors.one_name_at_a_time()
            fault.notes["not_executed"] = True
            raise fault
        busy.add(write.realm)
        try:
            if seconds:
                await server.pause(seconds)
            return self._write_now(write)
        finally:
            busy.discard(write.realm)

    def _write_now(self, write: Write) -> Done:
        emulator, realm, entity, call = self.emulator, write.realm, write.entity, write.call
        client_id = write.connection.client_id
        seen = True
        if call.id and isinstance(write.body, dict):
            token = str(write.body.get("SyncToken"))
            digits = token if token.isascii() and token.isdigit() else "0"
            seen = emulator.calls.has_seen(realm, client_id, entity.name, call.id, int(digits[:18]))
        written = self._change(write)
        row = written.row
        call.id = row.id
        if written.operation is not None:
            emulator.calls.wrote(call, written.operation)
            if not seen:
                emulator.calls.overwritten_unseen += 1
                call.notes["unseen"] = True
        if row.gone:
            return Done(f'"{entity.name}":{deleted_document(row.id)}', [])
        return Done(f'"{entity.name}":{row.doc}', [(entity.name, row.id, row.token)])

    def _change(self, write: Write) -> Written:
        books, actor = self.emulator.books, _actor(write.connection)
        if write.kind == "delete":
            return books.delete(write.realm, write.entity, write.body, actor)
        if write.kind == "void":
            return books.void(write.realm, write.entity, write.body, actor)
        return books.write(write.realm, write.entity, write.body, actor, write.include)


def _actor(connection: Connection) -> Actor:
    """Who an app acts for."""
    user = USERS.get(connection.user)
    return Actor("api", user.name if user else connection.user, connection.client_id)


def is_supported(write: Write) -> bool:
    """Is there such an operation on this entity (5.4, 5.5)?"""
    if write.kind == "write":  # a body that is no object gets its own refusal
        return not isinstance(write.body, dict)
    if write.kind == "delete":
        return write.entity.can_delete
    if write.kind == "void":
        return bool(write.entity.void) and write.void_by in {write.entity.void, "batch"}
    return True


def deleted_document(id: str) -> str:
    """What the answer to a delete shows (5.4)."""
    return dumps({"domain": "QBO", "status": "Deleted", "Id": id})
