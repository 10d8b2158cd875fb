"""Stored values in the words of the pages: lines, money, dates, and names in place of ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.models import Invoice, ServiceItem, TaxRate
from contacts.models import Contact
from integrations.entities.base import id_of_theirs
from integrations.models import Link, TaxCode
from integrations.reconcile.policy import Side
from integrations.reconcile.record import Life

LIVES = {
    Side.LOCAL: {Life.LIVE: "Active", Life.INACTIVE: "Archived", Life.VOID: "Void"},
    Side.REMOTE: {
        Life.LIVE: "Active",
        Life.INACTIVE: "Inactive",
        Life.VOID: "Void",
        Life.DELETED: "Deleted",
    },
}
MONEY = ("amount", "discount_amount", "discount", "other_amount")
DATES = ("issued_on", "due_on", "received_on")
CONTACTS = ("parent", "contact")


@dataclass(frozen=True, kw_only=True)
class Names:
    """What ids in values are called: ours by our id, theirs by theirs."""

    contacts: Mapping[int, str] = field(default_factory=dict)
    items: Mapping[int, str] = field(default_factory=dict)
    invoices: Mapping[int, str] = field(default_factory=dict)
    tax_rates: Mapping[int, str] = field(default_factory=dict)
    their_items: Mapping[str, str] = field(default_factory=dict)
    their_invoices: Mapping[str, str] = field(default_factory=dict)
    tax_codes: Mapping[str, str] = field(default_factory=dict)


def names_in(firm_id: int, values: Iterable[tuple[str, Any]]) -> Names:
    """
    The names that these values (of fields by their names) need: at most one query a kind.
    """
    told = list(values)
    of_contacts = [value for name, value in told if name in CONTACTS]
    of_items = [line.get("item") for line in _entries(told, "lines")]
    of_invoices = [part.get("invoice") for part in _entries(told, "parts")]
    of_taxes = [value for name, value in told if name == "tax_rate"]
    return Names(
        contacts=_ours(Contact, "display_name", firm_id, of_contacts),
        items=_ours(ServiceItem, "name", firm_id, of_items),
        invoices=_ours(Invoice, "number", firm_id, of_invoices),
        tax_rates=_ours(TaxRate, "name", firm_id, of_taxes),
        their_items=_theirs(firm_id, "service_item", of_items),
        their_invoices=_theirs(firm_id, "invoice", of_invoices),
        tax_codes=_codes(firm_id, of_taxes),
    )


def _entries(told: Iterable[tuple[str, Any]], wanted: str) -> list[Mapping[str, Any]]:
    return [
        entry
        for name, value in told
        if name == wanted and isinstance(value, list)
        for entry in value
        if isinstance(entry, dict)
    ]


def _ours(model: Any, column: str, firm_id: int, values: Iterable[Any]) -> dict[int, str]:
    wanted = {value for value in values if isinstance(value, int) and not isinstance(value, bool)}
    if not wanted:
        return {}
    rows = model.objects.filter(firm_id=firm_id, pk__in=wanted)
    return dict(rows.values_list("pk", column))


def _theirs(firm_id: int, entity: str, values: Iterable[Any]) -> dict[str, str]:
    wanted = {each for value in values if (each := id_of_theirs(value))}
    if not wanted:
        return {}
    rows = Link.objects.filter(firm_id=firm_id, entity=entity, remote_id__in=wanted)
    told = rows.exclude(remote_label="").values_list("remote_id", "remote_label")
    return {str(remote_id): label for remote_id, label in told}


def _codes(firm_id: int, values: Iterable[Any]) -> dict[str, str]:
    wanted = {each for value in values if (each := id_of_theirs(value))}
    if not wanted:
        return {}
    rows = TaxCode.objects.filter(firm_id=firm_id, remote_id__in=wanted)
    return dict(rows.values_list("remote_id", "name"))


# -- One value -----------------------------------------------------------------------------------


def shown(name: str, value: Any, side: Side, names: Names) -> str:
    """A stored value of the field `name`, as text; "" where nothing is there."""
    if name == "life":
        return LIVES[side].get(value, str(value).capitalize()) if value else ""
    if name in CONTACTS:
        return _contact(value, names)
    if name == "lines":
        return "\n".join(line(each, names) for each in _list(value))
    if name == "parts":
        return "\n".join(part(each, names) for each in _list(value))
    if name == "taxes":
        return "\n".join(tax(each) for each in _list(value))
    if name == "tax_rate":
        return _tax_rate(value, names)
    if name == "term_days":
        return terms(value)
    if name in MONEY:
        return money(value)
    if name in DATES:
        return day(value)
    if name == "rate":
        return price(value)
    if name == "discount_percent":
        return f"{value} %" if value not in (None, "") else ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


def line(told: Mapping[str, Any], names: Names) -> str:
    """A line of an invoice: "4 × 75.00 Mooring hour, Nov 20, 2026: berth 7 = 300.00 taxed"."""
    what = item(told.get("item"), str(told.get("item_name") or ""), names)
    served_on = day(told.get("served_on"))
    what = ", ".join(each for each in (what, served_on) if each)
    description = " ".join(str(told.get("description") or "").split())
    what = ": ".join(each for each in (what, description) if each)
    if told.get("amount") in (None, ""):
        return what
    quantity, rate = told.get("quantity"), told.get("rate")
    count = f"{number(quantity)} × {price(rate)} " if quantity and rate not in (None, "") else ""
    taxed = " taxed" if told.get("is_taxable") else ""
    return f"{count}{what} = {money(told['amount'])}{taxed}"


def item(value: Any, told_name: str, names: Names) -> str:
    """The service item of a line, ours or theirs."""
    if isinstance(value, int):
        return names.items.get(value) or told_name or "A service item"
    their_id = id_of_theirs(value)
    if their_id is not None:
        return names.their_items.get(their_id) or told_name or f"QuickBooks item {their_id}"
    return told_name


def part(told: Mapping[str, Any], names: Names) -> str:
    """What of a payment goes where: "250.00 to invoice INV-1047"."""
    paid = told.get("invoice")
    their_id = id_of_theirs(paid)
    if isinstance(paid, int):
        where = f"invoice {names.invoices.get(paid) or 'without a number'}"
    elif their_id is not None:
        label = names.their_invoices.get(their_id) or told.get("label")
        where = f"invoice {label or their_id} in QuickBooks"
    else:
        where = str(told.get("label") or told.get("txn") or "something in QuickBooks")
    return f"{money(told.get('amount'))} to {where}"


def tax(told: Mapping[str, Any]) -> str:
    name = " ".join(str(told.get("name") or "Tax").split())
    percent = told.get("percent")
    rate = f" {percent} %" if percent not in (None, "") else ""
    return f"{name}{rate}: {money(told.get('amount'))}"


def terms(value: Any) -> str:
    if value in (None, ""):
        return "Due date chosen"
    return "Due on receipt" if value == 0 else f"Net {value}"


def money(value: Any) -> str:
    """To the cent, negatives in parentheses: "1,234.50", "(20.00)"; "" where there is none."""
    amount = _decimal(value)
    if amount is None:
        return "" if value in (None, "") else str(value)
    return f"({-amount:,.2f})" if amount < 0 else f"{amount:,.2f}"


def price(value: Any) -> str:
    """At least 2 decimals and no idle zeros: "75.00", "0.0000001"."""
    amount = _decimal(value)
    if amount is None:
        return "" if value in (None, "") else str(value)
    whole, _, decimals = f"{amount:,.7f}".partition(".")
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def number(value: Any) -> str:
    amount = _decimal(value)
    return str(value) if amount is None else f"{amount.normalize():f}"


def day(value: Any) -> str:
    """An ISO date as "Nov 20, 2026"."""
    try:
        told = date.fromisoformat(str(value or ""))
    except ValueError:
        return str(value or "")
    return f"{told:%b} {told.day}, {told.year}"


def listed(words: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value in (None, "") else Decimal(str(value))
    except InvalidOperation:
        return None


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else ()


def _contact(value: Any, names: Names) -> str:
    if isinstance(value, int):
        return names.contacts.get(value, "")
    their_id = id_of_theirs(value)
    return f"QuickBooks customer {their_id}" if their_id else ""


def _tax_rate(value: Any, names: Names) -> str:
    if isinstance(value, int):
        return names.tax_rates.get(value, "A tax rate")
    their_id = id_of_theirs(value)
    if their_id is not None:
        return names.tax_codes.get(their_id) or f"QuickBooks tax code {their_id}"
    return "No tax"
