"""Money and numbers as answers show them; the names of currencies."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
CURRENCY_NAMES = {
    "USD": "United States Dollar",
    "CAD": "Canadian Dollar",
    "GBP": "British Pound Sterling",
    "EUR": "Euro",
    "AUD": "Australian Dollar",
    "CHF": "Swiss Franc",
    "JPY": "Japanese Yen",
    "MXN": "Mexican Peso",
    "SEK": "Swedish Krona",
}


def rounded(number: Decimal, places: int = 2) -> Decimal | int:
    """Half up to so many places; a whole number without a fraction, money with both its cents."""
    number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if number == number.to_integral_value():
        return int(number)
    return number if places == 2 else number.normalize()


def to_cents(amount: Decimal) -> Decimal:
    """Half up to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def cents(amount: Any) -> int:
    """Money as whole cents."""
    return int((Decimal(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def from_cents(amount: int) -> Decimal | int:
    """Cents as money."""
    return rounded(Decimal(amount) / 100)


def home_currency(preferences: dict[str, Any]) -> dict[str, str]:
    """The company's own currency, as a reference."""
    code = preferences.get("CurrencyPrefs", {}).get("HomeCurrency", {}).get("value", "USD")
    return {"value": code, "name": CURRENCY_NAMES.get(code, code)}
