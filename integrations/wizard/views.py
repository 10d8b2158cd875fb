"""Pages of the first half of set-up, contacts: each loads the run, makes one call, and shows it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from firms.http import FirmRequest
from integrations.entities import CONTACT
from integrations.errors import SyncError
from integrations.models import MatchProposal, Setup
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
from integrations.wizard.errors import SetupError
from integrations.wizard.forms import ChooseContactsForm, ListQuery
from integrations.wizard.pages import (
    INTEGRATIONS,
    attempt,
    decide,
    download,
    frame,
    import_facts,
    list_address,
    list_facts,
    moved_on,
    numbers,
    of_setup,
    tell,
)
from integrations.wizard.steps import (
    CHOOSE_CONTACTS,
    IMPORT_CONTACTS,
    LISTS,
    REVIEW_CONTACTS,
    SYNC_CONTACTS,
)

log = logging.getLogger(__name__)

List = MatchProposal.List
State = Setup.Import
ENTITY = CONTACT.key


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
    is_open = setup.confirmed_at is None and (setup.import_state == State.NOT_STARTED or changes)
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
    context = frame(
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
        return moved_on(request, _to_current(setup))
    if setup.import_state == State.DONE:
        return moved_on(request, redirect("setup:contacts_list", List.MATCHED))
    now = timezone.now()
    context = frame(setup, IMPORT_CONTACTS, **import_facts(setup, now))
    if request.htmx:
        return render(request, "integrations/_setup_import.html", context)
    return render(request, IMPORT_CONTACTS.template_name, context)


@require_http_methods(["GET", "POST"])
@of_setup
def stop_import(request: FirmRequest, setup: Setup) -> HttpResponse:
    if request.method == "POST":
        attempt(request, services.stop_import, setup, done="The import was stopped.")
        return redirect("setup:contacts")
    if setup.import_state in (State.NOT_STARTED, State.DONE):
        return _to_current(setup)
    return render(request, "integrations/setup_contacts_stop.html", frame(setup, IMPORT_CONTACTS))


@require_POST
@of_setup
def start_again(request: FirmRequest, setup: Setup) -> HttpResponse:
    attempt(request, services.start_again, setup)
    return redirect("setup:contacts_progress")


@require_POST
@of_setup
def carry_on(request: FirmRequest, setup: Setup) -> HttpResponse:
    attempt(request, services.carry_on, setup)
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
        error = (
            _pair(request, setup) if "pair" in request.POST else decide(request, setup, name, asked)
        )
        if not error:
            return redirect(list_address(setup, name, asked))
    services.see_list(actor=request.actor, setup=setup, name=name, now=timezone.now())
    facts = list_facts(setup, name, asked)
    facts["rows"] = (
        _groups(facts["rows"]) if name == List.DUPLICATES else _shown(facts["rows"], name)
    )
    context = frame(setup, REVIEW_CONTACTS, error=error, **facts)
    return render(request, REVIEW_CONTACTS.template_name, context)


def _shown(rows: list[MatchProposal], name: str) -> list[MatchProposal]:
    """The rows, with what the page marks on them."""
    if name == List.MATCHED:
        for row in rows:
            _mark_differences(row)
    return rows


LABELS_AT_MOST = 2  # of fields named in a row; the rest is counted


def _mark_differences(row: Any) -> None:
    told = row.plan or pairing.NOTHING
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


def _pair(request: FirmRequest, setup: Setup) -> str:
    """Match the two that were chosen of a group of duplicates; return what went wrong."""
    now = timezone.now()
    group = request.POST["pair"]
    ours = numbers([request.POST.get(f"ours-{group}", "")])
    theirs = request.POST.get(f"theirs-{group}", "")
    if not ours or not theirs:
        return "Choose one contact and one customer of the name, then match them"
    try:
        decisions.match(actor=request.actor, setup=setup, row_id=ours[0], remote_id=theirs, now=now)
    except SetupError as error:
        return str(error)
    tell(request, setup, List.DUPLICATES, "match", is_one=True, count=1, at=now)
    return ""


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
            tell(request, setup, List.UNMATCHED, "match", is_one=True, count=1, at=act["now"])
            return redirect("setup:contacts_list", back)
    text = request.GET.get("q", "").strip()[:200]
    context = frame(
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
    context = frame(setup, SYNC_CONTACTS, planned=planned, error=error, stale=queries.stale(setup))
    return render(request, SYNC_CONTACTS.template_name, context)


def _sync_progress(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.worked_off_at is not None:
        is_fresh = timezone.now() - setup.worked_off_at < timedelta(minutes=5)
        if is_fresh:
            messages.success(request, "Contacts synced with QuickBooks.")
        return moved_on(request, redirect(INTEGRATIONS))
    rests_until = setup.connection.not_before
    context = frame(
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
    return download(dry_run.as_csv(setup, ENTITY), "sync-contacts-plan.csv")


@require_GET
@of_setup
def sync_report(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.confirmed_at is None:
        return _to_current(setup)
    totals = report.totals(setup)
    needing = [line for line in report.lines(setup) if line.needs_you][: queries.PAGE]
    context = frame(
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
    return download(report.as_csv(setup), "sync-contacts-report.csv")
