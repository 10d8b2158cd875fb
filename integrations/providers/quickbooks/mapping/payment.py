"""
A payment is a payment in QuickBooks, too.

Sources: sections 4.7, 5.4 and 5.5 of the API, as told in ../README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any, Final

from integrations.entities.payment import REFERENCE_LIMIT, PaymentRecord
from integrations.providers.base import Operation, Snapshot
from integrations.providers.quickbooks.mapping.forms import (
    ZERO,
    amount_of,
    as_ref,
    check_amount,
    check_text,
    life_of,
    linked,
    ref_id,
    sendable,
    sent_ref,
)
from integrations.providers.quickbooks.mapping.names import object_of
from integrations.providers.quickbooks.values import parse_time
from integrations.reconcile.record import UNKNOWN, Life, Ref

KEPT: Final = ("Line", "DepositToAccountRef", "CustomerRef")
DEPOSITED: Final = (
    "It is part of a bank deposit in QuickBooks. Take it out of the deposit there first."
)
CARD: Final = "QuickBooks Payments took it. Refund it in QuickBooks."
MEMO_LIMIT: Final = 4000
MOST_IN_QUESTION: Final = 10


class PaymentMapping:
    entity = "payment"
    resource = "Payment"
    name_property = "PaymentRefNum"
    is_transaction = True
    where = ""

    # -- Reading ---------------------------------------------------------------------------------

    def snapshot(self, payload: Mapping[str, Any]) -> Snapshot:
        times = object_of(payload.get("MetaData"))
        total = amount_of(payload.get("TotalAmt"))
        told_on = str(payload.get("TxnDate") or "")
        record = _record(payload)
        return Snapshot(
            entity=self.entity,
            remote_id=str(payload["Id"]),
            version=int(payload.get("SyncToken") or 0),
            record=record,
            kept={name: payload[name] for name in KEPT if name in payload},
            label=f"Payment of {total:,.2f}",
            changed_at=parse_time(times.get("LastUpdatedTime")),
            created_at=parse_time(times.get("CreateTime")),
            # It only links credits (rule 2).
            is_foreign=not total and life_of(payload) is Life.LIVE,
            amount=total,
            dated_on=date.fromisoformat(told_on) if told_on else None,
            facts={
                "total": f"{total:f}",
                "unapplied": f"{amount_of(payload.get('UnappliedAmt')):f}",
                "customer": ref_id(payload, "CustomerRef"),
                "lock_reason": _lock_reason(payload),
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
        """An update is sparse; its lines are always whole, or QuickBooks would un-apply them."""
        identity = {"Id": remote_id, "SyncToken": str(version)}
        if operation is Operation.DELETE:
            return identity
        if operation is Operation.VOID:
            return {**identity, "sparse": True}
        is_new = operation is Operation.CREATE
        changes = {**_head(values, company, is_new=is_new), **_split(values, kept)}
        if is_new:
            return {**changes, **_deposit_account(company)}
        # A sparse update still needs the customer and what it comes to (4.7).
        return {
            **identity,
            "sparse": True,
            "CustomerRef": {"value": ref_id(kept, "CustomerRef")},
            **changes,
        }

    def params(self, operation: Operation, company: Mapping[str, Any]) -> dict[str, str]:
        """What stands in the address beside the body (5.4, 5.5)."""
        if operation is Operation.VOID:
            return {"operation": "update", "include": "void"}
        return {"operation": "delete"} if operation is Operation.DELETE else {}

    def spellings(self, name: str) -> list[str]:
        return [name]


# -- Reading -------------------------------------------------------------------------------------


def _record(payload: Mapping[str, Any]) -> PaymentRecord:
    life = life_of(payload)
    if life is not Life.LIVE:
        return PaymentRecord(life=life)  # void zeroes the rest; that is no edit of it (rule 24)
    is_sparse = payload.get("sparse") is True
    told: dict[str, Any] = {"life": life}

    def has(name: str) -> bool:
        return name in payload or not is_sparse

    if has("CustomerRef"):
        told["contact"] = as_ref("contact", ref_id(payload, "CustomerRef"))
    if has("TxnDate"):
        told["received_on"] = str(payload.get("TxnDate") or "")
    if has("PaymentMethodRef"):
        method = ref_id(payload, "PaymentMethodRef")
        told["method"] = Ref("payment_method", method) if method else ""
    if has("PaymentRefNum"):
        told["reference"] = str(payload.get("PaymentRefNum") or "")
    told["long_reference"] = "" if not is_sparse else UNKNOWN
    if has("Line"):
        told["amount"] = f"{amount_of(payload.get('TotalAmt')):.2f}"
        told["parts"] = _read_parts(payload)
        told["currency"] = ref_id(payload, "CurrencyRef")
    if "TotalAmt" in payload and not amount_of(payload["TotalAmt"]):
        told["life"] = Life.VOID  # no money: of one of ours that is as good as void (rule 2)
    return PaymentRecord(**told)


def _read_parts(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    What is paid, by record; two lines for one record are one part.

    QuickBooks writes no signs: what is used up, a credit memo, is below 0 here, so that the parts
    and what is unapplied add up to the payment.
    """
    lines: Sequence[Mapping[str, Any]] = payload.get("Line") or []
    sums: dict[tuple[str, str], Decimal] = {}
    labels: dict[tuple[str, str], str] = {}
    for line in lines:
        for kind, txn_id in linked(line)[:1]:
            key = (kind, txn_id)
            sums[key] = sums.get(key, ZERO) + amount_of(line.get("Amount"))
            labels[key] = f"{kind} {_number_of(line) or txn_id}"
    applied = amount_of(payload.get("TotalAmt")) - amount_of(payload.get("UnappliedAmt"))
    signs = _signs(sums, applied)
    return [
        _read_part(kind, txn_id, sign * amount, labels[kind, txn_id])
        for sign, ((kind, txn_id), amount) in zip(signs, sums.items(), strict=True)
    ]


def _signs(sums: Mapping[tuple[str, str], Decimal], applied: Decimal) -> tuple[int, ...]:
    """
    1 for what is paid, -1 for what is used to pay it. A journal entry may be either: by what was
    applied in all, where few enough are in question.
    """
    known = {"Invoice": (1,), "CreditMemo": (-1,)}
    choices = [known.get(kind, (1, -1)) for kind, _ in sums]
    if sum(len(each) > 1 for each in choices) <= MOST_IN_QUESTION:
        for signs in product(*choices):
            worth = (sign * each for sign, each in zip(signs, sums.values(), strict=True))
            if sum(worth, ZERO) == applied:
                return signs
    return tuple(each[0] for each in choices)


def _read_part(kind: str, txn_id: str, amount: Decimal, label: str) -> dict[str, Any]:
    told = {"label": label, "amount": f"{amount:.2f}"}
    if kind == "Invoice":
        return {"invoice": Ref("invoice", txn_id), **told}
    return {"txn": f"{kind}:{txn_id}", **told}


def _number_of(line: Mapping[str, Any]) -> str:
    """The number of what is paid, which answers tell in name and value pairs (4.7)."""
    for each in object_of(line.get("LineEx")).get("any") or []:
        pair = object_of(object_of(each).get("value"))
        if pair.get("Name") == "txnReferenceNumber":
            return str(pair.get("Value") or "")
    return ""


def _lock_reason(payload: Mapping[str, Any]) -> str:
    if any(kind == "Deposit" for kind, _ in linked(payload)):
        return DEPOSITED
    return CARD if payload.get("CreditCardPayment") else ""


# -- Writing -------------------------------------------------------------------------------------


def _head(values: Mapping[str, Any], company: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    if "contact" in values:
        sent["CustomerRef"] = {"value": sent_ref(values["contact"], "The contact")}
    if "received_on" in values:
        sent["TxnDate"] = values["received_on"]
    if "method" in values:
        method_id = _method_id(str(values["method"] or ""), company)
        if method_id or not is_new:
            sent["PaymentMethodRef"] = {"value": method_id}
    if "reference" in values:
        check_text("The reference", "PaymentRefNum", values["reference"], REFERENCE_LIMIT)
        if values["reference"] or not is_new:
            sent["PaymentRefNum"] = values["reference"]
    if is_new and values.get("long_reference"):  # whole into the memo (ledger rule 27)
        check_text("The reference", "PrivateNote", values["long_reference"], MEMO_LIMIT)
        sent["PrivateNote"] = values["long_reference"]
    return sent


def _method_id(name: str, company: Mapping[str, Any]) -> str:
    """By name; one that QuickBooks does not know is sent blank, none is made (rule 27)."""
    methods = (company.get("lists") or {}).get("methods") or []
    wanted = name.strip().casefold()
    return next((str(each["id"]) for each in methods if each["name"].casefold() == wanted), "")


def _split(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    old = [sendable(each, "Line") for each in kept.get("Line") or []]
    if "parts" not in values:
        return {"Line": old} if old else {}
    total = Decimal(values["amount"])
    check_amount("The payment", "TotalAmt", total)
    by_txn = {pair: each for each in old for pair in linked(each)[:1]}
    return {
        "TotalAmt": total,
        "Line": [_line(each, by_txn) for each in values["parts"]],
    }


def _line(
    part: Mapping[str, Any], by_txn: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, Any]:
    kind, _, txn_id = str(part.get("txn") or "").partition(":")
    if part.get("invoice") is not None:
        kind, txn_id = "Invoice", sent_ref(part["invoice"], "What a payment pays")
    old = dict(by_txn.get((kind, txn_id), {}))
    amount = abs(Decimal(part["amount"]))  # below 0 here: used to pay, see _read_parts
    check_amount("A part of the payment", "Amount", amount)
    return {**old, "Amount": amount, "LinkedTxn": [{"TxnId": txn_id, "TxnType": kind}]}


def _deposit_account(company: Mapping[str, Any]) -> dict[str, Any]:
    """Undeposited Funds by itself; another account only where one was chosen (rule 22)."""
    account = ((company.get("defaults") or {}).get("deposit_account") or {}).get("id")
    return {"DepositToAccountRef": {"value": str(account)}} if account else {}
