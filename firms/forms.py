"""Forms of the firm's pages: shape only, services decide."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from firms.audit import Filters
from firms.models import Firm, Role
from firms.permissions import Permission


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": f"{label}: enter a date, such as 2026-11-30"},
    )


class FirmForm(forms.Form):
    name = forms.CharField(max_length=200, label="Name of the firm")
    time_zone = forms.ChoiceField(label="Time zone")
    home_currency = forms.CharField(
        max_length=3,
        label="Home currency",
        help_text="Three letters, as in the books: USD, CAD, GBP.",
        validators=[RegexValidator(r"^[A-Z]{3}$", "Enter three capital letters, such as USD")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
        self.fields["time_zone"].choices = [(name, name.replace("_", " ")) for name in names]  # type: ignore[attr-defined]


class InviteForm(forms.Form):
    name = forms.CharField(max_length=150, label="Name")
    email = forms.EmailField(label="Work email")
    role = forms.ModelChoiceField(Role.objects.none(), empty_label=None, label="Role")

    def __init__(self, *args: Any, firm: Firm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = firm.roles.order_by("pk")  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    role = forms.ModelChoiceField(Role.objects.none(), empty_label=None, label="Role")

    def __init__(self, *args: Any, firm: Firm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = firm.roles.order_by("pk")  # type: ignore[attr-defined]


class AuditForm(forms.Form):
    """Filters of the audit log. What cannot be read narrows nothing and says so."""

    who = forms.ChoiceField(required=False, label="Who")
    what = forms.ChoiceField(required=False, label="What")
    since = _day("From")
    until = _day("To")

    def __init__(self, *args: Any, people: list[str], actions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [("", "Everybody"), *((it, it) for it in people)]  # type: ignore[attr-defined]
        self.fields["what"].choices = [("", "Everything"), *((it, it) for it in actions)]  # type: ignore[attr-defined]

    @property
    def filters(self) -> Filters:
        self.is_valid()
        return Filters(**self.cleaned_data)


class PermissionsForm(forms.Form):
    """A name and some of `offered`: what a role or an API token may do."""

    name = forms.CharField(max_length=80, label="Name", error_messages={"required": "Enter a name"})
    permissions = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one permission"},
    )

    def __init__(self, *args: Any, offered: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].choices = [  # type: ignore[attr-defined]
            (each.value, each.label) for each in Permission if each in offered
        ]


class TokenForm(PermissionsForm):
    days = forms.TypedChoiceField(
        label="Ends",
        coerce=int,
        choices=[(7, "In 7 days"), (30, "In 30 days"), (90, "In 90 days"), (365, "In a year")],
        initial=90,
    )
    field_order = ("name", "days", "permissions")
