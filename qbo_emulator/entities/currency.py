"""CompanyCurrency and ExchangeRate: for companies with several currencies."""

import re
from typing import Any

from .. import errors
from ..money import CURRENCY_NAMES, home_currency
from .base import Entity, Field, Find, Kind, Shape

_CODE = re.compile(r"[A-Z]{3}")
SEVERAL = "CurrencyPrefs.MultiCurrencyEnabled"


def settle_currency(currency: dict[str, Any], current: dict[str, Any], find: Find) -> None:
    _check_code(currency, current, "Code")
    if not currency.get("Name"):
        currency["Name"] = CURRENCY_NAMES.get(currency["Code"], currency["Code"])


def settle_rate(rate: dict[str, Any], current: dict[str, Any], find: Find) -> None:
    _check_code(rate, current, "SourceCurrencyCode")
    rate["TargetCurrencyCode"] = home_currency(find("Preferences", "1") or {})["value"]


def _check_code(document: dict[str, Any], current: dict[str, Any], name: str) -> None:
    """A currency is three letters, and stays (2220)."""
    code = document[name]
    if not _CODE.fullmatch(code) or (current and code != current[name]):
        raise errors.invalid_currency(code, name)


COMPANY_CURRENCY = Entity(
    name="CompanyCurrency",
    shape=Shape.NAME_LIST,
    noun="currency",
    counter="currency",
    name_field="Code",
    name_space="currencies",
    required=("Code",),
    reference_kind="Currencies",
    needs_preference=SEVERAL,
    sends_events=("Create", "Update"),
    event_name="Currency",
    marks_inactive=False,
    on_change=settle_currency,
    fields=(
        Field("Code", limit=3, filters=True, sorts=True),
        Field("Name", limit=100, filters=True, sorts=True),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
        Field("CustomField", Kind.LIST, read_only=True),
    ),
)

EXCHANGE_RATE = Entity(
    name="ExchangeRate",
    shape=Shape.DATED,
    noun="exchange rate",
    identity=("SourceCurrencyCode", "AsOfDate"),
    required=("SourceCurrencyCode", "AsOfDate", "Rate"),
    required_in_updates=("SourceCurrencyCode", "AsOfDate", "Rate"),
    needs_preference=SEVERAL,
    in_cdc=False,
    on_change=settle_rate,
    fields=(
        Field("SourceCurrencyCode", limit=3, filters=True, sorts=True),
        Field("TargetCurrencyCode", read_only=True),
        Field("Rate", Kind.DECIMAL, places=7, low=0),
        Field("AsOfDate", Kind.DATE, filters=True, sorts=True),
        Field("CustomField", Kind.LIST, read_only=True),
    ),
)
