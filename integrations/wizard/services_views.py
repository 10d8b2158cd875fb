"""Pages of the second half of set-up: service items, invoices, and Finish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.models import ServiceItem
from firms.http import FirmRequest
from integrations.entities import ENTITIES, entities_of
from integrations.errors import SyncError
from integrations.models import Link, MatchProposal, Setup
from integrations.sync.rules import lists_of as short_lists_of
from integrations.wizard import (
    decisions,
    differences,
    dry_run,
    importing,
    ledger,
    older,
    progress,
    queries,
    report,
    services,
    syncing,
)
from integrations.wizard.errors import SetupError
from integrations.wizard.forms import ListQuery, ServicesForm
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
    of_services,
    tell,
)
from integrations.wizard.steps import (
    IMPORT_SERVICES,
    LISTS_OF_ITEMS,
    REVIEW_SERVICES,
    START_SERVICES,
    SYNC_SERVICES,
)

List = MatchProposal.List
State = Setup.Import
HOME = "integrations:home"


def _to_current(setup: Setup) -> HttpResponse:
    """Where the run stands, as the pages see it."""
    if setup.confirmed_at is not None:
        return redirect("setup:finish" if setup.worked_off_at else "setup:services_sync")
    step = progress.current_step(setup)
    if step in (START_SERVICES, IMPORT_SERVICES):
        return redirect(step.url_name)
    unseen = progress.unseen_lists(setup)
    return redirect("setup:services_list", unseen[0] if unseen else List.UNMATCHED)


# -- start or skip -------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@of_services
def start(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.confirmed_at is not None or setup.import_state != State.NOT_STARTED:
        return _to_current(setup)
    if request.method == "POST":
        attempt(request, services.start_services, setup)
        return redirect("setup:services_progress")
    return render(request, START_SERVICES.template_name, frame(setup, START_SERVICES))


@require_http_methods(["GET", "POST"])
@of_services
def skip(request: FirmRequest, setup: Setup) -> HttpResponse:
    """From the start page at once; from the lists it asks first, as what was read is dropped."""
    if request.method == "POST":
        done = "Setup is finished. Contacts sync from now on."
        attempt(request, services.skip_services, setup, done=done)
        return redirect(INTEGRATIONS)
    if setup.confirmed_at is not None:
        return _to_current(setup)
    return render(request, "integrations/setup_services_skip.html", frame(setup, REVIEW_SERVICES))


# -- the import ----------------------------------------------------------------------------------


@require_GET
@of_services
def import_progress(request: FirmRequest, setup: Setup) -> HttpResponse:
    is_over = setup.import_state in (State.NOT_STARTED, State.DONE)
    if is_over or setup.confirmed_at is not None:
        return moved_on(request, _to_current(setup))
    facts = import_facts(setup, timezone.now())
    context = frame(setup, IMPORT_SERVICES, stages=_stages(setup), **facts)
    if request.htmx:
        return render(request, "integrations/_setup_services_import.html", context)
    return render(request, IMPORT_SERVICES.template_name, context)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One of the things that are read, in order."""

    label: str
    state: str  # "done", "now" or ""
    number: int = 0


def _stages(setup: Setup) -> list[Stage]:
    entities = importing.entities_of(setup)
    now = entities.index(setup.import_entity) if setup.import_entity else -1
    is_read = setup.import_position == 0
    return [
        Stage(label="Accounts, terms, payment methods and tax codes", state=_state(0, now + 1)),
        *(
            Stage(
                label=ENTITIES[entity].label,
                state="done" if is_read else _state(place, now),
                number=int(setup.counts.get(f"read_{entity}", 0)) if place <= now else 0,
            )
            for place, entity in enumerate(entities)
        ),
        Stage(label="Comparing the two sides", state="now" if is_read else ""),
    ]


def _state(place: int, now: int) -> str:
    return "done" if place < now else "now" if place == now else ""


@require_http_methods(["GET", "POST"])
@of_services
def stop_import(request: FirmRequest, setup: Setup) -> HttpResponse:
    if request.method == "POST":
        attempt(request, services.stop_import, setup, done="The import was stopped.")
        return redirect("setup:services")
    if setup.import_state in (State.NOT_STARTED, State.DONE):
        return _to_current(setup)
    return render(request, "integrations/setup_services_stop.html", frame(setup, IMPORT_SERVICES))


@require_POST
@of_services
def start_again(request: FirmRequest, setup: Setup) -> HttpResponse:
    attempt(request, services.start_again, setup)
    return redirect("setup:services_progress")


@require_POST
@of_services
def carry_on(request: FirmRequest, setup: Setup) -> HttpResponse:
    attempt(request, services.carry_on, setup)
    return redirect("setup:services_progress")


@require_POST
@of_services
def check_again(request: FirmRequest, setup: Setup) -> HttpResponse:
    """Read what changed there, and repeat the comparison."""
    is_whole = True
    try:
        is_whole = importing.check_again(actor=request.actor, setup=setup, now=timezone.now())
    except (SetupError, SyncError) as error:
        messages.warning(request, str(error))
    else:
        if is_whole:
            messages.success(request, "The lists are up to date.")
    if not is_whole:
        return redirect("setup:services_progress")
    name = request.POST.get("list", "")
    return redirect("setup:services_list", name if name in LISTS_OF_ITEMS else List.UNMATCHED)


# -- the lists -----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@of_services
def services_list(request: FirmRequest, setup: Setup, name: str) -> HttpResponse:
    if name not in LISTS_OF_ITEMS:
        raise Http404
    if setup.confirmed_at is not None or not progress.may_open(setup, REVIEW_SERVICES):
        return _to_current(setup)
    asked = ListQuery(request.GET).values()
    error = ""
    if request.method == "POST":
        error = decide(request, setup, name, asked)
        if not error:
            return redirect(list_address(setup, name, asked))
    services.see_list(actor=request.actor, setup=setup, name=name, now=timezone.now())
    facts = list_facts(setup, name, asked)
    for row in facts["rows"]:
        differences.mark_item(row)
    context = frame(
        setup, REVIEW_SERVICES, error=error, back=list_address(setup, name, asked), **facts
    )
    return render(request, REVIEW_SERVICES.template_name, context)


@require_http_methods(["GET", "POST"])
@of_services
def use_theirs(request: FirmRequest, setup: Setup, row_id: int) -> HttpResponse:
    """Shows what would be copied from QuickBooks to ours, then does it."""
    get_object_or_404(queries.proposals_of(setup), pk=row_id)
    if setup.confirmed_at is not None:
        return _to_current(setup)
    back = list_address(setup, List.UNMATCHED, ListQuery(request.GET).values())
    row = decisions.suggested_row(setup, row_id)
    if request.method == "POST":
        typed = request.POST.get("version", "")
        try:
            name = decisions.use_theirs(
                actor=request.actor,
                setup=setup,
                row_id=row_id,
                version=int(typed) if typed.isdecimal() and len(typed) < 10 else 0,
                now=timezone.now(),
            )
        except SetupError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"{name} matches now.")
        return redirect(back)
    if row is None or row.suggested is None:
        messages.info(request, "There is no item of QuickBooks beside it any more.")
        return redirect(back)
    item = get_object_or_404(ServiceItem.objects.for_firm(setup.firm_id), pk=row.local_id)
    differences.mark_item(row)
    context = frame(setup, REVIEW_SERVICES, row=row, item=item, back=back, name=List.UNMATCHED)
    return render(request, "integrations/setup_services_theirs.html", context)


@require_http_methods(["GET", "POST"])
@of_services
def find_item(request: FirmRequest, setup: Setup, row_id: int) -> HttpResponse:
    """Match one of ours with any item that was read."""
    rows = queries.proposals_of(setup).filter(local_id__isnull=False)
    row = get_object_or_404(rows, pk=row_id)
    if setup.confirmed_at is not None or not progress.may_open(setup, REVIEW_SERVICES):
        return _to_current(setup)
    error = ""
    if request.method == "POST":
        act: dict[str, Any] = {"actor": request.actor, "setup": setup, "now": timezone.now()}
        try:
            decisions.match(row_id=row.pk, remote_id=request.POST.get("remote_id", ""), **act)
        except SetupError as refused:
            error = str(refused)
        else:
            tell(request, setup, List.UNMATCHED, "match", is_one=True, count=1, at=act["now"])
            return redirect("setup:services_list", List.UNMATCHED)
    text = request.GET.get("q", "").strip()[:200]
    context = frame(
        setup,
        REVIEW_SERVICES,
        row=row,
        q=text,
        found=queries.find_in_books(setup, text),
        at_most=queries.FOUND_AT_MOST,
        name=List.UNMATCHED,
        error=error,
    )
    return render(request, "integrations/setup_services_find.html", context)


# -- sync ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@of_services
def sync_services(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.confirmed_at is not None:
        return _sync_progress(request, setup)
    if not progress.may_open(setup, SYNC_SERVICES):
        return _to_current(setup)
    now = timezone.now()
    ledger.refresh(setup, now=now)
    form = _form(setup, request.POST if request.method == "POST" else _asked(request))
    planned = dry_run.plan_services(setup, form.answers()) if form.is_valid() else None
    error = ""
    if request.method == "POST" and planned is not None:
        try:
            syncing.confirm_services(
                actor=request.actor,
                setup=setup,
                shown=request.POST.get("shown", ""),
                answers=form.answers(),
                now=now,
            )
        except syncing.AlreadyConfirmed:
            return redirect("setup:services_sync")
        except SetupError as refused:
            error = str(refused)
        else:
            return redirect("setup:services_sync")
    context = frame(
        setup,
        SYNC_SERVICES,
        form=form,
        planned=planned,
        error=error,
        stale=queries.stale(setup),
        has_accounts=bool(short_lists_of(setup.connection, "income_accounts")),
        answers_query=request.GET.urlencode(),
        **_offers(setup, form),
    )
    return render(request, SYNC_SERVICES.template_name, context)


def _form(setup: Setup, asked: QueryDict | None) -> ServicesForm:
    """Filled with what was asked; on the first look nothing is chosen but the older open ones."""
    connection = setup.connection
    return ServicesForm(
        asked,
        accounts=short_lists_of(connection, "income_accounts"),
        today=timezone.localdate(),
        initial={
            "income_account": (connection.defaults.get("income_account") or {}).get("id"),
            "on": timezone.localdate(connection.connected_at),
            "brings_open": True,
        },
    )


# -- older invoices, one by one ------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@of_services
def older_invoices(request: FirmRequest, setup: Setup, side: str) -> HttpResponse:
    """Tick or untick invoices from before the day that the answers in the address name."""
    since = _since(request, setup)
    if side not in (older.OURS, older.THEIRS):
        raise Http404
    is_open = setup.confirmed_at is None and progress.may_open(setup, SYNC_SERVICES)
    if since is None or not is_open:
        return redirect("setup:services_sync")
    if request.method == "POST":
        _tick(request, setup, side, since)
        return redirect(request.get_full_path())
    ledger.refresh(setup, now=timezone.now())
    rows = older.rows_of(setup, side, since)
    asked: dict[str, Any] = ListQuery(request.GET).values()
    page = queries.page_of(setup, rows, total=rows.count(), number=asked["page"], anchor=None)
    found: list[Any] = page.rows
    names = older.contacts_of(setup, found)
    for row in found:
        row.contact_name = names[row.pk]
    context = frame(
        setup,
        SYNC_SERVICES,
        side=side,
        since=since,
        page=page,
        rows=found,
        totals=ledger.totals(setup, ledger.INVOICE, ledger.Choice(since=since)),
        answers_query=_answers_query(request),
        previous_page=page.number > 1 and f"?{_answers_query(request)}&page={page.number - 1}",
        next_page=page.next_anchor and f"?{_answers_query(request)}&page={page.number + 1}",
    )
    return render(request, "integrations/setup_services_older.html", context)


def _tick(request: FirmRequest, setup: Setup, side: str, since: date) -> None:
    shown = set(numbers(request.POST.getlist("row")))
    comes = shown & set(numbers(request.POST.getlist("comes")))
    every = request.POST.get("every")
    if every:
        shown = set(older.rows_of(setup, side, since).values_list("pk", flat=True))
        comes = shown if every == "all" else set()
    act: dict[str, Any] = {"side": side, "since": since, "comes": comes, "stays": shown - comes}
    attempt(request, partial(older.tick, **act), setup, done="Saved.")


@require_http_methods(["GET", "POST"])
@of_services
def link_older(request: FirmRequest, setup: Setup, row_id: int) -> HttpResponse:
    """Say which invoice there one of ours is, or take that back."""
    invoices = ledger.rows_of(setup, ledger.INVOICE).filter(local_id__isnull=False)
    row = get_object_or_404(invoices, pk=row_id)
    back = f"{reverse('setup:services_older', args=[older.OURS])}?{_answers_query(request)}"
    if request.method == "POST":
        remote_id = request.POST.get("remote_id", "")
        link = partial(older.link, row_id=row.pk, remote_id=remote_id)
        unlink = partial(older.unlink, row_id=row.pk)
        done = "Linked." if remote_id else "Not linked any more."
        attempt(request, link if remote_id else unlink, setup, done=done)
        return redirect(back)
    if setup.confirmed_at is not None:
        return _to_current(setup)
    names = older.contacts_of(setup, [row])
    context = frame(
        setup,
        SYNC_SERVICES,
        row=row,
        contact_name=names[row.pk],
        offers=older.offers_for(setup, row),
        back=back,
    )
    return render(request, "integrations/setup_services_link.html", context)


def _since(request: FirmRequest, setup: Setup) -> date | None:
    """The first day of the answers in the address; None where they name none."""
    form = _form(setup, _asked(request))
    form.full_clean()
    given = form.cleaned_data if form.is_bound else {}
    return given.get("on") if given.get("start") == ServicesForm.FROM else None


def _asked(request: FirmRequest) -> QueryDict | None:
    """The answers in the address, if there are any."""
    return request.GET if "asked" in request.GET else None


def _answers_query(request: FirmRequest) -> str:
    asked = request.GET.copy()
    asked.pop("page", None)
    return asked.urlencode()


def _offers(setup: Setup, form: ServicesForm) -> dict[str, Any]:
    """What stands beside each of the two choices: invoices and their money, on both sides."""
    given = form.cleaned_data if form.is_bound else {}
    since = given.get("on") or form.initial["on"]
    brings_open = bool(given.get("brings_open")) if form.is_bound else True
    return {
        "offer_all": ledger.totals(setup, ledger.INVOICE, ledger.Choice(since=None)),
        "offer_from": ledger.totals(
            setup, ledger.INVOICE, ledger.Choice(since=since, brings_open=brings_open)
        ),
        "offer_since": since,
        "start": form["start"].value() or "",
    }


def _sync_progress(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.worked_off_at is not None:
        return moved_on(request, redirect("setup:finish"))
    rests_until = setup.connection.not_before
    context = frame(
        setup,
        SYNC_SERVICES,
        run=syncing.sync_progress(setup),
        counts=setup.promised,
        rests=rests_until is not None and rests_until > timezone.now(),
    )
    if request.htmx:
        return render(request, "integrations/_setup_services_syncing.html", context)
    return render(request, "integrations/setup_services_syncing.html", context)


@require_GET
@of_services
def plan_csv(request: FirmRequest, setup: Setup) -> HttpResponse | StreamingHttpResponse:
    """The dry run row by row, for the answers in the address."""
    form = _form(setup, _asked(request))
    if not progress.may_open(setup, REVIEW_SERVICES) or not form.is_valid():
        raise Http404
    lines = dry_run.services_as_csv(setup, form.answers())
    return download(lines, "sync-service-items-plan.csv")


# -- the end -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of one kind of record, and what happens from now on."""

    label: str
    synced: int
    left_out: int
    forward: str


FORWARD = {
    "contact": "Both ways",
    "service_item": "Both ways",
    "invoice": "Both ways, new invoices",
    "payment": "Both ways, with their invoice",
}


@require_http_methods(["GET", "POST"])
@of_services
def finish(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.worked_off_at is None:
        return _to_current(setup)
    if request.method == "POST":
        attempt(request, services.finish, setup, done="Setup is finished.")
        return redirect(HOME)
    totals = report.totals(setup)
    context = frame(
        setup,
        SYNC_SERVICES,
        kept=_kept(setup),
        needs_you=totals.get("needs_you", 0),
        deletes_voided=setup.connection.void_rule == "delete",
    )
    return render(request, "integrations/setup_finish.html", context)


def _kept(setup: Setup) -> list[Kept]:
    links = Link.objects.filter(connection_id=setup.connection_id)
    counted: dict[str, tuple[int, int]] = {
        entity: (synced, left_out)
        for entity, synced, left_out in links.values("entity")
        .annotate(
            synced=Count("pk", filter=Q(state=Link.State.LINKED)),
            left_out=Count("pk", filter=Q(state=Link.State.LEFT_OUT)),
        )
        .values_list("entity", "synced", "left_out")
    }
    return [
        Kept(
            label=ENTITIES[entity].label,
            synced=counted.get(entity, (0, 0))[0],
            left_out=counted.get(entity, (0, 0))[1],
            forward=FORWARD[entity],
        )
        for entity in entities_of(setup.connection.profile, with_billing=True)
    ]


@require_GET
@of_services
def sync_report(request: FirmRequest, setup: Setup) -> HttpResponse:
    if setup.confirmed_at is None:
        return _to_current(setup)
    totals = report.totals(setup)
    needing = [line for line in report.lines(setup) if line.needs_you][: queries.PAGE]
    context = frame(
        setup,
        SYNC_SERVICES,
        sentence=report.sentence(totals),
        facts=report.facts(setup, totals),
        needing=needing,
    )
    return render(request, "integrations/setup_report.html", context)


@require_GET
@of_services
def report_csv(request: FirmRequest, setup: Setup) -> HttpResponse | StreamingHttpResponse:
    if setup.confirmed_at is None:
        raise Http404
    return download(report.as_csv(setup), "sync-service-items-report.csv")
