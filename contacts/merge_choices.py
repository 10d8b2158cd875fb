"""Which value a merged contact gets where the two differ. Addresses are taken whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from contacts import forms, services
from contacts.models import Address, Contact


class Whose(models.TextChoices):
    """Whose value stays."""

    THIS = "this", "The one that stays"
    OTHER = "other", "The one that goes"


TAKEN_ONE_BY_ONE = (
    "display_name", "given_name", "family_name", "company_name", "email", "more_emails", "phone",
    "mobile", "other_phone", "fax", "website", "is_tax_exempt",
)  # fmt: skip
LABELS = {
    **{name: forms.LABELS[name] for name in TAKEN_ONE_BY_ONE},
    "billing_address": "Billing address",
    "shipping_address": "Shipping address",
    "notes": forms.LABELS["notes"],
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing in which the two differ. `default`: OTHER where the survivor has none."""

    name: str
    label: str
    ours: str  # of the contact that is kept, in words; "" for none
    theirs: str
    default: Whose


def choices(keep: Contact, lose: Contact) -> list[Choice]:
    """What the two differ in."""
    here, there = services.values_of(keep), services.values_of(lose)
    found = []
    for name, label in LABELS.items():
        ours, theirs = _shown(name, here), _shown(name, there)
        if ours != theirs:
            default = Whose.THIS if ours else Whose.OTHER
            found.append(Choice(name=name, label=label, ours=ours, theirs=theirs, default=default))
    return found


def fields_to_take(keep: Contact, lose: Contact, chosen: Mapping[str, str]) -> list[str]:
    """
    Names of `services.MERGED_FIELDS` that the survivor gets from the other contact.

    Args:
        chosen: name of LABELS -> a value of Whose; for what is not named the default counts.
    """
    taken = [
        each.name
        for each in choices(keep, lose)
        if chosen.get(each.name, each.default) == Whose.OTHER
    ]
    return [field for name in taken for field in fields_of(name)]


def fields_of(name: str) -> tuple[str, ...]:
    """Names of `services.MERGED_FIELDS` that a name of LABELS stands for."""
    kind = name.removesuffix("_address")
    return (name,) if kind == name else tuple(f"{kind}_{part}" for part in Address.PARTS)


def _shown(name: str, values: Mapping[str, Any]) -> str:
    told = [values[each] for each in fields_of(name)]
    if isinstance(told[0], bool):
        return "Yes" if told[0] else "No"
    parts = told[0] if isinstance(told[0], list) else [part for part in told if part]
    return ", ".join(parts)
