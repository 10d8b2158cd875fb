"""
Ten thousand creates and edits, half of each, one answer in ten lost after the commit, the worker
killed every few seconds: how many customers there are twice, and how many are missing. Both must be
none.

LOST_CREATES=5000 sets how many creates there are, and as many edits.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from typing import Any

from bench.stage import Stage, say, stage, wait_for

CREATES = int(os.environ.get("LOST_CREATES", "5000"))
LIMIT_SECONDS = float(os.environ.get("LOST_SECONDS", "3000"))
LOST = 0.1  # of the answers to writes
KILL_AFTER = (2.0, 5.0)  # seconds, from and to
BATCH = 200


def main(stage_: Stage) -> int:
    from django.utils import timezone

    from contacts import services
    from contacts.models import Contact
    from integrations.models import Intent, Issue, Link, OutboxEntry
    from tests.factories import connect, make_actor, make_firm

    chance = random.Random(7)
    emulator = stage_.emulator
    emulator.ask("POST", "/emulator/switches", json={"limits": False})
    emulator.ask(
        "POST",
        "/emulator/faults",
        json={
            "kind": "cut_after_commit",
            "operation": "write",
            "probability": LOST,
            "seed": 7,
            "times": None,
        },
    )
    firm = make_firm()
    actor = make_actor(firm)
    connect(firm, emulator.url)
    drains = _Drains(stage_)
    began = time.monotonic()
    made: list[Contact] = []
    while len(made) < CREATES:
        for _ in range(min(BATCH, CREATES - len(made))):
            name = f"Customer {len(made):05}"
            made.append(
                services.create_contact(
                    actor=actor, values={"display_name": name}, now=timezone.now()
                )
            )
        for contact in chance.sample(made, min(BATCH, len(made))):
            contact.refresh_from_db()
            services.update_contact(
                actor=actor,
                contact=contact,
                version=contact.version,
                changes={"phone": f"{chance.randrange(10**7):07}"},
                now=timezone.now(),
            )
        drains.kill_if_time(chance)

    def at_rest() -> bool:
        drains.kill_if_time(chance)
        time.sleep(0.5)
        return not (
            OutboxEntry.objects.exists()
            or Intent.objects.exists()
            or Link.objects.filter(wake_at__isnull=False).exists()
        )

    wait_for(at_rest, "the queue to run dry", seconds=LIMIT_SECONDS)
    seconds = time.monotonic() - began
    drains.stop()
    return _report(emulator.customers(), seconds, drains.kills, Issue, Contact, emulator.counts())


class _Drains:
    """The process that drains, killed without warning and started again."""

    def __init__(self, stage_: Stage) -> None:
        self.stage = stage_
        self.kills = 0
        self._start()
        self.next_at = time.monotonic() + KILL_AFTER[1]

    def _start(self) -> None:
        self.child = self.stage.start("drains", [sys.executable, "-m", "bench.drains"])

    def kill_if_time(self, chance: random.Random) -> None:
        if time.monotonic() < self.next_at:
            return
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(timeout=10)
        self.kills += 1
        self._start()
        self.next_at = time.monotonic() + chance.uniform(*KILL_AFTER)

    def stop(self) -> None:
        self.child.kill()
        self.child.wait(timeout=10)


def _report(
    customers: list[dict[str, Any]],
    seconds: float,
    kills: int,
    issues: Any,
    contacts: Any,
    counts: dict[str, Any],
) -> int:
    names = Counter(each["DisplayName"] for each in customers)
    twice = sum(count - 1 for count in names.values())
    ours = dict(contacts.objects.values_list("display_name", "phone"))
    missing = [name for name in ours if name not in names]
    phones = {
        each["DisplayName"]: each.get("PrimaryPhone", {}).get("FreeFormNumber", "")
        for each in customers
    }
    differ = [name for name, phone in ours.items() if phones.get(name) != phone]
    twice_here = contacts.objects.count() - len(ours)
    say(
        f"{CREATES} creates and as many edits in {seconds:.0f} s; the drain was killed {kills} "
        f"times; {counts['by_status'].get('0', 0)} answers lost, {counts['replays']} replays"
    )
    say(
        f"there twice: {twice}, here twice: {twice_here}, missing: {len(missing)}, "
        f"different: {len(differ)}, open issues: {issues.objects.filter(state='open').count()}, "
        f"overwritten unseen: {counts['overwritten_unseen']} (must: none of each)"
    )
    return 1 if twice or twice_here or missing or differ else 0


if __name__ == "__main__":
    with stage(company="empty", QBO_LATE_COMMIT_SECONDS="1", CALLS_PER_MINUTE="60000") as running:
        sys.exit(main(running))
