"""
Sync contacts: turns the decisions of a run into links, and tells when they are worked off.

Nothing is sent from here. The links are due; the engine plans each pair afresh from the stored
rows and does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from firms.models import SyncMark, SyncState
from firms.permissions import Actor, Permission
from integrations import doorbell
from integrations.entities import CONTACT, ENTITIES
from integrations.models import Connection, ImportedRecord, Issue, Link, MatchProposal, Setup
from integrations.sync import activity
from integrations.wizard import dry_run
from integrations.wizard.errors import SetupError
from integrations.wizard.progress import unseen_lists

List = MatchProposal.List
Decision = MatchProposal.Decision
BATCH = 2000
ENTITY = CONTACT.key


class NotReady(SetupError):
    """Something has to be done first; the sentence says what."""


class AlreadyConfirmed(SetupError):
    """Somebody pressed Sync contacts already; it runs."""


class ShownDiffers(SetupError):
    """What would happen now is not what the person was shown."""


def confirm(*, actor: Actor, setup: Setup, shown: str, now: datetime) -> None:
    """
    Begin the sync that a person was shown in numbers (`shown`: the digest of that dry run).

    Raises:
        NotReady, AlreadyConfirmed, ShownDiffers: nothing was changed.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=setup.connection.firm_id)
    for tries_left in (2, 1, 0):
        try:
            with transaction.atomic():
                _confirm(actor, setup, shown, now)
                return
        except IntegrityError:  # a bell made a pair meanwhile: look again
            if not tries_left:
                raise


def _confirm(actor: Actor, setup: Setup, shown: str, now: datetime) -> None:
    locked = Setup.objects.select_for_update(of=("self",)).select_related("connection")
    run = locked.get(pk=setup.pk)
    _check_ready(run)
    planned = dry_run.plan(run, ENTITY)
    if planned.digest != shown:
        raise ShownDiffers("The lists changed since these numbers were worked out. Look again.")
    total = _make_links(run, now)
    Connection.objects.filter(pk=run.connection_id).update(contacts_synced_at=now)
    run.contacts_confirmed_at, run.contacts_confirmed_by_id = now, actor.user_id
    run.contacts_counts = {**asdict(planned), "total": total}
    run.save(update_fields=["contacts_confirmed_at", "contacts_confirmed_by", "contacts_counts"])
    activity.note_connection(
        run.connection, now=now, title="Sync contacts was started", cause=actor.label
    )
    if total:
        transaction.on_commit(lambda: doorbell.ring(run.connection_id))
    else:
        note_finished(run.connection, now)


def _check_ready(run: Setup) -> None:
    if run.contacts_confirmed_at is not None:
        raise AlreadyConfirmed("The contacts are being synced already.")
    if run.import_state != Setup.Import.DONE:
        raise NotReady("Contacts are still being read.")
    unseen = [List(name).label for name in unseen_lists(run)]
    if unseen:
        raise NotReady(f"Check {' and '.join(unseen)} before syncing.")
    if not run.connection.is_connected:
        raise NotReady("QuickBooks is disconnected. Reconnect first; your decisions are kept.")


# -- links ---------------------------------------------------------------------------------------


@dataclass
class _Known:
    """Today's pairs that stay, by the ids they hold."""

    ours: set[int]
    theirs: set[str]

    def holds(self, local_id: int | None, remote_id: str) -> bool:
        return local_id in self.ours or (remote_id in self.theirs)


def _make_links(run: Setup, now: datetime) -> int:
    """One link a row, in bulk; return how many are to be worked off."""
    connection = run.connection
    rows = list(MatchProposal.objects.filter(setup=run, entity=ENTITY).exclude(list=List.TAKEN))
    _part_former(run, rows, now)
    mine = Link.objects.filter(connection=connection, entity=ENTITY)
    undecided = mine.filter(state__in=[Link.State.UNDECIDED, Link.State.LEFT_OUT])
    undecided.filter(intent__isnull=True).delete()
    known = _known(mine.exclude(state=Link.State.FORMER))
    _look_at_news(mine.filter(state=Link.State.LINKED), connection, now)
    links = [_link(run, row, now) for row in rows if not known.holds(row.local_id, row.remote_id)]
    links += _newcomers(run, rows, known, now)
    Link.objects.bulk_create(links, batch_size=BATCH)
    _mark(links, now)
    return sum(link.wake_at is not None for link in links)


def _known(links: Iterable[Link]) -> _Known:
    found = _Known(set(), set())
    for link in links:
        if link.local_id is not None:
            found.ours.add(link.local_id)
        if link.remote_id is not None and link.state != Link.State.MERGED:
            found.theirs.add(link.remote_id)
    return found


def _link(run: Setup, row: MatchProposal, now: datetime) -> Link:
    link = Link(
        connection=run.connection,
        firm_id=run.firm_id,
        entity=row.entity,
        local_id=row.local_id,
        remote_id=row.remote_id or None,
        label=row.local_label or row.remote_label,
        remote_label=row.remote_label,
        state=Link.State.LEFT_OUT,
        lane=Link.Lane.BULK,
        made_at=now,
    )
    if row.decision == Decision.LINK:
        link.state, link.wake_at = Link.State.LINKED, now
    elif row.decision in (Decision.CREATE_HERE, Decision.CREATE_THERE):
        link.state, link.wake_at, link.may_create = Link.State.UNDECIDED, now, True
    return link


def _part_former(run: Setup, rows: list[MatchProposal], now: datetime) -> None:
    """Pairs of before that a person took apart in this run are remembered as former."""
    standing: dict[int | None, str | None] = {
        row.local_id: row.remote_id for row in rows if row.local_id is not None
    }
    linked = Link.objects.filter(
        connection=run.connection,
        entity=ENTITY,
        state=Link.State.LINKED,
        made_at__lt=run.matched_at,  # those made since are somebody's newer word
    ).values_list("pk", "local_id", "remote_id")
    parted = [
        pk for pk, local_id, remote_id in linked if standing.get(local_id, remote_id) != remote_id
    ]
    Link.objects.filter(pk__in=parted).update(state=Link.State.FORMER, wake_at=None, rests="")
    Issue.objects.filter(link_id__in=parted, state=Issue.State.OPEN).update(
        state=Issue.State.RESOLVED, closed_at=now, closing_note="Unmatched"
    )


def _look_at_news(linked: Iterable[Link], connection: Connection, now: datetime) -> None:
    """What the import told of pairs of before: newer versions are looked at, the rest is known."""
    versions = {link.remote_id: (link.pk, link.remote_version or -1) for link in linked}
    told = ImportedRecord.objects.filter(
        connection=connection, entity=ENTITY, remote_id__in=list(versions)
    ).values_list("pk", "remote_id", "version")
    old, newer = [], []
    for pk, remote_id, version in told:
        link_id, seen = versions[remote_id]
        if version > seen:
            newer.append(link_id)
        else:
            old.append(pk)
    ImportedRecord.objects.filter(pk__in=old).delete()
    Link.objects.filter(pk__in=newer, wake_at=None, rests="").update(
        wake_at=now, lane=Link.Lane.BULK
    )


def _newcomers(run: Setup, rows: list[MatchProposal], known: _Known, now: datetime) -> list[Link]:
    """Records that came up after the lists were made: nobody decided on them, so left out."""
    assert run.matched_at is not None
    ours = {row.local_id for row in rows} | known.ours
    theirs = {row.remote_id for row in rows} | known.theirs
    store = ENTITIES[ENTITY].store
    fresh = [
        each
        for each in store.changed_since(firm_id=run.firm_id, since=run.matched_at)
        if each not in ours
    ]
    links = [
        Link(local_id=local.local_id, label=local.label[:600])
        for local in store.read_many(firm_id=run.firm_id, local_ids=fresh)
    ]
    links += [
        Link(remote_id=imported.remote_id, label=imported.label, remote_label=imported.label)
        for imported in ImportedRecord.objects.filter(
            connection=run.connection, entity=ENTITY, read_at__gt=run.matched_at
        ).defer("raw")
        if imported.remote_id not in theirs
    ]
    for link in links:
        link.connection, link.firm_id, link.entity = run.connection, run.firm_id, ENTITY
        link.state, link.lane, link.made_at = Link.State.LEFT_OUT, Link.Lane.BULK, now
    return links


def _mark(links: list[Link], now: datetime) -> None:
    """Show on our records how they stand."""
    SyncMark.objects.bulk_create(
        [
            SyncMark(
                firm_id=link.firm_id,
                entity=link.entity,
                local_id=link.local_id,
                state=SyncState.QUEUED if link.wake_at else SyncState.NOT_SYNCED,
                remote_label=link.remote_label,
                changed_at=now,
            )
            for link in links
            if link.local_id is not None
        ],
        update_conflicts=True,
        unique_fields=["firm", "entity", "local_id"],
        update_fields=["state", "remote_label", "changed_at"],
        batch_size=BATCH,
    )


# -- while it runs -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SyncProgress:
    total: int
    waiting: int
    needs_you: int

    @property
    def done(self) -> int:
        return max(0, self.total - self.waiting)

    @property
    def share(self) -> float:
        return round(self.done / self.total, 3) if self.total else 1


def sync_progress(setup: Setup) -> SyncProgress:
    """How far the links of the run are worked off. Two counts."""
    mine = Link.objects.filter(connection_id=setup.connection_id, entity=ENTITY)
    total = int(setup.contacts_counts.get("total", 0))
    return SyncProgress(
        total=total,
        waiting=min(total, mine.filter(wake_at__isnull=False).count()),
        needs_you=mine.exclude(rests="").count(),
    )


def note_finished(connection: Connection, now: datetime) -> bool:
    """
    Note that the run's links are worked off, once none waits any more. Called after each drain.

    Returns: whether this call was the one that noted it.
    """
    runs = Setup.objects.filter(
        connection_id=connection.pk,
        is_current=True,
        contacts_confirmed_at__isnull=False,
        contacts_finished_at=None,
    )
    setup_id = runs.values_list("pk", flat=True).first()
    if setup_id is None:
        return False
    waits = Link.objects.filter(connection_id=connection.pk, entity=ENTITY, wake_at__isnull=False)
    if waits.exists() or not runs.update(contacts_finished_at=now):
        return False
    transaction.on_commit(lambda: async_task("integrations.tasks.report_contacts", setup_id))
    return True
