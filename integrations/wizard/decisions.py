"""What people decide about the rows of the lists. Each call is one transaction, saved at once.

The run's row is locked first, so of two people who press at once the second one acts on what the
first one left. Only drafts of this run are written: nothing reaches our records or QuickBooks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from firms.permissions import Actor, Permission
from integrations.entities import ENTITIES, LocalRefused
from integrations.entities.contact import fold
from integrations.models import ImportedRecord, Link, MatchProposal, Setup
from integrations.providers import get_provider
from integrations.wizard import pairing, proposals, queries
from integrations.wizard.errors import SetupError
from integrations.wizard.proposals import REMOTE_FIELDS, fill_remote
from integrations.wizard.rows import save_rows

List = MatchProposal.List
Decision = MatchProposal.Decision

WORK_OUT_AT_ONCE = 300  # pairs whose differences are worked out in the request; more wait


class AlreadySynced(SetupError):
    """Sync was pressed: the lists are closed."""


class Taken(SetupError):
    """The record is matched with another one already."""


class NotOnThisList(SetupError):
    """Rows of this list cannot be decided so."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Which rows are meant: these ids, all that a search leaves, or those decided just then."""

    ids: Sequence[int] = ()
    decided_at: datetime | None = None
    is_all: bool = False
    text: str = ""
    only_differences: bool = False

    def of(self, setup: Setup, name: str) -> QuerySet[MatchProposal]:
        if self.is_all:
            return queries.rows_of(
                setup, name, text=self.text, only_differences=self.only_differences
            )
        rows = queries.proposals_of(setup).filter(list=name)
        if self.decided_at is not None:
            return rows.filter(decided_at=self.decided_at)
        return rows.filter(pk__in=self.ids)


@contextmanager
def _draft(actor: Actor, setup: Setup) -> Iterator[Setup]:
    """Lock the run, let its rows be changed, and bring its stored counts up to date."""
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=setup.connection.firm_id)
    with transaction.atomic():
        locked = Setup.objects.select_for_update(of=("self",)).select_related("connection")
        current = locked.get(pk=setup.pk)
        if current.confirmed_at is not None:
            raise AlreadySynced("They were synced meanwhile; these lists are closed.")
        yield current
        current.counts = {**current.counts, **queries.count_lists(current)}
        current.save(update_fields=["counts"])
        setup.counts = current.counts


def unmatch(*, actor: Actor, setup: Setup, rows: Rows, now: datetime) -> list[int]:
    """
    Take matched rows apart: our record goes back where it came from, so does theirs.

    A pair that matching found is offered for matching again, and neither side is created.
    Returns: ids of our rows.
    """
    with _draft(actor, setup) as run:
        found = list(
            rows.of(run, List.MATCHED)
            .filter(imported__isnull=False)  # a pair of before, outside the filter, stays
            .select_related("imported")
            .defer("imported__raw")
        )
        hidden = {
            row.remote_id: row
            for row in queries.proposals_of(run).filter(
                list=List.TAKEN, remote_id__in=[row.remote_id for row in found]
            )
        }
        back, alone = [], []
        for row in found:
            theirs = hidden.get(row.remote_id)
            if theirs is not None:
                theirs.list = theirs.home
                back.append(theirs)
            elif row.imported is not None:
                alone.append(_standing_alone(run, row.entity, row.imported))
            row.suggested = row.imported
            row.suggestion_reason = "Unmatched here"
            told = row.remote_told
            if row.imported is not None and theirs is None:
                alone[-1].remote_told = row.remote_told
            row.list = List.DUPLICATES if row.home == List.DUPLICATES else List.UNMATCHED
            fill_remote(row, None)
            row.remote_told = told
            row.plan, row.has_differences, row.is_linked = None, False, False
            _decide(row, Decision.NONE, actor, now)
        save_rows(back, ["list"])
        MatchProposal.objects.bulk_create(alone, batch_size=1000)
        save_rows(found, _PAIR_FIELDS)
    return [row.pk for row in found]


def match_suggested(
    *, actor: Actor, setup: Setup, rows: Rows, now: datetime, name: str = List.UNMATCHED
) -> list[int]:
    """
    Match each of these rows with its suggestion, where that one is still free.

    Returns: ids of the rows that were matched.
    """
    with _draft(actor, setup) as run:
        found = list(
            rows.of(run, name)
            .filter(suggested__isnull=False)
            .select_related("suggested")
            .defer("suggested__raw")
            .order_by("sort_key", "pk")
        )
        wanted = {row.suggested.remote_id: row for row in reversed(found) if row.suggested}
        return _pair_up(run, list(wanted.values()), actor=actor, now=now)


def match(
    *, actor: Actor, setup: Setup, row_id: int, remote_id: str, now: datetime
) -> MatchProposal:
    """
    Match one of our records with one of theirs.

    Raises:
        Taken: one of the two is matched already. Nothing was changed.
    """
    with _draft(actor, setup) as run:
        standing = queries.proposals_of(run).filter(
            local_id__isnull=False, list__in=[List.UNMATCHED, List.DUPLICATES]
        )
        row = standing.filter(pk=row_id).first()
        if row is None:
            raise Taken("That record is matched already.")
        row.suggested = (
            queries.offered(run, row.entity).filter(remote_id=remote_id).defer("raw").first()
        )
        if row.suggested is None:
            raise Taken("That one is no longer in what was read of QuickBooks. Check again.")
        if not _pair_up(run, [row], actor=actor, now=now):
            holder = queries.partner_labels(run, [remote_id]).get(remote_id, "another one")
            raise Taken(f"{row.suggested.label} is matched with {holder} already.")
    return row


COPIED = ("name", "rate", "sku")  # of an item: what has to agree


def use_theirs(*, actor: Actor, setup: Setup, row_id: int, version: int, now: datetime) -> str:
    """
    Copy name, rate and SKU of the closest item there to ours, which then match.

    Args:
        version: of our item, as the person saw it.

    Returns: the name it has now.
    Raises:
        Taken: there is nothing to copy any more, or ours changed; nothing was written.
    """
    with _draft(actor, setup) as run:
        row = suggested_row(run, row_id)
        if row is None or row.suggested is None or row.local_id is None:
            raise Taken("There is no item of QuickBooks beside it any more. Check again.")
        provider = get_provider(run.connection.provider)
        theirs = provider.read_stored(run.entity, row.suggested.raw).record.values(COPIED)
        store = ENTITIES[run.entity].store
        try:
            local = store.edit(
                actor=actor, local_id=row.local_id, version=version, values=theirs, now=now
            )
        except LocalRefused as error:
            raise Taken(str(error)) from error
        proposals.propose(run, now=now)
        run.refresh_from_db(fields=["counts"])
    return local.label


def suggested_row(setup: Setup, row_id: int) -> MatchProposal | None:
    """An unmatched row of ours with the one there that looks like it."""
    rows = queries.proposals_of(setup).filter(list=List.UNMATCHED, suggested__isnull=False)
    return rows.filter(pk=row_id).select_related("suggested").first()


def decide(
    *, actor: Actor, setup: Setup, name: str, rows: Rows, decision: str, now: datetime
) -> list[int]:
    """
    Say what Sync does with rows that stand alone: create, leave out, or (blank) nothing.

    Returns: ids of the rows that this changed; a row that was so already is not among them.
    """
    allowed = {
        List.UNMATCHED: {Decision.CREATE_THERE, Decision.LEAVE_OUT, Decision.NONE},
        List.DUPLICATES: {Decision.LEAVE_OUT, Decision.NONE},
        List.NEW: {Decision.CREATE_HERE, Decision.LEAVE_OUT, Decision.NONE},
    }
    if decision not in allowed.get(List(name), ()):
        raise NotOnThisList("That cannot be done on this list")
    with _draft(actor, setup) as run:
        ids = list(rows.of(run, name).exclude(decision=decision).values_list("pk", flat=True))
        MatchProposal.objects.filter(pk__in=ids).update(
            decision=decision, decided_by_id=actor.user_id, decided_at=now
        )
    return ids


def carry_out(
    verb: str, *, actor: Actor, setup: Setup, name: str, rows: Rows, now: datetime
) -> list[int]:
    """
    Do with rows of a list what a button there says.

    Args:
        verb: "unmatch", "match" (with the suggestion), "undecide" or a Decision.
    Returns: ids of the rows that this changed.
    Raises:
        NotOnThisList: the list has no such button.
    """
    act: dict[str, Any] = {"actor": actor, "setup": setup, "rows": rows, "now": now}
    if verb == "unmatch" and name == List.MATCHED:
        return unmatch(**act)
    if verb == "match" and name == List.UNMATCHED:
        return match_suggested(**act)
    decision = Decision.NONE if verb == "undecide" else verb
    return decide(name=name, decision=decision, **act)


# -- undo ----------------------------------------------------------------------------------------


def undo(*, actor: Actor, setup: Setup, what: str, decided_at: datetime, now: datetime) -> int:
    """
    Take back what was decided at that moment, in so far as nobody decided otherwise since.

    Args:
        what: "unmatch", "match", or the list a decision was made on.
    """
    rows = Rows(decided_at=decided_at)
    act: dict[str, Any] = {"actor": actor, "setup": setup, "now": now}
    if what == "unmatch":
        return sum(
            len(match_suggested(rows=rows, name=name, **act))
            for name in (List.UNMATCHED, List.DUPLICATES)
        )
    if what == "match":
        return len(unmatch(rows=rows, **act))
    if what == List.NEW:
        with _draft(actor, setup) as run:
            found = rows.of(run, List.NEW)
            count = found.count()
            ticked = found.filter(decision=Decision.LEAVE_OUT, remote_is_active=True)
            ids = list(ticked.values_list("pk", flat=True))
            found.exclude(pk__in=ids).update(decision=Decision.NONE, decided_at=now)
            MatchProposal.objects.filter(pk__in=ids).update(
                decision=Decision.CREATE_HERE, decided_at=now
            )
        return count
    return len(decide(name=what, rows=rows, decision=Decision.NONE, **act))


# -- one pair ------------------------------------------------------------------------------------

_PAIR_FIELDS = [
    *REMOTE_FIELDS, "list", "suggested", "suggestion_reason", "plan", "has_differences",
    "is_linked", "decision", "decided_by", "decided_at",
]  # fmt: skip


def _pair_up(
    run: Setup, rows: Sequence[MatchProposal], *, actor: Actor, now: datetime
) -> list[int]:
    """Match each row with its suggestion; rows whose suggestion is not free are left alone."""
    wanted = [row.suggested.remote_id for row in rows if row.suggested is not None]
    free = {
        theirs.remote_id: theirs
        for theirs in queries.proposals_of(run).filter(
            local_id=None,
            list__in=[List.NEW, List.DUPLICATES],
            remote_id__in=wanted,
        )
    }
    pairs = [row for row in rows if row.suggested and row.suggested.remote_id in free]
    linked = set(
        Link.objects.filter(
            connection=run.connection,
            state=Link.State.LINKED,
            entity=run.entity,
            local_id__in=[row.local_id for row in pairs],
        ).values_list("entity", "local_id", "remote_id")
    )
    for row in pairs:
        assert row.suggested is not None
        free[row.suggested.remote_id].list = List.TAKEN
        fill_remote(row, row.suggested)
        row.remote_told = free[row.remote_id].remote_told
        row.list = List.MATCHED
        row.is_linked = (row.entity, row.local_id, row.remote_id) in linked
        _decide(row, Decision.LINK, actor, now)
    taken = [free[row.remote_id] for row in pairs]
    save_rows(taken, ["list"])
    if pairs and len(pairs) <= WORK_OUT_AT_ONCE:
        pairing.work_out(run, pairs[0].entity, pairs)
    save_rows(pairs, _PAIR_FIELDS)
    return [row.pk for row in pairs]


def _standing_alone(run: Setup, entity: str, imported: ImportedRecord) -> MatchProposal:
    row = MatchProposal(
        setup=run, entity=entity, list=List.NEW, home=List.NEW, sort_key=fold(imported.label)[:500]
    )
    fill_remote(row, imported)
    return row


def _decide(row: MatchProposal, decision: str, actor: Actor, now: datetime) -> None:
    row.decision = decision
    row.decided_by_id, row.decided_at = actor.user_id, now
