"""
QuickBooks credits: what lowers an invoice's balance there beside our payments.

Derived from what the books said last: total less balance, less those of our payments that this
balance knows of. Written anew whenever an invoice or a payment of it was looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from billing.models import PaymentPart
from firms.permissions import Actor
from integrations.entities import ENTITIES
from integrations.entities.payment import PaymentRecord
from integrations.models import Connection, Link
from integrations.reconcile.record import Ref
from integrations.sync import snapshots

OTHER = "Other credit in QuickBooks"
KINDS = {"CreditMemo": "Credit memo", "JournalEntry": "Journal entry", "Deposit": "Deposit"}
ZERO = Decimal(0)


def refresh(connection: Connection, invoice_ids: Collection[int], *, now: datetime) -> None:
    """Tell these invoices of ours what credits they have there, as far as is known."""
    if not invoice_ids:
        return
    links = Link.objects.filter(
        connection=connection, entity="invoice", local_id__in=invoice_ids, state=Link.State.LINKED
    )
    actor = Actor.for_sync(firm_id=connection.firm_id)
    for link in links:
        if link.facts and link.local_id is not None:
            ENTITIES["invoice"].store.note(
                actor=actor,
                local_id=link.local_id,
                facts={"credits": credits_of(connection, link)},
                now=now,
            )


def credits_of(connection: Connection, link: Link) -> list[dict[str, Any]]:
    """Rows of kind, number, dated_on, amount, as billing takes them."""
    facts = link.facts
    rest = Decimal(facts.get("total") or 0) - Decimal(facts.get("balance") or 0)
    known_there = [str(each) for each in facts.get("payments") or []]
    ours = _ours(connection, known_there)
    rest -= _applied(link, ours.values())
    rows = []
    if deposit := Decimal(facts.get("deposit") or 0):
        rows.append(_row("Deposit", deposit))
    for remote_id in known_there:
        if remote_id not in ours:
            rows += _rows_of(connection, remote_id, str(link.remote_id))
    told = []
    for row in rows:  # never more than the balance shows
        row["amount"] = min(row["amount"], rest)
        if row["amount"] > 0:
            told.append(row)
            rest -= row["amount"]
    return [*told, _row(OTHER, rest)] if rest > 0 else told


def _ours(connection: Connection, remote_ids: Collection[str]) -> Mapping[str, int]:
    """Ids of our payments by theirs."""
    found = Link.objects.filter(
        connection=connection, entity="payment", remote_id__in=remote_ids, state=Link.State.LINKED
    )
    return {
        str(remote_id): local_id
        for remote_id, local_id in found.values_list("remote_id", "local_id")
        if local_id is not None
    }


def _applied(link: Link, payment_ids: Collection[int]) -> Decimal:
    # One that was voided here since still counts there, as long as the books name it.
    parts = PaymentPart.objects.filter(invoice_id=link.local_id or 0, payment_id__in=payment_ids)
    return parts.aggregate(sum=Sum("amount"))["sum"] or ZERO


def _rows_of(connection: Connection, remote_id: str, invoice_id: str) -> list[dict[str, Any]]:
    """A payment there that is none here: of nothing but credits, or of a contact left out."""
    told = snapshots.told_of(connection, "payment", remote_id)
    if told is None or not isinstance(told.record, PaymentRecord):
        return []
    parts: Sequence[Mapping[str, Any]] = told.record.values().get("parts") or ()
    ours = Ref("invoice", invoice_id)
    here = sum((Decimal(each["amount"]) for each in parts if each.get("invoice") == ours), ZERO)
    if told.amount:
        return [_row("Payment in QuickBooks", here, told.dated_on)]
    sources = {str(each.get("txn") or "").partition(":")[0] for each in parts} & set(KINDS)
    kind = KINDS[sources.pop()] if len(sources) == 1 else OTHER
    return [_row(kind, here, told.dated_on)]


def _row(kind: str, amount: Decimal, dated_on: date | None = None) -> dict[str, Any]:
    return {"kind": kind, "number": "", "dated_on": dated_on, "amount": amount}
