"""Accounts, items, terms, payment methods and tax lists of a company that starts."""

from datetime import datetime
from typing import Any

from .. import clock as clocks
from ..money import CURRENCY_NAMES
from ..store import Row
from .rows import seeded

Facts = dict[str, Any]
STOCK_STARTS_SECONDS = 365 * 86400  # before the company's own start: no transaction is older


def lists(facts: Facts, realm: str, made: float) -> list[Row]:
    """The rows of all lists that are not names."""
    currency = facts["preferences"]["HomeCurrency"]
    documents = {
        "Account": {each["id"]: _account(each, currency) for each in facts["accounts"]},
        "Item": _items(facts, made),
        "Term": {each["id"]: _term(each) for each in facts["terms"]},
        "PaymentMethod": {each["id"]: _method(each) for each in facts["payment_methods"]},
        "Class": _tracking(facts.get("classes", []), "SubClass"),
        "Department": _tracking(facts.get("departments", []), "SubDepartment"),
        **_tax_lists(facts["tax_codes"]),
    }
    return [
        seeded(entity, realm, id, made, document)
        for entity, objects in documents.items()
        for id, document in objects.items()
    ]


def _account(facts: Facts, currency: str) -> Facts:
    document = {
        "Name": facts["name"],
        "SubAccount": facts["sub_account"],
        "FullyQualifiedName": facts["fully_qualified_name"],
        "Active": facts["active"],
        "Classification": facts["classification"],
        "AccountType": facts["account_type"],
        "AccountSubType": facts["account_sub_type"],
        "CurrentBalance": 0,
        "CurrentBalanceWithSubAccounts": 0,
        "CurrencyRef": {"value": currency, "name": CURRENCY_NAMES[currency]},
    }
    if facts.get("parent_id"):
        document["ParentRef"] = {"value": facts["parent_id"]}
    return document


def _path(facts: Facts, by_id: dict[str, Facts]) -> list[str]:
    """The names from the top down to this one."""
    names, above = [facts["name"]], facts.get("parent_id")
    while above:
        names.insert(0, by_id[above]["name"])
        above = by_id[above].get("parent_id")
    return names


def _tracking(all_facts: list[Facts], flag: str) -> dict[str, Facts]:
    by_id = {each["id"]: each for each in all_facts}
    documents = {}
    for id, facts in by_id.items():
        documents[id] = {
            "Name": facts["name"],
            flag: "parent_id" in facts,
            "FullyQualifiedName": ":".join(_path(facts, by_id)),
            "Active": facts.get("active", True),
        }
        if "parent_id" in facts:
            documents[id]["ParentRef"] = {"value": facts["parent_id"]}
    return documents


# --- Items ---

_ITEM_TEXTS = {
    "sku": "Sku",
    "description": "Description",
    "purchase_desc": "PurchaseDesc",
    "taxable": "Taxable",
    "unit_price": "UnitPrice",
    "purchase_cost": "PurchaseCost",
    "track_qty_on_hand": "TrackQtyOnHand",
    "qty_on_hand": "QtyOnHand",
}
_ITEM_ACCOUNTS = {
    "income_account_id": "IncomeAccountRef",
    "expense_account_id": "ExpenseAccountRef",
    "asset_account_id": "AssetAccountRef",
}


def _items(facts: Facts, made: float) -> dict[str, Facts]:
    by_id = {each["id"]: each for each in facts["items"]}
    accounts = {each["id"]: each["fully_qualified_name"] for each in facts["accounts"]}
    begins = clocks.pacific(datetime.fromtimestamp(made - STOCK_STARTS_SECONDS, clocks.UTC))
    return {
        id: _item(each, by_id, accounts, begins.date().isoformat()) for id, each in by_id.items()
    }


def _item(facts: Facts, by_id: dict[str, Facts], accounts: dict[str, str], begins: str) -> Facts:
    names = _path(facts, by_id)
    document: Facts = {
        "Name": facts["name"],
        "Active": facts.get("active", True),
        "FullyQualifiedName": ":".join(names),
        "Type": facts["type"],
    }
    if len(names) > 1:
        document |= {"SubItem": True, "Level": len(names) - 1}
        document["ParentRef"] = {"value": facts["parent_id"]}
    document |= {name: facts[key] for key, name in _ITEM_TEXTS.items() if key in facts}
    for key, name in _ITEM_ACCOUNTS.items():
        if facts.get(key):
            document[name] = {"value": facts[key], "name": accounts[facts[key]]}
    if facts["type"] == "Inventory":
        document["InvStartDate"] = begins
    if facts["type"] not in {"Category", "Group"}:
        document["DeferredRevenue"] = False
    if facts.get("bundle"):
        lines = [
            {"ItemRef": {"value": part, "name": by_id[part]["name"]}, "Qty": quantity}
            for part, quantity in facts["bundle"].items()
        ]
        document["PrintGroupedItems"] = False
        document["ItemGroupDetail"] = {"ItemGroupLine": lines}
    return document


# --- Terms and payment methods ---


def _term(facts: Facts) -> Facts:
    return {
        "Name": facts["name"],
        "Active": True,
        "Type": "STANDARD",
        "DiscountPercent": 0,
        "DueDays": facts["due_days"],
    }


def _method(facts: Facts) -> Facts:
    return {"Name": facts["name"], "Active": True, "Type": facts["type"]}


# --- Tax (4.13) ---


def _tax_lists(codes: list[Facts]) -> dict[str, dict[str, Facts]]:
    """Codes, their rates and the agencies of the rates, which are numbered as they come."""
    rates = {rate["rate_id"]: rate for code in codes for rate in code.get("rates", [])}
    names = list(dict.fromkeys(rate["agency"] for rate in rates.values()))
    agencies = {name: str(number) for number, name in enumerate(names, 1)}
    return {
        "TaxCode": {code["id"]: _tax_code(code) for code in codes},
        "TaxRate": {id: _tax_rate(rate, agencies) for id, rate in rates.items()},
        "TaxAgency": {id: _tax_agency(name) for name, id in agencies.items()},
    }


def _tax_code(facts: Facts) -> Facts:
    document: Facts = {
        "Name": facts["name"],
        "Description": facts["name"],
        "Active": True,
        "Hidden": False,
        "Taxable": facts.get("taxable", True),
        "TaxGroup": bool(facts.get("rates")),
    }
    if facts.get("rates"):
        details = [
            {
                "TaxRateRef": {"value": rate["rate_id"], "name": rate["name"]},
                "TaxTypeApplicable": "TaxOnAmount",
                "TaxOrder": 0,
            }
            for rate in facts["rates"]
        ]
        document["TaxCodeConfigType"] = "USER_DEFINED"
        document["SalesTaxRateList"] = {"TaxRateDetail": details}
        document["PurchaseTaxRateList"] = {"TaxRateDetail": []}
    return document


def _tax_rate(facts: Facts, agencies: dict[str, str]) -> Facts:
    return {
        "Name": facts["name"],
        "Description": "Sales Tax",
        "Active": True,
        "RateValue": facts["percent"],
        "AgencyRef": {"value": agencies[facts["agency"]]},
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
        "EffectiveTaxRate": [
            {"RateValue": facts["percent"], "EffectiveDate": "2019-01-01T00:00:00-08:00"}
        ],
    }


def _tax_agency(name: str) -> Facts:
    return {"DisplayName": name, "TaxTrackedOnPurchases": False, "TaxTrackedOnSales": True}
