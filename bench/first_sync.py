"""
The first sync of ten thousand customers with ten thousand contacts, nine in ten of one name.

Printed: calls, seconds and memory of the import, the matching, a review page and Sync contacts.
CUSTOMERS=10000 sets how many.
"""

from __future__ import annotations

import gzip
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.stage import Stage, quantile, say, stage

CUSTOMERS = int(os.environ.get("CUSTOMERS", "10000"))
PAGES = 9
LIMIT_SECONDS = 1200.0  # for the import and for the work after it, each


@contextmanager
def measured(what: str, emulator: Any) -> Iterator[None]:
    calls, began = emulator.counts()["calls"], time.perf_counter()
    yield
    seconds, made = time.perf_counter() - began, emulator.counts()["calls"] - calls
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"{what}: {seconds:.1f} s, {made} calls, {memory} MiB at most so far")


def main(stage_: Stage) -> None:
    from django.test import Client
    from django.utils import timezone

    from integrations.models import Connection, Issue, Link
    from integrations.sync import engine
    from integrations.wizard import dry_run, importing, services, syncing
    from tests.factories import actor_of, connect, make_firm, make_member

    emulator = stage_.emulator
    firm = make_firm()
    member = make_member(firm)
    actor = actor_of(member)
    _make_contacts(firm, [each["DisplayName"] for each in emulator.customers()])
    connection = connect(firm, emulator.url, contacts_synced_at=None)
    setup = services.begin_setup(actor=actor, connection=connection, now=timezone.now())

    with measured(f"Import of {CUSTOMERS} customers, staged and matched (<= 13 calls)", emulator):
        services.start_import(actor=actor, setup=setup, which="all", now=timezone.now())
        _work_until(lambda: _import_ends(setup), lambda: importing.run(setup.pk))
    say(f"  lists: {setup.counts}")

    client = Client(headers={"host": "localhost"})
    client.force_login(member.user)
    for name in ("matched", "unmatched", "duplicates", "new"):
        url = f"/settings/integrations/qbo/setup/contacts/{name}/"
        _print_page(name, lambda url=url: client.get(url))  # type: ignore[misc]

    with measured("Dry run", emulator):
        planned = dry_run.plan(setup, "contact")
    say(f"  links {planned.link}, created here {planned.create_here}")

    with measured("Sync contacts, confirmed", emulator):
        syncing.confirm(actor=actor, setup=setup, shown=planned.digest, now=timezone.now())
    with measured("Sync contacts, worked off by one drain after another", emulator):

        def drain() -> None:
            now = timezone.now()
            engine.drain(Connection.objects.get(pk=connection.pk), now=now, seconds=60)

        _work_until(lambda: not Link.objects.filter(wake_at__isnull=False).exists(), drain)
    counts = emulator.counts()
    linked = Link.objects.filter(state="linked").count()
    open_issues = Issue.objects.filter(state="open").count()
    say(f"  {linked} linked, {open_issues} open issues, {counts['writes']} writes in QuickBooks")


def _work_until(is_done: Callable[[], bool], work: Callable[[], Any]) -> None:
    began = time.monotonic()
    while not is_done():
        if time.monotonic() - began > LIMIT_SECONDS:
            raise SystemExit(f"Gave up after {LIMIT_SECONDS:.0f} s.")
        work()


def _import_ends(setup: Any) -> bool:
    setup.refresh_from_db()
    if setup.import_state == "failed" or setup.import_error:
        raise SystemExit(f"The import stopped: {setup.import_message}")
    return bool(setup.import_state == "done")


def _make_contacts(firm: Any, names: list[str]) -> None:
    """Nine in ten as there, the rest of other names. Straight into the table: they were here."""
    from contacts.models import Contact
    from tests.factories import NOW

    Contact.objects.bulk_create(
        [
            Contact(
                firm=firm,
                display_name=name if number % 10 else f"{name} and others",
                created_at=NOW,
                updated_at=NOW,
            )
            for number, name in enumerate(names)
        ],
        batch_size=2000,
    )


def _print_page(name: str, load: Callable[[], Any]) -> None:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    times = []
    for _ in range(PAGES):
        began = time.perf_counter()
        answer = load()
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    with CaptureQueriesContext(database) as queries:
        answer = load()
    say(
        f"Review page {name}: median {quantile(times, 0.5) * 1000:.0f} ms (<= 150), "
        f"{len(queries)} queries (<= 12), {len(gzip.compress(answer.content)) / 1024:.1f} kB gzip "
        f"(<= 25)"
    )


if __name__ == "__main__":
    with stage(company=f"bulk:{CUSTOMERS}") as running:
        main(running)
