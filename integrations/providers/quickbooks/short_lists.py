"""The company's short lists: accounts, terms, payment methods, tax codes (4.5, 4.13 to 4.15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.providers.base import Lists
from integrations.providers.quickbooks.values import number_text

INCOME = ("Income", "Other Income")
ALL = "Active IN (true, false)"
PLAIN_TAX = "TaxOnAmount"  # other kinds are tax on tax, which no rate of ours can say


def read_lists(select: Callable[[str, str], Sequence[Mapping[str, Any]]]) -> Lists:
    """
    Read all of them: five metered reads.

    Args:
        select: gives every object of a resource that a condition lets in, JSON-ready.
    """
    accounts = select("Account", "Active = true")
    percents = {str(each["Id"]): each for each in select("TaxRate", ALL)}
    return Lists(
        income_accounts=_accounts(accounts, lambda each: each.get("AccountType") in INCOME),
        deposit_accounts=_accounts(accounts, _takes_deposits),
        terms=[
            {"id": str(each["Id"]), "name": str(each.get("Name") or ""), "days": _days(each)}
            for each in select("Term", ALL)
        ],
        methods=[
            {"id": str(each["Id"]), "name": str(each.get("Name") or "")}
            for each in select("PaymentMethod", ALL)
        ],
        tax_codes=[_tax_code(each, percents) for each in select("TaxCode", ALL) if _is_real(each)],
        bank_ids=[str(each["Id"]) for each in accounts if each.get("AccountType") == "Bank"],
    )


def _accounts(
    accounts: Sequence[Mapping[str, Any]], fits: Callable[[Mapping[str, Any]], bool]
) -> list[dict[str, str]]:
    found = [
        {"id": str(each["Id"]), "label": str(each.get("FullyQualifiedName") or each.get("Name"))}
        for each in accounts
        if fits(each)
    ]
    return sorted(found, key=lambda each: each["label"].casefold())


def _takes_deposits(account: Mapping[str, Any]) -> bool:
    return account.get("AccountType") == "Bank" or account.get("AccountSubType") == (
        "UndepositedFunds"
    )


def _days(term: Mapping[str, Any]) -> int | None:
    """Days until it is due; None for a term by the day of a month."""
    days = term.get("DueDays")
    return None if term.get("DayOfMonthDue") or days is None else int(days)


def _is_real(code: Mapping[str, Any]) -> bool:
    """TAX and NON only say of a line whether it is taxed."""
    return str(code["Id"]) not in ("TAX", "NON")


def _tax_code(code: Mapping[str, Any], percents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`parts` is empty where the code is tax on tax, or its rates are not told."""
    details = (code.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
    rates = [percents.get(str((each.get("TaxRateRef") or {}).get("value"))) for each in details]
    is_plain = all(each.get("TaxTypeApplicable", PLAIN_TAX) == PLAIN_TAX for each in details)
    parts = [
        {"name": str(rate.get("Name") or ""), "percent": number_text(rate.get("RateValue"))}
        for rate in rates
        if rate is not None
    ]
    return {
        "id": str(code["Id"]),
        "name": str(code.get("Name") or ""),
        "is_active": code.get("Active") is not False,
        "parts": parts if is_plain and len(parts) == len(details) else [],
    }
