"""`manage.py worker`: the queue's cluster, and what watches it from outside."""

from __future__ import annotations

import importlib.util
from typing import Any

from django.core.management.base import BaseCommand

from canopy_sync import production
from canopy_sync.supervisor import Supervisor


class Command(BaseCommand):
    help = "Work through the queue until told to stop (SIGTERM to this process only)."

    def handle(self, *_: Any, **__: Any) -> None:
        production.must_be_configured()
        Supervisor(ring_due=_ring_due()).run()


def _ring_due() -> Any:
    if importlib.util.find_spec("integrations.sync.engine") is None:
        return lambda *, now: 0
    from integrations.sync import engine

    return engine.ring_due
