"""What the calls of set-up share: the run of a half, and how far it is."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from billing.licence import NotLicensed
from integrations.api.frame import BooksView, one_of
from integrations.models import MatchProposal, Setup
from integrations.wizard import progress, queries, services, syncing
from integrations.wizard.steps import has_seen, lists_of

HALVES = {"contacts": Setup.Half.CONTACTS, "services": Setup.Half.BILLING}
# The page a person would be on -> the step's name here.
STEPS = {
    "contacts": "choose",
    "contacts_progress": "import",
    "contacts_list": "review",
    "contacts_sync": "sync",
    "services": "start",
    "services_progress": "import",
    "services_list": "review",
    "services_sync": "sync",
}
DONE = "done"


class SetupView(BooksView):
    """A call about one half; only who may manage integrations, as on the pages."""

    def run(self, half: str) -> Setup:
        """
        Raises:
            Http404: there is no such half. NoWizard, NotLicensed: it cannot be set up now.
        """
        one_of(half, HALVES)
        return services.open_run(
            actor=self.actor, firm=self.firm, half=HALVES[half], now=timezone.now()
        )

    def review(self, half: str, name: str = "") -> Setup:
        """The run while its lists are open. Raises NotOpen; Http404: it has no such list."""
        setup = self.run(half)
        if name:
            one_of(name, lists_of(setup))
        progress.must_review(setup)
        return setup

    def run_if_any(self, half: str) -> Setup | None:
        try:
            return self.run(half)
        except (services.NoWizard, NotLicensed):
            return None


class ImportOut(serializers.Serializer[Any]):
    """How far reading QuickBooks is. Nothing is written on either side meanwhile."""

    state = serializers.ChoiceField(source="import_state", choices=Setup.Import.choices)
    entity = serializers.CharField(source="import_entity", help_text="Being read; blank: none.")
    done = serializers.IntegerField(source="import_done", help_text="Of this entity.")
    total = serializers.IntegerField(source="import_total", allow_null=True)
    started_at = serializers.DateTimeField(source="import_started_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="import_ended_at", allow_null=True)
    retry_at = serializers.DateTimeField(
        source="import_retry_at", allow_null=True, help_text="It goes on by itself then."
    )
    error = serializers.CharField(source="import_error", help_text="Why it waits or stopped.")
    message = serializers.CharField(source="import_message")


class ListOut(serializers.Serializer[Any]):
    """A list to look at before the sync."""

    name = serializers.ChoiceField(choices=MatchProposal.List.choices)
    count = serializers.IntegerField()
    is_seen = serializers.BooleanField()


class StaleOut(serializers.Serializer[Any]):
    """Records that changed since the lists were made: check-again/ takes them in."""

    ours = serializers.IntegerField()
    theirs = serializers.IntegerField()


class SyncOut(serializers.Serializer[Any]):
    """How far the sync is worked off, in records."""

    confirmed_at = serializers.DateTimeField()
    worked_off_at = serializers.DateTimeField(allow_null=True)
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    waiting = serializers.IntegerField()
    needs_you = serializers.IntegerField()


class RunOut(serializers.Serializer[Any]):
    """One half of set-up."""

    half = serializers.ChoiceField(choices=[(each, each) for each in HALVES])
    step = serializers.CharField(
        help_text="What is next: choose, start, import, review, sync or done."
    )
    which = serializers.CharField(help_text="all, active or inactive; blank before the choice.")
    started_at = serializers.DateTimeField()
    reading = ImportOut()
    lists = ListOut(many=True)
    stale = StaleOut(allow_null=True)
    sync = SyncOut(allow_null=True, help_text="null before it was confirmed.")
    skipped_at = serializers.DateTimeField(
        allow_null=True, help_text="Service items and invoices were skipped."
    )
    finished_at = serializers.DateTimeField(allow_null=True)


EXAMPLE = {
    "half": "contacts",
    "step": "review",
    "which": "active",
    "started_at": "2026-11-20T09:12:00Z",
    "reading": {
        "state": "done",
        "entity": "contact",
        "done": 29,
        "total": 29,
        "started_at": "2026-11-20T09:13:00Z",
        "ended_at": "2026-11-20T09:13:04Z",
        "retry_at": None,
        "error": "",
        "message": "",
    },
    "lists": [
        {"name": "matched", "count": 21, "is_seen": True},
        {"name": "unmatched", "count": 4, "is_seen": False},
        {"name": "duplicates", "count": 2, "is_seen": False},
        {"name": "new", "count": 7, "is_seen": False},
    ],
    "stale": None,
    "sync": None,
    "skipped_at": None,
    "finished_at": None,
}


def told(setup: Setup) -> dict[str, Any]:
    """A run as RunOut shows it; the same queries whatever its rows."""
    step = progress.current_step(setup)
    return {
        "half": next(name for name, half in HALVES.items() if half == setup.half),
        "step": STEPS[step.slug] if step else DONE,
        "which": setup.which,
        "started_at": setup.started_at,
        "reading": setup,
        "lists": [
            {
                "name": name,
                "count": queries.number_shown(setup.counts, name),
                "is_seen": has_seen(setup, name),
            }
            for name in lists_of(setup)
        ],
        "stale": queries.stale(setup),
        "sync": _sync(setup),
        "skipped_at": setup.services_skipped_at,
        "finished_at": setup.finished_at,
    }


def _sync(setup: Setup) -> dict[str, Any] | None:
    if setup.confirmed_at is None:
        return None
    run = syncing.sync_progress(setup)
    return {
        "confirmed_at": setup.confirmed_at,
        "worked_off_at": setup.worked_off_at,
        "total": run.total,
        "done": run.done,
        "waiting": run.waiting,
        "needs_you": run.needs_you,
    }
