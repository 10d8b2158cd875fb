"""Forms of the integration pages: shape and types; the services decide."""

from __future__ import annotations

from django import forms

from integrations.entities import ENTITIES
from integrations.models import Issue
from integrations.reconcile.policy import OnConflict


class IgnoreForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        label="Reason",
        help_text="Kept in the activity. It opens again if the record changes and still fails.",
        error_messages={"required": "Say why it can be put aside"},
    )


class RenameForm(forms.Form):
    name = forms.CharField(
        max_length=500, label="New name", error_messages={"required": "Enter a name"}
    )
    version = forms.IntegerField(widget=forms.HiddenInput)  # of the record the form was drawn from

    @classmethod
    def of(cls, issue: Issue) -> RenameForm | None:
        """The form as drawn for our record of this issue; None where it is about no name."""
        link = issue.link
        if issue.kind != Issue.Kind.DUPLICATE_NAME or link.local_id is None:
            return None
        spec = ENTITIES[link.entity]
        local = spec.store.read(firm_id=issue.firm_id, local_id=link.local_id)
        if local is None:
            return None
        return cls(initial={"name": local.label, "version": local.version})


class RulesForm(forms.Form):
    on_conflict = forms.ChoiceField(
        label="Both sides changed the same field",
        choices=[
            (OnConflict.ASK.value, "Ask me"),
            (OnConflict.LOCAL.value, "Keep ours"),
            (OnConflict.REMOTE.value, "Keep QuickBooks'"),
        ],
        widget=forms.RadioSelect,
    )
    syncs_notes = forms.BooleanField(
        label="Sync the notes of contacts",
        help_text=(
            "Notes may hold what bookkeepers must not see. "
            "A contact's notes are compared when the contact next changes."
        ),
        required=False,
    )


class DisconnectForm(forms.Form):
    links = forms.ChoiceField(
        label="Links between contacts and customers",
        choices=[
            ("keep", "Keep them: reconnecting to the same company goes on where it stopped"),
            ("remove", "Remove them: setup starts over"),
        ],
        initial="keep",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happens to the links"},
    )
