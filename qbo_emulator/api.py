"""
The Accounting API: /v3/company/{realm}/... (sections 2 to 7).

One request goes: armed faults, token, realm, limits, the operation, the answer, the log.
"""

import functools
import gzip
import time
from collections.abc import Callable, Container

from starlette.requests import Request
from starlette.responses import Response

from . import answers, clock, errors, server, unknown, xmltext
from .answers import HTML_PAGE
from .asked import (
    NAMES_AN_OBJECT,
    Asked,
    Reply,
    fault_reply,
    id_of,
    read_body,
    take_apart,
    wants_xml,
)
from .batch import Batch
from .calls import METERED, Call
from .emulator import Emulator
from .errors import Fault, GatewayFault
from .faults import KINDS, STOPS_BEFORE, Rule
from .jsontext import NotJson, dumps, loads
from .oauth import ACCOUNTING, Connection
from .operations import Operations

QBO_VERSION = "1944.190"
DELAYS = {"delay", "delay_after_commit"}
AFTER_READING = KINDS.keys() - {"cut_request"}


class Api:
    """The endpoint of everything below /v3."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.operations = Operations(emulator)
        self.batch = Batch(emulator, self.operations)

    async def endpoint(self, request: Request) -> Response:
        started = time.perf_counter()
        asked, emulator = take_apart(request), self.emulator
        cut_early = self._strike(asked, {"cut_request"})
        if cut_early is None:
            await read_body(asked, request)
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
        if asked.kind in NAMES_AN_OBJECT:
            call.id = id_of(asked)
        try:
            if cut_early is not None:
                call.fault_rule = cut_early.number
                return self._cut(call)
            return await self._answer(asked, call)
        finally:
            call.ms = round((time.perf_counter() - started) * 1000, 2)
            emulator.calls.finish(call, month=emulator.month())

    # --- Faults around the operation ---

    def _strike(self, asked: Asked, kinds: Container[str]) -> Rule | None:
        if not self.emulator.faults.rules:
            return None
        return self.emulator.faults.strike(
            method=asked.method,
            path=asked.path,
            entity=asked.entity.name if asked.entity else "",
            operation=asked.kind,
            realm=asked.realm,
            now=self.emulator.clock.epoch(),
            kinds=kinds,
        )

    async def _answer(self, asked: Asked, call: Call) -> Response:
        rule = self._strike(asked, AFTER_READING)
        if rule is None:
            return self._dress(await self._in_time(asked, call), asked, call)
        call.fault_rule = rule.number
        if rule.kind in STOPS_BEFORE:
            reply = await self._refuse(rule, asked)
            return self._cut(call) if reply is None else self._dress(reply, asked, call)
        if rule.kind == "late_commit":
            await server.pause(rule.seconds)
        if rule.kind == "page_shift":
            asked.page_shift = rule.rows
        reply = await self._in_time(asked, call, rule)
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
        if rule.kind in {"fault", "stale", "closed_period"}:
            return self._fault(rule.fault())
        if rule.kind == "expire_token":
            emulator.oauth.expire_access_tokens(asked.realm or None)
            fault = errors.unauthenticated("Token expired: eyJlbmMiOiJ...")
            return self._gateway_reply(fault, asked)
        if rule.kind == "revoke":
            for connection in emulator.oauth.connections(live_only=True):
                if connection.realm == asked.realm:
                    emulator.oauth.end(connection.number, "fault")
            return self._gateway_reply(errors.unauthenticated("Token revoked"), asked)
        if rule.kind == "forbid":
            return self._gateway_reply(errors.unauthorized(), asked)
        shape = {"throttle_upper": "upper", "throttle_xml": "xml"}.get(rule.kind)
        return self._throttle(asked, shape)

    async def _spoil(self, rule: Rule, reply: Reply, asked: Asked, call: Call) -> Response:
        """The operation was done; let its answer go wrong."""
        kind = rule.kind
        if kind == "silence_after_commit":
            await server.pause(rule.seconds)
        if kind in {"silence_after_commit", "late_commit", "cut_after_commit"}:
            call.notes["kept_back"] = {"status": reply.status, "body": reply.body[:20_000]}
            return self._cut(call)
        if kind == "status_after_commit":
            return self._dress(_plain_status(rule), asked, call)
        if kind == "fault_after_commit":
            return self._dress(self._fault(rule.fault()), asked, call)
        if kind in {"unknown_value", "unknown_choice"}:
            reply.body = unknown.spoil(reply.body, kind)
        if kind == "cut_json":
            reply.body = reply.body[: len(reply.body) // 2]
            reply.data = reply.data[: len(reply.data) // 2]
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

    # --- Time, token, realm, limits ---

    async def _in_time(self, asked: Asked, call: Call, rule: Rule | None = None) -> Reply:
        """What takes too long, whatever it is, goes on, but is not waited for (7.2)."""
        switches = self.emulator.switches
        is_late = rule is not None and rule.kind in DELAYS
        if not (is_late or switches.write_seconds or switches.read_seconds):
            return await self._gate(asked, call)
        work = self._delayed(asked, call, rule) if rule else self._gate(asked, call)
        try:
            return await server.within(switches.request_seconds, work)
        except TimeoutError:
            return self._gateway_reply(errors.took_too_long(), asked)

    async def _delayed(self, asked: Asked, call: Call, rule: Rule) -> Reply:
        if rule.kind == "delay":
            await server.pause(rule.seconds)
        reply = await self._gate(asked, call)
        if rule.kind == "delay_after_commit":
            await server.pause(rule.seconds)
        return reply

    async def _gate(self, asked: Asked, call: Call) -> Reply:
        emulator = self.emulator
        try:
            connection = self._connection(asked)
            call.client_id = connection.client_id
            limits, now = emulator.limits, emulator.clock.epoch()
            reached = limits.enter(asked.realm, connection.client_id, now, asked.kind)
            if reached:
                call.notes["limit"] = reached
                return self._throttle(asked)
            try:
                self._check_company(asked, connection)
                self._check_allowance(asked)
                return await self._run(asked, call, connection)
            finally:
                limits.leave(asked.realm, connection.client_id)
        except GatewayFault as fault:
            return self._gateway_reply(fault, asked)
        except Fault as fault:
            call.notes |= fault.notes
            return self._fault(fault)

    async def _run(self, asked: Asked, call: Call, connection: Connection) -> Reply:
        run = self.batch.run if asked.kind == "batch" else self.operations.run
        return await run(asked, call, connection)

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

    def _check_company(self, asked: Asked, connection: Connection) -> None:
        """May this user work in this company at all (1.9, 6.3)? Writes are checked once more."""
        emulator = self.emulator
        if connection.user in emulator.oauth.without_rights:
            if emulator.switches.lost_rights_answer == "3100":
                raise errors.unauthorized()
            raise errors.of_code("120")
        state = emulator.state_of(asked.realm)
        if state not in {"ok", "subscription_ended"}:
            raise errors.company_refuses(state)

    def _check_allowance(self, asked: Asked) -> None:
        allowance = self.emulator.switches.metered_allowance
        used = self.emulator.calls.metered[self.emulator.month()]
        if allowance and asked.kind in METERED and used >= allowance:
            raise errors.throttled(
                self.emulator.switches.throttle_shape,
                "The monthly allowance is used up",
            )

    # --- Answers ---

    def _fault(self, fault: Fault) -> Reply:
        return fault_reply(fault, clock.answer_time(self.emulator.clock.epoch()))

    def _gateway_reply(self, fault: GatewayFault, asked: Asked) -> Reply:
        shape = fault.shape
        if shape == "html":
            page = HTML_PAGE.format(f"{fault.status} {fault.word}")
            return Reply(fault.status, page, "text/html", fault.headers)
        if shape == "xml" or (wants_xml(asked) and self.emulator.switches.xml_by_default):
            text = xmltext.gateway_fault(fault.kind, fault.message, fault.detail or "", fault.code)
            return Reply(fault.status, text, "application/xml", fault.headers, code=fault.code)
        body = dumps(fault.body(self.emulator.clock.epoch()))
        return Reply(fault.status, body, "application/json", fault.headers, code=fault.code)

    def _throttle(self, asked: Asked, shape: str | None = None) -> Reply:
        switches = self.emulator.switches
        reply = self._gateway_reply(errors.throttled(shape or switches.throttle_shape), asked)
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
        if is_json and wants_xml(asked) and emulator.switches.xml_by_default:
            try:
                body, content_type = xmltext.answer(loads(body)), "application/xml"
            except NotJson:  # a body that a fault has cut
                content_type = reply.content_type
        data = reply.data or body.encode("utf-8")
        headers = {
            emulator.switches.tid_header: call.tid,
            "Qbo-Version": QBO_VERSION,
            "Service-Time": "total=82, db=47",
            "X-Spanid": call.tid,
            "X-Amzn-Trace-Id": f"Root={call.tid}",
            "Strict-Transport-Security": "max-age=31536000",
            "Expires": "0",
            "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
            "Content-Type": content_type,
            **reply.headers,
        }
        if len(data) > 8192 and "gzip" in asked.headers.get("accept-encoding", ""):
            data = gzip.compress(data, 1)
            headers["Content-Encoding"] = "gzip"
        return make(data, reply.status, headers)


def _plain_status(rule: Rule) -> Reply:
    is_json = rule.body.startswith(("{", "["))
    content_type = rule.content_type or ("application/json" if is_json else "text/html")
    return Reply(rule.status or 500, rule.body, content_type, rule.headers)
