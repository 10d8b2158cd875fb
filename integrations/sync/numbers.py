"""Invoice numbers clear of those in the books: read when a person asks, kept, proposed, applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.dateparse import parse_datetime

from billing.models import InvoiceNumbering
from billing.services import numbering
from firms.permissions import Actor, Permission
from integrations.models import Connection
from integrations.reconcile import numbers
from integrations.reconcile.numbers import Numbering
from integrations.sync import access
from integrations.sync.connection_parts import NotConnected
from integrations.sync.rules import preferences_of

KEPT = "numbers"  # of Connection.company_facts: see company_facts.KEPT


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a page shows. `read_at` None: the books were not asked for this prefix."""

    now: Numbering
    read_at: datetime | None
    highest: str = ""  # in the books, with our prefix
    proposal: Numbering | None = None


def told(connection: Connection) -> Told | None:
    """What is known, for a page; None where our numbers do not go there."""
    if connection.number_rule != Connection.NumberRule.OURS:
        return None
    if not preferences_of(connection).get("own_numbers"):
        return None
    now = _current(connection.firm_id)
    kept = connection.company_facts.get(KEPT) or {}
    if kept.get("prefix") != now.prefix:
        return Told(now=now, read_at=None)
    taken = int(kept["highest"])
    return Told(
        now=now,
        read_at=parse_datetime(kept["read_at"]),
        highest=f"{now.prefix}{taken}" if taken else "",
        proposal=numbers.proposal(now, taken=taken, spare=kept["spare"]),
    )


def read(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Ask the books for their invoice numbers. One metered read, two with over 1,000 invoices.

    Raises:
        NotConnected: it is disconnected.
        SyncError: QuickBooks could not be asked. Nothing was changed.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    if not connection.is_connected:
        raise NotConnected("Reconnect QuickBooks first.")
    prefix = _current(connection.firm_id).prefix
    found = access.open_books(connection, lane="people").numbers("invoice", prefix=prefix)
    kept = {
        "prefix": prefix,
        "highest": numbers.highest(prefix, found),
        "spare": numbers.spare_prefix(found),
        "read_at": now.isoformat(),
    }
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        facts = {**locked.company_facts, KEPT: kept}
        Connection.objects.filter(pk=connection.pk).update(company_facts=facts)
    connection.refresh_from_db()


def use(*, actor: Actor, connection: Connection, now: datetime) -> Numbering | None:
    """
    Number the next invoices as proposed; None where nothing is.

    Raises:
        InvoiceError: it is not possible. Nothing was changed.
    """
    actor.must(Permission.EDIT_INVOICES, in_firm=connection.firm_id)
    found = told(connection)
    if found is None or found.proposal is None:
        return None
    wanted = found.proposal
    numbering.change_numbering(
        actor=actor, prefix=wanted.prefix, next_number=wanted.next_number, now=now
    )
    return wanted


def _current(firm_id: int) -> Numbering:
    row = InvoiceNumbering.objects.filter(firm=firm_id).first() or InvoiceNumbering()
    return Numbering(prefix=row.prefix, next_number=row.next_number)
