"""Writes the rows of a payment; the services alone call it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing import events
from billing.models import Payment, PaymentPart
from firms.permissions import Actor


def lock(payment_id: int, *, firm_id: int) -> Payment:
    return Payment.objects.select_for_update().get(pk=payment_id, firm_id=firm_id)


def insert(*, actor: Actor, payment: Payment, parts: Sequence[PaymentPart]) -> None:
    payment.changed_by = actor.label[:200]
    payment.save(force_insert=True)
    _write_parts(payment, parts)
    _tell(actor, payment)


def update(
    *,
    actor: Actor,
    payment: Payment,
    now: datetime,
    parts: Sequence[PaymentPart] | None = None,
    keeps_theirs: bool = True,
) -> None:
    """
    `parts`: all that it pays, None where nothing changed. With `keeps_theirs` those that pay
    records of the books alone stay behind them.
    """
    payment.version += 1
    payment.updated_at, payment.changed_by = now, actor.label[:200]
    payment.save()
    if parts is not None:
        theirs = list(payment.parts.filter(invoice=None)) if keeps_theirs else []
        _write_parts(payment, [*parts, *theirs])
    _tell(actor, payment)


def _write_parts(payment: Payment, parts: Sequence[PaymentPart]) -> None:
    payment.parts.all().delete()
    for place, part in enumerate(parts, start=1):
        part.pk, part.payment, part.position = None, payment, place
    PaymentPart.objects.bulk_create(parts)


def _tell(actor: Actor, payment: Payment) -> None:
    events.payment_changed.send(
        sender=Payment,
        firm_id=payment.firm_id,
        payment_id=payment.pk,
        version=payment.version,
        actor=actor,
    )
