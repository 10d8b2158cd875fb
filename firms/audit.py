"""Reading the audit log: filters, and the log as CSV. It is written by `services.write_audit`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from firms.csv_cells import neutralise
from firms.models import AuditEntry, Firm

COLUMNS = (
    "Time", "Who", "IP address", "Program", "What", "Before", "After", "Detail",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which entries; empty for all. Both dates are included, as days of the current time zone."""

    who: str = ""
    what: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_narrowed(self) -> bool:
        return any((self.who, self.what, self.since, self.until))


def search(firm: Firm, filters: Filters) -> QuerySet[AuditEntry]:
    """Newest first."""
    entries = AuditEntry.objects.filter(firm=firm).order_by("-at", "-pk")
    if filters.who:
        entries = entries.filter(actor_label=filters.who)
    if filters.what:
        entries = entries.filter(action=filters.what)
    if filters.since:
        entries = entries.filter(at__gte=_midnight(filters.since))
    if filters.until and filters.until < date.max:
        entries = entries.filter(at__lt=_midnight(filters.until + timedelta(days=1)))
    return entries


def choices(firm: Firm, column: str) -> list[str]:
    """What stands in "actor_label" or "action" of the firm's log, in order."""
    entries = AuditEntry.objects.filter(firm=firm)
    return list(entries.order_by(column).values_list(column, flat=True).distinct())


def csv_lines(entries: QuerySet[AuditEntry], *, zone: tzinfo) -> Iterator[str]:
    """
    Yield the lines of a file, headings first.

    `zone` is told: the lines are read after the request, when the firm's is no longer current.
    """
    writer: Any = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)  # the mark tells Excel that this is UTF-8
    for entry in entries.iterator(chunk_size=1000):
        cells = (
            timezone.localtime(entry.at, zone).isoformat(timespec="seconds"),
            entry.actor_label,
            entry.from_ip or "",
            entry.user_agent,
            entry.action,
            entry.before_told,
            entry.after_told,
            entry.detail_told,
        )
        yield writer.writerow(neutralise(cell) for cell in cells)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line
