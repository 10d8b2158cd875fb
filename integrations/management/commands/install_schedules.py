"""`manage.py install_schedules`: make the queue's schedules what integrations/schedules.py says."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from integrations import schedules


class Command(BaseCommand):
    help = "Install the schedules of the background tasks."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{schedules.install()} schedules are installed.")
