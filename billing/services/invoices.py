"""
The writers of invoices, for people and programs. Each is one transaction: change, version, event.

What QuickBooks holds is written by `invoices_from_books`; both are called as `invoices.NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from billing import periods, queries
from billing.licence import must_have_billing
from billing.models import Invoice, InvoiceLine, InvoiceTax, VoidedBy
from billing.services import invoice_errors as errors
from billing.services import invoice_rules as rules
from billing.services import invoice_store as store
from billing.services import numbering, settlement
from billing.services.invoice_errors import InvoiceChanged, InvoiceError
from billing.services.invoice_lines import LineInput, build_lines, compute, facts_of, money_of
from billing.services.invoices_from_books import accept_from_books, note_from_books
from billing.services.numbering import change_numbering
from firms.models import Firm
from firms.permissions import Actor, Permission

__all__ = [
    "FIELDS",
    "InvoiceChanged",
    "InvoiceError",
    "PREVIEWED",
    "LineInput",
    "Preview",
    "accept_from_books",
    "change_numbering",
    "check_can_be_sent",
    "create_draft",
    "delete_draft",
    "duplicate_invoice",
    "errors",
    "mark_as_sent",
    "note_downloaded",
    "note_emailed",
    "note_from_books",
    "preview",
    "renumber",
    "send_invoice",
    "update_invoice",
    "values_of",
    "void_invoice",
]

HEAD = (
    "contact_id", "number", "po_number", "issued_on", "term_days", "due_on", "discount_percent",
    "discount_amount", "is_discount_before_tax", "tax_rate_id", "message", "private_note",
)  # fmt: skip
FIELDS = (*HEAD, "lines")
MONEY = {"discount_percent", "discount_amount", "is_discount_before_tax", "tax_rate_id"}
PREVIEWED = {*MONEY, "contact_id"}
# What shows "Changed since sent": money, dates, lines (and the number, after "change and send").
NOTICED = {*MONEY, "lines", "issued_on", "due_on", "number"}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an invoice would come to. `invoice` and its parts are not saved."""

    invoice: Invoice
    lines: list[InvoiceLine]
    taxes: list[InvoiceTax]


@transaction.atomic
def create_draft(
    *, actor: Actor, values: Mapping[str, Any], now: datetime, form_key: UUID | None = None
) -> Invoice:
    """
    Make a draft from `values` (see FIELDS; `lines` are LineInput). No number: it gets the next.

    A draft that was made with the same `form_key` is returned as it is: a double click makes one.

    Raises:
        InvoiceError: nothing was saved.
    """
    firm = _admit(actor, firm_id=actor.firm_id)
    made = form_key and Invoice.objects.for_firm(firm).filter(form_key=form_key).first()
    if made:
        return made
    invoice = Invoice(
        firm=firm, currency=firm.home_currency, form_key=form_key, created_at=now, updated_at=now
    )
    _assign(invoice, values)
    rules.check_head(invoice, changed=HEAD)
    rules.take_exemption(invoice)
    lines = build_lines(values.get("lines", ()), firm_id=firm.pk, existing=())
    taxes = compute(invoice, lines)
    if invoice.number:
        rules.check_number(invoice)
    else:
        invoice.number = numbering.take(firm.pk)
    store.insert(actor=actor, invoice=invoice, lines=lines, taxes=taxes)
    return invoice


@transaction.atomic
def update_invoice(
    *, actor: Actor, invoice: Invoice, version: int, changes: Mapping[str, Any], now: datetime
) -> Invoice:
    """
    Change the named fields, if the invoice still has the `version` the person saw.

    `lines`, if there, are all its lines. Of a draft all may change; of a sent one what payments,
    credits and locks leave open; of a void one nothing.

    Raises:
        InvoiceChanged: it has another version by now; nothing was saved.
        InvoiceError: nothing was saved.
    """
    current = _begin(actor, invoice, version)
    if current.is_void:
        raise errors.InvoiceIsVoid(
            f"{current} is void. Nothing of it can be changed; duplicate it."
        )
    before, before_lines = values_of(current), store.lines_of(current)
    facts, money = facts_of(before_lines), money_of(before_lines)
    total = current.total
    _assign(current, changes)
    lines = before_lines
    if "lines" in changes:
        lines = build_lines(changes["lines"], firm_id=current.firm_id, existing=before_lines)
    rules.take_exemption(current, before=before)
    after = values_of(current)
    changed = {name for name in HEAD if after[name] != before[name]}
    if facts_of(lines) != facts:
        changed.add("lines")
    if not changed:
        return current
    is_settled = queries.is_settled(current)
    _check_change(current, changed, is_settled=is_settled)
    taxes = None
    if changed & {*MONEY, "contact_id"} or money_of(lines) != money:
        rules.take_over_tax(current, changed)
        taxes = compute(current, lines)
    if is_settled:
        rules.check_total_stays(total, current.total)
    if not current.is_draft and "lines" in changed:
        rules.check_bills_something(lines)
    if not current.is_draft and changed & {*NOTICED, "contact_id"}:
        for day in sorted({before["issued_on"], current.issued_on}):
            periods.must_be_open(current.firm_id, day)
    _mark_changed(current, changed)
    if "lines" in changed:
        store.write_lines(current, lines, before=before_lines)
    if taxes is not None:
        store.write_taxes(current, taxes)
    store.update(actor=actor, invoice=current, now=now)
    return current


@transaction.atomic
def delete_draft(*, actor: Actor, invoice: Invoice, version: int | None = None) -> None:
    """
    Remove a draft; its number is free again. Nothing that was sent is ever deleted.

    Raises:
        InvoiceNotDraft, InvoiceChanged
    """
    current = _begin(actor, invoice, version)
    if not current.is_draft:
        raise errors.InvoiceNotDraft(f"{current} was sent, so it stays. Void it instead.")
    current.delete()


def send_invoice(
    *, actor: Actor, invoice: Invoice, now: datetime, version: int | None = None
) -> Invoice:
    """
    Let a draft leave draft because it is about to be e-mailed; see `note_emailed`.

    Raises:
        InvoiceNotDraft, InvoiceChanged
        InvoiceError: it cannot be billed as it is (archived contact, no line, ...).
    """
    return _leave_draft(actor=actor, invoice=invoice, now=now, version=version)


def mark_as_sent(
    *, actor: Actor, invoice: Invoice, now: datetime, version: int | None = None
) -> Invoice:
    """Let a draft leave draft without an e-mail. Raises as `send_invoice`."""
    return _leave_draft(actor=actor, invoice=invoice, now=now, version=version)


def check_can_be_sent(*, actor: Actor, invoice: Invoice) -> None:
    """
    Say whether `send_invoice` would work now. Changes nothing.

    Raises:
        InvoiceNotDraft
        InvoiceError: it cannot be billed as it is.
    """
    actor.must(Permission.EDIT_INVOICES, in_firm=invoice.firm_id)
    if not invoice.is_draft:
        raise errors.InvoiceNotDraft(f"{invoice} is no longer a draft: it was sent meanwhile.")
    rules.check_may_leave_draft(invoice, store.lines_of(invoice))


@transaction.atomic
def note_emailed(*, actor: Actor, invoice: Invoice, to: str, now: datetime) -> Invoice:
    """
    Note that it was e-mailed from here, to addresses with commas between. The number stays now.

    Raises:
        InvoiceNotSent: it is a draft or void.
    """
    current = _begin(actor, invoice, None)
    if current.status != Invoice.Status.SENT:
        raise errors.InvoiceNotSent(
            f"{current} is {current.get_status_display().lower()}. Send it first."
        )
    current.emailed_at, current.emailed_to, current.is_out = now, to, True
    current.is_emailed_there, current.is_changed_since_sent = True, False
    store.update(actor=actor, invoice=current, now=now)
    return current


@transaction.atomic
def note_downloaded(*, actor: Actor, invoice: Invoice) -> Invoice:
    """Note that somebody has its PDF: its number never changes by itself any more. No version."""
    actor.must(Permission.VIEW_ONLY, in_firm=invoice.firm_id)
    current = store.lock(invoice.pk, firm_id=actor.firm_id)
    if not current.is_out and current.status == Invoice.Status.SENT:
        current.is_out = True
        current.save(update_fields=["is_out"])
    return current


@transaction.atomic
def void_invoice(
    *,
    actor: Actor,
    invoice: Invoice,
    now: datetime,
    reason: str = "",
    payments: str = "keep",
    version: int | None = None,
) -> Invoice:
    """
    Let a sent invoice count as nothing. It keeps its number and all it says.

    Args:
        payments: "keep" what was paid as unapplied credit, or "void" the payments with it.
    Raises:
        InvoiceNotSent: a draft is deleted instead; a void one is void.
        PaymentsInTheWay: a payment cannot be voided. Nothing was changed.
        ReasonTooLong, InvoiceChanged
    """
    if payments not in ("keep", "void"):
        raise ValueError(f'payments is "keep" or "void", not {payments!r}.')
    current = _begin(actor, invoice, version)
    if current.is_draft:
        raise errors.InvoiceNotSent(f"{current} is a draft. Delete it instead.")
    if current.is_void:
        raise errors.InvoiceNotSent(f"{current} is void already.")
    longest = Invoice._meta.get_field("void_reason").max_length or 0
    if len(reason) > longest:
        raise errors.ReasonTooLong(f"The reason can have at most {longest} characters. Shorten it.")
    if payments == "void":
        settlement.void_payments(actor=actor, invoice=current, reason=reason, now=now)
    else:
        settlement.keep_payments(actor=actor, invoice=current, now=now)
    periods.must_be_open(current.firm_id, current.issued_on)
    current.status, current.voided_by = Invoice.Status.VOID, VoidedBy.HERE
    current.voided_at, current.void_reason = now, reason
    store.update(actor=actor, invoice=current, now=now)
    return current


@transaction.atomic
def duplicate_invoice(
    *, actor: Actor, invoice: Invoice, now: datetime, form_key: UUID | None = None
) -> Invoice:
    """
    Make a draft like it, issued today, with the next number. Payments and QuickBooks' own
    things are not taken along: a locked line becomes a line of its amount.

    Raises:
        InvoiceError: the contact is archived, or the tax rate, ...
    """
    firm = _admit(actor, firm_id=invoice.firm_id)
    source = store.lock(invoice.pk, firm_id=actor.firm_id)
    known = form_key and Invoice.objects.for_firm(firm).filter(form_key=form_key).first()
    if known:
        return known
    today = now.astimezone(ZoneInfo(firm.time_zone)).date()
    made = Invoice(
        firm=firm, currency=firm.home_currency, form_key=form_key, created_at=now, updated_at=now
    )
    days = source.term_days
    due_on = today + (source.due_on - source.issued_on) if days is None else today
    _assign(made, {**_head_of(source), "number": "", "issued_on": today, "due_on": due_on})
    rules.check_head(made, changed=HEAD)
    rules.take_exemption(made)
    lines = [_copy_line(line) for line in store.lines_of(source)]
    taxes = compute(made, lines)
    made.number = numbering.take(firm.pk)
    store.insert(actor=actor, invoice=made, lines=lines, taxes=taxes)
    return made


@transaction.atomic
def renumber(
    *,
    actor: Actor,
    invoice: Invoice,
    now: datetime,
    number: str | None = None,
    version: int | None = None,
) -> Invoice:
    """
    Give it `number`, or the next free one. After it went out, only where a person asks.

    Raises:
        NumberIsOut: the client has the number, and it is the sync that asks.
        InvoiceIsVoid, NumberTaken, NumberTooLong, InvoiceChanged
    """
    current = _begin(actor, invoice, version)
    if current.is_void:
        raise errors.InvoiceIsVoid(f"{current} is void: it keeps its number.")
    if current.is_out and actor.is_sync:
        raise errors.NumberIsOut(f"The client has {current} already, so the number stays.")
    current.number = numbering.take(current.firm_id) if number is None else number.strip()
    current.is_numbered_here = True
    rules.check_number(current)
    _mark_changed(current, {"number"})
    store.update(actor=actor, invoice=current, now=now)
    return current


def preview(*, actor: Actor, values: Mapping[str, Any], invoice: Invoice | None = None) -> Preview:
    """
    Say what an invoice with `values` would come to, by the same code as on save. Saves nothing.

    Only lines, discount, tax and contact are looked at: a form half filled in has totals, too.

    Raises:
        InvoiceError: as on save.
    """
    actor.must(Permission.EDIT_INVOICES, in_firm=invoice.firm_id if invoice else actor.firm_id)
    existing: Sequence[InvoiceLine] = store.lines_of(invoice) if invoice else ()
    money = money_of(existing)
    shown = copy(invoice) if invoice else Invoice(firm_id=actor.firm_id)
    before = {name: getattr(shown, name) for name in PREVIEWED}
    for name in PREVIEWED & set(values):
        setattr(shown, name, values[name])
    rules.take_exemption(shown, before=before if invoice else None)
    lines = list(existing)
    if "lines" in values:
        lines = build_lines(values["lines"], firm_id=actor.firm_id, existing=existing)
    is_same = invoice is not None and money_of(lines) == money
    if is_same and before == {name: getattr(shown, name) for name in PREVIEWED}:
        return Preview(invoice=shown, lines=lines, taxes=list(shown.taxes.all()))
    return Preview(invoice=shown, lines=lines, taxes=compute(shown, lines))


def values_of(invoice: Invoice) -> dict[str, Any]:
    """The values of an invoice, all FIELDS but `lines`."""
    return {name: getattr(invoice, name) for name in HEAD}


def _admit(actor: Actor, *, firm_id: int) -> Firm:
    """Check permission and licence. Of two people who use one number at once, one waits here."""
    actor.must(Permission.EDIT_INVOICES, in_firm=firm_id)
    firm = Firm.objects.select_for_update(no_key=True).get(pk=firm_id)
    must_have_billing(firm)
    return firm


def _begin(actor: Actor, invoice: Invoice, version: int | None) -> Invoice:
    """Check who asks, lock the invoice and check that it is the one the person saw."""
    _admit(actor, firm_id=invoice.firm_id)
    current = store.lock(invoice.pk, firm_id=actor.firm_id)
    if version is not None and current.version != version:
        raise InvoiceChanged(current)
    return current


def _assign(invoice: Invoice, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ValueError(f"An invoice has no {', '.join(sorted(unknown))}.")
    for name, value in values.items():
        if name in ("number", "po_number") and value.strip() == getattr(invoice, name).strip():
            continue  # blanks around it came from the books
        if name != "lines":
            setattr(invoice, name, value.strip() if name in ("number", "po_number") else value)
    if {"issued_on", "term_days", "due_on"} & set(values):
        rules.set_due_date(invoice)


def _check_change(invoice: Invoice, changed: set[str], *, is_settled: bool) -> None:
    rules.check_locks(invoice, changed, is_settled=is_settled)
    rules.check_head(invoice, changed)
    if "number" in changed:
        invoice.is_numbered_here = True  # a person gave it this one
        rules.check_number(invoice)


def _mark_changed(invoice: Invoice, changed: set[str]) -> None:
    was_seen = invoice.is_out or invoice.is_emailed_there or invoice.origin == "here"
    if invoice.status == Invoice.Status.SENT and was_seen and changed & NOTICED:
        invoice.is_changed_since_sent = True


@transaction.atomic
def _leave_draft(*, actor: Actor, invoice: Invoice, now: datetime, version: int | None) -> Invoice:
    current = _begin(actor, invoice, version)
    if not current.is_draft:
        raise errors.InvoiceNotDraft(
            f"{current} is no longer a draft: it was sent or voided meanwhile."
        )
    rules.check_may_leave_draft(current, store.lines_of(current))
    periods.must_be_open(current.firm_id, current.issued_on)
    current.status, current.sent_at = Invoice.Status.SENT, now
    store.update(actor=actor, invoice=current, now=now)
    return current


def _head_of(invoice: Invoice) -> dict[str, Any]:
    """The values that a duplicate starts with."""
    return {name: value for name, value in values_of(invoice).items() if name != "po_number"}


def _copy_line(line: InvoiceLine) -> InvoiceLine:
    is_locked = line.kind == InvoiceLine.Kind.LOCKED
    kind = InvoiceLine.Kind.ITEM if line.amount is not None else InvoiceLine.Kind.TEXT
    return InvoiceLine(
        position=line.position,
        kind=kind if is_locked else line.kind,
        service_item=line.service_item,
        item_name=line.item_name,
        description=line.description or (line.item_name if is_locked else ""),
        served_on=line.served_on,
        quantity=line.quantity,
        rate=line.rate,
        amount=line.amount,
        is_taxable=line.is_taxable,
    )
