"""What people do to a run of set-up, apart from the rows of its lists (decisions.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from billing import licence
from firms.models import Firm
from firms.permissions import Actor, Permission
from integrations.models import Connection, Cursor, ImportedRecord, MatchProposal, Setup
from integrations.sync import connections
from integrations.wizard import queries
from integrations.wizard.errors import SetupError
from integrations.wizard.steps import lists_of, seen_at

COUNTS_LAST = timedelta(minutes=10)  # how long numbers asked of QuickBooks are shown again


class ImportRuns(SetupError):
    """The books are being read already, or were."""


class NothingToStop(SetupError):
    """No import is running."""


class NoWizard(SetupError):
    """There is nothing to set up, or its turn has not come. The sentence says what to do."""


def open_run(*, actor: Actor, firm: Firm, now: datetime, half: str = Setup.Half.CONTACTS) -> Setup:
    """
    The firm's current run of a half, begun if there is none.

    Raises:
        NotLicensed: the second half needs the licence of invoices.
        NoWizard: not connected, one way only, or contacts are not synced yet.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=firm.pk)
    connection = Connection.objects.filter(firm=firm).first()
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        raise NoWizard("Connect QuickBooks first.")
    if connection.profile != Connection.Profile.TWO_WAY:
        raise NoWizard("This connection goes to QuickBooks only: it has no lists to check.")
    act: dict[str, Any] = {"actor": actor, "connection": connection, "now": now}
    contacts = queries.current_setup(connection) or begin_setup(**act)
    if half == Setup.Half.CONTACTS:
        return contacts
    licence.must_have_billing(firm)
    if contacts.worked_off_at is None:
        raise NoWizard("Sync contacts first.")
    return queries.current_setup(connection, half) or begin_setup(**act, half=half)


def begin_setup(
    *,
    actor: Actor,
    connection: Connection,
    now: datetime,
    half: str = Setup.Half.CONTACTS,
) -> Setup:
    """The run of this connection and half, begun if there is none. Twice is once."""
    _must(actor, connection)
    setup, _ = Setup.objects.get_or_create(
        connection=connection,
        half=half,
        is_current=True,
        defaults={
            "firm_id": connection.firm_id,
            "started_by_id": actor.user_id,
            "started_at": now,
        },
    )
    return setup


def note_book_counts(setup: Setup, counts: Mapping[str, int], *, now: datetime) -> None:
    """Keep what QuickBooks said its numbers are, for the filter step and the import's total."""
    setup.book_counts = {**counts, "at": now.isoformat()}
    setup.save(update_fields=["book_counts"])


def known_book_counts(setup: Setup, *, now: datetime) -> dict[str, int] | None:
    """The numbers, if they were asked for not long ago."""
    asked_at = setup.book_counts.get("at")
    if asked_at is None or datetime.fromisoformat(asked_at) < now - COUNTS_LAST:
        return None
    return {name: setup.book_counts[name] for name in Setup.Filter.values}


# -- the import ----------------------------------------------------------------------------------


@transaction.atomic
def start_import(*, actor: Actor, setup: Setup, which: str, now: datetime) -> None:
    """
    Begin to read the records that `which` lets in, in the background.

    Raises:
        ImportRuns: somebody started it already; nothing was changed.
    """
    _must(actor, setup.connection)
    begun = Setup.objects.filter(
        pk=setup.pk, import_state=Setup.Import.NOT_STARTED, confirmed_at=None
    ).update(
        which=Setup.Filter(which),
        import_state=Setup.Import.RUNNING,
        import_started_at=now,
        import_started_by_id=actor.user_id,
        import_total=(known_book_counts(setup, now=now) or {}).get(which),
        **_FROM_THE_START,
    )
    if not begun:
        raise ImportRuns("QuickBooks is being read already.")
    if setup.half == Setup.Half.BILLING:
        # From now on the change feed follows these records, too: nothing slips by meanwhile.
        Connection.objects.filter(pk=setup.connection_id, billing_started_at=None).update(
            billing_started_at=now
        )
    ring(setup.pk, now=now)


_FROM_THE_START = {
    "import_entity": "",
    "import_position": 1,
    "import_done": 0,
    "import_tries": 0,
    "import_retry_at": None,
    "import_claimed_until": None,
    "import_error": "",
    "import_message": "",
    "import_ended_at": None,
}


@transaction.atomic
def stop_import(*, actor: Actor, setup: Setup, now: datetime) -> None:
    """
    Stop reading and keep nothing of it. Nothing was written on either side, so nothing changes.

    Raises:
        NothingToStop: it is done, or was never started.
    """
    _must(actor, setup.connection)
    stopped = (
        Setup.objects.filter(pk=setup.pk, confirmed_at=None)
        .exclude(import_state__in=[Setup.Import.NOT_STARTED, Setup.Import.DONE])
        .update(import_state=Setup.Import.NOT_STARTED, counts={}, **_FROM_THE_START)
    )
    if not stopped:
        raise NothingToStop("Nothing is being read just now.")
    _drop_what_was_read(setup)
    if setup.half == Setup.Half.BILLING:
        _stop_following(setup)


@transaction.atomic
def start_again(*, actor: Actor, setup: Setup, now: datetime) -> None:
    """
    Read everything anew. Decisions made in the lists stay.

    Raises:
        ImportRuns: it is reading just now, or the contacts were synced.
    """
    _must(actor, setup.connection)
    begun = (
        Setup.objects.filter(pk=setup.pk, confirmed_at=None)
        .exclude(import_state__in=[Setup.Import.RUNNING, Setup.Import.NOT_STARTED])
        .update(
            import_state=Setup.Import.RUNNING,
            import_started_at=now,
            import_started_by_id=actor.user_id,
            import_total=None,
            **_FROM_THE_START,
        )
    )
    if not begun:
        raise ImportRuns("QuickBooks is being read already.")
    _drop_what_was_read(setup)
    ring(setup.pk, now=now)


def carry_on(*, actor: Actor, setup: Setup, now: datetime) -> None:
    """
    Go on reading from where it stopped or waits, now.

    Raises:
        ImportRuns: there is nothing that waits.
    """
    _must(actor, setup.connection)
    begun = Setup.objects.filter(
        pk=setup.pk, import_state__in=[Setup.Import.FAILED, Setup.Import.WAITING]
    ).update(
        import_state=Setup.Import.RUNNING,
        import_tries=0,
        import_retry_at=None,
        import_error="",
        import_message="",
    )
    if not begun:
        raise ImportRuns("QuickBooks is being read already.")
    ring(setup.pk, now=now)


def change_filter(*, actor: Actor, setup: Setup, now: datetime) -> None:
    """
    Go back to the choice of what to import; what was read is dropped, decisions stay.

    Raises:
        ImportRuns: the contacts were synced already, or are being read.
    """
    _must(actor, setup.connection)
    with transaction.atomic():
        changed = Setup.objects.filter(
            pk=setup.pk, confirmed_at=None, import_state=Setup.Import.DONE
        ).update(import_state=Setup.Import.NOT_STARTED, counts={}, **_FROM_THE_START)
        if not changed:
            raise ImportRuns("QuickBooks is being read just now.")
        _drop_what_was_read(setup)


def choose(*, actor: Actor, setup: Setup, which: str, now: datetime) -> None:
    """
    Read the contacts that `which` lets in; what another choice read is dropped, decisions stay.

    Raises:
        ImportRuns: the contacts were synced already, or are being read.
    """
    with transaction.atomic():
        if setup.import_state == Setup.Import.DONE:
            change_filter(actor=actor, setup=setup, now=now)
        start_import(actor=actor, setup=setup, which=which, now=now)


def _drop_what_was_read(setup: Setup) -> None:
    """
    Forget the run's pages. After a first sync rows may name what was left out: those stay.
    """
    rows = ImportedRecord.objects.filter(setup=setup)
    if setup.connection.syncs_since(setup.half) is None:
        rows.delete()
    else:
        rows.update(setup=None)


def ring(setup_id: int, *, now: datetime) -> None:
    """Have the import looked at by a worker, after the commit."""
    Setup.objects.filter(pk=setup_id).update(import_rung_at=now)
    transaction.on_commit(lambda: async_task("integrations.tasks.import_records", setup_id))


def start_feed_at(connection_id: int, at: datetime) -> None:
    """The change feed begins where the first import began to read; it is never moved back."""
    Cursor.objects.get_or_create(connection_id=connection_id)
    Cursor.objects.filter(connection_id=connection_id, value=None).update(value=at)


# -- the second half as a whole ------------------------------------------------------------------


class NotThere(SetupError):
    """The second half has not come that far, or is further already."""


@transaction.atomic
def start_services(*, actor: Actor, setup: Setup, now: datetime) -> None:
    """
    Begin to read service items, invoices and payments; takes back an earlier Skip.

    Raises:
        ImportRuns: somebody started it already; nothing was changed.
    """
    start_import(actor=actor, setup=setup, which=Setup.Filter.ALL, now=now)
    _walk(setup).update(services_skipped_at=None, finished_at=None)


@transaction.atomic
def skip_services(*, actor: Actor, setup: Setup, now: datetime) -> None:
    """
    Go on without service items and invoices. What was read is dropped, decisions stay.

    Raises:
        NotThere: they were synced already.
    """
    _must(actor, setup.connection)
    run = Setup.objects.select_for_update().get(pk=setup.pk)
    if run.confirmed_at is not None:
        raise NotThere("Service items and invoices are synced already.")
    if run.import_state != Setup.Import.NOT_STARTED:
        Setup.objects.filter(pk=run.pk).update(
            import_state=Setup.Import.NOT_STARTED, counts={}, **_FROM_THE_START
        )
        _drop_what_was_read(setup)
        _stop_following(setup)
    connections.skip_services(actor=actor, connection=setup.connection, now=now)


@transaction.atomic
def finish(*, actor: Actor, setup: Setup, now: datetime) -> None:
    """
    The last page was read: set-up is over. Twice is once.

    Raises:
        NotThere: service items are not synced yet.
    """
    _must(actor, setup.connection)
    if setup.worked_off_at is None:
        raise NotThere("Sync service items first.")
    _walk(setup).filter(finished_at=None).update(finished_at=now)


def _walk(setup: Setup) -> QuerySet[Setup]:
    """The run of the contacts, which tells how far the whole walk is."""
    return Setup.objects.filter(
        connection_id=setup.connection_id, half=Setup.Half.CONTACTS, is_current=True
    )


def _stop_following(setup: Setup) -> None:
    """The change feed need not follow what does not sync."""
    Connection.objects.filter(pk=setup.connection_id, billing_synced_at=None).update(
        billing_started_at=None
    )


# -- the lists -----------------------------------------------------------------------------------


def see_list(*, actor: Actor, setup: Setup, name: str, now: datetime) -> None:
    """A list counts as looked at when it is opened. The first time stays."""
    _must(actor, setup.connection)
    lists = lists_of(setup)
    field = seen_at(lists[lists.index(MatchProposal.List(name))])
    if getattr(setup, field) is None:
        Setup.objects.filter(pk=setup.pk, **{field: None}).update(**{field: now})
        setattr(setup, field, now)


def _must(actor: Actor, connection: Connection) -> None:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
