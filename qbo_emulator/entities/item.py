"""Item (4.4): products, services, categories and bundles. What must be sent depends on Type."""

from typing import Any

from .. import errors
from .base import NO_NAME_CHARACTERS, Entity, Field, Find, Hierarchy, Kind, Shape

SOLD, BOUGHT, STOCK = "IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef"
REQUIRED: dict[str, tuple[str, ...]] = {
    "Service": (SOLD,),
    "NonInventory": (),
    "Inventory": (SOLD, BOUGHT, STOCK, "QtyOnHand", "InvStartDate"),
    "Category": (),
    "Group": (),
}
# The account types a reference may point at; of stock the sub type too.
ACCOUNT_TYPES = {
    SOLD: {"Income"},
    BOUGHT: {"Expense", "Other Expense", "Cost of Goods Sold"},
    STOCK: {"Other Current Asset"},
}
STOCK_ACCOUNTS = {
    SOLD: ("AccountSubType", "SalesOfProductIncome"),
    BOUGHT: ("AccountType", "Cost of Goods Sold"),
    STOCK: ("AccountSubType", "Inventory"),
}
ONLY_OF_STOCK = (STOCK, "QtyOnHand", "InvStartDate", "ReorderPoint")
NOT_OF_A_CATEGORY = (
    *ONLY_OF_STOCK,
    SOLD,
    BOUGHT,
    "Sku",
    "Description",
    "UnitPrice",
    "Taxable",
    "PurchaseDesc",
    "PurchaseCost",
    "TrackQtyOnHand",
    "DeferredRevenue",
    "PrefVendorRef",
)


def settle_item(item: dict[str, Any], current: dict[str, Any], find: Find) -> None:
    """Everything about an item that depends on its type (4.4)."""
    kind = _type_of(item, current)
    if kind == "Category":
        unwanted: tuple[str, ...] = NOT_OF_A_CATEGORY
    else:
        unwanted = () if kind == "Inventory" else ONLY_OF_STOCK
    for name in unwanted:
        item.pop(name, None)
    if kind not in {"Category", "Group"}:
        if not item.get(SOLD) and not item.get(BOUGHT):
            raise errors.required_missing(f"{BOUGHT} or {SOLD}")
        item["TrackQtyOnHand"] = kind == "Inventory"
    for name in REQUIRED[kind]:
        if item.get(name) is None:
            raise errors.required_missing(name)
    _check_accounts(item, current, find)
    _check_stock(item, current)


def _type_of(item: dict[str, Any], current: dict[str, Any]) -> str:
    before = current.get("Type")
    if not item.get("Type"):
        item["Type"] = before or ("Inventory" if item.get("TrackQtyOnHand") else "Service")
    kind: str = item["Type"]
    if before == "Inventory" and (kind != before or not item.get("TrackQtyOnHand")):
        raise errors.business_validation(
            "An inventory item stays one: its type and quantity tracking cannot be changed.",
            "Type",
        )
    return kind


def _check_accounts(item: dict[str, Any], current: dict[str, Any], find: Find) -> None:
    """New references must point at accounts of a fitting type (6430)."""
    is_stock = item["Type"] == "Inventory"
    for name, types in ACCOUNT_TYPES.items():
        is_new = item.get(name) != current.get(name) or item["Type"] != current.get("Type")
        account = find("Account", item[name]["value"]) if item.get(name) and is_new else None
        if account is None:
            continue
        what, word = STOCK_ACCOUNTS[name]
        if account["AccountType"] not in types or (is_stock and account[what] != word):
            raise errors.wrong_account_type(name)


def _check_stock(item: dict[str, Any], current: dict[str, Any]) -> None:
    if item["Type"] != "Inventory" or not current or item["Active"]:
        return
    if current["Active"]:  # QuickBooks writes a quantity adjustment
        item["QtyOnHand"] = 0
    elif item.get("QtyOnHand") != current.get("QtyOnHand"):
        raise errors.business_validation(
            "You need to activate this item before updating the quantity", "QtyOnHand"
        )


ITEM = Entity(
    name="Item",
    shape=Shape.NAME_LIST,
    noun="item",
    counter="item",
    name_field="Name",
    name_space="items",
    required=("Name",),
    reference_kind="Items",
    hierarchy=Hierarchy(flag="SubItem", flag_at_top=False, parent_is=("Type", "Category")),
    default_order="name_key",
    read_only_types=("Group",),
    sends_events=("Create", "Update", "Delete", "Merge"),
    on_change=settle_item,
    fields=(
        Field("Name", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("Sku", limit=100, filters=True, sorts=True),
        Field("Description", limit=4000),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True, sorts=True),
        Field("SubItem", Kind.BOOL),
        Field("ParentRef", Kind.REF, refers_to="Item", filters=True),
        Field("Level", Kind.INTEGER, read_only=True),
        Field("FullyQualifiedName", read_only=True, filters=True, sorts=True),
        Field("Taxable", Kind.BOOL, default=False),
        Field("SalesTaxIncluded", Kind.BOOL),
        Field("UnitPrice", Kind.DECIMAL, default=0, places=7, filters=True, sorts=True),
        Field("Type", choices=tuple(REQUIRED), keeps=True, filters=True, sorts=True),
        Field(SOLD, Kind.REF, refers_to="Account", shows_name=True),
        Field("PurchaseDesc", limit=1000),
        Field("PurchaseTaxIncluded", Kind.BOOL),
        Field("PurchaseCost", Kind.DECIMAL, default=0, places=7),
        Field(BOUGHT, Kind.REF, refers_to="Account", shows_name=True),
        Field(STOCK, Kind.REF, refers_to="Account", shows_name=True),
        Field("TrackQtyOnHand", Kind.BOOL, keeps=True),
        Field("QtyOnHand", Kind.DECIMAL, places=5, keeps=True),
        Field("InvStartDate", Kind.DATE, keeps=True),
        Field("ReorderPoint", Kind.DECIMAL, places=5),
        Field("SalesTaxCodeRef", Kind.REF, refers_to="TaxCode"),
        Field("PurchaseTaxCodeRef", Kind.REF, refers_to="TaxCode"),
        Field("PrefVendorRef", Kind.REF, refers_to="Vendor", shows_name=True),
        Field("ClassRef", Kind.REF, refers_to="Class", shows_name=True),
        Field("TaxClassificationRef", Kind.REF),
        Field("DeferredRevenue", Kind.BOOL, default=False),
        Field("PrintGroupedItems", Kind.BOOL, read_only=True),
        Field("ItemGroupDetail", Kind.OBJECT, read_only=True),
        Field("ItemCategoryType", limit=100),
        Field("ServiceType", limit=100),
        Field("AbatementRate", Kind.DECIMAL),
        Field("ReverseChargeRate", Kind.DECIMAL),
        Field("Source", read_only=True),
    ),
)
