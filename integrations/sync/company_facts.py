"""What is known of the company: its preferences, when they are read again, whether it answers."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from integrations import doorbell
from integrations.errors import SyncError
from integrations.models import (
    Connection,
)
from integrations.providers.base import Company
from integrations.sync import access, activity

log = logging.getLogger(__name__)

FACTS_LAST = timedelta(days=7)  # two metered reads each time


def refresh_facts(*, connection: Connection, company: Company, now: datetime) -> None:
    """Store the preferences of the company as just read (`access.books(...).company()`)."""
    Connection.objects.filter(pk=connection.pk).update(
        company_name=company.name,
        company_facts=renewed_facts(connection, company),
        facts_read_at=now,
    )


def probe_unavailable(*, now: datetime) -> int:
    """Ask each company that was unavailable whether it is there again; return how many are."""
    back = 0
    for connection in Connection.objects.filter(state=Connection.State.UNAVAILABLE):
        try:
            company = access.open_books(connection, lane="bulk").company()
        except SyncError as error:
            log.info("%s is still unavailable: %s", connection, error)
            continue
        refresh_facts(connection=connection, company=company, now=now)
        Connection.objects.filter(pk=connection.pk).update(
            state=Connection.State.CONNECTED, state_reason="", state_changed_at=now
        )
        activity.note_connection(connection, now=now, title="The company is there again")
        doorbell.ring(connection.pk)
        back += 1
    return back


def reread_old_facts(*, now: datetime) -> int:
    """Read the preferences of each company again that were read long ago; return how many."""
    old = Q(facts_read_at=None) | Q(facts_read_at__lt=now - FACTS_LAST)
    read = 0
    for connection in Connection.objects.filter(old, state=Connection.State.CONNECTED):
        try:
            company = access.open_books(connection, lane="bulk").company()
        except SyncError as error:
            log.warning("The preferences of %s could not be read: %s", connection, error)
            continue
        refresh_facts(connection=connection, company=company, now=now)
        read += 1
    return read


KEPT = ("lists", "numbers")  # of the facts: not part of a Company


def facts_of(company: Company) -> dict[str, Any]:
    """As kept in `Connection.company_facts`: all of a Company but its id and name, JSON-ready."""
    facts = asdict(company)
    del facts["company_id"], facts["name"]
    return {**facts, "preferences": dict(company.preferences)}


def renewed_facts(connection: Connection, company: Company) -> dict[str, Any]:
    """What was just read of the company, with the short lists that set-up read of it."""
    kept = {
        name: connection.company_facts[name] for name in KEPT if name in connection.company_facts
    }
    return {**facts_of(company), **kept}
