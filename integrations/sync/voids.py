"""
A void counts here at once, and is taken back where the books refuse it (decision 12).

Payments that were voided together with an invoice go there after it: if it stays, so do they.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from billing.models import Invoice, Payment, PaymentPart
from firms.permissions import Actor
from integrations.entities import ENTITIES
from integrations.models import Link, OutboxEntry
from integrations.reconcile.record import Life
from integrations.sync import snapshots

REFUSED = "void_refused"  # an option of the pair: the kind of issue that tells of it
WITH_PAYMENTS = "void_payments"  # and that the payments were to go with it
OVER = (Life.VOID, Life.DELETED)


def take_back(link: Link, *, kind: str, now: datetime) -> str:
    """
    The books will not void it: then it is not void here either (ledger rule 23).

    The issue of this `kind` stays open until somebody retries it, which voids once more.

    The bell which that rings is taken away, so that what stands open is not taken for mended.

    Returns:
        What of it does not come back, in words; "" where all does.
    """
    if link.local_id is None:
        return ""
    actor = Actor.for_sync(firm_id=link.firm_id)
    alive = ENTITIES[link.entity].store.take_back_void(actor=actor, local_id=link.local_id, now=now)
    if alive is None:
        return ""
    link.local_version = alive.version
    link.options = {**link.options, REFUSED: kind}
    OutboxEntry.objects.filter(
        connection_id=link.connection_id, entity=link.entity, local_id=link.local_id
    ).delete()
    return _take_back_payments(link, actor, now) if link.entity == "invoice" else ""


def _take_back_payments(link: Link, actor: Actor, now: datetime) -> str:
    """Those that were voided with the invoice; one that is void there, too, cannot come back."""
    gone = list(Payment.objects.filter(voided_with=link.local_id, is_void=True).order_by("pk"))
    if gone:
        link.options = {**link.options, WITH_PAYMENTS: True}
    over = _over_there(link.connection_id, gone)
    for payment in gone:
        if payment.pk not in over:
            ENTITIES["payment"].store.take_back_void(actor=actor, local_id=payment.pk, now=now)
    return " ".join(
        f"{payment} is void in QuickBooks and stays void." for payment in gone if payment.pk in over
    )


def _over_there(connection_id: int, payments: Iterable[Payment]) -> set[int]:
    """Which of these payments ended there, as far as was told."""
    links = Link.objects.filter(
        connection_id=connection_id,
        entity="payment",
        state=Link.State.LINKED,
        local_id__in=[each.pk for each in payments],
    )
    return {
        each.local_id
        for each in links.select_related("connection")
        if each.local_id and (_life_there(each) in OVER or _is_told_over(each))
    }


def _life_there(link: Link) -> str:
    return str({**link.base, **link.seen}.get("life", Life.LIVE))


def _is_told_over(link: Link) -> bool:
    told = snapshots.told_of(link.connection, link.entity, link.remote_id)
    return told is not None and told.record.life in OVER


def invoice_to_wait_for(link: Link) -> Link | None:
    """The pair of the invoice that this payment was voided with, while it is not void there."""
    if link.entity != "payment":
        return None
    payment = Payment.objects.get(pk=link.local_id) if link.local_id is not None else None
    if payment is None or not payment.is_void or payment.voided_with_id is None:
        return None
    pair = Link.objects.filter(
        connection_id=link.connection_id,
        entity="invoice",
        local_id=payment.voided_with_id,
        state=Link.State.LINKED,
    ).first()
    if pair is None or pair.options.get("leave") or _life_there(pair) in OVER:
        return None
    invoice = Invoice.objects.get(pk=payment.voided_with_id)
    return pair if invoice.is_void else None


def goes_with(link: Link) -> Decimal:
    """How much of what was paid on this invoice there goes together with it."""
    going = Payment.objects.filter(voided_with=link.local_id, is_void=True)
    pairs = Link.objects.filter(
        connection_id=link.connection_id,
        entity="payment",
        local_id__in=going.values("pk"),
        remote_id__in=[str(each) for each in link.facts.get("payments") or []],
    )
    parts = PaymentPart.objects.filter(
        invoice=link.local_id, payment__in=pairs.values_list("local_id", flat=True)
    )
    return parts.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
