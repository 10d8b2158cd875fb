"""
The Syncs of set-up: turn the decisions of a run into links, and tell when they are worked off.

Nothing is sent from here. The links are due; the engine plans each pair afresh from the stored
rows and does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django_q.tasks import async_task

from firms.models import SyncMark, SyncState
from firms.permissions import Actor, Permission
from integrations import doorbell
from integrations.entities import CONTACT, ENTITIES
from integrations.models import Connection, ImportedRecord, Issue, Link, MatchProposal, Setup
from integrations.sync import activity, brake, rule_changes, short_lists
from integrations.sync.rules import lists_of
from integrations.wizard import dry_run, importing, ledger, pairing
from integrations.wizard.answers import Answers
from integrations.wizard.errors import SetupError
from integrations.wizard.progress import unseen_lists

List = MatchProposal.List
Decision = MatchProposal.Decision
BATCH = 2000


class NotReady(SetupError):
    """Something has to be done first; the sentence says what."""


class AlreadyConfirmed(SetupError):
    """Somebody pressed Sync already; it runs."""


class ShownDiffers(SetupError):
    """What would happen now is not what the person was shown."""


def confirm(*, actor: Actor, setup: Setup, shown: str, now: datetime) -> None:
    """
    Begin the sync of contacts that a person was shown in numbers (`shown`: that dry run's digest).

    Raises:
        NotReady, AlreadyConfirmed, ShownDiffers: nothing was changed.
    """
    _repeat(lambda: _confirm(actor, setup, shown, now), actor, setup)


def confirm_services(
    *, actor: Actor, setup: Setup, shown: str, answers: Answers, now: datetime
) -> None:
    """
    Begin the sync of service items, invoices and payments that a person was shown in numbers.

    Raises:
        NotReady, AlreadyConfirmed, ShownDiffers: nothing was changed.
    """
    _repeat(lambda: _confirm_services(actor, setup, shown, answers, now), actor, setup)


def _repeat(work: Callable[[], None], actor: Actor, setup: Setup) -> None:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=setup.connection.firm_id)
    for tries_left in (2, 1, 0):
        try:
            with transaction.atomic():
                work()
                return
        except IntegrityError:  # a bell made a pair meanwhile: look again
            if not tries_left:
                raise


def _confirm(actor: Actor, setup: Setup, shown: str, now: datetime) -> None:
    run = _lock(setup)
    _check_ready(run)
    planned = dry_run.plan(run, run.entity)
    if planned.digest != shown:
        raise ShownDiffers(DIFFERS)
    total = _make_links(run, run.entity, now)
    Connection.objects.filter(pk=run.connection_id).update(contacts_synced_at=now)
    _begin(run, actor, now, "Sync contacts was started", {**asdict(planned), "total": total})


def _confirm_services(
    actor: Actor, setup: Setup, shown: str, answers: Answers, now: datetime
) -> None:
    run = _lock(setup)
    _check_ready(run)
    account = _income_account(run.connection, answers.income_account)
    ledger.refresh(run, now=now)
    planned = dry_run.plan_services(run, answers)
    if planned.digest != shown:
        raise ShownDiffers(DIFFERS)
    short_lists.create_missing_rates(
        actor=Actor.for_sync(firm_id=run.firm_id), connection=run.connection, now=now
    )
    ledger.decide(run, answers.choice)
    total = sum(
        _make_links(run, entity, now, answers.choice)
        for entity in (run.entity, *ledger.ENTITIES_OF_LEDGER)
    )
    Connection.objects.filter(pk=run.connection_id).update(
        billing_started_at=run.connection.billing_started_at or now,
        billing_synced_at=now,
        go_live_on=answers.since,
        defaults={**run.connection.defaults, "income_account": account},
    )
    rule_changes.look_at_what_waits_for_rules(run.connection, now)
    promised = {
        "link": planned.items.link + planned.invoices.link.number + planned.payments.link.number,
        "create_here": planned.items.create_here
        + planned.invoices.create_here.number
        + planned.payments.create_here.number,
        "create_there": planned.items.create_there
        + planned.invoices.create_there.number
        + planned.payments.create_there.number,
        "total": total,
    }
    _begin(run, actor, now, "Sync service items was started", promised)


DIFFERS = "The lists changed since these numbers were worked out. Look again."


def _lock(setup: Setup) -> Setup:
    locked = Setup.objects.select_for_update(of=("self",)).select_related("connection")
    return locked.get(pk=setup.pk)


def _begin(run: Setup, actor: Actor, now: datetime, title: str, promised: dict[str, int]) -> None:
    """Note who pressed it, and have the links worked on."""
    run.confirmed_at, run.confirmed_by_id = now, actor.user_id
    run.promised = promised
    run.save(update_fields=["confirmed_at", "confirmed_by", "promised"])
    activity.note_connection(run.connection, now=now, title=title, cause=actor.label)
    if promised["total"]:
        transaction.on_commit(lambda: doorbell.ring(run.connection_id))
    else:
        note_finished(run.connection, now)


def _check_ready(run: Setup) -> None:
    if run.confirmed_at is not None:
        raise AlreadyConfirmed("The sync was started already.")
    if run.import_state != Setup.Import.DONE:
        raise NotReady("QuickBooks is still being read.")
    unseen = [List(name).label for name in unseen_lists(run)]
    if unseen:
        raise NotReady(f"Check {' and '.join(unseen)} before syncing.")
    if not run.connection.is_connected:
        raise NotReady("QuickBooks is disconnected. Reconnect first; your decisions are kept.")


def _income_account(connection: Connection, account_id: str) -> dict[str, str]:
    """One of this company's own."""
    for each in lists_of(connection, "income_accounts"):
        if str(each["id"]) == account_id:
            return {"id": account_id, "label": str(each["label"])}
    raise NotReady("Choose an income account of this QuickBooks company.")


# -- links ---------------------------------------------------------------------------------------


@dataclass
class _Known:
    """Today's pairs that stay, by the ids they hold."""

    ours: set[int]
    theirs: set[str]

    def holds(self, local_id: int | None, remote_id: str) -> bool:
        return local_id in self.ours or (remote_id in self.theirs)


def _make_links(run: Setup, entity: str, now: datetime, choice: ledger.Choice | None = None) -> int:
    """
    One link a row, in bulk; return how many are to be worked off.

    Args:
        choice: of invoices and payments, whose rows are of today: there are no newcomers.
    """
    connection = run.connection
    is_ledger = entity in ledger.ENTITIES_OF_LEDGER
    found = MatchProposal.objects.filter(setup=run, entity=entity).exclude(list=List.TAKEN)
    rows = list(found)
    if not is_ledger:
        _part_former(run, rows, now)
    mine = Link.objects.filter(connection=connection, entity=entity)
    undecided = mine.filter(state__in=[Link.State.UNDECIDED, Link.State.LEFT_OUT])
    undecided.filter(intent__isnull=True).delete()
    known = _known(mine.exclude(state=Link.State.FORMER))
    _look_at_news(mine.filter(state=Link.State.LINKED), connection, entity, now)
    fresh = [row for row in rows if not known.holds(row.local_id, row.remote_id)]
    links = [_link(run, row, now) for row in fresh]
    if is_ledger and choice is not None:
        _hold_back(run, list(zip(fresh, links, strict=True)), choice, now)
    elif not is_ledger:
        links += _newcomers(run, rows, known, now)
    Link.objects.bulk_create(links, batch_size=BATCH)
    _mark(links, now)
    return sum(link.wake_at is not None for link in links)


def _hold_back(
    run: Setup,
    made: Sequence[tuple[MatchProposal, Link]],
    choice: ledger.Choice,
    now: datetime,
) -> None:
    """What only its contact keeps out waits for that one's pair, and comes in with it."""
    held = [(row, link) for row, link in made if row.is_held and choice.would_take(row)]
    if not held:
        return
    contacts: dict[tuple[str, str], Link] = {}
    known = Link.objects.filter(connection=run.connection, entity=CONTACT.key)
    for each in known.exclude(state=Link.State.FORMER):
        if each.local_id is not None:
            contacts["ours", str(each.local_id)] = each
        if each.remote_id is not None:
            contacts["theirs", each.remote_id] = each
    for row, link in held:
        contact = contacts.get(_side_of(row))
        if contact is None:
            contact = _left_out_contact(run, row, now)
            contacts[_side_of(row)] = contact
        link.blocked_on, link.rests = contact, Link.Rests.DEPENDENCY
        if contact.state == Link.State.LINKED:  # it was matched since the rows were made
            link.state, link.rests, link.blocked_on = Link.State.UNDECIDED, "", None
            link.wake_at, link.may_create = now, True


def _side_of(row: MatchProposal) -> tuple[str, str]:
    if row.local_id is not None:
        return "ours", str(row.local_told.get("contact"))
    return "theirs", str(row.remote_told.get("contact"))


def _left_out_contact(run: Setup, row: MatchProposal, now: datetime) -> Link:
    """A customer that was outside the filter, or a contact made since: its invoices name it."""
    side, key = _side_of(row)
    return Link.objects.create(
        connection=run.connection,
        firm_id=run.firm_id,
        entity=CONTACT.key,
        local_id=int(key) if side == "ours" else None,
        remote_id=key if side == "theirs" else None,
        remote_label=f"Customer {key} of QuickBooks" if side == "theirs" else "",
        state=Link.State.LEFT_OUT,
        lane=Link.Lane.BULK,
        made_at=now,
    )


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
        brake.grant(link, pairing.loses(row.plan or pairing.NOTHING))
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
        entity=run.entity,
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


def _look_at_news(
    linked: QuerySet[Link], connection: Connection, entity: str, now: datetime
) -> None:
    """
    What the import told of pairs of before: newer versions are looked at, the rest is known.

    Looked at is also what was seen there and not taken in, while all went there only.
    """
    versions = {link.remote_id: (link.pk, link.remote_version or -1) for link in linked}
    told = ImportedRecord.objects.filter(
        connection=connection, entity=entity, remote_id__in=list(versions)
    ).values_list("pk", "remote_id", "version")
    old, newer = [], []
    for pk, remote_id, version in told:
        link_id, seen = versions[remote_id]
        if version > seen:
            newer.append(link_id)
        else:
            old.append(pk)
    ImportedRecord.objects.filter(pk__in=old).delete()
    news = linked.filter(Q(pk__in=newer) | ~Q(seen={}), wake_at=None, rests="")
    news.update(wake_at=now, lane=Link.Lane.BULK)


def _newcomers(run: Setup, rows: list[MatchProposal], known: _Known, now: datetime) -> list[Link]:
    """Records that came up after the lists were made: nobody decided on them, so left out."""
    assert run.matched_at is not None
    ours = {row.local_id for row in rows} | known.ours
    theirs = {row.remote_id for row in rows} | known.theirs
    store = ENTITIES[run.entity].store
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
            connection=run.connection, entity=run.entity, read_at__gt=run.matched_at
        ).defer("raw")
        if imported.remote_id not in theirs
    ]
    for link in links:
        link.connection, link.firm_id, link.entity = run.connection, run.firm_id, run.entity
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
    mine = Link.objects.filter(
        connection_id=setup.connection_id, entity__in=importing.entities_of(setup)
    )
    total = int(setup.promised.get("total", 0))
    return SyncProgress(
        total=total,
        waiting=min(total, mine.filter(wake_at__isnull=False).count()),
        needs_you=mine.exclude(rests="").count(),
    )


def note_finished(connection: Connection, now: datetime) -> bool:
    """
    Note that the run's links are worked off, once none waits any more. Called after each drain.

    Returns: whether this call was one that noted it.
    """
    runs = Setup.objects.filter(
        connection_id=connection.pk,
        is_current=True,
        confirmed_at__isnull=False,
        worked_off_at=None,
    ).select_related("connection")
    noted = [_note_finished(run, now) for run in runs]
    return any(noted)


def _note_finished(run: Setup, now: datetime) -> bool:
    waits = Link.objects.filter(
        connection_id=run.connection_id,
        entity__in=importing.entities_of(run),
        wake_at__isnull=False,
    )
    unfinished = Setup.objects.filter(pk=run.pk, worked_off_at=None)
    if waits.exists() or not unfinished.update(worked_off_at=now):
        return False
    transaction.on_commit(lambda: async_task("integrations.tasks.report_setup", run.pk))
    return True
