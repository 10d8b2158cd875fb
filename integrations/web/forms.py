"""Forms of the integration pages: shape and types; the services decide."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from billing.models import TaxRate
from integrations.entities import ENTITIES
from integrations.models import Connection, Issue, TaxCode
from integrations.reconcile.policy import Direction, OnConflict
from integrations.sync import rule_values


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
    """The rules of a connection; which there are depends on it and on the firm."""

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
    syncs_private_notes = forms.BooleanField(
        label="Sync the private notes of invoices",
        help_text=(
            "They become the memo in QuickBooks, which prints it on the statements that clients "
            "get. Off, a memo there is shown here and never changed."
        ),
        required=False,
    )
    invoices_direction = forms.ChoiceField(
        label="Invoices and payments go",
        choices=[
            (Direction.TWO_WAY.value, "Both ways"),
            (Direction.PUSH.value, "To QuickBooks only"),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    number_rule = forms.ChoiceField(
        label="Invoice numbers in QuickBooks",
        choices=Connection.NumberRule.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    void_rule = forms.ChoiceField(
        label="An invoice voided here",
        choices=Connection.VoidRule.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    service_item = forms.ChoiceField(label="Default service", required=False)
    income_account = forms.ChoiceField(label="Default income account", required=False)
    deposit_account = forms.ChoiceField(label="Deposit account", required=False)

    NONE: ClassVar[dict[str, str]] = {
        "service_item": "None",
        "income_account": "None",
        "deposit_account": "Undeposited Funds (QuickBooks' own choice)",
    }
    OF_BILLING = (
        "syncs_private_notes",
        "invoices_direction",
        "number_rule",
        "void_rule",
        *rule_values.DEFAULTS,
    )

    def __init__(self, data: Any = None, *, connection: Connection, has_billing: bool) -> None:
        now = rule_values.current(connection)
        super().__init__(data, initial=now)
        self.connection = connection
        self.rates: list[tuple[TaxRate, str]] = []  # our rates, and the field of each
        if not has_billing:
            for name in self.OF_BILLING:
                del self.fields[name]
            return
        if connection.profile == Connection.Profile.PUSH_ONLY:
            for name in ("on_conflict", "syncs_notes", "invoices_direction"):
                del self.fields[name]
        for name in rule_values.DEFAULTS:
            found = [(each["id"], each["label"]) for each in rule_values.choices(connection, name)]
            self._choose(name, [("", self.NONE[name]), *found])
        self._add_tax_codes(now[rule_values.TAX_CODES])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _add_tax_codes(self, mapped: dict[int, str]) -> None:
        """A select for each rate of ours that is in use, and its tax code there."""
        codes = list(TaxCode.objects.filter(connection=self.connection).order_by("name", "pk"))
        offered = [(code.remote_id, _code_label(code)) for code in codes]
        rates = TaxRate.objects.for_firm(self.connection.firm_id).prefetch_related("parts")
        for rate in rates.order_by("name", "pk"):
            if rate.is_archived and rate.pk not in mapped:
                continue
            name = f"tax_code_{rate.pk}"
            self.fields[name] = forms.ChoiceField(
                label=f"Tax code of {rate}",
                choices=[("", "None: invoices with it wait"), *offered],
                initial=mapped.get(rate.pk, ""),
                required=False,
            )
            self.rates.append((rate, name))

    def wanted(self) -> dict[str, Any]:
        """What was sent, as `rule_changes.set_rules` takes it; what was not stays."""
        told = {
            name: value
            for name, value in self.cleaned_data.items()
            if not name.startswith("tax_code_") and self._was_sent(name, value)
        }
        if self.rates and all(name in self.data for _, name in self.rates):
            told[rule_values.TAX_CODES] = {
                rate.pk: self.cleaned_data[name]
                for rate, name in self.rates
                if self.cleaned_data[name]
            }
        return told

    def _was_sent(self, name: str, value: Any) -> bool:
        if isinstance(self.fields[name], forms.BooleanField):
            return True
        return name in self.data and (bool(value) or name in rule_values.DEFAULTS)

    def refuse(self, error: rule_values.RuleNotPossible) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))

    def tax_rows(self) -> list[tuple[TaxRate, forms.BoundField]]:
        return [(rate, self[name]) for rate, name in self.rates]


def _code_label(code: TaxCode) -> str:
    parts = " + ".join(f"{each.get('percent')} %" for each in code.parts)
    inactive = "" if code.is_active else ", inactive"
    return f"{code.name} ({parts or 'no tax'}{inactive})"


class TurnOnForm(forms.Form):
    """What a one-way connection needs before it starts."""

    service_item = forms.ChoiceField(
        label="Default service",
        help_text="Each line of an invoice goes out on it, with its own description and amount.",
        error_messages={"required": "Choose the service that lines go out on"},
    )
    deposit_account = forms.ChoiceField(
        label="Deposit account",
        help_text="Where a payment stands in QuickBooks until it is deposited.",
        required=False,
    )
    number_rule = forms.ChoiceField(
        label="Invoice numbers in QuickBooks",
        choices=[
            (Connection.NumberRule.THEIRS.value, "Leave numbering to QuickBooks"),
            (Connection.NumberRule.OURS.value, "Send our numbers"),
        ],
        initial=Connection.NumberRule.THEIRS.value,
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, connection: Connection) -> None:
        super().__init__(data)
        for name, first in (
            ("service_item", ("", "Choose a service")),
            ("deposit_account", ("", RulesForm.NONE["deposit_account"])),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            found = [(each["id"], each["label"]) for each in rule_values.choices(connection, name)]
            field.choices = [first, *found]
        chosen = (connection.defaults or {}).get("service_item") or {}
        self.initial["service_item"] = chosen.get("id") or self._sales()
        account = (connection.defaults or {}).get("deposit_account") or {}
        self.initial["deposit_account"] = account.get("id") or ""

    def _sales(self) -> str:
        """The service that the connection takes by itself, if the company has it."""
        field = self.fields["service_item"]
        assert isinstance(field, forms.ChoiceField)
        choices: Any = field.choices
        return next((key for key, label in choices if label.casefold() == "sales"), "")


class NewServiceForm(forms.Form):
    """A service to be made in QuickBooks, for lines to go out on."""

    name = forms.CharField(
        max_length=100,
        label="Name",
        initial="Sales",
        error_messages={"required": "Enter a name"},
    )
    income_account = forms.ChoiceField(
        label="Income account", error_messages={"required": "Choose an income account"}
    )

    def __init__(self, data: Any = None, *, connection: Connection) -> None:
        super().__init__(data)
        field = self.fields["income_account"]
        assert isinstance(field, forms.ChoiceField)
        found = rule_values.choices(connection, "income_account")
        field.choices = [("", "Choose an account"), *((e["id"], e["label"]) for e in found)]


class DisconnectForm(forms.Form):
    links = forms.ChoiceField(
        label="Links with records in QuickBooks",
        choices=[
            ("keep", "Keep them: reconnecting to the same company goes on where it stopped"),
            ("remove", "Remove them: setup starts over"),
        ],
        initial="keep",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happens to the links"},
    )
