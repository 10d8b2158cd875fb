"""The company's settings in words: each with its effect, and how grave it is."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.providers.base import Finding, Level
from integrations.providers.quickbooks.preflight import preflight
from integrations.providers.quickbooks.provider import QuickBooksBooks
from integrations.sync.company_facts import facts_of
from tests.quickbooks import Emulator

QUIET = {
    "country": "US",
    "home_currency": "USD",
    "is_multi_currency": False,
    "edition": "QuickBooks Online Plus",
    "preferences": {
        "subscription": "PAID",
        "own_numbers": True,
        "sales_tax": True,
        "discounts": True,
        "discount_account": "86",
        "default_terms": "3",
        "default_item": "1",
        "custom_fields": ["P.O. Number"],
    },
}


def found(title: str, **facts: Any) -> Finding:
    """What is said of one setting; facts that are no part of a Company are preferences."""
    preferences = {key: value for key, value in facts.items() if key not in QUIET}
    told = {
        **QUIET,
        **{key: value for key, value in facts.items() if key in QUIET},
        "preferences": {**QUIET["preferences"], **preferences},  # type: ignore[dict-item]
    }
    rows = [row for row in preflight(told, home_currency="USD") if row.title == title]
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("title", "facts", "value", "level", "effect"),
    [
        ("Home currency", {"home_currency": "EUR"}, "EUR", "stop", "cannot be connected"),
        ("Home currency", {"home_currency": ""}, "Not told", "note", "works in USD"),
        ("Country", {"country": "CA"}, "CA", "warn", "Contacts sync"),
        ("Country", {"country": ""}, "Not told", "note", "Contacts sync"),
        ("Multi-currency", {"is_multi_currency": True}, "On", "warn", "come in as contacts"),
        ("Edition", {"edition": ""}, "Not told", "note", "Plus or Advanced"),
        ("Subscription", {"subscription": "TRIAL"}, "Trial", "warn", "trial ends"),
        ("Subscription", {"subscription": "EXPIRED"}, "Expired", "warn", "Renew it"),
        ("Subscription", {"subscription": ""}, "Not told", "note", "changes wait"),
        ("Custom transaction numbers", {"own_numbers": False}, "Off", "warn", "turn it on"),
        ("Sales tax", {"sales_tax": False}, "Off", "warn", "refused before it is sent"),
        ("Sales tax", {"automated_sales_tax": True}, "Automated", "note", "from addresses"),
        ("Discounts on sales forms", {"discounts": False}, "Off", "warn", "refused"),
        ("Discount account", {"discount_account": ""}, "None", "warn", "refused until"),
        (
            "Discount account",
            {"discount_account": "", "discounts": False},
            "None",
            "note",
            "refused until",
        ),
        ("Automatically apply credits", {"automatic_credits": True}, "On", "note", "Less is then"),
        (
            "Closing date",
            {"books_closed_on": "2025-12-31"},
            "Dec 31, 2025",
            "note",
            "nothing dated Dec 31, 2025 or before",
        ),
        ("Closing date", {"books_closed_on": "year end"}, "year end", "note", "year end or before"),
        ("Online payment by default", {"pay_online": True}, "On", "note", "pay button"),
        ("Class tracking", {"classes": True}, "On", "note", "without a class"),
        ("Location tracking", {"locations": True}, "On", "note", "without a location"),
        ("Estimates", {"estimates": True}, "On", "note", "only be changed there"),
        ("Progress invoicing", {"progress_invoicing": True}, "On", "note", "lines locked"),
        ("Deposit on forms", {"deposits": True}, "On", "note", "lowers what is owed"),
        ("Shipping on forms", {"shipping": True}, "On", "note", "locked line"),
        ("Default terms", {"default_terms": ""}, "None", "ok", "sent with each"),
        ("Custom fields", {"custom_fields": ["Crew #"]}, "Crew #", "note", "stays here"),
        ("Custom fields", {"custom_fields": []}, "None", "note", "stays here"),
        ("Custom fields", {"custom_fields": ["Depot"]}, "Depot", "note", "stays here"),
        ("Default product or service", {"default_item": ""}, "None", "ok", "own service item"),
    ],
)
def test_a_setting_is_told_with_its_effect(title, facts, value, level, effect):
    row = found(title, **facts)

    assert (row.value, row.level) == (value, level)
    assert effect in row.effect


def test_a_company_without_peculiarities_has_nothing_but_fine_settings():
    rows = preflight(QUIET, home_currency="USD")

    assert len(rows) == 21
    assert {row.level for row in rows} == {Level.OK}
    assert found("Custom fields").effect.endswith("goes into P.O. Number.")
    assert found("Sales tax").value == "Set by hand"


def test_the_gravest_comes_first():
    facts = {**QUIET, "country": "CA", "preferences": {}}

    levels = [row.level for row in preflight(facts, home_currency="CAD")]

    assert levels[0] == Level.STOP
    assert levels == sorted(levels, key=[*reversed(Level)].index)


def test_what_concerns_invoices_says_that_they_do_not_sync_yet():
    facts = {**QUIET, "preferences": {}}

    for row in preflight(facts, home_currency="USD"):
        if "refused" in row.effect or "sent" in row.effect:
            assert "When invoices sync:" in row.effect


def test_nothing_is_said_of_a_company_that_was_not_read():
    assert preflight({}, home_currency="USD") == []


def of(books: QuickBooksBooks) -> dict[str, Finding]:
    """Read anew, as it is when somebody connects and once a week."""
    rows = preflight(facts_of(books.company()), home_currency="USD")
    return {row.title: row for row in rows}


def test_the_sample_company_is_told_as_it_is(books: QuickBooksBooks) -> None:
    rows = of(books)

    assert rows["Home currency"].level == Level.OK
    assert rows["Custom transaction numbers"].value == "Off"
    assert rows["Sales tax"].value == "Set by hand"
    assert rows["Custom fields"].value == "Crew #"
    assert rows["Default product or service"].value == "Chosen"
    assert rows["Automatically apply credits"].value == "On"
    assert rows["Subscription"].value == "Paid"


def test_a_preference_changed_in_the_books_changes_its_row(
    books: QuickBooksBooks, emulator: Emulator
) -> None:
    before = of(books)

    emulator.act(
        "update",
        "1",
        entity="Preferences",
        fields={
            "SalesFormsPrefs": {
                "CustomTxnNumbers": True,
                "AllowDiscount": False,
                "AutoApplyCredit": False,
                "ETransactionPaymentEnabled": True,
            },
            "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": True},
            "AccountingInfoPrefs": {"BookCloseDate": "2025-12-31", "ClassTrackingPerTxn": True},
            "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "CAD"}},
        },
    )
    after = of(books)

    changed = {
        title: (before[title].value, row.value)
        for title, row in after.items()
        if row.value != before[title].value
    }
    assert changed == {
        "Home currency": ("USD", "CAD"),
        "Multi-currency": ("Off", "On"),
        "Custom transaction numbers": ("Off", "On"),
        "Sales tax": ("Set by hand", "Automated"),
        "Discounts on sales forms": ("On", "Off"),
        "Automatically apply credits": ("On", "Off"),
        "Closing date": ("None", "Dec 31, 2025"),
        "Online payment by default": ("Off", "On"),
        "Class tracking": ("Off", "On"),
    }
    assert after["Home currency"].level == Level.STOP
