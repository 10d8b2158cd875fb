"""Two contacts become one: what was billed to the one that goes, and paid by it, moves along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from billing import queries
from billing.models import Invoice, Payment, PaymentPart
from billing.models.invoice import InvoiceQuerySet
from billing.models.payment import PaymentQuerySet
from billing.services import invoice_store, payment_store
from contacts import queries as contact_queries
from contacts.followers import Outlook, Refusal
from contacts.models import Contact
from firms.permissions import Actor, NotAllowed, Permission

ZERO = Decimal("0.00")


def foresee(*, actor: Actor, keep: Contact, lose: Contact) -> Outlook:
    """How many invoices and payments would move, and what they come to."""
    invoices, payments = _of(lose)
    moves, needed = [], []
    if count := invoices.count():
        balances = queries.balances_of(invoices.filter(status=Invoice.Status.SENT)).values()
        moves.append(f"{_many(count, 'invoice')}, {sum(balances, start=ZERO):,.2f} open")
        needed.append(Permission.EDIT_INVOICES)
    if count := payments.count():
        received = sum((each.amount for each in payments.live()), start=ZERO)
        moves.append(f"{_many(count, 'payment')}, {received:,.2f} received")
        needed.append(Permission.RECORD_PAYMENTS)
    refusals = [
        Refusal(sentence=str(NotAllowed(each)), lacks=each)
        for each in needed
        if not actor.can(each)
    ]
    return Outlook(moves=moves, refusals=[*refusals, *_paid_from_above(keep, lose)])


def follow(*, actor: Actor, keep: Contact, lose: Contact, now: datetime) -> None:
    """
    Bill to `keep` what was billed to `lose`, whatever its status; payments go with it.

    Totals, numbers and what pays what stay as they are, so nothing that keeps the contact of a
    single invoice fixed is in the way.
    """
    invoices, payments = _of(lose)
    for invoice in invoices.select_for_update().order_by("pk"):  # before payments, as a void does
        invoice.contact = keep
        invoice_store.update(actor=actor, invoice=invoice, now=now)
    for payment in payments.select_for_update().order_by("pk"):
        payment.contact = keep
        payment_store.update(actor=actor, payment=payment, now=now)


def _of(contact: Contact) -> tuple[InvoiceQuerySet, PaymentQuerySet]:
    return (
        Invoice.objects.for_firm(contact.firm_id).filter(contact=contact),
        Payment.objects.for_firm(contact.firm_id).filter(contact=contact),
    )


def _paid_from_above(keep: Contact, lose: Contact) -> Iterator[Refusal]:
    """A payment pays invoices of its contact and of those below it: it must still, afterwards."""
    payers = [lose.pk, *contact_queries.line_up(keep)]
    parts = PaymentPart.objects.filter(invoice__contact=lose, payment__is_void=False)
    outside = parts.exclude(payment__contact__in=payers)
    for name in outside.values_list("payment__contact__display_name", flat=True).distinct():
        yield Refusal(
            sentence=f"A payment of {name} pays invoices of {lose}, and may only while {name} "
            f"is the parent. Put {keep} below {name}, too, or keep {lose} instead."
        )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
