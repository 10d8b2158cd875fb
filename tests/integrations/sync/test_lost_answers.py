"""A hundred creates and edits, one answer in ten lost, the drain killed again and again."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path
from subprocess import Popen

import pytest
from django.conf import settings
from django.db.models import Q

from contacts.models import Contact
from integrations.models import Intent, Issue, Link, OutboxEntry
from tests import processes
from tests.world import World

MANY = 100
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_is_there_twice_and_nothing_is_missing(world: World, tmp_path: Path):
    chance = random.Random(7)
    world.quickbooks.fault(
        "cut_after_commit", operation="write", probability=0.1, seed=7, times=None
    )
    contacts = [world.create(f"Contact {number:03}") for number in range(MANY)]
    drains = Drains(tmp_path / "drains.log")
    try:
        for contact in chance.choices(contacts, k=MANY):
            world.edit(contact, phone=f"{chance.randrange(10**7):07}")
            drains.kill_if_time(chance)
        processes.wait_until(
            lambda: drains.kill_if_time(chance) or is_at_rest(), seconds=180, what="rest"
        )
    finally:
        drains.end()

    realm = world.quickbooks.access["realm_id"]
    customers = world.quickbooks.ask(f"objects/{realm}/customer")["Customer"]
    names = Counter(each["DisplayName"] for each in customers)
    phones = {
        each["DisplayName"]: each.get("PrimaryPhone", {}).get("FreeFormNumber", "")
        for each in customers
    }
    ours = dict(Contact.objects.values_list("display_name", "phone"))
    counts = world.quickbooks.ask("counts")
    assert drains.kills >= 3
    assert counts["by_status"]["0"] >= 5  # answers were lost
    assert len(ours) == Contact.objects.count() == MANY
    assert {name: names[name] for name in ours} == dict.fromkeys(ours, 1)
    assert {name: phones[name] for name in ours} == ours
    assert counts["overwritten_unseen"] == 0
    assert not Issue.objects.filter(state="open").exists()


def is_at_rest() -> bool:
    waits = Q(wake_at__isnull=False)
    return not (
        OutboxEntry.objects.exists()
        or Intent.objects.exists()
        or Link.objects.filter(waits).exists()
    )


class Drains:
    """A process that drains, killed without warning and started again."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.kills = 0
        self._start()

    def _start(self) -> None:
        quickbooks = settings.QUICKBOOKS
        environment = processes.environment(
            QBO_API_URL=quickbooks["api_url"],
            QBO_DISCOVERY_URL=quickbooks["discovery_url"],
            QBO_CLIENT_ID=quickbooks["client_id"],
            QBO_CLIENT_SECRET=quickbooks["client_secret"],
            QBO_LATE_COMMIT_SECONDS="1",
            CALLS_PER_MINUTE="60000",
        )
        with self.log.open("ab") as out:
            self.child = Popen(
                [sys.executable, "-m", "bench.drains"],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
            )
        self.dies_at = time.monotonic() + 5

    def kill_if_time(self, chance: random.Random) -> None:
        if time.monotonic() < self.dies_at:
            return
        self.end()
        self.kills += 1
        self._start()
        self.dies_at += chance.uniform(0, 2)

    def end(self) -> None:
        self.child.kill()
        self.child.wait(timeout=10)
