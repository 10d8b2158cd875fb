"""The worker's heartbeat: a question through the queue every few seconds, and its answer.

A cluster of django-q2 can freeze without any of its processes ending: if an idle worker is killed
while it holds the lock of the queue inside the cluster, no other worker ever gets a task again.
Only from outside, by the missing answers, can that be seen.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django_q.signals import post_execute_in_worker, pre_execute
from django_q.tasks import async_task

from canopy_sync.models import Beat

FOLDER = "CANOPY_WORKER_FOLDER"  # where a cluster tells its supervisor what it is doing
SUPERVISOR = "CANOPY_WORKER"  # "host:pid" of the supervisor
KEPT = timedelta(minutes=10)


@transaction.atomic
def ask(*, by: str, now: datetime) -> None:
    """Put a question into the queue, and forget those of long ago."""
    Beat.objects.filter(asked_at__lt=now - KEPT).delete()
    beat = Beat.objects.create(asked_by=by, asked_at=now)
    async_task("canopy_sync.heartbeat.answer", beat.pk)


def answer(beat_id: int) -> None:
    """The task: whichever cluster took the question says that it works."""
    Beat.objects.filter(pk=beat_id, answered_at=None).update(
        answered_at=timezone.now(), answered_by=os.environ.get(SUPERVISOR, "")
    )


def waits_since(*, now: datetime) -> datetime | None:
    """When the oldest question that still waits was asked, by any supervisor."""
    waiting = Beat.objects.filter(answered_at=None, asked_at__gt=now - KEPT)
    return waiting.order_by("asked_at").values_list("asked_at", flat=True).first()


def forget_waiting() -> None:
    """What a stopped cluster had taken will not be answered."""
    Beat.objects.filter(answered_at=None).delete()


def last_answer() -> datetime | None:
    answered = Beat.objects.exclude(answered_at=None)
    return answered.order_by("-answered_at").values_list("answered_at", flat=True).first()


# -- What the processes of one cluster leave for their own supervisor: files in a folder ----------
def tell(folder: Path) -> None:
    """From now on each worker says when it begins and ends a task. Called inside the cluster."""

    def begin(**_: object) -> None:
        (folder / f"busy-{os.getpid()}").touch()
        (folder / "ran").touch()

    def end(**_: object) -> None:
        (folder / f"busy-{os.getpid()}").unlink(missing_ok=True)
        (folder / "ran").touch()

    pre_execute.connect(begin, weak=False, dispatch_uid="busy-begin")
    post_execute_in_worker.connect(end, weak=False, dispatch_uid="busy-end")


def busy_workers(folder: Path) -> set[int]:
    """The ids of workers that say they are in a task; a killed one may still be among them."""
    return {int(each.name.removeprefix("busy-")) for each in folder.glob("busy-*")}


def last_run(folder: Path) -> float:
    """When a worker of this cluster last began or ended a task: seconds since 1970, or 0."""
    try:
        return (folder / "ran").stat().st_mtime
    except FileNotFoundError:
        return 0.0
