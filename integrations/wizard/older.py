"""Invoices from before the go-live date: a person ticks, unticks and links them one by one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from firms.permissions import Actor, Permission
from integrations.entities import CONTACT
from integrations.models import Link, MatchProposal, Setup
from integrations.wizard import ledger
from integrations.wizard.errors import SetupError
from integrations.wizard.rows import save_rows

List = MatchProposal.List
Decision = MatchProposal.Decision
OURS, THEIRS = "ours", "theirs"
SINGLES = 300  # up to so many the payments are looked for by what they pay
OFFERED_AT_MOST = 20  # invoices there to link one with


class NotOlder(SetupError):
    """It is none of those that wait for a person, or no longer."""


# -- what there is to choose from ----------------------------------------------------------------


def rows_of(setup: Setup, side: str, since: date) -> QuerySet[MatchProposal]:
    """
    Invoices before `since` whose contact syncs, oldest first.

    Theirs: the unpaid ones, which come in unless unticked. Ours: all, which go out only if
    ticked or linked; also those that were linked by hand.
    """
    rows = ledger.rows_of(setup, ledger.INVOICE).filter(dated_on__lt=since, is_held=False)
    if side == THEIRS:
        return rows.filter(list=List.NEW, is_open=True).order_by("sort_key", "pk")
    mine = Q(list=List.UNMATCHED) | Q(list=List.MATCHED, is_linked=False, decided_at__isnull=False)
    return rows.filter(mine).order_by("sort_key", "pk")


def contacts_of(setup: Setup, rows: Collection[MatchProposal]) -> dict[int, str]:
    """Id of a row -> the name of its contact. One query."""
    ours = {str(row.local_told.get("contact")): row for row in rows if row.local_told}
    theirs = {str(row.remote_told.get("contact")): row for row in rows if row.remote_told}
    links = Link.objects.filter(
        Q(local_id__in=[each for each in ours if each.isdecimal()]) | Q(remote_id__in=list(theirs)),
        connection_id=setup.connection_id,
        entity=CONTACT.key,
    ).exclude(state=Link.State.FORMER)
    names: dict[tuple[str, str], str] = {}
    for link in links:
        names[OURS, str(link.local_id)] = names[THEIRS, str(link.remote_id)] = link.label
    return {
        row.pk: names.get((OURS, str(row.local_told.get("contact"))))
        or names.get((THEIRS, str(row.remote_told.get("contact"))))
        or ""
        for row in rows
    }


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An invoice there that one of ours may be."""

    row: MatchProposal
    is_same_amount: bool


def offers_for(setup: Setup, row: MatchProposal) -> list[Offer]:
    """What the same customer has there and nothing of ours is linked with; the likeliest first."""
    partner = Link.objects.filter(
        connection_id=setup.connection_id,
        entity=CONTACT.key,
        local_id=row.local_told.get("contact"),
        state=Link.State.LINKED,
    ).first()
    if partner is None:
        return []
    theirs = ledger.rows_of(setup, ledger.INVOICE).filter(
        list=List.NEW, remote_told__contact=partner.remote_id
    )
    found = [Offer(row=each, is_same_amount=each.amount == row.amount) for each in theirs]
    found.sort(key=lambda each: (not each.is_same_amount, _apart(each.row, row)))
    return found[:OFFERED_AT_MOST]


def _apart(one: MatchProposal, other: MatchProposal) -> int:
    if one.dated_on is None or other.dated_on is None:
        return 0
    return abs((one.dated_on - other.dated_on).days)


# -- what a person says --------------------------------------------------------------------------


@transaction.atomic
def tick(
    *,
    actor: Actor,
    setup: Setup,
    side: str,
    since: date,
    comes: Collection[int],
    stays: Collection[int],
    now: datetime,
) -> int:
    """
    Keep which ones come along (ids of rows) and which do not; return how many changed.

    Their payments follow. What is kept is what a person says against the rule: of ours the ticked
    ones, of theirs those that are unticked.

    Raises:
        NotOlder: the sync was started.
    """
    _lock(actor, setup)
    rows = rows_of(setup, side, since).exclude(list=List.MATCHED)
    against, with_the_rule = (comes, stays) if side == OURS else (stays, comes)
    decision = Decision.CREATE_THERE if side == OURS else Decision.LEAVE_OUT
    marked = _ids(rows.filter(pk__in=against, decided_at=None))
    cleared = _ids(rows.filter(pk__in=with_the_rule, decided_at__isnull=False))
    every = MatchProposal.objects.filter(setup=setup)
    every.filter(pk__in=marked).update(
        decision=decision, decided_at=now, decided_by_id=actor.user_id
    )
    every.filter(pk__in=cleared).update(decision=Decision.NONE, decided_at=None, decided_by_id=None)
    _let_payments_follow(setup, side, [*marked, *cleared])
    return len(marked) + len(cleared)


def _ids(rows: QuerySet[MatchProposal]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def link(*, actor: Actor, setup: Setup, row_id: int, remote_id: str, now: datetime) -> None:
    """
    Say that one of ours is this invoice there; what pays it is linked along.

    Raises:
        NotOlder: either is linked otherwise meanwhile.
    """
    run = _lock(actor, setup)
    invoices = ledger.rows_of(run, ledger.INVOICE)
    theirs = invoices.filter(list=List.NEW, remote_id=remote_id).exists()
    linked = invoices.filter(pk=row_id, list=List.UNMATCHED).update(
        list=List.MATCHED,
        home=List.UNMATCHED,
        remote_id=remote_id,
        decision=Decision.LINK,
        decided_at=now,
        decided_by_id=actor.user_id,
    )
    if not theirs or not linked:
        raise NotOlder("That invoice is linked with another one. Look again.")
    _make_anew(run, now)


@transaction.atomic
def unlink(*, actor: Actor, setup: Setup, row_id: int, now: datetime) -> None:
    """Take back `link`."""
    run = _lock(actor, setup)
    linked = ledger.rows_of(run, ledger.INVOICE).filter(
        pk=row_id, list=List.MATCHED, is_linked=False, decided_at__isnull=False
    )
    if linked.update(decided_at=None, decided_by_id=None):
        _make_anew(run, now)


def _lock(actor: Actor, setup: Setup) -> Setup:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=setup.firm_id)
    locked = Setup.objects.select_for_update(of=("self",)).select_related("connection")
    run = locked.get(pk=setup.pk)
    if run.confirmed_at is not None:
        raise NotOlder("The sync was started already.")
    return run


def _make_anew(run: Setup, now: datetime) -> None:
    ledger.propose(run)
    run.counts = {**run.counts, "ledger_at": now.isoformat()}
    run.save(update_fields=["counts"])


def _let_payments_follow(setup: Setup, side: str, changed: Sequence[int]) -> None:
    """Work out anew what pays the invoices of these rows."""
    if not changed:
        return
    column, told = ("local_id", "local_told") if side == OURS else ("remote_id", "remote_told")
    invoices = ledger.rows_of(setup, ledger.INVOICE)
    payments = ledger.rows_of(setup, ledger.PAYMENT)
    payments = payments.filter(list=List.UNMATCHED if side == OURS else List.NEW)
    if len(changed) <= SINGLES:
        ids = invoices.filter(pk__in=changed).values_list(column, flat=True)
        payments = payments.filter(**{f"{told}__pays__has_any_keys": list(map(str, ids))})
    found = list(payments)
    paid: set[Any] = {each for row in found for each in getattr(row, told)["pays"]}
    ledger.follow_invoices(found, invoices.filter(**{f"{column}__in": paid}))
    save_rows(found, ["is_due", "is_open", "dated_on"])
