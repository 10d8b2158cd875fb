"""Records there that one of ours could be: from what was read already, or by asking there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from integrations.entities import ENTITIES, Local
from integrations.models import Connection, ImportedRecord, Link
from integrations.providers.base import Books, Snapshot
from integrations.web import wording

SHOWN = 50
ASKED_BY_NAME = ("contact", "service_item", "invoice")  # a payment has no name to ask for


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Our record, by what it is recognised there."""

    entity: str
    local_id: int
    label: str
    email: str = ""
    phone: str = ""
    amount: Decimal | None = None  # of a transaction
    dated_on: str = ""  # ISO

    @classmethod
    def of(cls, local: Local) -> Sought:
        values = local.record.values()
        return cls(
            entity=local.record.entity,
            local_id=local.local_id,
            label=local.label,
            email=str(values.get("email") or ""),
            phone=str(values.get("phone") or ""),
            amount=local.amount,
            dated_on=str(values.get("issued_on") or values.get("received_on") or ""),
        )

    @property
    def is_transaction(self) -> bool:
        return ENTITIES[self.entity].is_transaction

    @property
    def told(self) -> str:
        """What tells it apart, for the page's head."""
        if self.is_transaction:
            parts = [wording.money(self.amount), wording.day(self.dated_on)]
        else:
            parts = [self.email, self.phone]
        return ", ".join(each for each in parts if each)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    remote_id: str
    label: str
    email: str = ""
    phone: str = ""
    amount: str = ""
    dated_on: str = ""
    is_active: bool = True
    reason: str = ""  # "Same email"
    linked_to: str = ""  # our record it is linked with already
    linked_id: int | None = None


def sought(connection: Connection, entity: str, local_id: int) -> Sought | None:
    """Our record of this id, if the firm has it."""
    spec = ENTITIES.get(entity)
    local = spec.store.read(firm_id=connection.firm_id, local_id=local_id) if spec else None
    return Sought.of(local) if local else None


def candidates(connection: Connection, ours: Sought, text: str) -> list[Candidate]:
    """What was read already and fits `text`, or is like ours in other ways. Three queries."""
    imported = ImportedRecord.objects.filter(connection=connection, entity=ours.entity)
    found = {
        row.remote_id: _of_row(ours, row)
        for row in imported.filter(_fits(ours, text)).defer("raw").order_by("label", "pk")[:SHOWN]
    }
    pairs = (
        Link.objects.filter(connection=connection, entity=ours.entity, remote_id__isnull=False)
        .exclude(state__in=[Link.State.FORMER, Link.State.MERGED])
        .filter(Q(remote_label__icontains=text) | Q(remote_id__in=list(found)))
        .order_by("remote_label", "pk")[:SHOWN]
    )
    noun = ENTITIES[ours.entity].singular
    for pair in pairs:
        known = found.get(pair.remote_id or "") or _of_pair(ours, pair)
        found[known.remote_id] = replace(
            known,
            linked_to=(pair.label or f"another {noun}") if pair.local_id else "",
            linked_id=pair.local_id,
        )
    return sorted(found.values(), key=lambda each: (not each.reason, bool(each.linked_to)))


def _of_pair(ours: Sought, pair: Link) -> Candidate:
    """One that a pair holds already: what was told of it stands there."""
    told = {**pair.base, **pair.seen}
    dated_on = str(told.get("issued_on") or told.get("received_on") or "")
    amount = pair.facts.get("total")
    return Candidate(
        remote_id=pair.remote_id or "",
        label=pair.remote_label,
        amount=wording.money(amount),
        dated_on=wording.day(dated_on),
        reason=_reason(
            ours,
            label=pair.remote_label,
            amount=None if amount in (None, "") else Decimal(amount),
            dated_on=dated_on,
        ),
    )


def _fits(ours: Sought, text: str) -> Q:
    fits = Q(label__icontains=text)
    if ours.email:
        fits |= Q(email__iexact=ours.email)
    if ours.phone:
        fits |= Q(phone=ours.phone)
    if ours.amount is not None:
        fits |= Q(amount=ours.amount)
    return fits


def _of_row(ours: Sought, row: ImportedRecord) -> Candidate:
    return Candidate(
        remote_id=row.remote_id,
        label=row.path.rpartition(":")[0] + ": " + row.label if ":" in row.path else row.label,
        email=row.email,
        phone=row.phone,
        amount=wording.money(row.amount),
        dated_on=wording.day(row.dated_on),
        is_active=row.is_active,
        reason=_reason(
            ours,
            label=row.label,
            email=row.email,
            phone=row.phone,
            amount=row.amount,
            dated_on=row.dated_on,
        ),
    )


def ask_there(books: Books, ours: Sought, name: str) -> list[Candidate]:
    """Records of exactly this name or number, read now. One metered read. Raises SyncError."""
    return [_of_snapshot(ours, each) for each in books.find_by_name(ours.entity, name)]


def _of_snapshot(ours: Sought, snapshot: Snapshot) -> Candidate:
    values = snapshot.record.values()
    email, phone = str(values.get("email", "")), str(values.get("phone", ""))
    return Candidate(
        remote_id=snapshot.remote_id,
        label=snapshot.label,
        email=email,
        phone=phone,
        amount=wording.money(snapshot.amount),
        dated_on=wording.day(snapshot.dated_on),
        is_active=values.get("life") == "live",
        reason=_reason(
            ours,
            label=snapshot.label,
            email=email,
            phone=phone,
            amount=snapshot.amount,
            dated_on=snapshot.dated_on,
        ),
    )


def joined(told: Iterable[Candidate], asked: Iterable[Candidate]) -> list[Candidate]:
    """Both lists as one; what was read already knows what it is linked with."""
    known = {each.remote_id: each for each in told}
    return [*known.values(), *(each for each in asked if each.remote_id not in known)]


def _reason(
    ours: Sought,
    *,
    label: str,
    email: str = "",
    phone: str = "",
    amount: Decimal | None = None,
    dated_on: date | str | None = None,
) -> str:
    """Why it may be the same. It never links by itself."""
    compared: list[tuple[str, Any, Any]] = [
        ("number" if ours.entity == "invoice" else "name", ours.label, label),
        ("email", ours.email, email),
        ("phone", ours.phone, phone),
    ]
    if ours.entity == "payment":  # what it is called is what it comes to
        compared = []
    same = [word for word, one, other in compared if one and one.casefold() == other.casefold()]
    if ours.amount is not None and ours.amount == amount:
        same.append("amount")
    if ours.dated_on and ours.dated_on == str(dated_on):
        same.append("date")
    if same == ["date"]:
        return ""
    return f"Same {' and '.join(same)}" if same else ""
