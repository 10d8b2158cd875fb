"""`manage.py worker`: the queue's cluster, and what watches it from outside."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from canopy_sync import production
from canopy_sync.supervisor import Supervisor
from integrations import tasks


class Command(BaseCommand):
    requires_system_checks = []
    help = "Work through the queue until told to stop (SIGTERM to this process only)."

    def handle(self, *_: Any, **__: Any) -> None:
        production.must_be_configured()
        Supervisor(ring_due=tasks.ring_due).run()
