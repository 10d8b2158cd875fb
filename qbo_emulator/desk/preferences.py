"""The page of a company's preferences: every one that a sync meets (4.12)."""

from typing import Any

from starlette.routing import Route

from ..entities import BY_NAME
from .forms import Document, Input, Values
from .lists import of_type
from .objects import ObjectPages, Sheet, Visit
from .pages import Pages

SALES, BOOKS = "SalesFormsPrefs", "AccountingInfoPrefs"
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
        Input(f"{SALES}.DefaultTerms.value", "Default terms", "pick", picks="Term"),
        Input(
            f"{SALES}.DefaultDiscountAccount",
            "Discount account",
            "pick",
            picks="Account",
            where=of_type("Income", "Expense", "Other Income"),
        ),
        Input(f"{SALES}.DefaultCustomerMessage", "Message on sales forms", "long"),
    ),
    "Sales tax": (
        Input("TaxPrefs.UsingSalesTax", "Sales tax", "tick"),
        Input("TaxPrefs.PartnerTaxEnabled", "Automated sales tax", "tick"),
        Input("TaxPrefs.TaxGroupCodeRef.value", "Code of the company", "pick", picks="TaxCode"),
    ),
    "Accounting": (
        Input(f"{BOOKS}.BookCloseDate", "Books are closed up to", "date"),
        Input(f"{BOOKS}.CustomerTerminology", "Customers are called"),
        Input(f"{BOOKS}.ClassTrackingPerTxn", "Classes, one a transaction", "tick"),
        Input(f"{BOOKS}.ClassTrackingPerTxnLine", "Classes, one a line", "tick"),
        Input(f"{BOOKS}.TrackDepartments", "Locations", "tick"),
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
        return self.pages.document(visit.realm, "Preferences", "1")

    def address(self, id: str) -> str:
        return self.here

    def heading(self, document: Document | None) -> str:
        return self.sheet.heading

    def doings(self, document: Document) -> list[tuple[str, str]]:
        return []

    def more(self, visit: Visit, document: Document | None, values: Values) -> dict[str, Any]:
        return {"groups": {text: [i.path for i in inputs] for text, inputs in GROUPS.items()}}
