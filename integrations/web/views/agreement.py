"""The agreement report: what agrees, what differs and why, what each contact owes; and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.models import AgreementRow, AgreementRun
from integrations.sync import agreement
from integrations.web import notices, reports
from integrations.web.attempts import attempt
from integrations.web.views.loading import connection_or_404
from integrations.wizard import sheets

PAGE = 300
COLUMNS = (
    "Kind", "Record", "Result", "Cause", "Explained", "Fields here", "Fields in QuickBooks",
    "Open here", "Open in QuickBooks", "Not held here", "QuickBooks id",
)  # fmt: skip


@require_GET
def report(request: FirmRequest) -> HttpResponse:
    connection = connection_or_404(request)
    run = reports.shown_run(connection, request.GET.get("run", ""))
    show = request.GET.get("show", "")
    show = show if show in reports.SHOWN else "differences"
    rows = reports.rows(run, show) if run else AgreementRow.objects.none()
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "integrations",
        "connection": connection,
        "run": run,
        "running": reports.running(connection),
        "sums": agreement.totals(run) if run else {},
        "words": reports.words(run) if run else "",
        "kinds": reports.kinds(run) if run else [],
        "show": show,
        "page": page,
        "rows": [reports.line(row) for row in page],
        "reads": agreement.reads_of_full(connection),
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
    }
    return render(request, "integrations/agreement.html", context)


@require_POST
def compare(request: FirmRequest) -> HttpResponse:
    """Compare anew: with what was last seen, or (`full`) with all that QuickBooks lists."""
    connection = connection_or_404(request)
    is_full = request.POST.get("full") == "1"
    attempt(
        request,
        lambda: agreement.start(
            actor=request.actor, connection=connection, is_full=is_full, now=timezone.now()
        ),
        done="Both sides are compared now. The result shows here.",
    )
    return redirect("integrations:agreement")


@require_GET
def export(request: FirmRequest) -> StreamingHttpResponse:
    """All rows of the run, one by one."""
    connection = connection_or_404(request)
    run = reports.shown_run(connection, request.GET.get("run", ""))
    rows = run.rows.order_by("entity", "pk") if run else AgreementRow.objects.none()
    answer = StreamingHttpResponse(
        sheets.lines(COLUMNS, _cells(rows.iterator(chunk_size=1000))),
        content_type="text/csv; charset=utf-8",
    )
    name = f"agreement-{_day(run)}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _day(run: AgreementRun | None) -> str:
    moment = run.started_at if run else timezone.now()
    return f"{timezone.localtime(moment):%Y-%m-%d}"


def _cells(rows: Iterator[AgreementRow]) -> Iterator[list[Any]]:
    for row in rows:
        line = reports.line(row)
        yield [
            line.kind,
            row.label,
            row.get_result_display(),
            row.sentence,
            "yes" if row.is_explained else "no",
            "; ".join(f"{each.label}: {each.ours}" for each in line.fields),
            "; ".join(f"{each.label}: {each.theirs}" for each in line.fields),
            row.ours,
            row.theirs,
            row.not_held,
            row.remote_id,
        ]
