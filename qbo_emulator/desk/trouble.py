"""The page where a person makes things go wrong: faults, and the port shut for a while."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import server
from ..codes import CODES
from ..emulator import Session
from ..faults import KINDS, BadRule
from ..port import PortError
from .pages import QUICK_FAULTS, Pages

OPERATIONS = (
    *("", "write", "create", "update", "inactivate", "delete", "void", "send"),
    *("read", "query", "cdc", "batch", "report", "pdf", "token", "refresh", "revoke"),
)
TEXTS = ("kind", "operation", "entity", "method", "path", "code", "message", "detail")
NUMBERS = ("nth", "seed", "status", "rows")
FRACTIONS = ("probability", "seconds", "until_seconds")


class TroublePages:
    """Faults and the port."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.emulator = pages.emulator

    def routes(self) -> list[Route]:
        wrap = self.pages.signed_in
        get, post = ["GET"], ["POST"]
        return [
            Route("/books/faults", wrap(self.faults_page), methods=get),
            Route("/books/faults", wrap(self.arm), methods=post),
            Route("/books/faults/quick", wrap(self.arm_quick), methods=post),
            Route("/books/faults/port", wrap(self.shut_port), methods=post),
            Route("/books/faults/clear", wrap(self.clear_faults), methods=post),
            Route("/books/faults/{number:short}/remove", wrap(self.remove), methods=post),
        ]

    async def faults_page(self, request: Request, session: Session) -> Response:
        return self._page(request, session)

    def _page(
        self,
        request: Request,
        session: Session,
        problem: str = "",
        form: dict[str, str] | None = None,
    ) -> Response:
        faults, now = self.emulator.faults, self.emulator.clock.epoch()
        return self.pages.books(
            request,
            session,
            "faults.html",
            here="/books/faults",
            status=400 if problem else 200,
            problem=problem,
            armed=[rule for rule in faults.rules if not rule.is_over(now)],
            spent=list(reversed(faults.spent))[:10],
            now=now,
            kinds=KINDS,
            codes=CODES,
            operations=OPERATIONS,
            form=form or {"times": "1"},
        )

    async def arm(self, request: Request, session: Session) -> Response:
        form = {name: str(value).strip() for name, value in (await request.form()).items()}
        try:
            rule = self.emulator.faults.arm(_rule(form), self.emulator.clock.epoch())
        except (BadRule, ValueError) as error:
            return self._page(request, session, str(error), form)
        session.message = f"Armed: {rule.kind}, {KINDS[rule.kind]}."
        return self.pages.back_to(request, "/books/faults")

    async def arm_quick(self, request: Request, session: Session) -> Response:
        form = await request.form()
        key = str(form.get("fault", ""))
        if key == "revoke":
            self._revoke(session)
        elif key in QUICK_FAULTS:
            text, _, wish = QUICK_FAULTS[key]
            self.emulator.faults.arm(dict(wish), self.emulator.clock.epoch())
            session.message = f"Armed: {text}."
        return self.pages.back_to(request, str(form.get("back", "")))

    def _revoke(self, session: Session) -> None:
        realm = self.pages.company(session)["realm_id"]
        live = self.emulator.oauth.connections(live_only=True)
        ended = [each for each in live if each.realm == realm]
        for each in ended:
            self.emulator.oauth.end(each.number, "revoked in the books")
        session.message = "The connection is ended." if ended else "No app is connected."

    async def shut_port(self, request: Request, session: Session) -> Response:
        """The answer to this form still arrives: the connection it came over stays."""
        form = await request.form()
        way = str(form.get("way", ""))
        try:
            seconds = float(str(form.get("seconds", "")))
            self.emulator.port.shut(way, seconds, server.client_of(request.scope))
        except (PortError, ValueError) as error:
            return self._page(request, session, str(error))
        happens = "are refused" if way == "refuse" else "hang"
        done = f"New connections {happens} for {seconds:g} s. This page too, so wait so long."
        return self.pages.books(request, session, "port_shut.html", here="/books/faults", done=done)

    async def clear_faults(self, request: Request, session: Session) -> Response:
        self.emulator.faults.clear()
        return self.pages.back_to(request, "/books/faults")

    async def remove(self, request: Request, session: Session) -> Response:
        self.emulator.faults.remove(request.path_params["number"])
        return self.pages.back_to(request, "/books/faults")


def _rule(form: dict[str, str]) -> dict[str, Any]:
    """A rule from the form; empty fields are left to their defaults."""
    rule: dict[str, Any] = {name: form[name] for name in TEXTS if form.get(name)}
    rule |= {name: int(form[name]) for name in NUMBERS if form.get(name)}
    rule |= {name: float(form[name]) for name in FRACTIONS if form.get(name)}
    rule["times"] = int(form["times"]) if form.get("times") else None
    return rule
