"""Who drains a connection. One at a time, by conditional update; a fence guards every write."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db.models import F

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
    lease = Lease.objects.get(connection_id=connection_id)
    if not is_free(lease, now=now):
        return None
    taken = Lease.objects.filter(pk=lease.pk, fence=lease.fence).update(
        fence=F("fence") + 1, held_until=now + HOLD, holder=holder()
    )
    return Held(connection_id=connection_id, fence=lease.fence + 1) if taken else None


def is_free(lease: Lease, *, now: datetime) -> bool:
    """Nobody holds it, its time is over, or its holder on this machine is no longer alive."""
    if lease.held_until is None or lease.held_until <= now:
        return True
    host, _, process = lease.holder.rpartition(":")
    return host == socket.gethostname() and process.isdigit() and not _is_alive(int(process))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True


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
