"""Remote changes waiting to be looked at: "customer 58 may differ"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django_q.tasks import async_task

from integrations import doorbell
from integrations.models import Activity, Connection, Cursor, InboxEntry, Intent, Link
from integrations.providers.base import COMPANY, Notice

ECHO_WITHIN = timedelta(seconds=10)  # of our own write, by our clock and by theirs
LOOK_AGAIN = timedelta(seconds=5)  # a write is under way: by then its answer tells whose it was
SAME_SECOND = timedelta(seconds=1)  # the provider's times of a change and of its webhook


@dataclass(frozen=True)
class _Known:
    """What we know of the records some notices are about."""

    links: dict[tuple[str, str], Link]
    in_flight: frozenset[int]  # links whose write is under way
    creates: frozenset[str]  # entities of which a create is under way


@transaction.atomic
def hear(notices: Sequence[Notice], *, provider: str, now: datetime) -> int:
    """
    Keep each notice about a company we are connected to, and ring for it; return how many.

    What a company said before its contacts were first synced is not kept: the feed is read from
    the beginning of the import on. Changed preferences have the company read again. The echo of our
    own write is kept, and rings for nothing: reads cost money, and the next one will show whether
    it was more than an echo.
    """
    kept = 0
    for connection in _connections(notices, provider=provider):
        mine = [each for each in notices if each.company_id == connection.company_id]
        Connection.objects.filter(pk=connection.pk).update(last_webhook_at=now)
        if any(each.entity == COMPANY for each in mine):
            _read_company_again(connection)
            mine = [each for each in mine if each.entity != COMPANY]
        if connection.contacts_synced_at is None:
            continue
        kept += len(mine)
        _keep(connection, mine, now=now)
        _ring(connection, mine, now=now)
    return kept


def _connections(notices: Sequence[Notice], *, provider: str) -> list[Connection]:
    companies = {each.company_id for each in notices}
    if not companies:
        return []
    found = Connection.objects.filter(provider=provider, company_id__in=companies)
    return list(found.exclude(state=Connection.State.DISCONNECTED).order_by("pk"))


def _read_company_again(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(facts_read_at=None)
    transaction.on_commit(partial(async_task, "integrations.tasks.reread_companies"))


def _keep(connection: Connection, notices: Sequence[Notice], *, now: datetime) -> None:
    InboxEntry.objects.bulk_create(
        [
            InboxEntry(
                connection=connection,
                entity=each.entity,
                remote_id=each.remote_id[:64],
                source=InboxEntry.Source.WEBHOOK,
                operation=each.operation[:16],
                merged_from=(each.merged_from or "")[:64],
                occurred_at=each.occurred_at,
                needs_read=True,
                made_at=now,
            )
            for each in notices
        ],
        batch_size=1000,
    )


def _ring(connection: Connection, notices: Sequence[Notice], *, now: datetime) -> None:
    """Want the feed at the earliest time that one of these asks for."""
    known = _known(connection, notices)
    times = [at for each in notices if (at := _wanted_at(each, known, now=now)) is not None]
    if not times:
        return
    at = min(times)
    sooner = Q(wanted_at=None) | Q(wanted_at__gt=at)
    Cursor.objects.filter(sooner, connection=connection).update(wanted_at=at)
    if at <= now:
        transaction.on_commit(partial(doorbell.ring, connection.pk))


def _known(connection: Connection, notices: Sequence[Notice]) -> _Known:
    links = Link.objects.filter(
        connection=connection, remote_id__in={each.remote_id for each in notices}
    ).exclude(state=Link.State.FORMER)
    intents = Intent.objects.filter(link__connection=connection).values_list(
        "link_id", "link__entity", "remote_id"
    )
    under_way = list(intents)
    return _Known(
        links={(each.entity, str(each.remote_id)): each for each in links},
        in_flight=frozenset(link_id for link_id, _, _ in under_way),
        creates=frozenset(entity for _, entity, remote_id in under_way if not remote_id),
    )


def _wanted_at(notice: Notice, known: _Known, *, now: datetime) -> datetime | None:
    """When the feed should be read for this notice; None: no sooner than it is anyway."""
    if notice.merged_from:
        return now  # never an echo: nobody can merge through the API
    link = known.links.get((notice.entity, notice.remote_id))
    if link is None:
        return now + LOOK_AGAIN if notice.entity in known.creates else now
    if link.pk in known.in_flight:
        return now + LOOK_AGAIN
    return None if _is_echo(notice, link) else now


def _is_echo(notice: Notice, link: Link) -> bool:
    """
    Whether it tells of a version that we have seen, or made ourselves.

    By when it happened, not by when it came: webhooks may be minutes late.
    """
    seen_at, occurred_at = link.remote_changed_at, notice.occurred_at
    if seen_at is None or occurred_at is None:
        return False
    if seen_at >= occurred_at:
        return True
    is_by_us = link.sent_at is not None and abs(occurred_at - link.sent_at) <= ECHO_WITHIN
    # The provider's time of a change has no fraction; the webhook's has.
    may_be_ours = is_by_us and occurred_at - seen_at < 2 * SAME_SECOND
    return may_be_ours and _events(link) <= _writes(link)


def _events(link: Link) -> int:
    """How many changes of its record webhooks told of about the time of our last write."""
    assert link.sent_at is not None
    told = InboxEntry.objects.filter(
        connection_id=link.connection_id,
        entity=link.entity,
        remote_id=link.remote_id,
        occurred_at__gt=link.sent_at - 2 * ECHO_WITHIN,
    )
    return told.values("occurred_at").distinct().count()


def _writes(link: Link) -> int:
    """How many of them were ours."""
    assert link.sent_at is not None
    noted = Activity.objects.filter(
        link_id=link.pk,
        direction=Activity.Direction.SENT,
        result=Activity.Result.DONE,
        at__gt=link.sent_at - 2 * ECHO_WITHIN,
    )
    return max(1, noted.count())
