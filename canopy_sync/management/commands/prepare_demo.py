"""Everything the demo's database needs before its servers start. May run again."""

from __future__ import annotations

import gc
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.utils import timezone

from canopy_sync import demo_data


class Command(BaseCommand):
    help = "Migrate the demo's database and fill it, once, with firms and contacts."
    requires_system_checks = []

    def handle(self, *_: Any, **__: Any) -> None:
        gc.disable()  # migrating makes thousands of classes: a quarter of its time went there
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        if "install_schedules" in get_commands():
            call_command("install_schedules")
        demo_data.fill(now=timezone.now())
