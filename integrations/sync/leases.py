"""Who drains a connection. One at a time, by conditional update; a fence guards every write."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db.models import F, Q

from integrations.models import Lease

HOLD = timedelta(seconds=180)  # longer than the longest request (130 s); renewed before each


class LeaseLost(Exception):
    """Another drain took over. Nothing more may be written by this one."""


@dataclass(frozen=True, kw_only=True)
class Held:
    connection_id: int
    fence: int


def holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def take(connection_id: int, *, now: datetime) -> Held | None:
    """The lease, or None while somebody else holds it."""
    free = Q(held_until=None) | Q(held_until__lte=now)
    taken = Lease.objects.filter(free, connection_id=connection_id).update(
        fence=F("fence") + 1, held_until=now + HOLD, holder=holder()
    )
    if not taken:
        return None
    fence = Lease.objects.values_list("fence", flat=True).get(connection_id=connection_id)
    return Held(connection_id=connection_id, fence=fence)


def renew(held: Held, *, now: datetime) -> None:
    """Raises LeaseLost."""
    kept = Lease.objects.filter(connection_id=held.connection_id, fence=held.fence).update(
        held_until=now + HOLD
    )
    if not kept:
        raise LeaseLost(f"Fence {held.fence} was passed.")


def release(held: Held) -> None:
    Lease.objects.filter(connection_id=held.connection_id, fence=held.fence).update(held_until=None)


def check(held: Held) -> None:
    """
    Hold the fence still until the commit, or raise LeaseLost.

    FOR SHARE: whoever wants to take the lease over waits until this transaction has ended.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM integrations_lease WHERE connection_id = %s AND fence = %s FOR SHARE",
            [held.connection_id, held.fence],
        )
        if cursor.fetchone() is None:
            raise LeaseLost(f"Fence {held.fence} was passed.")
