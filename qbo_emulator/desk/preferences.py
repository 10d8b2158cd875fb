"""The page of a company's preferences: every one that a sync meets (4.12)."""

from typing import Any

from starlette.routing import Route

from ..entities import BY_NAME
from ..reports.request import MONTHS
from .forms import Document, Input, Values, clean
from .lists import is_sold, of_type
from .objects import ObjectPages, Sheet, Visit
from .pages import Pages

SALES, BOOKS = "SalesFormsPrefs", "AccountingInfoPrefs"
# What stands in lists of names and values, under plain names here: see `spread` and `gather`.
DEFAULT_ITEM, CUSTOM_NAMES = "DefaultItem", ("CustomName1", "CustomName2", "CustomName3")
GROUPS: dict[str, tuple[Input, ...]] = {
    "Sales forms": (
        Input(f"{SALES}.CustomTxnNumbers", "Custom transaction numbers", "tick"),
        Input(f"{SALES}.AllowDiscount", "Discounts", "tick"),
        Input(f"{SALES}.AllowDeposit", "Deposits", "tick"),
        Input(f"{SALES}.AllowShipping", "Shipping", "tick"),
        Input(f"{SALES}.AllowServiceDate", "Service dates", "tick"),
        Input(f"{SALES}.AllowEstimates", "Estimates", "tick"),
        Input(f"{SALES}.UsingProgressInvoicing", "Progress invoicing", "tick"),
        Input(f"{SALES}.ETransactionPaymentEnabled", "Online payment", "tick"),
        Input(f"{SALES}.AutoApplyCredit", "Apply credits automatically", "tick"),
        Input(f"{SALES}.EmailCopyToCompany", "Mails to the company too", "tick"),
        Input(f"{SALES}.DefaultTerms.value", "Default terms", "pick", picks="Term"),
        Input(
            f"{SALES}.DefaultDiscountAccount",
            "Discount account",
            "pick",
            picks="Account",
            where=of_type("Income", "Expense", "Other Income"),
        ),
        Input(
            f"{SALES}.DefaultShippingAccount",
            "Shipping account",
            "pick",
            picks="Account",
            where=of_type("Income", "Other Income"),
        ),
        Input(DEFAULT_ITEM, "Item of a line without one", "pick", picks="Item", where=is_sold),
        Input(f"{SALES}.SalesEmailCc.Address", "Copies of mails to (Cc)"),
        Input(f"{SALES}.SalesEmailBcc.Address", "Hidden copies of mails to (Bcc)"),
        Input(f"{SALES}.DefaultCustomerMessage", "Message on sales forms", "long"),
        Input(f"{SALES}.EstimateMessage", "Message on estimates", "long"),
    ),
    "Names of custom fields (empty: not in use)": tuple(
        Input(name, f"Custom field {place}") for place, name in enumerate(CUSTOM_NAMES, 1)
    ),
    "Sales tax": (
        Input("TaxPrefs.UsingSalesTax", "Sales tax", "tick"),
        Input("TaxPrefs.PartnerTaxEnabled", "Automated sales tax", "tick"),
        Input("TaxPrefs.TaxGroupCodeRef.value", "Code of the company", "pick", picks="TaxCode"),
    ),
    "Accounting": (
        Input(f"{BOOKS}.BookCloseDate", "Books are closed up to", "date"),
        Input(f"{BOOKS}.CustomerTerminology", "Customers are called"),
        Input(f"{BOOKS}.FirstMonthOfFiscalYear", "Fiscal year begins in", "choice", MONTHS),
        Input(f"{BOOKS}.ClassTrackingPerTxn", "Classes, one a transaction", "tick"),
        Input(f"{BOOKS}.ClassTrackingPerTxnLine", "Classes, one a line", "tick"),
        Input(f"{BOOKS}.TrackDepartments", "Locations", "tick"),
        Input(f"{BOOKS}.UseAccountNumbers", "Account numbers", "tick"),
        Input("CurrencyPrefs.MultiCurrencyEnabled", "Several currencies", "tick"),
        Input("ProductAndServicesPrefs.QuantityOnHand", "Quantities on hand", "tick"),
    ),
}
PREFERENCES = Sheet(
    BY_NAME["Preferences"],
    "Preferences",
    columns=(),
    inputs=tuple(each for inputs in GROUPS.values() for each in inputs),
)


def spread(preferences: Document) -> Document:
    """The preferences with the default item and the names of custom fields as plain properties."""
    named = {
        each["Name"]: each.get("Value", "")
        for each in preferences.get("OtherPrefs", {}).get("NameValue", [])
    }
    fields = custom_values(preferences)
    spread = {**preferences, DEFAULT_ITEM: named.get(f"{SALES}.DefaultItem", "")}
    for place, name in enumerate(CUSTOM_NAMES, 1):
        is_used = fields.get(f"UseSalesCustom{place}") is True
        spread[name] = fields.get(f"SalesCustomName{place}", "") if is_used else ""
    return spread


def custom_values(preferences: Document) -> dict[str, Any]:
    """UseSalesCustom1 to 3 and SalesCustomName1 to 3 of the two groups they stand in (4.12)."""
    return {
        str(each.get("Name", "")).rpartition(".")[2]: each.get(
            "BooleanValue", each.get("StringValue")
        )
        for group in preferences.get(SALES, {}).get("CustomField", [])
        for each in group.get("CustomField", [])
    }


def gather(body: Document, preferences: Document) -> Document:
    """A form's body with what `spread` took apart put back into its lists."""
    shown = spread(preferences)
    changed = {name: body.pop(name) for name in (DEFAULT_ITEM, *CUSTOM_NAMES) if name in body}
    if DEFAULT_ITEM in changed:
        name = f"{SALES}.DefaultItem"
        others = preferences.get("OtherPrefs", {}).get("NameValue", [])
        kept = [each for each in others if each["Name"] != name]
        item = changed[DEFAULT_ITEM]
        added = [{"Name": name, "Value": item}] if item else []
        body["OtherPrefs"] = {"NameValue": [*kept, *added]}
    if set(changed) & set(CUSTOM_NAMES):
        names = [clean(str(changed.get(name, shown[name]))) for name in CUSTOM_NAMES]
        body.setdefault(SALES, {})["CustomField"] = custom_fields(names)
    return body


def custom_fields(names: list[str]) -> list[Document]:
    """The two groups: which fields are used, then their names."""
    used = [
        {
            "Name": f"{SALES}.UseSalesCustom{place}",
            "Type": "BooleanType",
            "BooleanValue": bool(name),
        }
        for place, name in enumerate(names, 1)
    ]
    called = [
        {"Name": f"{SALES}.SalesCustomName{place}", "Type": "StringType", "StringValue": name}
        for place, name in enumerate(names, 1)
        if name
    ]
    return [{"CustomField": used}, {"CustomField": called}]


class PreferencesPages(ObjectPages):
    """The form of the one object that holds them all."""

    template = "preferences.html"

    def __init__(self, pages: Pages) -> None:
        super().__init__(pages, PREFERENCES)
        self.here = "/books/preferences"

    def routes(self) -> list[Route]:
        wrap = self.pages.signed_in
        return [
            Route(self.here, wrap(self.detail_page), methods=["GET"]),
            Route(self.here, wrap(self.save), methods=["POST"]),
        ]

    def document(self, visit: Visit) -> Document | None:
        stored = self.pages.document(visit.realm, "Preferences", "1")
        return None if stored is None else spread(stored)

    def body(self, visit: Visit, document: Document | None) -> Document:
        return gather(super().body(visit, document), document or {})

    def address(self, id: str) -> str:
        return self.here

    def heading(self, document: Document | None) -> str:
        return self.sheet.heading

    def doings(self, document: Document) -> list[tuple[str, str]]:
        return []

    def more(self, visit: Visit, document: Document | None, values: Values) -> dict[str, Any]:
        return {"groups": {text: [i.path for i in inputs] for text, inputs in GROUPS.items()}}
