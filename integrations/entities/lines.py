"""How the lines of an invoice and the parts of a payment compare. JSON-ready dicts, in order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from integrations.reconcile import record as compare

# The entries of one invoice line. Those of COMPARED make a difference, the others go along.
TEXT = "text"
LOCKED = "locked"
ITEM = "item"


def lines(value: Any) -> Hashable:
    """
    Compare invoice lines one by one, in their order.

    A line: "kind", "item" (our id, or "theirs:12"), "description", "served_on", "quantity",
    "rate", "amount", "is_taxable"; not compared: "id" of the line there, "item_name",
    "lock_reason".
    """
    return tuple(_line(each) for each in value)


def _line(line: Mapping[str, Any]) -> Hashable:
    return (
        line["kind"],
        line.get("item"),
        compare.text(line.get("description") or ""),
        line.get("served_on") or "",
        _or_none(compare.number, line.get("quantity")),
        _or_none(compare.number, line.get("rate")),
        _or_none(compare.money, line.get("amount")),
        bool(line.get("is_taxable")),
    )


def named(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], *, by_place: bool
) -> list[dict[str, Any]]:
    """
    Our lines with the ids that they have there: one without takes that of an equal line.

    Args:
        by_place: theirs were ours a moment ago; one that changed since takes the id in its place,
            where there are as many.
    """
    lines = [dict(each) for each in ours]
    taken = {each.get("id") for each in lines}
    free = [each for each in theirs if each.get("id") not in taken]
    for line in lines:
        if not line.get("id"):
            _name(line, next((each for each in free if _line(each) == _line(line)), None), free)
    if by_place and len(lines) == len(theirs):
        for line, there in zip(lines, theirs, strict=True):
            if not line.get("id") and there in free:
                _name(line, there, free)
    return lines


def _name(
    line: dict[str, Any], there: Mapping[str, Any] | None, free: list[Mapping[str, Any]]
) -> None:
    if there is not None:
        line["id"] = there["id"]
        free.remove(there)


def parts(value: Any) -> Hashable:
    """
    Compare what a payment pays: the same amounts to the same records, in any order.

    A part: "invoice" (our id, or "theirs:12"), or "txn" ("CreditMemo:73"); and "amount".
    """
    entries: Sequence[Mapping[str, Any]] = value
    return tuple(sorted(map(_part, entries)))


def _part(part: Mapping[str, Any]) -> tuple[str, str]:
    paid = part.get("invoice")
    return (
        str(paid if paid is not None else part.get("txn", "")),
        f"{compare.money(part['amount'])}",
    )


def _or_none(key: Any, value: Any) -> Hashable:
    return None if value in (None, "") else key(value)
