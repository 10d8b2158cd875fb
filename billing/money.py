"""How amounts are written for people. Pure; what they come to is `billing.totals`."""

from __future__ import annotations

from decimal import Decimal

SIGNS = {"USD": "$"}


def write_money(amount: Decimal, currency: str = "") -> str:
    """
    Write an amount with its cents, below 0 in parentheses: "$1,234.50", "(63.75)".

    Without `currency` there is no sign; of one without a sign of its own the code follows:
    "12.00 CAD".
    """
    text = f"{abs(amount):,.2f}"
    if currency in SIGNS:
        text = SIGNS[currency] + text
    text = f"({text})" if amount < 0 else text
    return f"{text} {currency}" if currency and currency not in SIGNS else text


def write_number(value: Decimal, least: int = 0) -> str:
    """Write a quantity, a rate or a percentage with `least` decimals or more: "2", "12.50"."""
    whole, _, decimals = f"{value:,.7f}".partition(".")
    decimals = decimals[:least] + decimals[least:].rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole
