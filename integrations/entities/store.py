"""What the stores of all entities do alike: read one model, write through its services."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Model, QuerySet

from firms.permissions import Actor
from integrations.entities.base import Local, LocalRefused, page_of_ids

CHUNK = 1000  # rows of one query


class ModelStore[M: Model](ABC):
    """
    A LocalStore over one model. An entity says which rows there are, and how one is written.

    `refusals`: the errors of its services; each becomes LocalRefused, with the same sentence.
    """

    refusals: ClassVar[tuple[type[Exception], ...]]
    prefetched: ClassVar[tuple[str, ...]] = ()  # what `local` looks at beside the row

    @abstractmethod
    def rows(self, firm_id: int) -> QuerySet[M]:
        """All of the firm that stand for a record."""

    @abstractmethod
    def local(self, row: M) -> Local:
        """One row as a record."""

    @abstractmethod
    def accept(
        self, *, actor: Actor, local_id: int | None, values: Mapping[str, Any], now: datetime
    ) -> M:
        """Write what the books hold, by the service; `local_id` None: as a new row."""

    @abstractmethod
    def change(
        self,
        *,
        actor: Actor,
        row: M,
        version: int | None,
        values: Mapping[str, Any],
        now: datetime,
    ) -> M:
        """What a person changes, by the service; `version` None: whatever it is now."""

    # -- reading ---------------------------------------------------------------------------------

    def read(self, *, firm_id: int, local_id: int, lock: bool = False) -> Local | None:
        rows = self.rows(firm_id).filter(pk=local_id).prefetch_related(*self.prefetched)
        row = (rows.select_for_update() if lock else rows).first()
        return None if row is None else self.local(row)

    def read_all(self, *, firm_id: int) -> Iterator[Local]:
        yield from self.many(firm_id, self.rows(firm_id))

    def read_many(self, *, firm_id: int, local_ids: Sequence[int]) -> Iterator[Local]:
        yield from self.many(firm_id, self.rows(firm_id).filter(pk__in=local_ids))

    def many(self, firm_id: int, rows: QuerySet[M]) -> Iterator[Local]:
        """These rows, with a fixed number of queries a chunk."""
        ordered = rows.order_by("pk").prefetch_related(*self.prefetched)
        for row in ordered.iterator(chunk_size=CHUNK):
            yield self.local(row)

    def count(self, *, firm_id: int) -> int:
        return self.rows(firm_id).count()

    def changed_since(self, *, firm_id: int, since: datetime) -> list[int]:
        changed = self.rows(firm_id).filter(updated_at__gt=since)
        return list(changed.values_list("pk", flat=True))

    def page_of_ids(self, *, firm_id: int, after: int, limit: int) -> list[tuple[int, datetime]]:
        return page_of_ids(self.rows(firm_id), after=after, limit=limit)

    def open_amounts(self, *, firm_id: int, local_ids: Sequence[int]) -> Mapping[int, Decimal]:
        return {}

    # -- writing ---------------------------------------------------------------------------------

    def create(self, *, actor: Actor, values: Mapping[str, Any], now: datetime) -> Local:
        return self._accept(actor=actor, local_id=None, values=values, now=now)

    def update(
        self, *, actor: Actor, local_id: int, values: Mapping[str, Any], now: datetime
    ) -> Local:
        return self._accept(actor=actor, local_id=local_id, values=values, now=now)

    def edit(
        self,
        *,
        actor: Actor,
        local_id: int,
        version: int | None,
        values: Mapping[str, Any],
        now: datetime,
    ) -> Local:
        row = self.rows(actor.firm_id).get(pk=local_id)
        try:
            row = self.change(actor=actor, row=row, version=version, values=values, now=now)
        except self.refusals as error:
            raise LocalRefused(str(error)) from error
        return self.local(row)

    def take_back_void(self, *, actor: Actor, local_id: int, now: datetime) -> Local | None:
        return None  # what is archived stays so here, whatever the books say

    def void(  # noqa: B027  a name list has no other answer
        self, *, actor: Actor, local_id: int, with_payments: bool = False, now: datetime
    ) -> None:
        """Nothing: it is archived, never void."""

    def _accept(
        self, *, actor: Actor, local_id: int | None, values: Mapping[str, Any], now: datetime
    ) -> Local:
        try:
            row = self.accept(actor=actor, local_id=local_id, values=values, now=now)
        except self.refusals as error:
            raise LocalRefused(str(error)) from error
        return self.local(row)
