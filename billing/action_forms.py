"""Forms of what is done with an invoice as a whole: send, void, many at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms

from billing.models import InvoiceMail
from billing.services.sending import LONGEST_SUBJECT, Letter

KEEP, VOID = "keep", "void"
PAYMENT_CHOICES = (
    (KEEP, "Keep them: the money stays as unapplied credit of the contact"),
    (VOID, "Void them too"),
)


class SendForm(forms.Form):
    """The letter that goes with the PDF. `version` is the draft's, as it was seen."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    to = forms.CharField(
        label="To",
        help_text="Put commas between several addresses.",
        error_messages={"required": "Enter an e-mail address"},
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
        max_length=500,
    )
    subject = forms.CharField(
        max_length=LONGEST_SUBJECT, error_messages={"required": "Enter a subject"}
    )
    message = forms.CharField(
        required=False,
        max_length=InvoiceMail._meta.get_field("message").max_length,
        widget=forms.Textarea(attrs={"rows": 9}),
    )

    def letter(self) -> Letter:
        return Letter(**{name: self.cleaned_data[name] for name in ("to", "subject", "message")})


class VoidForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        required=False,
        max_length=500,
        help_text="Kept with the invoice. The client does not see it.",
        error_messages={"max_length": "The reason can have at most 500 characters"},
    )
    payments = forms.ChoiceField(
        choices=PAYMENT_CHOICES, widget=forms.RadioSelect, required=False, initial=KEEP
    )

    def clean_payments(self) -> str:
        return self.cleaned_data["payments"] or KEEP


class VoidPaymentForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        required=False,
        max_length=500,
        help_text="Kept with the payment.",
        error_messages={"max_length": "The reason can have at most 500 characters"},
    )


class BulkForm(forms.Form):
    """Which invoices: those that are ticked, or all that the list's address finds."""

    do = forms.CharField()
    scope = forms.ChoiceField(choices=[("", ""), ("all", "all")], required=False)
    filters = forms.CharField(required=False, max_length=2000)
    form_key = forms.UUIDField(required=False)

    def key(self) -> UUID:
        return self.cleaned_data.get("form_key") or uuid4()


def ids_of(data: Any) -> list[int]:
    """The ids of a post, without what cannot be one."""
    found = (value for value in data.getlist("invoice") if value.isascii() and value.isdigit())
    return list(dict.fromkeys(int(value) for value in found if len(value) < 16))
