"""
What the Accounting API can do, one method an operation: read, query, CDC, write (2.1, 5).

Token, realm and limits were checked before; a Fault that is raised here becomes the answer.
"""

from . import clock, errors, feed, query, rules, server, tax_service
from .asked import JSON_OK, Asked, Reply, fault_reply, fingerprint, statement
from .books import Actor, Written
from .calls import WRITES, Call
from .emulator import Emulator
from .entities import Entity, Shape
from .errors import Fault
from .jsontext import dumps, loads
from .oauth import USERS, Connection


class Operations:
    """The operations of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    async def run(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        """
        Carry a request out.

        Raises:
            Fault: what the API would refuse, 500 "Unsupported Operation" for what it does not know.
        """
        if asked.problem is not None:
            raise asked.problem
        realm = asked.realm
        if asked.kind in WRITES:
            return await self._write_once(asked, call, connection)
        if asked.kind == "query":
            return self._query(asked, realm)
        if asked.kind == "cdc":
            return self._cdc(asked, realm)
        if asked.kind == "read" and asked.entity is not None:
            return self._read(asked, asked.entity)
        raise errors.unsupported_path(asked.relative, f"/v3{asked.relative}")

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
        body = f'{{"{entity.name}":{row.doc},"time":"{self.time()}"}}'
        return Reply(200, body, shown=[(entity.name, row.id, row.token)])

    def _read_dated(self, asked: Asked, entity: Entity) -> Reply:
        """`exchangerate?sourcecurrencycode=EUR&asofdate=2026-11-28`."""
        today = query.today(self.emulator.clock.epoch())
        row = self.emulator.books.read_dated(asked.realm, entity, asked.params, today)
        body = f'{{"{entity.name}":{row.doc},"time":"{self.time()}"}}'
        return Reply(200, body, shown=[(entity.name, row.id, row.token)])

    def _query(self, asked: Asked, realm: str) -> Reply:
        emulator = self.emulator
        now = emulator.clock.epoch()
        parsed = query.parse(statement(asked), query.today(now))
        lag = emulator.switches.read_lag_seconds
        found = query.run(emulator.store, realm, parsed, now - lag if lag else None)
        body = f'{{"QueryResponse":{found.body()},"time":"{self.time()}"}}'
        shown = [(found.entity.name, id, token) for id, token, _ in found.rows]
        return Reply(200, body, shown=[] if parsed.names else shown)

    def _cdc(self, asked: Asked, realm: str) -> Reply:
        body, shown = feed.changes(
            self.emulator.store,
            realm,
            entities=asked.params.get("entities", ""),
            changed_since=asked.params.get("changedsince", ""),
            now=self.emulator.clock.epoch(),
            switches=self.emulator.switches,
        )
        return Reply(200, f'{{"CDCResponse":{body},"time":"{self.time()}"}}', shown=shown)

    async def _write_once(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        """A write, or the first answer of its requestid once more (2.6)."""
        switches = self.emulator.switches
        if not asked.requestid or not switches.requestid:
            return await self._write(asked, call, connection)
        if len(asked.requestid) > 50:
            raise errors.invalid_request_id(len(asked.requestid))
        key = (asked.realm, asked.requestid)
        lock = self.emulator.request_locks[key]
        try:
            async with lock:
                replayed = self._replay(asked, call)
                if replayed is not None:
                    return replayed
                return await self._write_and_remember(asked, call, connection)
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

    async def _write_and_remember(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        emulator = self.emulator
        try:
            reply = await self._write(asked, call, connection)
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
        entity = asked.entity
        if entity is None or (asked.kind == "write" and isinstance(asked.parsed, dict)):
            raise errors.unsupported_path(asked.relative, asked.path)
        content_type = asked.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise errors.invalid_content_type(content_type[:100])
        if not entity.is_name:
            await server.pause(self.emulator.switches.write_seconds)
            return self._write_now(asked, call, connection, entity)
        busy, realm = self.emulator.names_busy, asked.realm
        if self.emulator.switches.one_name_at_a_time and realm in busy:
            fault = errors.one_name_at_a_time()
            fault.notes["not_executed"] = True
            raise fault
        busy.add(realm)
        try:
            if self.emulator.switches.write_seconds:
                await server.pause(self.emulator.switches.write_seconds)
            return self._write_now(asked, call, connection, entity)
        finally:
            busy.discard(realm)

    def _write_now(self, asked: Asked, call: Call, connection: Connection, entity: Entity) -> Reply:
        emulator, realm, body = self.emulator, asked.realm, asked.parsed
        user = USERS.get(connection.user)
        actor = Actor("api", user.name if user else connection.user, connection.client_id)
        if asked.parts[0] == "taxservice":
            return self._make_tax_code(asked, call, actor)
        seen = True
        if call.id and isinstance(body, dict):
            token = body.get("SyncToken")
            digits = str(token) if str(token).isascii() and str(token).isdigit() else "0"
            seen = emulator.calls.has_seen(
                realm, connection.client_id, entity.name, call.id, int(digits[:18])
            )
        written = self._change(asked, entity, actor)
        row = written.row
        call.id = row.id
        if written.operation is not None:
            emulator.calls.wrote(call, written.operation)
            if not seen:
                emulator.calls.overwritten_unseen += 1
                call.notes["unseen"] = True
        shown = [] if row.gone else [(entity.name, row.id, row.token)]
        document = deleted_document(row.id) if row.gone else row.doc
        return Reply(200, f'{{"{entity.name}":{document},"time":"{self.time()}"}}', shown=shown)

    def _change(self, asked: Asked, entity: Entity, actor: Actor) -> Written:
        books, realm, body = self.emulator.books, asked.realm, asked.parsed
        if asked.kind == "delete":
            if entity.shape is not Shape.TRANSACTION:
                raise errors.unsupported_path(asked.relative, asked.path)
            return books.delete(realm, entity, body, actor)
        if asked.kind == "void":
            asked_by = "operation" if asked.params.get("operation") == "void" else "include"
            if asked_by != entity.void:
                raise errors.unsupported_path(asked.relative, asked.path)
            return books.void(realm, entity, body, actor)
        include = frozenset(asked.params.get("include", "").lower().split(","))
        return books.write(realm, entity, body, actor, include)

    def _make_tax_code(self, asked: Asked, call: Call, actor: Actor) -> Reply:
        made = tax_service.create_tax_code(self.emulator, asked.realm, asked.parsed, actor)
        call.id = made["TaxCodeId"]
        self.emulator.calls.wrote(call, "Create")
        return Reply(200, dumps({**made, "time": self.time()}))


def deleted_document(id: str) -> str:
    """What the answer to a delete shows (5.4)."""
    return dumps({"domain": "QBO", "status": "Deleted", "Id": id})
