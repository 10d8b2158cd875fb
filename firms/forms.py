"""Forms of the firm's pages: shape only, services decide."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from firms.models import Firm, Role


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
