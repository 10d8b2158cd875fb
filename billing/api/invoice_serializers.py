"""Invoices as JSON: shape and types; services decide the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from billing import queries, terms
from billing.api.fields import Asked, id_asked, text
from billing.models import Invoice, InvoiceLine, InvoiceMail, Origin, VoidedBy
from billing.services.invoice_lines import MOST_LINES, LineInput
from billing.services.sending import LONGEST_SUBJECT
from billing.totals import Status
from firms.api.fields import Body, Flag, Id, Money, Number, Sync, Text, Whole

KINDS = [
    (InvoiceLine.Kind.ITEM, "Service"),
    (InvoiceLine.Kind.TEXT, "Text"),
    ("locked", "From QuickBooks"),
]


class LineIn(Body):
    """
    A line. Of quantity and rate the amount is computed, half up to the cent; `amount` counts only
    where both are left out. A line of kind `text` has none of the three.
    """

    id = Id(
        required=False,
        allow_null=True,
        help_text="PATCH: the line that this one continues. Without it the line is new.",
    )
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    service_item_id = Id(required=False, allow_null=True)
    description = text(InvoiceLine, "description")
    served_on = serializers.DateField(required=False, allow_null=True)
    quantity = Number(required=False, allow_null=True, help_text="Up to 7 decimals.")
    rate = Number(required=False, allow_null=True, help_text="Up to 7 decimals.")
    amount = Money(required=False, allow_null=True)
    is_taxable = Flag(required=False)


class InvoiceIn(Body):
    """What can be said of an invoice. Give `due_on` or `term_days`."""

    contact_id = Id()
    number = text(Invoice, "number", "The firm's next number unless told; at most 21 characters.")
    po_number = text(Invoice, "po_number")
    issued_on = serializers.DateField(required=False, help_text="Today unless told.")
    term_days = Whole(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=terms.MOST_DAYS,
        help_text="Days from the issue date to the due date; null where the due date is chosen.",
    )
    due_on = serializers.DateField(required=False)
    lines = LineIn(  # type: ignore[call-arg]
        many=True,
        required=False,
        max_length=MOST_LINES,
        help_text="All of them: a PATCH that names `lines` replaces them. Name the `id` of those "
        "that stay.",
    )
    discount_percent = Number(
        digits=10, required=False, allow_null=True, help_text='"10" is 10 %. This or an amount.'
    )
    discount_amount = Money(required=False, allow_null=True)
    is_discount_before_tax = Flag(required=False, help_text="true unless told.")
    tax_rate_id = Id(
        required=False, allow_null=True, help_text="Never one for a contact that is tax exempt."
    )
    message = text(Invoice, "message", "Printed on it.")
    private_note = text(Invoice, "private_note", "The client does not see it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "due_on" in attrs and attrs.get("term_days") is not None:
            raise serializers.ValidationError(
                {"due_on": ["It follows from term_days. Leave one of the two out."]}
            )
        return attrs


class SendIn(Body):
    """The letter that goes with the PDF; what is left out is written by us. It leaves after the
    answer: `email.state` of the invoice says how that went."""

    to = Text(required=False, max_length=500, help_text="Addresses with commas between.")
    subject = Text(required=False, max_length=LONGEST_SUBJECT)
    message = text(InvoiceMail, "message")


class InvoiceVoidIn(Body):
    reason = text(Invoice, "void_reason", "Kept with the invoice. The client does not see it.")
    payments = serializers.ChoiceField(
        choices=["keep", "void"],
        required=False,
        help_text="`keep` what was paid as the contact's credit (unless told), or `void` it too.",
    )


class LineOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(
        choices=InvoiceLine.Kind.choices,
        help_text="`locked`: something of QuickBooks that cannot be changed here.",
    )
    service_item_id = serializers.IntegerField(allow_null=True)
    item_name = serializers.CharField(help_text="As it was when the line was made.")
    description = serializers.CharField()
    served_on = serializers.DateField(allow_null=True)
    quantity = Number(allow_null=True)
    rate = Number(allow_null=True)
    amount = Money(allow_null=True)
    is_taxable = serializers.BooleanField()
    lock_reason = serializers.CharField()


class TaxOut(serializers.Serializer[Any]):
    """What one part of the tax came to."""

    name = serializers.CharField()
    percent = Number(digits=10, allow_null=True)
    base = Money(allow_null=True)
    amount = Money()


class CreditOut(serializers.Serializer[Any]):
    """What lowers the balance in QuickBooks beside payments."""

    kind = serializers.CharField()
    number = serializers.CharField()
    dated_on = serializers.DateField(allow_null=True)
    amount = Money()


class EmailOut(serializers.Serializer[Any]):
    """The last e-mail that carries it."""

    to = serializers.CharField()
    state = serializers.ChoiceField(choices=InvoiceMail.State.choices)
    error = serializers.CharField()
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class InvoiceHeadOut(serializers.Serializer[Any]):
    """An invoice without its lines, as lists have it."""

    id = serializers.IntegerField()
    contact_id = serializers.IntegerField()
    number = serializers.CharField(help_text="Ours; that of QuickBooks is sync.quickbooks_label.")
    po_number = serializers.CharField()
    status = serializers.ChoiceField(
        choices=[(each.value, each.value) for each in Status],
        source="shown_status",
        help_text="Paid, part paid and overdue follow from payments and the day.",
    )
    origin = serializers.ChoiceField(choices=Origin.choices)
    issued_on = serializers.DateField()
    term_days = serializers.IntegerField(allow_null=True)
    due_on = serializers.DateField()
    currency = serializers.CharField(help_text="Of all amounts in it.")
    discount_percent = Number(digits=10, allow_null=True)
    discount_amount = Money(allow_null=True)
    is_discount_before_tax = serializers.BooleanField()
    tax_rate_id = serializers.IntegerField(allow_null=True)
    subtotal = Money()
    discount = Money(help_text="What the discount comes to.")
    tax = Money()
    other_amount = Money(help_text="What QuickBooks adds beside lines, discount and tax.")
    total = Money(help_text="subtotal - discount + tax + other_amount.")
    applied = Money(help_text="What payments paid of it.")
    credited = Money(help_text="What credits of QuickBooks lowered it by.")
    balance = Money(help_text="total - applied - credited; 0.00 of a void one.")
    message = serializers.CharField()
    private_note = serializers.CharField()
    lock_reason = serializers.CharField(help_text='Why lines and contact are fixed, or "".')
    sent_at = serializers.DateTimeField(allow_null=True, help_text="It left draft.")
    emailed_at = serializers.DateTimeField(allow_null=True)
    emailed_to = serializers.CharField()
    is_changed_since_sent = serializers.BooleanField()
    voided_by = serializers.ChoiceField(choices=VoidedBy.choices, allow_blank=True)
    voided_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField()
    version = serializers.IntegerField(
        help_text="The ETag without its quotes. Payments and the day change status and balance, "
        "not the version."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    sync = Sync()


class InvoiceOut(InvoiceHeadOut):
    """An invoice with its lines. Needs a `billing.paper.Paper` as `invoice.paper`."""

    lines = LineOut(many=True, source="paper.lines")
    taxes = TaxOut(many=True, source="paper.taxes")
    credits = CreditOut(many=True, source="paper.credits")
    email = EmailOut(allow_null=True, source="last_mail")


class InvoicesAsked(Asked):
    q = serializers.CharField(
        required=False, max_length=200, help_text="Words, each in a number or the contact's name."
    )
    status = serializers.ChoiceField(
        required=False,
        choices=queries.INVOICE_STATUSES,
        help_text="`open` is sent and not paid; `overdue` those of it that are late.",
    )
    contact_id = id_asked()
    number = serializers.CharField(
        required=False, max_length=32, help_text="Exactly this one; capitals don't count."
    )
    issued_from = serializers.DateField(required=False)
    issued_to = serializers.DateField(required=False, help_text="That day included.")
    due_from = serializers.DateField(required=False)
    due_to = serializers.DateField(required=False, help_text="That day included.")


FILTERS = {
    "contact_id": "contact",
    "number": "number__iexact",
    "issued_from": "issued_on__gte",
    "issued_to": "issued_on__lte",
    "due_from": "due_on__gte",
    "due_to": "due_on__lte",
    "updated_since": "updated_at__gte",
}


def values_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent as `invoices` takes it. A due date that is chosen ends the terms."""
    values = dict(sent)
    if "due_on" in values:
        values["term_days"] = None
    if "lines" in values:
        values["lines"] = [_line(each) for each in values["lines"]]
    return values


def _line(sent: Mapping[str, Any]) -> LineInput:
    given = dict(sent)
    return LineInput(line_id=given.pop("id", None), **given)


EXAMPLE_IN = {
    "contact_id": 41,
    "issued_on": "2026-11-22",
    "term_days": 30,
    "tax_rate_id": None,
    "lines": [
        {
            "service_item_id": 7,
            "description": "Bookkeeping in October",
            "quantity": "2",
            "rate": "75.5",
        }
    ],
}
EXAMPLE_HEAD = {
    "id": 9,
    "contact_id": 41,
    "number": "INV-1001",
    "po_number": "",
    "status": "draft",
    "origin": "here",
    "issued_on": "2026-11-22",
    "term_days": 30,
    "due_on": "2026-12-22",
    "currency": "USD",
    "discount_percent": None,
    "discount_amount": None,
    "is_discount_before_tax": True,
    "tax_rate_id": None,
    "subtotal": "151.00",
    "discount": "0.00",
    "tax": "0.00",
    "other_amount": "0.00",
    "total": "151.00",
    "applied": "0.00",
    "credited": "0.00",
    "balance": "151.00",
    "message": "",
    "private_note": "",
    "lock_reason": "",
    "sent_at": None,
    "emailed_at": None,
    "emailed_to": "",
    "is_changed_since_sent": False,
    "voided_by": "",
    "voided_at": None,
    "void_reason": "",
    "version": 1,
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
    "sync": {"state": "not_synced", "quickbooks_id": None, "quickbooks_label": None},
}
EXAMPLE_OUT = {
    **EXAMPLE_HEAD,
    "lines": [
        {
            "id": 21,
            "position": 1,
            "kind": "item",
            "service_item_id": 7,
            "item_name": "Bookkeeping",
            "description": "Bookkeeping in October",
            "served_on": None,
            "quantity": "2",
            "rate": "75.5",
            "amount": "151.00",
            "is_taxable": False,
            "lock_reason": "",
        }
    ],
    "taxes": [],
    "credits": [],
    "email": None,
}
