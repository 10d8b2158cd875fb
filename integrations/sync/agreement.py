"""
The agreement report: whether both sides hold the same, and if not, why.

A run goes through all pairs, what has none, and what each contact owes, in chunks of one short
transaction; a run that was stopped goes on where it was. Nothing is asked of the books, except by a
full run: that lists them first, page by page, and takes in whatever was news (metered).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from firms.permissions import Actor, Permission
from integrations import doorbell
from integrations.entities import ENTITIES, EntitySpec, Local, entities_of
from integrations.errors import SyncError, TryLater
from integrations.models import (
    AgreementRow,
    AgreementRun,
    Connection,
    ImportedRecord,
    InboxEntry,
    Link,
    OutboxEntry,
)
from integrations.reconcile.record import Life
from integrations.sync import activity, brake, feed, full_listing, held_there, pairs, receivables
from integrations.sync.comparing import (
    Cause,
    Chunk,
    Why,
    not_held,
    said,
)

log = logging.getLogger(__name__)

CHUNK = 500
SECONDS = 20.0  # a task; then it rings again
ABANDONED_AFTER = timedelta(minutes=5)  # a run that nobody worked on: its worker was killed
RUNS_KEPT = timedelta(days=31)
NIGHT = 5 * 60  # minutes after midnight of the firm, over which connections are spread
NIGHT_ENDS = timedelta(hours=8)
Result = AgreementRow.Result
State = AgreementRun.State


class CannotCompare(Exception):
    """There is nothing to compare, or it is being compared. `str()` is for the person."""


# -- begin ---------------------------------------------------------------------------------------


def start(*, actor: Actor, connection: Connection, is_full: bool, now: datetime) -> AgreementRun:
    """
    Compare both sides anew, in the background.

    Raises:
        CannotCompare: set-up is not done, a comparison is under way, or the books cannot be read.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    if connection.contacts_synced_at is None:
        raise CannotCompare("Nothing syncs yet, so there is nothing to compare.")
    if is_full and not connection.may_work:
        raise CannotCompare("QuickBooks can't be read now. The notice on its page says why.")
    with transaction.atomic():
        run = begin(connection, is_full=is_full, now=now, asked_by_id=actor.user_id)
        if run is None:
            raise CannotCompare("A comparison is under way. Its result shows here soon.")
        title = "Full comparison asked for" if is_full else "Comparison asked for"
        activity.note_connection(connection, now=now, title=title, cause=actor.label)
        transaction.on_commit(lambda: ring(run.pk))
    return run


@transaction.atomic
def begin(
    connection: Connection, *, is_full: bool, now: datetime, asked_by_id: int | None = None
) -> AgreementRun | None:
    """A run at its beginning; None while another one of the connection is under way."""
    Connection.objects.select_for_update().get(pk=connection.pk)
    if AgreementRun.objects.filter(connection=connection, state=State.RUNNING).exists():
        return None
    first = "list" if is_full else "pairs"
    return AgreementRun.objects.create(
        connection=connection,
        firm_id=connection.firm_id,
        is_full=is_full,
        asked_by_id=asked_by_id,
        place=_first_place(connection, first),
        reads_expected=reads_of_full(connection) if is_full else 0,
        started_at=now,
        worked_at=now,
    )


def reads_of_full(connection: Connection) -> int:
    """About how many metered reads a full run costs: a page is one."""
    step = feed.PAGE - feed.OVERLAP_ROWS
    known = Link.objects.filter(connection=connection, remote_id__isnull=False)
    return sum(
        known.filter(entity=entity).exclude(state__in=pairs.HIDDEN).count() // step + 1
        for entity in followed(connection)
    )


def followed(connection: Connection) -> list[str]:
    """The entities that sync, in the order in which they depend on one another."""
    found = entities_of(connection.profile, with_billing=connection.billing_synced_at is not None)
    return [each for each in found if connection.syncs_since(ENTITIES[each].half)]


def start_due(*, now: datetime) -> int:
    """Begin what is due tonight, and take up what stands still; return how many were rung."""
    abandoned = AgreementRun.objects.filter(
        state=State.RUNNING, worked_at__lt=now - ABANDONED_AFTER
    )
    rung = list(abandoned.values_list("pk", flat=True))
    connections = Connection.objects.filter(
        state=Connection.State.CONNECTED, contacts_synced_at__isnull=False
    )
    for connection in connections.select_related("firm").annotate(
        compared_at=Max("agreement_runs__started_at")
    ):
        due_at = _due_at(connection, now=now)
        is_night = due_at <= now < due_at + NIGHT_ENDS
        last = connection.compared_at
        if is_night and (last is None or last < due_at):
            run = begin(connection, is_full=False, now=now)
            rung += [run.pk] if run else []
    for run_id in rung:
        ring(run_id)
    return len(rung)


def _due_at(connection: Connection, *, now: datetime) -> datetime:
    """Tonight's time of this connection, by its firm's clock: spread by hash over the night."""
    midnight = now.astimezone(ZoneInfo(connection.firm.time_zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return midnight + timedelta(minutes=crc32(str(connection.pk).encode()) % NIGHT)


def ring(run_id: int) -> None:
    async_task("integrations.tasks.compare_sides", run_id)


# -- work ----------------------------------------------------------------------------------------


def work(
    run_id: int, *, clock: Callable[[], datetime] = timezone.now, seconds: float = SECONDS
) -> str:
    """Compare on for some seconds; ring again if more is to be done. Doubled calls do no harm."""
    end = clock() + timedelta(seconds=seconds)
    run = AgreementRun.objects.select_related("connection").get(pk=run_id)
    while run.state == State.RUNNING:
        try:
            _step(run, clock())
        except TryLater as error:
            log.info("Comparing %s goes on later: %s", run.connection, error)
            return "later"  # the schedule takes it up
        except (SyncError, brake.Held) as error:
            _stop(run, error, now=clock())
        run = AgreementRun.objects.select_related("connection").get(pk=run_id)
        if clock() >= end and run.state == State.RUNNING:
            ring(run_id)
            break
    return f"{run.get_state_display()}: {run.counts}"


def _step(run: AgreementRun, now: datetime) -> None:
    if run.place["step"] == "list":
        full_listing.read_page(run, now=now, go_on=_go_on)
    else:
        _compare_chunk(run.pk, now=now)


def _stop(run: AgreementRun, error: Exception, *, now: datetime) -> None:
    if isinstance(error, brake.Held):
        brake.hold(run.connection, error, now=now)
    AgreementRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
        state=State.STOPPED, why_stopped=str(error)[:500], finished_at=now, worked_at=now
    )


@transaction.atomic
def _compare_chunk(run_id: int, *, now: datetime) -> None:
    """The next chunk, its rows and the place after it, all or nothing."""
    run = (
        AgreementRun.objects.select_for_update(of=("self",))
        .select_related("connection")
        .get(pk=run_id)
    )
    if run.state != State.RUNNING or run.place["step"] == "list":
        return
    found, last = STEPS[run.place["step"]](run, now)
    AgreementRow.objects.bulk_create(found, batch_size=CHUNK)
    _count(run, found)
    if last is None:
        _go_on(run, now=now)
    else:
        run.place = {**run.place, "after": last}
    run.worked_at = now
    run.save()


def _count(run: AgreementRun, rows: Iterable[AgreementRow]) -> None:
    for row in rows:
        of_entity = run.counts.setdefault(row.entity, {})
        of_entity[row.result] = of_entity.get(row.result, 0) + 1
        if not row.is_explained:
            of_entity["red"] = of_entity.get("red", 0) + 1


# -- the way of a run ----------------------------------------------------------------------------


def _first_place(connection: Connection, step: str) -> dict[str, Any]:
    return {"step": step, "entity": followed(connection)[0], "after": 0, "position": 1}


def _go_on(run: AgreementRun, *, now: datetime) -> None:
    """From the end of one step to the next: entity by entity, then on to what comes after it."""
    entities = followed(run.connection)
    step, entity = run.place["step"], run.place["entity"]
    is_last = step == "receivables" or entity not in entities or entity == entities[-1]
    if not is_last:
        run.place = {**run.place, "entity": entities[entities.index(entity) + 1]}
        run.place |= {"after": 0, "position": 1}
        return
    following = ORDER[ORDER.index(step) + 1 :]
    if following:
        run.place = _first_place(run.connection, following[0])
        return
    _finish(run, now=now)


def _finish(run: AgreementRun, *, now: datetime) -> None:
    run.state, run.finished_at = State.DONE, now
    run.rows.filter(result=Result.LISTED).delete()
    # What agreed is kept of the newest run alone.
    agreed = AgreementRow.objects.filter(run__connection=run.connection, result=Result.AGREES)
    agreed.exclude(run=run).exclude(entity=AgreementRow.RECEIVABLE).delete()


# -- the steps: rows of a chunk, and the last id of it (None: that was all) ----------------------

Found = tuple[list[AgreementRow], int | None]


def _pairs(run: AgreementRun, now: datetime) -> Found:
    """Every pair of one entity."""
    entity, after = run.place["entity"], run.place["after"]
    links = list(
        Link.objects.filter(connection=run.connection, entity=entity, pk__gt=after)
        .exclude(state=Link.State.FORMER)
        .order_by("pk")[:CHUNK]
    )
    if not links:
        return [], None
    told = _told(run, entity, [each.remote_id for each in links if each.remote_id])
    chunk = Chunk(run=run, entity=entity, links=links, told=told, may_be_missing=run.is_full)
    rows = list(chunk.rows())
    _look_again(run, rows, now=now)
    return rows, links[-1].pk


def _told(
    run: AgreementRun, entity: str, remote_ids: Sequence[str]
) -> Mapping[str, Mapping[str, Any]]:
    """What the listing of a full run told of these."""
    if not run.is_full:
        return {}
    listed = run.rows.filter(entity=entity, remote_id__in=remote_ids, result=Result.LISTED)
    return dict(listed.values_list("remote_id", "detail"))


def _look_again(run: AgreementRun, rows: Sequence[AgreementRow], *, now: datetime) -> None:
    """Ring the bell of each pair whose difference has no known cause."""
    red = [each for each in rows if not each.is_explained and each.link_id is not None]
    if not red:
        return
    pairs.wake(
        Link.objects.filter(pk__in=[each.link_id for each in red]), now=now, lane=Link.Lane.BULK
    )
    unshown = [each for each in red if each.cause == Cause.NOT_SHOWN]
    InboxEntry.objects.bulk_create(
        [
            InboxEntry(
                connection=run.connection,
                entity=each.entity,
                remote_id=each.remote_id,
                source=InboxEntry.Source.LISTING,
                needs_read=True,
                made_at=now,
            )
            for each in unshown
        ]
    )
    transaction.on_commit(lambda: doorbell.ring(run.connection_id))


def _ours(run: AgreementRun, now: datetime) -> Found:
    """Records of ours that no pair stands for."""
    connection, entity = run.connection, run.place["entity"]
    spec = ENTITIES[entity]
    page = spec.store.page_of_ids(firm_id=run.firm_id, after=run.place["after"], limit=CHUNK)
    if not page:
        return [], None
    paired = set(
        Link.objects.filter(
            connection=connection, entity=entity, local_id__in=[each for each, _ in page]
        ).values_list("local_id", flat=True)
    )
    changed_at = {local_id: at for local_id, at in page if local_id not in paired}
    rows = list(_alone(run, spec, changed_at))
    _ring_for(connection, [each for each in rows if not each.is_explained], now=now)
    return rows, page[-1][0]


def _alone(
    run: AgreementRun, spec: EntitySpec, changed_at: Mapping[int, datetime]
) -> Iterator[AgreementRow]:
    """What changed since the sync began should have a pair; what did not was left alone."""
    if not changed_at or _goes_with_invoices(run.connection, spec):
        return
    ids = list(changed_at)
    amounts = spec.store.open_amounts(firm_id=run.firm_id, local_ids=ids)
    since = run.connection.syncs_since(spec.half)
    assert since is not None
    rung = set(
        OutboxEntry.objects.filter(
            connection=run.connection, entity=spec.key, local_id__in=ids
        ).values_list("local_id", flat=True)
    )
    for local in spec.store.read_many(firm_id=run.firm_id, local_ids=ids):
        if not local.is_ready or local.record.life is not Life.LIVE:
            continue
        if local.local_id in rung:
            why = Why(cause=Cause.WAITS, sentence="It was made here and waits to be sent.")
        elif changed_at[local.local_id] < since:
            why = Why(cause=Cause.BEFORE, sentence="It is from before the sync began.")
        else:
            why = Why(cause=Cause.UNKNOWN, sentence="It was never sent. It is sent now.")
        yield AgreementRow(
            run=run,
            firm_id=run.firm_id,
            entity=spec.key,
            local_id=local.local_id,
            label=local.label[:600],
            contact_id=_contact_of(local),
            result=Result.LEFT_OUT if why.cause is Cause.BEFORE else Result.MISSING,
            ours=amounts.get(local.local_id),
            **said(why),
        )


def _goes_with_invoices(connection: Connection, spec: EntitySpec) -> bool:
    """In push_only a contact is made there when its first invoice needs it."""
    return spec.key == "contact" and connection.profile == Connection.Profile.PUSH_ONLY


def _contact_of(local: Local) -> int | None:
    contact = getattr(local.record, "contact", None)
    return contact if isinstance(contact, int) else None


def _ring_for(connection: Connection, rows: Sequence[AgreementRow], *, now: datetime) -> None:
    if not rows:
        return
    OutboxEntry.objects.bulk_create(
        [
            OutboxEntry(
                connection=connection,
                entity=each.entity,
                local_id=each.local_id or 0,
                version=0,
                cause="Agreement report",
                made_at=now,
            )
            for each in rows
        ]
    )
    transaction.on_commit(lambda: doorbell.ring(connection.pk))


def _theirs(run: AgreementRun, now: datetime) -> Found:
    """Records of theirs that were told and that no pair stands for."""
    connection, entity = run.connection, run.place["entity"]
    kept = list(
        ImportedRecord.objects.filter(
            connection=connection, entity=entity, pk__gt=run.place["after"]
        ).order_by("pk")[:CHUNK]
    )
    if not kept:
        return [], None
    ids = [each.remote_id for each in kept]
    links = Link.objects.filter(connection=connection, entity=entity, remote_id__in=ids)
    paired = set(links.exclude(state__in=pairs.HIDDEN).values_list("remote_id", flat=True))
    heard = InboxEntry.objects.filter(connection=connection, entity=entity, remote_id__in=ids)
    coming = set(heard.values_list("remote_id", flat=True))
    alone = [each for each in kept if each.remote_id not in paired]
    told = held_there.read(connection, entity, alone)
    is_push_only = connection.profile == Connection.Profile.PUSH_ONLY
    rows = []
    for each in alone:
        its = told[each.remote_id]
        if its.is_over:
            continue
        common: dict[str, Any] = {
            "run": run,
            "firm_id": run.firm_id,
            "entity": entity,
            "remote_id": each.remote_id,
            "label": each.label,
        }
        if each.remote_id in coming and not is_push_only:
            why = Why(cause=Cause.UNREAD, sentence="It was made in QuickBooks and comes in next.")
            common |= {"contact_id": its.contact_id, "theirs": its.amount}
            rows.append(AgreementRow(result=Result.MISSING, **common, **said(why)))
        else:
            why = Why(cause=Cause.BEFORE, sentence="It is not part of the sync.")
            rows.append(
                AgreementRow(result=Result.NOT_HELD, **common, **said(why), **not_held(its))
            )
    return rows, kept[-1].pk


def _receivables(run: AgreementRun, now: datetime) -> Found:
    """What each contact owes, by the rows before."""
    return receivables.rows(run, after=run.place["after"], limit=CHUNK)


STEPS: Mapping[str, Callable[[AgreementRun, datetime], Found]] = {
    "pairs": _pairs,
    "ours": _ours,
    "theirs": _theirs,
    "receivables": _receivables,
}
ORDER = ["list", *STEPS]


# -- what was found -------------------------------------------------------------------------------


def differing(run: AgreementRun) -> QuerySet[AgreementRow]:
    """Records that differ or are missing, those without a known cause first."""
    told = run.rows.filter(result__in=[Result.DIFFERS, Result.MISSING])
    return told.exclude(entity=AgreementRow.RECEIVABLE).order_by("is_explained", "entity", "pk")


def totals(run: AgreementRun, entity: str = "") -> dict[str, int]:
    """How many records agree, differ, ...; of one entity, or of all."""
    of_entities = [
        counts
        for name, counts in run.counts.items()
        if name == entity or (not entity and name != AgreementRow.RECEIVABLE)
    ]
    names = [*Result.values, "red"]
    return {name: sum(each.get(name, 0) for each in of_entities) for name in names}


# -- old ones ------------------------------------------------------------------------------------


def prune(*, now: datetime) -> int:
    """Forget runs of more than a month ago, except the last of each connection."""
    newest: QuerySet[Any] = (
        AgreementRun.objects.filter(state=State.DONE)
        .order_by("connection", "-started_at")
        .distinct("connection")
        .values("pk")
    )
    old = AgreementRun.objects.filter(started_at__lt=now - RUNS_KEPT)
    return old.exclude(Q(pk__in=newest)).delete()[0]
