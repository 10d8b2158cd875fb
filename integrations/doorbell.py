"""Wakes a drain. A bell may be lost or doubled freely: the rows are the truth."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from integrations.models import Lease

BELL_LOST_AFTER = timedelta(seconds=5)  # unanswered: then another is rung, which does no harm


def ring(connection_id: int) -> None:
    """Ask for a drain, unless an unclaimed bell for it waits already."""
    now = timezone.now()
    waits = Q(is_rung=True, rung_at__gt=now - BELL_LOST_AFTER)
    rung = (
        Lease.objects.filter(connection_id=connection_id)
        .exclude(waits)
        .update(is_rung=True, rung_at=now)
    )
    if rung:
        async_task("integrations.tasks.drain_connection", connection_id)


def answer(connection_id: int) -> None:
    """A drain has begun: the next change rings anew."""
    Lease.objects.filter(connection_id=connection_id).update(is_rung=False)
