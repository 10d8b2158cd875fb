"""Reads what changed in the books since we last asked; the cursor moves no further than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from integrations.entities import ENTITIES, entities_of
from integrations.errors import FeedTooOld
from integrations.models import Connection, Cursor, InboxEntry, Link
from integrations.providers.base import Books, Fetched, Gone, NotKnown, Present, Removed, Snapshot
from integrations.reconcile.record import Life
from integrations.sync import brake, issues, leases, links, pairs, snapshots

OVERLAP = timedelta(minutes=5)  # the feed may lag behind writes, and clocks have whole seconds
ASK_AGAIN = timedelta(seconds=5)  # a webhook told of something the feed does not show yet
GIVE_UP_ON_FEED_AFTER = timedelta(seconds=20)  # then the record is read by its id
GIVE_UP_ON_READS_AFTER = timedelta(minutes=3)  # then what was read is taken for the newest
PAGE = 1000
OVERLAP_ROWS = 10  # of two pages of a listing: what vanishes meanwhile moves all behind it up

# How long until the feed is read again by itself.
WITH_WEBHOOKS = timedelta(hours=12)
WITHOUT_WEBHOOKS = timedelta(minutes=15)
AFTER_A_CHANGE = timedelta(minutes=5)
A_WHILE = timedelta(hours=1)
WEBHOOKS_TRUSTED_FOR = timedelta(days=7)
LAGS_AT_MOST = timedelta(minutes=15)  # the feed; clocks that differ included
RESTORED_AT_LEAST = 5  # that many older versions, and most of what is known: a restored company


def is_wanted(connection: Connection, *, now: datetime) -> bool:
    cursor = Cursor.objects.filter(connection=connection).first()
    return (
        cursor is not None
        and cursor.value is not None
        and cursor.wanted_at is not None
        and cursor.wanted_at <= now
    )


def want(connection: Connection, *, at: datetime) -> None:
    """Have the feed read at `at`, or sooner if that was asked for already."""
    Cursor.objects.filter(connection=connection).filter(
        Q(wanted_at=None) | Q(wanted_at__gt=at)
    ).update(wanted_at=at)


def put_off(connection: Connection, *, until: datetime) -> None:
    """It cannot be read now; ask again at `until`."""
    Cursor.objects.filter(connection=connection).update(wanted_at=until)
    InboxEntry.objects.filter(has_unanswered(until), connection=connection).update(
        made_at=until - GIVE_UP_ON_FEED_AFTER
    )


def pull(connection: Connection, *, books: Books, lease: leases.Held, now: datetime) -> int:
    """
    Read the feed once, or one page of a full listing; return how many changes were news.

    The rows and the cursor are stored in one transaction; what is not stored is asked for again.
    """
    cursor = Cursor.objects.get(connection=connection)
    assert cursor.value is not None
    if cursor.listing is not None:
        return _list_on(connection, cursor, books=books, lease=lease, now=now)
    try:
        page = books.changes_since(cursor.value - OVERLAP, followed(connection))
    except FeedTooOld:
        _begin_listing(connection, cursor, now=now)
        return _list_on(connection, cursor, books=books, lease=lease, now=now)
    with transaction.atomic():
        leases.check(lease)
        news = take_in(connection, page.snapshots, source=InboxEntry.Source.FEED, now=now)
        for each in page.removed:
            _note_removed(connection, each, now=now)
        waiting = _settle_bells(connection, page.snapshots, now=now)
        if page.is_complete:
            cursor.value = max(cursor.value, page.next_cursor)
        cursor.read_at = now
        cursor.wanted_at = now + _until_next(connection, news=news, waiting=waiting, now=now)
        cursor.save()
    if not page.is_complete:
        _begin_listing(connection, cursor, now=now)
    return news


def _until_next(connection: Connection, *, news: int, waiting: bool, now: datetime) -> timedelta:
    """
    When the feed is read again by itself.

    For an hour after a change it is read more often: what changed there in the same second as
    our own write cannot be told from its echo by the webhook alone.
    """
    if waiting:
        return ASK_AGAIN
    wrote_lately = Link.objects.filter(connection=connection, sent_at__gt=now - A_WHILE).exists()
    if news or wrote_lately:
        return AFTER_A_CHANGE
    heard = connection.last_webhook_at
    is_trusted = heard is not None and now - heard < WEBHOOKS_TRUSTED_FOR
    return WITH_WEBHOOKS if is_trusted else WITHOUT_WEBHOOKS


def take_in(connection: Connection, told: Sequence[Snapshot], *, source: str, now: datetime) -> int:
    """
    Keep what is newer than what its pair has seen, and ring for it.

    Raises:
        brake.Held: most of it is older than what we saw: the company was restored.
    """
    linked = Link.objects.filter(
        connection=connection,
        remote_id__in=[each.remote_id for each in told],
        remote_version__isnull=False,
    ).exclude(state__in=pairs.HIDDEN)
    seen = {(link.entity, str(link.remote_id)): link for link in linked}
    restored = _restored(told, seen, now=now)
    if restored and not brake.is_confirmed(connection, now=now):
        raise brake.Held(
            "QuickBooks answered with older versions than before: the company may have been "
            "restored or reset there. Nothing is copied until you looked."
        )
    for link in restored:  # a person said so: what is told now counts, whatever was seen before
        link.remote_version = None
    Link.objects.filter(pk__in=[each.pk for each in restored]).update(remote_version=None)
    versions = {key: link.remote_version for key, link in seen.items()}
    news = [
        each
        for each in told
        if (version := versions.get((each.entity, each.remote_id))) is None
        or each.version > version
    ]
    snapshots.remember(connection, news, now=now)
    InboxEntry.objects.bulk_create(
        [
            InboxEntry(
                connection=connection,
                entity=each.entity,
                remote_id=each.remote_id,
                source=source,
                occurred_at=each.changed_at,
                made_at=now,
            )
            for each in news
        ],
        batch_size=1000,
    )
    return len(news)


def take_again(connection: Connection, told: Sequence[Snapshot], *, now: datetime) -> None:
    """Their pairs saw these versions with other content: what is told now is looked at again."""
    snapshots.remember(connection, told, now=now)
    for entity in {each.entity for each in told}:
        ids = [each.remote_id for each in told if each.entity == entity]
        found = Link.objects.filter(connection=connection, entity=entity, remote_id__in=ids)
        pairs.wake(found.exclude(state__in=pairs.HIDDEN), now=now, lane=Link.Lane.BULK)


def _restored(
    told: Sequence[Snapshot], seen: Mapping[tuple[str, str], Link], *, now: datetime
) -> list[Link]:
    """
    Pairs whose record is told older than it was seen, where those are most of them.

    What changed lately does not count: the feed may lag behind.
    """
    older = [
        link
        for each in told
        if (link := seen.get((each.entity, each.remote_id))) is not None
        and each.version < (link.remote_version or 0)
        and (link.remote_changed_at is None or link.remote_changed_at < now - LAGS_AT_MOST)
    ]
    is_most = len(older) >= RESTORED_AT_LEAST and len(older) * 2 > len(seen)
    return older if is_most else []


def _settle_bells(connection: Connection, told: Sequence[Snapshot], *, now: datetime) -> bool:
    """
    Take away the webhooks that the feed has answered; return whether some are still open.

    A webhook is answered when its record was told with a time not before the webhook's own, or
    its pair has seen such a version already.
    """
    changed_at = {(each.entity, each.remote_id): each.changed_at for each in told}
    open_bells = list(
        InboxEntry.objects.filter(connection=connection, needs_read=True).select_related("link")
    )
    answered = [each for each in open_bells if _is_answered(each, changed_at)]
    InboxEntry.objects.filter(pk__in=[each.pk for each in answered]).delete()
    return len(answered) < len(open_bells)


def _is_answered(bell: InboxEntry, changed_at: dict[tuple[str, str], datetime | None]) -> bool:
    if bell.occurred_at is None or bell.merged_from:
        return False
    whole_second = bell.occurred_at.replace(microsecond=0)
    told = changed_at.get((bell.entity, bell.remote_id))
    seen = bell.link.remote_changed_at if bell.link else None
    return any(time is not None and time >= whole_second for time in (told, seen))


# -- reading by id -------------------------------------------------------------------------------


def has_unanswered(now: datetime) -> Q:
    """Which inbox rows have waited for the feed long enough: their record is read by its id."""
    return Q(needs_read=True, made_at__lte=now - GIVE_UP_ON_FEED_AFTER)


def unanswered(connection: Connection, *, now: datetime) -> list[InboxEntry]:
    """Bells whose record has to be read by its id: the feed did not tell of it in time."""
    at_once = Q(source=InboxEntry.Source.LISTING) | ~Q(merged_from="")
    waiting = list(
        InboxEntry.objects.filter(has_unanswered(now) | at_once, needs_read=True)
        .filter(connection=connection)
        .select_related("link")
        .order_by("pk")[:100]
    )
    # Such as the echoes of our own writes: their answers told what the bell is about.
    answered = [each.pk for each in waiting if _is_answered(each, {})]
    InboxEntry.objects.filter(pk__in=answered).delete()
    return [each for each in waiting if each.pk not in answered]


def read_by_id(
    connection: Connection,
    bells: Sequence[InboxEntry],
    *,
    books: Books,
    lease: leases.Held,
    now: datetime,
) -> None:
    """Read what these bells are about, all in one call, and answer them."""
    for entity in {each.entity for each in bells}:
        mine = [each for each in bells if each.entity == entity]
        fetched = books.fetch(entity, sorted({each.remote_id for each in mine}))
        with transaction.atomic():
            leases.check(lease)
            found = [each.snapshot for each in fetched.values() if isinstance(each, Present)]
            snapshots.remember(connection, found, now=now)
            unsure = [each for each in mine if not _is_evidence(each, fetched, now=now)]
            _ask_again(connection, unsure, now=now)
            sure = [each for each in mine if each not in unsure]
            for each in sure:
                if isinstance(fetched[each.remote_id], Gone):
                    note_gone(connection, entity, each.remote_id, now=now)
            answered = [each for each in sure if not _is_late(each, fetched, now=now)]
            InboxEntry.objects.filter(pk__in=[each.pk for each in answered]).update(
                needs_read=False
            )
            woken = [each.link_id for each in answered if each.link_id is not None]
            pairs.wake(Link.objects.filter(pk__in=woken), now=now)


def _is_evidence(bell: InboxEntry, fetched: Mapping[str, Fetched], *, now: datetime) -> bool:
    """Whether the answer says anything: "not found" does not of what changed a moment ago."""
    found = fetched[bell.remote_id]
    if isinstance(found, NotKnown):
        return False
    is_new = bell.occurred_at is not None and now - bell.occurred_at < OVERLAP
    may_lag = is_new or (bell.link is not None and changed_lately(bell.link, now=now))
    return not (isinstance(found, Gone) and may_lag)


def changed_lately(link: Link, *, now: datetime) -> bool:
    """Whether its record changed so lately that a read which lags could not show it yet."""
    return link.remote_changed_at is not None and now - link.remote_changed_at < OVERLAP


def _ask_again(connection: Connection, bells: Sequence[InboxEntry], *, now: datetime) -> None:
    """Read them by id once more when no read can lag behind them any longer."""
    if not bells:
        return
    at = now + OVERLAP
    InboxEntry.objects.filter(pk__in=[each.pk for each in bells]).update(
        source=InboxEntry.Source.WEBHOOK,
        merged_from="",
        occurred_at=Coalesce("occurred_at", now),
        made_at=at - GIVE_UP_ON_FEED_AFTER,
    )
    want(connection, at=at)


def _is_late(bell: InboxEntry, fetched: Mapping[str, Fetched], *, now: datetime) -> bool:
    """Whether the answer is older than what the bell tells of: reads may lag too."""
    found = fetched.get(bell.remote_id)
    if bell.occurred_at is None or not isinstance(found, Present):
        return False
    changed_at = found.snapshot.changed_at
    is_old = changed_at is not None and changed_at < bell.occurred_at.replace(microsecond=0)
    return is_old and now - bell.made_at < GIVE_UP_ON_READS_AFTER


def note_gone(connection: Connection, entity: str, remote_id: str, *, now: datetime) -> None:
    """
    The feed named it as deleted, or a direct read said: not found.

    An invoice or payment is deleted, then: that is its life, and the next look merges it like any
    other edit. Of a customer or item it means that it was merged into another.
    """
    link = (
        Link.objects.select_for_update()
        .filter(connection=connection, entity=entity, remote_id=remote_id)
        .exclude(state__in=pairs.HIDDEN)
        .first()
    )
    if link is None:
        return
    if link.local_id is None:
        links.drop_unseen(link, now=now)
        return
    links.drop_intent(link)
    if ENTITIES[entity].is_transaction:
        link.seen = {**link.seen, "life": Life.DELETED}
        link.remote_changed_at = None
        link.save(update_fields=["seen", "remote_changed_at"])
        pairs.wake(Link.objects.filter(pk=link.pk), now=now)
        return
    link.state, link.wake_at, link.rests = Link.State.MERGED, None, Link.Rests.ISSUE
    link.save()
    issues.open_merged(link, now=now)


def _note_removed(connection: Connection, removed: Removed, *, now: datetime) -> None:
    note_gone(connection, removed.entity, removed.remote_id, now=now)


@transaction.atomic
def follow_merges(connection: Connection, *, now: datetime) -> None:
    """Move the links of customers that were merged there, before their bells become pairs."""
    merges = InboxEntry.objects.filter(connection=connection, link=None).exclude(merged_from="")
    for bell in merges:
        waits = links.follow_merge(
            connection, bell.entity, gone=bell.merged_from, into=bell.remote_id, now=now
        )
        if waits is not None:
            issues.open_merged(waits, now=now)


# -- everything ----------------------------------------------------------------------------------


def followed(connection: Connection) -> list[str]:
    """The entities that are read: those that sync, or are being set up."""
    has_billing = connection.billing_started_at is not None
    return entities_of(connection.profile, with_billing=has_billing)


def _begin_listing(connection: Connection, cursor: Cursor, *, now: datetime) -> None:
    """The feed cannot tell all: list every entity in full, then go on from before it began."""
    cursor.listing = {"entity": followed(connection)[0], "position": 1, "since": None, "told": 0}
    cursor.wanted_at = now
    cursor.save(update_fields=["listing", "wanted_at"])


def _list_on(
    connection: Connection, cursor: Cursor, *, books: Books, lease: leases.Held, now: datetime
) -> int:
    """One page of the full listing. What it does not show is not gone: it proves nothing."""
    listing = dict(cursor.listing or {})
    page = books.list(listing["entity"], which="all", position=listing["position"], size=PAGE)
    with transaction.atomic():
        leases.check(lease)
        news = take_in(connection, page.snapshots, source=InboxEntry.Source.LISTING, now=now)
        listing["since"] = listing["since"] or page.read_at.isoformat()
        listing["told"] += len(page.snapshots)
        entities = followed(connection)
        place = entities.index(listing["entity"])
        if page.next_position is not None:
            listing["position"] = page.next_position - OVERLAP_ROWS
        elif place + 1 < len(entities):
            listing |= {"entity": entities[place + 1], "position": 1}
        else:
            _end_listing(connection, cursor, listing, now=now)
            cursor.save()
            return news
        cursor.listing = listing
        cursor.wanted_at = now
        cursor.save()
    return news


def _end_listing(
    connection: Connection, cursor: Cursor, listing: dict[str, object], *, now: datetime
) -> None:
    has_links = Link.objects.filter(connection=connection, state=Link.State.LINKED).exists()
    if listing["told"] == 0 and has_links and not brake.is_confirmed(connection, now=now):
        raise brake.Held(
            "QuickBooks answered that the company holds no records at all, where there were some. "
            "Nothing is copied until you looked."
        )
    since = datetime.fromisoformat(str(listing["since"]))
    cursor.value = max(cursor.value or since, since)
    cursor.listing = None
    cursor.read_at = now
    cursor.wanted_at = now + WITHOUT_WEBHOOKS
