"""Terms of payment: a number of days after the issue date. Nothing else of them is modelled."""

from __future__ import annotations

from datetime import date, timedelta

STANDARD_DAYS = (0, 10, 15, 30, 45, 60)
MOST_DAYS = 999  # QuickBooks' Term.DueDays. Source: developer.intuit.com, Term


def name_of(days: int | None) -> str:
    """0 is "Due on receipt", 30 is "Net 30"; None: the due date was chosen by itself."""
    if days is None:
        return "Custom"
    return f"Net {days}" if days else "Due on receipt"


def due_date(issued_on: date, days: int) -> date:
    return issued_on + timedelta(days=days)
