"""
The control addresses, /emulator/...: what tests and people set and ask. JSON in, JSON out.

They are neither counted, limited nor logged. README.md lists them.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import clock as clocks
from .books import Actor, Written
from .companies import UnknownCompany
from .emulator import Emulator
from .entities import BY_PATH, Entity
from .errors import Fault
from .faults import BadRule
from .jsontext import NotJson, dumps, loads
from .oauth import ACCOUNTING, OWNER, App
from .store import Row
from .switches import SWITCHES, UnknownSwitch

Handler = Callable[[Request, dict[str, Any]], Awaitable[Any]]
STRANGER = "Sam Park"


class BadRequest(ValueError):
    """The control call cannot be understood; the text says why."""


class Control:
    """All control addresses of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/emulator/", self.overview),
            ("POST", "/emulator/reset", self.reset),
            ("GET", "/emulator/faults", self.list_faults),
            ("POST", "/emulator/faults", self.arm_fault),
            ("DELETE", "/emulator/faults", self.clear_faults),
            ("GET", "/emulator/clock", self.read_clock),
            ("POST", "/emulator/clock", self.set_clock),
            ("GET", "/emulator/switches", self.list_switches),
            ("POST", "/emulator/switches", self.set_switches),
            ("GET", "/emulator/webhooks", self.webhook_state),
            ("POST", "/emulator/webhooks", self.set_webhooks),
            ("GET", "/emulator/log", self.read_log),
            ("DELETE", "/emulator/log", self.clear_log),
            ("GET", "/emulator/counts", self.counts),
            ("GET", "/emulator/companies", self.list_companies),
            ("POST", "/emulator/companies", self.add_company),
            ("GET", "/emulator/objects/{realm}/{entity}", self.objects),
            ("GET", "/emulator/objects/{realm}/{entity}/{id}", self.one_object),
            ("GET", "/emulator/history/{realm}/{entity}", self.all_history),
            ("GET", "/emulator/history/{realm}/{entity}/{id}", self.history),
            ("POST", "/emulator/act", self.act),
            ("GET", "/emulator/tokens", self.list_tokens),
            ("POST", "/emulator/tokens", self.change_tokens),
            ("GET", "/emulator/apps", self.list_apps),
            ("POST", "/emulator/apps", self.save_app),
            ("POST", "/emulator/requestids", self.forget_requestids),
        ]
        return [
            Route(path, self._wrap(handler), methods=[method]) for method, path, handler in table
        ]

    def _wrap(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                raw = await request.body()
                body = loads(raw) if raw.strip() else {}
                if not isinstance(body, dict):
                    raise BadRequest("The body is a JSON object.")
                return _json(await handler(request, body))
            except Fault as fault:
                return _json(fault.body(self._time()), fault.status)
            except LookupError as error:
                return _json({"error": str(error)}, 404)
            except (ValueError, TypeError) as error:  # also BadRule, UnknownSwitch, NotJson
                return _json({"error": str(error)}, 400)

        return endpoint

    def _time(self) -> str:
        return clocks.answer_time(self.emulator.clock.epoch())

    def _realm(self, value: Any) -> str:
        companies = self.emulator.store.companies()
        if not value:
            return str(companies[0]["realm_id"])
        if not any(company["realm_id"] == value for company in companies):
            raise LookupError(f"There is no company {value!r}.")
        return str(value)

    @staticmethod
    def _entity(name: Any) -> Entity:
        entity = BY_PATH.get(str(name).lower())
        if entity is None:
            raise LookupError(f"There is no entity {name!r}.")
        return entity

    # --- Overview, reset, companies ---

    async def overview(self, request: Request, body: dict[str, Any]) -> Any:
        return {
            "what": "QuickBooks Online emulator. Test data only.",
            "base_url": self.emulator.base_url,
            "companies": self.emulator.store.companies(),
            "time": self._time(),
        }

    async def reset(self, request: Request, body: dict[str, Any]) -> Any:
        _only(body, "company", "switches", "webhook_url")
        emulator = self.emulator
        emulator.reset(body.get("company"))
        if "webhook_url" in body:
            emulator.set_webhook_url(str(body["webhook_url"] or ""))
        if body.get("switches"):
            emulator.set_switches(_numbers(body["switches"]))
        return self._access(request, None, "")

    def _access(self, request: Request, realm: str | None, client_id: str) -> dict[str, Any]:
        access = self.emulator.access(realm, client_id)
        access["base_url"] = access["base_url"] or str(request.base_url).rstrip("/")
        return access

    async def list_companies(self, request: Request, body: dict[str, Any]) -> Any:
        return {"companies": self.emulator.store.companies()}

    async def add_company(self, request: Request, body: dict[str, Any]) -> Any:
        _only(body, "company", "realm_id")
        realm = str(body.get("realm_id") or "")
        realm = self.emulator.add_company(str(body.get("company", "empty")), realm)
        return self.emulator.store.company(realm)

    # --- Faults, clock, switches ---

    async def list_faults(self, request: Request, body: dict[str, Any]) -> Any:
        return self.emulator.faults.as_dicts()

    async def arm_fault(self, request: Request, body: dict[str, Any]) -> Any:
        rule = self.emulator.faults.arm(_numbers(body), self.emulator.clock.epoch())
        return {"number": rule.number, "kind": rule.kind}

    async def clear_faults(self, request: Request, body: dict[str, Any]) -> Any:
        number = request.query_params.get("number")
        if number:
            return {"removed": self.emulator.faults.remove(int(number))}
        self.emulator.faults.clear()
        return {"removed": True}

    async def read_clock(self, request: Request, body: dict[str, Any]) -> Any:
        clock = self.emulator.clock
        return {
            "now": clock.now().isoformat(),
            "time": self._time(),
            "offset_seconds": clock.offset_seconds,
        }

    async def set_clock(self, request: Request, body: dict[str, Any]) -> Any:
        _only(body, "advance_seconds", "now", "offset_seconds")
        clock = self.emulator.clock
        if "now" in body:
            clock.offset_seconds += clocks.parse_time(str(body["now"])) - clock.epoch()
        if "offset_seconds" in body:
            clock.offset_seconds = float(body["offset_seconds"])
        if "advance_seconds" in body:
            clock.advance(float(body["advance_seconds"]))
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
        self.emulator.set_switches(_numbers(body))
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
        _only(body, *doings, *short)
        webhooks = self.emulator.webhooks
        if "url" in body:
            self.emulator.set_webhook_url(str(body["url"] or ""))
        if "verifier" in body:
            webhooks.verifier = str(body["verifier"])
            self.emulator.store.set_setting("webhook_verifier", webhooks.verifier)
        changes = {short[name]: value for name, value in body.items() if name in short}
        if body.get("release"):
            changes["webhook_hold"] = False
        if changes:
            self.emulator.set_switches(_numbers(changes))
        if "drop_next" in body:
            webhooks.drop_next = int(body["drop_next"])
        if body.get("clear"):
            webhooks.clear()
        for wish in body.get("send", []):
            self._send_event(wish)
        if body.get("resend_last"):
            webhooks.resend_last()
        if body.get("flush"):
            await webhooks.flush()
        webhooks.wake()
        return webhooks.state()

    def _send_event(self, wish: dict[str, Any]) -> None:
        """An event of one's own: {"entity", "id", "operation"?, "realm"?, "deleted_id"?}."""
        entity = self._entity(wish.get("entity"))
        self.emulator.webhooks.emit(
            str(wish.get("realm") or self._realm(None)),
            entity.name,
            str(wish["id"]),
            str(wish.get("operation", "Update")),
            self.emulator.clock.epoch(),
            wish.get("deleted_id"),
        )

    # --- Log, counts, objects ---

    async def read_log(self, request: Request, body: dict[str, Any]) -> Any:
        asked = request.query_params
        found = self.emulator.calls.find(
            since=int(asked.get("since", 0)),
            writes_only=asked.get("writes", "").lower() in {"1", "true"},
            entity=asked.get("entity", ""),
            kind=asked.get("kind", ""),
        )
        limit = int(asked.get("limit", 1000))
        calls = [call.as_dict() for call in found[-limit:]]
        return {"calls": calls, "last": found[-1].number if found else 0}

    async def clear_log(self, request: Request, body: dict[str, Any]) -> Any:
        self.emulator.calls.clear_log()
        return {"cleared": True}

    async def counts(self, request: Request, body: dict[str, Any]) -> Any:
        return self.emulator.calls.counts(self.emulator.month())

    async def objects(self, request: Request, body: dict[str, Any]) -> Any:
        realm = self._realm(request.path_params["realm"])
        entity = self._entity(request.path_params["entity"])
        rows = self.emulator.store.dump(realm, entity.name)
        gone = [{"Id": row.id, "gone": row.gone} for row in rows if row.gone]
        return {entity.name: [loads(row.doc) for row in rows if not row.gone], "gone": gone}

    async def one_object(self, request: Request, body: dict[str, Any]) -> Any:
        realm = self._realm(request.path_params["realm"])
        entity = self._entity(request.path_params["entity"])
        row = self.emulator.store.get(realm, entity.name, request.path_params["id"])
        if row is None or row.gone:
            raise LookupError(f"There is no {entity.name} {request.path_params['id']}.")
        return {entity.name: loads(row.doc)}

    async def history(self, request: Request, body: dict[str, Any]) -> Any:
        realm = self._realm(request.path_params["realm"])
        entity = self._entity(request.path_params["entity"])
        versions = self.emulator.store.history(realm, entity.name, request.path_params["id"])
        return {"versions": [_version(row, operation) for row, operation in versions]}

    async def all_history(self, request: Request, body: dict[str, Any]) -> Any:
        """Every version that a write made, of all objects of one entity, in order."""
        realm = self._realm(request.path_params["realm"])
        entity = self._entity(request.path_params["entity"])
        rows = self.emulator.store.all_history(realm, entity.name)
        return {"versions": [_version(row, operation) for row, operation in rows]}

    # --- Acting as the bookkeeper ---

    async def act(self, request: Request, body: dict[str, Any]) -> Any:
        """Edit as a person in the books; needs no SyncToken and no access token."""
        _only(body, "realm", "entity", "operation", "id", "into", "fields", "user")
        realm = self._realm(body.get("realm"))
        entity = self._entity(body.get("entity", "Customer"))
        actor = Actor("ui", str(body.get("user") or STRANGER))
        written = act(
            self.emulator,
            realm,
            entity,
            operation=str(body.get("operation", "update")),
            id=str(body.get("id") or ""),
            into=str(body.get("into") or ""),
            fields=body.get("fields") or {},
            actor=actor,
        )
        return {entity.name: loads(written.row.doc), "operation": written.operation}

    # --- Tokens and apps ---

    async def list_tokens(self, request: Request, body: dict[str, Any]) -> Any:
        return {"connections": [vars(each) for each in self.emulator.oauth.connections()]}

    async def change_tokens(self, request: Request, body: dict[str, Any]) -> Any:
        """{"action": "issue" | "expire" | "disconnect", "realm", "client_id"}."""
        _only(body, "action", "realm", "client_id")
        oauth, action = self.emulator.oauth, body.get("action", "issue")
        realm = self._realm(body.get("realm"))
        if action == "issue":
            return self._access(request, realm, str(body.get("client_id") or ""))
        if action == "new":
            oauth.connect(
                client_id=str(body.get("client_id") or "emulator-client"),
                realm=realm,
                user=OWNER.email,
                scope=ACCOUNTING,
            )
            return self._access(request, realm, str(body.get("client_id") or ""))
        if action == "expire":
            return {"expired": oauth.expire_access_tokens(realm)}
        if action in {"disconnect", "revoke"}:
            ended = [each for each in oauth.connections(live_only=True) if each.realm == realm]
            for each in ended:
                oauth.end(each.number, "disconnected in the books")
            return {"ended": len(ended)}
        raise BadRequest("action is issue, new, expire, disconnect or revoke.")

    async def list_apps(self, request: Request, body: dict[str, Any]) -> Any:
        return {"apps": [vars(app) for app in self.emulator.oauth.apps()]}

    async def save_app(self, request: Request, body: dict[str, Any]) -> Any:
        """Register an app, or change the default one."""
        _only(body, "client_id", "client_secret", "name", "redirect_uris")
        oauth = self.emulator.oauth
        client_id = str(body.get("client_id") or "emulator-client")
        old = oauth.app(client_id) or App(client_id, "secret", client_id, [])
        app = App(
            client_id,
            str(body.get("client_secret", old.client_secret)),
            str(body.get("name", old.name)),
            [str(each) for each in body.get("redirect_uris", old.redirect_uris)],
        )
        oauth.save_app(app)
        return vars(app)

    async def forget_requestids(self, request: Request, body: dict[str, Any]) -> Any:
        """{"forget": true} or {"forget": "one id"}: as if the id had never been seen."""
        forget = body.get("forget")
        sql, values = "DELETE FROM replay", ()
        if isinstance(forget, str):
            sql, values = sql + " WHERE requestid = ?", (forget,)  # type: ignore[assignment]
        return {"forgotten": self.emulator.store.db.execute(sql, values).rowcount}


def act(
    emulator: Emulator,
    realm: str,
    entity: Entity,
    *,
    operation: str,
    id: str,
    fields: dict[str, Any],
    actor: Actor,
    into: str = "",
) -> Written:
    """
    What a person does in the books.

    Raises:
        Fault: the rules of names and values hold for people too.
        BadRequest: an unknown operation.
    """
    if operation == "merge":
        return emulator.books.merge(realm, entity, id, into, actor)
    wish = dict(fields)
    if operation == "inactivate":
        wish["Active"] = False
    elif operation == "reactivate":
        wish["Active"] = True
    elif operation not in {"create", "update"}:
        raise BadRequest("operation is create, update, inactivate, reactivate or merge.")
    if operation != "create":
        wish |= {"Id": id, "sparse": True}
    return emulator.books.write(realm, entity, wish, actor)


def _version(row: Row, operation: str) -> dict[str, Any]:
    by, user, client_id = row.who.split("|")
    return {
        "id": row.id,
        "SyncToken": str(row.token),
        "operation": operation,
        "at": clocks.metadata_time(row.updated),
        "by": by,
        "user": user,
        "client_id": client_id,
        "gone": row.gone,
        "fields": loads(row.doc),
    }


def _only(body: dict[str, Any], *known: str) -> None:
    unknown = set(body) - set(known)
    if unknown:
        raise BadRequest(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(known)}.")


def _numbers(body: dict[str, Any]) -> dict[str, Any]:
    """Decimals of the JSON body as floats, for settings."""
    plain = (bool, int, str, type(None), dict, list)
    return {k: v if isinstance(v, plain) else float(v) for k, v in body.items()}


def _json(value: Any, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")


__all__ = ["BadRequest", "BadRule", "Control", "NotJson", "UnknownCompany", "UnknownSwitch", "act"]
