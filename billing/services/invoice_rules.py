"""Rules for people who write invoices. They bind nothing that comes from the books."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from billing import terms
from billing.models import Invoice, InvoiceLine, TaxRate
from billing.services import numbering
from billing.services.invoice_errors import (
    ContactArchived,
    ContactFixed,
    ContactMissing,
    DateNotPossible,
    DiscountNotPossible,
    InvoiceLocked,
    LineNotPossible,
    LinesMissing,
    NumberMissing,
    TaxNotExplained,
    TaxRateNotPossible,
    TermsNotPossible,
    TextTooLong,
    TotalFixed,
)
from contacts.models import Contact

TEXTS = {"po_number": "PO number", "message": "Message", "private_note": "Private note"}
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
LOCKABLE = {
    "contact_id", "lines", "discount_percent", "discount_amount", "is_discount_before_tax",
    "tax_rate_id",
}  # fmt: skip


def check_head(invoice: Invoice, changed: Collection[str]) -> None:
    """Check what changed of all but lines, number and totals: what came from the books may stay."""
    if "contact_id" in changed:
        check_contact(invoice, holds=True)
    for name in set(TEXTS) & set(changed):
        _check_text(invoice, name)
    if {"issued_on", "due_on", "term_days"} & set(changed):
        _check_dates(invoice)
    if "tax_rate_id" in changed and invoice.tax_rate_id is not None:
        _check_tax_rate(invoice)
    if invoice.discount_percent is not None and invoice.discount_amount is not None:
        raise DiscountNotPossible(
            "A discount is a percentage or an amount. Leave one of them empty.",
            field="discount_percent",
        )


def check_number(invoice: Invoice) -> None:
    if not invoice.number:
        raise NumberMissing("Enter an invoice number.")
    numbering.check(invoice.number, firm_id=invoice.firm_id, other_than=invoice.pk)


def check_contact(invoice: Invoice, *, holds: bool = False) -> Contact:
    """
    Args:
        holds: until the commit, so that it cannot be merged into another one meanwhile.
    Raises:
        ContactMissing, ContactArchived
    """
    contacts = Contact.objects.for_firm(invoice.firm_id)
    if holds:
        contacts = contacts.select_for_update(no_key=True)
    contact = contacts.filter(pk=invoice.contact_id).first() if invoice.contact_id else None
    if contact is None:
        raise ContactMissing("Choose a contact.")
    if contact.merged_into is not None:
        raise ContactArchived(f"{contact} was merged into {contact.merged_into}. Choose that one.")
    if contact.is_archived:
        raise ContactArchived(
            f"{contact} is archived. Restore the contact first, or choose another."
        )
    return contact


def take_exemption(invoice: Invoice, *, before: Mapping[str, Any] | None = None) -> None:
    """
    Take the tax rate off where the contact is tax exempt.

    `before`: the values of one that exists. Once sent it keeps its tax until its contact or tax
    rate changes.
    """
    names = ("contact_id", "tax_rate_id")
    is_as_it_was = before is not None and all(getattr(invoice, n) == before[n] for n in names)
    if (invoice.is_draft or not is_as_it_was) and is_exempt(invoice):
        invoice.tax_rate_id = None


def is_exempt(invoice: Invoice) -> bool:
    """Whether its contact is tax exempt."""
    contacts = Contact.objects.for_firm(invoice.firm_id).filter(is_tax_exempt=True)
    return contacts.filter(pk=invoice.contact_id or 0).exists()


def check_may_leave_draft(invoice: Invoice, lines: Collection[InvoiceLine]) -> None:
    """
    Raises:
        ContactArchived, LinesMissing, LineNotPossible: it cannot be billed like this.
    """
    check_contact(invoice)
    check_bills_something(lines)
    for line in lines:
        if line.service_item is not None and line.service_item.is_archived:
            raise LineNotPossible(
                line.position,
                f"{line.service_item} is archived. Restore it, or choose another service item.",
                column="service_item_id",
            )


def check_bills_something(lines: Collection[InvoiceLine]) -> None:
    """
    Raises:
        LinesMissing
    """
    if not any(line.amount is not None for line in lines):
        raise LinesMissing("An invoice that is sent needs a line with an amount. Add one.")


def fixed_fields(invoice: Invoice, *, is_settled: bool) -> dict[str, str]:
    """
    What of an invoice cannot be changed here: field -> why, a sentence.

    "prices" are quantities, rates, amounts and taxes of the lines; their words may change.
    """
    if invoice.lock_reason:
        why = f"{invoice.lock_reason}: it can be changed in QuickBooks only."
        return dict.fromkeys((*sorted(LOCKABLE), "prices"), why)
    if is_settled:
        why = "Payments or credits stand against this invoice, so its total and contact stay."
        return dict.fromkeys(sorted({*LOCKABLE, "prices"} - {"lines"}), why)
    return {}


def check_locks(invoice: Invoice, changed: Collection[str], *, is_settled: bool) -> None:
    """
    Check that nothing changed that is fixed in QuickBooks, or by payments and credits.

    Raises:
        InvoiceLocked, ContactFixed
    """
    fixed = LOCKABLE & set(changed)
    if invoice.lock_reason and fixed:
        raise InvoiceLocked(
            f"{invoice.lock_reason}: lines and contact can be changed in QuickBooks only. "
            "Dates, terms, number and message can be changed here.",
            field="lines" if "lines" in fixed else min(fixed),
        )
    if is_settled and "contact_id" in changed:
        raise ContactFixed(
            "Payments or credits stand against this invoice, so its contact stays. "
            "Void the payments first, or make another invoice."
        )


def check_total_stays(before: Any, after: Any) -> None:
    """
    Raises:
        TotalFixed
    """
    if before != after:
        raise TotalFixed(
            f"Payments or credits stand against this invoice, so its total has to stay {before:,}; "
            f"this comes to {after:,}. Void the payments first, or make another invoice."
        )


def _check_text(invoice: Invoice, name: str) -> None:
    column: Any = Invoice._meta.get_field(name)
    length = len(getattr(invoice, name))
    if length > column.max_length:
        raise TextTooLong(
            f"{TEXTS[name]}: at most {column.max_length} characters; these are {length}. "
            "Shorten it.",
            field=name,
        )


def _check_dates(invoice: Invoice) -> None:
    for name, label in (("issued_on", "issue"), ("due_on", "due")):
        value = getattr(invoice, name)
        if value is None:
            raise DateNotPossible(f"Enter the {label} date.", field=name)
        if not EARLIEST <= value <= LATEST:
            raise DateNotPossible(
                f"The {label} date has to be between {EARLIEST.year} and {LATEST.year}.", field=name
            )
    if invoice.due_on < invoice.issued_on:
        raise DateNotPossible(
            "The due date is before the issue date. Choose the same day or a later one.",
            field="due_on",
        )


def set_due_date(invoice: Invoice) -> None:
    """
    With terms the due date follows from the issue date; without it was chosen.

    Raises:
        TermsNotPossible
    """
    days = invoice.term_days
    if days is None or not isinstance(invoice.issued_on, date):
        return
    if not 0 <= days <= terms.MOST_DAYS:
        raise TermsNotPossible(f"Terms can be 0 to {terms.MOST_DAYS} days.")
    if EARLIEST <= invoice.issued_on <= LATEST:
        invoice.due_on = terms.due_date(invoice.issued_on, days)


def _check_tax_rate(invoice: Invoice) -> None:
    rate = TaxRate.objects.for_firm(invoice.firm_id).filter(pk=invoice.tax_rate_id or 0).first()
    if rate is None:
        raise TaxRateNotPossible("Choose a tax rate of the list.")
    if rate.is_archived:
        raise TaxRateNotPossible(f"{rate} is archived. Restore it, or choose another tax rate.")


def take_over_tax(invoice: Invoice, changed: set[str]) -> None:
    """
    From now on its tax is computed here, with its tax rate.

    Raises:
        TaxNotExplained: QuickBooks computed its tax, and no rate of ours would go on with it.
    """
    is_theirs = invoice.is_tax_given and invoice.tax and invoice.tax_rate_id is None
    if is_theirs and "tax_rate_id" not in changed and not is_exempt(invoice):
        raise TaxNotExplained(
            "QuickBooks computed its tax, and no tax rate is chosen here. Choose one first, or "
            "change it in QuickBooks."
        )
    invoice.is_tax_given, invoice.books_tax_code = False, ""
