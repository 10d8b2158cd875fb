"""Customers, vendors and employees of a company that starts."""

from typing import Any

from ..money import CURRENCY_NAMES
from ..rules import without_suffix
from ..store import Row
from .rows import seeded

_TEXTS = {
    "title": "Title",
    "given_name": "GivenName",
    "middle_name": "MiddleName",
    "family_name": "FamilyName",
    "suffix": "Suffix",
    "company_name": "CompanyName",
    "notes": "Notes",
    "acct_num": "AcctNum",
    "hired_date": "HiredDate",
}
_PHONES = {"phone": "PrimaryPhone", "mobile": "Mobile", "fax": "Fax", "alternate": "AlternatePhone"}


def names(facts: dict[str, Any], realm: str, made: float) -> list[Row]:
    by_id = {each["id"]: each for each in facts.get("customers", [])}
    currency = facts["preferences"]["HomeCurrency"]
    tax_code = facts["preferences"].get("TaxGroupCodeRef")
    rows = [
        seeded("Customer", realm, id, made, _customer(each, by_id, currency, tax_code))
        for id, each in by_id.items()
    ]
    for each in facts.get("vendors", []):
        rows.append(seeded("Vendor", realm, each["id"], made, _vendor(each, currency)))
    for each in facts.get("employees", []):
        rows.append(seeded("Employee", realm, each["id"], made, _employee(each)))
    return rows


def _person(facts: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "DisplayName": facts["display_name"],
        "Active": facts.get("active", True),
    }
    document |= {_TEXTS[key]: value for key, value in facts.items() if key in _TEXTS and value}
    for key, name in _PHONES.items():
        if facts.get(key):
            document[name] = {"FreeFormNumber": facts[key]}
    if facts.get("email"):
        document["PrimaryEmailAddr"] = {"Address": facts["email"]}
    if facts.get("web"):
        document["WebAddr"] = {"URI": facts["web"]}
    parts = [facts[key] for key in ("given_name", "middle_name", "family_name") if facts.get(key)]
    document["PrintOnCheckName"] = (
        facts.get("print_on_check_name")
        or facts.get("company_name")
        or " ".join(parts)
        or without_suffix(facts["display_name"])
    )[:110]
    return document


def _money(currency: str) -> dict[str, str]:
    return {"value": currency, "name": CURRENCY_NAMES[currency]}


def _customer(
    facts: dict[str, Any], by_id: dict[str, dict[str, Any]], currency: str, tax_code: str | None
) -> dict[str, Any]:
    names, above = [facts["display_name"]], facts.get("parent_id")
    while above:
        names.insert(0, by_id[above]["display_name"])
        above = by_id[above].get("parent_id")
    document = _person(facts) | {
        "Taxable": facts.get("taxable", True),
        "Job": len(names) > 1,
        "BillWithParent": facts.get("bill_with_parent", False),
        "Balance": facts.get("balance", 0),
        "BalanceWithJobs": facts.get("balance_with_jobs", facts.get("balance", 0)),
        "CurrencyRef": _money(facts.get("currency", currency)),
        "PreferredDeliveryMethod": facts.get("preferred_delivery_method", "Print"),
        "IsProject": False,
        "FullyQualifiedName": ":".join(names),
    }
    if document["Taxable"] and tax_code:
        document["DefaultTaxCodeRef"] = {"value": tax_code}
    if len(names) > 1:
        document |= {"ParentRef": {"value": facts["parent_id"]}, "Level": len(names) - 1}
    for number, (key, name) in enumerate((("bill_addr", "BillAddr"), ("ship_addr", "ShipAddr"))):
        if facts.get(key):
            document[name] = {"Id": str(2 * int(facts["id"]) + number), **facts[key]}
    return document


def _vendor(facts: dict[str, Any], currency: str) -> dict[str, Any]:
    document = _person(facts) | {
        "Balance": facts.get("balance", 0),
        "Vendor1099": facts.get("vendor1099", False),
        "CurrencyRef": _money(currency),
    }
    if facts.get("bill_addr"):
        document["BillAddr"] = {"Id": str(2 * int(facts["id"])), **facts["bill_addr"]}
    return document


def _employee(facts: dict[str, Any]) -> dict[str, Any]:
    return _person(facts) | {"BillableTime": False}
