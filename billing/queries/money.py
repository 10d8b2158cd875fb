"""
What invoices and payments come to with each other, as columns of a query.

The same rules as `billing.totals.compute_balance` and `derive_status`; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from billing.models import Invoice, InvoiceCredit, Payment, PaymentPart
from billing.totals import Status
from contacts.models import Contact

ZERO = Decimal("0.00")
MONEY: DecimalField = DecimalField(max_digits=17, decimal_places=2)
NOTHING = Value(ZERO, output_field=MONEY)


@dataclass(frozen=True, kw_only=True)
class ContactMoney:
    """What stands between a firm and one contact, in the firm's currency."""

    open: Decimal  # the balances of all that was sent
    overdue: Decimal  # of these what is late
    unapplied: Decimal  # received, and applied to nothing yet
    invoiced_this_year: Decimal  # totals issued since January 1


def with_balance(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """
    Add `applied` (of payments that are not void), `credited` (QuickBooks credits) and `balance`.

    The balance of a void one is 0, whatever it came to. That of a draft is its total: nobody owes
    it yet.
    """
    live = PaymentPart.objects.filter(payment__is_void=False)
    owed = F("total") - F("applied") - F("credited")
    return invoices.annotate(
        applied=_sum_of(live, "invoice"),
        credited=_sum_of(InvoiceCredit.objects.all(), "invoice"),
    ).annotate(
        balance=Case(
            When(status=Invoice.Status.VOID, then=NOTHING), default=owed, output_field=MONEY
        )
    )


def balances_of(invoices: QuerySet[Invoice]) -> dict[int, Decimal]:
    """Balance by id of these invoices; see `with_balance`."""
    rows: QuerySet[Any] = with_balance(invoices)
    return {row.pk: row.balance for row in rows}


def with_status(invoices: QuerySet[Invoice], *, today: date) -> QuerySet[Invoice]:
    """Add `shown_status`, a value of `billing.totals.Status`, to what `with_balance` made."""
    return invoices.annotate(
        shown_status=Case(
            When(status=Invoice.Status.VOID, then=Value(Status.VOID.value)),
            When(status=Invoice.Status.DRAFT, then=Value(Status.DRAFT.value)),
            When(balance__lte=0, then=Value(Status.PAID.value)),
            When(due_on__lt=today, then=Value(Status.OVERDUE.value)),
            When(balance__lt=F("total"), then=Value(Status.PART_PAID.value)),
            default=Value(Status.SENT.value),
            output_field=CharField(),
        )
    )


def is_settled(invoice: Invoice) -> bool:
    """Say whether payments that are not void, or QuickBooks credits, stand against it."""
    live = PaymentPart.objects.filter(invoice=invoice, payment__is_void=False)
    return live.exists() or InvoiceCredit.objects.filter(invoice=invoice).exists()


def with_unapplied(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """
    Add `applied` and `unapplied`; of a void payment both are 0.

    What stands against a void invoice is applied to nothing.
    """
    is_live = Q(invoice=None) | ~Q(invoice__status=Invoice.Status.VOID)
    parts = _sum_of(PaymentPart.objects.filter(is_live), "payment")
    is_void = When(is_void=True, then=NOTHING)
    return payments.annotate(applied=Case(is_void, default=parts, output_field=MONEY)).annotate(
        unapplied=Case(is_void, default=F("amount") - F("applied"), output_field=MONEY)
    )


def contact_money(contact: Contact, *, today: date) -> ContactMoney:
    """Two queries, however many invoices there are."""
    sent = Invoice.objects.filter(contact=contact, status=Invoice.Status.SENT)
    owed = Q(balance__gt=0)
    found = with_balance(sent).aggregate(
        open=Sum("balance", filter=owed),
        overdue=Sum("balance", filter=owed & Q(due_on__lt=today)),
        invoiced_this_year=Sum(
            "total", filter=Q(issued_on__gte=today.replace(month=1, day=1), issued_on__lte=today)
        ),
    )
    payments = with_unapplied(Payment.objects.filter(contact=contact).live())
    found["unapplied"] = payments.aggregate(left=Sum("unapplied"))["left"]
    return ContactMoney(**{name: value or ZERO for name, value in found.items()})


def _sum_of(rows: QuerySet[Any], owner: str) -> Coalesce:
    """The sum of `amount` of the rows that belong to each row of the query around it."""
    sums = rows.filter(**{owner: OuterRef("pk")}).order_by().values(owner)
    total = sums.annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(total, output_field=MONEY), NOTHING, output_field=MONEY)
