"""Forms of set-up. Shape only: the services decide."""

from __future__ import annotations

from django import forms

from integrations.models import Setup


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
