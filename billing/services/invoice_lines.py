"""Lines as people give them, as they are kept, and what they come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing import totals
from billing.models import Invoice, InvoiceLine, InvoiceTax, ServiceItem, TaxRatePart
from billing.services.invoice_errors import (
    DiscountNotPossible,
    LineNotPossible,
    TooManyLines,
    TotalNotPossible,
)

MOST_LINES = 10_000  # Source: developer.intuit.com, Invoice; read 2026-11
MONEY_OF_A_LINE = ("kind", "amount", "is_taxable")
COLUMNS = (
    "kind", "service_item_id", "item_name", "description", "served_on", "quantity", "rate",
    "amount", "is_taxable",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LineInput:
    """
    A line as somebody wants it. `line_id` is the line (its pk) that it continues, or None.

    Of an "item" line the amount is quantity x rate, half up to the cent; `amount` counts only
    where both are None. A line that continues one and leaves quantity and rate alone keeps its
    amount. A "text" line has no amount. A "locked" one stays whatever is said here.
    """

    line_id: int | None = None
    kind: str = InvoiceLine.Kind.ITEM
    service_item_id: int | None = None
    description: str = ""
    served_on: date | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    is_taxable: bool = False


def build_lines(
    inputs: Sequence[LineInput], *, firm_id: int, existing: Collection[InvoiceLine]
) -> list[InvoiceLine]:
    """
    Make the lines that `inputs` ask for, numbered from 1; those that continue one keep its pk.

    Raises:
        LineNotPossible: one cannot be saved, or a locked one is missing.
        TooManyLines
    """
    if len(inputs) > MOST_LINES:
        raise TooManyLines(
            f"An invoice can have at most {MOST_LINES:,} lines; these are {len(inputs):,}. "
            "Make two of it."
        )
    by_id = {line.pk: line for line in existing}
    items = ServiceItem.objects.for_firm(firm_id).in_bulk(
        {each.service_item_id for each in inputs if each.service_item_id is not None}
    )
    made = []
    for position, given in enumerate(inputs, start=1):
        before = by_id.pop(given.line_id, None) if given.line_id is not None else None
        made.append(_build_line(position, given, before, items))
    _keep_locked(by_id.values())
    return made


def money_of(lines: Sequence[InvoiceLine]) -> list[tuple[Any, ...]]:
    """What of the lines decides what the invoice comes to."""
    return [tuple(getattr(line, name) for name in MONEY_OF_A_LINE) for line in lines]


def facts_of(lines: Sequence[InvoiceLine]) -> list[tuple[Any, ...]]:
    """All that a person can change of the lines."""
    return [tuple(getattr(line, name) for name in COLUMNS) for line in lines]


def compute(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[InvoiceTax]:
    """
    Set what the invoice comes to with the tax rate it has; return what each part of it comes to.

    Raises:
        DiscountNotPossible, TotalNotPossible
    """
    rates = [
        totals.TaxRate(name=part.name, percent=part.percent)
        for part in TaxRatePart.objects.filter(tax_rate=invoice.tax_rate_id).order_by("position")
    ]
    try:
        found = totals.compute_totals(
            [
                totals.Line(amount=line.amount, is_taxable=line.is_taxable)
                for line in lines
                if line.amount is not None
            ],
            discount=_discount_of(invoice),
            rates=rates,
            other=Decimal(invoice.other_amount),  # of a new row it is the int 0
        )
    except totals.DiscountTooLarge as error:
        raise DiscountNotPossible(str(error), field=_discount_field(invoice)) from error
    except (totals.TotalBelowZero, totals.NotAnAmount) as error:
        raise TotalNotPossible(str(error)) from error
    invoice.subtotal, invoice.discount = found.subtotal, found.discount
    invoice.tax, invoice.total = found.tax, found.total
    return [
        InvoiceTax(
            position=position,
            name=each.rate.name,
            percent=each.rate.percent,
            base=each.base,
            amount=each.amount,
        )
        for position, each in enumerate(found.taxes, start=1)
    ]


def _discount_of(invoice: Invoice) -> totals.Discount | None:
    percent, amount = invoice.discount_percent, invoice.discount_amount
    if percent is None and amount is None:
        return None
    try:
        return totals.Discount(
            percent=percent, amount=amount, is_before_tax=invoice.is_discount_before_tax
        )
    except totals.NotAnAmount as error:
        raise DiscountNotPossible(str(error), field=_discount_field(invoice)) from error


def _discount_field(invoice: Invoice) -> str:
    return "discount_amount" if invoice.discount_percent is None else "discount_percent"


def _build_line(
    position: int, given: LineInput, before: InvoiceLine | None, items: dict[int, ServiceItem]
) -> InvoiceLine:
    if before is not None and before.kind == InvoiceLine.Kind.LOCKED:
        before.position = position
        return before
    if given.kind not in (InvoiceLine.Kind.ITEM, InvoiceLine.Kind.TEXT):
        raise LineNotPossible(position, "this came from QuickBooks and was changed meanwhile.")
    line = InvoiceLine(position=position, kind=given.kind, description=given.description)
    line.served_on = given.served_on
    if before is not None:
        line.pk, line.invoice_id, line.books_id = before.pk, before.invoice_id, before.books_id
        line.lock_reason = before.lock_reason
    longest = InvoiceLine._meta.get_field("description").max_length or 0
    if len(given.description) > longest:
        raise LineNotPossible(
            position,
            f"the description can have at most {longest} characters; "
            f"this has {len(given.description)}. Shorten it.",
            column="description",
        )
    if given.kind == InvoiceLine.Kind.ITEM:
        _set_item(line, given, before, items)
        _set_amount(line, given, before)
        line.is_taxable = given.is_taxable
    return line


def _set_item(
    line: InvoiceLine,
    given: LineInput,
    before: InvoiceLine | None,
    items: dict[int, ServiceItem],
) -> None:
    """The name is that of the item when it was chosen: later names never change a line."""
    line.service_item_id = given.service_item_id
    if before is not None and before.service_item_id == given.service_item_id:
        line.item_name, line.books_item = before.item_name, before.books_item
        return
    if given.service_item_id is None:
        return
    item = items.get(given.service_item_id)
    if item is None:
        raise LineNotPossible(line.position, "choose a service item.", column="service_item_id")
    if item.is_archived:
        raise LineNotPossible(
            line.position,
            f"{item} is archived. Restore it, or choose another service item.",
            column="service_item_id",
        )
    line.item_name = item.name


def _set_amount(line: InvoiceLine, given: LineInput, before: InvoiceLine | None) -> None:
    line.quantity, line.rate = given.quantity, given.rate
    is_as_before = before is not None and (
        (before.quantity, before.rate) == (given.quantity, given.rate) != (None, None)
    )
    if is_as_before and before is not None and before.amount is not None:
        line.amount = before.amount
        return
    try:
        line.amount = _amount_of(line.position, given)
    except totals.NotAnAmount as error:
        column = _column_to_blame(given)
        raise LineNotPossible(line.position, str(error), column=column) from error


def _amount_of(position: int, given: LineInput) -> Decimal:
    if given.quantity is not None and given.rate is not None:
        return totals.line_amount(quantity=given.quantity, rate=given.rate)
    if given.quantity is None and given.rate is None and given.amount is not None:
        return totals.Line(amount=given.amount).amount
    missing = "rate" if given.rate is None else "quantity"
    raise LineNotPossible(position, f"enter a {missing}.", column=missing)


def _column_to_blame(given: LineInput) -> str:
    for column in ("rate", "quantity", "amount"):
        value = getattr(given, column)
        if value is not None and not totals.is_possible(
            value, decimals=2 if column == "amount" else 7
        ):
            return column
    return "quantity"


def _keep_locked(gone: Collection[InvoiceLine]) -> None:
    for line in gone:
        if line.kind == InvoiceLine.Kind.LOCKED:
            reason = line.lock_reason or "It comes from QuickBooks"
            raise LineNotPossible(line.position, f"{reason}: it cannot be removed here.")
