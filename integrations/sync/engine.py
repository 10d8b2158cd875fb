"""
Takes what waits for one connection and works it off, pair by pair.

One drain per connection at a time; a drain ends after some seconds and rings again. Several writes
are under way at once, one a pair; all else is done by one thread, so that each look sees what the
one before it did. No transaction is open when a request is sent.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q
from django_q.tasks import async_task

from integrations import doorbell
from integrations.errors import (
    CompanyUnavailable,
    OutcomeUnknown,
    PairWaits,
    PeriodClosed,
    ReadsUsedUp,
    ReconnectNeeded,
    ReferenceInactive,
    Refused,
    Stale,
    SyncError,
    TryLater,
)
from integrations.models import (
    Connection,
    Cursor,
    InboxEntry,
    Intent,
    Issue,
    Lease,
    Link,
    OutboxEntry,
)
from integrations.providers.base import Gone, NotKnown, Operation, Present, Snapshot
from integrations.reconcile.retry import next_attempt
from integrations.sync import (
    activity,
    brake,
    company_facts,
    feed,
    flights,
    intents,
    issues,
    leases,
    marks,
    pairs,
    short_lists,
    voids,
)
from integrations.sync.access import open_books
from integrations.sync.apply import next_decision, settle
from integrations.sync.look import (
    ContentNeeded,
    Drain,
    ListsNeeded,
    MayBeOurs,
    PartnerNeeded,
    PaymentsNeeded,
)

log = logging.getLogger(__name__)

SECONDS = 10  # a drain; then it rings again, so that no task grows with the queue
LISTEN_EVERY = 0.2  # seconds; people who ring meanwhile go before what is done in bulk
ROUNDS = 3  # looks at one pair in a row: a write, its answer, a reshaped value
TOLD_AFTER = 5  # lost answers of one pair, in a row: a person is told
SILENT_AFTER = 3  # writes without an answer, in a row: the company does not answer
READS_REST = timedelta(hours=12)  # at most, of a pair that needs a read and has none left
COMPANY_RESTS = timedelta(minutes=30)  # at most, between probes of a company that fails


@dataclass
class Report:
    """What a drain did: pairs settled, put off, and resting; whether more waits."""

    done: int = 0
    later: int = 0
    resting: int = 0
    has_more: bool = False


@dataclass
class Clock:
    """The time the drain was given, going on with the machine's own."""

    start: datetime
    began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds())

    def seconds(self) -> float:
        return time.monotonic() - self.began


class Progress(Enum):
    """How far a pair has come."""

    DONE = "done"  # nothing is left to do
    UNDER_WAY = "under way"  # its write is being sent
    LATER = "later"  # it has to wait for its time


@dataclass(kw_only=True)
class Run(Drain):
    """One drain at work."""

    clock: Clock
    report: Report
    flights: flights.Flights
    listened_at: float = -LISTEN_EVERY  # seconds on the clock


def drain(connection: Connection, *, now: datetime, seconds: float = SECONDS) -> Report:
    """Work off what waits for `connection`, for at most `seconds`; then ring if more waits."""
    report = Report()
    doorbell.answer(connection.pk)
    lease = leases.take(connection.pk, now=now)
    if lease is None:
        return report  # the one who holds it looks once more before it goes
    clock = Clock(now)
    try:
        _work(connection, lease, clock, report, seconds)
    except leases.LeaseLost:
        log.warning("The lease of %s was taken over.", connection)
        return report
    finally:
        leases.release(lease)
    report.has_more = is_due(connection, now=clock.now())
    if report.has_more:
        doorbell.ring(connection.pk)
    return report


def _work(
    connection: Connection, lease: leases.Held, clock: Clock, report: Report, seconds: float
) -> None:
    """Until nothing is due, the company rests, or the time is over."""
    connection.refresh_from_db()
    if not _may_work(connection, clock.now()):
        return
    books = open_books(connection, lane="people")
    with flights.flying(books.one_at_a_time) as under_way:
        run = Run(
            connection=connection,
            lease=lease,
            brake=brake.Brake(connection),
            books=books,
            clock=clock,
            report=report,
            flights=under_way,
        )
        while _step(run, is_over=clock.seconds() >= seconds):
            pass
    _note_progress(connection, clock.now())


def _step(run: Run, *, is_over: bool) -> bool:
    """Land a write, or look at a pair, or wait. Return False once nothing is left to do."""
    connection, now = run.connection, run.clock.now()
    try:
        if landed := run.flights.pop_landed():
            _work_on(landed.link, run, lambda: _land(landed, run))
        elif not is_over and _may_work(connection, now) and (link := _next(run)):
            _work_on(link, run, lambda: _begin(link, run))
        elif run.flights:
            run.flights.wait(seconds=LISTEN_EVERY)
        else:
            return False
    except brake.Held as error:
        brake.hold(connection, error, now=now)
    except ReconnectNeeded as error:
        _set_state(connection, Connection.State.RECONNECT, error, now)
    except CompanyUnavailable as error:
        _set_state(connection, Connection.State.UNAVAILABLE, error, now)
    except TryLater as error:
        _rest(connection, error, now)
    return True


def _next(run: Run) -> Link | None:
    """The pair to look at next; what has just rung is listened to now and then."""
    if not run.flights.may_begin:
        return None
    if run.flights.waiting:
        return run.flights.waiting.pop()
    link = _due(run)
    was_long_ago = run.clock.seconds() - run.listened_at >= LISTEN_EVERY
    if was_long_ago or (link is None and not run.flights):
        _listen(run, run.clock.now())
        run.listened_at = run.clock.seconds()
        link = _due(run)
    return link


def _due(run: Run) -> Link | None:
    """The first pair that is due and whose write could go now."""
    flights = run.flights
    due = pairs.due(run.connection, now=run.clock.now()).exclude(pk__in=flights.links)
    return due.exclude(entity__in=flights.busy_entities).first()


def _listen(run: Run, now: datetime) -> None:
    """Bells become pairs; the feed is read if that was asked for."""
    connection = run.connection
    connection.refresh_from_db()  # somebody may have paused it, or confirmed the set-up
    leases.renew(run.lease, now=now)
    feed.follow_merges(connection, now=now)
    pairs.gather(connection, now=now)
    if not run.may_read:
        return
    try:
        _read_what_changed(run, now)
    except (ReadsUsedUp, Refused) as error:
        log.error("%s cannot be read: %s %s", connection, error, error.detail)
        run.may_read = False  # in this drain; what waits to be sent goes on
        feed.put_off(connection, until=min(_later(error, 0, now), now + COMPANY_RESTS))


def _read_what_changed(run: Run, now: datetime) -> None:
    connection = run.connection
    if feed.is_wanted(connection, now=now):
        feed.pull(connection, books=run.books, lease=run.lease, now=now)
        pairs.gather(connection, now=now)
    unread = feed.unanswered(connection, now=now)
    if unread:
        feed.read_by_id(connection, unread, books=run.books, lease=run.lease, now=now)


def _work_on(link: Link, run: Run, act: Callable[[], Progress]) -> None:
    """Go on with one pair, or say when or why not. What concerns the whole company rises."""
    clock, report = run.clock, run.report
    try:
        progress = act()
        if progress is Progress.DONE:
            report.done += 1
            if run.connection.failures:
                _note_answer(run.connection)
        elif progress is Progress.LATER:
            report.later += 1
    except MayBeOurs:
        if run.flights:
            run.flights.waiting.append(link)  # what is under way will tell whose it is
            return
        _put_off(link, until=_open_creates_known_at(link, clock.now()))
        report.later += 1
    except OutcomeUnknown as error:
        _await_outcome(link, error, clock.now())
        report.later += 1
        _count_failure(run.connection, error, clock.now())
    except ReadsUsedUp as error:
        # Not `not_before`: an edit here may be sent without a read.
        until = min(_later(error, 0, clock.now()), clock.now() + READS_REST)
        Link.objects.filter(pk=link.pk).update(wake_at=until)
        report.later += 1
    except PairWaits as error:
        _put_off(link, until=_later(error, link.attempts, clock.now()), error=error)
        report.later += 1
    except (
        OperationalError
    ):  # a deadlock, a lock not granted in time: nobody's fault, and over soon
        log.warning("The database could not carry pair %s through.", link.pk, exc_info=True)
        _put_off(link, until=_later(PairWaits(), link.attempts, clock.now()), error=PairWaits())
        report.later += 1
    except TryLater as error:
        _put_off(link, until=_later(error, link.attempts, clock.now()), error=error)
        report.later += 1
        raise
    except ReferenceInactive as error:
        link.refresh_from_db(fields=["remote_id"])
        if link.remote_id is None or _read(link, run) is not None:
            _refuse(link, error, clock.now())  # else it was itself that is no longer there
        report.resting += 1
    except PeriodClosed as error:
        _read_company(run, clock.now())
        _refuse(link, error, clock.now())
        report.resting += 1
    except Refused as error:
        _refuse(link, error, clock.now())
        report.resting += 1
    except (SyncError, brake.Held, leases.LeaseLost):
        raise
    except Exception:  # noqa: BLE001  a bug of ours must not stop the company's other records
        log.exception("Looking at pair %s failed.", link.pk)
        _rest_internal(link, clock.now())
        report.resting += 1


def _begin(link: Link, run: Run) -> Progress:
    """Look at a pair, and send what has to be written."""
    now = run.clock.now()
    intent = Intent.objects.filter(link=link).select_related("link__connection").first()
    if intent is None:
        intent = _look(link, run)
    else:
        may_go_at = intents.may_be_sent_at(intent)
        if may_go_at is not None and now < may_go_at:
            _put_off(link, until=may_go_at)
            return Progress.LATER
    return _send(link, intent, run, round_=1)


def _look(link: Link, run: Run) -> Intent | None:
    try:
        return _settle(link, run)
    except ContentNeeded:
        heard = _read(link, run)
        return _settle(link, run, heard=heard) if heard else None
    except PartnerNeeded as asked:
        found = run.books.find_partners(link.entity, asked.key)
        return _settle(link, run, found=found)
    except PaymentsNeeded as asked:
        first, last = asked.payment.days
        found = run.books.find_by_amount(link.entity, asked.payment.amount, first=first, last=last)
        return _settle(link, run, found=found)


def _settle(link: Link, run: Run, **told: Any) -> Intent | None:
    """Settle it by what was `told`; once a drain, read the short lists that it is newer than."""
    try:
        return settle(link.pk, drain=run, now=run.clock.now(), **told)
    except ListsNeeded:
        run.has_read_lists = True
        _read_lists(run, run.clock.now())
        return settle(link.pk, drain=run, now=run.clock.now(), **told)


def _read_lists(run: Run, now: datetime) -> None:
    """Five metered reads. Where they cannot be read, what they would tell stays unknown."""
    try:
        lists = run.books.lists()
    except SyncError as error:
        log.warning("The lists of %s could not be read: %s", run.connection, error)
        return
    with transaction.atomic():
        short_lists.keep(run.connection, lists, now=now)
    run.connection.refresh_from_db()


def _send(link: Link, intent: Intent | None, run: Run, *, round_: int) -> Progress:
    """Begin to send one intent; None: the pair is settled."""
    if intent is None:
        return Progress.DONE
    if round_ > ROUNDS:
        raise PairWaits("It keeps changing in QuickBooks while we write. We try again.")
    now = run.clock.now()
    leases.renew(run.lease, now=now)
    began = run.clock.seconds()
    sending = intents.start(intent, books=run.books, threads=run.flights.threads, now=now)
    run.flights.add(
        flights.Flight(link=link, intent=intent, sending=sending, round=round_, began=began)
    )
    return Progress.UNDER_WAY


def _land(flight: flights.Flight, run: Run) -> Progress:
    """Settle an answer, and send what follows from it; on a stale version read, and look anew."""
    link, intent = flight.link, flight.intent
    try:
        snapshot = intents.finish(flight.sending, books=run.books)
    except Stale:
        following = _look_anew(link, intent, run)
    else:
        duration_ms = int((run.clock.seconds() - flight.began) * 1000)
        answer = intents.Answer(snapshot=snapshot, duration_ms=duration_ms)
        following = settle(link.pk, drain=run, now=run.clock.now(), answer=answer)
        feed.want(run.connection, at=run.clock.now() + feed.AFTER_A_CHANGE)
    return _send(link, following, run, round_=flight.round + 1)


def _look_anew(link: Link, intent: Intent, run: Run) -> Intent | None:
    """What was to be sent was planned from an older version than theirs is now."""
    intent.delete()
    heard = _read(link, run)
    if heard is None:
        return None
    if intent.version is not None and heard.version <= intent.version:
        raise PairWaits("QuickBooks told an older version. We ask again.")
    return _settle(link, run, heard=heard)


def _read(link: Link, run: Run) -> Snapshot | None:
    """What the record holds there now; None if it is gone, which a person is told."""
    now = run.clock.now()
    link.refresh_from_db(fields=["remote_id"])  # its create may have been answered just now
    assert link.remote_id is not None
    fetched = run.books.fetch(link.entity, [link.remote_id])[link.remote_id]
    match fetched:
        case Present(snapshot=snapshot):
            return snapshot
        case Gone():
            if feed.changed_lately(link, now=now):
                raise PairWaits("QuickBooks does not show it yet. We ask again.")
            with transaction.atomic():
                leases.check(run.lease)
                feed.note_gone(run.connection, link.entity, link.remote_id, now=now)
            return None
        case NotKnown():
            raise PairWaits("QuickBooks did not say what the record holds. We ask again.")


def _read_company(run: Drain, now: datetime) -> None:
    """Its closing date was moved: once a drain, so that the issue can say the first open day."""
    if run.has_read_company:
        return
    run.has_read_company = True
    try:
        company = run.books.company()
    except SyncError as error:
        log.warning("The preferences of %s could not be read: %s", run.connection, error)
        return
    company_facts.refresh_facts(connection=run.connection, company=company, now=now)
    run.connection.refresh_from_db()


# -- what follows from an error ------------------------------------------------------------------


def _put_off(link: Link, *, until: datetime, error: SyncError | None = None) -> None:
    changes: dict[str, object] = {"wake_at": until, "not_before": until}
    if error is not None:
        changes["attempts"] = link.attempts + 1
    Link.objects.filter(pk=link.pk).update(**changes)


def _await_outcome(link: Link, error: OutcomeUnknown, now: datetime) -> None:
    """The same bytes go again, no earlier than the provider could still commit the first."""
    intent = Intent.objects.get(link=link)
    until = _later(error, link.attempts, now)
    with transaction.atomic():
        _put_off(link, until=until, error=error)
        if link.attempts + 1 >= TOLD_AFTER:
            issues.open_issue(
                link,
                kind=Issue.Kind.NO_ANSWER,
                sentence=f"QuickBooks has not answered {link.attempts + 1} times.",
                what_to_do="Nothing: we go on trying, and check first whether it was saved.",
                detail={"message": error.detail, "trace": error.trace},
                now=now,
            )
        activity.write(
            link,
            direction="sent",
            result="waiting",
            title="QuickBooks did not answer. We check whether it was saved",
            cause=intent.cause,
            now=now,
            detail={"request_id": str(intent.request_id), "message": error.detail},
        )
        marks.show(link, "queued", now=now)


def _open_creates_known_at(link: Link, now: datetime) -> datetime:
    """When the creates without a known outcome will have been asked about again."""
    waiting = Link.objects.filter(
        connection_id=link.connection_id, entity=link.entity, intent__isnull=False
    ).order_by("wake_at")
    latest = waiting.values_list("wake_at", flat=True).last()
    return max(latest or now, now) + timedelta(seconds=1)


def _refuse(link: Link, error: Refused, now: datetime) -> None:
    """It was not done, and trying again would not help: a person is told what to do."""
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=link.pk)
        intent = Intent.objects.filter(link=link).first()
        cause = intent.cause if intent else ""
        request_id = str(intent.request_id) if intent else ""
        stays_void = ""
        if intent is not None:
            intent.delete()
            if intent.operation in (Operation.VOID, Operation.DELETE):
                stays_void = voids.take_back(link, kind=issues.kind_of(error), now=now)
        link.wake_at, link.not_before = next_decision(link, now=now), None
        link.rests = Link.Rests.ISSUE
        link.attempts += 1
        link.save()
        issues.open_refusal(link, error, more=stays_void, now=now)
        activity.write(
            link,
            direction="sent",
            result="failed",
            title=str(error),
            cause=cause,
            trace=error.trace,
            now=now,
            detail={
                "code": error.provider_code or error.code,
                "message": error.detail,
                "status": error.status,
                "request_id": request_id,
            },
        )
        marks.show(link, "failed", now=now)


def _rest_internal(link: Link, now: datetime) -> None:
    """A fault of ours: the pair rests, the others go on, the log has the details."""
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=link.pk)
        link.wake_at, link.rests = None, Link.Rests.INTERNAL
        if Intent.objects.filter(link=link).exists():  # others wait for its outcome
            link.wake_at = _later(PairWaits(), link.attempts, now)
        link.attempts += 1
        link.save()
        issues.open_issue(
            link,
            kind=Issue.Kind.INTERNAL,
            sentence="Something went wrong on our side. Nothing was lost.",
            what_to_do="Retry it. If it fails again, tell support.",
            now=now,
        )
        marks.show(link, "failed", now=now)


def _set_state(connection: Connection, state: str, error: SyncError, now: datetime) -> None:
    """The whole connection rests until a person mends it. In a transaction of its own."""
    with transaction.atomic():
        changed = Connection.objects.filter(
            pk=connection.pk, state=Connection.State.CONNECTED
        ).update(state=state, state_reason=str(error)[:500], state_changed_at=now)
        if changed:
            activity.note_connection(
                connection, now=now, title=str(error), cause="QuickBooks", result="failed"
            )
            if state == Connection.State.RECONNECT:
                async_task("integrations.tasks.mail_disconnected", connection.pk)
    connection.refresh_from_db()


def _count_failure(connection: Connection, error: SyncError, now: datetime) -> None:
    """One lost answer is the pair's matter; several in a row are the company's."""
    if connection.failures + 1 >= SILENT_AFTER:
        _rest(connection, error, now)
    else:
        Connection.objects.filter(pk=connection.pk).update(failures=connection.failures + 1)
        connection.refresh_from_db()


def _rest(connection: Connection, error: SyncError, now: datetime) -> None:
    """The company does not answer, or asked us to slow down: one probe at a time from now on."""
    until = _later(error, connection.failures, now)
    Connection.objects.filter(pk=connection.pk).update(
        not_before=min(until, now + COMPANY_RESTS), failures=connection.failures + 1
    )
    connection.refresh_from_db()


def _later(error: SyncError, attempts: int, now: datetime) -> datetime:
    late_commit = timedelta(seconds=settings.QUICKBOOKS["late_commit_seconds"])
    again = next_attempt(
        error, attempts=attempts, now=now, jitter=random.random(), late_commit=late_commit
    )
    return again or now + COMPANY_RESTS


# -- what is due ---------------------------------------------------------------------------------


def _may_work(connection: Connection, now: datetime) -> bool:
    rests = connection.not_before is not None and connection.not_before > now
    return connection.may_work and not rests


def _has_bells(connection: Connection) -> bool:
    return (
        OutboxEntry.objects.filter(connection=connection, link=None).exists()
        or InboxEntry.objects.filter(connection=connection, link=None).exists()
    )


def is_due(connection: Connection, *, now: datetime) -> bool:
    """Whether a drain would find something to do at `now`."""
    connection.refresh_from_db()
    return _may_work(connection, now) and (
        pairs.due(connection, now=now).exists()
        or _has_bells(connection)
        or feed.is_wanted(connection, now=now)
        or connection.inbox.filter(feed.has_unanswered(now)).exists()
    )


def _due_connections(now: datetime) -> list[int]:
    """Connections with something due, whoever lost their bell. Few queries, whatever the size."""
    mine = OuterRef("pk")
    due = (
        Exists(Link.objects.filter(connection=mine, wake_at__lte=now))
        | Exists(OutboxEntry.objects.filter(connection=mine, link=None))
        | Exists(InboxEntry.objects.filter(connection=mine, link=None))
        | Exists(InboxEntry.objects.filter(feed.has_unanswered(now), connection=mine))
        | Exists(Cursor.objects.filter(connection=mine, value__isnull=False, wanted_at__lte=now))
    )
    return list(
        Connection.objects.filter(due, state=Connection.State.CONNECTED, is_paused=False)
        .filter(Q(not_before=None) | Q(not_before__lte=now), held_reason="")
        .values_list("pk", flat=True)
    )


def ring_due(*, now: datetime) -> int:
    """Ring for every connection that has something due; return how many."""
    waiting = [
        lease.connection_id
        for lease in Lease.objects.filter(connection_id__in=_due_connections(now))
        if leases.is_free(lease, now=now)
    ]
    for connection_id in waiting:
        doorbell.ring(connection_id)
    return len(waiting)


def _note_answer(connection: Connection) -> None:
    """The company answered: it no longer rests."""
    Connection.objects.filter(pk=connection.pk).update(failures=0, not_before=None)
    connection.refresh_from_db()


def _note_progress(connection: Connection, now: datetime) -> None:
    """People see when it was last in step."""
    if connection.is_connected and not pairs.due(connection, now=now).exists():
        Connection.objects.filter(pk=connection.pk).update(last_synced_at=now)
