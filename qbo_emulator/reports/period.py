"""The days of a report: start_date and end_date, or a date_macro such as "Last Month"."""

import calendar
import re
from datetime import date, timedelta

from .. import errors

_MACRO = re.compile(
    r"(this|last|next) (week|month|(?:fiscal |calendar )?(?:quarter|year))(-to-date)?"
)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def day(name: str, text: str) -> str:
    """
    Check a day.

    Raises:
        Fault: 2070 for what is none, or of no year that books can have.
    """
    try:
        found = date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise errors.invalid_date(name, text[:50]) from None
    if not 1900 <= found.year <= 9000:
        raise errors.invalid_date(name, text[:50])
    return found.isoformat()


def asked(params: dict[str, str], today: str, first_month: int, default: str) -> tuple[str, str]:
    """
    The first and the last day.

    Days that are named win over a macro; with one of them alone the other is today, or the first
    day of the year.

    Raises:
        Fault: 2070 for a bad day, 2170 for an unknown macro.
    """
    start, end = params.get("start_date", ""), params.get("end_date", "")
    if start or end:
        last = day("end_date", end) if end else today
        return day("start_date", start) if start else f"{last[:4]}-01-01", last
    first, final = macro(
        params.get("date_macro") or default, date.fromisoformat(today), first_month
    )
    return first.isoformat(), final.isoformat()


def macro(text: str, today: date, first_month: int) -> tuple[date, date]:
    """The days of "Today", "Last Week", "This Fiscal Year-to-date" and their like."""
    words = " ".join(text.lower().split())
    if words in {"today", "yesterday"}:
        only = today - timedelta(days=words == "yesterday")
        return only, only
    matched = _MACRO.fullmatch(words)
    if matched is None:
        raise errors.invalid_enumeration("date_macro", text[:50])
    which, unit, to_date = matched.groups()
    shift = {"last": -1, "this": 0, "next": 1}[which]
    this = _begin(today, unit, first_month)
    start = _moved(this, unit, shift)
    end = _moved(start, unit, 1) - timedelta(days=1)
    if to_date:
        end = min(end, start + (today - this))
    return start, end


def _begin(today: date, unit: str, first_month: int) -> date:
    if unit == "week":  # weeks begin on Sundays
        return today - timedelta(days=(today.weekday() + 1) % 7)
    months = _MONTHS[unit.split()[-1]]
    offset = first_month - 1 if unit.startswith("fiscal") else 0
    since = (today.month - 1 - offset) % months
    return _plus_months(today.replace(day=1), -since)


def _moved(day: date, unit: str, by: int) -> date:
    if unit == "week":
        return day + timedelta(days=7 * by)
    return _plus_months(day, by * _MONTHS[unit.split()[-1]])


def _plus_months(day: date, by: int) -> date:
    month = day.year * 12 + day.month - 1 + by
    return date(month // 12, month % 12 + 1, 1)


def fiscal_year(day: str, first_month: int) -> str:
    """The first day of the fiscal year that holds a day."""
    return _begin(date.fromisoformat(day), "fiscal year", first_month).isoformat()


def spans(start: str, end: str, by: str) -> list[tuple[str, str, str]]:
    """
    The columns of a report: (title, first day, last day), without a total over several.

    Raises:
        Fault: 500 for what columns cannot be summed by.
    """
    unit = by.lower() or "total"
    if unit == "total":
        return [("Total", start, end)]
    unit = unit.rstrip("s")
    if unit not in _MONTHS:
        raise errors.unsupported_operation(f"summarize_column_by {by[:30]} is not supported.")
    found: list[tuple[str, str, str]] = []
    last = date.fromisoformat(end)
    at = _begin(date.fromisoformat(start), unit, 1)
    while at <= last and len(found) < 400:
        final = _moved(at, unit, 1) - timedelta(days=1)
        title = _title(at, final, unit)
        found.append((title, max(at.isoformat(), start), min(final, last).isoformat()))
        at = final + timedelta(days=1)
    return found


def _title(first: date, final: date, unit: str) -> str:
    months = [calendar.month_abbr[each.month] for each in (first, final)]
    if unit == "month":
        return f"{months[0]} {first.year}"
    return f"{months[0]} - {months[1]}, {first.year}" if unit == "quarter" else str(first.year)
