"""The call log, and the page where a person makes things go wrong."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..emulator import Session
from ..faults import KINDS, BadRule
from ..switches import UnknownSwitch
from .pages import QUICK_FAULTS, Pages

OPERATIONS = (
    "",
    "write",
    "create",
    "update",
    "inactivate",
    "read",
    "query",
    "cdc",
    "token",
    "refresh",
    "revoke",
)
SHOWN_CALLS = 200


class TroublePages:
    """Log, faults, webhooks."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.emulator = pages.emulator

    def routes(self) -> list[Route]:
        wrap = self.pages.signed_in
        get, post = ["GET"], ["POST"]
        return [
            Route("/books/log", wrap(self.log_page), methods=get),
            Route("/books/log/clear", wrap(self.clear_log), methods=post),
            Route("/books/log/{number:int}", wrap(self.call_page), methods=get),
            Route("/books/faults", wrap(self.faults_page), methods=get),
            Route("/books/faults", wrap(self.arm), methods=post),
            Route("/books/faults/quick", wrap(self.arm_quick), methods=post),
            Route("/books/faults/clear", wrap(self.clear_faults), methods=post),
            Route("/books/faults/{number:int}/remove", wrap(self.remove), methods=post),
            Route("/books/webhooks", wrap(self.webhooks), methods=post),
            Route("/books/webhooks/settings", wrap(self.webhook_settings), methods=post),
        ]

    async def log_page(self, request: Request, session: Session) -> Response:
        calls = list(self.emulator.calls.log)[-SHOWN_CALLS:]
        counts = self.emulator.calls.counts(self.emulator.month())
        return self.pages.books(
            request, session, "log.html", here="/books/log", calls=reversed(calls), counts=counts
        )

    async def call_page(self, request: Request, session: Session) -> Response:
        number = request.path_params["number"]
        call = next((each for each in self.emulator.calls.log if each.number == number), None)
        if call is None:
            return self.pages.render(
                "refused.html", status=404, heading="Not found", text=f"Call {number} is not kept."
            )
        return self.pages.books(request, session, "call.html", here="/books/log", call=call)

    async def clear_log(self, request: Request, session: Session) -> Response:
        self.emulator.calls.clear_log()
        return self.pages.back_to(request, "/books/log")

    # --- Faults ---

    async def faults_page(self, request: Request, session: Session) -> Response:
        return self._faults_page(request, session)

    def _faults_page(self, request: Request, session: Session, problem: str = "") -> Response:
        faults = self.emulator.faults
        attempts = list(self.emulator.webhooks.attempts)[-20:]
        return self.pages.books(
            request,
            session,
            "faults.html",
            here="/books/faults",
            status=400 if problem else 200,
            problem=problem,
            armed=faults.rules,
            spent=list(reversed(faults.spent))[:10],
            kinds=KINDS,
            operations=OPERATIONS,
            attempts=reversed(attempts),
        )

    async def arm(self, request: Request, session: Session) -> Response:
        form = {name: str(value).strip() for name, value in (await request.form()).items()}
        try:
            self.emulator.faults.arm(_rule(form), self.emulator.clock.epoch())
        except (BadRule, ValueError) as error:
            return self._faults_page(request, session, str(error))
        session.message = "Armed."
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

    async def clear_faults(self, request: Request, session: Session) -> Response:
        self.emulator.faults.clear()
        return self.pages.back_to(request, "/books/faults")

    async def remove(self, request: Request, session: Session) -> Response:
        self.emulator.faults.remove(request.path_params["number"])
        return self.pages.back_to(request, "/books/faults")

    # --- Webhooks ---

    async def webhooks(self, request: Request, session: Session) -> Response:
        form = await request.form()
        webhooks, doing = self.emulator.webhooks, form.get("do")
        if doing == "twice":
            sent = webhooks.resend_last()
            session.message = "Sent again." if sent else "There is nothing to send again."
        elif doing == "hold":
            self.emulator.set_switches({"webhook_hold": True})
        elif doing == "release":
            self.emulator.set_switches({"webhook_hold": False})
        elif doing == "drop":
            webhooks.drop_next += 1
            session.message = "The next delivery will be lost."
        return self.pages.back_to(request, str(form.get("back", "")))

    async def webhook_settings(self, request: Request, session: Session) -> Response:
        form = await request.form()
        try:
            self.emulator.set_switches(
                {
                    "webhook_format": str(form.get("format", "cloudevents")),
                    "webhook_copies": int(str(form.get("copies", "1")) or 1),
                    "webhook_wrong_signature": "wrong_signature" in form,
                    "webhook_reorder": "reorder" in form,
                }
            )
        except (UnknownSwitch, ValueError) as error:
            return self._faults_page(request, session, str(error))
        self.emulator.set_webhook_url(str(form.get("url", "")).strip())
        session.message = "Saved."
        return self.pages.back_to(request, "/books/faults")


def _rule(form: dict[str, str]) -> dict[str, Any]:
    """A rule from the form; empty fields are left to their defaults."""
    rule: dict[str, Any] = {"kind": form.get("kind", ""), "operation": form.get("operation", "")}
    rule["times"] = int(form["times"]) if form.get("times") else None
    if form.get("seconds"):
        rule["seconds"] = float(form["seconds"])
    if form.get("status"):
        rule["status"] = int(form["status"])
    return rule | {name: form.get(name, "") for name in ("code", "message", "detail")}
