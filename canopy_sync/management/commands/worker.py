"""`manage.py worker`: the queue's cluster, and what watches it from outside."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from canopy_sync import production
from canopy_sync.supervisor import Supervisor


class Command(BaseCommand):
    requires_system_checks = []
    help = "Work through the queue until told to stop (SIGTERM to this process only)."

    def handle(self, *_: Any, **__: Any) -> None:
        production.must_be_configured()
        Supervisor(ring_due=_ring_due()).run()


def _ring_due() -> Any:
    try:
        from integrations import tasks
    except ImportError:  # while its parts are being built
        return lambda *, now: 0
    return tasks.ring_due
