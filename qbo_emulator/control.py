"""
The control addresses, /emulator/...: what tests and people set and ask. JSON in, JSON out.

They are neither counted, limited nor logged. README.md lists them. What is set stands in
`control_settings.py`, who may call in `control_access.py`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import clock as clocks
from .acts import act
from .books import Actor
from .control_access import ControlAccess
from .control_base import BadRequest, ControlPart, Handler, Table, json_answer, numbers, only
from .control_books import ControlBooks
from .control_settings import ControlSettings
from .errors import Fault
from .jsontext import loads
from .store import Row

STRANGER = "Sam Park"


class Control(ControlPart):
    """All control addresses; those of the books and of the log are here."""

    def table(self) -> Table:
        return [
            ("GET", "/emulator/", self.overview),
            ("POST", "/emulator/reset", self.reset),
            ("GET", "/emulator/log", self.read_log),
            ("DELETE", "/emulator/log", self.clear_log),
            ("GET", "/emulator/counts", self.counts),
            ("GET", "/emulator/companies", self.list_companies),
            ("POST", "/emulator/companies", self.change_company),
            ("GET", "/emulator/objects/{realm}/{entity}", self.objects),
            ("GET", "/emulator/objects/{realm}/{entity}/{id}", self.one_object),
            ("GET", "/emulator/history/{realm}/{entity}", self.all_history),
            ("GET", "/emulator/history/{realm}/{entity}/{id}", self.history),
            ("POST", "/emulator/act", self.act),
        ]

    def routes(self) -> list[Route]:
        further = (ControlSettings, ControlAccess, ControlBooks)
        parts = (self, *(part(self.emulator) for part in further))
        return [
            Route(path, self._wrap(handler), methods=[method])
            for part in parts
            for method, path, handler in part.table()
        ]

    def _wrap(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                raw = await request.body()
                body = loads(raw) if raw.strip() else {}
                if not isinstance(body, dict):
                    raise BadRequest("The body is a JSON object.")
                return json_answer(await handler(request, body))
            except Fault as fault:
                return json_answer(fault.body(self.time()), fault.status)
            except LookupError as error:
                return json_answer({"error": str(error)}, 404)
            except (ValueError, TypeError) as error:  # also BadRule, UnknownSwitch, NotJson
                return json_answer({"error": str(error)}, 400)

        return endpoint

    # --- Overview, reset, companies ---

    async def overview(self, request: Request, body: dict[str, Any]) -> Any:
        return {
            "what": "QuickBooks Online emulator. Test data only.",
            "base_url": self.emulator.base_url,
            "companies": self.emulator.store.companies(),
            "time": self.time(),
            "busy_names": sorted(self.emulator.names_busy),
        }

    async def reset(self, request: Request, body: dict[str, Any]) -> Any:
        only(body, "company", "switches", "webhook_url", "now")
        emulator = self.emulator
        now = clocks.parse_time(str(body["now"])) if body.get("now") else None
        switches = numbers(body.get("switches") or {})
        emulator.switches.check(switches)  # before anything is lost
        emulator.reset(body.get("company"), now)
        if "webhook_url" in body:
            emulator.set_webhook_url(str(body["webhook_url"] or ""))
        emulator.set_switches(switches)
        return self.access(request, None, "")

    async def list_companies(self, request: Request, body: dict[str, Any]) -> Any:
        found = self.emulator.store.companies()
        return {"companies": [self._company(each["realm_id"]) for each in found]}

    def _company(self, realm: str) -> dict[str, Any]:
        company = self.emulator.store.company(realm) or {}
        return {**company, "state": self.emulator.state_of(realm)}

    async def change_company(self, request: Request, body: dict[str, Any]) -> Any:
        """
        {"company", "realm_id"?}: another company, or other books in the place of that one's.
        {"realm_id", "state"}: a value of the switch company_state for it alone, "" for none.
        {"realm_id", "restore_to": time}: its books as they were then.
        """
        only(body, "company", "realm_id", "state", "restore_to")
        emulator, realm = self.emulator, str(body.get("realm_id") or "")
        state = str(body.get("state") or "")  # everything is read before anything is done
        emulator.check_state(state)
        moment = clocks.parse_time(str(body["restore_to"])) if "restore_to" in body else None
        if "company" in body or not (body.keys() & {"state", "restore_to"}):
            realm = emulator.add_company(str(body.get("company", "empty")), realm)
        realm = self.realm(realm)
        if "state" in body:
            emulator.set_state(realm, state)
        found: dict[str, Any] = {}
        if moment is not None:
            found = emulator.restore(realm, moment)
        return {**self._company(realm), **found}

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
        emulator = self.emulator
        limits = emulator.limits
        return {
            **emulator.calls.counts(emulator.month()),
            "limits": limits.state(emulator.clock.epoch()),
            "refused_by_limit": dict(limits.refused),
        }

    async def objects(self, request: Request, body: dict[str, Any]) -> Any:
        realm = self.realm(request.path_params["realm"])
        entity = self.entity(request.path_params["entity"])
        self.emulator.books.bring_up_to_date(realm, entity.name)
        rows = self.emulator.store.dump(realm, entity.name)
        gone = [{"Id": row.id, "gone": row.gone} for row in rows if row.gone]
        return {entity.name: [loads(row.doc) for row in rows if not row.gone], "gone": gone}

    async def one_object(self, request: Request, body: dict[str, Any]) -> Any:
        realm = self.realm(request.path_params["realm"])
        entity = self.entity(request.path_params["entity"])
        self.emulator.books.bring_up_to_date(realm, entity.name)
        row = self.emulator.store.get(realm, entity.name, request.path_params["id"])
        if row is None or row.gone:
            raise LookupError(f"There is no {entity.name} {request.path_params['id']}.")
        return {entity.name: loads(row.doc)}

    async def history(self, request: Request, body: dict[str, Any]) -> Any:
        realm = self.realm(request.path_params["realm"])
        entity = self.entity(request.path_params["entity"])
        versions = self.emulator.store.history(realm, entity.name, request.path_params["id"])
        return {"versions": [_version(row, operation) for row, operation in versions]}

    async def all_history(self, request: Request, body: dict[str, Any]) -> Any:
        """Every version that a write made, of all objects of one entity, in order."""
        realm = self.realm(request.path_params["realm"])
        entity = self.entity(request.path_params["entity"])
        rows = self.emulator.store.all_history(realm, entity.name)
        return {"versions": [_version(row, operation) for row, operation in rows]}

    # --- Acting as the bookkeeper ---

    async def act(self, request: Request, body: dict[str, Any]) -> Any:
        """Edit as a person in the books; needs no SyncToken and no access token."""
        only(body, "realm", "entity", "operation", "id", "into", "fields", "user")
        realm = self.realm(body.get("realm"))
        entity = self.entity(body.get("entity", "Customer"))
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
        row = written.row
        return {row.entity: loads(row.doc), "operation": written.operation}


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


__all__ = ["BadRequest", "Control", "act"]
