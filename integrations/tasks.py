"""Every background entry point: ids in, one call, safe to run twice."""

from __future__ import annotations

from django.utils import timezone

from integrations import housekeeping
from integrations.models import Connection
from integrations.sync import engine, notices


def drain_connection(connection_id: int) -> str:
    """Work through what waits for one connection; return a line for the queue's log."""
    connection = Connection.objects.get(pk=connection_id)
    report = engine.drain(connection, now=timezone.now())
    return f"{connection}: {report.done} done, {report.later} later, {report.resting} resting"


def sweep() -> str:
    """Ring for every connection with something due that no bell was heard of."""
    return f"{engine.ring_due(now=timezone.now())} rung"


def mail_needs_you(connection_id: int) -> str:
    """Tell people once that something needs them; return a line for the queue's log."""
    connection = Connection.objects.get(pk=connection_id)
    return f"{connection}: {notices.mail_open_issues(connection)} mails"


def tidy() -> str:
    """Make room for next month, and forget what nobody asks for any more."""
    made = housekeeping.tidy(now=timezone.now())
    return f"made {', '.join(made) or 'nothing'}"
