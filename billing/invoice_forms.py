"""The invoice editor's form: what was typed, read into values; services decide the rest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import QueryDict

from billing import queries, terms
from billing.dates import NotADate, read_date, write_date
from billing.forms import plain
from billing.models import Invoice, InvoiceLine, ServiceItem
from billing.services.invoice_errors import InvoiceError
from billing.services.invoice_lines import LineInput
from contacts.models import Contact
from firms.models import Firm

LABELS = {
    "contact_id": "Contact",
    "number": "Invoice number",
    "po_number": "PO number",
    "term_days": "Terms",
    "issued_on": "Issue date",
    "due_on": "Due date",
    "tax_rate_id": "Tax",
    "discount_percent": "Discount in %",
    "discount_amount": "Discount",
    "is_discount_before_tax": "Discount before tax",
    "message": "Message to the client",
    "private_note": "Private note",
    "lines": "Lines",
}
CONTROLS = {  # the control that holds a value of the service
    "contact_id": "contact",
    "discount_percent": "discount",
    "discount_amount": "discount",
}
COLUMNS = ("item", "served_on", "description", "quantity", "rate", "amount")
ID_AT_END = re.compile(r"#([0-9]{1,18})\s*$")


def _date(label: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, required=False, max_length=60, widget=widget)


class HeadForm(forms.Form):
    """All but the lines, as text. `seen`: what it was drawn with; `version`: the invoice's then."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    proposed = forms.CharField(widget=forms.HiddenInput, required=False)
    contact_id = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    contact = forms.CharField(label="Contact", required=False, max_length=600, strip=False)
    number = forms.CharField(label=LABELS["number"], required=False, max_length=200)
    po_number = forms.CharField(label=LABELS["po_number"], required=False, max_length=200)
    term_days = forms.TypedChoiceField(
        label="Terms", required=False, coerce=int, empty_value=None, choices=()
    )
    issued_on = _date(LABELS["issued_on"])
    due_on = _date(LABELS["due_on"])
    tax_rate_id = forms.TypedChoiceField(
        label="Tax", required=False, coerce=int, empty_value=None, choices=()
    )
    discount_kind = forms.ChoiceField(
        label="Discount in", required=False, choices=(("percent", "%"), ("amount", "$"))
    )
    discount = forms.CharField(label="Discount", required=False, max_length=60)
    is_discount_before_tax = forms.BooleanField(label="Before tax", required=False)
    message = forms.CharField(
        label=LABELS["message"],
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    private_note = forms.CharField(
        label=LABELS["private_note"],
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, firm: Firm, invoice: Invoice | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["term_days"].choices = _term_choices(invoice)  # type: ignore[attr-defined]
        self.rates = list(queries.tax_rates_of(firm))
        self.fields["tax_rate_id"].choices = _rate_choices(self.rates, invoice)  # type: ignore[attr-defined]
        for name in ("contact", "number", "po_number", "discount"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


@dataclass
class Row:
    """One line as text. `was` is the saved line that it continues."""

    key: str = ""
    line_id: int | None = None
    item: str = ""
    item_id: int | None = None
    served_on: str = ""
    description: str = ""
    quantity: str = ""
    rate: str = ""
    amount: str = ""
    is_taxable: bool = False
    was: InvoiceLine | None = None
    shown: Decimal | None = None  # what it comes to
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_locked(self) -> bool:
        return self.was is not None and self.was.kind == InvoiceLine.Kind.LOCKED

    @property
    def is_amount_only(self) -> bool:
        """It has an amount and neither quantity nor rate: something of QuickBooks."""
        return bool(self.amount) and not self.quantity and not self.rate

    @property
    def is_blank(self) -> bool:
        return not (self.is_locked or any(getattr(self, name).strip() for name in COLUMNS))

    @classmethod
    def of(cls, line: InvoiceLine) -> Row:
        is_priced = line.quantity is not None or line.rate is not None
        return cls(
            line_id=line.pk,
            item=line.item_name,
            item_id=line.service_item_id,
            served_on=write_date(line.served_on),
            description=line.description,
            quantity=plain(line.quantity) if line.quantity is not None else "",
            rate=money_text(line.rate),
            amount="" if is_priced else money_text(line.amount),
            is_taxable=line.is_taxable,
            was=line if line.pk else None,
            shown=line.amount,
        )


def money_text(value: Decimal | None) -> str:
    """At least two decimals, as money is typed: "425.00", "0.1234567"."""
    if value is None:
        return ""
    text = str(plain(value))
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


class Sheet:
    """
    The whole form: head, rows, and what was wrong with it. Nothing is saved by it.

    `read` makes values of it for `invoices.create_draft` and `update_invoice`.
    """

    def __init__(
        self,
        *,
        firm: Firm,
        invoice: Invoice | None,
        head: HeadForm,
        rows: list[Row],
        today: date,
        fixed: Mapping[str, str],
    ) -> None:
        self.firm, self.invoice, self.head, self.rows, self.today = firm, invoice, head, rows, today
        self.fixed = fixed  # what cannot be changed, and why: `invoice_rules.fixed_fields`
        self.contact: Contact | None = None
        self.sentence = ""  # what is wrong with no field in particular
        self.values: dict[str, Any] = {}  # what `read` found
        self.number_rows()

    def number_rows(self) -> None:
        """Name the controls of the rows by their place. There is always one to type in."""
        self.rows = self.rows or [Row()]
        for key, row in enumerate(self.rows):
            row.key = str(key)

    @property
    def filled(self) -> list[Row]:
        return [row for row in self.rows if not row.is_blank]

    @property
    def exempt(self) -> Contact | None:
        """The contact, if it is tax exempt and this invoice of it has no tax either."""
        invoice, contact = self.invoice, self.contact
        if contact is None or not contact.is_tax_exempt:
            return None
        is_billed = invoice is not None and not invoice.is_draft and bool(invoice.tax)
        is_same = invoice is not None and invoice.contact_id == contact.pk
        return None if is_billed and is_same else contact

    @property
    def has_errors(self) -> bool:
        return bool(self.sentence or self.head.errors or any(row.errors for row in self.rows))

    @classmethod
    def drawn(
        cls,
        *,
        firm: Firm,
        invoice: Invoice | None,
        values: Mapping[str, Any],
        lines: Sequence[InvoiceLine],
        today: date,
        fixed: Mapping[str, str],
        seen: Mapping[str, Any] | None = None,
        proposed: str = "",
        form_key: str = "",
    ) -> Sheet:
        """A form that shows `values` (of `invoices.values_of`), made of those that are `seen`."""
        contact = Contact.objects.for_firm(firm).filter(pk=values.get("contact_id") or 0).first()
        percent, amount = values.get("discount_percent"), values.get("discount_amount")
        initial = {
            **{name: values.get(name) for name in LABELS if name != "lines"},
            "form_key": form_key,
            "version": invoice.version if invoice else None,
            "proposed": proposed,
            "contact": contact.display_name if contact else "",
            "issued_on": write_date(values.get("issued_on")),
            "due_on": write_date(values.get("due_on")),
            "discount_kind": "percent" if amount is None else "amount",
            "discount": plain(percent) if amount is None else money_text(amount),
            "seen": json.dumps({**_plain(seen or values), "lines": fingerprint(lines)}),
        }
        head = HeadForm(firm=firm, invoice=invoice, initial=initial)
        rows = [Row.of(line) for line in lines]
        sheet = cls(firm=firm, invoice=invoice, head=head, rows=rows, today=today, fixed=fixed)
        sheet.contact = contact
        return sheet

    @classmethod
    def posted(
        cls,
        data: QueryDict,
        *,
        firm: Firm,
        invoice: Invoice | None,
        today: date,
        fixed: Mapping[str, str],
    ) -> Sheet:
        head = HeadForm(data, firm=firm, invoice=invoice)
        saved = {line.pk: line for line in queries.lines_with_items(invoice)} if invoice else {}
        rows = [_read_row(data, key, saved, fixed) for key in data.getlist("line")]
        if "lines" in fixed:
            rows = [Row.of(line) for line in saved.values()]
        return cls(firm=firm, invoice=invoice, head=head, rows=rows, today=today, fixed=fixed)

    def read(self, *, complete: bool = True) -> dict[str, Any]:
        """
        The values of all fields that are not fixed; errors are kept in the form and the rows.

        Args:
            complete: False for a look at what it comes to: the contact may be missing.
        """
        self.head.is_valid()
        given, seen = self.head.cleaned_data, self.seen()
        values: dict[str, Any] = {
            "contact_id": self._read_contact(complete=complete),
            "number": given.get("number", ""),
            "po_number": given.get("po_number", ""),
            "tax_rate_id": given.get("tax_rate_id"),
            "is_discount_before_tax": given.get("is_discount_before_tax", False),
            "message": _typed(given.get("message", ""), seen.get("message")),
            "private_note": _typed(given.get("private_note", ""), seen.get("private_note")),
            **self._read_dates(),
            **self._read_discount(),
        }
        if values["number"] and values["number"] == given.get("proposed") and not self.invoice:
            values["number"] = ""  # the next one, whoever took this meanwhile
        values["lines"] = self._read_lines()
        self.values = {name: it for name, it in values.items() if name not in self.fixed}
        return self.values

    def _read_lines(self) -> list[LineInput]:
        items = _Items(self.firm, self.rows)
        is_money_fixed = "prices" in self.fixed
        lines = []
        for position, row in enumerate(self.filled, start=1):
            try:
                lines.append(_read_line(row, items, self.today, is_money_fixed=is_money_fixed))
            except _Wrong as wrong:
                row.errors[wrong.column] = f"Line {position}: {wrong}"
        return lines

    def seen(self) -> dict[str, Any]:
        """What the form was drawn with; nothing where that cannot be read."""
        try:
            found = json.loads(self.head["seen"].value() or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def add_error(self, error: InvoiceError) -> None:
        """Show a refusal of the services beside the field that it is about."""
        if error.line is not None and error.line <= len(self.filled):
            column = {"service_item_id": "item"}.get(error.column, error.column)
            self.filled[error.line - 1].errors[column or "item"] = str(error)
            return
        name = CONTROLS.get(error.field, error.field)
        if name in self.head.fields and self.head.is_bound:
            self.head.add_error(name, str(error))
        else:
            self.sentence = str(error)

    def _read_contact(self, *, complete: bool) -> int | None:
        text = _one_line(self.head.cleaned_data.get("contact", ""))
        if not text:
            return None
        found = list(_contacts_called(self.firm, text, self.head.cleaned_data.get("contact_id")))
        if len(found) == 1:
            self.contact = found[0]
            return found[0].pk
        if complete and not found:
            self.head.add_error(
                "contact", f'No contact is called "{text[:80]}". Choose one of the list.'
            )
        elif complete:
            numbers = " or ".join(f"{text[:80]} #{each.pk}" for each in found[:4])
            self.head.add_error("contact", f"Several contacts have this name. Enter {numbers}.")
        return None

    def _read_dates(self) -> dict[str, Any]:
        given, seen = self.head.cleaned_data, self.seen()
        issued_on = self._read_date("issued_on")
        due_on = self._read_date("due_on", start=issued_on)
        days = given.get("term_days")
        is_typed = due_on is not None and due_on != _date_of(seen.get("due_on"))
        is_same_terms = days is not None and days == seen.get("term_days")
        if is_typed and is_same_terms and due_on != due_by_terms(issued_on, days):
            days = None  # a due date of its own was typed
        return {"issued_on": issued_on, "term_days": days, "due_on": due_on}

    def _read_date(self, name: str, *, start: date | None = None) -> date | None:
        try:
            return read_date(self.head.cleaned_data.get(name, ""), today=self.today, start=start)
        except NotADate as error:
            self.head.add_error(name, str(error))
            return None

    def _read_discount(self) -> dict[str, Decimal | None]:
        is_percent = self.head.cleaned_data.get("discount_kind") != "amount"
        value = None
        try:
            value = read_number(self.head.cleaned_data.get("discount", ""))
        except ValueError:
            self.head.add_error("discount", "Enter the discount as a number, such as 5 or 12.50.")
        return {
            "discount_percent": value if is_percent else None,
            "discount_amount": None if is_percent else value,
        }


class _Wrong(Exception):
    """A cell that cannot be read; `str()` says what to do."""

    def __init__(self, column: str, sentence: str) -> None:
        self.column = column
        super().__init__(sentence)


class _Items:
    """The service items that rows name, by id and by name, in two queries."""

    def __init__(self, firm: Firm, rows: Iterable[Row]) -> None:
        ids = {row.item_id for row in rows if row.item_id}
        ids |= {int(match[1]) for row in rows if (match := ID_AT_END.search(row.item))}
        names = {_one_line(row.item) for row in rows if row.item.strip()}
        ours = ServiceItem.objects.for_firm(firm)
        self.by_id = ours.in_bulk(ids)
        self.by_name: dict[str, list[ServiceItem]] = {}
        unknown = names - {_one_line(item.name) for item in self.by_id.values()}
        if unknown:
            for item in queries.items_called(firm, unknown):
                self.by_name.setdefault(item.name.casefold(), []).append(item)

    def find(self, row: Row) -> ServiceItem | None:
        text = _one_line(row.item)
        known = self.by_id.get(row.item_id or 0)
        if known is not None and _one_line(known.name) == text:
            return known
        match = ID_AT_END.search(text)
        if match and (named := self.by_id.get(int(match[1]))):
            return named
        found = self.by_name.get(text.casefold(), [])
        if len(found) == 1:
            return found[0]
        if found:
            numbers = " or ".join(f"{text[:60]} #{each.pk}" for each in found[:4])
            raise _Wrong("item", f"several service items have this name. Enter {numbers}.")
        raise _Wrong("item", f'no service item is called "{text[:60]}". Choose one of the list.')


def read_number(text: str) -> Decimal | None:
    """
    A typed number: thousands commas and a currency sign are let go. Blank is None.

    Raises:
        ValueError
    """
    text = text.replace(",", "").replace("$", "").strip()
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def fingerprint(lines: Iterable[InvoiceLine | LineInput]) -> str:
    """The same for lines that say the same."""
    facts = [
        [
            line.kind,
            line.service_item_id,
            line.description,
            str(line.served_on),
            *(str(plain(each)) for each in (line.quantity, line.rate)),
            str(plain(line.amount)) if line.quantity is None and line.rate is None else "",
            line.is_taxable,
        ]
        for line in lines
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]


def plain_value(value: Any) -> Any:
    """A value as it is kept in `seen`."""
    return value.isoformat() if isinstance(value, date) else plain(value)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain_value(values.get(name)) for name in LABELS if name != "lines"}


def _date_of(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def due_by_terms(issued_on: date | None, days: int | None) -> date | None:
    """The due date that follows from terms; None without terms, or where there is no such day."""
    if issued_on is None or days is None:
        return None
    try:
        return terms.due_date(issued_on, days)
    except OverflowError:
        return None


def _term_choices(invoice: Invoice | None) -> list[tuple[Any, str]]:
    days = {*terms.STANDARD_DAYS}
    if invoice and invoice.term_days is not None:
        days.add(invoice.term_days)
    return [("", terms.name_of(None)), *((each, terms.name_of(each)) for each in sorted(days))]


def _rate_choices(rates: Sequence[Any], invoice: Invoice | None) -> list[tuple[Any, str]]:
    choices: list[tuple[Any, str]] = [("", "No tax"), *((rate.pk, str(rate)) for rate in rates)]
    if invoice and invoice.tax_rate and invoice.tax_rate_id not in {rate.pk for rate in rates}:
        choices.append((invoice.tax_rate_id, f"{invoice.tax_rate} (archived)"))
    return choices


def _contacts_called(firm: Firm, text: str, known_id: int | None) -> Iterable[Contact]:
    """The contact with the id, if that is still its name; else those of the name, active first."""
    ours = Contact.objects.for_firm(firm).standing()
    known = ours.filter(pk=known_id).first() if known_id else None
    if known is not None and _one_line(known.display_name) == text:
        return [known]
    match = ID_AT_END.search(text)
    if match and (named := ours.filter(pk=int(match[1])).first()):
        return [named]
    found = list(ours.filter(display_name__iexact=text).order_by("pk")[:10])
    return [each for each in found if not each.is_archived] or found


def _read_row(
    data: QueryDict, key: str, saved: Mapping[int, InvoiceLine], fixed: Mapping[str, str]
) -> Row:
    def text(name: str) -> str:
        return data.get(f"line-{key}-{name}", "").replace("\x00", "")

    def number(name: str) -> int | None:
        value = text(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None

    was = saved.get(number("line_id") or 0)
    row = Row.of(was) if was else Row()
    row.key = key
    if row.is_locked:
        return row
    is_money_fixed = was is not None and "prices" in fixed
    for name in ("item", "served_on", "description") if is_money_fixed else COLUMNS:
        setattr(row, name, text(name).replace("\r\n", "\n"))
    row.item_id = number("item_id")
    if not is_money_fixed:
        row.is_taxable = bool(text("is_taxable"))
    return row


def _read_line(row: Row, items: _Items, today: date, *, is_money_fixed: bool) -> LineInput:
    was = row.was
    if row.is_locked and was is not None:
        return LineInput(line_id=was.pk, kind=was.kind)
    item, is_same = None, False
    if row.item.strip():
        is_same = was is not None and _one_line(row.item) == _one_line(was.item_name)
        item = None if is_same else items.find(row)
    try:
        served_on = read_date(row.served_on, today=today)
    except NotADate as error:
        raise _Wrong("served_on", str(error)) from error
    words = _typed(row.description, was.description if was else None)
    given = LineInput(
        line_id=row.line_id,
        service_item_id=was.service_item_id if is_same and was else (item.pk if item else None),
        description=words,
        served_on=served_on,
        **_prices(row, item, is_money_fixed=is_money_fixed),
    )
    if given.quantity is None and given.rate is None and given.amount is None and not row.item:
        return LineInput(
            line_id=row.line_id,
            kind=InvoiceLine.Kind.TEXT,
            description=words,
            served_on=served_on,
        )
    return given


def _typed(text: str, before: Any) -> str:
    """Text with our line breaks; as it was before where only its line breaks differ."""
    text = _unix(text)
    return before if isinstance(before, str) and _unix(before) == text else text


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _prices(row: Row, item: ServiceItem | None, *, is_money_fixed: bool) -> dict[str, Any]:
    was = row.was
    if is_money_fixed and was is not None:
        names = ("quantity", "rate", "amount", "is_taxable")
        return {name: getattr(was, name) for name in names}
    quantity, rate = _read_cell(row, "quantity"), _read_cell(row, "rate")
    amount = _read_cell(row, "amount")
    if rate is None and amount is None and item is not None:
        rate = item.rate  # without scripts the item's rate isn't filled in before
    if rate is not None and quantity is None and not (was and was.rate == rate):
        quantity = Decimal(1)
    return {"quantity": quantity, "rate": rate, "amount": amount, "is_taxable": row.is_taxable}


def _read_cell(row: Row, name: str) -> Decimal | None:
    try:
        return read_number(getattr(row, name))
    except ValueError:
        raise _Wrong(name, f"enter the {name} as a number, such as 2 or 12.50.") from None
