"""Store, send, replay and resolve what is about to be written there."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F

from integrations.entities import ENTITIES
from integrations.errors import (
    DuplicateName,
    DuplicateNumber,
    FeedTooOld,
    MissingDependency,
    OutcomeUnknown,
    Refused,
    Stale,
    SyncError,
)
from integrations.models import Intent, Link
from integrations.providers.base import (
    Books,
    Operation,
    Outgoing,
    Present,
    Snapshot,
    UnderWay,
)
from integrations.reconcile.record import Record
from integrations.sync import references
from integrations.sync.rules import rules_of

IDS_REMEMBERED_FOR = timedelta(minutes=10)  # at least: the provider does not tell how long
CLOCKS_DIFFER_BY = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The provider took the write."""

    snapshot: Snapshot
    duration_ms: int | None


def store(
    link: Link, outgoing: Outgoing, *, values: Mapping[str, Any], cause: str, now: datetime
) -> Intent:
    """Write down, byte for byte, what will be sent. The caller's transaction commits it first."""
    return Intent.objects.create(
        link=link,
        operation=outgoing.operation,
        body=outgoing.body,
        params=dict(outgoing.params),
        remote_id=outgoing.remote_id,
        version=outgoing.version,
        values=dict(values),
        cause=cause[:200],
        made_at=now,
    )


def may_be_sent_at(intent: Intent) -> datetime | None:
    """
    When the same bytes may go again; None: at once.

    While the provider could still commit an earlier try, nothing is sent.
    """
    if intent.sent_at is None:
        return None
    return intent.sent_at + timedelta(seconds=settings.QUICKBOOKS["late_commit_seconds"])


def send_apart(outgoing: Outgoing, *, books: Books, request_id: str) -> Snapshot:
    """
    Send a write that belongs to no pair, so that no intent can be stored for it.

    The caller's request id has to follow from what is written: sent twice, it is done once.
    """
    return books.send(outgoing, request_id=request_id)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """A try to send an intent, begun."""

    intent: Intent
    sent_before: datetime | None  # the latest earlier try that may still have been done
    under_way: UnderWay | None  # None: an earlier try had made the record, nothing was sent
    made: Snapshot | None = None


def start(intent: Intent, *, books: Books, threads: Executor, now: datetime) -> Sending:
    """
    Begin to send the stored bytes under the stored request id.

    Raises:
        SyncError: it was not done; what follows is the caller's to decide.
    """
    before = intent.sent_at
    made = _made_long_ago(intent, books=books, now=now)
    if made is not None:
        return Sending(intent=intent, sent_before=before, under_way=None, made=made)
    Intent.objects.filter(pk=intent.pk).update(
        tries=F("tries") + 1, sent_at=now, first_sent_at=intent.first_sent_at or now
    )
    intent.refresh_from_db()
    request_id = str(intent.request_id)
    try:
        under_way = books.start(as_outgoing(intent), request_id=request_id, threads=threads)
    except SyncError:
        _note_not_done(intent, before)
        raise
    return Sending(intent=intent, sent_before=before, under_way=under_way)


def finish(sending: Sending, *, books: Books) -> Snapshot:
    """
    The record as the answer tells it.

    Raises:
        OutcomeUnknown: it may have been done; the row stands.
        SyncError: it was not done; what follows is the caller's to decide.
    """
    intent, before = sending.intent, sending.sent_before
    if sending.under_way is None:
        assert sending.made is not None
        return sending.made
    try:
        return sending.under_way.result()
    except OutcomeUnknown:
        raise
    except SyncError as error:
        if before is not None and (done := _done_by_an_earlier_try(intent, error, books=books)):
            return done
        _note_not_done(intent, before)
        raise


def _note_not_done(intent: Intent, sent_before: datetime | None) -> None:
    """This try did nothing; an earlier one still may have."""
    if sent_before != intent.sent_at:
        Intent.objects.filter(pk=intent.pk).update(sent_at=sent_before)


def as_outgoing(intent: Intent) -> Outgoing:
    return Outgoing(
        entity=intent.link.entity,
        operation=Operation(intent.operation),
        body=intent.body,
        params=intent.params,
        remote_id=intent.remote_id,
        version=intent.version,
    )


def _done_by_an_earlier_try(intent: Intent, error: SyncError, *, books: Books) -> Snapshot | None:
    """
    The record as an earlier try left it, whose answer was lost, where this try was turned away.

    The request id should have given that answer. It did not where the provider forgot it, or
    where something before it turned the request away.
    """
    if not isinstance(error, Refused | Stale):
        return None
    if intent.operation != Operation.CREATE:
        return _changed_by_an_earlier_try(intent, books=books)
    if isinstance(error, DuplicateName | DuplicateNumber):
        return _made_by_an_earlier_try(intent, books=books)
    return _made_meanwhile(intent, books=books)


def _changed_by_an_earlier_try(intent: Intent, *, books: Books) -> Snapshot | None:
    """The record, if it holds every value that was sent, and is newer than what we sent from."""
    link = intent.link
    found = books.fetch(link.entity, [intent.remote_id])[intent.remote_id]
    if not isinstance(found, Present) or found.snapshot.version <= (intent.version or 0):
        return None
    sent = ENTITIES[link.entity].record.from_values(intent.values)
    return found.snapshot if _holds(found.snapshot, sent, link) else None


def _made_by_an_earlier_try(intent: Intent, *, books: Books) -> Snapshot | None:
    """
    The record that an earlier try of this create made; now its name clashes.

    It must hold every value that was sent, be new enough, be the only one, and belong to nobody
    else.
    """
    link = intent.link
    spec = ENTITIES[link.entity]
    sent = spec.record.from_values(intent.values)
    found = [
        each
        for each in books.find_by_name(link.entity, str(intent.values.get(spec.names) or ""))
        if _holds(each, sent, link) and _is_new_enough(each, intent)
    ]
    return _only_free_one(found, link)


def _made_long_ago(intent: Intent, *, books: Books, now: datetime) -> Snapshot | None:
    """
    The record that this create made, whoever gave it another name since.

    Asked before the create goes again so late that the provider may have forgotten its request
    id, and no name would clash.
    """
    first = intent.first_sent_at
    is_late = first is not None and now - first >= IDS_REMEMBERED_FOR
    is_create = intent.operation == Operation.CREATE
    if not is_create or intent.sent_at is None or not is_late:
        return None
    return _made_meanwhile(intent, books=books)


def _made_meanwhile(intent: Intent, *, books: Books) -> Snapshot | None:
    """
    The record that this create made, by the feed: one metered read.

    It must have been made while we tried, be the only one, and belong to nobody else. Of names it
    must share a value that hardly two records have alike; a transaction must hold all that was
    sent.

    Raises:
        Refused: several could be it; a person has to look, or it might be made twice.
    """
    first, last = intent.first_sent_at, intent.sent_at
    assert first is not None
    assert last is not None
    link = intent.link
    try:
        page = books.changes_since(first - CLOCKS_DIFFER_BY, [link.entity])
    except (FeedTooOld, Refused):
        return None  # then the request id and the name are what is left
    late_commit = timedelta(seconds=settings.QUICKBOOKS["late_commit_seconds"])
    sent = ENTITIES[link.entity].record.from_values(intent.values)
    found = [
        each
        for each in page.snapshots
        if _is_new_enough(each, intent)
        and each.created_at is not None
        and each.created_at <= last + late_commit + CLOCKS_DIFFER_BY
        and _is_like(each, sent, link)
    ]
    if len(found) > 1 and ENTITIES[link.entity].is_transaction:
        raise Refused(
            f"{len(found)} records in QuickBooks may be this one: the answer to sending it was "
            "lost, and they hold the same.",
            what_to_do="Look at them in QuickBooks. Delete those that are too many, then retry.",
        )
    return _only_free_one(found, link)


def _is_like(snapshot: Snapshot, sent: Any, link: Link) -> bool:
    is_transaction = ENTITIES[link.entity].is_transaction
    return (_holds if is_transaction else _shares_a_value)(snapshot, sent, link)


def _shares_a_value(snapshot: Snapshot, sent: Any, link: Link) -> bool:
    spec = ENTITIES[link.entity]
    there = _there(snapshot, link)
    return there is not None and any(
        each.same(getattr(sent, each.name), getattr(there, each.name))
        for each in sent.fields()
        if each.name in (spec.names, *spec.tells_apart) and sent.values().get(each.name)
    )


def _only_free_one(found: list[Snapshot], link: Link) -> Snapshot | None:
    """The one that was found, if no record of ours is linked with it."""
    taken = Link.objects.filter(
        connection_id=link.connection_id,
        entity=link.entity,
        remote_id__in=[each.remote_id for each in found],
        local_id__isnull=False,
    ).exists()
    return found[0] if len(found) == 1 and not taken else None


def _holds(snapshot: Snapshot, sent: Any, link: Link) -> bool:
    there = _there(snapshot, link)
    return there is not None and all(
        each.same(getattr(sent, each.name), getattr(there, each.name))
        for each in sent.fields()
        if each.name in sent.values()
    )


def _there(snapshot: Snapshot, link: Link) -> Record | None:
    """The record in our ids, as it is compared; None: it points to what does not sync."""
    try:
        turned = references.to_local(link.connection, snapshot.record, may_wait=False)
    except MissingDependency:
        return None
    return ENTITIES[link.entity].as_compared(turned.record, rules_of(link.connection, link.options))


def _is_new_enough(snapshot: Snapshot, intent: Intent) -> bool:
    """Made since the first try, give or take clocks that differ."""
    if snapshot.created_at is None or intent.first_sent_at is None:
        return False
    return snapshot.created_at >= intent.first_sent_at - CLOCKS_DIFFER_BY


def outcome_is_open(link: Link) -> bool:
    """Whether a create of this entity may have been done without our knowing its id."""
    return (
        Intent.objects.filter(
            link__connection_id=link.connection_id,
            link__entity=link.entity,
            operation=Operation.CREATE,
            sent_at__isnull=False,
        )
        .exclude(link=link)
        .exists()
    )
