"""What happened: the whole log, one entry, and the log as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from firms.csv_cells import neutralise
from firms.http import FirmRequest
from integrations.models import Activity, Connection
from integrations.web import cards, queries
from integrations.web.views.loading import connection_or_404

PAGE = 300
COLUMNS = (
    "Time", "Direction", "Record", "Kind", "What happened", "Cause", "Result", "Milliseconds",
    "Before", "After", "QuickBooks id", "intuit_tid",
)  # fmt: skip


@require_GET
def activity(request: FirmRequest) -> HttpResponse:
    connection = connection_or_404(request)
    page = Paginator(_rows(request, connection), PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "integrations",
        "connection": connection,
        "page": page,
        "filters": _filters(request),
        "results": Activity.Result.choices,
        "is_filtered": any(_filters(request).values()),
    }
    return render(request, "integrations/activity_list.html", context)


@require_GET
def export(request: FirmRequest) -> StreamingHttpResponse:
    """The filtered log as CSV, row by row."""
    connection = connection_or_404(request)
    rows = _rows(request, connection)
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    name = f"activity-{timezone.localdate():%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_GET
def entry(request: FirmRequest, pk: UUID) -> HttpResponse:
    connection = connection_or_404(request)
    found = Activity.objects.filter(connection_id=connection.pk, id=pk).first()
    if found is None:
        raise Http404("No such entry.")
    context = {
        "section": "integrations",
        "connection": connection,
        "entry": found,
        "record_url": cards.record_url(found.entity, found.local_id),
        "noun": cards.noun(found.entity),
        "changes": cards.changes(found),
    }
    return render(request, "integrations/activity_entry.html", context)


def _filters(request: FirmRequest) -> dict[str, str]:
    return {
        "kind": request.GET.get("type", ""),
        "result": request.GET.get("result", ""),
        "text": request.GET.get("q", "").strip().replace("\x00", ""),
    }


def _rows(request: FirmRequest, connection: Connection) -> QuerySet[Activity]:
    return queries.activity(connection, **_filters(request))


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: QuerySet[Activity]) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in rows.iterator(chunk_size=1000):
        yield writer.writerow(
            neutralise(cell) if isinstance(cell, str) else cell
            for cell in (
                timezone.localtime(row.at).isoformat(timespec="seconds"),
                row.get_direction_display(),
                row.label,
                cards.noun(row.entity),
                row.title,
                row.cause,
                row.get_result_display(),
                row.duration_ms,
                _told(row.before),
                _told(row.after),
                row.remote_id,
                row.trace,
            )
        )


def _told(values: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in values.items())
