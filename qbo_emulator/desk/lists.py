"""What the pages of the lists show: items, accounts, terms, methods, taxes, classes and so on."""

from collections.abc import Callable

from ..entities import BY_NAME
from ..entities.item import BOUGHT, SOLD, STOCK
from ..entities.tax import PSEUDO_CODES
from .forms import Column, Document, Input
from .objects import Sheet

ID, STATE = Column("Id", "Id"), Column("State", kind="state")
NAME = Input("Name", "Name")


def is_category(item: Document) -> bool:
    return bool(item.get("Type") == "Category")


def is_sold(item: Document) -> bool:
    """Can it stand on a line by itself? Bundles bring lines of their own."""
    return item.get("Type") not in {"Category", "Group"}


def of_type(*types: str) -> Callable[[Document], bool]:
    """Accounts of one of these types."""
    return lambda account: account.get("AccountType") in types


def takes_money(account: Document) -> bool:
    kind, sub = account.get("AccountType"), account.get("AccountSubType")
    return kind == "Bank" or sub == "UndepositedFunds"


def is_real_code(code: Document) -> bool:
    return code["Id"] not in PSEUDO_CODES


def simple(entity: str, heading: str, *inputs: Input, more: tuple[Column, ...] = ()) -> Sheet:
    """A list of names with little else."""
    name = Column("Name", BY_NAME[entity].name_field, "link")
    return Sheet(BY_NAME[entity], heading, (ID, name, *more, STATE), inputs, more)


ITEMS = Sheet(
    BY_NAME["Item"],
    "Products and services",
    columns=(
        ID,
        Column("Name", "FullyQualifiedName", "link"),
        Column("Type", "Type"),
        Column("SKU", "Sku"),
        Column("Price", "UnitPrice", "money"),
        Column("Taxable", "Taxable", "flag"),
        Column("On hand", "QtyOnHand", "number"),
        STATE,
    ),
    inputs=(
        NAME,
        Input("Type", "Type", "choice", ("Service", "NonInventory", "Inventory", "Category")),
        Input("Sku", "SKU"),
        Input("UnitPrice", "Price", "number"),
        Input("Description", "Description", "long"),
        Input("Taxable", "Taxable", "tick"),
        Input("ParentRef.value", "Category", "pick", picks="Item", where=is_category),
        Input(f"{SOLD}.value", "Income account", "pick", picks="Account", where=of_type("Income")),
        Input("PurchaseCost", "Cost", "number"),
        Input(
            f"{BOUGHT}.value",
            "Expense account",
            "pick",
            picks="Account",
            where=of_type("Expense", "Other Expense", "Cost of Goods Sold"),
        ),
        Input("QtyOnHand", "On hand (stock only)", "number"),
        Input("InvStartDate", "Counted since (stock only)", "date"),
        Input(
            f"{STOCK}.value",
            "Stock account (stock only)",
            "pick",
            picks="Account",
            where=of_type("Other Current Asset"),
        ),
    ),
)
ACCOUNTS = Sheet(
    BY_NAME["Account"],
    "Accounts",
    columns=(
        ID,
        Column("Name", "FullyQualifiedName", "link"),
        Column("Type", "AccountType"),
        Column("Detail type", "AccountSubType"),
        Column("Balance", "CurrentBalance", "money"),
        STATE,
    ),
    facts=(
        Column("Number", "AcctNum"),
        Column("Classification", "Classification"),
        Column("Type", "AccountType"),
        Column("Detail type", "AccountSubType"),
        Column("Balance", "CurrentBalance", "money"),
        Column("With sub-accounts", "CurrentBalanceWithSubAccounts", "money"),
    ),
)
TERMS = simple(
    "Term",
    "Terms",
    NAME,
    Input("DueDays", "Due after so many days", "number"),
    Input("DayOfMonthDue", "Or due on this day of the month", "number"),
    Input("DueNextMonthDays", "In the next month if issued within so many days", "number"),
    Input("DiscountPercent", "Discount in percent", "number"),
    Input("DiscountDays", "If paid within so many days", "number"),
    more=(
        Column("Days", "DueDays", "number"),
        Column("Day of the month", "DayOfMonthDue", "number"),
        Column("Discount %", "DiscountPercent", "number"),
    ),
)
METHODS = simple(
    "PaymentMethod",
    "Payment methods",
    NAME,
    Input("Type", "Type", "choice", ("NON_CREDIT_CARD", "CREDIT_CARD")),
    more=(Column("Type", "Type"),),
)
CLASSES = simple(
    "Class",
    "Classes",
    NAME,
    Input("ParentRef.value", "Part of", "pick", picks="Class"),
    more=(Column("Full name", "FullyQualifiedName"),),
)
LOCATIONS = simple(
    "Department",
    "Locations",
    NAME,
    Input("ParentRef.value", "Part of", "pick", picks="Department"),
    more=(Column("Full name", "FullyQualifiedName"),),
)
TYPES = simple("CustomerType", "Customer types", NAME)
CURRENCIES = simple("CompanyCurrency", "Currencies", more=(Column("Currency", "Name"),))
CODES = simple(
    "TaxCode",
    "Tax codes",
    more=(
        Column("Description", "Description"),
        Column("Taxable", "Taxable", "flag"),
        Column("Group of rates", "TaxGroup", "flag"),
    ),
)
RATES = simple(
    "TaxRate",
    "Tax rates",
    more=(
        Column("Description", "Description"),
        Column("Percent", "RateValue", "number"),
        Column("Agency", "AgencyRef.value"),
    ),
)
AGENCIES = simple(
    "TaxAgency",
    "Tax agencies",
    more=(
        Column("On sales", "TaxTrackedOnSales", "flag"),
        Column("On purchases", "TaxTrackedOnPurchases", "flag"),
    ),
)
LISTS = (ACCOUNTS, TERMS, METHODS, CODES, RATES, AGENCIES, CLASSES, LOCATIONS, TYPES, CURRENCIES)
