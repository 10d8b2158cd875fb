"""How an invoice is read for a change and written after it. Used by the services beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from billing import events
from billing.models import Invoice, InvoiceLine, InvoiceTax
from firms.permissions import Actor

OUT_OF_THE_WAY = 20_000  # more than there are lines, less than the column holds


def lock(invoice_id: int, *, firm_id: int) -> Invoice:
    return Invoice.objects.select_for_update().get(pk=invoice_id, firm_id=firm_id)


def lines_of(invoice: Invoice) -> list[InvoiceLine]:
    return list(invoice.lines.select_related("service_item").order_by("position"))


def insert(
    *, actor: Actor, invoice: Invoice, lines: Sequence[InvoiceLine], taxes: Sequence[InvoiceTax]
) -> None:
    invoice.changed_by = actor.label[:200]
    invoice.save(force_insert=True)
    write_lines(invoice, lines, before=())
    write_taxes(invoice, taxes)
    _tell(actor=actor, invoice=invoice)


def update(*, actor: Actor, invoice: Invoice, now: datetime) -> None:
    """Write the invoice itself as a new version."""
    invoice.version += 1
    invoice.updated_at, invoice.changed_by = now, actor.label[:200]
    invoice.save()
    _tell(actor=actor, invoice=invoice)


def write_lines(
    invoice: Invoice, lines: Sequence[InvoiceLine], *, before: Sequence[InvoiceLine]
) -> None:
    """Replace the lines `before`: those that have a pk stay rows, the others are made."""
    kept = [line for line in lines if line.pk is not None]
    gone = {line.pk for line in before} - {line.pk for line in kept}
    InvoiceLine.objects.filter(pk__in=gone).delete()
    # Positions are unique at each moment, so the lines first step aside.
    InvoiceLine.objects.filter(pk__in=[line.pk for line in kept]).update(
        position=F("position") + OUT_OF_THE_WAY
    )
    for line in lines:
        line.invoice = invoice
    names = [f.name for f in InvoiceLine._meta.concrete_fields if f.name not in ("id", "invoice")]
    InvoiceLine.objects.bulk_update(kept, names, batch_size=500)
    InvoiceLine.objects.bulk_create([line for line in lines if line.pk is None], batch_size=500)


def write_taxes(invoice: Invoice, taxes: Sequence[InvoiceTax]) -> None:
    invoice.taxes.all().delete()
    for tax in taxes:
        tax.invoice = invoice
    InvoiceTax.objects.bulk_create(taxes)


def _tell(*, actor: Actor, invoice: Invoice) -> None:
    events.invoice_changed.send(
        sender=Invoice,
        firm_id=invoice.firm_id,
        invoice_id=invoice.pk,
        version=invoice.version,
        actor=actor,
    )
