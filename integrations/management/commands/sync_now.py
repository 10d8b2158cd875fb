"""`manage.py sync_now [FIRM]`: read what changed and work off what waits, in this process."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from integrations.models import Connection
from integrations.sync import engine, feed


class Command(BaseCommand):
    help = "Sync one firm's connection, or all of them, now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("firm", nargs="?", type=int, help="the firm's id; all if left out")

    def handle(self, *args: Any, firm: int | None, **options: Any) -> None:
        connections = Connection.objects.all()
        if firm is not None:
            connections = connections.filter(firm_id=firm)
        for connection in connections:
            feed.want(connection, at=timezone.now())
            report = engine.drain(connection, now=timezone.now(), seconds=600)
            self.stdout.write(
                f"{connection}: {report.done} done, {report.later} later, "
                f"{report.resting} need a person"
            )
