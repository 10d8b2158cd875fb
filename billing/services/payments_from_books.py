"""
What the books of a firm hold of a payment, written as it is. Called by the sync alone.

No rule for people applies: what QuickBooks holds always lands, however much it applies to what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from billing.models import Origin, Payment, PaymentPart, VoidedBy
from billing.services import payment_store as store
from firms.models import Firm
from firms.permissions import Actor

HEAD = ("contact_id", "received_on", "amount", "currency", "method", "reference", "lock_reason")
PART = ("invoice_id", "books_txn", "label", "amount")
FIELDS = (*HEAD, "parts", "life")
ENDED = {"void": VoidedBy.BOOKS_VOID, "deleted": VoidedBy.BOOKS_DELETE}


@transaction.atomic
def accept_from_books(
    *, actor: Actor, payment_id: int | None, values: Mapping[str, Any], now: datetime
) -> Payment:
    """
    Write what the books hold; with `payment_id` None as a new payment.

    Args:
        values: any of FIELDS. `parts`: all it pays, dicts with the keys PART. `life`: "live",
            "void" or "deleted"; of one that ended there nothing else is taken over.
    The caller holds the row's lock.
    """
    _check_call(actor, values)
    if payment_id is None:
        return _create(actor, values, now)
    payment = store.lock(payment_id, firm_id=actor.firm_id)
    if values.get("life") in ENDED:
        return _end(actor, payment, values["life"], now)
    before = _facts(payment)
    parts = _parts_of(values) if "parts" in values else None
    is_new_split = parts is not None and _split(parts) != _split(payment.parts.all())
    _assign(payment, values)
    if is_new_split or _facts(payment) != before:
        store.update(
            actor=actor,
            payment=payment,
            now=now,
            parts=parts if is_new_split else None,
            keeps_theirs=False,
        )
    return payment


@transaction.atomic
def note_from_books(*, actor: Actor, payment_id: int, lock_reason: str, now: datetime) -> bool:
    """
    Keep why it can't be changed here, "" where it can; return whether that was news.

    No version, no event: nothing to send follows.
    """
    if not actor.is_sync:
        raise ValueError("Only the sync notes what the books hold.")
    rows = Payment.objects.for_firm(actor.firm_id).filter(pk=payment_id)
    return bool(rows.exclude(lock_reason=lock_reason).update(lock_reason=lock_reason))


@transaction.atomic
def take_back_void(*, actor: Actor, payment_id: int, now: datetime) -> Payment:
    """The books would not void it: it lives again, as it was."""
    if not actor.is_sync:
        raise ValueError("Only the sync takes a void back.")
    payment = store.lock(payment_id, firm_id=actor.firm_id)
    if payment.is_void:
        payment.is_void, payment.voided_by = False, ""
        payment.voided_at, payment.void_reason, payment.voided_with = None, "", None
        store.update(actor=actor, payment=payment, now=now)
    return payment


def _check_call(actor: Actor, values: Mapping[str, Any]) -> None:
    if not actor.is_sync:
        raise ValueError("Only the sync writes what the books hold.")
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ValueError(f"A payment of the books has no {', '.join(sorted(unknown))}.")


def _create(actor: Actor, values: Mapping[str, Any], now: datetime) -> Payment:
    payment = Payment(firm_id=actor.firm_id, origin=Origin.BOOKS, created_at=now, updated_at=now)
    _assign(payment, values)
    if not values.get("currency"):
        payment.currency = Firm.objects.get(pk=actor.firm_id).home_currency
    if values.get("life") in ENDED:
        _set_ended(payment, values["life"], now)
    store.insert(actor=actor, payment=payment, parts=_parts_of(values))
    return payment


def _end(actor: Actor, payment: Payment, life: str, now: datetime) -> Payment:
    if not payment.is_void:
        _set_ended(payment, life, now)
        store.update(actor=actor, payment=payment, now=now)
    return payment


def _set_ended(payment: Payment, life: str, now: datetime) -> None:
    payment.is_void, payment.voided_by, payment.voided_at = True, ENDED[life], now


def _assign(payment: Payment, values: Mapping[str, Any]) -> None:
    for name in HEAD:
        if name in values:
            setattr(payment, name, values[name])


def _parts_of(values: Mapping[str, Any]) -> list[PaymentPart]:
    return [
        PaymentPart(**{name: each[name] for name in PART if name in each})
        for each in values.get("parts", ())
    ]


def _facts(payment: Payment) -> dict[str, Any]:
    return {name: getattr(payment, name) for name in HEAD}


def _split(parts: Any) -> list[tuple[Any, ...]]:
    return sorted((each.invoice_id or 0, each.books_txn, each.amount) for each in parts)
