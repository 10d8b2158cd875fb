"""
What QuickBooks does with an item, an invoice or a payment that is written, without our mapping.

Sections 4.4, 4.6, 4.7 and 5.2 of the API: a sparse update replaces what is sent and keeps the rest;
lines are sent whole, and keep their ids. Numbers are Decimals, as an answer has them once read.
"""

from __future__ import annotations

import copy
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

import simplejson

from integrations.providers.quickbooks.values import json_ready, to_json

CENT = Decimal("0.01")
TAX_PERCENT = Decimal(8)
LINE_IDS = count(1)


def wire(payload: Any) -> dict[str, Any]:
    """As it arrives there: JSON, with numbers to the digit."""
    return dict(simplejson.loads(to_json(payload), use_decimal=True))


def told(stored: dict[str, Any]) -> dict[str, Any]:
    """As an answer is read and kept: JSON-ready."""
    return dict(json_ready(copy.deepcopy(stored)))


def create(payload: Any, **unmodelled: Any) -> dict[str, Any]:
    stored = {
        "Id": "130",
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
        "MetaData": {"LastUpdatedTime": "2026-11-22T02:05:12-08:00"},
        **copy.deepcopy(unmodelled),
        **wire(payload),
    }
    return _settled(stored)


def update(stored: dict[str, Any], payload: Any) -> dict[str, Any]:
    sent = wire(payload)
    assert (sent.pop("Id"), sent.pop("SyncToken")) == (stored["Id"], stored["SyncToken"])
    assert sent.pop("sparse") is True
    version = str(int(stored["SyncToken"]) + 1)
    known = {str(each["Id"]) for each in stored.get("Line", []) if "Id" in each}
    for line in sent.get("Line", []):
        if str(line.get("Id", "")) not in known:
            line.pop("Id", None)  # an id of nothing is as good as none
    return _settled({**copy.deepcopy(stored), **sent, "SyncToken": version})


def _settled(stored: dict[str, Any]) -> dict[str, Any]:
    """Blank is as good as not there; an invoice is added up, a payment's rest is worked out."""
    for line in stored.get("Line", []):
        line.setdefault("Id", str(next(LINE_IDS)))
    is_sale = any("DetailType" in each for each in stored.get("Line", []))
    if is_sale:
        return _without_blanks(_added_up(stored))
    return _without_blanks(_applied(stored) if "Line" in stored else stored)


def _without_blanks(stored: dict[str, Any]) -> dict[str, Any]:
    blank = ("", None, {"value": ""})
    return {name: value for name, value in stored.items() if value not in blank}


def _added_up(form: dict[str, Any]) -> dict[str, Any]:
    lines = [each for each in form["Line"] if each["DetailType"] != "SubTotalLineDetail"]
    sales = [each for each in lines if each["DetailType"] != "DiscountLineDetail"]
    subtotal = sum((Decimal(each.get("Amount", 0)) for each in sales), Decimal(0))
    discount = sum(
        (Decimal(each["Amount"]) for each in lines if each["DetailType"] == "DiscountLineDetail"),
        Decimal(0),
    )
    form["TxnTaxDetail"] = _taxed(form.get("TxnTaxDetail") or {}, sales)
    total_tax = form["TxnTaxDetail"]["TotalTax"]
    form["TotalAmt"] = form["Balance"] = subtotal - discount + total_tax
    computed = {"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    form["Line"] = [*lines, computed]
    return form


def _taxed(detail: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the lines marked TAX, before any discount; a given total stands."""
    base = sum((Decimal(each["Amount"]) for each in lines if _is_taxed(each)), Decimal(0))
    if "TxnTaxCodeRef" not in detail:
        return {"TotalTax": Decimal(detail.get("TotalTax", 0))}
    tax = (base * TAX_PERCENT / 100).quantize(CENT, ROUND_HALF_UP)
    line = {
        "Amount": tax,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": "3"},
            "PercentBased": True,
            "TaxPercent": TAX_PERCENT,
            "NetAmountTaxable": base,
        },
    }
    return {"TxnTaxCodeRef": detail["TxnTaxCodeRef"], "TotalTax": tax, "TaxLine": [line]}


def _is_taxed(line: dict[str, Any]) -> bool:
    detail = line.get("SalesItemLineDetail") or {}
    return (detail.get("TaxCodeRef") or {}).get("value") == "TAX"


def _applied(payment: dict[str, Any]) -> dict[str, Any]:
    used = Decimal(0)
    for line in payment["Line"]:
        kind = line["LinkedTxn"][0]["TxnType"]
        used += -line["Amount"] if kind == "CreditMemo" else line["Amount"]
        line["LineEx"] = {"any": [{"value": {"Name": "txnReferenceNumber", "Value": "1042"}}]}
    payment["UnappliedAmt"] = payment["TotalAmt"] - used
    return payment
