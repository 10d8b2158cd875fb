"""
An invoice is an invoice in QuickBooks, too.

Sources: sections 4.6, 5.2, 5.4 and 5.5 of the API, as told in ../README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from integrations.entities.invoice import InvoiceRecord, is_po_field
from integrations.errors import InvalidValue, SetUpNeeded
from integrations.providers.base import Operation, Snapshot
from integrations.providers.quickbooks.mapping import lines as mapped
from integrations.providers.quickbooks.mapping.forms import (
    ZERO,
    amount_of,
    as_ref,
    check_amount,
    check_decimals,
    check_text,
    life_of,
    linked,
    money_text,
    ref_id,
    sendable,
    sent_ref,
)
from integrations.providers.quickbooks.mapping.names import object_of
from integrations.providers.quickbooks.values import number_text, parse_time
from integrations.reconcile.record import UNKNOWN, Life, Ref

TEXTS: Final = (("number", "DocNumber", 21), ("private_note", "PrivateNote", 4000))
MESSAGE_LIMIT: Final = 1000
EMAIL_LIMIT: Final = 100
MONEY: Final = (
    "lines",
    "discount_percent",
    "discount_amount",
    "is_discount_before_tax",
    "tax_rate",
)
KEPT: Final = (
    "Line", "TxnTaxDetail", "CustomField", "ApplyTaxAfterDiscount", "CustomerRef", "SalesTermRef",
)  # fmt: skip
LOCKS: Final = {
    "Estimate": "It was made from an estimate in QuickBooks",
    "TimeActivity": "It bills time that is recorded in QuickBooks",
    "ReimburseCharge": "It bills an expense that is recorded in QuickBooks",
    "StatementCharge": "It bills a delayed charge of QuickBooks",
    "ChargeCredit": "It uses a delayed credit of QuickBooks",
}


class InvoiceMapping:
    entity = "invoice"
    resource = "Invoice"
    name_property = "DocNumber"
    is_transaction = True
    where = ""

    # -- Reading ---------------------------------------------------------------------------------

    def snapshot(self, payload: Mapping[str, Any]) -> Snapshot:
        times = object_of(payload.get("MetaData"))
        number = str(payload.get("DocNumber") or "")
        total = amount_of(payload.get("TotalAmt"))
        told_on = str(payload.get("TxnDate") or "")
        lock_reason = _lock_reason(payload)
        return Snapshot(
            entity=self.entity,
            remote_id=str(payload["Id"]),
            version=int(payload.get("SyncToken") or 0),
            record=_record(payload),
            kept={name: payload[name] for name in KEPT if name in payload},
            label=number or "Invoice without a number",
            path=(number,),
            changed_at=parse_time(times.get("LastUpdatedTime")),
            created_at=parse_time(times.get("CreateTime")),
            amount=total,
            dated_on=date.fromisoformat(told_on) if told_on else None,
            facts={
                "number": number,
                "total": f"{total:f}",
                "tax": f"{_total_tax(payload):f}",
                "balance": f"{amount_of(payload.get('Balance')):f}",
                "deposit": f"{amount_of(payload.get('Deposit')):f}",
                "payments": [each for kind, each in linked(payload) if kind == "Payment"],
                "line_ids": [each["id"] for each in mapped.read_lines(payload.get("Line") or [])],
                "memo": str(payload.get("PrivateNote") or ""),
                "customer": ref_id(payload, "CustomerRef"),
                "lock_reason": lock_reason,
                "currency": ref_id(payload, "CurrencyRef"),
            },
            raw=payload,
        )

    # -- Writing ---------------------------------------------------------------------------------

    def payload(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        remote_id: str,
        version: int | None,
        kept: Mapping[str, Any],
        company: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Only what is in `values` is sent, whole groups of it; an update is always sparse."""
        identity = {"Id": remote_id, "SyncToken": str(version)}
        if operation in (Operation.VOID, Operation.DELETE):
            return identity
        is_new = operation is Operation.CREATE
        changes = {
            **_head(values, kept, company),
            **_texts(values, is_new=is_new),
            **_custom_field(values, kept, company),
            **_emailed(values),
            **_money(values, kept, company, is_new=is_new),
        }
        if is_new:
            return changes
        return {**identity, "sparse": True, **changes}

    def params(self, operation: Operation, company: Mapping[str, Any]) -> dict[str, str]:
        """What stands in the address beside the body (5.4, 5.5, 4.6.4)."""
        if operation is Operation.VOID:
            return {"operation": "void"}
        if operation is Operation.DELETE:
            return {"operation": "delete"}
        may_repeat = (company.get("options") or {}).get("same_number")
        return {"include": "allowduplicatedocnum"} if may_repeat else {}

    def spellings(self, name: str) -> list[str]:
        return [name]


# -- Reading -------------------------------------------------------------------------------------


def _record(payload: Mapping[str, Any]) -> InvoiceRecord:
    """A full answer leaves out what is blank; in a sparse one a missing property is not told."""
    is_sparse = payload.get("sparse") is True
    life = life_of(payload)
    if life is not Life.LIVE:
        return InvoiceRecord(life=life)  # void zeroes the rest; that is no edit of it (rule 24)
    told: dict[str, Any] = {"life": life}
    blank = UNKNOWN if is_sparse else ""

    def has(name: str) -> bool:
        return name in payload or not is_sparse

    for ours, theirs, _ in TEXTS:
        told[ours] = str(payload.get(theirs) or "") if theirs in payload else blank
    if has("CustomerRef"):
        told["contact"] = as_ref("contact", ref_id(payload, "CustomerRef"))
    if has("TxnDate"):
        told["issued_on"] = str(payload.get("TxnDate") or "")
        told["due_on"] = str(payload.get("DueDate") or payload.get("TxnDate") or "")
        told["term_days"] = as_ref("term", ref_id(payload, "SalesTermRef"))
    if has("CustomerMemo"):
        told["message"] = str(object_of(payload.get("CustomerMemo")).get("value") or "")
    if has("CustomField"):
        told["po_number"] = _po_number(payload)
    if has("EmailStatus"):
        is_emailed = payload.get("EmailStatus") == "EmailSent"
        told["is_emailed"] = is_emailed
        address = str(object_of(payload.get("BillEmail")).get("Address") or "")
        told["emailed_to"] = address if is_emailed else ""
    if has("Line"):
        told |= _read_money(payload)
    return InvoiceRecord(**told)


def _read_money(payload: Mapping[str, Any]) -> dict[str, Any]:
    told = payload.get("Line") or []
    lines = mapped.read_lines(told)
    discount = mapped.discount_line(told)
    taken = amount_of(discount.get("Amount")) if discount else ZERO
    tax = _total_tax(payload)
    explained = sum((amount_of(each.get("amount")) for each in lines), ZERO) - taken + tax
    is_taxed = any(each.get("is_taxable") for each in lines) or bool(tax)
    code = ref_id(object_of(payload.get("TxnTaxDetail")), "TxnTaxCodeRef")
    return {
        "lines": lines,
        **_read_discount(discount, taken),
        "is_discount_before_tax": discount is not None
        and payload.get("ApplyTaxAfterDiscount") is True,
        "tax_rate": as_ref("tax_code", code) if is_taxed else None,
        "currency": ref_id(payload, "CurrencyRef"),
        "taxes": _read_taxes(payload, tax),
        "discount": money_text(taken),
        "other_amount": money_text(amount_of(payload.get("TotalAmt")) - explained),
    }


def _read_discount(line: Mapping[str, Any] | None, taken: Decimal) -> dict[str, Any]:
    detail = object_of(line.get(mapped.DISCOUNT)) if line else {}
    if detail.get("PercentBased") is True:
        return {
            "discount_percent": number_text(detail.get("DiscountPercent")),
            "discount_amount": "",
        }
    return {"discount_percent": "", "discount_amount": money_text(taken)}


def _total_tax(payload: Mapping[str, Any]) -> Decimal:
    return amount_of(object_of(payload.get("TxnTaxDetail")).get("TotalTax"))


def _read_taxes(payload: Mapping[str, Any], total: Decimal) -> list[dict[str, Any]]:
    """The tax by rate; where QuickBooks tells no rates, one without a percentage."""
    told = object_of(payload.get("TxnTaxDetail")).get("TaxLine") or []
    taxes = [
        {
            "name": str(object_of(detail.get("TaxRateRef")).get("name") or ""),
            "percent": number_text(detail.get("TaxPercent")),
            "base": money_text(amount_of(detail.get("NetAmountTaxable"))),
            "amount": f"{amount_of(each.get('Amount')):f}",
        }
        for each in told
        if (detail := object_of(each.get("TaxLineDetail"))) is not None
    ]
    missing = total - sum((amount_of(each["amount"]) for each in taxes), ZERO)
    if missing:
        taxes.append({"name": "", "percent": "", "base": "", "amount": f"{missing:f}"})
    return taxes


def _po_number(payload: Mapping[str, Any]) -> str:
    for each in payload.get("CustomField") or []:
        if is_po_field(str(each.get("Name") or "")):
            return str(each.get("StringValue") or "")
    return ""


def _lock_reason(payload: Mapping[str, Any]) -> str:
    links = [
        *linked(payload),
        *(pair for each in payload.get("Line") or [] for pair in linked(each)),
    ]
    return next((LOCKS[kind] for kind, _ in links if kind in LOCKS), "")


# -- Writing -------------------------------------------------------------------------------------


def _head(
    values: Mapping[str, Any], kept: Mapping[str, Any], company: Mapping[str, Any]
) -> dict[str, Any]:
    """Terms and due date are one field (rule 13): none here clears those there (3.1)."""
    sent: dict[str, Any] = {}
    if "contact" in values:
        sent["CustomerRef"] = {"value": sent_ref(values["contact"], "The contact")}
    if "issued_on" in values:
        sent["TxnDate"] = values["issued_on"]
    if "due_on" in values:
        sent["DueDate"] = values["due_on"]
    term_id = _term_id(values.get("term_days"), company)
    if term_id or ("term_days" in values and _has_terms_of_days(kept, company)):
        sent["SalesTermRef"] = {"value": term_id}
    return sent


def _has_terms_of_days(kept: Mapping[str, Any], company: Mapping[str, Any]) -> bool:
    """Terms by the day of a month are none of ours, and stay."""
    terms = (company.get("lists") or {}).get("terms") or []
    days = {str(each["id"]): each.get("days") for each in terms}
    return days.get(ref_id(kept, "SalesTermRef")) is not None


def _term_id(days: Any, company: Mapping[str, Any]) -> str:
    """Terms match by days, then by name; none is made for us (ledger rule 39)."""
    terms = (company.get("lists") or {}).get("terms") or []
    fitting = [each for each in terms if each.get("days") == days]
    plain = [
        each for each in fitting if each["name"].casefold() in {f"net {days}", "due on receipt"}
    ]
    found = (plain or fitting)[:1] if days is not None and days is not UNKNOWN else []
    return str(found[0]["id"]) if found else ""


def _texts(values: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for ours, theirs, limit in TEXTS:
        if ours in values:
            check_text(ours.replace("_", " ").capitalize(), theirs, values[ours], limit)
            if values[ours] or not is_new:
                sent[theirs] = values[ours]
    if "message" in values:
        check_text("The message", "CustomerMemo", values["message"], MESSAGE_LIMIT)
        if values["message"] or not is_new:
            sent["CustomerMemo"] = {"value": values["message"]}
    return sent


def _custom_field(
    values: Mapping[str, Any], kept: Mapping[str, Any], company: Mapping[str, Any]
) -> dict[str, Any]:
    """The PO number among the other custom fields, which go back as they came."""
    if "po_number" not in values:
        return {}
    names = (company.get("preferences") or {}).get("custom_fields") or []
    place = next((n for n, name in enumerate(names, start=1) if is_po_field(str(name))), None)
    if place is None:
        return {}
    check_text("The PO number", "CustomField", values["po_number"], 31)
    others = [
        sendable(each, "CustomField")
        for each in kept.get("CustomField") or []
        if str(each.get("DefinitionId")) != str(place)
    ]
    field = {
        "DefinitionId": str(place),
        "Name": names[place - 1],
        "Type": "StringType",
        "StringValue": values["po_number"],
    }
    return {"CustomField": [*others, field]}


def _emailed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Sent from here: said there, never asked for there (ledger rule 12)."""
    if not values.get("is_emailed"):
        return {}
    address = str(values.get("emailed_to") or "")
    check_text("The e-mail address", "BillEmail", address, EMAIL_LIMIT)
    sent: dict[str, Any] = {"EmailStatus": "EmailSent"}
    if address:
        sent["BillEmail"] = {"Address": address}
    return sent


def _money(
    values: Mapping[str, Any],
    kept: Mapping[str, Any],
    company: Mapping[str, Any],
    *,
    is_new: bool,
) -> dict[str, Any]:
    """Lines, discount and tax, which only make sense together."""
    if "lines" not in values:
        return {}
    _check_preferences(values, company.get("preferences") or {})
    old = kept.get("Line") or []
    sent_lines = mapped.write_lines(values["lines"], kept=old, company=company)
    discount = _discount(values, old)
    sent: dict[str, Any] = {"Line": [*sent_lines, *([discount] if discount else [])]}
    if discount:
        sent["ApplyTaxAfterDiscount"] = bool(values.get("is_discount_before_tax"))
    tax = _tax(values, company)
    if tax or not is_new:
        sent["TxnTaxDetail"] = tax
    return sent


def _check_preferences(values: Mapping[str, Any], preferences: Mapping[str, Any]) -> None:
    """What the company has switched off is refused, never dropped (ledger rules 18 and 19)."""
    has_discount = values.get("discount_percent") or values.get("discount_amount")
    if has_discount and not (preferences.get("discounts") and preferences.get("discount_account")):
        raise SetUpNeeded(
            "It has a discount, and discounts are switched off in QuickBooks.",
            what_to_do="Switch discounts on there (Account and settings, Sales) with an account"
            " for them, or take the discount off here.",
            element="DiscountLineDetail",
        )
    if _sum_of(values.get("taxes")) and not preferences.get("sales_tax"):
        raise SetUpNeeded(
            "It is taxed, and sales tax is switched off in QuickBooks.",
            what_to_do="Set sales tax up there, or take the tax off here.",
            element="TxnTaxDetail",
        )


def _sum_of(taxes: Any) -> Decimal:
    return sum((amount_of(each["amount"]) for each in taxes or ()), ZERO)


def _discount(values: Mapping[str, Any], old: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    percent, amount = values.get("discount_percent"), values.get("discount_amount")
    if not percent and not amount:
        return None
    before = mapped.discount_line(old) or {}
    line = dict(sendable(before, "Line"))
    detail = {**object_of(line.get(mapped.DISCOUNT)), "PercentBased": bool(percent)}
    detail.pop("DiscountPercent", None)
    if percent:
        check_decimals("The discount in percent", "DiscountPercent", Decimal(percent))
        detail["DiscountPercent"] = Decimal(percent)
        line["Amount"] = amount_of(values.get("discount"))
    else:
        check_amount("The discount", "DiscountLineDetail", Decimal(str(amount)))
        line["Amount"] = Decimal(str(amount))
    return {**line, "DetailType": mapped.DISCOUNT, mapped.DISCOUNT: detail}


def _tax(values: Mapping[str, Any], company: Mapping[str, Any]) -> dict[str, Any]:
    """The code, and QuickBooks computes; with automated tax our amount, in its place."""
    preferences = company.get("preferences") or {}
    if not preferences.get("sales_tax"):
        return {}
    if preferences.get("automated_sales_tax"):
        return {"TotalTax": _sum_of(values.get("taxes"))}
    rate = values.get("tax_rate")
    if rate is None:
        if any(each.get("is_taxable") for each in values["lines"]) and _sum_of(values.get("taxes")):
            raise InvalidValue(
                "It is taxed with an amount that no tax rate explains.",
                what_to_do="Choose its tax rate, then retry.",
                element="TxnTaxDetail",
            )
        return {}
    return (
        {"TxnTaxCodeRef": {"value": sent_ref(rate, "The tax rate")}}
        if isinstance(rate, Ref)
        else {}
    )
