"""
One invoice as it is read, on its page and as PDF: whom it bills, its lines, how it adds up.

The rows of the totals are the same in both, so that a client and the firm see one sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from django.db.models import OuterRef, Subquery

from billing import queries, terms
from billing.models import Invoice, InvoiceCredit, InvoiceLine, InvoiceTax, PaymentPart
from billing.money import write_money, write_number
from contacts.models import Address, Contact
from firms.marks import SyncMark
from firms.models import Firm

Weight = Literal["", "sum", "due"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One row under the lines. `amount` has the sign that it adds up with.

    "sum" is the total, "due" what is owed at the end.
    """

    label: str
    amount: Decimal
    weight: Weight = ""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """
    An invoice and what is printed on it.

    `invoice` has `applied`, `credited`, `balance` and `shown_status` (billing.queries). `parts` are
    those of payments that are not void, each with its payment and `sync_state`.
    """

    invoice: Invoice
    firm_name: str
    bill_to: Sequence[str]
    lines: Sequence[InvoiceLine]
    taxes: Sequence[InvoiceTax]
    parts: Sequence[PaymentPart]
    credits: Sequence[InvoiceCredit]

    @property
    def terms(self) -> str:
        return terms.name_of(self.invoice.term_days)

    @property
    def adding_up(self) -> list[Row]:
        """From the subtotal to the total."""
        invoice = self.invoice
        rows = [Row(label="Subtotal", amount=invoice.subtotal)]
        if invoice.discount:
            rows.append(Row(label=_discount_label(invoice), amount=-invoice.discount))
        rows += [Row(label=_tax_label(tax, invoice), amount=tax.amount) for tax in self.taxes]
        rest = invoice.tax - sum((tax.amount for tax in self.taxes), Decimal(0))
        if rest:
            rows.append(Row(label="Other tax" if self.taxes else "Tax", amount=rest))
        if invoice.other_amount:
            rows.append(Row(label="Other in QuickBooks", amount=invoice.other_amount))
        rows.append(Row(label="Total", amount=invoice.total, weight="sum"))
        return rows

    @property
    def settling(self) -> list[Row]:
        """From the total to what is owed. Of a void one nothing is owed, whatever was paid."""
        if self.invoice.is_void:
            return [Row(label="Balance due", amount=Decimal("0.00"), weight="due")]
        rows = [Row(label=_paid_label(part), amount=-part.amount) for part in self.parts]
        rows += [Row(label=credit_label(each), amount=-each.amount) for each in self.credits]
        balance: Decimal = self.invoice.balance  # type: ignore[attr-defined]
        return [*rows, Row(label="Balance due", amount=balance, weight="due")]


def read_paper(firm: Firm, invoice_id: int, *, today: date) -> Paper:
    """
    Read one invoice of the firm; the number of queries doesn't depend on its lines or payments.

    Raises:
        Invoice.DoesNotExist: the firm has no such invoice.
    """
    invoices = queries.with_balance(Invoice.objects.for_firm(firm).select_related("contact"))
    invoice = queries.with_status(invoices, today=today).get(pk=invoice_id)
    return Paper(
        invoice=invoice,
        firm_name=firm.name,
        bill_to=_bill_to(invoice.contact),
        lines=list(invoice.lines.all()),
        taxes=list(invoice.taxes.all()),
        parts=_parts_of(invoice),
        credits=list(invoice.credits.all()),
    )


def credit_label(credit: InvoiceCredit) -> str:
    """Name a credit: "Credit memo 1037, Nov 3"."""
    name = f"{credit.kind} {credit.number}".strip()
    return f"{name}, {_day(credit.dated_on)}" if credit.dated_on else name


def _parts_of(invoice: Invoice) -> list[PaymentPart]:
    marks = SyncMark.objects.filter(
        firm=invoice.firm_id, entity="payment", local_id=OuterRef("payment")
    )
    parts = PaymentPart.objects.filter(invoice=invoice, payment__is_void=False)
    return list(
        parts.select_related("payment")
        .annotate(sync_state=Subquery(marks.values("state")[:1]))
        .order_by("payment__received_on", "payment", "pk")
    )


def _bill_to(contact: Contact) -> list[str]:
    """Name and address, a line each; the address of the parent that pays, where there is none."""
    people = [contact.pk]
    if contact.bill_with_parent and contact.parent_id:
        people.append(contact.parent_id)
    found = Address.objects.filter(contact__in=people, kind=Address.Kind.BILLING)
    addresses = {each.contact_id: each for each in found}
    address = next((addresses[pk] for pk in people if pk in addresses), None)
    return [contact.display_name, *(_lines_of(address) if address else [])]


def _lines_of(address: Address) -> list[str]:
    place = " ".join(filter(None, (address.region, address.postal_code)))
    lines = [getattr(address, f"line{number}") for number in range(1, 6)]
    lines += [", ".join(filter(None, (address.city, place))), address.country]
    return [line for line in lines if line.strip()]


def _discount_label(invoice: Invoice) -> str:
    if invoice.discount_percent is not None:
        return f"Discount, {write_number(invoice.discount_percent)}%"
    return "Discount"


def _tax_label(tax: InvoiceTax, invoice: Invoice) -> str:
    name = tax.name or "Tax"
    if tax.percent is None:
        return name
    of = f" of {write_money(tax.base, invoice.currency)}" if tax.base is not None else ""
    return f"{name}, {write_number(tax.percent)}%{of}"


def _paid_label(part: PaymentPart) -> str:
    payment = part.payment
    how = " ".join(filter(None, (payment.method.lower(), payment.reference)))
    return ", ".join(filter(None, (f"Paid {_day(payment.received_on)}", how)))


def _day(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year:04}"
