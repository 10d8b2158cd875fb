"""What people do with payments. Each is one transaction: the change, its version, one event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from billing import periods, totals
from billing.licence import must_have_billing
from billing.models import Invoice, Payment, PaymentPart, VoidedBy
from billing.queries import balances_of
from billing.services import payment_errors as errors
from billing.services import payment_store as store
from billing.services.payments_from_books import (
    accept_from_books,
    note_from_books,
    take_back_void,
)
from contacts.models import Contact
from firms.models import Firm
from firms.permissions import Actor, Permission

HEAD = ("contact_id", "received_on", "amount", "method", "reference")
FIELDS = (*HEAD, "parts")
TEXTS = ("method", "reference")
MOST_LEVELS = 5  # of a family of contacts, as QuickBooks has them

__all__ = ["accept_from_books", "note_from_books", "take_back_void"]

Part = Mapping[str, Any]  # "invoice_id", "amount"


@transaction.atomic
def record_payment(
    *, actor: Actor, values: Mapping[str, Any], now: datetime, form_key: UUID | None = None
) -> Payment:
    """
    Record money received: `values` are FIELDS; `parts` a list of {"invoice_id", "amount"}.

    What the parts leave over is the contact's unapplied credit.

    Args:
        form_key: of the form it is recorded with. A second call with it answers the first's.
    Raises:
        PaymentError, periods.PeriodClosed: nothing was saved.
    """
    _admit(actor, firm_id=actor.firm_id)
    if form_key is not None:
        Firm.objects.select_for_update(no_key=True).get(pk=actor.firm_id)  # a double click waits
        made = Payment.objects.for_firm(actor.firm_id).filter(form_key=form_key).first()
        if made is not None:
            return made
    payment = Payment(
        firm_id=actor.firm_id,
        currency=Firm.objects.get(pk=actor.firm_id).home_currency,
        form_key=form_key,
        created_at=now,
        updated_at=now,
    )
    _assign(payment, values)
    _check(payment)
    parts = _checked_parts(payment, values.get("parts", ()), before={})
    store.insert(actor=actor, payment=payment, parts=parts)
    return payment


@transaction.atomic
def update_payment(
    *, actor: Actor, payment: Payment, version: int, changes: Mapping[str, Any], now: datetime
) -> Payment:
    """
    Change the named fields, if it still has the `version` the person saw. `parts` are all that
    pay invoices; parts that pay records of the books alone stay.

    Raises:
        PaymentChanged, PaymentLocked, PaymentIsVoid, PaymentError: nothing was saved.
    """
    _lock_invoices(payment, changes.get("parts", ()))  # before the payment, as a void does
    current = _begin(actor, payment, version)
    before = {name: getattr(current, name) for name in HEAD}
    old = {part.invoice_id: part.amount for part in current.parts.all()}
    _assign(current, changes)
    head_changed = any(getattr(current, name) != before[name] for name in HEAD)
    wanted = changes.get("parts")
    if wanted is None:
        wanted = [{"invoice_id": pk, "amount": amount} for pk, amount in old.items() if pk]
    same_parts = {each["invoice_id"]: each["amount"] for each in wanted} == {
        pk: amount for pk, amount in old.items() if pk
    }
    if not head_changed and same_parts:
        return current
    _check(current, old_date=before["received_on"])
    parts = _checked_parts(current, wanted, before=old)
    store.update(actor=actor, payment=current, now=now, parts=None if same_parts else parts)
    return current


@transaction.atomic
def void_payment(
    *, actor: Actor, payment: Payment, version: int, reason: str = "", now: datetime
) -> Payment:
    """
    Let a payment count for nothing; what it paid is open again.

    Raises:
        PaymentChanged, PaymentLocked, PaymentIsVoid, periods.PeriodClosed: nothing was changed.
    """
    current = _begin(actor, payment, version)
    longest = Payment._meta.get_field("void_reason").max_length or 0
    if len(reason) > longest:
        raise errors.PaymentError(
            f"The reason can have at most {longest} characters. Shorten it.", field="reason"
        )
    periods.must_be_open(current.firm_id, current.received_on, field="received_on")
    current.is_void, current.voided_by = True, VoidedBy.HERE
    current.voided_at, current.void_reason = now, reason
    store.update(actor=actor, payment=current, now=now)
    return current


def values_of(payment: Payment) -> dict[str, Any]:
    """The values of a payment: HEAD, and the parts that pay invoices."""
    parts = [
        {"invoice_id": part.invoice_id, "amount": part.amount}
        for part in payment.parts.all()
        if part.invoice_id is not None
    ]
    return {**{name: getattr(payment, name) for name in HEAD}, "parts": parts}


def family_of(contact: Contact) -> list[int]:
    """Ids of the contact and its descendants: whose invoices its payments may pay."""
    family, generation = [contact.pk], [contact.pk]
    for _ in range(MOST_LEVELS):
        rows = Contact.objects.for_firm(contact.firm_id).filter(parent__in=generation)
        generation = list(rows.values_list("pk", flat=True))
        family += generation
    return family


# -- Parts ---------------------------------------------------------------------------------------


def _admit(actor: Actor, *, firm_id: int) -> None:
    actor.must(Permission.RECORD_PAYMENTS, in_firm=firm_id)
    must_have_billing(Firm.objects.get(pk=firm_id))


def _lock_invoices(payment: Payment, wanted: Sequence[Part]) -> None:
    """Those it pays and those it is to pay, in the order of their ids, until the commit."""
    old = payment.parts.exclude(invoice=None).values_list("invoice_id", flat=True)
    ids = {*old, *(each["invoice_id"] for each in wanted)}
    rows = Invoice.objects.for_firm(payment.firm_id).filter(pk__in=ids).order_by("pk")
    list(rows.select_for_update().values_list("pk"))


def _begin(actor: Actor, payment: Payment, version: int) -> Payment:
    """The row as it is now, until the commit, if it may change at all."""
    _admit(actor, firm_id=payment.firm_id)
    current = store.lock(payment.pk, firm_id=actor.firm_id)
    if current.version != version:
        raise errors.PaymentChanged(current)
    if current.is_void:
        raise errors.PaymentIsVoid(f"{current} is void. Record another one instead.")
    if current.lock_reason:
        raise errors.PaymentLocked(f"It can't be changed here. {current.lock_reason}")
    return current


def _assign(payment: Payment, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ValueError(f"A payment has no {', '.join(sorted(unknown))}.")
    for name in HEAD:
        if name in values:
            value = values[name]
            setattr(payment, name, value.strip() if name in TEXTS else value)


def _check(payment: Payment, *, old_date: Any = None) -> None:
    contacts = Contact.objects.for_firm(payment.firm_id).filter(pk=payment.contact_id)
    if payment.pk is None:  # until the commit: it is not merged into another one meanwhile
        contacts = contacts.select_for_update(no_key=True)
    contact = contacts.first()
    if contact is None:
        raise errors.PaymentError("Choose a contact.", field="contact_id")
    if contact.merged_into is not None:
        raise errors.PaymentError(
            f"{contact} was merged into {contact.merged_into}. Choose that one.",
            field="contact_id",
        )
    if payment.pk is None and contact.is_archived:
        raise errors.PaymentError(
            f"{contact} is archived. Restore the contact first.", field="contact_id"
        )
    if payment.received_on is None:
        raise errors.PaymentError("Enter the day it was received.", field="received_on")
    _check_amount("The amount", payment.amount, field="amount")
    for name in TEXTS:
        column: Any = Payment._meta.get_field(name)
        longest = column.max_length
        if len(getattr(payment, name)) > longest:
            raise errors.PaymentError(
                f"{name.capitalize()}: at most {longest} characters. Shorten it.", field=name
            )
    for day in sorted({old_date or payment.received_on, payment.received_on}):
        periods.must_be_open(payment.firm_id, day, field="received_on")


def _check_amount(label: str, amount: Any, *, field: str) -> None:
    if not isinstance(amount, Decimal) or not totals.is_possible(amount, decimals=2):
        raise errors.PaymentError(f"{label} has to be an amount in whole cents.", field=field)
    if amount <= 0:
        raise errors.PaymentError(f"{label} has to be more than 0.", field=field)


def _checked_parts(
    payment: Payment, wanted: Sequence[Part], *, before: Mapping[int | None, Decimal]
) -> list[PaymentPart]:
    """
    The parts as rows. The invoices are locked in the order of their ids, so that of two people who
    pay one invoice at once the second sees what the first left.
    """
    amounts: dict[int, Decimal] = {}
    for each in wanted:
        _check_amount("The amount for an invoice", each["amount"], field="parts")
        if each["invoice_id"] in amounts:
            raise errors.PaymentError("An invoice is there twice.", field="parts")
        amounts[each["invoice_id"]] = each["amount"]
    _check_sum(payment, amounts)
    rows = Invoice.objects.for_firm(payment.firm_id).filter(pk__in=amounts).order_by("pk")
    invoices = {each.pk: each for each in rows.select_for_update()}
    balances = balances_of(Invoice.objects.filter(pk__in=invoices))
    family = family_of(payment.contact) if amounts else []
    for pk, amount in amounts.items():
        invoice = invoices.get(pk)
        if invoice is None:
            raise errors.PaymentError("Choose an invoice of this firm.", field="parts")
        already = before.get(pk, Decimal(0))
        if amount > already or not before:  # what it pays already may stay, or shrink
            _check_part(invoice, amount, balances[pk] + already, family, was_there=pk in before)
    return [
        PaymentPart(position=place, invoice_id=pk, amount=amount)
        for place, (pk, amount) in enumerate(amounts.items(), start=1)
    ]


def _check_sum(payment: Payment, amounts: Mapping[int, Decimal]) -> None:
    """What pays records of the books alone counts as well."""
    theirs = Decimal(0)
    if payment.pk is not None:
        theirs = sum((part.amount for part in payment.parts.filter(invoice=None)), start=Decimal(0))
    applied = sum(amounts.values(), start=theirs)
    if applied > payment.amount:
        raise errors.AppliedTooMuch(
            f"{applied:,.2f} is applied, but only {payment.amount:,.2f} was received."
        )


def _check_part(
    invoice: Invoice, amount: Decimal, owed: Decimal, family: Sequence[int], *, was_there: bool
) -> None:
    if invoice.status != Invoice.Status.SENT and not (was_there and invoice.is_void):
        raise errors.NotPayable(
            f"{invoice} is {invoice.get_status_display().lower()}, so nothing can be paid on it.",
            invoice_id=invoice.pk,
        )
    if invoice.contact_id not in family:
        raise errors.NotPayable(
            f"{invoice} is of another contact. A payment pays invoices of its contact and of "
            "those below it.",
            invoice_id=invoice.pk,
        )
    if not invoice.is_void and amount > owed:
        raise errors.AppliedTooMuch(
            f"{invoice} owes {max(owed, Decimal(0)):,.2f}, so {amount:,.2f} is too much. Leave "
            "the rest unapplied.",
            invoice_id=invoice.pk,
        )
