"""What the writers of a connection share: who may, what is noted, what is rung for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from firms.models import Firm
from firms.permissions import Actor, Permission
from firms.services import write_audit
from integrations import doorbell
from integrations.models import (
    Activity,
    Connection,
    Cursor,
    Setup,
)


class ConnectError(Exception):
    """Connecting did not work. Nothing was stored. `str()` is a sentence for the person."""


class NotConnected(ConnectError):
    """There is no connection this could be done with."""


def managed_firm(actor: Actor) -> Firm:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=actor.firm_id)
    return Firm.objects.get(pk=actor.firm_id)


def must(actor: Actor, connection: Connection) -> None:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)


def new_setup(actor: Actor, connection: Connection, now: datetime) -> Setup:
    Setup.objects.filter(connection=connection, is_current=True).update(is_current=False)
    return Setup.objects.create(
        connection=connection,
        firm_id=connection.firm_id,
        started_by_id=actor.user_id,
        started_at=now,
    )


def wake(connection: Connection, now: datetime) -> None:
    Cursor.objects.filter(connection=connection).update(wanted_at=now)
    transaction.on_commit(lambda: doorbell.ring(connection.pk))


def audit(
    actor: Actor,
    firm_id: int,
    action: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    write_audit(
        actor=actor,
        firm_id=firm_id,
        action=f"QuickBooks: {action}",
        detail=detail,
        before=before or {},
        after=after or {},
        now=now,
    )


def note(
    actor: Actor,
    connection: Connection,
    title: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    """One audit entry and one activity row about the connection itself, in its transaction."""
    before, after = dict(before or {}), dict(after or {})
    told = {"company": connection.company_name, **detail}
    audit(actor, connection.firm_id, title, now, before=before, after=after, **told)
    Activity.objects.create(
        at=now,
        connection_id=connection.pk,
        firm_id=connection.firm_id,
        label=connection.company_name[:600],
        direction=Activity.Direction.HERE,
        result=Activity.Result.DONE,
        title=title,
        cause=actor.label[:200],
        before=before,
        after=after,
        detail=detail,
    )
