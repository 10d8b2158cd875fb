"""Pages of set-up: each loads the run, makes one call, and shows where it stands."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.entities import CONTACT
from integrations.errors import SyncError
from integrations.models import Connection, MatchProposal, Setup
from integrations.sync.access import open_books
from integrations.wizard import (
    decisions,
    dry_run,
    importing,
    pairing,
    preflight,
    progress,
    queries,
    report,
    services,
    syncing,
)
from integrations.wizard.decisions import Rows
from integrations.wizard.errors import SetupError
from integrations.wizard.forms import ChooseContactsForm, ListQuery
from integrations.wizard.steps import (
    CHOOSE_CONTACTS,
    IMPORT_CONTACTS,
    LISTS,
    REVIEW_CONTACTS,
    SYNC_CONTACTS,
    Step,
    has_seen,
)

log = logging.getLogger(__name__)

List = MatchProposal.List
Decision = MatchProposal.Decision
State = Setup.Import
ENTITY = CONTACT.key
STOP_POLLING = 286  # htmx: the answer is the last one
INTEGRATIONS = "integrations:integrations"

View = Callable[..., HttpResponse | StreamingHttpResponse]


def of_setup(view: View) -> View:
    """Give the view the firm's current run; only those who may manage integrations come in."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        asked = cast(FirmRequest, request)
        asked.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=asked.firm.pk)
        connection = Connection.objects.filter(firm=asked.firm).first()
        is_over = connection is None or connection.state == Connection.State.DISCONNECTED
        if connection is None or is_over or connection.profile != Connection.Profile.TWO_WAY:
            if "row_id" in kwargs:
                raise Http404
            return redirect(INTEGRATIONS)
        setup = queries.current_setup(connection) or services.begin_setup(
            actor=asked.actor, connection=connection, now=timezone.now()
        )
        return view(asked, setup, *args, **kwargs)

    return wrapped


def _frame(setup: Setup, step: Step, **context: Any) -> dict[str, Any]:
    """What every page of set-up shows: the headings, the lists, the state of the connection."""
    lists = [
        {
            "name": str(name),
            "label": name.label,
            "count": queries.number_shown(setup.counts, name),
            "is_seen": has_seen(setup, name),
        }
        for name in LISTS
    ]
    unseen = [name.label for name in LISTS if not has_seen(setup, name)]
    return {
        "setup": setup,
        "connection": setup.connection,
        "step": step,
        "parts": progress.parts(setup),
        "lists": lists if progress.may_open(setup, REVIEW_CONTACTS) else [],
        "unseen": unseen,
        "is_connected": setup.connection.is_connected,
        **context,
    }


def _to_current(setup: Setup) -> HttpResponse:
    """Where the run stands, as the pages see it."""
    if setup.confirmed_at is not None:
        if setup.worked_off_at is not None:
            return redirect(INTEGRATIONS)
        return redirect("setup:contacts_sync")
    step = progress.current_step(setup)
    if step in (CHOOSE_CONTACTS, IMPORT_CONTACTS):
        return redirect(step.url_name)
    unseen = progress.unseen_lists(setup)
    return redirect("setup:contacts_list", unseen[0] if unseen else List.MATCHED)


@require_GET
@of_setup
def go_on(request: FirmRequest, setup: Setup) -> HttpResponse:
    return _to_current(setup)


# -- choose --------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@of_setup
def choose_contacts(request: FirmRequest, setup: Setup) -> HttpResponse:
    changes = "change" in request.GET and setup.import_state == State.DONE
    is_open = setup.confirmed_at is None and (
        setup.import_state == State.NOT_STARTED or changes
    )
    if not is_open:
        return _to_current(setup)
    now = timezone.now()
    form = ChooseContactsForm(
        request.POST or None, initial={"which": setup.which or Setup.Filter.ACTIVE}
    )
    if request.method == "POST":
        form = ChooseContactsForm(request.POST)
        if form.is_valid():
            act: dict[str, Any] = {"actor": request.actor, "setup": setup, "now": now}
            try:
                if changes:
                    services.change_filter(**act)
                services.start_import(**act, which=form.cleaned_data["which"])
            except SetupError as error:
                messages.warning(request, str(error))
            return redirect("setup:contacts_progress")
    counts = _book_counts(setup, now)
    context = _frame(
        setup,
        CHOOSE_CONTACTS,
        form=form,
        choices=_choices(form, counts),
        counts=counts,
        changes=changes,
        **preflight.sorted_out(setup.connection),
    )
    return render(request, CHOOSE_CONTACTS.template_name, context)


ABOUT = {
    Setup.Filter.ALL: "Active and inactive customers",
    Setup.Filter.ACTIVE: "Only customers marked active in QuickBooks",
    Setup.Filter.INACTIVE: "Only customers marked inactive in QuickBooks",
}


def _choices(form: ChooseContactsForm, counts: dict[str, int] | None) -> list[dict[str, Any]]:
    chosen = form["which"].value()
    return [
        {
            "value": str(each),
            "label": each.label,
            "about": ABOUT[each],
            "count": None if counts is None else counts[each],
            "is_chosen": chosen == each,
        }
        for each in Setup.Filter
    ]


def _book_counts(setup: Setup, now: datetime) -> dict[str, int] | None:
    """Customers by filter, asked of QuickBooks unless known; None where it does not answer."""
    counts = services.known_book_counts(setup, now=now)
    connection = setup.connection
    rests = connection.not_before is not None and connection.not_before > now
    if counts is not None or not connection.is_connected or rests:
        return counts
    try:
        books = open_books(connection, lane="people")
        active = books.count(ENTITY, which=Setup.Filter.ACTIVE)
        inactive = books.count(ENTITY, which=Setup.Filter.INACTIVE)
    except SyncError as error:
        log.info("The customers of %s could not be counted: %s", connection, error)
        return None
    counts = {"all": active + inactive, "active": active, "inactive": inactive}
    services.note_book_counts(setup, counts, now=now)
    return counts


# -- the import ----------------------------------------------------------------------------------


@require_GET
@of_setup
def contacts_progress(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.import_state == State.NOT_STARTED or setup.confirmed_at is not None:
        return _moved_on(request, _to_current(setup))
    if setup.import_state == State.DONE:
        return _moved_on(request, redirect("setup:contacts_list", List.MATCHED))
    now = timezone.now()
    context = _frame(setup, IMPORT_CONTACTS, **_import_facts(setup, now))
    if request.htmx:
        return render(request, "integrations/_setup_import.html", context)
    return render(request, IMPORT_CONTACTS.template_name, context)


def _moved_on(request: FirmRequest, answer: HttpResponse) -> HttpResponse:
    """A poll is told to stop and where to go; a page is sent there."""
    if not request.htmx:
        return answer
    told = HttpResponse(status=STOP_POLLING)
    told["HX-Trigger"] = "done"
    told["HX-Redirect"] = answer["Location"]
    return told


TELLS_AFTER = 5  # seconds of data before the time left is told


def _import_facts(setup: Setup, now: datetime) -> dict[str, Any]:
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


@require_http_methods(["GET", "POST"])
@of_setup
def stop_import(request: FirmRequest, setup: Setup) -> HttpResponse:
    if request.method == "POST":
        _try(request, services.stop_import, setup, done="The import was stopped.")
        return redirect("setup:contacts")
    if setup.import_state in (State.NOT_STARTED, State.DONE):
        return _to_current(setup)
    return render(request, "integrations/setup_contacts_stop.html", _frame(setup, IMPORT_CONTACTS))


@require_POST
@of_setup
def start_again(request: FirmRequest, setup: Setup) -> HttpResponse:
    _try(request, services.start_again, setup)
    return redirect("setup:contacts_progress")


@require_POST
@of_setup
def carry_on(request: FirmRequest, setup: Setup) -> HttpResponse:
    _try(request, services.carry_on, setup)
    return redirect("setup:contacts_progress")


@require_POST
@of_setup
def check_again(request: FirmRequest, setup: Setup) -> HttpResponse:
    try:
        is_whole = importing.check_again(actor=request.actor, setup=setup, now=timezone.now())
    except (SetupError, SyncError) as error:
        messages.warning(request, str(error))
        is_whole = True
    else:
        if is_whole:
            messages.success(request, "The lists are up to date.")
    if not is_whole:
        return redirect("setup:contacts_progress")
    name = request.POST.get("list", "")
    return redirect("setup:contacts_list", name if name in LISTS else List.MATCHED)


def _try(request: FirmRequest, action: Callable[..., Any], setup: Setup, done: str = "") -> bool:
    try:
        action(actor=request.actor, setup=setup, now=timezone.now())
    except SetupError as error:
        messages.warning(request, str(error))
        return False
    if done:
        messages.success(request, done)
    return True


# -- the lists -----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@of_setup
def contacts_list(request: FirmRequest, setup: Setup, name: str) -> HttpResponse:
    if name not in LISTS:
        raise Http404
    if setup.confirmed_at is not None or not progress.may_open(setup, REVIEW_CONTACTS):
        return _to_current(setup)
    asked = ListQuery(request.GET).values()
    error = ""
    if request.method == "POST":
        error = _decide(request, setup, name, asked)
        if not error:
            return redirect(_list_address(name, asked))
    services.see_list(actor=request.actor, setup=setup, name=name, now=timezone.now())
    context = _frame(setup, REVIEW_CONTACTS, error=error, **_list_facts(setup, name, asked))
    return render(request, REVIEW_CONTACTS.template_name, context)


def _list_address(name: str, asked: dict[str, Any], **changes: Any) -> str:
    wanted = {**asked, "pick": "", **changes}
    if wanted["page"] == 1:
        wanted["at"] = wanted["page"] = None
    kept = {key: value if value is not True else 1 for key, value in wanted.items() if value}
    address = reverse("setup:contacts_list", args=[name])
    return f"{address}?{urlencode(kept)}" if kept else address


def _list_facts(setup: Setup, name: str, asked: dict[str, Any]) -> dict[str, Any]:
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
    place = LISTS.index(name)
    following = LISTS[(place + 1) % len(LISTS)]
    number = page.number
    return {
        "name": name,
        "label": List(name).label,
        "q": asked["q"],
        "diff": only,
        "pick": asked["pick"],
        "page": page,
        "rows": _groups(page.rows) if name == List.DUPLICATES else _shown(page.rows, name),
        "counts": counts,
        "count_shown": queries.number_shown(counts, name) if not (asked["q"] or only) else total,
        "stale": queries.stale(setup),
        "next_list": str(following),
        "all_address": _list_address(name, {**asked, "diff": False}, page=1),
        "diff_address": _list_address(name, {**asked, "diff": True}, page=1),
        "pick_clear": _list_address(name, {**asked, "q": ""}, page=1),
        "pick_page": _list_address(name, asked) + _and(asked, "pick=page"),
        "pick_all": _list_address(name, asked) + _and(asked, "pick=all"),
        "pick_none": _list_address(name, asked),
        "previous_page": number > 1
        and _list_address(name, asked, page=number - 1, at=page.previous_anchor),
        "next_page": page.next_anchor
        and _list_address(name, asked, page=number + 1, at=page.next_anchor),
    }


def _and(asked: dict[str, Any], text: str) -> str:
    """What joins one more parameter to the address of a list."""
    has_some = asked["q"] or asked["diff"] or asked["page"] > 1
    return ("&" if has_some else "?") + text


def _shown(rows: list[MatchProposal], name: str) -> list[MatchProposal]:
    """The rows, with what the page marks on them."""
    if name == List.MATCHED:
        for row in rows:
            _mark_differences(row)
    return rows


LABELS_AT_MOST = 2  # of fields named in a row; the rest is counted


def _mark_differences(row: Any) -> None:
    told = row.plan or {"here": [], "there": [], "ask": []}
    groups = sorted({*told["here"], *told["there"], *told["ask"]})
    row.name_differs = "display_name" in groups
    row.email_differs = "email" in groups
    others = [each for each in groups if each not in ("display_name", "email")]
    labels = pairing.labels(others, CONTACT.record)
    row.other_differences = ", ".join(labels[:LABELS_AT_MOST])
    row.more_differences = max(0, len(labels) - LABELS_AT_MOST)
    same_email = row.local_email and row.local_email.casefold() == row.remote_email.casefold()
    if row.is_linked:  # nothing is planned for it: what is seen here may differ all the same
        row.name_differs = row.local_label != row.remote_label
        row.email_differs = row.local_email.casefold() != row.remote_email.casefold()
        row.matched_on = "Linked before"
    elif row.home != List.MATCHED:
        row.matched_on = "By you"
    else:
        row.matched_on = "Name, email" if same_email else "Name"


def _groups(rows: list[MatchProposal]) -> list[dict[str, Any]]:
    """Duplicates, by the name they share: ours and theirs side by side."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        group = found.setdefault(row.key, {"key": row.key, "ours": [], "theirs": []})
        group["ours" if row.local_id is not None else "theirs"].append(row)
    for group in found.values():
        ours, theirs = group["ours"], group["theirs"]
        first = (ours or theirs)[0]
        group["number"] = first.pk
        group["label"] = first.local_label or first.remote_label
        length = max(len(ours), len(theirs))
        group["lines"] = [
            (ours[at] if at < len(ours) else None, theirs[at] if at < len(theirs) else None)
            for at in range(length)
        ]
        group["can_match"] = bool(ours and theirs)
    return list(found.values())


DONE = {
    "unmatch": "unmatched",
    "match": "matched",
    Decision.CREATE_THERE: "will be created in QuickBooks",
    Decision.CREATE_HERE: "will be created as {a_contact}",
    Decision.LEAVE_OUT: "left out",
    "undecide": "not decided any more",
}


def _decide(request: FirmRequest, setup: Setup, name: str, asked: dict[str, Any]) -> str:
    """Do what a button of the list says; return what went wrong, in words."""
    act: dict[str, Any] = {"actor": request.actor, "setup": setup, "now": timezone.now()}
    try:
        if "undo" in request.POST:
            return _undo(request, act)
        if "pair" in request.POST:
            return _pair(request, act)
        rows, verb, label = _meant(request.POST, asked)
        if rows is None:
            return "Choose at least one row"
        if verb == "unmatch" and name == List.MATCHED:
            ids = decisions.unmatch(rows=rows, **act)
        elif verb == "match" and name == List.UNMATCHED:
            ids = decisions.match_suggested(rows=rows, **act)
        elif verb in {*Decision.values, "undecide"}:
            decision = Decision.NONE if verb == "undecide" else verb
            ids = decisions.decide(name=name, rows=rows, decision=decision, **act)
        else:
            return "That cannot be done on this list"
    except SetupError as error:
        return str(error)
    except ValueError:
        return "That cannot be done on this list"
    _tell(request, name, verb, label, len(ids), act["now"])
    return ""


def _meant(posted: QueryDict, asked: dict[str, Any]) -> tuple[Rows | None, str, str]:
    """Which rows a button is about, what to do with them, and the name if it is one row."""
    one = posted.get("one", "")
    if one:
        verb, _, rest = one.partition(":")
        return Rows(ids=_numbers([rest])), verb, "one"
    verb = posted.get("bulk", "")
    if posted.get("scope") == "all":
        return Rows(is_all=True, text=asked["q"], only_differences=asked["diff"]), verb, ""
    ids = _numbers(posted.getlist("id"))
    return (Rows(ids=ids) if ids else None), verb, ""


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


def _tell(request: FirmRequest, name: str, verb: str, label: str, count: int, at: datetime) -> None:
    """Say what was done, with a button that takes it back."""
    if not count:
        messages.info(request, "Nothing was changed: those rows were decided otherwise meanwhile.")
        return
    who = f"{count} contact{'' if count == 1 else 's'}"
    if label == "one":
        row = MatchProposal.objects.filter(decided_at=at).only("local_label", "remote_label")
        found = row.first()
        who = (found.local_label or found.remote_label) if found else who
    words = DONE[verb].format(a_contact="a contact" if count == 1 else "contacts")
    if verb == "undecide":
        messages.success(request, f"{who} {words}.")
        return
    what = verb if verb in ("unmatch", "match") else name
    messages.success(
        request,
        format_html(
            '{} {}. <button class="btn sm" form="undo" name="undo" value="{}:{}">Undo</button>',
            who,
            words,
            what,
            at.isoformat(),
        ),
    )


def _undo(request: FirmRequest, act: dict[str, Any]) -> str:
    what, _, at = request.POST["undo"].partition(":")
    if what not in {"unmatch", "match", *LISTS}:
        return "That cannot be undone"
    count = decisions.undo(what=what, decided_at=datetime.fromisoformat(at), **act)
    if not count:
        return "It was decided otherwise meanwhile, so there is nothing to undo"
    messages.success(request, "Undone.")
    return ""


def _pair(request: FirmRequest, act: dict[str, Any]) -> str:
    """Match the two that were chosen of a group of duplicates."""
    group = request.POST["pair"]
    ours = _numbers([request.POST.get(f"ours-{group}", "")])
    theirs = request.POST.get(f"theirs-{group}", "")
    if not ours or not theirs:
        return "Choose one contact and one customer of the name, then match them"
    row = decisions.match(row_id=ours[0], remote_id=theirs, **act)
    _tell(request, List.DUPLICATES, "match", "one", 1, act["now"])
    return "" if row else "That cannot be matched"


@require_http_methods(["GET", "POST"])
@of_setup
def find_customer(request: FirmRequest, setup: Setup, row_id: int) -> HttpResponse:
    row = get_object_or_404(
        MatchProposal.objects.select_related("suggested").defer("suggested__raw"),
        pk=row_id,
        setup=setup,
        local_id__isnull=False,
    )
    if setup.confirmed_at is not None or not progress.may_open(setup, REVIEW_CONTACTS):
        return _to_current(setup)
    back = row.list if row.list in LISTS else List.UNMATCHED
    error = ""
    if request.method == "POST":
        act: dict[str, Any] = {"actor": request.actor, "setup": setup, "now": timezone.now()}
        try:
            decisions.match(row_id=row.pk, remote_id=request.POST.get("remote_id", ""), **act)
        except SetupError as refused:
            error = str(refused)
        else:
            _tell(request, List.UNMATCHED, "match", "one", 1, act["now"])
            return redirect("setup:contacts_list", back)
    text = request.GET.get("q", "").strip()[:200]
    context = _frame(
        setup,
        REVIEW_CONTACTS,
        row=row,
        q=text,
        found=queries.find_in_books(setup, text),
        at_most=queries.FOUND_AT_MOST,
        back=back,
        name=back,
        error=error,
    )
    if request.htmx and request.method == "GET":
        return render(request, "integrations/_setup_found.html", context)
    return render(request, "integrations/setup_contacts_find.html", context)


# -- sync ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@of_setup
def sync_contacts(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.confirmed_at is not None:
        return _sync_progress(request, setup)
    if not progress.may_open(setup, SYNC_CONTACTS):
        return _to_current(setup)
    error = ""
    if request.method == "POST":
        try:
            syncing.confirm(
                actor=request.actor,
                setup=setup,
                shown=request.POST.get("shown", ""),
                now=timezone.now(),
            )
        except syncing.AlreadyConfirmed:
            return redirect("setup:contacts_sync")
        except SetupError as refused:
            error = str(refused)
        else:
            return redirect("setup:contacts_sync")
    planned = dry_run.plan(setup, ENTITY)
    context = _frame(
        setup, SYNC_CONTACTS, planned=planned, error=error, stale=queries.stale(setup)
    )
    return render(request, SYNC_CONTACTS.template_name, context)


def _sync_progress(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.worked_off_at is not None:
        is_fresh = timezone.now() - setup.worked_off_at < timedelta(minutes=5)
        if is_fresh:
            messages.success(request, "Contacts synced with QuickBooks.")
        return _moved_on(request, redirect(INTEGRATIONS))
    rests_until = setup.connection.not_before
    context = _frame(
        setup,
        SYNC_CONTACTS,
        run=syncing.sync_progress(setup),
        counts=setup.promised,
        rests=rests_until is not None and rests_until > timezone.now(),
    )
    if request.htmx:
        return render(request, "integrations/_setup_sync.html", context)
    return render(request, "integrations/setup_contacts_syncing.html", context)


@require_GET
@of_setup
def plan_csv(request: FirmRequest, setup: Setup) -> HttpResponse | StreamingHttpResponse:
    if not progress.may_open(setup, REVIEW_CONTACTS):
        raise Http404
    return _download(dry_run.as_csv(setup, ENTITY), "sync-contacts-plan.csv")


@require_GET
@of_setup
def sync_report(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.confirmed_at is None:
        return _to_current(setup)
    totals = report.totals(setup)
    needing = [line for line in report.lines(setup) if line.needs_you][: queries.PAGE]
    context = _frame(
        setup,
        SYNC_CONTACTS,
        sentence=report.sentence(totals),
        facts=report.facts(setup, totals),
        needing=needing,
    )
    return render(request, "integrations/setup_report.html", context)


@require_GET
@of_setup
def report_csv(request: FirmRequest, setup: Setup) -> HttpResponse | StreamingHttpResponse:
    if setup.confirmed_at is None:
        raise Http404
    return _download(report.as_csv(setup), "sync-contacts-report.csv")


def _download(lines: Any, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
