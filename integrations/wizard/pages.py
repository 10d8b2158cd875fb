"""What the pages of both halves of set-up share: who comes in, the frame, the lists."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from billing.licence import NotLicensed
from firms.http import FirmRequest
from integrations.entities import ENTITIES
from integrations.models import MatchProposal, Setup
from integrations.wizard import decisions, importing, progress, queries, services
from integrations.wizard.decisions import Rows
from integrations.wizard.errors import SetupError
from integrations.wizard.steps import (
    LISTS,
    REVIEW_CONTACTS,
    REVIEW_SERVICES,
    Step,
    has_seen,
    lists_of,
)

List = MatchProposal.List
Decision = MatchProposal.Decision
State = Setup.Import
STOP_POLLING = 286  # htmx: the answer is the last one
INTEGRATIONS = "integrations:integrations"
LIST_URLS: dict[str, str] = {
    Setup.Half.CONTACTS: "setup:contacts_list",
    Setup.Half.BILLING: "setup:services_list",
}
REVIEWS: dict[str, Step] = {
    Setup.Half.CONTACTS: REVIEW_CONTACTS,
    Setup.Half.BILLING: REVIEW_SERVICES,
}

View = Callable[..., HttpResponse | StreamingHttpResponse]


def of_setup(view: View) -> View:
    """Give the view the firm's current run; only those who may manage integrations come in."""
    return _of(Setup.Half.CONTACTS, view)


def of_services(view: View) -> View:
    """Give the view the firm's run of the second half; it opens once contacts are synced."""
    return _of(Setup.Half.BILLING, view)


def _of(half: str, view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        asked = cast(FirmRequest, request)
        try:
            setup = services.open_run(
                actor=asked.actor, firm=asked.firm, half=half, now=timezone.now()
            )
        except (services.NoWizard, NotLicensed):
            if "row_id" in kwargs:
                raise Http404 from None
            return redirect(INTEGRATIONS)
        return view(asked, setup, *args, **kwargs)

    return wrapped


def frame(setup: Setup, step: Step, **context: Any) -> dict[str, Any]:
    """What every page of set-up shows: the headings, the lists, the state of the connection."""
    lists = [
        {
            "name": str(name),
            "url": reverse(LIST_URLS[setup.half], args=[name]),
            "label": name.label,
            "count": queries.number_shown(setup.counts, name),
            "is_seen": has_seen(setup, name),
        }
        for name in lists_of(setup)
    ]
    unseen = [name.label for name in lists_of(setup) if not has_seen(setup, name)]
    return {
        "setup": setup,
        "connection": setup.connection,
        "step": step,
        "parts": progress.parts(setup),
        "lists": lists if _shows_lists(setup) else [],
        "unseen": unseen,
        "is_connected": setup.connection.is_connected,
        **context,
    }


def _shows_lists(setup: Setup) -> bool:
    return setup.worked_off_at is None and progress.may_open(setup, REVIEWS[setup.half])


def moved_on(request: FirmRequest, answer: HttpResponse) -> HttpResponse:
    """A poll is told to stop and where to go; a page is sent there."""
    if not request.htmx:
        return answer
    told = HttpResponse(status=STOP_POLLING)
    told["HX-Trigger"] = "done"
    told["HX-Redirect"] = answer["Location"]
    return told


TELLS_AFTER = 5  # seconds of data before the time left is told


def import_facts(setup: Setup, now: datetime) -> dict[str, Any]:
    total, done = setup.import_total or 0, setup.import_done
    passed = (now - (setup.import_started_at or now)).total_seconds()
    is_running = setup.import_state == State.RUNNING
    left = ""
    if is_running and done and passed >= TELLS_AFTER and total > done:
        left = _about(passed / done * (total - done))
    wait = max(0, math.ceil(((setup.import_retry_at or now) - now).total_seconds()))
    return {
        "total": total,
        "done": done,
        "share": round(done / total, 3) if total else 0,
        "time_left": left,
        "is_running": is_running,
        "is_waiting": setup.import_state == State.WAITING,
        "is_failed": setup.import_state == State.FAILED,
        "is_matching": is_running and setup.import_position == 0,
        "wait_seconds": wait,
        "tries": setup.import_tries,
        "tries_at_most": importing.TRIES,
        "refreshes": setup.import_state != State.FAILED,
    }


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"About {max(5, round(seconds / 5) * 5)} seconds left"
    return f"About {round(seconds / 60)} minutes left"


def attempt(request: FirmRequest, action: Callable[..., Any], setup: Setup, done: str = "") -> bool:
    try:
        action(actor=request.actor, setup=setup, now=timezone.now())
    except SetupError as error:
        messages.warning(request, str(error))
        return False
    if done:
        messages.success(request, done)
    return True


def joined(asked: dict[str, Any], text: str) -> str:
    """What joins one more parameter to the address of a list."""
    has_some = asked["q"] or asked["diff"] or asked["page"] > 1
    return ("&" if has_some else "?") + text


DONE = {
    "unmatch": "unmatched",
    "match": "matched",
    Decision.CREATE_THERE: "will be created in QuickBooks",
    Decision.CREATE_HERE: "will be created as {what}",
    Decision.LEAVE_OUT: "left out",
    "undecide": "not decided any more",
}


def meant(posted: QueryDict, asked: dict[str, Any]) -> tuple[Rows | None, str, bool]:
    """Which rows a button is about, what to do with them, and whether it is one row."""
    one = posted.get("one", "")
    if one:
        verb, _, rest = one.partition(":")
        return Rows(ids=numbers([rest])), verb, True
    verb = posted.get("bulk", "")
    if posted.get("scope") == "all":
        return Rows(is_all=True, text=asked["q"], only_differences=asked["diff"]), verb, False
    ids = numbers(posted.getlist("id"))
    return (Rows(ids=ids) if ids else None), verb, False


def numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


def tell(
    request: FirmRequest,
    setup: Setup,
    name: str,
    verb: str,
    *,
    is_one: bool,
    count: int,
    at: datetime,
) -> None:
    """Say what was done, with a button that takes it back."""
    if not count:
        messages.info(request, "Nothing was changed: those rows were decided otherwise meanwhile.")
        return
    what = ENTITIES[setup.entity].singular
    who = f"{count} {what}{'' if count == 1 else 's'}"
    if is_one:
        row = queries.proposals_of(setup).filter(decided_at=at).only("local_label", "remote_label")
        found = row.first()
        who = (found.local_label or found.remote_label) if found else who
    words = DONE[verb].format(what=f"a {what}" if count == 1 else f"{what}s")
    if verb == "undecide":
        messages.success(request, f"{who} {words}.")
        return
    undone = verb if verb in ("unmatch", "match") else name
    messages.success(
        request,
        format_html(
            '{} {}. <button class="btn sm" form="undo" name="undo" value="{}:{}">Undo</button>',
            who,
            words,
            undone,
            at.isoformat(),
        ),
    )


def undo(request: FirmRequest, act: dict[str, Any]) -> str:
    what, _, at = request.POST["undo"].partition(":")
    if what not in {"unmatch", "match", *LISTS}:
        return "That cannot be undone"
    count = decisions.undo(what=what, decided_at=datetime.fromisoformat(at), **act)
    if not count:
        return "It was decided otherwise meanwhile, so there is nothing to undo"
    messages.success(request, "Undone.")
    return ""


def download(lines: Any, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def list_address(setup: Setup, name: str, asked: dict[str, Any], **changes: Any) -> str:
    wanted = {**asked, "pick": "", **changes}
    if wanted["page"] == 1:
        wanted["at"] = wanted["page"] = None
    kept = {key: value if value is not True else 1 for key, value in wanted.items() if value}
    address = reverse(LIST_URLS[setup.half], args=[name])
    return f"{address}?{urlencode(kept)}" if kept else address


def list_facts(setup: Setup, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    counts = setup.counts
    only = asked["diff"] and name == List.MATCHED
    rows = queries.rows_of(setup, name, text=asked["q"], only_differences=only)
    total = rows.count() if asked["q"] else counts.get("differences" if only else name, 0)
    page = queries.page_of(
        setup,
        rows,
        total=total,
        number=asked["page"],
        anchor=asked["at"],
        keeps_groups=name == List.DUPLICATES,
    )
    lists = lists_of(setup)
    following = lists[(lists.index(List(name)) + 1) % len(lists)]
    number = page.number
    return {
        "name": name,
        "label": List(name).label,
        "q": asked["q"],
        "diff": only,
        "pick": asked["pick"],
        "page": page,
        "rows": page.rows,
        "counts": counts,
        "count_shown": queries.number_shown(counts, name) if not (asked["q"] or only) else total,
        "stale": queries.stale(setup),
        "next_list": str(following),
        "all_address": list_address(setup, name, {**asked, "diff": False}, page=1),
        "diff_address": list_address(setup, name, {**asked, "diff": True}, page=1),
        "pick_clear": list_address(setup, name, {**asked, "q": ""}, page=1),
        "pick_page": list_address(setup, name, asked) + joined(asked, "pick=page"),
        "pick_all": list_address(setup, name, asked) + joined(asked, "pick=all"),
        "pick_none": list_address(setup, name, asked),
        "previous_page": number > 1
        and list_address(setup, name, asked, page=number - 1, at=page.previous_anchor),
        "next_page": page.next_anchor
        and list_address(setup, name, asked, page=number + 1, at=page.next_anchor),
    }


def decide(request: FirmRequest, setup: Setup, name: str, asked: dict[str, Any]) -> str:
    """Do what a button of the list says; return what went wrong, in words."""
    act: dict[str, Any] = {"actor": request.actor, "setup": setup, "now": timezone.now()}
    try:
        if "undo" in request.POST:
            return undo(request, act)
        rows, verb, is_one = meant(request.POST, asked)
        if rows is None:
            return "Choose at least one row"
        ids = decisions.carry_out(verb, name=name, rows=rows, **act)
    except SetupError as error:
        return str(error)
    tell(request, setup, name, verb, is_one=is_one, count=len(ids), at=act["now"])
    return ""
