"""
The Accounting API: /v3/company/{realm}/... (sections 2 to 7).

One request goes: armed faults, token, realm, limits, the operation, the answer, the log.
"""

import functools
import gzip
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from . import answers, clock, errors, feed, query, rules, server, xmltext
from .books import Actor
from .calls import METERED, Call
from .emulator import Emulator
from .entities import BY_PATH, Entity, Shape
from .errors import Fault, GatewayFault
from .faults import STOPS_BEFORE, Rule
from .jsontext import NotJson, dumps, loads
from .oauth import ACCOUNTING, USERS, Connection

MOST_BODY_BYTES = 5 * 1024 * 1024
QBO_VERSION = "1944.190"
JSON_OK = "application/json;charset=utf-8"
HTML_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass
class Asked:
    """A request, taken apart once."""

    method: str
    path: str  # as sent, with the query
    relative: str  # below /v3
    realm: str
    parts: list[str]  # below the realm
    params: dict[str, str]
    headers: Any
    body: bytes
    parsed: Any = None
    problem: Fault | None = None
    kind: str = "other"
    entity: Entity | None = None

    @property
    def requestid(self) -> str:
        return self.params.get("requestid", "")


@dataclass
class Reply:
    """An answer before it is dressed. `shown`: the versions it lets the client see."""

    status: int
    body: str
    content_type: str = JSON_OK
    headers: dict[str, str] = field(default_factory=dict)
    shown: list[tuple[str, str, int]] = field(default_factory=list)
    code: str = ""
    is_xml: bool = False


class Api:
    """The endpoint of everything below /v3."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    async def endpoint(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = await self._take_apart(request)
        emulator = self.emulator
        call = emulator.calls.begin(
            at=emulator.clock.now().isoformat(timespec="milliseconds"),
            method=asked.method,
            path=request.url.path,
            query=request.url.query,
            realm=asked.realm,
            kind=asked.kind,
            entity=asked.entity.name if asked.entity else "",
            requestid=asked.requestid,
            tid=emulator.new_tid(),
            request=asked.body[:20_000].decode("utf-8", "replace"),
        )
        if asked.kind in {"read", "update", "inactivate"}:
            call.id = _id_of(asked)
        try:
            return await self._answer(asked, call)
        finally:
            call.ms = round((time.perf_counter() - started) * 1000, 2)
            emulator.calls.finish(call, month=emulator.month())

    # --- Taking a request apart ---

    async def _take_apart(self, request: Request) -> Asked:
        problem = None
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BODY_BYTES:
                    problem = Fault("1050", "Request too large", "Request too large", status=413)
                    break
        except ClientDisconnect:
            problem = errors.unparsable()
        path = request.url.path
        pieces = [piece for piece in path.removeprefix("/v3/").split("/") if piece]
        in_company = len(pieces) >= 2 and pieces[0] == "company"
        asked = Asked(
            method=request.method,
            path=path + (f"?{request.url.query}" if request.url.query else ""),
            relative=path.removeprefix("/v3"),
            realm=pieces[1] if in_company else "",
            parts=[piece.lower() for piece in pieces[2:]] if in_company else [],
            params={key.lower(): value for key, value in request.query_params.items()},
            headers=request.headers,
            body=body,
            problem=problem,
        )
        _classify(asked)
        return asked

    # --- Faults around the operation ---

    async def _answer(self, asked: Asked, call: Call) -> Response:
        rule = self.emulator.faults.strike(
            method=asked.method,
            path=asked.path,
            entity=call.entity,
            operation=asked.kind,
            realm=asked.realm,
            now=self.emulator.clock.epoch(),
        )
        if rule is None:
            return self._dress(await self._gate(asked, call), asked, call)
        call.fault_rule = rule.number
        if rule.kind in STOPS_BEFORE:
            reply = await self._refuse(rule, asked)
            return self._cut(call) if reply is None else self._dress(reply, asked, call)
        if rule.kind in {"delay", "late_commit"}:
            await server.pause(rule.seconds)
        reply = await self._gate(asked, call)
        return await self._spoil(rule, reply, asked, call)

    async def _refuse(self, rule: Rule, asked: Asked) -> Reply | None:
        """The answer of a fault that keeps the operation from happening; None: close."""
        emulator = self.emulator
        if rule.kind in {"silence", "cut_before"}:
            await server.pause(rule.seconds)
            return None
        if rule.kind == "status":
            return _plain_status(rule)
        if rule.kind == "html":
            status = rule.status or 502
            title = rule.message or f"{status} Bad Gateway"
            return Reply(status, rule.body or HTML_PAGE.format(title), "text/html", rule.headers)
        if rule.kind in {"fault", "stale"}:
            return self._fault_reply(_fault_of(rule))
        if rule.kind == "expire_token":
            emulator.oauth.expire_access_tokens(asked.realm or None)
            return self._gateway_reply(errors.unauthenticated("Token expired: eyJlbmMiOiJ..."))
        if rule.kind == "revoke":
            for connection in emulator.oauth.connections(live_only=True):
                if connection.realm == asked.realm:
                    emulator.oauth.end(connection.number, "fault")
            return self._gateway_reply(errors.unauthenticated("Token revoked"))
        if rule.kind == "forbid":
            return self._gateway_reply(errors.unauthorized())
        shape = {"throttle_upper": "upper", "throttle_xml": "xml"}.get(rule.kind)
        return self._throttle(shape)

    async def _spoil(self, rule: Rule, reply: Reply, asked: Asked, call: Call) -> Response:
        """The operation was done; let its answer go wrong."""
        kind = rule.kind
        if kind in {"silence_after_commit", "delay_after_commit"}:
            await server.pause(rule.seconds)
        if kind in {"silence_after_commit", "late_commit", "cut_after_commit"}:
            call.notes["kept_back"] = {"status": reply.status, "body": reply.body[:20_000]}
            return self._cut(call)
        if kind == "status_after_commit":
            return self._dress(_plain_status(rule), asked, call)
        if kind == "fault_after_commit":
            return self._dress(self._fault_reply(_fault_of(rule)), asked, call)
        if kind == "unknown_value":
            reply.body = _with_unknown_property(reply.body)
        if kind == "cut_json":
            reply.body = reply.body[: len(reply.body) // 2]
            return self._dress(reply, asked, call)
        if kind == "cut_body":
            return self._dress(reply, asked, call, make=answers.CutBody)
        if kind == "slow_body":
            slow = functools.partial(answers.SlowBody, seconds=rule.seconds)
            return self._dress(reply, asked, call, make=slow)
        return self._dress(reply, asked, call)

    @staticmethod
    def _cut(call: Call) -> Response:
        call.status = 0
        return answers.CutConnection()

    # --- Token, realm, limits ---

    async def _gate(self, asked: Asked, call: Call) -> Reply:
        emulator = self.emulator
        try:
            connection = self._connection(asked)
            call.client_id = connection.client_id
            limits = emulator.limits
            if not limits.enter(asked.realm, connection.client_id, emulator.clock.epoch()):
                return self._throttle()
            try:
                self._check_allowance(asked)
                return await self._operate(asked, call, connection)
            finally:
                limits.leave(asked.realm, connection.client_id)
        except GatewayFault as fault:
            return self._gateway_reply(fault)
        except Fault as fault:
            call.notes |= fault.notes
            return self._fault_reply(fault)

    def _connection(self, asked: Asked) -> Connection:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if not token.strip():
            raise errors.unauthenticated("Token missing", code="3202", word="EmptyField")
        if scheme.lower() != "bearer":
            raise errors.unauthenticated(f"Malformed bearer token: {scheme[:12]}...")
        connection, why_not = self.emulator.oauth.check_access(token.strip())
        if connection is None:
            raise errors.unauthenticated(why_not)
        is_allowed = ACCOUNTING in connection.scope.split()
        if asked.realm and (connection.realm != asked.realm or not is_allowed):
            raise errors.unauthorized()
        return connection

    def _check_allowance(self, asked: Asked) -> None:
        allowance = self.emulator.switches.metered_allowance
        used = self.emulator.calls.metered[self.emulator.month()]
        if allowance and asked.kind in METERED and used >= allowance:
            raise errors.throttled(
                self.emulator.switches.throttle_shape,
                "The monthly allowance is used up",
            )

    # --- Operations ---

    async def _operate(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        if asked.problem is not None:
            raise asked.problem
        realm = asked.realm
        if asked.kind in {"create", "update", "inactivate", "write"}:
            return await self._write_once(asked, call, connection)
        if asked.kind == "query":
            return self._query(asked, realm)
        if asked.kind == "cdc":
            return self._cdc(asked, realm)
        if asked.kind == "read" and asked.entity is not None:
            return self._read(asked, asked.entity)
        raise errors.unsupported_path(asked.relative, f"/v3{asked.relative}")

    def _time(self) -> str:
        return clock.answer_time(self.emulator.clock.epoch())

    def _read(self, asked: Asked, entity: Entity) -> Reply:
        id = asked.parts[1] if len(asked.parts) > 1 else "1"
        if entity.name == "CompanyInfo":
            if id != asked.realm and id != "1":
                rules.check_id(entity, id)
                raise errors.object_not_found()
            id = "1"
        id = rules.check_id(entity, id)
        row = self.emulator.books.read(asked.realm, entity, id)
        body = f'{{"{entity.name}":{row.doc},"time":"{self._time()}"}}'
        return Reply(200, body, shown=[(entity.name, row.id, row.token)])

    def _query(self, asked: Asked, realm: str) -> Reply:
        emulator = self.emulator
        now = emulator.clock.epoch()
        statement = query.parse(_statement(asked), query.today(now))
        lag = emulator.switches.read_lag_seconds
        found = query.run(emulator.store, realm, statement, now - lag if lag else None)
        body = f'{{"QueryResponse":{found.body()},"time":"{self._time()}"}}'
        shown = [(found.entity.name, id, token) for id, token, _ in found.rows]
        return Reply(200, body, shown=[] if statement.names else shown)

    def _cdc(self, asked: Asked, realm: str) -> Reply:
        body, shown = feed.changes(
            self.emulator.store,
            realm,
            entities=asked.params.get("entities", ""),
            changed_since=asked.params.get("changedsince", ""),
            now=self.emulator.clock.epoch(),
            switches=self.emulator.switches,
        )
        return Reply(200, f'{{"CDCResponse":{body},"time":"{self._time()}"}}', shown=shown)

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
        if digest != _digest(asked) and emulator.switches.requestid_other_body == "600":
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
            reply = self._fault_reply(fault)
        if reply.status == 200 or emulator.switches.requestid_remembers == "all":
            emulator.store.db.execute(
                "INSERT OR REPLACE INTO replay VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    asked.realm,
                    asked.requestid,
                    _digest(asked),
                    emulator.clock.epoch(),
                    reply.status,
                    reply.body,
                    dumps({"shown": reply.shown, "code": reply.code}),
                ),
            )
        return reply

    async def _write(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        entity = asked.entity
        operation = asked.params.get("operation", "update").lower()
        if entity is None or operation not in {"update", "create"}:
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
        seen = True
        if call.id and isinstance(body, dict):
            token = body.get("SyncToken")
            digits = str(token) if str(token).isascii() and str(token).isdigit() else "0"
            seen = emulator.calls.has_seen(
                realm, connection.client_id, entity.name, call.id, int(digits[:18])
            )
        written = emulator.books.write(realm, entity, body, actor)
        row = written.row
        call.id = row.id
        if written.operation is not None:
            emulator.calls.wrote(call, written.operation)
            if not seen:
                emulator.calls.overwritten_unseen += 1
                call.notes["unseen"] = True
        text = f'{{"{entity.name}":{row.doc},"time":"{self._time()}"}}'
        return Reply(200, text, shown=[(entity.name, row.id, row.token)])

    # --- Answers ---

    def _fault_reply(self, fault: Fault) -> Reply:
        body = dumps(fault.body(self._time()))
        return Reply(fault.status, body, "application/json", code=fault.code)

    def _gateway_reply(self, fault: GatewayFault) -> Reply:
        if fault.shape == "xml":
            text = xmltext.throttled(fault.message, fault.detail or "", fault.code)
            return Reply(
                fault.status, text, "application/xml", fault.headers, code=fault.code, is_xml=True
            )
        body = dumps(fault.body(self.emulator.clock.epoch()))
        return Reply(fault.status, body, "application/json", fault.headers, code=fault.code)

    def _throttle(self, shape: str | None = None) -> Reply:
        switches = self.emulator.switches
        reply = self._gateway_reply(errors.throttled(shape or switches.throttle_shape))
        if switches.retry_after:
            reply.headers = {"Retry-After": str(int(switches.retry_after))}
        return reply

    def _dress(
        self, reply: Reply, asked: Asked, call: Call, *, make: Callable[..., Response] = Response
    ) -> Response:
        """Headers and coding of an answer; notes what the client gets to see."""
        emulator = self.emulator
        call.status, call.code, call.answer = reply.status, reply.code, reply.body
        if reply.shown and make is not answers.CutBody:
            emulator.calls.serve(asked.realm, call.client_id, reply.shown)
        body, content_type = reply.body, reply.content_type
        is_json = content_type.startswith("application/json")
        if is_json and _wants_xml(asked) and emulator.switches.xml_by_default:
            try:
                body, content_type = xmltext.answer(loads(body)), "application/xml"
            except NotJson:  # a body that a fault has cut
                content_type = reply.content_type
        data = body.encode("utf-8")
        headers = {
            emulator.switches.tid_header: call.tid,
            "Qbo-Version": QBO_VERSION,
            "Service-Time": "total=82, db=47",
            "Expires": "0",
            "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
            "Content-Type": content_type,
            **reply.headers,
        }
        if len(data) > 8192 and "gzip" in asked.headers.get("accept-encoding", ""):
            data = gzip.compress(data, 1)
            headers["Content-Encoding"] = "gzip"
        return make(data, reply.status, headers)


def _classify(asked: Asked) -> None:
    """Find out which operation is meant, before anything is checked."""
    parts, method = asked.parts, asked.method
    if not parts:
        return
    head = parts[0]
    if head == "query" and len(parts) == 1 and method in {"GET", "POST"}:
        asked.kind = "query"
    elif head == "cdc" and len(parts) == 1 and method == "GET":
        asked.kind = "cdc"
    elif head == "batch" and method == "POST":
        asked.kind = "batch"
    elif head in BY_PATH:
        asked.entity = entity = BY_PATH[head]
        is_single = entity.shape is Shape.SINGLE
        if method == "GET" and (len(parts) == 2 or (is_single and len(parts) == 1)):
            asked.kind = "read"
        elif method == "POST" and len(parts) == 1:
            _classify_write(asked, entity)


def _classify_write(asked: Asked, entity: Entity) -> None:
    asked.kind = "write"
    if asked.problem is not None:
        return
    try:
        asked.parsed = loads(asked.body)
    except UnicodeDecodeError as error:
        asked.problem = errors.not_utf8(error.start + 1)
        return
    except NotJson:
        asked.problem = errors.unparsable()
        return
    if not isinstance(asked.parsed, dict):
        return
    has_id = asked.parsed.get("Id") not in (None, "", 0, "0")
    if not has_id and entity.shape is not Shape.SINGLE:
        asked.kind = "create"
    else:
        asked.kind = "inactivate" if asked.parsed.get("Active") is False else "update"


def _id_of(asked: Asked) -> str:
    if asked.kind == "read":
        return asked.parts[1][:50] if len(asked.parts) > 1 else "1"
    if asked.entity is not None and asked.entity.shape is Shape.SINGLE:
        return "1"
    return str(asked.parsed.get("Id"))[:50]


def _statement(asked: Asked) -> str:
    """The text of a query: in the address, or as the body of a POST (3.1)."""
    if asked.method == "GET" or "query" in asked.params:
        text = asked.params.get("query", "")
    else:
        content_type = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in {"application/text", "text/plain"}:
            raise errors.query_parse_error("null")
        try:
            text = asked.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise errors.not_utf8(error.start + 1) from None
    if not text.strip():
        raise errors.query_parse_error("null")
    return text


def _wants_xml(asked: Asked) -> bool:
    return "json" not in asked.headers.get("accept", "").lower()


def _digest(asked: Asked) -> str:
    return hashlib.sha256(asked.body).hexdigest()


def _plain_status(rule: Rule) -> Reply:
    is_json = rule.body.startswith(("{", "["))
    content_type = rule.content_type or ("application/json" if is_json else "text/html")
    return Reply(rule.status or 500, rule.body, content_type, rule.headers)


def _fault_of(rule: Rule) -> Fault:
    if rule.kind == "stale" or (rule.code == "5010" and not rule.detail):
        return errors.stale_object("Sam Park")
    known = {
        "610": errors.object_not_found,
        "10000": errors.application_error,
        "6000": errors.one_name_at_a_time,
    }
    if rule.code in known and not rule.message and not rule.detail:
        fault = known[rule.code]()
    else:
        fault = Fault(rule.code or "10000", rule.message, rule.detail, rule.element or "")
    if rule.status:
        fault.status = rule.status
    if fault.status >= 500:
        fault.kind = "SystemFault"
    return fault


def _with_unknown_property(body: str) -> str:
    """The same answer with a property nobody knows in every object of it."""

    def add(value: Any) -> Any:
        if isinstance(value, dict):
            grown = {name: add(each) for name, each in value.items()}
            return {**grown, "XNewProperty": "new"} if "Id" in value else grown
        return [add(each) for each in value] if isinstance(value, list) else value

    return dumps(add(loads(body)))
