"""Dates as people type them: "Nov 22, 2026", "11/22", "+30", "t". Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from billing.errors import BillingError

FORMATS = ("%b %d, %Y", "%B %d, %Y", "%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d %b %Y")


class NotADate(BillingError):
    """The text names no day; the sentence says what would."""


def read_date(text: str, *, today: date, start: date | None = None) -> date | None:
    """
    Read a typed date; blank is None.

    "t" is today; "+30" is 30 days after `start`, or after today; "2/11" is February 11 of the
    year in which it is nearest to today.

    Raises:
        NotADate
    """
    text = " ".join(text.split())
    if not text:
        return None
    if text.lower() in ("t", "today"):
        return today
    try:
        if match := re.fullmatch(r"([+-]) ?([0-9]{1,5})", text):
            days = int(match[2]) * (-1 if match[1] == "-" else 1)
            return (start or today) + timedelta(days=days)
        if match := re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})", text):
            return _nearest(int(match[1]), int(match[2]), today)
    except (ValueError, OverflowError):
        raise _not_a_date(text) from None
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise _not_a_date(text)


def write_date(value: date | None) -> str:
    """ "Nov 22, 2026", which `read_date` reads; nothing for no date."""
    return f"{value:%b} {value.day}, {value.year:04}" if value else ""


def _nearest(month: int, day: int, today: date) -> date:
    found = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:  # February 29 of most years
            continue
    if not found:
        raise ValueError
    return min(found, key=lambda each: abs(each - today))


def _not_a_date(text: str) -> NotADate:
    return NotADate(f'"{text[:30]}" is not a date. Enter one such as Nov 22, 2026, 11/22 or +30.')
