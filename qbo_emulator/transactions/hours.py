"""How long a time activity is and what it costs a customer."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from ..money import rounded, to_cents


def length(activity: dict[str, Any]) -> Decimal:
    """Hours: those that were given, or from start to end without the break."""

    def number(name: str) -> Decimal:
        return Decimal(activity.get(name) or 0)

    if not activity.get("StartTime"):
        return number("Hours") + number("Minutes") / 60
    start, end = (datetime.fromisoformat(activity[name]) for name in ("StartTime", "EndTime"))
    worked = Decimal(int((end - start).total_seconds())) / 3600
    return worked - number("BreakHours") - number("BreakMinutes") / 60


def charge_of(activity: dict[str, Any]) -> dict[str, Any]:
    """An activity as a charge on an invoice (4.6.5): hours times rate, to the cent."""
    amount = to_cents(length(activity) * Decimal(activity.get("HourlyRate") or 0))
    code = "TAX" if activity.get("Taxable") else "NON"
    return {"Amount": rounded(amount), "TaxCodeRef": {"value": code}}
