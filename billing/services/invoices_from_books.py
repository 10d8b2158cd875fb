"""
What the books of a firm hold of an invoice, written as it is. Called by the sync alone.

No rule for people applies: what QuickBooks holds always lands, with the amounts it has there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.models import Invoice, InvoiceCredit, InvoiceLine, InvoiceTax, Origin, VoidedBy
from billing.services import invoice_store as store
from firms.models import Firm
from firms.permissions import Actor

ZERO = Decimal("0.00")
HEAD = (
    "contact_id", "number", "po_number", "issued_on", "term_days", "due_on", "message",
    "private_note", "emailed_to", "is_emailed_there", "currency", "lock_reason", "tax_rate_id",
    "is_discount_before_tax", "discount_percent", "discount_amount", "discount", "other_amount",
    "tax", "total", "books_tax_code",
)  # fmt: skip
LINE = (
    "books_id", "kind", "service_item_id", "books_item", "item_name", "description", "served_on",
    "quantity", "rate", "amount", "is_taxable", "lock_reason",
)  # fmt: skip
TAX = ("name", "percent", "base", "amount")
CREDIT = ("kind", "number", "dated_on", "amount")
FIELDS = (*HEAD, "lines", "taxes", "life")
MONEY = {
    "lines", "taxes", "tax", "total", "discount", "discount_percent", "discount_amount",
    "is_discount_before_tax", "other_amount", "tax_rate_id", "books_tax_code",
}  # fmt: skip
ENDED = {"void": VoidedBy.BOOKS_VOID, "deleted": VoidedBy.BOOKS_DELETE}

Row = Mapping[str, Any]


@transaction.atomic
def accept_from_books(
    *, actor: Actor, invoice_id: int | None, values: Mapping[str, Any], now: datetime
) -> Invoice:
    """
    Write what the books hold; with `invoice_id` None as a new invoice that was sent.

    Args:
        values: any of FIELDS. `lines`, `taxes`: lists of dicts with the keys LINE, TAX, all
            optional but a tax's amount. `life`: "live", "void" or "deleted"; of one that ended
            there nothing else is taken over, and one that is void here stays void.
    The caller holds the row's lock.
    """
    _check_call(actor, values)
    if invoice_id is None:
        return _create(actor=actor, values=values, now=now)
    invoice = store.lock(invoice_id, firm_id=actor.firm_id)
    if values.get("life") in ENDED:
        return _end(actor=actor, invoice=invoice, life=values["life"], now=now)
    return _update(actor=actor, invoice=invoice, values=values, now=now)


@transaction.atomic
def note_from_books(
    *,
    actor: Actor,
    invoice_id: int,
    line_ids: Sequence[str] | None,
    credits: Sequence[Row] | None,
    lock_reason: str | None,
    now: datetime,
) -> bool:
    """
    Keep what the books say beside the fields that are kept equal. None leaves a thing as it is.

    Args:
        line_ids: the ids of the lines there, by position.
        credits: dicts with the keys CREDIT, all there are.
        lock_reason: why lines and contact are fixed; "" frees them.
    Returns:
        Whether anything differed. No version, no event, no `updated_at`: nothing to send follows.
    """
    if not actor.is_sync:
        raise ValueError("Only the sync notes what the books hold.")
    invoice = store.lock(invoice_id, firm_id=actor.firm_id)
    found = [
        line_ids is not None and _note_line_ids(invoice, line_ids),
        credits is not None and _note_credits(invoice, credits),
        lock_reason is not None and _note_lock_reason(invoice, lock_reason),
    ]
    return any(found)


@transaction.atomic
def take_back_void(*, actor: Actor, invoice_id: int, now: datetime) -> Invoice:
    """The books would not void it: it lives again, as it was, with what was paid."""
    if not actor.is_sync:
        raise ValueError("Only the sync takes a void back.")
    invoice = store.lock(invoice_id, firm_id=actor.firm_id)
    if invoice.is_void:
        invoice.status, invoice.voided_by = Invoice.Status.SENT, ""
        invoice.voided_at, invoice.void_reason = None, ""
        store.update(actor=actor, invoice=invoice, now=now)
    return invoice


def _check_call(actor: Actor, values: Mapping[str, Any]) -> None:
    if not actor.is_sync:
        raise ValueError("Only the sync writes what the books hold.")
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ValueError(f"An invoice of the books has no {', '.join(sorted(unknown))}.")
    if values.get("life", "live") not in ("live", *ENDED):
        raise ValueError(f"There is no life {values['life']!r}.")


def _create(*, actor: Actor, values: Mapping[str, Any], now: datetime) -> Invoice:
    invoice = Invoice(
        firm_id=actor.firm_id,
        status=Invoice.Status.SENT,
        origin=Origin.BOOKS,
        is_numbered_here=False,
        is_tax_given=True,
        discount=ZERO,
        tax=ZERO,
        other_amount=ZERO,
        sent_at=now,
        created_at=now,
        updated_at=now,
    )
    if "currency" not in values:
        invoice.currency = Firm.objects.get(pk=actor.firm_id).home_currency
    _assign(invoice, values)
    lines = _lines_of(values.get("lines", ()))
    _set_sums(invoice, lines, values)
    if values.get("life") in ENDED:
        _set_ended(invoice, values["life"], now)
    taxes = _taxes_of(values.get("taxes", ()))
    store.insert(actor=actor, invoice=invoice, lines=lines, taxes=taxes)
    return invoice


def _update(*, actor: Actor, invoice: Invoice, values: Mapping[str, Any], now: datetime) -> Invoice:
    head = _facts(invoice)
    before = store.lines_of(invoice)
    number = invoice.number
    _assign(invoice, values)
    if invoice.number != number:
        invoice.is_numbered_here = False  # somebody typed it there
    lines = _lines_of(values["lines"], before) if "lines" in values else before
    taxes = _taxes_of(values["taxes"]) if "taxes" in values else None
    if MONEY & set(values):
        invoice.is_tax_given = True
        _set_sums(invoice, lines, values)
    is_new_lines = "lines" in values and _rows(lines, LINE) != _rows(store.lines_of(invoice), LINE)
    is_new_taxes = taxes is not None and _rows(taxes, TAX) != _rows(invoice.taxes.all(), TAX)
    if not (is_new_lines or is_new_taxes or _facts(invoice) != head):
        return invoice
    if is_new_lines:
        store.write_lines(invoice, lines, before=before)
    if is_new_taxes and taxes is not None:
        store.write_taxes(invoice, taxes)
    store.update(actor=actor, invoice=invoice, now=now)
    return invoice


def _end(*, actor: Actor, invoice: Invoice, life: str, now: datetime) -> Invoice:
    if not invoice.is_void:
        _set_ended(invoice, life, now)
        store.update(actor=actor, invoice=invoice, now=now)
    return invoice


def _set_ended(invoice: Invoice, life: str, now: datetime) -> None:
    invoice.status, invoice.voided_by, invoice.voided_at = Invoice.Status.VOID, ENDED[life], now


def _assign(invoice: Invoice, values: Mapping[str, Any]) -> None:
    for name in HEAD:
        is_ours = name == "emailed_to" and invoice.emailed_at is not None  # where we mailed it
        if name in values and not is_ours:
            setattr(invoice, name, values[name])


def _set_sums(invoice: Invoice, lines: Sequence[InvoiceLine], values: Mapping[str, Any]) -> None:
    """The subtotal is that of the lines; a total that the books don't say follows from the rest."""
    invoice.subtotal = sum((line.amount for line in lines if line.amount is not None), ZERO)
    if "total" not in values:
        beside = invoice.tax - invoice.discount + invoice.other_amount
        invoice.total = invoice.subtotal + beside


def _lines_of(rows: Sequence[Row], before: Sequence[InvoiceLine] = ()) -> list[InvoiceLine]:
    """Lines as the books say; one with the same id there stays the same row here."""
    by_books_id = {line.books_id: line.pk for line in before if line.books_id}
    lines = []
    for position, row in enumerate(rows, start=1):
        unknown = set(row) - set(LINE)
        if unknown:
            raise ValueError(f"A line has no {', '.join(sorted(unknown))}.")
        pk = by_books_id.pop(row.get("books_id", ""), None)
        lines.append(InvoiceLine(pk=pk, position=position, **row))
    return lines


def _taxes_of(rows: Sequence[Row]) -> list[InvoiceTax]:
    return [InvoiceTax(position=position, **row) for position, row in enumerate(rows, start=1)]


def _facts(invoice: Invoice) -> dict[str, Any]:
    names = (*HEAD, "is_tax_given", "subtotal", "is_numbered_here")
    return {name: getattr(invoice, name) for name in names}


def _rows(rows: Any, names: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, name) for name in names) for row in rows]


def _note_line_ids(invoice: Invoice, line_ids: Sequence[str]) -> bool:
    changed = []
    for line, books_id in zip(store.lines_of(invoice), line_ids, strict=False):
        if line.books_id != books_id:
            line.books_id = books_id
            changed.append(line)
    InvoiceLine.objects.bulk_update(changed, ["books_id"], batch_size=500)
    return bool(changed)


def _note_credits(invoice: Invoice, credits: Sequence[Row]) -> bool:
    wanted = [InvoiceCredit(invoice=invoice, **row) for row in credits]
    if _rows(wanted, CREDIT) == _rows(invoice.credits.order_by("pk"), CREDIT):
        return False
    invoice.credits.all().delete()
    InvoiceCredit.objects.bulk_create(wanted)
    return True


def _note_lock_reason(invoice: Invoice, lock_reason: str) -> bool:
    if invoice.lock_reason == lock_reason:
        return False
    invoice.lock_reason = lock_reason
    invoice.save(update_fields=["lock_reason"])
    return True
