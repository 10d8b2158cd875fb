"""
The companies an emulator can begin with: sample, empty, messy (facts in JSON files) and bulk:N.

The files hold facts in plain words; here they become objects as the API shows them. Lists of
entities that are not described yet (items, invoices, ...) are carried in the files and left alone.
"""

import json
import random
from collections.abc import Iterator
from functools import cache
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from .. import clock as clocks
from ..books import Books
from ..entities import BY_NAME
from ..entities.base import HOME_CURRENCY_NAMES
from ..rules import full_key, name_key, without_suffix
from ..store import Row, Store

HERE = Path(__file__).parent
FIRST_REALM = 9341453708120001
AGE_SECONDS = 45 * 86400  # what a company starts with was made so long ago
SEEDED_BY = "ui|Robin Carlson|"
MOST_BULK = 2_000_000


class UnknownCompany(ValueError):
    """There is no company of this kind."""


def check_kind(kind: str) -> str:
    """Give the kind back, or raise UnknownCompany."""
    head, _, number = kind.partition(":")
    if kind in {"sample", "empty", "messy"}:
        return kind
    if head == "bulk" and number.isascii() and number.isdigit() and int(number) <= MOST_BULK:
        return kind
    raise UnknownCompany(f"{kind!r} is not sample, empty, messy or bulk:N.")


def add_company(store: Store, kind: str, *, now: float, realm: str = "") -> str:
    """
    Add a company to the store.

    Args:
        realm: its id; of a company that is there it replaces the books, ids begin anew.
    Returns: the realm id.
    Raises:
        UnknownCompany: for an unknown kind.
    """
    check_kind(kind)
    with store.transaction():
        if not realm:
            taken = [int(company["realm_id"]) for company in store.companies()]
            realm = str(max(taken, default=FIRST_REALM - 1) + 1)
        _forget(store, realm)
        facts = _facts("empty" if kind.startswith("bulk:") else kind)
        name = facts["company"]["company_name"]
        if kind.startswith("bulk:"):
            name = f"Bulk Company of {int(kind[5:]):,}"
        if store.company(realm) is None:
            store.add_company(realm, name, kind)
        else:
            store.db.execute(
                "UPDATE company SET name = ?, kind = ? WHERE realm = ?", (name, kind, realm)
            )
        made = int(now) - AGE_SECONDS
        rows = [_company_info(facts, name, realm, made), _preferences(facts, realm, made)]
        rows += _names(facts, realm, made)
        store.insert_many(rows)
        highest = max((row.id_number for row in rows if row.space == "names"), default=0)
        if kind.startswith("bulk:"):
            highest = int(kind[5:])
            store.insert_many(_bulk(realm, highest, made))
        store.set_counter(realm, "names", highest)
        store.set_counter(realm, "txn", _highest_transaction(facts))
        store.set_counter(realm, "address", 1000)
    return realm


def _forget(store: Store, realm: str) -> None:
    for table in ("object", "version", "counter", "replay"):
        store.db.execute(f"DELETE FROM {table} WHERE realm = ?", (realm,))


@cache
def _facts(kind: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((HERE / f"{kind}.json").read_text("utf-8"))
    return facts


def _highest_transaction(facts: dict[str, Any]) -> int:
    lists = ("invoices", "payments", "estimates", "credit_memos", "sales_receipts")
    return max((int(each["id"]) for name in lists for each in facts.get(name, [])), default=0)


def _row(entity: str, realm: str, id: str, made: float, document: dict[str, Any]) -> Row:
    described = BY_NAME[entity]
    name = document.get(described.name_field, "") if described.name_field else ""
    row = Row(
        realm=realm,
        entity=entity,
        id=id,
        id_number=int(id),
        token=0,
        active=int(document.get("Active", True)),
        gone=None,
        space=described.name_space,
        name_key=name_key(name),
        full_key=full_key(document.get("FullyQualifiedName", name)),
        parent=document.get("ParentRef", {}).get("value", ""),
        created=made,
        updated=made,
        who=SEEDED_BY,
        doc="",
    )
    row.doc = Books.dress(row, document)
    return row


def _company_info(facts: dict[str, Any], name: str, realm: str, made: float) -> Row:
    company = facts["company"]
    address = {"Id": "1", **company["address"], "Country": "USA"}
    document = {
        "CompanyName": name,
        "LegalName": name,
        "CompanyAddr": address,
        "CustomerCommunicationAddr": address,
        "LegalAddr": address,
        "PrimaryPhone": {},
        "CompanyStartDate": "2019-06-05",
        "FiscalYearStartMonth": "January",
        "Country": company["country"],
        "Email": {"Address": company.get("email", "noreply@example.test")},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": company["edition"]},
            {"Name": "IndustryType", "Value": "Landscaping Services"},
            {"Name": "PayrollFeature", "Value": "false"},
        ],
    }
    return _row("CompanyInfo", realm, "1", made, document)


def _preferences(facts: dict[str, Any], realm: str, made: float) -> Row:
    known = facts["preferences"]
    tax: dict[str, Any] = {"UsingSalesTax": known["UsingSalesTax"]}
    if known.get("TaxGroupCodeRef"):
        tax["TaxGroupCodeRef"] = {"value": known["TaxGroupCodeRef"]}
    custom = {
        "CustomField": [
            {"Name": "SalesFormsPrefs.UseSalesCustom1", "Type": "BooleanType", "BooleanValue": True}
        ]
    }
    names = {
        "CustomField": [
            {
                "Name": "SalesFormsPrefs.SalesCustomName1",
                "Type": "StringType",
                "StringValue": known.get("SalesCustomField1", "Crew #"),
            }
        ]
    }
    other = [
        {
            "Name": "SalesFormsPrefs.DefaultCustomerMessage",
            "Value": known["DefaultCustomerMessage"],
        },
        {"Name": "SalesFormsPrefs.DefaultItem", "Value": known.get("DefaultItemId", "1")},
        {"Name": "TimeTrackingFeatureEnabled", "Value": "true"},
    ]
    document = {
        "AccountingInfoPrefs": {
            "UseAccountNumbers": False,
            "TrackDepartments": known["TrackDepartments"],
            "ClassTrackingPerTxn": known["ClassTrackingPerTxn"],
            "ClassTrackingPerTxnLine": known["ClassTrackingPerTxnLine"],
            "CustomerTerminology": known["CustomerTerminology"],
            "FirstMonthOfFiscalYear": "January",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": known["QuantityOnHand"],
        },
        "SalesFormsPrefs": {
            "CustomField": [custom, names],
            "CustomTxnNumbers": known["CustomTxnNumbers"],
            "AllowDeposit": known["AllowDeposit"],
            "AllowDiscount": known["AllowDiscount"],
            "DefaultDiscountAccount": known["DefaultDiscountAccount"],
            "AllowEstimates": known["AllowEstimates"],
            "ETransactionEnabledStatus": "NotApplicable",
            "ETransactionAttachPDF": False,
            "ETransactionPaymentEnabled": known["ETransactionPaymentEnabled"],
            "IPNSupportEnabled": False,
            "AllowServiceDate": known["AllowServiceDate"],
            "AllowShipping": known["AllowShipping"],
            "AutoApplyCredit": True,
            "DefaultTerms": {"value": known["DefaultTermsId"]},
            "DefaultCustomerMessage": known["DefaultCustomerMessage"],
            "UsingProgressInvoicing": False,
        },
        "EmailMessagesPrefs": {
            "InvoiceMessage": {"Subject": f"Invoice from {facts['company']['company_name']}"}
        },
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True},
        "TimeTrackingPrefs": {
            "UseServices": True,
            "BillCustomers": True,
            "WorkWeekStartDate": "Monday",
        },
        "TaxPrefs": tax,
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": known["MultiCurrencyEnabled"],
            "HomeCurrency": {"value": known["HomeCurrency"]},
        },
        "ReportPrefs": {"ReportBasis": known["ReportBasis"]},
        "OtherPrefs": {"NameValue": other},
    }
    return _row("Preferences", realm, "1", made, document)


# --- Names ---

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


def _names(facts: dict[str, Any], realm: str, made: float) -> list[Row]:
    by_id = {each["id"]: each for each in facts.get("customers", [])}
    currency = facts["preferences"]["HomeCurrency"]
    tax_code = facts["preferences"].get("TaxGroupCodeRef")
    rows = [
        _row("Customer", realm, id, made, _customer(each, by_id, currency, tax_code))
        for id, each in by_id.items()
    ]
    for each in facts.get("vendors", []):
        rows.append(_row("Vendor", realm, each["id"], made, _vendor(each, currency)))
    for each in facts.get("employees", []):
        rows.append(_row("Employee", realm, each["id"], made, _employee(each)))
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
    return {"value": currency, "name": HOME_CURRENCY_NAMES[currency]}


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
        "CurrencyRef": _money(currency),
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


# --- bulk:N ---

_GIVEN = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "June", "Kai", "Lena")
_FAMILY = ("Abel", "Brandt", "Costa", "Duarte", "Ekman", "Flores", "Grant", "Huber", "Ito", "Kovac")
_TRADE = ("Bakery", "Boats", "Cars", "Cycles", "Dental", "Design", "Farms", "Foods", "Garden")
_CITY = ("Bayshore", "Half Moon Bay", "Menlo Park", "Middlefield", "Palo Alto", "San Mateo")


def _bulk(realm: str, count: int, made: float) -> Iterator[Row]:
    """Customers 1 to `count`, always the same for the same count; text is put together by hand."""
    choose = random.Random(20260101)
    time = clocks.metadata_time(made)
    for number in range(1, count + 1):
        given, family = choose.choice(_GIVEN), choose.choice(_FAMILY)
        name = f"{family} {choose.choice(_TRADE)} {number:06d}"
        active = choose.random() < 0.97
        shown = name if active else f"{name} (deleted)"
        mail = ""
        if choose.random() < 0.9:
            mail = f'"PrimaryEmailAddr":{{"Address":"{given.lower()}.{number}@bulk.example"}},'
        phone = f"(650) 555-{choose.randrange(10_000):04d}"
        quoted = encode_basestring(shown)
        doc = (
            f'{{"Taxable":true,"BillAddr":{{"Id":"{2000 + number}",'
            f'"Line1":"{choose.randrange(1, 9999)} Main St.","City":"{choose.choice(_CITY)}",'
            f'"CountrySubDivisionCode":"CA","PostalCode":"{choose.randrange(90001, 96162)}"}},'
            f'"Job":false,"BillWithParent":false,"Balance":0,"BalanceWithJobs":0,'
            f'"CurrencyRef":{{"value":"USD","name":"United States Dollar"}},'
            f'"PreferredDeliveryMethod":"Print","IsProject":false,"GivenName":"{given}",'
            f'"FamilyName":"{family}","FullyQualifiedName":{quoted},"CompanyName":"{name}",'
            f'"DisplayName":{quoted},"PrintOnCheckName":"{name}",'
            f'"Active":{"true" if active else "false"},'
            f'"PrimaryPhone":{{"FreeFormNumber":"{phone}"}},{mail}'
            f'"DefaultTaxCodeRef":{{"value":"2"}},"domain":"QBO","sparse":false,"Id":"{number}",'
            f'"SyncToken":"0","MetaData":{{"CreateTime":"{time}","LastUpdatedTime":"{time}"}}}}'
        )
        key = shown.casefold()
        yield Row(
            realm, "Customer", str(number), number, 0, int(active), None, "names", key, key, "",
            made, made, SEEDED_BY, doc,
        )  # fmt: skip
