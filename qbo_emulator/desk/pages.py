"""What every page of the desk shares: who is signed in, which company is open, the frame."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ..emulator import Emulator, Session
from ..entities import BY_NAME, Entity
from ..jsontext import loads
from ..oauth import USERS, User, is_local_path

HERE = Path(__file__).parent
COOKIE = "qbo_emulator_session"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline';"
    " frame-ancestors 'none'; base-uri 'none'",
}
QUICK_FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "throttle": ("Answer 429, slow down", "Arm", {"kind": "throttle"}),
    "expire": ("Expire the access token", "Arm", {"kind": "expire_token"}),
    "revoke": ("Revoke the connection", "Do it", {}),
    "down": (
        "Answer 500 for 30 s",
        "Arm",
        {"kind": "status", "status": 500, "until_seconds": 30},
    ),
    "lost": (
        "Take the call, drop the reply",
        "Arm",
        {"kind": "cut_after_commit", "operation": "write"},
    ),
    "stale": ("Stale SyncToken (5010)", "Arm", {"kind": "stale", "operation": "update"}),
}
Handler = Callable[[Request, Session], Awaitable[Response]]


class ShortNumber(IntegerConvertor):
    """A number in an address, of no more digits than any of ours has."""

    regex = "[0-9]{1,15}"


register_url_convertor("short", ShortNumber())


def slug(entity: Entity) -> str:
    """The address of an entity's list: /books/customers."""
    if entity.path.endswith("s"):
        return f"{entity.path}es"
    return f"{entity.path[:-1]}ies" if entity.path.endswith("y") else f"{entity.path}s"


def spaced(realm: str) -> str:
    """A realm id in groups of four, as people read it."""
    return " ".join(realm[at : at + 4] for at in range(0, len(realm), 4))


def ago(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s ago"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min ago"
    return f"{seconds / 3600:.0f} h ago"


class Pages:
    """Sessions, templates and the frame around the books."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(),
            trim_blocks=True,
        )
        self.templates.filters["spaced"] = spaced
        self.templates.filters["unquoted"] = unquote_plus
        # What the books hold, as the navigation shows it: entities and headings, set by `Desk`.
        self.lists: list[tuple[Entity, str]] = []

    def routes(self) -> list[Route]:
        return [Route("/desk/emulator.css", self.stylesheet)]

    async def stylesheet(self, request: Request) -> Response:
        return FileResponse(HERE / "static" / "emulator.css", media_type="text/css")

    # --- Sessions ---

    def session(self, request: Request) -> Session | None:
        return self.emulator.sessions.get(request.cookies.get(COOKIE, ""))

    def sign_in(self, response: Response, user: User) -> None:
        key = secrets.token_urlsafe(24)
        self.emulator.sessions[key] = Session(user.email)
        response.set_cookie(COOKIE, key, httponly=True, samesite="lax")

    def sign_out(self, request: Request, response: Response) -> None:
        self.emulator.sessions.pop(request.cookies.get(COOKIE, ""), None)
        response.delete_cookie(COOKIE)

    def signed_in(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Ask for a sign-in first; come back afterwards."""

        async def endpoint(request: Request) -> Response:
            session = self.session(request)
            if session is None:
                back = request.url.path if request.method == "GET" else "/books/customers"
                if request.method == "GET" and request.url.query:
                    back += f"?{request.url.query}"
                return RedirectResponse(f"/sign-in?{urlencode({'next': back})}", 302)
            return await handler(request, session)

        return endpoint

    def company(self, session: Session) -> dict[str, Any]:
        companies = self.emulator.store.companies()
        return next((c for c in companies if c["realm_id"] == session.realm), companies[0])

    # --- Answers ---

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        html = self.templates.get_template(template).render(context)
        return HTMLResponse(html, status, headers=HEADERS)

    def books(
        self,
        request: Request,
        session: Session,
        template: str,
        *,
        here: str,
        status: int = 200,
        **context: Any,
    ) -> Response:
        """A page inside the frame of the books; `here` is its entry in the navigation."""
        company = self.company(session)
        frame = {
            "company": company,
            "companies": self.emulator.store.companies(),
            "user": USERS[session.user],
            "here": here,
            "nav": self._navigation(company["realm_id"]),
            "quick_faults": self._quick_faults(),
            "hooks": self._hooks(),
            "tags": self._tags(company["realm_id"]),
            "done": session.take_message(),
            "problem": "",
        }
        return self.render(template, status=status, **(frame | context))

    @staticmethod
    def back_to(request: Request, address: str) -> Response:
        """After a form was carried out."""
        return RedirectResponse(address if is_local_path(address) else "/books/customers", 303)

    def _navigation(self, realm: str) -> list[dict[str, Any]]:
        store = self.emulator.store
        items: list[dict[str, Any]] = [
            {
                "href": f"/books/{slug(entity)}",
                "text": heading,
                "count": store.count(realm, entity.name),
            }
            for entity, heading in self.lists
        ]
        live = [c for c in self.emulator.oauth.connections(live_only=True) if c.realm == realm]
        items += [
            {"href": "/books/preferences", "text": "Preferences", "count": None},
            {"href": "/books/apps", "text": "Connected apps", "count": len(live)},
            {"href": "/books/log", "text": "API log", "count": None},
            {"href": "/books/faults", "text": "Make things go wrong", "count": None},
            {"href": "/books/webhooks", "text": "Webhooks", "count": None},
            {"href": "/books/settings", "text": "Clock and switches", "count": None},
        ]
        return items

    def _quick_faults(self) -> list[dict[str, Any]]:
        armed = self.emulator.faults.rules
        return [
            {
                "key": key,
                "text": text,
                "button": button,
                "armed": any(
                    wish and all(getattr(rule, name) == value for name, value in wish.items())
                    for rule in armed
                    if not rule.is_over(self.emulator.clock.epoch())
                ),
            }
            for key, (text, button, wish) in QUICK_FAULTS.items()
        ]

    def _hooks(self) -> dict[str, Any]:
        webhooks, switches = self.emulator.webhooks, self.emulator.switches
        last = webhooks.attempts[-1] if webhooks.attempts else None
        waiting = len(webhooks.pending) + sum(len(d.events) for d in webhooks.queue)
        held = f"Release deliveries ({waiting} waiting)"
        doings = [
            {"key": "twice", "text": "Send twice", "button": "Send"},
            {"key": "release", "text": held, "button": "Release"}
            if switches.webhook_hold
            else {"key": "hold", "text": "Hold deliveries", "button": "Hold"},
            {"key": "drop", "text": "Lose the next delivery", "button": "Arm"},
        ]
        return {
            "url": webhooks.url,
            "last": last,
            "last_ago": ago(self.emulator.clock.epoch() - last.epoch) if last else "",
            "doings": doings,
            "format": switches.webhook_format,
            "copies": switches.webhook_copies,
            "wrong_signature": switches.webhook_wrong_signature,
            "reorder": switches.webhook_reorder,
        }

    def _tags(self, realm: str) -> list[dict[str, str]]:
        preferences = self.emulator.books.preferences(realm)
        numbers = preferences.get("SalesFormsPrefs", {}).get("CustomTxnNumbers")
        tax = preferences.get("TaxPrefs", {}).get("UsingSalesTax")
        return [
            {
                "text": "Custom transaction numbers",
                "state": "On" if numbers else "Off",
                "colour": "y" if numbers else "g",
            },
            {
                "text": "Sales tax",
                "state": "On" if tax else "Off",
                "colour": "g" if tax else "y",
            },
        ]

    def address(self, entity: str, id: str) -> str:
        """Where an object is shown; "" for what the desk has no pages of."""
        has_pages = any(each.name == entity for each, _ in self.lists)
        return f"/books/{slug(BY_NAME[entity])}/{quote(id, safe='')}" if has_pages else ""

    def document(self, realm: str, entity: str, id: str) -> dict[str, Any] | None:
        """A stored object that is still there."""
        row = self.emulator.store.get(realm, BY_NAME[entity].name, id)
        return None if row is None or row.gone else loads(row.doc)
