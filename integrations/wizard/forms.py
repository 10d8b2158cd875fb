"""Forms of set-up. Shape only: the services decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from integrations.models import Setup
from integrations.wizard.answers import Answers


class ChooseContactsForm(forms.Form):
    which = forms.ChoiceField(
        choices=Setup.Filter.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose which contacts to import",
            "invalid_choice": "Choose which contacts to import",
        },
    )


class ListQuery(forms.Form):
    """The address of a list page: search, filter, page, the row it begins with."""

    q = forms.CharField(max_length=200, required=False)
    diff = forms.BooleanField(required=False)
    page = forms.IntegerField(min_value=1, required=False)
    at = forms.IntegerField(min_value=1, required=False)
    pick = forms.ChoiceField(choices=[("page", "page"), ("all", "all")], required=False)

    def values(self) -> dict[str, object]:
        """What is valid of it; what is not counts as not given."""
        self.full_clean()
        given = self.cleaned_data
        return {
            "q": given.get("q", "").strip(),
            "diff": bool(given.get("diff")),
            "page": given.get("page") or 1,
            "at": given.get("at"),
            "pick": given.get("pick") or "",
        }


class ServicesForm(forms.Form):
    """What is asked before Sync service items."""

    ALL, FROM = "all", "from"

    income_account = forms.ChoiceField(
        label="Default income account",
        help_text="For service items that are created in QuickBooks.",
        error_messages={
            "required": "Choose an income account",
            "invalid_choice": "Choose an income account of this QuickBooks company",
        },
    )
    start = forms.ChoiceField(
        choices=[(ALL, "All invoices"), (FROM, "From a date")],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose which invoices sync: all of them, or those from a date",
            "invalid_choice": "Choose which invoices sync: all of them, or those from a date",
        },
    )
    on = forms.DateField(
        label="First day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter the first day as a date, for example 2026-01-31"},
    )
    brings_open = forms.BooleanField(
        label="Bring in older invoices that are unpaid in QuickBooks", required=False
    )

    def __init__(
        self, *args: Any, accounts: Sequence[dict[str, Any]], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        choices = [(str(each["id"]), str(each["label"])) for each in accounts]
        account = self.fields["income_account"]
        assert isinstance(account, forms.ChoiceField)
        account.choices = [("", "Choose an account"), *choices]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        is_from = given.get("start") == self.FROM
        if is_from and "on" not in self.errors:
            if given.get("on") is None:
                self.add_error("on", "Enter the first day whose invoices sync")
            elif given["on"] > self.today:
                self.add_error("on", "The first day can't be in the future")
        return given

    def answers(self) -> Answers:
        """Of a valid form."""
        given = self.cleaned_data
        is_all = given["start"] == self.ALL
        return Answers(
            income_account=given["income_account"],
            since=None if is_all else given["on"],
            brings_open=is_all or given["brings_open"],
        )
