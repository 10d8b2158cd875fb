"""
Reads the records of one half of set-up into staging rows, page by page, in the background.

Entities are read one after another, in the order in which they depend on each other. Each page is
one transaction: its rows and the position of the next one. Whoever stops in between, the next run
reads at most one page again. Nothing is written on either side.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from firms.permissions import Actor, Permission
from integrations.entities import ENTITIES, EntitySpec
from integrations.entities.base import Half
from integrations.errors import (
    CompanyUnavailable,
    FeedTooOld,
    ReconnectNeeded,
    SyncError,
    Throttled,
    TryLater,
)
from integrations.models import Connection, ImportedRecord, Setup
from integrations.providers.base import Books, Page
from integrations.sync import short_lists, snapshots
from integrations.sync.access import open_books
from integrations.wizard import mail, proposals, services

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How much is read at once. Tests read less."""

    page: int = 1000  # the most a page holds
    # Pages overlap: a customer made inactive meanwhile moves all behind it one place up.
    overlap: int = 10
    step_back: int = 500  # where even the overlap shows nothing known
    seconds: float = 10  # a task; then it rings again, so that no task grows with the books


PACE = Pace()
CLAIM = timedelta(seconds=60)  # longer than one request may take
CLAIM_TO_MATCH = timedelta(minutes=5)
TRIES = 8
WAITS = (5, 10, 30, 60, 120, 300, 600)  # seconds, by failures in a row
AFTER_A_429 = timedelta(seconds=60)

State = Setup.Import
# Errors after which the import waits for a person to mend the connection, and goes on by itself.
MENDED_ELSEWHERE = (ReconnectNeeded.code, CompanyUnavailable.code)


class Interrupted(Exception):
    """The run was stopped, started anew or taken over meanwhile; what was read is dropped."""


@dataclass
class _Run:
    setup: Setup
    connection: Connection
    clock: Callable[[], datetime]
    claimed_until: datetime
    pace: Pace

    @property
    def spec(self) -> EntitySpec:
        """The entity that is being read."""
        return ENTITIES[self.setup.import_entity]


def entities_of(setup: Setup) -> list[str]:
    """Keys of what this run reads, in order."""
    half, profile = Half(setup.half), setup.connection.profile
    return [key for key, spec in ENTITIES.items() if spec.half is half and spec.directions[profile]]


def run(setup_id: int, *, clock: Callable[[], datetime] = timezone.now, pace: Pace = PACE) -> str:
    """Read on for some seconds; ring again if more is to be read. Doubled calls do nothing."""
    claimed_until = clock() + CLAIM
    if not _claim(setup_id, clock(), claimed_until):
        return "nothing to read"
    setup = Setup.objects.select_related("connection").get(pk=setup_id)
    this = _Run(setup, setup.connection, clock, claimed_until, pace)
    try:
        _work(this)
    except Interrupted:
        return "stopped meanwhile"
    finally:
        Setup.objects.filter(pk=setup_id, import_claimed_until=this.claimed_until).update(
            import_claimed_until=None
        )
    setup.refresh_from_db()
    if setup.import_state == State.DONE:
        mail.tell_lists_are_ready(setup)
    if setup.import_state == State.RUNNING:
        services.ring(setup_id, now=clock())
    return f"{setup.import_done} read, {setup.get_import_state_display()}"


def _claim(setup_id: int, now: datetime, until: datetime) -> bool:
    """One reader at a time. A claim whose reader was killed ends by itself."""
    return bool(
        _to_do(now)
        .filter(pk=setup_id)
        .update(import_claimed_until=until, import_state=State.RUNNING, import_retry_at=None)
    )


def _work(this: _Run) -> None:
    """Read pages until the time is over, all is read, or something goes wrong."""
    end = this.clock() + timedelta(seconds=this.pace.seconds)
    try:
        books = open_books(this.connection, lane="people")
        if not this.setup.import_entity:
            _begin(this, books)
        while this.setup.import_position:
            _read_page(this, books)
            if this.setup.import_position and this.clock() >= end:
                return
        _finish(this)
    except ReconnectNeeded as error:
        _stop(this, State.WAITING, error)
        _note_state(this, Connection.State.RECONNECT, error)
    except CompanyUnavailable as error:
        _stop(this, State.WAITING, error)
        _note_state(this, Connection.State.UNAVAILABLE, error)
    except TryLater as error:
        _put_off(this, error)
    except SyncError as error:
        _stop(this, State.FAILED, error)
    except Interrupted:
        raise
    except Exception:  # noqa: BLE001  a fault of ours must not leave the page waiting for ever
        log.exception("The import of set-up %s failed.", this.setup.pk)
        _stop(this, State.FAILED, SyncError("Something went wrong on our side."))


def _begin(this: _Run, books: Books) -> None:
    """Read what the half needs beside its records, once."""
    setup = this.setup
    if setup.half == Setup.Half.BILLING:
        _hold(this, CLAIM)
        lists = books.lists()
        with transaction.atomic():
            short_lists.keep(this.connection, lists, now=this.clock())
            _save(this, import_entity=entities_of(setup)[0])
    else:
        _save(this, import_entity=entities_of(setup)[0])


# -- a page --------------------------------------------------------------------------------------


def _read_page(this: _Run, books: Books) -> None:
    setup, entity = this.setup, this.spec.key
    if setup.import_total is None:
        total = books.count(entity, which=setup.which)
        _save(this, import_total=total)
    position = setup.import_position
    _hold(this, CLAIM)
    page = books.list(entity, which=setup.which, position=position, size=this.pace.page)
    with transaction.atomic():
        if position > 1 and not _joins(this, page):
            _save(this, import_position=max(1, position - this.pace.step_back))
            return
        snapshots.remember(this.connection, page.snapshots, now=this.clock(), setup=setup)
        rows = ImportedRecord.objects.filter(connection=this.connection, entity=entity)
        rows.filter(remote_id__in=[each.remote_id for each in page.snapshots]).update(setup=setup)
        done = rows.filter(setup=setup).count()
        is_first = position == 1 and entity == entities_of(setup)[0]
        _save(
            this,
            **_next_place(this, page, done),
            import_tries=0,
            import_error="",
            import_message="",
            import_read_at=page.read_at if is_first else setup.import_read_at,
            counts={**setup.counts, **_tally(this, page), f"read_{entity}": done},
        )
        if is_first:
            services.start_feed_at(this.connection.pk, page.read_at)


def _next_place(this: _Run, page: Page, done: int) -> dict[str, object]:
    """Where to read on: this entity, the next one, or (position 0) nowhere."""
    entities = entities_of(this.setup)
    following = entities.index(this.setup.import_entity) + 1
    if page.next_position is None and following < len(entities):
        return {
            "import_entity": entities[following],
            "import_position": 1,
            "import_done": 0,
            "import_total": None,
        }
    return {
        "import_position": 0
        if page.next_position is None
        else page.next_position - this.pace.overlap,
        "import_done": done,
        "import_total": max(this.setup.import_total or 0, done),
    }


def _joins(this: _Run, page: Page) -> bool:
    """Whether the page begins with something known: if so, nothing slipped by between two."""
    first = [each.remote_id for each in page.snapshots[: this.pace.overlap]]
    return ImportedRecord.objects.filter(
        connection=this.connection, entity=this.spec.key, setup=this.setup, remote_id__in=first
    ).exists()


def _tally(this: _Run, page: Page) -> dict[str, int]:
    """What the page will show as found so far, roughly; the lists are made at the end."""
    if this.spec.key != this.setup.entity:
        return {}
    before = this.setup.counts if this.setup.import_position > 1 else {}
    store, firm_id = this.spec.store, this.setup.firm_id
    fresh = page.snapshots[this.pace.overlap if this.setup.import_position > 1 else 0 :]
    known = store.count_known(firm_id=firm_id, names=[each.label for each in fresh])
    return {
        "ours": before.get("ours") or store.count(firm_id=firm_id),
        "found_matched": before.get("found_matched", 0) + known,
        "found_new": before.get("found_new", 0) + len(fresh) - known,
    }


def _finish(this: _Run) -> None:
    """All is read: make the lists."""
    _hold(this, CLAIM_TO_MATCH)
    proposals.propose(this.setup, now=this.clock())
    _save(this, import_state=State.DONE, import_ended_at=this.clock())


# -- when it goes wrong --------------------------------------------------------------------------


def _put_off(this: _Run, error: TryLater) -> None:
    """Wait and go on by itself; give up after eight tries in a row without a page."""
    now = this.clock()
    if isinstance(error, Throttled):
        until = max(error.until or now + AFTER_A_429, now + timedelta(seconds=1))
        _stop(this, State.WAITING, error, import_retry_at=until)
        return
    tries = this.setup.import_tries + 1
    if tries >= TRIES:
        _stop(this, State.FAILED, error, import_tries=tries)
        return
    wait = timedelta(seconds=WAITS[min(tries, len(WAITS)) - 1])
    until = max(error.until or now, now + wait)
    _stop(this, State.WAITING, error, import_tries=tries, import_retry_at=until)


def _stop(this: _Run, state: str, error: SyncError, **changes: object) -> None:
    _save(
        this,
        import_state=state,
        import_error=error.code,
        import_message=str(error)[:500],
        **changes,
    )


def _note_state(this: _Run, state: str, error: SyncError) -> None:
    """The connection rests until a person mends it; the import goes on by itself after that."""
    Connection.objects.filter(pk=this.connection.pk, state=Connection.State.CONNECTED).update(
        state=state, state_reason=str(error)[:500], state_changed_at=this.clock()
    )


# -- the run's row -------------------------------------------------------------------------------


def _hold(this: _Run, length: timedelta) -> None:
    """Renew the claim before something that takes its time."""
    until = this.clock() + length
    _save(this, import_claimed_until=until)
    this.claimed_until = until


def _save(this: _Run, **changes: object) -> None:
    """
    Write to the run's row while it is ours.

    Raises:
        Interrupted: somebody stopped it, or took it over.
    """
    mine = Setup.objects.filter(
        pk=this.setup.pk, import_state=State.RUNNING, import_claimed_until=this.claimed_until
    )
    if not mine.update(**changes):
        raise Interrupted
    for name, value in changes.items():
        setattr(this.setup, name, value)


# -- how much there is to read -------------------------------------------------------------------


def book_counts(setup: Setup, *, now: datetime) -> dict[str, int] | None:
    """Customers by filter, asked of QuickBooks unless known; None where it does not answer."""
    counts = services.known_book_counts(setup, now=now)
    connection = setup.connection
    rests = connection.not_before is not None and connection.not_before > now
    if counts is not None or not connection.is_connected or rests:
        return counts
    try:
        books = open_books(connection, lane="people")
        active = books.count(setup.entity, which=Setup.Filter.ACTIVE)
        inactive = books.count(setup.entity, which=Setup.Filter.INACTIVE)
    except SyncError as error:
        log.info("The customers of %s could not be counted: %s", connection, error)
        return None
    counts = {"all": active + inactive, "active": active, "inactive": inactive}
    services.note_book_counts(setup, counts, now=now)
    return counts


# -- a second look -------------------------------------------------------------------------------

OVERLAP_OF_FEED = timedelta(minutes=5)  # the feed may lag behind writes


def check_again(*, actor: Actor, setup: Setup, now: datetime) -> bool:
    """
    Ask what changed in the books since the import, and make the lists anew.

    Returns: False where the feed could not tell all, and everything is read again instead.
    Raises:
        SyncError: QuickBooks did not answer; the lists are as they were.
        ImportRuns: records are being read.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=setup.connection.firm_id)
    if setup.import_state != State.DONE or setup.import_read_at is None:
        raise services.ImportRuns("QuickBooks is being read just now.")
    books = open_books(setup.connection, lane="people")
    try:
        page = books.changes_since(setup.import_read_at - OVERLAP_OF_FEED, entities_of(setup))
    except FeedTooOld:
        page = None
    if page is None or not page.is_complete:
        services.start_again(actor=actor, setup=setup, now=now)
        return False
    if setup.half == Setup.Half.BILLING:
        short_lists.keep(setup.connection, books.lists(), now=now)
    snapshots.remember(setup.connection, page.snapshots, now=now)
    for gone in page.removed:
        ImportedRecord.objects.filter(
            connection=setup.connection, entity=gone.entity, remote_id=gone.remote_id
        ).delete()
    proposals.propose(setup, now=now)
    return True


# -- what is due ---------------------------------------------------------------------------------


def _to_do(now: datetime) -> QuerySet[Setup]:
    """Runs that may be read on now: nobody holds them, and what they waited for is there."""
    is_free = Q(import_claimed_until=None) | Q(import_claimed_until__lte=now)
    has_come = Q(import_state=State.WAITING, import_retry_at__lte=now)
    is_mended = Q(
        import_state=State.WAITING,
        import_error__in=MENDED_ELSEWHERE,
        connection__state=Connection.State.CONNECTED,
    )
    mine = Setup.objects.filter(is_free, is_current=True, confirmed_at=None)
    return Setup.objects.filter(
        is_free,
        pk__in=mine.filter(Q(import_state=State.RUNNING) | has_come | is_mended).values("pk"),
    )


LOST_AFTER = timedelta(seconds=20)  # a ring that no worker answered


def due_imports(now: datetime) -> list[int]:
    """Runs that wait and whose time has come, or whose reader was killed; not those just rung."""
    is_rung = Q(import_rung_at__gt=now - LOST_AFTER) & (
        Q(import_retry_at=None) | Q(import_rung_at__gte=F("import_retry_at"))
    )
    return list(_to_do(now).exclude(is_rung).values_list("pk", flat=True))


def ring_due_imports(now: datetime) -> int:
    """Ring for each of them; return how many."""
    due = due_imports(now)
    for setup_id in due:
        services.ring(setup_id, now=now)
    return len(due)
