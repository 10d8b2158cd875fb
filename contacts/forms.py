"""Forms of contacts: shape and lengths; services decide the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django import forms

from contacts.models import Address, Contact
from contacts.services import ADDRESS_FIELDS, values_of
from firms.models import Firm

PARENT_NUMBER = re.compile(r"#(\d{1,18})$")
KINDS = {"billing": "Billing", "shipping": "Shipping"}
PART_LABELS = {
    "line1": "street",
    "line2": "line 2",
    "line3": "line 3",
    "line4": "line 4",
    "line5": "line 5",
    "city": "city",
    "region": "state",
    "postal_code": "postal code",
    "country": "country",
}
LABELS = {
    "display_name": "Display name",
    "given_name": "First name",
    "family_name": "Last name",
    "company_name": "Company",
    "email": "Email",
    "more_emails": "More emails",
    "phone": "Phone",
    "mobile": "Mobile",
    "other_phone": "Other phone",
    "fax": "Fax",
    "website": "Website",
    "notes": "Notes",
    "parent_id": "Parent contact",
    "bill_with_parent": "Bill with parent",
    "is_tax_exempt": "Tax exempt",
    "is_archived": "Archived",
    **{
        f"{kind}_{part}": f"{label} {PART_LABELS[part]}"
        for kind, label in KINDS.items()
        for part in Address.PARTS
    },
}
TEXTS = (
    "display_name", "given_name", "family_name", "company_name",
    "email", "phone", "mobile", "other_phone", "fax", "website",
)  # fmt: skip


class ContactForm(forms.Form):
    """
    A contact as a person types it. `cleaned_data` becomes `values()`: services.FIELDS.

    `seen` holds what the form was drawn with, so that of two people's edits only fields that
    both changed are in conflict; `version` is the contact's then.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    accepted = forms.CharField(widget=forms.HiddenInput, required=False)

    more_emails = forms.CharField(required=False, help_text="Separated by commas. Kept here only.")
    notes = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=4000
    )
    parent = forms.CharField(
        required=False,
        label="Parent contact",
        help_text="Its name, or # and its number. Leave empty for a contact of its own.",
        widget=forms.TextInput(attrs={"list": "parents", "autocomplete": "off"}),
    )
    bill_with_parent = forms.BooleanField(required=False, label="Bill with parent")
    is_tax_exempt = forms.BooleanField(
        required=False,
        label="Tax exempt",
        help_text="No tax on new invoices. Those that exist stay as they are.",
    )

    def __init__(self, *args: Any, firm: Firm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.firm = firm
        for name in (*TEXTS, *ADDRESS_FIELDS):
            self.fields[name] = _text_field(name)
        self.fields["more_emails"].label = LABELS["more_emails"]
        self.fields["notes"].label = LABELS["notes"]

    def clean_more_emails(self) -> list[str]:
        emails = [each.strip() for each in self.cleaned_data["more_emails"].split(",")]
        emails = [each for each in emails if each]
        if any(len(each) > 320 for each in emails):
            raise forms.ValidationError("An email address has at most 320 characters")
        return emails

    def clean_notes(self) -> str:
        return self.cleaned_data["notes"].replace("\r\n", "\n")

    def clean_parent(self) -> int | None:
        return find_parent(self.firm, self.cleaned_data["parent"])

    def values(self) -> dict[str, Any]:
        ours = {"version", "seen", "accepted", "parent"}
        values = {name: value for name, value in self.cleaned_data.items() if name not in ours}
        return {**values, "parent_id": self.cleaned_data["parent"]}

    def seen_values(self) -> dict[str, Any]:
        """What the form was drawn with; nothing where that cannot be read."""
        try:
            seen = json.loads(self.cleaned_data.get("seen") or "{}")
        except ValueError:
            return {}
        return seen if isinstance(seen, dict) else {}

    def address_fields(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (label, [self[f"{kind}_{part}"] for part in Address.PARTS])
            for kind, label in KINDS.items()
        ]


def initial_of(contact: Contact, overlay: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a form of this contact starts with; `overlay`: values that somebody still wants."""
    current = values_of(contact)
    values = {**current, **(overlay or {})}
    parent = Contact.objects.filter(pk=values["parent_id"], firm=contact.firm_id).first()
    return {
        **values,
        "more_emails": ", ".join(values["more_emails"]),
        "parent": f"{parent} #{parent.pk}" if parent else "",
        "version": contact.version,
        "seen": json.dumps(current),
    }


def find_parent(firm: Firm, text: str) -> int | None:
    """
    Resolve what a person typed: "Maple Ridge #12", "#12" or a name that one contact has.

    Raises:
        ValidationError: no contact is meant, or more than one may be.
    """
    text = text.strip()
    if not text:
        return None
    contacts = Contact.objects.for_firm(firm).standing()
    if number := PARENT_NUMBER.search(text):
        found = list(contacts.filter(pk=int(number[1])).values_list("pk", flat=True))
    else:
        found = list(contacts.filter(display_name__iexact=text).values_list("pk", flat=True)[:2])
    if not found:
        raise forms.ValidationError(f"No contact is called {text[:100]}")
    if len(found) > 1:
        raise forms.ValidationError(
            f"Several contacts are called {text[:100]}: add # and its number"
        )
    return found[0]


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text="At most 5 MB and 10,000 rows; UTF-8 or Windows encoding.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )


def _text_field(name: str) -> forms.CharField:
    model: Any = Address if name in ADDRESS_FIELDS else Contact
    column = name.split("_", 1)[1] if name in ADDRESS_FIELDS else name
    longest = model._meta.get_field(column).max_length
    return forms.CharField(
        label=LABELS[name],
        required=name == "display_name",
        max_length=longest,
        error_messages={
            "required": f"Enter a {LABELS[name].lower()}",
            "max_length": f"{LABELS[name]}: at most {longest} characters; these are %(show_value)d",
        },
    )
