"""Reads of the review lists: which records are offered, a page of a list, a search, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from integrations.entities import ENTITIES
from integrations.models import Connection, ImportedRecord, MatchProposal, Setup

PAGE = 300
List = MatchProposal.List
Decision = MatchProposal.Decision


def offered(setup: Setup, entity: str) -> QuerySet[ImportedRecord]:
    """
    What the run offers of the books: what the chosen filter lets in of what was read.

    Rows without a run came by the change feed since; those of an earlier run are not offered.
    """
    rows = ImportedRecord.objects.filter(
        Q(setup=setup) | Q(setup=None), connection_id=setup.connection_id, entity=entity
    )
    if setup.which == Setup.Filter.ACTIVE:
        return rows.filter(is_active=True)
    if setup.which == Setup.Filter.INACTIVE:
        return rows.filter(is_active=False)
    return rows


def proposals_of(setup: Setup) -> QuerySet[MatchProposal]:
    """The rows that a person reviews."""
    return MatchProposal.objects.filter(setup=setup, entity=setup.entity)


def count_lists(setup: Setup) -> dict[str, int]:
    """Rows of each list, for `Setup.counts`; of Duplicates our records, else what is there."""
    rows = proposals_of(setup)
    found = rows.aggregate(
        matched=Count("pk", filter=Q(list=List.MATCHED)),
        differences=Count("pk", filter=Q(list=List.MATCHED, has_differences=True)),
        unmatched=Count("pk", filter=Q(list=List.UNMATCHED)),
        create_there=Count("pk", filter=Q(decision=Decision.CREATE_THERE)),
        duplicates=Count("pk", filter=Q(list=List.DUPLICATES)),
        duplicate_names=Count("key", filter=Q(list=List.DUPLICATES), distinct=True),
        ours_in_duplicates=Count("pk", filter=Q(list=List.DUPLICATES, local_id__isnull=False)),
        new=Count("pk", filter=Q(list=List.NEW)),
        create_here=Count("pk", filter=Q(list=List.NEW, decision=Decision.CREATE_HERE)),
    )
    return {name: int(value) for name, value in found.items()}


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """One page of a review list. Anchors are ids of rows: a page stays where it was."""

    rows: list[MatchProposal]
    number: int
    total: int
    first: int  # 1-based place of the first row; 0 where there is none
    next_anchor: int | None
    previous_anchor: int | None

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def rows_of(
    setup: Setup, name: str, *, text: str = "", only_differences: bool = False
) -> QuerySet[MatchProposal]:
    """The rows of a list that a search and a filter leave."""
    rows = proposals_of(setup).filter(list=name)
    if only_differences:
        rows = rows.filter(has_differences=True)
    if text:
        rows = rows.filter(
            Q(local_label__icontains=text)
            | Q(local_email__icontains=text)
            | Q(remote_label__icontains=text)
            | Q(remote_email__icontains=text)
            | Q(local_told__sku__icontains=text)
            | Q(remote_told__sku__icontains=text)
        )
    return rows


def page_of(
    setup: Setup,
    rows: QuerySet[MatchProposal],
    *,
    total: int,
    number: int,
    anchor: int | None,
    keeps_groups: bool = False,
) -> ListPage:
    """
    A page by keyset on (sort key, id): from the row `anchor` on, else by the page's number.

    One query for the rows, one or two for the anchors.
    """
    start = _place(setup, anchor) if anchor is not None else None
    start = start or _place_by_number(rows, number)
    ordered = rows.order_by("sort_key", "pk")
    from_here = ordered if start is None else ordered.filter(_from(start))
    found = list(from_here.select_related("suggested").defer("suggested__raw")[: PAGE + 1])
    more = found[PAGE] if len(found) > PAGE else None
    found = found[:PAGE]
    if keeps_groups and more is not None and more.key == found[-1].key != found[0].key:
        cut = next(place for place, row in enumerate(found) if row.key == more.key)
        more, found = found[cut], found[:cut]
    previous = None
    if start is not None and number > 1:
        before = rows.filter(_before(start)).order_by("-sort_key", "-pk")
        ids = list(before.values_list("pk", flat=True)[:PAGE])
        previous = ids[-1] if ids else None
    return ListPage(
        rows=found,
        number=number,
        total=total,
        first=(number - 1) * PAGE + 1 if found else 0,
        next_anchor=more.pk if more is not None else None,
        previous_anchor=previous,
    )


def _place(setup: Setup, anchor: int) -> tuple[str, int] | None:
    rows = proposals_of(setup).filter(pk=anchor)
    return rows.values_list("sort_key", "pk").first()


def _place_by_number(rows: QuerySet[MatchProposal], number: int) -> tuple[str, int] | None:
    """Where page `number` begins: a walk along the index, without the rows."""
    if number <= 1:
        return None
    places = rows.order_by("sort_key", "pk").values_list("sort_key", "pk")
    return places[(number - 1) * PAGE : (number - 1) * PAGE + 1].first()


def _from(place: tuple[str, int]) -> Q:
    sort_key, pk = place
    # The first condition alone is what the index can use.
    return Q(sort_key__gte=sort_key) & (Q(sort_key__gt=sort_key) | Q(pk__gte=pk))


def _before(place: tuple[str, int]) -> Q:
    sort_key, pk = place
    return Q(sort_key__lte=sort_key) & (Q(sort_key__lt=sort_key) | Q(pk__lt=pk))


@dataclass(frozen=True, kw_only=True)
class Found:
    """A record there that a search found, and why it cannot be chosen, if so."""

    imported: ImportedRecord
    reason: str = ""


FOUND_AT_MOST = 20


def find_in_books(setup: Setup, text: str) -> list[Found]:
    """Records of this run whose name, e-mail or phone holds `text`; taken ones with a reason."""
    text = text.strip()
    if not text:
        return []
    rows = list(
        offered(setup, setup.entity)
        .filter(
            Q(label__icontains=text)
            | Q(path__icontains=text)
            | Q(email__icontains=text)
            | Q(phone__icontains=text)
        )
        .defer("raw")
        .order_by("label", "pk")[:FOUND_AT_MOST]
    )
    taken = partner_labels(setup, [row.remote_id for row in rows])
    return [
        Found(
            imported=row,
            reason=f"Matched with {taken[row.remote_id]}" if row.remote_id in taken else "",
        )
        for row in rows
    ]


def partner_labels(setup: Setup, remote_ids: Sequence[str]) -> dict[str, str]:
    """Remote id -> our label, of those that a matched row holds."""
    return dict(
        proposals_of(setup)
        .filter(list=List.MATCHED, remote_id__in=remote_ids)
        .values_list("remote_id", "local_label")
    )


def current_setup(connection: Connection, half: str = Setup.Half.CONTACTS) -> Setup | None:
    setup = Setup.objects.filter(connection=connection, half=half, is_current=True).first()
    if setup is not None:
        setup.connection = connection
    return setup


@dataclass(frozen=True, kw_only=True)
class Stale:
    """What changed since the lists were made."""

    ours: int
    theirs: int


def stale(setup: Setup) -> Stale | None:
    """Two counts; None where the lists are as good as new."""
    if setup.matched_at is None or setup.confirmed_at is not None:
        return None
    entity = setup.entity
    ours = ENTITIES[entity].store.changed_since(firm_id=setup.firm_id, since=setup.matched_at)
    theirs = ImportedRecord.objects.filter(
        Q(setup=setup) | Q(setup=None),
        connection_id=setup.connection_id,
        entity=entity,
        read_at__gt=setup.matched_at,
    ).count()
    return Stale(ours=len(ours), theirs=theirs) if ours or theirs else None


def number_shown(counts: dict[str, Any], name: str) -> int:
    """What the navigation says beside a list."""
    if name == List.DUPLICATES:
        return int(counts.get("ours_in_duplicates") or counts.get(name) or 0)
    return int(counts.get(name) or 0)
