"""/healthz: is it all at work? For a load balancer or a monitor, so without sign-in.

Answers 200 or 503 and, as JSON, ages in seconds; nothing of any firm.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ

from canopy_sync import heartbeat
from integrations.models import Connection, Link

WORKER_SILENT_SECONDS = 30


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    now = timezone.now()
    try:
        facts = _facts(now)
    except DatabaseError:
        return JsonResponse({"ok": False, "database": "does not answer"}, status=503)
    answered = facts["worker_answered_seconds_ago"]
    is_ok = answered is not None and answered <= WORKER_SILENT_SECONDS
    return JsonResponse({"ok": is_ok, "database": "answers", **facts}, status=200 if is_ok else 503)


def _facts(now: datetime) -> dict[str, Any]:
    # Pairs of a paused or resting connection wait on purpose.
    due = Link.objects.filter(
        wake_at__lte=now,
        connection__state=Connection.State.CONNECTED,
        connection__is_paused=False,
        connection__held_reason="",
    ).exclude(not_before__gt=now)
    oldest = due.order_by("wake_at").values_list("wake_at", flat=True).first()
    # The broker moves `lock` into the future when a task is taken.
    queued = OrmQ.objects.filter(lock__lt=now).order_by("lock").values_list("lock", flat=True)
    return {
        "worker_answered_seconds_ago": _age(heartbeat.last_answer(), now),
        "queue_oldest_seconds": _age(queued.first(), now) or 0.0,
        "pairs_due_oldest_seconds": _age(oldest, now) or 0.0,
    }


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round((now - moment).total_seconds(), 1)
