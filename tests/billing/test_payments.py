"""Payments: what people may do with them, what the books may say of them, and that sums agree."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal as D
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.models import Invoice, Payment
from billing.queries import balances_of, with_unapplied
from billing.services import invoices as invoice_services
from billing.services import payment_errors as errors
from billing.services import payments as services
from firms.permissions import VIEWER, Actor, NotAllowed, Permission
from tests.factories import NOW, make_actor, make_contact, make_firm, make_invoice, make_payment

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def record(actor, invoice, amount="150", **values):
    return services.record_payment(
        actor=actor,
        values={
            "contact_id": invoice.contact_id,
            "received_on": date(2026, 11, 25),
            "amount": D(amount),
            "parts": [{"invoice_id": invoice.pk, "amount": D(amount)}],
            **values,
        },
        now=NOW,
    )


def change(actor, payment, **changes):
    payment = Payment.objects.get(pk=payment.pk)
    return services.update_payment(
        actor=actor, payment=payment, version=payment.version, changes=changes, now=LATER
    )


def void(actor, payment):
    payment = Payment.objects.get(pk=payment.pk)
    return services.void_payment(
        actor=actor, payment=payment, version=payment.version, reason="Bounced", now=LATER
    )


def balance(invoice):
    return balances_of(type(invoice).objects.filter(pk=invoice.pk))[invoice.pk]


def unapplied(payment):
    return with_unapplied(Payment.objects.filter(pk=payment.pk)).get().unapplied


def part(invoice, amount):
    return {"invoice_id": invoice.pk, "amount": D(amount)}


def test_a_payment_lowers_what_is_owed_and_tells_once(firm, actor, heard_of_payments):
    invoice = make_invoice(firm)

    payment = record(actor, invoice, "100")

    assert balance(invoice) == D("50.00")
    assert heard_of_payments == [(payment.pk, 1)]


def test_one_payment_pays_several_invoices_and_keeps_the_rest_as_credit(firm, actor):
    one = make_invoice(firm)
    other = make_invoice(firm, contact_id=one.contact_id)

    payment = record(actor, one, "300", parts=[part(one, "150"), part(other, "100")])

    assert (balance(one), balance(other), unapplied(payment)) == (0, 50, 50)


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ({"amount": D("0")}, errors.PaymentError, "amount"),
        ({"amount": D("-1")}, errors.PaymentError, "amount"),
        ({"amount": D("NaN")}, errors.PaymentError, "amount"),
        ({"amount": D("1.001")}, errors.PaymentError, "amount"),
        ({"amount": D("1E+20")}, errors.PaymentError, "amount"),
        ({"contact_id": None}, errors.PaymentError, "contact_id"),
        ({"received_on": None}, errors.PaymentError, "received_on"),
        ({"method": "x" * 32}, errors.PaymentError, "method"),
        ({"reference": "x" * 101}, errors.PaymentError, "reference"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_to_change(firm, actor, values, error, field):
    invoice = make_invoice(firm)

    with pytest.raises(error) as refused:
        record(actor, invoice, **values)

    assert refused.value.field == field
    assert not Payment.objects.exists()


def test_no_more_is_applied_than_was_received(firm, actor):
    invoice = make_invoice(firm)

    with pytest.raises(errors.AppliedTooMuch, match=r"only 100\.00 was received"):
        record(actor, invoice, "100", parts=[part(invoice, "150")])


def test_no_more_than_the_balance_is_applied(firm, actor):
    invoice = make_invoice(firm)
    record(actor, invoice, "100")

    with pytest.raises(errors.AppliedTooMuch, match=r"owes 50\.00"):
        record(actor, invoice, "60")


def test_credits_of_the_books_lower_what_can_be_paid(firm, actor):
    invoice = make_invoice(firm)
    credit = {"kind": "Credit memo", "number": "", "dated_on": None, "amount": D(140)}
    invoice_services.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=invoice.pk,
        line_ids=None,
        credits=[credit],
        lock_reason=None,
        now=NOW,
    )

    with pytest.raises(errors.AppliedTooMuch):
        record(actor, invoice, "20")


@pytest.mark.parametrize("status", ["draft", "void"])
def test_a_draft_and_a_void_invoice_are_not_paid(firm, actor, status):
    invoice = make_invoice(firm, status="draft" if status == "draft" else "sent")
    if status == "void":
        invoice_services.void_invoice(actor=actor, invoice=invoice, now=NOW)

    with pytest.raises(errors.NotPayable, match=status):
        record(actor, invoice)


def test_a_parent_pays_for_those_below_and_nobody_for_strangers(firm, actor):
    parent = make_contact(firm)
    invoice = make_invoice(firm, contact=make_contact(firm, parent_id=parent.pk))
    stranger = make_contact(firm)

    record(actor, invoice, contact_id=parent.pk)
    with pytest.raises(errors.NotPayable, match="another contact"):
        record(actor, make_invoice(firm), contact_id=stranger.pk)


def test_an_invoice_of_another_firm_is_as_if_absent(actor, firm):
    foreign = make_invoice(make_firm())

    with pytest.raises(errors.PaymentError):
        record(actor, foreign, contact_id=make_contact(firm).pk)


def test_a_void_payment_reopens_what_it_paid_and_stays_void(firm, actor):
    invoice = make_invoice(firm)
    payment = record(actor, invoice)

    ended = void(actor, payment)

    assert (ended.is_void, ended.voided_by, balance(invoice)) == (True, "here", 150)
    with pytest.raises(errors.PaymentIsVoid):
        void(actor, payment)


def test_a_deposited_payment_neither_changes_nor_ends_here(firm, actor):
    payment = record(actor, make_invoice(firm))
    services.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        payment_id=payment.pk,
        lock_reason="It is part of a bank deposit in QuickBooks.",
        now=NOW,
    )

    with pytest.raises(errors.PaymentLocked, match="bank deposit"):
        void(actor, payment)
    with pytest.raises(errors.PaymentLocked):
        change(actor, payment, reference="7")


def test_of_two_people_who_edit_the_second_is_told(firm, actor):
    payment = record(actor, make_invoice(firm))
    change(actor, payment, reference="7")

    with pytest.raises(errors.PaymentChanged):
        services.update_payment(
            actor=actor, payment=payment, version=1, changes={"reference": "8"}, now=LATER
        )


def test_saving_what_is_there_changes_nothing(firm, actor, heard_of_payments):
    payment = record(actor, make_invoice(firm))

    change(actor, payment, **services.values_of(payment))

    assert heard_of_payments == [(payment.pk, 1)]


def test_a_form_sent_twice_records_one_payment(firm, actor):
    invoice, key = make_invoice(firm), uuid4()
    values = {
        "contact_id": invoice.contact_id,
        "received_on": date(2026, 11, 25),
        "amount": D(20),
        "parts": [],
    }

    made = [
        services.record_payment(actor=actor, values=values, form_key=key, now=NOW) for _ in range(2)
    ]

    assert made[0] == made[1]


def test_without_the_permission_nothing_is_recorded(firm):
    viewer = make_actor(firm, permissions=VIEWER)

    with pytest.raises(NotAllowed, match=Permission.RECORD_PAYMENTS.label):
        record(viewer, make_invoice(firm))


def test_an_edit_that_pays_no_more_is_fine_though_a_credit_came_since(firm, actor):
    invoice = make_invoice(firm)
    payment = record(actor, invoice)
    credit = {"kind": "Credit memo", "number": "", "dated_on": None, "amount": D(20)}
    invoice_services.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=invoice.pk,
        line_ids=None,
        credits=[credit],
        lock_reason=None,
        now=NOW,
    )

    changed = change(actor, payment, reference="7", **{"parts": [part(invoice, "150")]})

    assert changed.reference == "7"


@pytest.mark.django_db(transaction=True)
def test_an_edit_of_a_payment_waits_for_a_void_of_its_invoice():
    """Each took what the other held, and PostgreSQL ended one of them."""
    firm = make_firm()
    actor = make_actor(firm)
    invoice = make_invoice(firm)
    payment = record(actor, invoice, "100")
    told = []

    def edit() -> None:
        try:
            change(actor, payment, amount=D(120))
        except errors.PaymentError as error:
            told.append(type(error))
        finally:
            connection.close()

    other = Thread(target=edit)
    with transaction.atomic():
        Invoice.objects.select_for_update().get(pk=invoice.pk)  # as a void begins
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()
        invoice_services.void_invoice(actor=actor, invoice=invoice, now=NOW)
    other.join(timeout=10)

    assert told == [errors.PaymentChanged]


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_pay_at_once_the_second_sees_what_is_left():
    firm = make_firm()
    actor = make_actor(firm)
    invoice = make_invoice(firm)
    refused = []

    def second() -> None:
        try:
            record(actor, invoice)
        except errors.AppliedTooMuch as error:
            refused.append(str(error))
        finally:
            connection.close()

    other = Thread(target=second)
    with transaction.atomic():
        record(actor, invoice)
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()  # it waits for the invoice
    other.join(timeout=10)

    assert len(refused) == 1
    assert balance(invoice) == 0


def test_what_the_books_say_lands_whole_whatever_our_rules_say(firm, heard_of_payments):
    sync = Actor.for_sync(firm_id=firm.pk)
    invoice = make_invoice(firm)
    parts = [
        {"invoice_id": invoice.pk, "books_txn": "", "label": "", "amount": D(900)},
        {
            "invoice_id": None,
            "books_txn": "CreditMemo:73",
            "label": "Credit memo",
            "amount": D(-20),
        },
    ]
    values = {
        "contact_id": make_contact(firm, is_archived=True).pk,
        "received_on": date(2026, 11, 1),
        "amount": D(880),
        "parts": parts,
        "life": "live",
    }

    payment = services.accept_from_books(actor=sync, payment_id=None, values=values, now=NOW)
    services.accept_from_books(actor=sync, payment_id=payment.pk, values=values, now=NOW)

    assert balance(invoice) == -750
    assert heard_of_payments == [(payment.pk, 1)]  # the second time there was no news


def test_what_pays_records_of_the_books_stays_when_a_person_edits(firm, actor):
    sync = Actor.for_sync(firm_id=firm.pk)
    invoice = make_invoice(firm)
    theirs = {"invoice_id": None, "books_txn": "Invoice:9", "label": "Invoice 9", "amount": D(30)}
    values = {
        "contact_id": invoice.contact_id,
        "received_on": date(2026, 11, 1),
        "amount": D(100),
        "parts": [theirs],
    }
    payment = services.accept_from_books(actor=sync, payment_id=None, values=values, now=NOW)

    with pytest.raises(errors.AppliedTooMuch):
        change(actor, payment, parts=[part(invoice, "80")])
    change(actor, payment, parts=[part(invoice, "70")])

    told = list(payment.parts.values_list("invoice", "books_txn", "amount"))
    assert told == [(invoice.pk, "", D(70)), (None, "Invoice:9", D(30))]


@pytest.mark.parametrize(
    ("life", "voided_by"), [("void", "books_void"), ("deleted", "books_delete")]
)
def test_what_ended_in_the_books_is_void_here_and_says_so(firm, actor, life, voided_by):
    payment = record(actor, make_invoice(firm))
    sync = Actor.for_sync(firm_id=firm.pk)

    services.accept_from_books(actor=sync, payment_id=payment.pk, values={"life": life}, now=LATER)

    payment.refresh_from_db()
    assert (payment.is_void, payment.voided_by) == (True, voided_by)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    amounts=st.lists(st.decimals(D("0.01"), D("200"), places=2), min_size=1, max_size=6),
    ends=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_received_is_applied_plus_unapplied_and_no_invoice_is_overpaid(firm, actor, amounts, ends):
    invoice = make_invoice(firm)
    made = []
    for amount, is_over in zip(amounts, ends, strict=False):
        owed = max(balance(invoice), D(0))
        parts = [part(invoice, min(amount, owed))] if owed else []
        payment = record(actor, invoice, amount, parts=parts)
        made.append(payment)
        if is_over:
            void(actor, payment)
    live = Payment.objects.live().filter(pk__in=[each.pk for each in made])
    received = sum((each.amount for each in live), D(0))
    applied = invoice.total - balance(invoice)

    assert 0 <= balance(invoice) <= invoice.total
    assert received == applied + sum((unapplied(each) for each in live), D(0))


def test_the_factory_makes_a_payment_that_people_could_have_made(firm):
    invoice = make_invoice(firm)

    assert unapplied(make_payment(invoice, "150")) == 0
