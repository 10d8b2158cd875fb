"""Forms of billing: shape and lengths; services decide the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from billing.models import ServiceItem
from billing.services.service_items import values_of

ITEM_LABELS = {
    "name": "Name",
    "description": "Description",
    "rate": "Rate",
    "sku": "SKU",
    "category": "Category",
    "is_taxable": "Taxable",
}


def _text(name: str, **options: Any) -> forms.CharField:
    column: Any = ServiceItem._meta.get_field(name)
    label, longest = ITEM_LABELS[name], column.max_length
    return forms.CharField(
        label=label,
        required=name == "name",
        max_length=longest,
        error_messages={
            "required": f"Enter a {label.lower()}",
            "max_length": f"{label}: at most {longest} characters; these are %(show_value)d",
        },
        **options,
    )


class ServiceItemForm(forms.Form):
    """
    `seen` holds what the form was drawn with, so that of two people's edits only fields that
    both changed are in conflict; `version` is the service item's then.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    accepted = forms.CharField(widget=forms.HiddenInput, required=False)

    name = _text("name")
    description = _text("description", widget=forms.Textarea(attrs={"rows": 3}))
    rate = forms.DecimalField(
        required=False,
        help_text="Without a currency sign; up to 7 decimals.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "Enter the rate as a number, such as 75 or 12.50"},
    )
    sku = _text("sku")
    category = _text("category")
    is_taxable = forms.BooleanField(required=False, label=ITEM_LABELS["is_taxable"])

    def clean_description(self) -> str:
        return self.cleaned_data["description"].replace("\r\n", "\n")

    def clean_rate(self) -> Decimal:
        """An empty rate is 0. How large and how fine it may be, services say."""
        rate = self.cleaned_data["rate"]
        return Decimal(0) if rate is None else rate

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ITEM_LABELS}

    def seen_values(self) -> dict[str, Any]:
        """What the form was drawn with; nothing where that cannot be read."""
        try:
            seen = json.loads(self.cleaned_data.get("seen") or "{}")
        except ValueError:
            return {}
        return seen if isinstance(seen, dict) else {}


def initial_of_item(item: ServiceItem, overlay: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a form of this item starts with; `overlay`: values that somebody still wants."""
    current = {name: plain(value) for name, value in values_of(item).items()}
    wanted = {name: plain(value) for name, value in (overlay or {}).items()}
    return {**current, **wanted, "version": item.version, "seen": json.dumps(current)}


def plain(value: Any) -> Any:
    """A decimal as it is typed, "75" or "12.5"; anything else as it is."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
