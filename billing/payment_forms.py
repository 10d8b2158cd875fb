"""The form of a payment: what was typed, read into values; services decide the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from billing import queries
from billing.dates import NotADate, read_date, write_date
from billing.errors import BillingError
from billing.models import Payment, PaymentPart
from billing.services.payments import HEAD, family_of
from contacts.models import Contact

LABELS = {
    "amount": "Amount",
    "received_on": "Date",
    "method": "Method",
    "reference": "Reference",
    "parts": "Pays",
}
USUAL_METHODS = ("Check", "Cash", "Credit card", "Bank transfer")
MOST_ROWS = 200  # invoices that one form lists; who owes more pays the later ones from their pages
PART = re.compile(r"pays-([0-9]{1,15})")
NUMBER = re.compile(r"([0-9]{1,11}|[0-9]{1,3}(,[0-9]{3}){1,3})?(\.[0-9]{1,2})?")
ZERO = Decimal("0.00")


def read_amount(text: str) -> Decimal | None:
    """
    A typed amount: "$1,043.75", "43". Blank is None.

    Raises:
        ValueError: it is below 0, finer than a cent, or no number.
    """
    text = text.strip().removeprefix("$").strip()
    if not text:
        return None
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text.replace(",", "")).quantize(ZERO)


def write_amount(amount: Decimal | None) -> str:
    """As it is typed: "1043.75"; nothing for none."""
    return f"{amount:.2f}" if amount else ""


def split_in_order(amount: Decimal, owed: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
    """Pay invoices, (id, what it owes), one after the other until nothing of `amount` is left."""
    parts = {}
    for pk, owes in owed:
        part = min(amount, owes)
        if part > 0:
            parts[pk] = part
            amount -= part
    return parts


class HeadForm(forms.Form):
    """
    All but the split, as text. `seen`: what it was drawn with; `version`: the payment's then;
    `proposed`: the split that we put into it, to know if a person changed it.
    """

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    proposed = forms.CharField(widget=forms.HiddenInput, required=False)

    amount = forms.CharField(
        label=LABELS["amount"],
        max_length=60,
        error_messages={"required": "Enter the amount that was received"},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    received_on = forms.CharField(
        label=LABELS["received_on"],
        max_length=60,
        error_messages={"required": "Enter the day it was received"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    method = forms.CharField(
        label=LABELS["method"],
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "methods", "autocomplete": "off"}),
    )
    reference = forms.CharField(
        label=LABELS["reference"],
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@dataclass
class Row:
    """An invoice that the payment may pay. `owes` is what it owes without this payment."""

    invoice: Any
    owes: Decimal
    text: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        return f"pays-{self.invoice.pk}"

    @property
    def amount(self) -> Decimal:
        """What is typed; 0 where that cannot be read."""
        try:
            return read_amount(self.text) or ZERO
        except ValueError:
            return ZERO


class Sheet:
    """
    The whole form: head, one row for each invoice, what was wrong with it. Saves nothing.

    `first` is the invoice that it was opened from: it is paid before older ones.
    """

    def __init__(
        self,
        *,
        contact: Contact,
        payment: Payment | None,
        first: int | None,
        head: HeadForm,
        texts: Mapping[int, str],
        today: date,
    ) -> None:
        self.contact, self.payment, self.first, self.head = contact, payment, first, head
        self.today = today
        self.sentence = ""  # what is wrong with no field in particular
        self.split_error = ""  # what is wrong with the split as a whole
        self.notice = ""
        self._proposed = ""
        saved = list(payment.parts.all()) if payment else []
        self.theirs: list[PaymentPart] = [part for part in saved if part.invoice_id is None]
        self.rows, self.has_more = self._rows(saved, texts)

    def _rows(
        self, saved: Sequence[PaymentPart], texts: Mapping[int, str]
    ) -> tuple[list[Row], bool]:
        paid = {part.invoice_id: part.amount for part in saved if part.invoice_id is not None}
        wanted = {pk for pk, text in texts.items() if text} | set(paid)
        wanted |= {self.first} if self.first else set()
        listed = queries.payable_invoices(
            self.contact.firm, family_of(self.contact), today=self.today, also=wanted
        )
        rows = []
        for invoice in listed:
            owes = max(invoice.balance, ZERO)  # type: ignore[attr-defined]
            if not invoice.is_void:
                owes += paid.get(invoice.pk, ZERO)
            rows.append(Row(invoice=invoice, owes=owes, text=texts.get(invoice.pk, "")))
        rows.sort(key=lambda row: row.invoice.pk != self.first)  # the others keep their order
        kept = [row for place, row in enumerate(rows) if place < MOST_ROWS or row.text]
        return kept, len(kept) < len(rows)

    @classmethod
    def drawn(
        cls,
        *,
        contact: Contact,
        values: Mapping[str, Any],
        today: date,
        payment: Payment | None = None,
        first: int | None = None,
        seen: Mapping[str, Any] | None = None,
        form_key: str = "",
    ) -> Sheet:
        """A form that shows `values` (of `payments.values_of`), made of those that are `seen`."""
        initial = {
            "form_key": form_key,
            "version": payment.version if payment else None,
            "seen": json.dumps(plain_values(seen or values)),
            "amount": write_amount(values.get("amount")),
            "received_on": write_date(values.get("received_on")),
            "method": values.get("method", ""),
            "reference": values.get("reference", ""),
        }
        texts = {part["invoice_id"]: write_amount(part["amount"]) for part in values["parts"]}
        return cls(
            contact=contact,
            payment=payment,
            first=first,
            head=HeadForm(initial=initial),
            texts=texts,
            today=today,
        )

    @classmethod
    def posted(
        cls,
        data: QueryDict,
        *,
        contact: Contact,
        today: date,
        payment: Payment | None = None,
        first: int | None = None,
    ) -> Sheet:
        found = {name: PART.fullmatch(name) for name in data}
        texts = {int(it[1]): str(data[name]).strip()[:60] for name, it in found.items() if it}
        head = HeadForm(data)
        return cls(
            contact=contact, payment=payment, first=first, head=head, texts=texts, today=today
        )

    def read(self) -> dict[str, Any]:
        """The values for the services; what cannot be read is kept as an error of its field."""
        self.head.is_valid()
        given = self.head.cleaned_data
        parts = []
        for row in self.rows:
            try:
                amount = read_amount(row.text)
            except ValueError:
                row.error = f"{row.invoice}: enter an amount such as 120 or 43.75."
                continue
            if amount:
                parts.append({"invoice_id": row.invoice.pk, "amount": amount})
        return {
            "contact_id": self.contact.pk,
            "amount": self._read_amount(),
            "received_on": self._read_date(),
            "method": given.get("method", ""),
            "reference": given.get("reference", ""),
            "parts": parts,
        }

    @property
    def has_errors(self) -> bool:
        is_row_wrong = any(row.error for row in self.rows)
        return bool(self.sentence or self.split_error or self.head.errors or is_row_wrong)

    def add_error(self, error: BillingError) -> None:
        """Show a refusal of the services beside the field that it is about."""
        wrong = getattr(error, "invoice_id", None)
        field = getattr(error, "field", "")
        row = next((row for row in self.rows if row.invoice.pk == wrong), None)
        if row is not None:
            row.error = str(error)
        elif field == "parts":
            self.split_error = str(error)
        elif field in self.head.fields:
            self.head.add_error(field, str(error))
        else:
            self.sentence = str(error)

    # -- The split ---------------------------------------------------------------------------------
    @property
    def amount(self) -> Decimal:
        """What is typed; 0 where that cannot be read."""
        try:
            return read_amount(str(self.head["amount"].value() or "")) or ZERO
        except ValueError:
            return ZERO

    @property
    def applied(self) -> Decimal:
        live = (row.amount for row in self.rows if not row.invoice.is_void)
        return sum(live, ZERO) + sum((part.amount for part in self.theirs), ZERO)

    @property
    def left(self) -> Decimal:
        """What stays unapplied; below 0 if more is applied than was received."""
        return self.amount - self.applied

    @property
    def is_own_split(self) -> bool:
        """Say whether a person changed what we proposed."""
        return self.payment is not None or self._split() != self.head["proposed"].value()

    @property
    def proposed(self) -> str:
        """For the hidden control: the split that was put in by us."""
        return self._proposed or str(self.head["proposed"].value() or "")

    @property
    def is_split_anew(self) -> bool:
        """Say whether we put in another split than the one that was sent."""
        return bool(self._proposed)

    def propose(self) -> bool:
        """Put the amount on the invoices in their order; say whether that changed the split."""
        before = self._split()
        payable = [row for row in self.rows if row.invoice.status == row.invoice.Status.SENT]
        theirs = sum((part.amount for part in self.theirs), ZERO)
        parts = split_in_order(
            self.amount - theirs, [(row.invoice.pk, row.owes) for row in payable]
        )
        for row in payable:
            row.text, row.error = write_amount(parts.get(row.invoice.pk)), ""
        self._proposed = self._split()
        return self._proposed != before

    def clear(self) -> None:
        """Apply nothing of it: a split of one's own."""
        for row in self.rows:
            row.text, row.error = "", ""
        self._proposed = "none"

    def _split(self) -> str:
        """The split as text, the same for the same amounts."""
        parts = sorted((row.invoice.pk, row.text) for row in self.rows if row.text)
        return " ".join(f"{pk}={text}" for pk, text in parts) or "nothing"

    # -- Fields ------------------------------------------------------------------------------------
    def seen(self) -> dict[str, Any]:
        """What the form was drawn with; nothing where that cannot be read."""
        try:
            found = json.loads(self.head["seen"].value() or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _read_amount(self) -> Decimal | None:
        text = self.head.cleaned_data.get("amount", "")
        try:
            return read_amount(text)
        except ValueError:
            self.head.add_error("amount", "Enter the amount as a number, such as 120 or 43.75.")
            return None

    def _read_date(self) -> date | None:
        try:
            return read_date(self.head.cleaned_data.get("received_on", ""), today=self.today)
        except NotADate as error:
            self.head.add_error("received_on", str(error))
            return None


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a payment as text, the same for the same values; parts in the order of ids."""
    parts = sorted((part["invoice_id"], f"{part['amount']:.2f}") for part in values["parts"])
    head = {name: _plain(values.get(name)) for name in HEAD}
    return {**head, "parts": [list(part) for part in parts]}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value
