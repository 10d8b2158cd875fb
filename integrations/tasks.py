"""Every background entry point: ids in, one call, safe to run twice."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from integrations import housekeeping
from integrations.models import Connection
from integrations.sync import agreement, company_facts, engine, notices, trial
from integrations.wizard import importing, report, syncing


def drain_connection(connection_id: int) -> str:
    """Work through what waits for one connection; return a line for the queue's log."""
    connection = Connection.objects.get(pk=connection_id)
    done = engine.drain(connection, now=timezone.now())
    syncing.note_finished(connection, timezone.now())
    trial.go_on(connection, now=timezone.now())
    return f"{connection}: {done.done} done, {done.later} later, {done.resting} resting"


def ring_due(*, now: datetime) -> int:
    """Ring for everything that is due and whose bell was lost; return for how much."""
    return engine.ring_due(now=now) + importing.ring_due_imports(now)


def sweep() -> str:
    """Ring for every connection with something due that no bell was heard of."""
    return f"{ring_due(now=timezone.now())} rung"


def mail_needs_you(connection_id: int) -> str:
    """Tell people once that something needs them; return a line for the queue's log."""
    connection = Connection.objects.get(pk=connection_id)
    return f"{connection}: {notices.mail_open_issues(connection)} mails"


def mail_disconnected(connection_id: int) -> str:
    """Tell people that the connection stopped; return a line for the queue's log."""
    connection = Connection.objects.get(pk=connection_id)
    return f"{connection}: {notices.mail_disconnected(connection)} mails"


def tidy() -> str:
    """Make room for next month, and forget what nobody asks for any more."""
    made = housekeeping.tidy(now=timezone.now())
    return f"made {', '.join(made) or 'nothing'}"


def compare_tonight() -> str:
    """Begin the comparisons that are due, and take up what stands still."""
    return f"{agreement.start_due(now=timezone.now())} rung"


def compare_sides(run_id: int) -> str:
    """Compare on, for a run of the agreement report."""
    return f"agreement {run_id}: {agreement.work(run_id)}"


def import_records(setup_id: int) -> str:
    """Read on in the books for a run of set-up."""
    return f"set-up {setup_id}: {importing.run(setup_id)}"


def report_setup(setup_id: int) -> str:
    """Write down how a Sync of set-up went, and tell the person who pressed it."""
    return f"set-up {setup_id}: {report.write(setup_id, now=timezone.now())}"


def reread_companies() -> str:
    """Read the preferences of companies again that changed them, or were read a week ago."""
    return f"{company_facts.reread_old_facts(now=timezone.now())} read"


def probe_unavailable() -> str:
    """Ask companies whose subscription had ended whether they are there again."""
    return f"{company_facts.probe_unavailable(now=timezone.now())} back"
