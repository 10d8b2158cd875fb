"""The demo firm's service items, invoices and payments, one of each state that a page can show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing import terms
from billing.models import Invoice, ServiceItem, TaxRate
from billing.services import invoices, payments, service_items, tax_rates
from billing.services.invoices import LineInput
from contacts.models import Contact
from firms.permissions import Actor

# Some agree with the sample company's items, one has another rate, the others are ours alone.
ITEMS: tuple[dict[str, Any], ...] = (
    {"name": "Design", "rate": Decimal(75), "description": "Custom Design"},
    {"name": "Installation", "rate": Decimal(50)},
    {"name": "Pest Control", "rate": Decimal(35)},
    {"name": "Trimming", "rate": Decimal(40)},
    {"name": "Monthly bookkeeping", "rate": Decimal(425), "sku": "BK-100"},
    {"name": "Advisory hour", "rate": Decimal(210), "sku": "AD-001"},
    {
        "name": "Payroll, up to 10 staff",
        "rate": Decimal(180),
        "sku": "PR-010",
        "is_taxable": True,
    },
)


@dataclass(frozen=True, kw_only=True)
class Bill:
    """One invoice: how many days ago it was issued, its lines, and what became of it."""

    contact: str
    days_ago: int
    lines: tuple[tuple[str, str], ...]  # (service item, quantity)
    term_days: int = 30
    paid: str = ""  # "all", or an amount
    is_draft: bool = False
    is_void: bool = False
    is_taxed: bool = False


BILLS = (
    Bill(contact="Amy's Bird Sanctuary", days_ago=70, lines=(("Design", "6"),), paid="all"),
    Bill(contact="Bill's Windsurf Shop", days_ago=55, lines=(("Advisory hour", "3"),)),
    Bill(
        contact="Paulsen Medical Supplies",
        days_ago=40,
        lines=(("Monthly bookkeeping", "1"), ("Advisory hour", "1.5")),
        paid="300.00",
    ),
    Bill(contact="Kate Whelan", days_ago=25, lines=(("Trimming", "4"),), is_void=True),
    Bill(
        contact="Linden Street Bakery",
        days_ago=12,
        lines=(("Monthly bookkeeping", "1"), ("Payroll, up to 10 staff", "1")),
        is_taxed=True,
    ),
    Bill(contact="Red Rock Diner", days_ago=3, lines=(("Installation", "8"),), term_days=15),
    Bill(contact="Harbor Light Yoga", days_ago=0, lines=(("Pest Control", "2"),), is_draft=True),
)


def fill(*, actor: Actor, today: date, now: datetime) -> None:
    """Make all of it for the actor's firm, whose contacts are there already."""
    items = {
        values["name"]: service_items.create_service_item(actor=actor, values=values, now=now)
        for values in ITEMS
    }
    rate = tax_rates.create_tax_rate(
        actor=actor,
        name="California 8 %",
        parts=[tax_rates.Part(name="California", percent=Decimal(8))],
        now=now,
    )
    for bill in BILLS:
        _add(bill, actor=actor, items=items, rate=rate, today=today, now=now)


def _add(
    bill: Bill,
    *,
    actor: Actor,
    items: dict[str, ServiceItem],
    rate: TaxRate,
    today: date,
    now: datetime,
) -> None:
    issued_on = today - timedelta(days=bill.days_ago)
    contact = Contact.objects.for_firm(actor.firm_id).get(display_name=bill.contact)
    invoice = invoices.create_draft(
        actor=actor,
        values={
            "contact_id": contact.pk,
            "issued_on": issued_on,
            "term_days": bill.term_days,
            "due_on": terms.due_date(issued_on, bill.term_days),
            "message": "Thank you for your business.",
            "tax_rate_id": rate.pk if bill.is_taxed else None,
            "lines": [_line(items[name], quantity) for name, quantity in bill.lines],
        },
        now=now,
    )
    if bill.is_draft:
        return
    invoice = invoices.mark_as_sent(actor=actor, invoice=invoice, now=now)
    if bill.is_void:
        invoices.void_invoice(actor=actor, invoice=invoice, reason="Billed twice", now=now)
    if bill.paid:
        _pay(bill, invoice, actor=actor, now=now)


def _line(item: ServiceItem, quantity: str) -> LineInput:
    return LineInput(
        service_item_id=item.pk,
        description=item.description,
        quantity=Decimal(quantity),
        rate=item.rate,
        is_taxable=item.is_taxable,
    )


def _pay(bill: Bill, invoice: Invoice, *, actor: Actor, now: datetime) -> None:
    amount = invoice.total if bill.paid == "all" else Decimal(bill.paid)
    payments.record_payment(
        actor=actor,
        values={
            "contact_id": invoice.contact_id,
            "received_on": invoice.issued_on + timedelta(days=9),
            "amount": amount,
            "method": "Check",
            "reference": "2064",
            "parts": [{"invoice_id": invoice.pk, "amount": amount}],
        },
        now=now,
    )
