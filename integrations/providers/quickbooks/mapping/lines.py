"""
The lines of an invoice, from QuickBooks and back.

What we do not model of a line (class, location, tax class, links) is kept with its id and goes back
with it; a bundle or another kind of line goes back as it came. Source: section 4.6.2 of the API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from integrations.entities.lines import ITEM, LOCKED, TEXT
from integrations.errors import InvalidValue, SetUpNeeded
from integrations.providers.quickbooks.mapping.forms import (
    amount_of,
    check_amount,
    check_decimals,
    check_text,
    money_text,
    sendable,
    sent_ref,
)
from integrations.providers.quickbooks.mapping.names import object_of
from integrations.providers.quickbooks.values import number_text
from integrations.reconcile.record import Ref

SALE: Final = "SalesItemLineDetail"
WORDS: Final = "DescriptionOnly"
BUNDLE: Final = "GroupLineDetail"
DISCOUNT: Final = "DiscountLineDetail"
SUBTOTAL: Final = "SubTotalLineDetail"
REASONS: Final = {BUNDLE: "A bundle of QuickBooks", WORDS: "A subtotal of QuickBooks"}
SUBTOTAL_WORDS: Final = "Subtotal:"
DESCRIPTION_LIMIT: Final = 4000


# -- From QuickBooks -----------------------------------------------------------------------------


def read_lines(told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines as a record has them; the sum that QuickBooks adds and the discount are none."""
    return [_read_line(each) for each in told if each.get("DetailType") not in (SUBTOTAL, DISCOUNT)]


def discount_line(told: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The one discount of the form."""
    return next((each for each in told if each.get("DetailType") == DISCOUNT), None)


def _read_line(told: Mapping[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": str(told.get("Id") or ""),
        "description": str(told.get("Description") or ""),
    }
    kind = str(told.get("DetailType") or "")
    if kind == SALE:
        return {**line, **_read_sale(told)}
    if kind == WORDS and not _is_subtotal(told):
        detail = object_of(told.get("DescriptionLineDetail"))
        return {**line, "kind": TEXT, "served_on": str(detail.get("ServiceDate") or "")}
    return {
        **line,
        "kind": LOCKED,
        "item_name": str(
            object_of(object_of(told.get(kind)).get("GroupItemRef")).get("name") or ""
        ),
        "amount": money_text(amount_of(told.get("Amount"))),
        "lock_reason": REASONS.get(kind, "A kind of line that is edited in QuickBooks"),
    }


def _is_subtotal(told: Mapping[str, Any]) -> bool:
    return _makes_subtotal(told.get("Description"))


def _makes_subtotal(words: Any) -> bool:
    return str(words or "").startswith(SUBTOTAL_WORDS)


def _read_sale(told: Mapping[str, Any]) -> dict[str, Any]:
    """Only the id of an item is one of digits: shipping and tips have words for theirs."""
    detail = object_of(told.get(SALE))
    item = object_of(detail.get("ItemRef"))
    item_id = str(item.get("value") or "")
    is_special = bool(item_id) and not item_id.isdecimal()
    return {
        "kind": LOCKED if is_special else ITEM,
        "item": Ref("service_item", item_id) if item_id and not is_special else None,
        "item_name": str(item.get("name") or item_id),
        "served_on": str(detail.get("ServiceDate") or ""),
        "quantity": number_text(detail.get("Qty")),
        "rate": number_text(detail.get("UnitPrice")),
        "amount": f"{amount_of(told['Amount']):.2f}" if "Amount" in told else "",
        "is_taxable": object_of(detail.get("TaxCodeRef")).get("value") == "TAX",
        "lock_reason": "Shipping or another special line of QuickBooks" if is_special else "",
    }


# -- To QuickBooks -------------------------------------------------------------------------------


def write_lines(
    lines: Sequence[Mapping[str, Any]],
    *,
    kept: Sequence[Mapping[str, Any]],
    company: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """
    The Line array without its discount. Each line goes out on what was kept of it by its id.

    Raises:
        InvalidValue, SetUpNeeded: a line is outside what QuickBooks takes.
    """
    by_id = {str(each.get("Id")): sendable(each, "Line") for each in kept if each.get("Id")}
    return [
        _write_line(line, by_id.get(str(line.get("id") or ""), {}), number, company)
        for number, line in enumerate(lines, start=1)
    ]


def _write_line(
    line: Mapping[str, Any], old: dict[str, Any], number: int, company: Mapping[str, Any]
) -> dict[str, Any]:
    if line["kind"] == LOCKED:
        return {**old, "LineNum": number}
    check_text(
        f"The description of line {number}",
        "Description",
        line.get("description"),
        DESCRIPTION_LIMIT,
    )
    common = {**old, "LineNum": number, "Description": str(line.get("description") or "")}
    has_amount = line.get("amount") not in (None, "")
    if line["kind"] == TEXT or not (has_amount or SALE in old):
        _check_words(line, number)
        return _write_words(line, common, old)
    return _write_sale(line, common, old, number, company)


def _check_words(line: Mapping[str, Any], number: int) -> None:
    """Words that would make the line a subtotal there (4.6.2)."""
    if _makes_subtotal(line.get("description")):
        raise InvalidValue(
            f'The description of line {number} begins with "{SUBTOTAL_WORDS}", which makes a'
            " subtotal in QuickBooks.",
            what_to_do="Begin it with other words.",
            element="Description",
        )


def _write_words(
    line: Mapping[str, Any], common: dict[str, Any], old: Mapping[str, Any]
) -> dict[str, Any]:
    detail = dict(object_of(old.get("DescriptionLineDetail")))
    _set(detail, "ServiceDate", line.get("served_on") or None)
    return {
        **{name: value for name, value in common.items() if name not in (SALE, "Amount")},
        "DetailType": WORDS,
        "DescriptionLineDetail": detail,
    }


def _write_sale(
    line: Mapping[str, Any],
    common: dict[str, Any],
    old: Mapping[str, Any],
    number: int,
    company: Mapping[str, Any],
) -> dict[str, Any]:
    amount = amount_of(line.get("amount") or old.get("Amount"))
    check_amount(f"The amount of line {number}", "Amount", amount)
    detail = dict(object_of(old.get(SALE)))
    item_id = _item_id(line, number, company)
    if object_of(detail.get("ItemRef")).get("value") != item_id:
        detail["ItemRef"] = {"value": item_id}
        detail.pop("ItemAccountRef", None)  # that of the item before
    quantity, rate = _number(line, "quantity", number), _number(line, "rate", number)
    is_told = quantity is not None and rate is not None
    _set(detail, "Qty", quantity if is_told else None)
    _set(detail, "UnitPrice", rate if is_told else None)
    _set(detail, "ServiceDate", line.get("served_on") or None)
    detail["TaxCodeRef"] = {"value": "TAX" if line.get("is_taxable") else "NON"}
    return {**common, "Amount": amount, "DetailType": SALE, SALE: detail}


def _set(detail: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        detail.pop(name, None)
    else:
        detail[name] = value


def _item_id(line: Mapping[str, Any], number: int, company: Mapping[str, Any]) -> str:
    """The line's own item; the default service for one that has none."""
    if line.get("item") is not None:
        return sent_ref(line["item"], "The item of a line")
    default = ((company.get("defaults") or {}).get("service_item") or {}).get("id")
    if not default:
        raise SetUpNeeded(
            f"Line {number} has an amount but no service item, and no default service is chosen.",
            what_to_do="Choose a default service under Rules, or a service item for the line.",
            element="ItemRef",
        )
    return str(default)


def _number(line: Mapping[str, Any], name: str, number: int) -> Decimal | None:
    text = line.get(name)
    if text in (None, ""):
        return None
    value = Decimal(str(text))
    element = "Qty" if name == "quantity" else "UnitPrice"
    check_decimals(f"The {name} of line {number}", element, value)
    return value
