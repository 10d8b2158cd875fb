"""CompanyInfo and Preferences of a company that starts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from .. import clock as clocks
from ..store import Row
from .rows import seeded


def company_info(facts: dict[str, Any], name: str, realm: str, made: float) -> Row:
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
    return seeded("CompanyInfo", realm, "1", made, document)


def preferences(facts: dict[str, Any], realm: str, made: float) -> Row:
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
    if "BookCloseOffsetDays" in known:
        day = clocks.pacific(datetime.fromtimestamp(made, UTC)).date()
        closed = (day + timedelta(days=known["BookCloseOffsetDays"])).isoformat()
        document["AccountingInfoPrefs"]["BookCloseDate"] = closed
    return seeded("Preferences", realm, "1", made, document)
