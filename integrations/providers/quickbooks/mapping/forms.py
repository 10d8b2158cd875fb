"""
What invoices and payments have in common as QuickBooks' transactions.

Sources: sections 4.6, 4.7, 5.4 and 5.5 of the API, as told in ../README.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from integrations.errors import InvalidValue
from integrations.providers.quickbooks.mapping.names import object_of
from integrations.reconcile.record import Life, Ref

# What is kept of an answer has its decimals as text (values.json_ready); these are numbers.
NUMBERS: Final = frozenset(
    {
        "Amount", "Balance", "Deposit", "DiscountAmt", "DiscountPercent", "DiscountRate",
        "ExchangeRate", "NetAmountTaxable", "OverrideDeltaAmount", "Percent", "Qty", "Quantity",
        "TaxAmount", "TaxInclusiveAmt", "TaxInclusiveAmount", "TaxPercent", "TotalAmt",
        "TotalTax", "UnitPrice", "NumberValue",
    }
)  # fmt: skip
# What may go back of what was kept, by the property it stands under (4.6.2, 4.7). QuickBooks adds
# properties at any time; one that cannot be written has the whole form refused (2010).
REF: Final = frozenset({"value", "name", "type"})
SENDABLE: Final[Mapping[str, frozenset[str]]] = {
    "Line": frozenset(
        {
            "Id", "LineNum", "Description", "Amount", "DetailType", "LinkedTxn", "CustomField",
            "SalesItemLineDetail", "GroupLineDetail", "DescriptionLineDetail",
            "DiscountLineDetail", "SubTotalLineDetail",
        }
    ),
    "SalesItemLineDetail": frozenset(
        {
            "ItemRef", "ClassRef", "UnitPrice", "Qty", "TaxCodeRef", "ServiceDate",
            "DiscountRate", "DiscountAmt", "TaxInclusiveAmt", "MarkupInfo", "ItemAccountRef",
            "TaxClassificationRef",
        }
    ),
    "GroupLineDetail": frozenset({"GroupItemRef", "Quantity", "Line", "ServiceDate"}),
    "DescriptionLineDetail": frozenset({"ServiceDate", "TaxCodeRef"}),
    "DiscountLineDetail": frozenset(
        {"PercentBased", "DiscountPercent", "DiscountAccountRef", "TaxCodeRef", "ClassRef"}
    ),
    "SubTotalLineDetail": frozenset(),
    "MarkupInfo": frozenset(
        {"PercentBased", "Percent", "MarkUpIncomeAccountRef", "Value", "PriceLevelRef"}
    ),
    "LinkedTxn": frozenset({"TxnId", "TxnType", "TxnLineId"}),
    "CustomField": frozenset(
        {"DefinitionId", "Name", "Type", "StringValue", "BooleanValue", "DateValue", "NumberValue"}
    ),
}  # fmt: skip
CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)
MOST: Final = Decimal("99999999999")
DECIMALS: Final = 7
VOIDED: Final = "Voided"


def sendable(value: Any, name: str) -> Any:
    """What was kept under `name`, as it can go back: what may be written, numbers as numbers."""
    if isinstance(value, Mapping):
        known = REF if name.endswith("Ref") else SENDABLE.get(name)
        return {
            key: sendable(each, key) for key, each in value.items() if known is None or key in known
        }
    if isinstance(value, list):
        return [sendable(each, name) for each in value]
    return Decimal(value) if name in NUMBERS and isinstance(value, str) and value else value


def amount_of(value: Any) -> Decimal:
    """An amount of an answer; 0 where none was told."""
    return ZERO if value is None or value == "" else Decimal(str(value))


def money_text(value: Decimal) -> str:
    """Cents as a record writes them; "" for nothing."""
    return f"{value.quantize(CENT):f}" if value else ""


def ref_id(payload: Mapping[str, Any], name: str) -> str:
    """The id in a reference; "" where there is none."""
    return str(object_of(payload.get(name)).get("value") or "")


def as_ref(entity: str, remote_id: str) -> Ref | None:
    return Ref(entity, remote_id) if remote_id else None


def sent_ref(value: Any, what: str) -> str:
    """
    The id to send for a reference.

    Raises:
        TypeError: it was not turned into the provider's id, a fault of ours.
    """
    if not isinstance(value, Ref):
        raise TypeError(f"{what} is sent as a Ref of the books' own id.")
    return value.remote_id


def life_of(payload: Mapping[str, Any]) -> Life:
    """A void form has no amounts left and says so in its memo (5.5); it has no status property."""
    if str(payload.get("status") or "").lower() == "deleted":
        return Life.DELETED
    note = str(payload.get("PrivateNote") or "")
    is_empty = not amount_of(payload.get("TotalAmt")) and not amount_of(payload.get("Balance"))
    has_amounts = any(amount_of(each.get("Amount")) for each in payload.get("Line") or [])
    is_void = is_empty and not has_amounts and note.startswith(VOIDED)
    return Life.VOID if is_void else Life.LIVE


def linked(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(type, id) of the transactions that this form is linked with."""
    return [
        (str(each.get("TxnType") or ""), str(each.get("TxnId") or ""))
        for each in payload.get("LinkedTxn") or []
    ]


def check_text(label: str, element: str, value: Any, limit: int) -> None:
    """
    Raises:
        InvalidValue: it is longer than QuickBooks takes; it is never cut.
    """
    length = len(str(value or ""))
    if length > limit:
        raise InvalidValue(
            f"{label} has {length} characters; QuickBooks takes at most {limit}.",
            what_to_do=f"Shorten it to {limit} characters.",
            element=element,
        )


def check_amount(label: str, element: str, value: Decimal) -> None:
    """
    Raises:
        InvalidValue: it is more than QuickBooks takes, or has parts of a cent.
    """
    if abs(value) > MOST or value != value.quantize(CENT):
        raise InvalidValue(
            f"{label} of {value:f} is outside what QuickBooks takes: at most {MOST:,} in whole"
            " cents.",
            what_to_do="Change the amount.",
            element=element,
        )


def check_decimals(label: str, element: str, value: Decimal) -> None:
    """
    Raises:
        InvalidValue: it has more decimals than QuickBooks keeps; it is never rounded.
    """
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS:
        raise InvalidValue(
            f"{label} has more than {DECIMALS} decimals.",
            what_to_do=f"Change it to at most {DECIMALS} decimals.",
            element=element,
        )
