"""`manage.py agreement [FIRM] [--full]`: compare both sides now, in this process."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from integrations.models import AgreementRun, Connection
from integrations.sync import agreement


class Command(BaseCommand):
    help = (
        "Compare one firm's records with QuickBooks', or those of all firms, and say what differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("firm", nargs="?", type=int, help="the firm's id; all if left out")
        parser.add_argument("--full", action="store_true", help="list QuickBooks first (metered)")

    def handle(self, *args: Any, firm: int | None, full: bool, **options: Any) -> None:
        connections = Connection.objects.filter(contacts_synced_at__isnull=False)
        if firm is not None:
            connections = connections.filter(firm_id=firm)
        for connection in connections:
            self._compare(connection, is_full=full)

    def _compare(self, connection: Connection, *, is_full: bool) -> None:
        if is_full:
            reads = agreement.reads_of_full(connection)
            self.stdout.write(f"{connection}: about {reads} metered reads")
        run = agreement.begin(connection, is_full=is_full, now=timezone.now())
        if run is None:
            self.stdout.write(f"{connection}: a comparison is under way already")
            return
        agreement.work(run.pk, seconds=24 * 3600)
        run.refresh_from_db()
        self.stdout.write(f"{connection}: {told(run)}")
        for row in agreement.differing(run)[:50]:
            self.stdout.write(f"  {row.entity} {row.label}: {row.sentence}")


def told(run: AgreementRun) -> str:
    """The result in words: "213 agree, 2 differ, 1 missing"."""
    if run.state != AgreementRun.State.DONE:
        return run.why_stopped or "it goes on later"
    sums = agreement.totals(run)
    return f"{sums['agrees']} agree, {sums['differs']} differ, {sums['missing']} missing"
