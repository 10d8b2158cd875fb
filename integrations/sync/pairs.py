"""Bells become pairs, and a pair becomes due: nothing else decides when one is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Greatest, Least

from integrations.models import Connection, InboxEntry, Link, OutboxEntry

BATCH = 500
HIDDEN = (Link.State.FORMER, Link.State.MERGED)


def due(connection: Connection, *, now: datetime) -> QuerySet[Link]:
    """Pairs to look at now: people who wait first."""
    return Link.objects.filter(connection=connection, wake_at__lte=now).order_by(
        "lane", "wake_at", "pk"
    )


def wake(
    links: QuerySet[Link],
    *,
    now: datetime,
    lane: int = Link.Lane.PEOPLE,
    at_once: bool = False,
) -> int:
    """
    Make these pairs due, though never before the time they have to wait for.

    With `at_once` a person asks: they do not wait. A write whose outcome is open does all the
    same (`intents.may_be_sent_at`).
    """
    if at_once:
        links.update(not_before=None)
    return links.update(
        wake_at=Greatest(Coalesce(Least("wake_at", now), now), Coalesce("not_before", now)),
        lane=Least(F("lane"), lane),
    )


@transaction.atomic
def gather(connection: Connection, *, now: datetime) -> int:
    """Give each waiting bell its pair, making pairs where there are none; return how many."""
    outbox = list(
        OutboxEntry.objects.filter(connection=connection, link=None).order_by("pk")[:BATCH]
    )
    inbox = list(InboxEntry.objects.filter(connection=connection, link=None).order_by("pk")[:BATCH])
    for entry in outbox:
        entry.link = pair_of_local(connection, entry.entity, entry.local_id)
    for heard in inbox:
        heard.link = pair_of_remote(connection, heard.entity, heard.remote_id)
    OutboxEntry.objects.bulk_update(outbox, ["link"])
    InboxEntry.objects.bulk_update(inbox, ["link"])
    _wake_all((each.link for each in outbox), now=now)
    _wake_all((each.link for each in inbox if not each.needs_read), now=now)
    return len(outbox) + len(inbox)


def _wake_all(links: Iterable[Link | None], *, now: datetime) -> None:
    ids = {link.pk for link in links if link is not None}
    if ids:
        wake(Link.objects.filter(pk__in=ids), now=now)


def pair_of_local(connection: Connection, entity: str, local_id: int) -> Link:
    """Today's pair of a record of ours, made if there is none."""
    known = Link.objects.filter(connection=connection, entity=entity, local_id=local_id)
    current = known.exclude(state=Link.State.FORMER).first()
    return current or Link.objects.create(
        connection=connection,
        firm_id=connection.firm_id,
        entity=entity,
        local_id=local_id,
        state=_first_state(known),
    )


def pair_of_remote(connection: Connection, entity: str, remote_id: str) -> Link:
    """Today's pair of a record of theirs, made if there is none."""
    known = Link.objects.filter(connection=connection, entity=entity, remote_id=remote_id)
    current = known.exclude(state__in=HIDDEN).first()
    return current or Link.objects.create(
        connection=connection,
        firm_id=connection.firm_id,
        entity=entity,
        remote_id=remote_id,
        state=_first_state(known),
    )


def _first_state(known: QuerySet[Link]) -> str:
    """A record that was linked before is offered for linking, never created again unasked."""
    was_linked = known.filter(state__in=HIDDEN).exists()
    return Link.State.LEFT_OUT if was_linked else Link.State.UNDECIDED
