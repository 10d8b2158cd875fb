"""
The lines of a sales form (4.6.2): ids, items, amounts, the subtotal and the discount.

A document keeps its lines as answers show them: what was sent, in order, then the subtotal, then
the discount.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .. import errors
from ..money import rounded, to_cents
from . import references
from .company import Company
from .form import Form

ITEM, GROUP, TEXT = "SalesItemLineDetail", "GroupLineDetail", "DescriptionOnly"
BOUGHT_ITEM = "ItemBasedExpenseLineDetail"
SUBTOTAL, DISCOUNT = "SubTotalLineDetail", "DiscountLineDetail"
NOT_INSIDE = (GROUP, SUBTOTAL, DISCOUNT)  # a bundle holds none of these
SHIPPING = "SHIPPING_ITEM_ID"
SPECIAL_ITEMS = (SHIPPING, "GRATUITY_ITEM_ID", "TIPS_ITEM_ID")


def settle(form: Form) -> None:
    """
    Complete the lines of a document.

    Raises:
        Fault: 2020 for a line without what it needs, 2500 for items, 6070 for amounts that are not
            quantity times price, 5030 and 6090 for discounts.
    """
    lines = form.get("Line", [])
    kept = [line for line in lines if line.get("DetailType") not in {SUBTOTAL, DISCOUNT}]
    discounts = [line for line in lines if line.get("DetailType") == DISCOUNT]
    if not kept and not form.charges:
        raise errors.required_missing("Line")
    numbers = LineNumbers(form)
    settled = [_settled(form, line, numbers, place) for place, line in enumerate(kept, 1)]
    form.document["Line"] = settled
    subtotal = sum_of(form)
    settled.append({"Amount": rounded(subtotal), "DetailType": SUBTOTAL, SUBTOTAL: {}})
    if discounts:
        settled.append(_discount(form, discounts, subtotal))


class LineNumbers:
    """Gives out line ids: a known one stays, every other line gets the next (4.6.2, 5: 5 → 6)."""

    def __init__(self, form: Form, first: int = 1) -> None:
        self.known = set(_ids(form.was("Line") or []))
        self.highest = max((int(each) for each in self.known if each.isdigit()), default=first - 1)
        self.given: set[str] = set()

    def take(self, sent: str) -> str:
        if sent in self.known and sent not in self.given:
            self.given.add(sent)
            return sent
        self.highest += 1
        return str(self.highest)


def _ids(lines: Iterable[dict[str, Any]]) -> list[str]:
    found = []
    for line in lines:
        if "Id" in line:
            found.append(line["Id"])
        found += _ids(line.get(GROUP, {}).get("Line", []))
    return found


def _settled(form: Form, line: dict[str, Any], numbers: LineNumbers, place: int) -> dict[str, Any]:
    detail = line.get("DetailType")
    if detail is None:
        raise errors.required_missing("DetailType")
    settled = {"Id": numbers.take(line.get("Id", "")), "LineNum": place}
    for name in ("Description", "Amount", "LinkedTxn"):
        if name in line:
            settled[name] = line[name]
    settled["DetailType"] = detail
    if detail == ITEM:
        settled |= _item(form, line)
    elif detail == GROUP:
        settled |= _group(form, line, numbers)
    else:
        settled.pop("Amount", None)
        text = dict(line.get("DescriptionLineDetail", {}))
        if not _has(form, "AllowServiceDate"):
            text.pop("ServiceDate", None)
        settled["DescriptionLineDetail"] = text
    settled["CustomExtensions"] = []
    return settled


def _item(form: Form, line: dict[str, Any]) -> dict[str, Any]:
    if ITEM not in line:
        raise errors.required_missing(ITEM)
    detail = dict(line[ITEM])
    recomputes = form.company.switches.wrong_amount == "recompute" and _is_tax_automated(form)
    if recomputes and _product(detail):
        line = {**line, "Amount": _product(detail)}
    settle_amount(line, detail)
    return {"Amount": line["Amount"], ITEM: _with_item(form, detail)}


def _is_tax_automated(form: Form) -> bool:
    return bool(form.company.preference("TaxPrefs", "PartnerTaxEnabled"))


def _product(detail: dict[str, Any]) -> Decimal:
    """Quantity times price; 0 where one of them is not given."""
    quantity, price = detail.get("Qty") or 0, detail.get("UnitPrice") or 0
    return to_cents(Decimal(quantity) * Decimal(price))


def settle_amount(line: dict[str, Any], detail: dict[str, Any]) -> None:
    """Amount is quantity times price, rounded half up (6070)."""
    if "Amount" not in line:
        raise errors.required_missing("Amount")
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    if not quantity and not price:  # python-quickbooks sends zeros for "not given"
        detail.pop("Qty", None)
        detail.pop("UnitPrice", None)
    elif quantity and price:
        amount = Decimal(line["Amount"])
        if amount != _product(detail):
            raise errors.wrong_amount(f"{amount:,.2f}")


def _with_item(form: Form, detail: dict[str, Any]) -> dict[str, Any]:
    """An item line's detail as answers show it: names, account, tax code; in their order."""
    sent_ref = detail.get("ItemRef") or _default_item(form)
    shown: dict[str, Any] = {}
    if "ServiceDate" in detail and _has(form, "AllowServiceDate"):
        shown["ServiceDate"] = detail["ServiceDate"]
    if sent_ref["value"] in SPECIAL_ITEMS:
        if sent_ref["value"] == SHIPPING and not _has(form, "AllowShipping"):
            raise errors.feature_not_supported("Shipping is not turned on in this company.", "Line")
        shown["ItemRef"] = {"value": sent_ref["value"]}
        account = form.company.account("income")
    else:
        item = usable_item(form, sent_ref["value"], f"Line.{ITEM}.ItemRef")
        shown["ItemRef"] = {"value": sent_ref["value"], "name": item["FullyQualifiedName"]}
        income = item.get("IncomeAccountRef") or form.company.account("income")
        account = form.company.account_named(income["value"])
    if "ClassRef" in detail:
        place = f"Line.{ITEM}.ClassRef"
        shown["ClassRef"] = references.settle(form, "Class", detail["ClassRef"]["value"], place)
    for name in ("UnitPrice", "Qty"):
        if name in detail:
            shown[name] = detail[name]
    shown["ItemAccountRef"] = account
    code = tax_code(detail)
    if form.company.preference("TaxPrefs", "UsingSalesTax"):
        shown["TaxCodeRef"] = {"value": code}
    for name in ("DiscountRate", "DiscountAmt", "TaxClassificationRef"):
        if name in detail:
            shown[name] = detail[name]
    return shown


def tax_code(detail: dict[str, Any]) -> str:
    """TAX or NON, the latter where nothing was sent; other codes are refused (6100)."""
    code = str((detail.get("TaxCodeRef") or {"value": "NON"})["value"])
    if code.upper() not in {"TAX", "NON"}:
        raise errors.invalid_tax_code(code)
    return code.upper()


def _has(form: Form, preference: str) -> bool:
    """Is this part of sales forms on? What a stored form has of it stays (4.12)."""
    is_on = bool(form.company.preference("SalesFormsPrefs", preference))
    return is_on or (form.before is not None and "Line" not in form.sent)


def _default_item(form: Form) -> dict[str, Any]:
    """What a line without an item gets: the company's default item."""
    for pair in form.company.preference("OtherPrefs", "NameValue", []):
        if pair.get("Name") == "SalesFormsPrefs.DefaultItem" and pair.get("Value"):
            return {"value": pair["Value"]}
    raise errors.required_missing("ItemRef")


def usable_item(form: Form, id: str, place: str) -> dict[str, Any]:
    """
    The item of a line.

    Args:
        place: where its reference stands, as "Line.SalesItemLineDetail.ItemRef".
    Raises:
        Fault: 2500 where there is none, it is a category, or it is inactive and new on this form
            (on an old one it may stay, unless `inactive_item_on_update` says otherwise).
    """
    item = form.known("Item", id, lambda: errors.unknown_reference(place, "Items", id))
    if item.get("Type") == "Category":
        raise errors.category_on_line(id, place)
    if not item.get("Active", True):
        stays = form.company.switches.inactive_item_on_update == "allow" or not form.sent
        if not (stays and id in items_of(form.was("Line") or [])):
            raise errors.inactive_reference(place)
    return item


def items_of(lines: Iterable[dict[str, Any]]) -> set[str]:
    """The ids of all items on lines."""
    found = set()
    for line in lines:
        for name in (ITEM, BOUGHT_ITEM):
            if name in line:
                found.add(line[name]["ItemRef"]["value"])
        found |= items_of(line.get(GROUP, {}).get("Line", []))
    return found


def _group(form: Form, line: dict[str, Any], numbers: LineNumbers) -> dict[str, Any]:
    """A bundle: its own lines come from the item unless they were sent (4.6.2)."""
    detail = line.get(GROUP, {})
    id = (detail.get("GroupItemRef") or {}).get("value", "")
    if not id:
        raise errors.required_missing("GroupItemRef")
    place = "Line.GroupLineDetail.GroupItemRef"
    bundle = form.known("Item", id, lambda: errors.unknown_reference(place, "Items", id))
    if bundle.get("Type") != "Group":
        raise errors.unknown_reference(place, "Bundles", id)
    quantity = Decimal(detail.get("Quantity") or 1)
    sent = [each for each in detail.get("Line", []) if each.get("DetailType") not in NOT_INSIDE]
    inner = sent or _lines_of_bundle(form.company, bundle, quantity)
    settled = [_settled(form, each, numbers, place) for place, each in enumerate(inner, 1)]
    amount = sum((Decimal(each.get("Amount", 0)) for each in settled), Decimal(0))
    shown = {
        "GroupItemRef": {"value": id, "name": bundle["FullyQualifiedName"]},
        "Quantity": rounded(quantity, 7),
        "Line": settled,
    }
    return {"Amount": rounded(amount), GROUP: shown}


def _lines_of_bundle(
    company: Company, bundle: dict[str, Any], quantity: Decimal
) -> list[dict[str, Any]]:
    lines = []
    for part in bundle.get("ItemGroupDetail", {}).get("ItemGroupLine", []):
        item = company.find("Item", part["ItemRef"]["value"]) or {}
        count, price = quantity * Decimal(part.get("Qty", 1)), Decimal(item.get("UnitPrice") or 0)
        detail = {
            "ItemRef": part["ItemRef"],
            "Qty": rounded(count, 7),
            "UnitPrice": rounded(price, 7),
            "TaxCodeRef": {"value": "TAX" if item.get("Taxable") else "NON"},
        }
        amount = rounded(to_cents(count * price))
        line = {"Amount": amount, "DetailType": ITEM, ITEM: detail}
        if item.get("Description"):
            line["Description"] = item["Description"]
        lines.append(line)
    return lines


def sum_of(form: Form) -> Decimal:
    """What the lines and the delayed charges come to, before discount and tax."""
    lines = sum((Decimal(line.get("Amount") or 0) for line in form.document["Line"]
                 if line["DetailType"] in {ITEM, GROUP}), Decimal(0))  # fmt: skip
    return lines + sum((Decimal(charge["Amount"]) for charge in form.charges), Decimal(0))


def _discount(form: Form, lines: list[dict[str, Any]], subtotal: Decimal) -> dict[str, Any]:
    """The one discount of a form; its amount is positive."""
    is_on = form.company.preference("SalesFormsPrefs", "AllowDiscount")
    if not is_on and (form.before is None or "Line" in form.sent):
        raise errors.feature_not_supported("Discounts are not turned on in this company.", "Line")
    if len(lines) > 1:
        raise errors.business_validation("A form can have one discount line.", "Line")
    line = lines[0]
    detail = line.get(DISCOUNT, {})
    percent = detail.get("DiscountPercent")
    is_percent = bool(detail.get("PercentBased")) and percent is not None
    if is_percent:
        amount = to_cents(subtotal * Decimal(percent) / 100)
    elif line.get("Amount") is not None:
        amount = Decimal(line["Amount"])
    else:
        raise errors.discount_without_value()
    if amount < 0:
        raise errors.negative_amount("Line.Amount")
    account = detail.get("DiscountAccountRef") or {}
    default = form.company.preference("SalesFormsPrefs", "DefaultDiscountAccount")
    id = account.get("value") or default or form.company.account("discounts")["value"]
    form.known("Account", id, lambda: errors.unknown_account(id))
    shown: dict[str, Any] = {"PercentBased": is_percent}
    if is_percent:
        shown["DiscountPercent"] = percent
    shown["DiscountAccountRef"] = form.company.account_named(id)
    return {"Amount": rounded(amount), "DetailType": DISCOUNT, DISCOUNT: shown}


def discount_of(document: dict[str, Any]) -> tuple[Decimal, str]:
    """The discount of a settled document and its account; 0 and "" without one."""
    for line in document.get("Line", []):
        if line["DetailType"] == DISCOUNT:
            return Decimal(line["Amount"]), line[DISCOUNT]["DiscountAccountRef"]["value"]
    return Decimal(0), ""


def clear(document: dict[str, Any]) -> None:
    """Every amount of the lines becomes nothing, as a void does (5.5)."""
    for line in document.get("Line", []):
        if "Amount" in line:
            line["Amount"] = 0
        detail = line.get(line.get("DetailType", ""), {})
        if "Qty" in detail:
            detail["Qty"] = 0
        detail.pop("UnitPrice", None)
        clear(line.get(GROUP, {}))
