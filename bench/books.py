"""
The first import of whole books, its restart after kills, and a nightly agreement run.

Printed: calls, seconds and memory of reading 10,000 customers, 300 items, 20,000 invoices and as
many payments; what kills cost; seconds, memory and queries of comparing 10,000 linked pairs.
SIZE=0.1 makes it a tenth of that.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from typing import Any

from bench.stage import Stage, say, stage

SIZE = float(os.environ.get("SIZE", "1"))
CUSTOMERS, ITEMS = int(10_000 * SIZE), int(300 * SIZE)
INVOICES = PAYMENTS = int(20_000 * SIZE)
KILL_AFTER = (1.0, 2.5, 4.0)  # seconds of each reading that is killed
LIMIT_SECONDS = 900


def main(stage_: Stage) -> None:
    from django.utils import timezone

    from integrations.models import Link, Setup
    from integrations.wizard import services
    from tests.factories import actor_of, connect, make_firm, make_member

    member = make_member(make_firm())
    actor = actor_of(member)
    emulator = stage_.emulator
    connection = connect(member.firm, emulator.url, contacts_synced_at=None, billing_synced_at=None)
    act: dict[str, Any] = {"actor": actor, "now": timezone.now()}
    halves = {
        half: services.begin_setup(connection=connection, half=half, **act)
        for half in (Setup.Half.CONTACTS, Setup.Half.BILLING)
    }
    calls, seconds, most = 0, 0.0, 0
    for half, setup in halves.items():
        services.start_import(setup=setup, which="all", **act)
        before = emulator.counts()["calls"]
        taken, memory = _in_a_process("import", setup.pk)
        made = emulator.counts()["calls"] - before
        calls, seconds, most = calls + made, seconds + taken, max(most, memory)
        say(f"Import of {half}: {taken:.1f} s, {made} calls, {memory} MiB at most")
        if half == Setup.Half.CONTACTS:
            _link_contacts(connection)
    say(
        f"First import of {CUSTOMERS} customers, {ITEMS} items, {INVOICES} invoices and "
        f"{PAYMENTS} payments: {seconds:.1f} s (<= 20), {calls} calls (<= 59), "
        f"{most} MiB (<= 300)"
    )

    setup = halves[Setup.Half.BILLING]
    services.start_again(setup=setup, **act)
    before = emulator.counts()["calls"]
    for after in KILL_AFTER:
        _kill(setup.pk, after)
    _in_a_process("import", setup.pk)
    again = emulator.counts()["calls"] - before - made
    say(f"Killed {len(KILL_AFTER)} times: {again} calls more (at most one page a kill)")

    pairs = Link.objects.filter(connection=connection, state=Link.State.LINKED).count()
    connection.contacts_synced_at = timezone.now()
    connection.save(update_fields=["contacts_synced_at"])
    taken, memory = _in_a_process("compare", connection.pk)
    say(f"Agreement of {pairs} linked pairs: {taken:.1f} s, {memory} MiB at most")


def _in_a_process(what: str, pk: int) -> tuple[float, int]:
    """Do it apart, so that its memory is its own; return its seconds and MiB."""
    told = subprocess.check_output(
        [sys.executable, "-m", "bench.books", what, str(pk)], text=True, timeout=LIMIT_SECONDS
    )
    *_, counts, last = told.splitlines()  # before them: mails that the demo prints
    say(f"  {counts}")
    taken, memory = last.split()
    return float(taken), int(memory)


def _kill(pk: int, after: float) -> None:
    """Let it read for some seconds, then end it without warning; its claim runs out."""
    from integrations.models import Setup

    child = subprocess.Popen([sys.executable, "-m", "bench.books", "import", str(pk)])
    began = time.monotonic()
    while time.monotonic() - began < LIMIT_SECONDS:
        if Setup.objects.get(pk=pk).import_entity:  # the lists are read, the pages begin
            break
        time.sleep(0.05)
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=10)
    Setup.objects.filter(pk=pk).update(import_claimed_until=None)  # in place of a minute's wait


def _link_contacts(connection: Any) -> None:
    """A contact of ours for each customer that was read, as the same. Straight into the tables."""
    from contacts.models import Contact
    from integrations.entities import CONTACT
    from integrations.models import ImportedRecord, Link
    from tests.factories import NOW

    read = ImportedRecord.objects.filter(connection=connection, entity=CONTACT.key).order_by("pk")
    told = list(read.values_list("remote_id", "label", "version"))
    made = Contact.objects.bulk_create(
        [
            Contact(firm_id=connection.firm_id, display_name=label, created_at=NOW, updated_at=NOW)
            for _, label, _ in told
        ],
        batch_size=2000,
    )
    ids = [each.pk for each in made]
    ours = CONTACT.store.read_many(firm_id=connection.firm_id, local_ids=ids)
    base = {each.local_id: each.record.values() for each in ours}
    Link.objects.bulk_create(
        [
            Link(
                connection=connection,
                firm_id=connection.firm_id,
                entity=CONTACT.key,
                local_id=contact.pk,
                remote_id=remote_id,
                label=label,
                remote_label=label,
                base=base[contact.pk],
                remote_version=version,
                local_version=contact.version,
                state=Link.State.LINKED,
            )
            for contact, (remote_id, label, version) in zip(made, told, strict=True)
        ],
        batch_size=2000,
    )


# -- what is measured, each in a process of its own ------------------------------------------------


def measure(what: str, pk: int) -> None:
    import django

    django.setup()
    began = time.perf_counter()
    if what == "import":
        _import(pk)
    else:
        _compare(pk)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"{time.perf_counter() - began:.2f} {memory}")


def _import(setup_pk: int) -> None:
    from integrations.models import Setup
    from integrations.wizard import importing

    while Setup.objects.get(pk=setup_pk).import_state == Setup.Import.RUNNING:
        importing.run(setup_pk)
    setup = Setup.objects.get(pk=setup_pk)
    assert setup.import_state == Setup.Import.DONE, setup.import_message
    say(f"{setup.counts}")


def _compare(connection_pk: int) -> None:
    from django.db import connection as database
    from django.utils import timezone

    from integrations.models import AgreementRun, Connection
    from integrations.sync import agreement

    connection = Connection.objects.get(pk=connection_pk)
    run = agreement.begin(connection, is_full=False, now=timezone.now())
    assert run is not None
    asked = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with database.execute_wrapper(count):
        while AgreementRun.objects.get(pk=run.pk).state == AgreementRun.State.RUNNING:
            agreement.work(run.pk)
    say(f"{AgreementRun.objects.get(pk=run.pk).counts}, {asked} queries")


if __name__ == "__main__":
    if sys.argv[1:]:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        company = f"bulk:{CUSTOMERS},invoices={INVOICES},payments={PAYMENTS},items={ITEMS}"
        with stage(company=company, CALLS_PER_MINUTE="60000") as running:
            main(running)
