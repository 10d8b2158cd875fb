"""What becomes of the payments of an invoice that is voided."""

from __future__ import annotations

from datetime import datetime

from billing import events
from billing.models import Invoice, Payment, PaymentPart, VoidedBy
from billing.services.invoice_errors import PaymentsInTheWay
from firms.permissions import Actor, Permission


def keep_payments(*, actor: Actor, invoice: Invoice, now: datetime) -> int:
    """
    Tell of the live payments of an invoice that is about to be void. Return how many.

    Their parts stay: of a void invoice they count as unapplied, and if the books refuse the void
    everything is as it was.
    """
    payments = _payments_of(invoice)
    for payment in payments:
        _save(actor=actor, payment=payment, now=now)
    return len(payments)


def void_payments(*, actor: Actor, invoice: Invoice, reason: str, now: datetime) -> int:
    """
    Void the live payments of the invoice. Return how many.

    Raises:
        PaymentsInTheWay: one is locked in QuickBooks, or pays other invoices, too.
    """
    payments = _payments_of(invoice)
    if payments:
        actor.must(Permission.RECORD_PAYMENTS, in_firm=invoice.firm_id)
    for payment in payments:
        _check_may_go(payment, invoice)
        payment.is_void, payment.voided_by = True, VoidedBy.HERE
        payment.voided_at, payment.void_reason = now, reason
        payment.voided_with = invoice
        _save(actor=actor, payment=payment, now=now)
    return len(payments)


def _payments_of(invoice: Invoice) -> list[Payment]:
    paid = PaymentPart.objects.filter(invoice=invoice).values("payment")
    live = Payment.objects.live().filter(pk__in=paid)
    return list(live.select_for_update().order_by("pk"))


def _check_may_go(payment: Payment, invoice: Invoice) -> None:
    what = f"The payment of {payment.amount:,} from {payment.received_on:%b %-d, %Y}"
    if payment.lock_reason:
        raise PaymentsInTheWay(
            f"{what} cannot be voided here. {payment.lock_reason}. Keep the payments instead."
        )
    if payment.parts.exclude(invoice=invoice).exists():
        raise PaymentsInTheWay(
            f"{what} pays other invoices, too. Keep the payments instead, or change its split "
            "first."
        )


def _save(*, actor: Actor, payment: Payment, now: datetime) -> None:
    payment.version += 1
    payment.updated_at = now
    payment.save()
    events.payment_changed.send(
        sender=Payment,
        firm_id=payment.firm_id,
        payment_id=payment.pk,
        version=payment.version,
        actor=actor,
    )
