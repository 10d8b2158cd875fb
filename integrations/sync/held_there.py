"""What the books hold and we do not: of whom it is, and how much of it is open there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.models import Connection, ImportedRecord, Link
from integrations.providers import get_provider
from integrations.reconcile.record import Life


@dataclass(frozen=True, kw_only=True)
class HeldThere:
    """`is_over`: void, inactive, or of a kind that is nothing here."""

    contact_id: int | None  # ours, where its customer is linked
    amount: Decimal
    is_over: bool


def read(
    connection: Connection,
    entity: str,
    kept: Iterable[ImportedRecord],
    links: Iterable[Link] = (),
) -> dict[str, HeldThere]:
    """
    By remote id, for the records as last told. One query, however many.

    Args:
        links: pairs of records of theirs whose content was looked at and is no longer kept.
    """
    provider = get_provider(connection.provider)
    told = {str(each.remote_id): _of_link(each) for each in links if each.facts}
    for row in kept:
        snapshot = provider.read_stored(entity, row.raw)
        is_over = snapshot.is_foreign or snapshot.record.life is not Life.LIVE
        told[row.remote_id] = (snapshot.facts, is_over)
    contacts = _contacts_of(connection, [facts for facts, _ in told.values()])
    return {
        remote_id: HeldThere(
            contact_id=contacts.get(str(facts.get("customer") or "")),
            amount=open_there(entity, facts) or Decimal(0),
            is_over=is_over,
        )
        for remote_id, (facts, is_over) in told.items()
    }


def _of_link(link: Link) -> tuple[Mapping[str, Any], bool]:
    life = {**link.base, **link.seen}.get("life", Life.LIVE)
    return link.facts, life != Life.LIVE


def _contacts_of(connection: Connection, told: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    customers = {str(facts.get("customer") or "") for facts in told} - {""}
    found = Link.objects.filter(
        connection=connection,
        entity="contact",
        state=Link.State.LINKED,
        remote_id__in=customers,
        local_id__isnull=False,
    )
    return {str(there): here for there, here in found.values_list("remote_id", "local_id") if here}


def open_there(entity: str, facts: Mapping[str, Any]) -> Decimal | None:
    """What the record adds to what its customer owes there; None: that was never told."""
    if entity == "invoice" and facts.get("balance") is not None:
        return Decimal(facts["balance"])
    if entity == "payment" and facts.get("unapplied") is not None:
        return -Decimal(facts["unapplied"])
    return None


def told_balance(entity: str, facts: Mapping[str, Any]) -> Decimal | None:
    """What the books say that a customer owes."""
    told = facts.get("balance") if entity == "contact" else None
    return None if told is None else Decimal(told)
