"""What tells all about one entity, and how its local side is read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from django.db.models import QuerySet
from django.dispatch import Signal

from firms.permissions import Actor
from integrations.reconcile.policy import Direction
from integrations.reconcile.record import Record


class Half(StrEnum):
    """The half of set-up that switches an entity on."""

    CONTACTS = "contacts"
    BILLING = "billing"


class Unlinked(StrEnum):
    """What a reference becomes whose record does not sync."""

    UNKNOWN = "unknown"  # there is nothing to compare; the rest goes on
    WAITS = "waits"  # the record cannot be without it
    THEIRS = "theirs"  # their id stands for it: see `theirs`


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A field that points to another record; with `inner`, that key of each entry of a list."""

    entity: str
    field: str
    inner: str = ""
    unlinked: Unlinked = Unlinked.UNKNOWN
    outlives: bool = False  # what it was agreed to point to holds, though the two were unmatched


THEIRS = "theirs:"  # in place of our id: "theirs:12"


def theirs(remote_id: str) -> str:
    """How a record of ours tells of one of theirs that it does not hold."""
    return f"{THEIRS}{remote_id}"


def id_of_theirs(value: object) -> str | None:
    """The provider's id in "theirs:12"; None for anything else."""
    is_theirs = isinstance(value, str) and value.startswith(THEIRS)
    return str(value).removeprefix(THEIRS) if is_theirs else None


@dataclass(frozen=True, kw_only=True)
class Local:
    """One of our records as it is now."""

    local_id: int
    version: int  # +1 at each change
    record: Record
    label: str  # what people call it: a name, a number
    path: tuple[str, ...] = ()  # names from the top parent down to it
    is_ready: bool = True  # False: a draft, which nothing is made of there yet
    is_ours: bool = True  # its number or reference is one of ours, which the books may take
    amount: Decimal | None = None  # what a transaction comes to here


class LocalRefused(Exception):
    """Our side could not take a value. `str()` is a sentence for the person."""


class LocalStore(Protocol):
    """Our side of an entity. Reads the models, writes through the services only."""

    def read(self, *, firm_id: int, local_id: int, lock: bool = False) -> Local | None:
        """The record, or None if the firm has none of this id. `lock`: until the commit."""

    def read_all(self, *, firm_id: int) -> Iterator[Local]:
        """Every record of the firm, for matching."""

    def read_many(self, *, firm_id: int, local_ids: Sequence[int]) -> Iterator[Local]:
        """Those of the firm's records that have these ids."""

    def count(self, *, firm_id: int) -> int:
        """How many records the firm has."""

    def count_known(self, *, firm_id: int, names: Sequence[str]) -> int:
        """How many of these names some record of the firm has: roughly, for a line of progress."""

    def changed_since(self, *, firm_id: int, since: datetime) -> list[int]:
        """Ids of the firm's records that were made or changed after `since`."""

    def page_of_ids(self, *, firm_id: int, after: int, limit: int) -> list[tuple[int, datetime]]:
        """The next ids beyond `after`, in order, each with when its record was last changed."""

    def open_amounts(self, *, firm_id: int, local_ids: Sequence[int]) -> Mapping[int, Decimal]:
        """
        What each of these adds to what its contact owes: the balance of an invoice, of a payment
        what is unapplied (below 0). Drafts and what is no transaction have none.
        """

    def create(self, *, actor: Actor, values: Mapping[str, Any], now: datetime) -> Local:
        """Write what the books hold as a new record of ours. Raises LocalRefused."""

    def update(
        self, *, actor: Actor, local_id: int, values: Mapping[str, Any], now: datetime
    ) -> Local:
        """Write what the books hold. Raises LocalRefused."""

    def edit(
        self,
        *,
        actor: Actor,
        local_id: int,
        version: int | None,
        values: Mapping[str, Any],
        now: datetime,
    ) -> Local:
        """
        What a person changes from a page of the sync, under the rules for people.

        `version` None: whatever it is now. Raises LocalRefused.
        """

    def take_back_void(self, *, actor: Actor, local_id: int, now: datetime) -> Local | None:
        """
        The books refused to void or delete it: it lives again. None where nothing is ever void.
        """

    def void(
        self, *, actor: Actor, local_id: int, with_payments: bool = False, now: datetime
    ) -> None:
        """
        Void it for a person who said so before, unless it is over; an invoice with what was paid
        on it, if that was said. Raises LocalRefused.
        """

    def note(self, *, actor: Actor, local_id: int, facts: Mapping[str, Any], now: datetime) -> None:
        """
        Take in what the books say of it beside the synced fields (`Snapshot.facts`).

        It is shown, never merged: no version, no event. Writes nothing where nothing differs.
        """


def page_of_ids(rows: QuerySet[Any], *, after: int, limit: int) -> list[tuple[int, datetime]]:
    """See LocalStore.page_of_ids; `rows`: all of the firm."""
    beyond = rows.filter(pk__gt=after).order_by("pk")
    return list(beyond.values_list("pk", "updated_at")[:limit])


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a connection's rules and its company's preferences mean for its records."""

    profile: str
    syncs_notes: bool = False  # of contacts
    syncs_private_notes: bool = False  # of invoices
    sends_numbers: bool = False  # our invoice numbers count there
    is_tax_automated: bool = False  # the company's tax codes are not ours to choose
    number_there: str = ""  # the number that this invoice gets there alone
    has_po_field: bool = False  # the company has a custom field for PO numbers
    uses_default_item: bool = False  # every line is on the connection's default service there
    # Items whose lines are on it there, and how lines tell of it itself (our id, or "theirs:6").
    default_items: Set[int] = frozenset()
    default_item: int | str | None = None
    deletes_voided: bool = False  # an invoice voided here is deleted there
    invoices_direction: Direction = Direction.TWO_WAY
    methods: Set[str] = frozenset()  # names of its payment methods, folded


def nothing_kept_out(rules: Rules, local: Local | None) -> frozenset[str]:
    return frozenset()


def both_ways(rules: Rules) -> Direction:
    return Direction.TWO_WAY


def as_it_is(record: Record, rules: Rules) -> Record:
    return record


@dataclass(frozen=True, kw_only=True)
class EntitySpec:
    """An entity, described once. Who reads which part: docs/decisions, CONTRIBUTING."""

    key: str  # "contact"
    label: str  # "Contacts"
    singular: str  # "contact"
    theirs: str  # what the books call it: "customer"
    record: type[Record]
    store: LocalStore
    changed: Signal  # sends firm_id, <key>_id, version, actor
    match: Mapping[str, Callable[[Record, Sequence[str]], str]]  # profile -> key of a record
    directions: Mapping[str, tuple[Direction, ...]]  # profile -> allowed; the first is the default
    half: Half = Half.CONTACTS
    # Groups that the rules keep out of the sync of one record.
    kept_out: Callable[[Rules, Local | None], Set[str]] = nothing_kept_out
    # Either side's record as the rules let it be compared.
    as_compared: Callable[[Record, Rules], Record] = as_it_is
    # Our record as the rules let it be seen by the other side.
    as_synced: Callable[[Record, Rules], Record] = as_it_is
    chosen_direction: Callable[[Rules], Direction] = both_ways
    references: tuple[Reference, ...] = ()
    names: str = "display_name"  # the field people know it by
    is_transaction: bool = False  # it is voided or deleted, never archived
    tells_apart: tuple[str, ...] = ()  # other fields that hardly two records have alike
    url_name: str = ""  # page of one record, by its id

    def direction(self, rules: Rules) -> Direction:
        """Which way it flows: the first of its profile's, unless a rule chose another."""
        allowed = self.directions[rules.profile]
        chosen = self.chosen_direction(rules)
        return chosen if chosen in allowed else allowed[0]
