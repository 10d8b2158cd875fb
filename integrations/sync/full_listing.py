"""
The listing of a full comparison: the books page by page, and what is news taken in.

What a listing does not show is not gone. What it tells goes the way of the change feed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from integrations import doorbell
from integrations.entities import ENTITIES, EntitySpec
from integrations.entities.base import Rules
from integrations.errors import TryLater
from integrations.models import AgreementRow, AgreementRun, InboxEntry, Link
from integrations.providers.base import Page, Snapshot
from integrations.reconcile.record import Ref
from integrations.sync import feed, leases, rules
from integrations.sync.access import open_books


class GoOn(Protocol):
    """From the end of an entity to what comes after it."""

    def __call__(self, run: AgreementRun, *, now: datetime) -> None: ...


def read_page(run: AgreementRun, *, now: datetime, go_on: GoOn) -> None:
    """
    One page of the books: read outside any transaction, then stored in one.

    The lease is held meanwhile, so that no drain takes in something newer in between.

    Raises:
        SyncError, brake.Held: what is read is not stored.
    """
    place = run.place
    lease = leases.take(run.connection_id, now=now)
    if lease is None:
        raise TryLater("The sync is at work. The comparison goes on right after it.")
    try:
        books = open_books(run.connection, lane="bulk")
        page = books.list(place["entity"], which="all", position=place["position"], size=feed.PAGE)
        with transaction.atomic():
            leases.check(lease)
            _keep_page(run.pk, place, page, now=now, go_on=go_on)
    finally:
        leases.release(lease)
        doorbell.ring(run.connection_id)  # what rang while it was held


def _keep_page(
    run_id: int, place: Mapping[str, Any], page: Page, *, now: datetime, go_on: GoOn
) -> None:
    run = (
        AgreementRun.objects.select_for_update(of=("self",))
        .select_related("connection")
        .get(pk=run_id)
    )
    if run.state != AgreementRun.State.RUNNING or run.place != place:
        return  # somebody else read it
    entity = place["entity"]
    _take_in(run, entity, page.snapshots, now=now)
    run.reads += 1
    if page.next_position is None:
        go_on(run, now=now)
    else:
        run.place = {**place, "position": page.next_position - feed.OVERLAP_ROWS}
    run.worked_at = now
    run.save()


def _take_in(run: AgreementRun, entity: str, told: Sequence[Snapshot], *, now: datetime) -> None:
    """What is news goes the way of the feed; each record told of is noted."""
    feed.take_in(run.connection, told, source=InboxEntry.Source.LISTING, now=now)
    ids = [each.remote_id for each in told]
    listed = set(
        run.rows.filter(entity=entity, remote_id__in=ids).values_list("remote_id", flat=True)
    )
    AgreementRow.objects.bulk_create(
        [
            AgreementRow(
                run=run,
                firm_id=run.firm_id,
                entity=entity,
                remote_id=each.remote_id,
                label=each.label[:600],
                result=AgreementRow.Result.LISTED,
                detail={"facts": dict(each.facts), "version": each.version},
            )
            for each in told
            if each.remote_id not in listed
        ],
        batch_size=500,
    )
    _heal(run, entity, told, now=now)


def _heal(run: AgreementRun, entity: str, told: Sequence[Snapshot], *, now: datetime) -> None:
    """A version that was seen, but with other content: what was told now is taken in again."""
    links = {
        str(each.remote_id): each
        for each in Link.objects.filter(
            connection=run.connection,
            entity=entity,
            remote_id__in=[each.remote_id for each in told],
            state=Link.State.LINKED,
        )
    }
    ruled = rules.rules_of(run.connection)
    spec = ENTITIES[entity]
    odd = [
        each
        for each in told
        if (link := links.get(each.remote_id)) is not None
        and link.remote_version == each.version
        and _holds_otherwise(spec, link, each, ruled)
    ]
    if odd:
        feed.take_again(run.connection, odd, now=now)


def _holds_otherwise(spec: EntitySpec, link: Link, told: Snapshot, ruled: Rules) -> bool:
    """By what needs no id to be turned: texts, dates, numbers, life."""
    known = {**link.base, **link.seen}
    record = spec.as_compared(told.record, ruled)
    return any(
        each.name in known and not each.same(known[each.name], value)
        for each in spec.record.fields()
        if (value := record.values([each.name]).get(each.name)) is not None
        and not isinstance(value, Ref | list | tuple)
    )
