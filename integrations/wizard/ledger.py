"""
Invoices and payments in the second half of set-up: which are one, and which come in.

Each has a row like a list's: Matched where both sides hold the same one, Unmatched (ours) or New
(theirs) where only one side does. Which of those sync follows from two answers, held against
columns of the row: see `Choice`. Of the older ones a person may say otherwise, one by one
(wizard/older.py); `decided_at` says that somebody did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from integrations.entities import ENTITIES, Local
from integrations.entities.base import id_of_theirs
from integrations.entities.contact import fold
from integrations.models import ImportedRecord, Link, MatchProposal, Setup
from integrations.providers import get_provider
from integrations.providers.base import Snapshot
from integrations.reconcile.record import Life, Ref
from integrations.wizard import pairing

List = MatchProposal.List
Decision = MatchProposal.Decision
INVOICE, PAYMENT = "invoice", "payment"
ENTITIES_OF_LEDGER = (INVOICE, PAYMENT)
SAME_PAYMENT = timedelta(days=10)
ZERO = Decimal(0)


# -- what is known of one ------------------------------------------------------------------------


@dataclass(kw_only=True)
class _One:
    """An invoice or payment of either side, as far as matching needs it."""

    local_id: int | None = None
    imported_id: int | None = None
    remote_id: str = ""
    label: str
    number: str = ""  # folded
    contact: str  # the id of whose it is, on its own side
    contact_id: int | None  # our contact, if that one syncs
    amount: Decimal
    dated_on: date
    is_open: bool = False
    pays: tuple[str, ...] = ()  # ids of invoices, on its own side
    items: tuple[str, ...] = ()  # of ours: ids of the service items on its lines


@dataclass(kw_only=True)
class _Sides:
    """Everything that could come in, of one entity."""

    ours: dict[int, _One] = field(default_factory=dict)
    theirs: dict[str, _One] = field(default_factory=dict)
    pairs: dict[int, str] = field(default_factory=dict)  # our id -> theirs
    linked: set[int] = field(default_factory=set)  # of those: from before this run


def propose(setup: Setup) -> None:
    """Make the rows of both entities anew, in the transaction of the caller, who saves `counts`."""
    contacts = pairing.partners_of_links(setup, "contact")
    setup.counts = {**setup.counts, "ledger_contacts": len(contacts)}
    decided = list(rows_of(setup, INVOICE).filter(decided_at__isnull=False))
    invoices = _read(setup, INVOICE, contacts)
    _pair_linked(setup, INVOICE, invoices)
    _pair_decided(decided, invoices)
    _pair_invoices(invoices)
    payments = _read(setup, PAYMENT, contacts)
    _pair_linked(setup, PAYMENT, payments)
    _pair_payments(payments, invoices)
    partners = {
        "contact": contacts,
        "service_item": pairing.partners_of(setup, "service_item"),
        INVOICE: {remote_id: local_id for local_id, remote_id in invoices.pairs.items()},
    }
    made = {INVOICE: list(_rows(setup, INVOICE, invoices))}
    _keep_decided(decided, made[INVOICE])
    made[PAYMENT] = list(_rows(setup, PAYMENT, payments))
    follow_invoices(made[PAYMENT], made[INVOICE])
    for entity, rows in made.items():
        fresh = [row for row in rows if row.list == List.MATCHED and not row.is_linked]
        pairing.work_out(setup, entity, fresh, partners)
        MatchProposal.objects.filter(setup=setup, entity=entity).delete()
        MatchProposal.objects.bulk_create(rows, batch_size=2000)


def _read(setup: Setup, entity: str, contacts: Mapping[str, int]) -> _Sides:
    """Void ones, drafts and payments of nothing are no part of it."""
    sides = _Sides()
    ours = set(contacts.values())
    for local in ENTITIES[entity].store.read_all(firm_id=setup.firm_id):
        if local.is_ready and local.record.life is Life.LIVE:
            sides.ours[local.local_id] = _of_ours(local, ours)
    provider = get_provider(setup.connection.provider)
    rows = ImportedRecord.objects.filter(connection_id=setup.connection_id, entity=entity)
    for pk, raw in rows.values_list("pk", "raw").iterator(chunk_size=1000):
        snapshot = provider.read_stored(entity, raw)
        if snapshot.record.life is Life.LIVE and not snapshot.is_foreign:
            sides.theirs[snapshot.remote_id] = _of_theirs(pk, snapshot, contacts)
    return sides


def _of_ours(local: Local, linked: set[int]) -> _One:
    values = local.record.values()
    contact_id = values.get("contact")
    return _One(
        local_id=local.local_id,
        label=local.label,
        number=fold(str(values.get("number") or "")),
        contact=str(contact_id),
        contact_id=contact_id if contact_id in linked else None,
        amount=local.amount or ZERO,
        dated_on=date.fromisoformat(values.get("issued_on") or values["received_on"]),
        pays=_paid(values.get("parts") or ()),
        items=tuple({str(each["item"]) for each in values.get("lines") or () if each.get("item")}),
    )


def _of_theirs(pk: int, snapshot: Snapshot, contacts: Mapping[str, int]) -> _One:
    values = snapshot.record.values()
    contact = values.get("contact")
    remote_id = contact.remote_id if isinstance(contact, Ref) else ""
    return _One(
        imported_id=pk,
        remote_id=snapshot.remote_id,
        label=snapshot.label,
        number=fold(str(values.get("number") or "")),
        contact=remote_id,
        contact_id=contacts.get(remote_id),
        amount=snapshot.amount or ZERO,
        dated_on=snapshot.dated_on or date.min,
        is_open=Decimal(snapshot.facts.get("balance") or 0) > 0,
        pays=_paid(values.get("parts") or ()),
    )


def _paid(parts: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Ids of the invoices that a payment's parts go to, on its own side."""
    found = []
    for part in parts:
        paid = part.get("invoice")
        if isinstance(paid, Ref):
            found.append(paid.remote_id)
        elif paid is not None and id_of_theirs(paid) is None:
            found.append(str(paid))
    return tuple(found)


# -- which are one -------------------------------------------------------------------------------


def _pair_linked(setup: Setup, entity: str, sides: _Sides) -> None:
    """Pairs from before this run stay."""
    links = Link.objects.filter(
        connection_id=setup.connection_id, entity=entity, state=Link.State.LINKED
    )
    for local_id, remote_id in links.values_list("local_id", "remote_id"):
        if local_id is not None and remote_id:
            sides.pairs[local_id] = remote_id
            sides.linked.add(local_id)


def _pair_decided(decided: Iterable[MatchProposal], sides: _Sides) -> None:
    """What a person linked in this run, if both are still there and free."""
    taken = set(sides.pairs.values())
    for row in decided:
        if row.list != List.MATCHED or row.local_id not in sides.ours:
            continue
        is_there = row.remote_id in sides.theirs and row.remote_id not in taken
        if is_there and row.local_id not in sides.pairs:
            sides.pairs[row.local_id] = row.remote_id


def _pair_invoices(sides: _Sides) -> None:
    """The same number, contact and total; where several agree, none is taken for another."""
    keys: dict[tuple[str, int, Decimal], tuple[list[int], list[str]]] = {}
    for local_id, mine in sides.ours.items():
        if local_id not in sides.pairs and mine.number and mine.contact_id is not None:
            key = (mine.number, mine.contact_id, mine.amount)
            keys.setdefault(key, ([], []))[0].append(local_id)
    taken = set(sides.pairs.values())
    for remote_id, other in sides.theirs.items():
        if remote_id not in taken and other.number and other.contact_id is not None:
            key = (other.number, other.contact_id, other.amount)
            keys.setdefault(key, ([], []))[1].append(remote_id)
    for ours, theirs in keys.values():
        if len(ours) == 1 and len(theirs) == 1:
            sides.pairs[ours[0]] = theirs[0]


def _pair_payments(sides: _Sides, invoices: _Sides) -> None:
    """The same amount for an invoice that is a pair, at most ten days apart; the nearest first."""
    taken = set(sides.pairs.values())
    by_invoice: dict[str, list[_One]] = {}
    for remote_id, other in sides.theirs.items():
        if remote_id not in taken:
            for paid in other.pays:
                by_invoice.setdefault(paid, []).append(other)
    near: set[tuple[timedelta, int, str]] = set()
    for local_id, mine in sides.ours.items():
        if local_id in sides.pairs:
            continue
        for paid in mine.pays:
            for other in by_invoice.get(invoices.pairs.get(int(paid), ""), []):
                apart = abs(other.dated_on - mine.dated_on)
                if other.amount == mine.amount and apart <= SAME_PAYMENT:
                    near.add((apart, local_id, other.remote_id))
    for _, local_id, remote_id in sorted(near):
        if local_id not in sides.pairs and remote_id not in taken:
            sides.pairs[local_id] = remote_id
            taken.add(remote_id)


# -- the rows ------------------------------------------------------------------------------------


def _rows(setup: Setup, entity: str, sides: _Sides) -> Iterator[MatchProposal]:
    for local_id, remote_id in sides.pairs.items():
        ours, theirs = sides.ours.get(local_id), sides.theirs.get(remote_id)
        one = ours or theirs
        if one is None:  # both are void or gone by now: the link says all
            continue
        row = _row(setup, entity, one, List.MATCHED)
        row.local_id, row.remote_id = local_id, remote_id
        row.imported_id = theirs.imported_id if theirs else None
        row.local_label = ours.label[:500] if ours else ""
        row.remote_label = theirs.label[:600] if theirs else ""
        row.decision, row.is_linked = Decision.LINK, local_id in sides.linked
        row.plan = dict(pairing.NOTHING)
        yield row
    taken = set(sides.pairs.values())
    for local_id, mine in sides.ours.items():
        if local_id not in sides.pairs:
            row = _row(setup, entity, mine, List.UNMATCHED)
            row.local_id, row.local_label = local_id, mine.label[:500]
            row.local_told = {"contact": mine.contact, "items": mine.items, "pays": mine.pays}
            yield row
    for remote_id, other in sides.theirs.items():
        if remote_id not in taken:
            row = _row(setup, entity, other, List.NEW)
            row.remote_id, row.remote_label = remote_id, other.label[:600]
            row.imported_id = other.imported_id
            row.remote_told = {"contact": other.contact, "pays": other.pays}
            yield row


def _row(setup: Setup, entity: str, one: _One, on: List) -> MatchProposal:
    return MatchProposal(
        setup=setup,
        entity=entity,
        list=on,
        home=on,
        sort_key=f"{one.dated_on.isoformat()} {fold(one.label)}"[:500],
        amount=one.amount,
        dated_on=one.dated_on,
        is_open=one.is_open,
        is_held=one.contact_id is None,
    )


def _keep_decided(decided: Iterable[MatchProposal], rows: Iterable[MatchProposal]) -> None:
    """What people said of single ones outlasts that the rows are made anew."""
    said = {(row.list, row.local_id, row.remote_id): row for row in decided}
    for row in rows:
        before = said.get((row.list, row.local_id, row.remote_id))
        if before is not None:
            row.decision, row.home = before.decision, before.home
            row.decided_at, row.decided_by_id = before.decided_at, before.decided_by_id


def follow_invoices(payments: Iterable[MatchProposal], invoices: Iterable[MatchProposal]) -> None:
    """
    A payment follows what it pays, not its own date. Not saved.

    Ours needs all of its invoices there. Of theirs one is enough: the other parts come in locked.
    """
    ours: dict[str, MatchProposal] = {}
    theirs: dict[str, MatchProposal] = {}
    for row in invoices:
        if row.local_id is not None:
            ours[str(row.local_id)] = row
        if row.remote_id:
            theirs[row.remote_id] = row
    for row in payments:
        if row.list == List.UNMATCHED:
            _follow(row, _found(ours, row.local_told), needs_all=True)
        elif row.list == List.NEW:
            _follow(row, _found(theirs, row.remote_told), needs_all=False)


def _found(invoices: Mapping[str, MatchProposal], told: Mapping[str, Any]) -> list[MatchProposal]:
    return [invoices[paid] for paid in told["pays"] if paid in invoices]


def _follow(row: MatchProposal, paid: list[MatchProposal], *, needs_all: bool) -> None:
    alone = [each for each in paid if each.list != List.MATCHED and not each.is_sent_older]
    is_there = len(alone) < len(paid)
    row.is_due = is_there and not (alone and needs_all)
    row.is_open = any(each.is_open and not each.is_left_older for each in alone)
    dates = [each.dated_on for each in alone if each.dated_on is not None]
    if dates:
        row.dated_on = min(dates) if needs_all else max(dates)


# -- which come in -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person said about invoices from before."""

    since: date | None  # None: all invoices
    # Older ones that are unpaid in QuickBooks come in all the same, but those a person unticked.
    brings_open: bool = True

    def comes_in(self) -> Q:
        """Of rows on one side alone, those that are created on the other."""
        if self.since is None:
            return Q(is_held=False)
        told = Q(dated_on__gte=self.since) | Q(is_due=True)
        told |= Q(list=List.UNMATCHED, decided_at__isnull=False)
        if self.brings_open:
            told |= Q(list=List.NEW, is_open=True, decided_at=None)
        return Q(is_held=False) & told

    def would_take(self, row: MatchProposal) -> bool:
        """Whether a row would come in, did its contact sync."""
        if self.since is None or row.is_due or row.is_sent_older:
            return True
        is_young = row.dated_on is not None and row.dated_on >= self.since
        is_open_there = row.list == List.NEW and row.is_open and not row.is_left_older
        return is_young or (self.brings_open and is_open_there)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """How many, and what they come to."""

    number: int = 0
    money: Decimal = ZERO


@dataclass(kw_only=True)
class Totals:
    """What Sync will do with one entity."""

    entity: str
    link: Figure
    linked_before: Figure
    create_here: Figure
    create_there: Figure
    open_older: Figure  # of create_here: those that come in only because they are unpaid
    sent_older: Figure  # of create_there: those that a person ticked
    unticked: Figure  # of older_there: unpaid ones
    older_here: Figure  # left alone
    older_there: Figure
    held_here: Figure  # their contact does not sync
    held_there: Figure
    wait_for_item: Figure  # of create_there: a service item of theirs does not sync
    update_here: Figure
    update_there: Figure
    replace_here: Figure  # a value that is there, or the life, gives way
    replace_there: Figure
    conflicts: Figure

    @property
    def to_do(self) -> int:
        return self.link.number + self.create_here.number + self.create_there.number

    @property
    def label(self) -> str:
        return ENTITIES[self.entity].label


def totals(setup: Setup, entity: str, choice: Choice) -> Totals:
    """Add up the rows of an entity. Two queries."""
    matched = Q(list=List.MATCHED)
    ours, theirs = Q(list=List.UNMATCHED), Q(list=List.NEW)
    comes = choice.comes_in()
    held = Q(is_held=True)
    has_its_items = Q(local_told__items__contained_by=_syncing_items(setup))
    older = Q(is_due=False, dated_on__lt=choice.since or date.min)
    unpaid = theirs & older & Q(is_open=True)
    wanted = {
        "link": matched & Q(is_linked=False),
        "linked_before": matched & Q(is_linked=True),
        "create_here": theirs & comes,
        "create_there": ours & comes,
        "open_older": unpaid & comes,
        "sent_older": ours & older & comes,
        "unticked": unpaid & ~comes & ~held,
        "older_here": ours & ~comes & ~held,
        "older_there": theirs & ~comes & ~held,
        "held_here": ours & held,
        "held_there": theirs & held,
        "wait_for_item": ours & comes & ~has_its_items,
        "update_here": matched & ~Q(plan__here=[]),
        "update_there": matched & ~Q(plan__there=[]),
        "replace_here": matched & ~Q(plan__replaced_here=[]),
        "replace_there": matched & ~Q(plan__replaced_there=[]),
        "conflicts": matched & ~Q(plan__ask=[]),
    }
    numbers = {f"n_{name}": Count("pk", filter=which) for name, which in wanted.items()}
    money = {f"m_{name}": Sum("amount", filter=which) for name, which in wanted.items()}
    found = rows_of(setup, entity).aggregate(**numbers, **money)
    sums = {
        name: Figure(number=found[f"n_{name}"], money=found[f"m_{name}"] or ZERO) for name in wanted
    }
    return Totals(entity=entity, **sums)


def _syncing_items(setup: Setup) -> list[str]:
    """Ids of our service items that Sync links or creates there, or that are linked."""
    syncing = (Decision.LINK, Decision.CREATE_THERE)
    items = rows_of(setup, "service_item").filter(decision__in=syncing, local_id__isnull=False)
    return [str(local_id) for local_id in items.values_list("local_id", flat=True)]


def rows_of(setup: Setup, entity: str) -> QuerySet[MatchProposal]:
    return MatchProposal.objects.filter(setup=setup, entity=entity)


def refresh(setup: Setup, *, now: datetime) -> None:
    """Make the rows anew where a record of either side, or a pair of contacts, is newer."""
    with transaction.atomic():
        locked = Setup.objects.select_for_update(of=("self",)).select_related("connection")
        run = locked.get(pk=setup.pk)
        made_at = run.counts.get("ledger_at")
        is_over = run.confirmed_at is not None
        if is_over or (made_at and not _has_news(run, datetime.fromisoformat(made_at))):
            return
        propose(run)
        run.counts = {**run.counts, "ledger_at": now.isoformat()}
        run.save(update_fields=["counts"])


def _has_news(setup: Setup, since: datetime) -> bool:
    told = ImportedRecord.objects.filter(
        connection_id=setup.connection_id, entity__in=ENTITIES_OF_LEDGER, read_at__gt=since
    )
    contacts = Link.objects.filter(
        connection_id=setup.connection_id, entity="contact", state=Link.State.LINKED
    )
    if told.exists() or contacts.count() != setup.counts.get("ledger_contacts"):
        return True
    return any(
        ENTITIES[entity].store.changed_since(firm_id=setup.firm_id, since=since)
        for entity in ENTITIES_OF_LEDGER
    )


def decide(setup: Setup, choice: Choice) -> None:
    """Write down what the answers mean for each row."""
    rows = MatchProposal.objects.filter(setup=setup, entity__in=ENTITIES_OF_LEDGER)
    comes = choice.comes_in()
    rows.exclude(list=List.MATCHED).update(
        decision=Case(
            When(comes & Q(list=List.UNMATCHED), then=Value(Decision.CREATE_THERE)),
            When(comes & Q(list=List.NEW), then=Value(Decision.CREATE_HERE)),
            default=Value(Decision.LEAVE_OUT),
        )
    )
