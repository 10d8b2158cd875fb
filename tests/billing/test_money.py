"""What the queries say of balances and statuses is what the pure module says."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import queries, totals
from billing.models import Invoice, InvoiceCredit, Payment, PaymentPart
from tests.factories import NOW, make_contact, make_firm, make_invoice

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)

cents = st.integers(-20_000, 20_000).map(lambda value: D(value) / 100)
amounts = st.integers(1, 20_000).map(lambda value: D(value) / 100)
rows = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["draft", "sent", "void"]),
        "total": st.integers(0, 20_000).map(lambda value: D(value) / 100),
        "days": st.integers(-2, 2),
        "payments": st.lists(st.tuples(amounts, st.booleans()), max_size=3),
        "credits": st.lists(cents, max_size=2),
        "is_settled": st.booleans(),
    }
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(rows, min_size=1, max_size=4))
def test_balance_and_status_are_those_of_the_totals(made):
    contact = make_contact(make_firm())
    for row in made:
        _write(contact, row)

    found = queries.with_status(
        queries.with_balance(Invoice.objects.filter(contact=contact)), today=TODAY
    ).order_by("pk")

    for row, invoice in zip(made, found, strict=True):
        applied = sum((amount for amount, is_void in row["payments"] if not is_void), D(0))
        credited = sum(row["credits"], D(0))
        balance = totals.compute_balance(total=row["total"], applied=applied, credits=credited)
        is_void = row["status"] == "void"
        status = totals.derive_status(
            is_draft=row["status"] == "draft",
            is_void=is_void,
            total=row["total"],
            balance=balance,
            due_on=invoice.due_on,
            today=TODAY,
        )
        assert (invoice.applied, invoice.credited) == (applied, credited)
        assert invoice.balance == (0 if is_void else balance)
        assert invoice.shown_status == status


def _write(contact, row):
    if row["is_settled"]:
        paid = sum((amount for amount, is_void in row["payments"] if not is_void), D(0))
        row["total"] = max(paid + sum(row["credits"], D(0)), D(0))
    is_void = row["status"] == "void"
    invoice = Invoice.objects.create(
        firm=contact.firm,
        contact=contact,
        is_numbered_here=False,
        status=row["status"],
        voided_by="here" if is_void else "",
        issued_on=TODAY,
        due_on=TODAY + timedelta(days=row["days"]),
        total=row["total"],
        created_at=NOW,
        updated_at=NOW,
    )
    for amount, is_gone in row["payments"]:
        payment = _payment(contact, amount, is_void=is_gone)
        PaymentPart.objects.create(payment=payment, position=1, invoice=invoice, amount=amount)
    for amount in row["credits"]:
        InvoiceCredit.objects.create(invoice=invoice, kind="Credit memo", amount=amount)


def _payment(contact, amount, *, is_void=False):
    return Payment.objects.create(
        firm=contact.firm,
        contact=contact,
        received_on=TODAY,
        amount=amount,
        is_void=is_void,
        voided_by="here" if is_void else "",
        created_at=NOW,
        updated_at=NOW,
    )


def test_what_is_left_of_a_payment_is_unapplied(firm):
    contact = make_contact(firm)
    invoice = make_invoice(firm, contact=contact)
    free, split, void = (
        _payment(contact, D(100)),
        _payment(contact, D(100)),
        _payment(contact, D(100), is_void=True),
    )
    for payment in (split, void):
        PaymentPart.objects.create(payment=payment, position=1, invoice=invoice, amount=D(80))
    PaymentPart.objects.create(
        payment=split, position=2, books_txn="CreditMemo:7", label="Credit memo 7", amount=D(-5)
    )

    found = queries.with_unapplied(Payment.objects.order_by("pk"))

    assert [(each.pk, each.applied, each.unapplied) for each in found] == [
        (free.pk, 0, 100),
        (split.pk, 75, 25),
        (void.pk, 0, 0),
    ]


def test_the_money_of_a_contact_counts_what_was_sent_and_is_not_void(firm):
    contact = make_contact(firm)
    late = make_invoice(firm, contact=contact, issued_on=date(2025, 12, 31), term_days=0)
    make_invoice(firm, contact=contact, issued_on=date(2026, 1, 1), term_days=999)
    make_invoice(firm, contact=contact, status="draft")
    make_invoice(firm)
    payment = _payment(contact, D(70))
    PaymentPart.objects.create(payment=payment, position=1, invoice=late, amount=D(50))
    _payment(contact, D(500), is_void=True)

    money = queries.contact_money(contact, today=TODAY)

    assert (money.open, money.overdue) == (D(250), D(100))
    assert (money.unapplied, money.invoiced_this_year) == (D(20), D(150))


def test_a_contact_without_invoices_has_no_money_open(firm):
    money = queries.contact_money(make_contact(firm), today=TODAY)

    assert money == queries.ContactMoney(
        open=D(0), overdue=D(0), unapplied=D(0), invoiced_this_year=D(0)
    )
