"""Payments over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import queries
from billing.api.fields import Asked, id_asked, text
from billing.api.views import BillingView, with_sync_state
from billing.models import Payment, VoidedBy
from billing.services import payments
from firms.api import docs
from firms.api.fields import Body, Id, Money, Sync
from firms.api.idempotency import idempotent
from firms.api.preconditions import version_asked, version_needed

TAG, ENTITY = "Payments", "payment"


class PaymentPartIn(Body):
    """What of the payment goes to one invoice; at most what that owes."""

    invoice_id = Id()
    amount = Money()


class MoneyIn(Body):
    """How money came in."""

    amount = Money(help_text="More than 0, in the firm's currency.")
    received_on = serializers.DateField()
    method = text(Payment, "method", "Check, Cash, Credit Card, ...")
    reference = text(Payment, "reference", "The check's number, or the like.")


class PaymentIn(MoneyIn):
    """A payment. What its parts leave over is the contact's unapplied credit."""

    contact_id = Id()
    parts = PaymentPartIn(
        many=True,
        required=False,
        help_text="All of them: a PATCH that names `parts` replaces them. Invoices of the contact "
        "or of those below it.",
    )


class PaymentVoidIn(Body):
    reason = text(Payment, "void_reason", "Kept with the payment.")


class PaymentPartOut(serializers.Serializer[Any]):
    """What of a payment goes to an invoice; or to something of QuickBooks, named by `label`."""

    invoice_id = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    amount = Money()


class PaymentOut(serializers.Serializer[Any]):
    """Money received."""

    id = serializers.IntegerField()
    contact_id = serializers.IntegerField()
    received_on = serializers.DateField()
    amount = Money()
    currency = serializers.CharField()
    applied = Money(help_text="What invoices got of it.")
    unapplied = Money(help_text="What is left: the contact's credit.")
    method = serializers.CharField()
    reference = serializers.CharField()
    parts = PaymentPartOut(many=True)
    lock_reason = serializers.CharField(help_text='Why it can\'t be changed here, or "".')
    is_void = serializers.BooleanField()
    voided_by = serializers.ChoiceField(choices=VoidedBy.choices, allow_blank=True)
    voided_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField()
    version = serializers.IntegerField(help_text="The ETag without its quotes.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    sync = Sync()


class PaymentsAsked(Asked):
    contact_id = id_asked()
    invoice_id = id_asked("Payments that pay this invoice.")
    received_from = serializers.DateField(required=False)
    received_to = serializers.DateField(required=False, help_text="That day included.")
    method = serializers.CharField(required=False, max_length=31)
    reference = serializers.CharField(required=False, max_length=100)
    is_void = serializers.BooleanField(required=False)


EXAMPLE_IN = {
    "contact_id": 41,
    "received_on": "2026-11-25",
    "amount": "150.00",
    "method": "Check",
    "reference": "2064",
    "parts": [{"invoice_id": 9, "amount": "120.00"}],
}
EXAMPLE_OUT = {
    "id": 5,
    **EXAMPLE_IN,
    "parts": [{"invoice_id": 9, "label": "", "amount": "120.00"}],
    "currency": "USD",
    "applied": "120.00",
    "unapplied": "30.00",
    "lock_reason": "",
    "is_void": False,
    "voided_by": "",
    "voided_at": None,
    "void_reason": "",
    "version": 1,
    "created_at": "2026-11-25T15:00:00Z",
    "updated_at": "2026-11-25T15:00:00Z",
    "sync": {"state": "queued", "quickbooks_id": None, "quickbooks_label": None},
}
FILTERS = {
    "contact_id": "contact",
    "invoice_id": "parts__invoice",
    "received_from": "received_on__gte",
    "received_to": "received_on__lte",
    "method": "method__iexact",
    "reference": "reference",
    "is_void": "is_void",
    "updated_since": "updated_at__gte",
}


class PaymentView(BillingView):
    def payments(self) -> QuerySet[Payment]:
        rows = Payment.objects.for_firm(self.firm).prefetch_related("parts")
        return queries.with_unapplied(rows)

    def payment(self, pk: int) -> Payment:
        payment: Payment = self.found(self.payments(), pk)
        return payment

    def answer(self, payment: Payment, *, status: int = 200) -> Response:
        location = reverse("billing_api:payment", args=[payment.pk]) if status == 201 else ""
        current = self.payment(payment.pk)
        return self.one(current, PaymentOut, entity=ENTITY, status=status, location=location)


class Payments(PaymentView):
    @docs.lists(
        "list_payments", PaymentOut, PaymentsAsked,
        tag=TAG, summary="List payments, the newest first", sample=EXAMPLE_OUT,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(PaymentsAsked)
        wanted = {column: asked[name] for name, column in FILTERS.items() if name in asked}
        found = with_sync_state(
            self.payments().filter(**wanted), ENTITY, asked.get("sync_state", "")
        )
        return self.page(found, PaymentOut, entity=ENTITY, asked=asked)

    @docs.posts(
        "record_payment", PaymentIn, PaymentOut, status=201, sent=EXAMPLE_IN,
        tag=TAG, summary="Record a payment", sample=EXAMPLE_OUT,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        values = self.body(PaymentIn)
        made = payments.record_payment(actor=self.actor, values=values, now=timezone.now())
        return self.answer(made, status=201)


class OnePayment(PaymentView):
    @docs.reads("read_payment", PaymentOut, tag=TAG, summary="Read a payment", sample=EXAMPLE_OUT)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.payment(pk))

    @docs.patches(
        "update_payment", PaymentIn, PaymentOut,
        tag=TAG, summary="Change the fields of a payment that are named",
        sent={"reference": "2065"},
    )  # fmt: skip
    def patch(self, request: Request, pk: int) -> Response:
        payment = self.payment(pk)
        changed = payments.update_payment(
            actor=self.actor,
            payment=payment,
            version=version_needed(request, current=payment.version),
            changes=self.body(PaymentIn, partial=True),
            now=timezone.now(),
        )
        return self.answer(changed)


class VoidPayment(PaymentView):
    @docs.posts(
        "void_payment", PaymentVoidIn, PaymentOut, versioned=True,
        tag=TAG, summary="Let a payment count for nothing", sent={"reason": "The check bounced"},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        payment = self.payment(pk)
        done = payments.void_payment(
            actor=self.actor,
            payment=payment,
            version=version_asked(request, current=payment.version) or payment.version,
            reason=self.body(PaymentVoidIn).get("reason", ""),
            now=timezone.now(),
        )
        return self.answer(done)
