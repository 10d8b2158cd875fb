"""
What the settings of a QuickBooks company mean for the sync, in words for people.

The facts are those that `provider.py` reads (4.12). Preflight comes before set-up: what concerns
invoices and payments says that it counts once they sync.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from integrations.entities.invoice import is_po_field
from integrations.providers.base import Finding, Level

OK, NOTE, WARN, STOP = Level.OK, Level.NOTE, Level.WARN, Level.STOP
LATER = "When invoices sync:"
HOME_COUNTRIES = ("US", "USA", "United States")


def preflight(facts: Mapping[str, Any], *, home_currency: str) -> list[Finding]:
    """See providers.base.Provider; gravest first."""
    if not facts:
        return []
    preferences = facts.get("preferences") or {}
    rows = [
        _home_currency(facts, home_currency),
        _country(facts),
        _currencies(facts),
        _subscription(preferences),
        _edition(facts),
        _numbers(preferences),
        _sales_tax(preferences),
        _discounts(preferences),
        _discount_account(preferences),
        _credits(preferences),
        _closing_date(preferences),
        _pay_online(preferences),
        _classes(preferences),
        _locations(preferences),
        _estimates(preferences),
        _progress_invoicing(preferences),
        _deposits(preferences),
        _shipping(preferences),
        _terms(preferences),
        _custom_fields(preferences),
        _default_item(preferences),
    ]
    return sorted(rows, key=lambda row: [STOP, WARN, NOTE, OK].index(row.level))


# -- the company -------------------------------------------------------------------------------


def _home_currency(facts: Mapping[str, Any], ours: str) -> Finding:
    theirs = str(facts.get("home_currency") or "")
    title = "Home currency"
    if not theirs:
        return Finding(title, "Not told", f"Your practice works in {ours}; look it up there.", NOTE)
    if theirs == ours:
        return Finding(title, theirs, "The same as your practice's.", OK)
    effect = f"Your practice works in {ours}. Books in another currency cannot be connected."
    return Finding(title, theirs, effect, STOP)


def _country(facts: Mapping[str, Any]) -> Finding:
    country = str(facts.get("country") or "")
    if country in HOME_COUNTRIES:
        return Finding("Country", country, "Nothing to do.", OK)
    if not country:
        effect = "Contacts sync. Outside the US, invoices and payments will not."
        return Finding("Country", "Not told", effect, NOTE)
    effect = (
        "Contacts sync, and service items will. Invoices and payments of companies outside the "
        "US will not: their taxes work another way."
    )
    return Finding("Country", country, effect, WARN)


def _currencies(facts: Mapping[str, Any]) -> Finding:
    title = "Multi-currency"
    home = facts.get("home_currency") or "your home currency"
    if not facts.get("is_multi_currency"):
        return Finding(title, "Off", f"All customers are in {home}.", OK)
    effect = (
        f"Customers in {home} sync whole, the others come in as contacts. {LATER} invoices and "
        "payments in another currency are shown here but locked, and none can be made here."
    )
    return Finding(title, "On", effect, WARN)


def _subscription(preferences: Mapping[str, Any]) -> Finding:
    status = str(preferences.get("subscription") or "")
    title = "Subscription"
    match status.upper():
        case "PAID":
            return Finding(title, "Paid", "Nothing to do.", OK)
        case "":
            return Finding(title, "Not told", "If it ends, changes wait here in order.", NOTE)
        case "TRIAL":
            effect = "When the trial ends, QuickBooks stops answering; changes wait here in order."
        case _:
            effect = "QuickBooks may stop answering. Renew it there; changes wait here in order."
    return Finding(title, status.capitalize(), effect, WARN)


def _edition(facts: Mapping[str, Any]) -> Finding:
    edition = str(facts.get("edition") or "")
    effect = "Contacts sync with each edition. Classes and locations need Plus or Advanced."
    return Finding("Edition", edition or "Not told", effect, OK if edition else NOTE)


# -- forms ---------------------------------------------------------------------------------------


def _numbers(preferences: Mapping[str, Any]) -> Finding:
    title = "Custom transaction numbers"
    if preferences.get("own_numbers"):
        return Finding(title, "On", f"{LATER} they have the same number there as here.", OK)
    effect = (
        f"{LATER} QuickBooks numbers them itself, whatever their number here. To send yours, turn "
        "it on there: Account and settings, Sales, Custom transaction numbers."
    )
    return Finding(title, "Off", effect, WARN)


def _sales_tax(preferences: Mapping[str, Any]) -> Finding:
    title = "Sales tax"
    if not preferences.get("sales_tax"):
        effect = f"{LATER} one with tax is refused before it is sent. Without tax they go out."
        return Finding(title, "Off", effect, WARN)
    if preferences.get("automated_sales_tax"):
        effect = (
            f"{LATER} QuickBooks works out tax from addresses. We send which lines are taxable and "
            "our tax as the amount; if the totals differ by a cent, you are told."
        )
        return Finding(title, "Automated", effect, NOTE)
    effect = f"{LATER} each tax rate here is paired with a tax code there."
    return Finding(title, "Set by hand", effect, OK)


def _discounts(preferences: Mapping[str, Any]) -> Finding:
    title = "Discounts on sales forms"
    if preferences.get("discounts"):
        return Finding(title, "On", f"{LATER} discounts go along.", OK)
    effect = (
        f"{LATER} one with a discount is refused before it is sent. Its discount is never dropped."
    )
    return Finding(title, "Off", effect, WARN)


def _discount_account(preferences: Mapping[str, Any]) -> Finding:
    title = "Discount account"
    if preferences.get("discount_account"):
        return Finding(title, "Chosen", f"{LATER} discounts are booked to it.", OK)
    effect = f"{LATER} one with a discount is refused until an account is chosen in QuickBooks."
    return Finding(title, "None", effect, WARN if preferences.get("discounts") else NOTE)


def _credits(preferences: Mapping[str, Any]) -> Finding:
    title = "Automatically apply credits"
    if not preferences.get("automatic_credits"):
        return Finding(title, "Off", f"{LATER} only people apply credits.", OK)
    effect = (
        f"{LATER} QuickBooks may use a customer's credit for a new invoice at once. Less is then "
        "owed, and the invoice here says why."
    )
    return Finding(title, "On", effect, NOTE)


def _closing_date(preferences: Mapping[str, Any]) -> Finding:
    title = "Closing date"
    closed_on = str(preferences.get("books_closed_on") or "")
    if not closed_on:
        return Finding(title, "None", f"{LATER} any date can be used.", OK)
    day = _day(closed_on)
    effect = f"Contacts are not affected. {LATER} nothing dated {day} or before can be changed."
    return Finding(title, day, effect, NOTE)


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%b} {day.day}, {day.year}"


def _pay_online(preferences: Mapping[str, Any]) -> Finding:
    title = "Online payment by default"
    if not preferences.get("pay_online"):
        return Finding(title, "Off", f"{LATER} none gets a pay button by itself.", OK)
    effect = f"{LATER} QuickBooks may put a pay button on them. We never set or remove it."
    return Finding(title, "On", effect, NOTE)


def _classes(preferences: Mapping[str, Any]) -> Finding:
    return _tracking("Class tracking", "class", is_on=bool(preferences.get("classes")))


def _locations(preferences: Mapping[str, Any]) -> Finding:
    return _tracking("Location tracking", "location", is_on=bool(preferences.get("locations")))


def _tracking(title: str, word: str, *, is_on: bool) -> Finding:
    if not is_on:
        return Finding(title, "Off", "Nothing to do.", OK)
    effect = f"{LATER} they go out without a {word}. One that is set in QuickBooks stays."
    return Finding(title, "On", effect, NOTE)


def _estimates(preferences: Mapping[str, Any]) -> Finding:
    if not preferences.get("estimates"):
        return Finding("Estimates", "Off", "Nothing to do.", OK)
    effect = (
        f"{LATER} the lines and the contact of an invoice made from an estimate"
        " can only be changed there."
    )
    return Finding("Estimates", "On", effect, NOTE)


def _progress_invoicing(preferences: Mapping[str, Any]) -> Finding:
    title = "Progress invoicing"
    if not preferences.get("progress_invoicing"):
        return Finding(title, "Off", "Nothing to do.", OK)
    effect = f"{LATER} a part of an estimate comes in as an invoice of its own, its lines locked."
    return Finding(title, "On", effect, NOTE)


def _deposits(preferences: Mapping[str, Any]) -> Finding:
    title = "Deposit on forms"
    if not preferences.get("deposits"):
        return Finding(title, "Off", "Nothing to do.", OK)
    effect = f"{LATER} a deposit made there lowers what is owed here. None is sent from here."
    return Finding(title, "On", effect, NOTE)


def _shipping(preferences: Mapping[str, Any]) -> Finding:
    title = "Shipping on forms"
    if not preferences.get("shipping"):
        return Finding(title, "Off", "Nothing to do.", OK)
    effect = f"{LATER} shipping made there comes in as a locked line. None is sent from here."
    return Finding(title, "On", effect, NOTE)


def _terms(preferences: Mapping[str, Any]) -> Finding:
    title = "Default terms"
    if not preferences.get("default_terms"):
        return Finding(title, "None", f"{LATER} terms and due date are sent with each.", OK)
    effect = f"{LATER} terms and due date are sent with each, so the default there is not used."
    return Finding(title, "Chosen", effect, OK)


def _custom_fields(preferences: Mapping[str, Any]) -> Finding:
    title = "Custom fields"
    names = [name for name in preferences.get("custom_fields") or [] if name]
    told = ", ".join(names) or "None"
    for name in names:
        if is_po_field(name):
            return Finding(title, told, f"{LATER} the PO number goes into {name}.", OK)
    effect = f"{LATER} the PO number stays here: no field there is named for it, such as PO number."
    return Finding(title, told, effect, NOTE)


def _default_item(preferences: Mapping[str, Any]) -> Finding:
    value = "Chosen" if preferences.get("default_item") else "None"
    effect = f"{LATER} each line goes out with its own service item, never with this one unasked."
    return Finding("Default product or service", value, effect, OK)
