"""
Stock items: how many are there (QtyOnHand) and what they are worth (the inventory account).

What is bought comes in at its price; what is sold goes out at the item's purchase cost.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from .. import errors
from ..ledger import Posting
from ..money import cents
from .form import Form

SOLD, BOUGHT = "SalesItemLineDetail", "ItemBasedExpenseLineDetail"


def moves(form: Form, is_gone: bool) -> dict[str, Decimal]:
    """
    How a write changes the quantities of stock items.

    Args:
        is_gone: the transaction is deleted or void, so that all it moved comes back.
    Returns: item id -> what to add to QtyOnHand.
    Raises:
        Fault: 6270 where a quantity would move before the item's stock is kept.
    """
    if not form.entity.moves_stock:
        return {}
    before = _moved(form, form.before or {})
    after = {} if is_gone else _moved(form, form.document)
    changed = {
        id: after.get(id, Decimal(0)) - before.get(id, Decimal(0)) for id in {**before, **after}
    }
    for id, quantity in changed.items():
        item = form.company.find("Item", id) or {}
        if quantity and not form.is_person and form.get("TxnDate") < item.get("InvStartDate", ""):
            raise errors.before_stock(id)
    return changed


def _moved(form: Form, document: dict[str, Any]) -> dict[str, Decimal]:
    """What a document moves: item id -> quantity, positive for what comes in."""
    direction = form.entity.moves_stock * (-1 if document.get("Credit") else 1)
    found: dict[str, Decimal] = {}
    for detail in _details(document.get("Line", [])):
        id = detail["ItemRef"]["value"]
        if is_stock(form, id):
            quantity = direction * Decimal(detail.get("Qty") or 0)
            found[id] = found.get(id, Decimal(0)) + quantity
    return found


def _details(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for line in lines:
        detail = line.get(SOLD) or line.get(BOUGHT)
        if detail:
            yield detail
        yield from _details(line.get("GroupLineDetail", {}).get("Line", []))


def is_stock(form: Form, id: str) -> bool:
    return (form.company.find("Item", id) or {}).get("Type") == "Inventory"


def asset_account(form: Form, item: dict[str, Any]) -> str:
    """Where the worth of a stock item stands."""
    account = item.get("AssetAccountRef") or form.company.account("inventory")
    return str(account["value"])


def post_sold(form: Form, sign: int) -> list[Posting]:
    """Out of the inventory at purchase cost, into cost of goods; sign -1 for what comes back."""
    found = []
    for line in form.items:
        detail = line[SOLD]
        item = form.company.find("Item", detail["ItemRef"]["value"]) or {}
        if item.get("Type") != "Inventory":
            continue
        cost = sign * cents(
            Decimal(detail.get("Qty") or 0) * Decimal(item.get("PurchaseCost") or 0)
        )
        expense = item.get("ExpenseAccountRef") or form.company.account("cost of goods")
        asset = asset_account(form, item)
        found += [Posting(expense["value"], cost), Posting(asset, -cost)]
    return found
