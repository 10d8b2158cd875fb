"""Contacts as JSON: shape and types; services decide the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from contacts.merge_choices import LABELS, Whose
from contacts.models import Address, Contact
from firms.api.fields import LARGEST_ID, Body, Flag, Id, Sync, Text, Whole
from firms.api.paging import PageAsked
from firms.marks import SyncState

LONGEST_NOTES = 4000
MOST_EMAILS = 20


def _longest(model: Any, name: str) -> int:
    length: int = model._meta.get_field(name).max_length
    return length


class AddressIn(Body):
    """An address in the parts that QuickBooks keeps. What is not named stays."""

    def get_fields(self) -> dict[str, Any]:
        return {
            part: Text(required=False, allow_blank=True, max_length=_longest(Address, part))
            for part in Address.PARTS
        }


class AddressOut(serializers.Serializer[Any]):
    """An address; parts that are not known are "". `region` is the state or province."""

    def get_fields(self) -> dict[str, Any]:
        return {part: serializers.CharField() for part in Address.PARTS}


def _text(name: str, help_text: str = "") -> Text:
    return Text(
        required=False, allow_blank=True, max_length=_longest(Contact, name), help_text=help_text
    )


class ContactIn(Body):
    """What can be said of a contact."""

    display_name = Text(
        max_length=_longest(Contact, "display_name"),
        help_text="QuickBooks takes each name once; two contacts that share one don't sync.",
    )
    given_name = _text("given_name")
    family_name = _text("family_name")
    company_name = _text("company_name")
    email = _text("email", "QuickBooks takes at most 100 characters.")
    more_emails = serializers.ListField(
        child=Text(max_length=320), required=False, max_length=MOST_EMAILS, help_text="Kept here."
    )
    phone = _text("phone")
    other_phone = _text("other_phone")
    mobile = _text("mobile")
    fax = _text("fax")
    website = _text("website")
    notes = Text(required=False, allow_blank=True, max_length=LONGEST_NOTES)
    parent_id = Id(
        required=False, allow_null=True, help_text="The contact above; at most five levels."
    )
    bill_with_parent = Flag(required=False)
    is_tax_exempt = Flag(
        required=False, help_text="No tax on new invoices; those that exist stay as they are."
    )
    billing_address = AddressIn(required=False)
    shipping_address = AddressIn(required=False)


class MergedFieldsIn(Body):
    """Whose value stays where the two differ; by default this one's, unless it has none."""

    def get_fields(self) -> dict[str, Any]:
        return {
            name: serializers.ChoiceField(choices=Whose.choices, required=False) for name in LABELS
        }


class MergeIn(Body):
    """The contact that goes, and what is taken from it."""

    other = Id(help_text="The contact that is archived; what it has moves to this one.")
    other_version = Whole(
        required=False, min_value=1, help_text="Only if the other one still has this version."
    )
    fields = MergedFieldsIn(required=False)  # type: ignore[assignment]


class ContactOut(serializers.Serializer[Any]):
    """A person or company."""

    id = serializers.IntegerField()
    display_name = serializers.CharField()
    given_name = serializers.CharField()
    family_name = serializers.CharField()
    company_name = serializers.CharField()
    email = serializers.CharField()
    more_emails = serializers.ListField(child=serializers.CharField())
    phone = serializers.CharField()
    other_phone = serializers.CharField()
    mobile = serializers.CharField()
    fax = serializers.CharField()
    website = serializers.CharField()
    notes = serializers.CharField()
    parent_id = serializers.IntegerField(allow_null=True)
    bill_with_parent = serializers.BooleanField()
    is_tax_exempt = serializers.BooleanField()
    is_archived = serializers.BooleanField()
    merged_into = serializers.IntegerField(
        source="merged_into_id",
        allow_null=True,
        help_text="The contact that stands for this one since the two were merged.",
    )
    billing_address = serializers.SerializerMethodField()
    shipping_address = serializers.SerializerMethodField()
    version = serializers.IntegerField(help_text="The ETag without its quotes.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    sync = Sync()

    def get_billing_address(self, contact: Contact) -> AddressOut:
        return self._address(contact, Address.Kind.BILLING)

    def get_shipping_address(self, contact: Contact) -> AddressOut:
        return self._address(contact, Address.Kind.SHIPPING)

    def _address(self, contact: Contact, kind: str) -> Any:
        found = {each.kind: each for each in contact.addresses.all()}.get(kind)
        return {part: getattr(found, part, "") for part in Address.PARTS}


class ContactsAsked(PageAsked):
    """Filters of the list; several narrow it together."""

    q = serializers.CharField(
        required=False, max_length=200, help_text="Words, each in a name, e-mail or phone."
    )
    email = serializers.CharField(required=False, max_length=320, help_text="Exactly this one.")
    display_name = serializers.CharField(
        required=False, max_length=500, help_text="Exactly this one; capitals don't count."
    )
    parent_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    is_archived = serializers.BooleanField(required=False)
    sync_state = serializers.ChoiceField(required=False, choices=SyncState.choices)
    updated_since = serializers.DateTimeField(
        required=False, help_text="Changed then or later, such as 2026-11-22T10:00:00Z."
    )


def values_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent as `contacts.services` takes it: addresses flat."""
    values = {name: value for name, value in sent.items() if not name.endswith("_address")}
    for kind in Address.Kind.values:
        for part, value in sent.get(f"{kind}_address", {}).items():
            values[f"{kind}_{part}"] = value
    return values


EXAMPLE_IN = {
    "display_name": "Maple Ridge Dental",
    "email": "office@mapleridge.example",
    "phone": "555 0100",
    "billing_address": {
        "line1": "12 Harbor Street",
        "city": "Portland",
        "region": "ME",
        "postal_code": "04101",
    },
}
NO_ADDRESS = dict.fromkeys(Address.PARTS, "")
EXAMPLE_OUT = {
    "id": 41,
    "display_name": "Maple Ridge Dental",
    "given_name": "",
    "family_name": "",
    "company_name": "Maple Ridge Dental",
    "email": "office@mapleridge.example",
    "more_emails": [],
    "phone": "555 0100",
    "other_phone": "",
    "mobile": "",
    "fax": "",
    "website": "",
    "notes": "",
    "parent_id": None,
    "bill_with_parent": False,
    "is_tax_exempt": False,
    "is_archived": False,
    "merged_into": None,
    "billing_address": {**NO_ADDRESS, **EXAMPLE_IN["billing_address"]},  # type: ignore[dict-item]
    "shipping_address": NO_ADDRESS,
    "version": 1,
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
    "sync": {
        "state": "synced",
        "quickbooks_id": "58",
        "quickbooks_label": "Maple Ridge Dental",
    },
}
