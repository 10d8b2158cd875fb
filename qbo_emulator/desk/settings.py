"""Clock, company and switches; and the webhooks: where they go, what waits, what was sent."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import clock as clocks
from ..emulator import Session
from ..switches import COMPANY_STATES, SWITCHES, UnknownSwitch
from .pages import Pages

STEPS = {"An hour": 3600, "A day": 86400, "30 days": 30 * 86400, "Back 5 min": -300}


class SettingsPages:
    """What can be set."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.emulator = pages.emulator

    def routes(self) -> list[Route]:
        wrap = self.pages.signed_in
        get, post = ["GET"], ["POST"]
        return [
            Route("/books/settings", wrap(self.settings_page), methods=get),
            Route("/books/settings", wrap(self.set_switches), methods=post),
            Route("/books/settings/clock", wrap(self.set_clock), methods=post),
            Route("/books/settings/company", wrap(self.set_company), methods=post),
            Route("/books/webhooks", wrap(self.webhooks_page), methods=get),
            Route("/books/webhooks", wrap(self.webhooks), methods=post),
            Route("/books/webhooks/settings", wrap(self.webhook_settings), methods=post),
        ]

    # --- Clock, company, switches ---

    async def settings_page(self, request: Request, session: Session) -> Response:
        return self._settings_page(request, session)

    def _settings_page(self, request: Request, session: Session, problem: str = "") -> Response:
        emulator, realm = self.emulator, self.pages.company(session)["realm_id"]
        values = emulator.switches.all()
        clock = emulator.clock
        return self.pages.books(
            request,
            session,
            "settings.html",
            here="/books/settings",
            status=400 if problem else 200,
            problem=problem,
            now=f"{clock.now():%Y-%m-%d %H:%M:%S} UTC",
            pacific=clocks.answer_time(clock.epoch()),
            offset=_duration(clock.offset_seconds),
            frozen=clock.stands_at is not None,
            steps=STEPS,
            state=emulator.company_states.get(realm, ""),
            states=COMPANY_STATES,
            switches=[
                {
                    "name": name,
                    "default": default,
                    "choices": choices,
                    "what": what,
                    "value": values[name],
                }
                for name, (default, choices, what) in SWITCHES.items()
            ],
        )

    async def set_switches(self, request: Request, session: Session) -> Response:
        form = {name: str(value).strip() for name, value in (await request.form()).items()}
        try:
            changes = {name: _value(name, form.get(name, "")) for name in SWITCHES}
            self.emulator.set_switches(changes)
        except (UnknownSwitch, ValueError) as error:
            return self._settings_page(request, session, str(error))
        session.message = "Saved."
        return self.pages.back_to(request, "/books/settings")

    async def set_clock(self, request: Request, session: Session) -> Response:
        form = await request.form()
        emulator, doing = self.emulator, str(form.get("do", ""))
        try:
            if doing == "step":
                emulator.clock.advance(float(str(form.get("seconds", ""))))
            elif doing == "set":
                moment = clocks.parse_time(str(form.get("now", "")))
                emulator.clock.set(datetime.fromtimestamp(moment, UTC))
            elif doing == "freeze":
                emulator.clock.freeze(True)
            elif doing in {"go on", "right"}:
                emulator.clock.freeze(False)
                if doing == "right":
                    emulator.clock.offset_seconds = 0.0
        except (ValueError, OverflowError, OSError) as error:
            return self._settings_page(request, session, f"The clock was not set: {error}.")
        emulator.save_clock()
        emulator.webhooks.wake()
        session.message = f"It is {emulator.clock.now():%Y-%m-%d %H:%M:%S} UTC."
        return self.pages.back_to(request, "/books/settings")

    async def set_company(self, request: Request, session: Session) -> Response:
        """Its state, or its books as they were."""
        form = await request.form()
        realm = self.pages.company(session)["realm_id"]
        try:
            if form.get("do") == "restore":
                moment = clocks.parse_time(str(form.get("moment", "")))
                found = self.emulator.restore(realm, moment)
                session.message = f"{found['changed']} put back, {found['removed']} removed."
            else:
                self.emulator.set_state(realm, str(form.get("state", "")))
                session.message = "Saved."
        except ValueError as error:
            return self._settings_page(request, session, str(error))
        return self.pages.back_to(request, "/books/settings")

    # --- Webhooks ---

    async def webhooks_page(self, request: Request, session: Session) -> Response:
        return self._webhooks_page(request, session)

    def _webhooks_page(self, request: Request, session: Session, problem: str = "") -> Response:
        webhooks, now = self.emulator.webhooks, self.emulator.clock.epoch()
        queue = [
            {
                "events": delivery.events,
                "tries": delivery.tries,
                "due": _duration(max(0.0, delivery.due - now)),
            }
            for delivery in webhooks.queue
        ]
        return self.pages.books(
            request,
            session,
            "webhooks.html",
            here="/books/webhooks",
            status=400 if problem else 200,
            problem=problem,
            attempts=list(reversed(webhooks.attempts))[:30],
            pending=webhooks.pending,
            queue=queue,
            held=self.emulator.switches.webhook_hold,
            verifier=webhooks.verifier,
            sent=webhooks.sent_events,
            dropped=webhooks.dropped,
        )

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
        elif doing == "now":
            await webhooks.flush()
            session.message = "What waited was sent."
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
            return self._webhooks_page(request, session, str(error))
        self.emulator.set_webhook_url(str(form.get("url", "")).strip())
        session.message = "Saved."
        return self.pages.back_to(request, "/books/webhooks")


def _value(name: str, text: str) -> Any:
    """A switch's value from its field."""
    default, choices, _ = SWITCHES[name]
    if isinstance(default, bool):
        return text == "on"
    if choices is not None or isinstance(default, str):
        return text
    try:
        return float(text) if isinstance(default, float) or "." in text else int(text)
    except ValueError:
        raise UnknownSwitch(f"{name} is a number, 0 or more.") from None


def _duration(seconds: float) -> str:
    """In the largest unit that fits."""
    sign, left = ("-" if seconds < 0 else ""), abs(seconds)
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "min")):
        if left >= size:
            return f"{sign}{left / size:.1f} {unit}"
    return f"{sign}{left:.0f} s"
