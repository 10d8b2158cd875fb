"""The call log: what was asked, what was answered, filtered and one by one."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..calls import Call
from ..emulator import Session
from ..jsontext import NotJson, loads, pretty
from .pages import Pages

SHOWN_CALLS = 200
OUTCOMES: dict[str, tuple[str, Callable[[Call], bool]]] = {
    "": ("Any answer", lambda call: True),
    "ok": ("Served (2xx)", lambda call: 200 <= call.status < 300),
    "refused": ("Refused (4xx)", lambda call: 400 <= call.status < 500),
    "failed": ("Failed (5xx)", lambda call: call.status >= 500),
    "cut": ("No answer", lambda call: call.status == 0),
}


class LogPages:
    """The list and a single call."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.emulator = pages.emulator

    def routes(self) -> list[Route]:
        wrap = self.pages.signed_in
        return [
            Route("/books/log", wrap(self.log_page), methods=["GET"]),
            Route("/books/log/clear", wrap(self.clear_log), methods=["POST"]),
            Route("/books/log/{number:short}", wrap(self.call_page), methods=["GET"]),
        ]

    async def log_page(self, request: Request, session: Session) -> Response:
        calls = self.emulator.calls
        asked = {name: request.query_params.get(name, "") for name in ("kind", "outcome", "q")}
        found = calls.find(kind=asked["kind"], writes_only="writes" in request.query_params)
        _, fits = OUTCOMES.get(asked["outcome"], OUTCOMES[""])
        text = asked["q"].strip().lower()
        shown = [call for call in found if fits(call) and (not text or text in _words(call))]
        return self.pages.books(
            request,
            session,
            "log.html",
            here="/books/log",
            calls=reversed(shown[-SHOWN_CALLS:]),
            found=len(shown),
            most=SHOWN_CALLS,
            asked=asked,
            writes_only="writes" in request.query_params,
            kinds=sorted({call.kind for call in calls.log}),
            outcomes={key: text for key, (text, _) in OUTCOMES.items()},
            counts=calls.counts(self.emulator.month()),
            refused=dict(self.emulator.limits.refused),
        )

    async def call_page(self, request: Request, session: Session) -> Response:
        number = request.path_params["number"]
        log = self.emulator.calls.log
        call = next((each for each in log if each.number == number), None)
        if call is None:
            return self.pages.render(
                "refused.html", status=404, heading="Not found", text=f"Call {number} is not kept."
            )
        kept_back = call.notes.get("kept_back", {}).get("body", "")
        return self.pages.books(
            request,
            session,
            "call.html",
            here="/books/log",
            call=call,
            sent=_readable(call.request),
            answered=_readable(call.answer),
            kept_back=_readable(kept_back),
            items=[each for each in log if each.batch == number],
        )

    async def clear_log(self, request: Request, session: Session) -> Response:
        self.emulator.calls.clear_log()
        return self.pages.back_to(request, "/books/log")


def _words(call: Call) -> str:
    """What the search looks into."""
    parts = (call.path, call.query, call.entity, call.requestid, call.code, call.tid)
    return "\n".join((*parts, call.request, call.answer)).lower()


def _readable(text: str) -> str:
    """JSON with line breaks; anything else as it is."""
    try:
        return pretty(loads(text)) if text.startswith(("{", "[")) else text
    except NotJson:  # cut, by a fault or for the log
        return text
