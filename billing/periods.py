"""
The books' closing date: nothing dated on or before it is saved here.

Billing knows no books. What does (integrations) registers itself here when the product starts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from billing.services.invoice_errors import InvoiceError

_sources: list[Callable[[int], date | None]] = []


class PeriodClosed(InvoiceError):
    """The books are closed for that date; `field` is where the date is told."""

    def __init__(self, sentence: str, *, field: str = "issued_on") -> None:
        super().__init__(sentence)
        self.field = field


def register(source: Callable[[int], date | None]) -> None:
    """`source(firm_id)` answers the last closed day, or None."""
    _sources.append(source)


def closed_until(firm_id: int) -> date | None:
    """The last closed day of the firm's books; None where nothing is closed."""
    days = [day for source in _sources if (day := source(firm_id)) is not None]
    return max(days, default=None)


def must_be_open(firm_id: int, day: date, *, field: str = "issued_on") -> None:
    """
    Raises:
        PeriodClosed: `day` lies in a closed period; the sentence offers the first open day.
    """
    closed = closed_until(firm_id)
    if closed is not None and day <= closed:
        first = closed + timedelta(days=1)
        raise PeriodClosed(
            f"The books are closed up to {closed:%b} {closed.day}, {closed.year} in QuickBooks. "
            f"The first open day is {first:%b} {first.day}, {first.year}.",
            field=field,
        )
