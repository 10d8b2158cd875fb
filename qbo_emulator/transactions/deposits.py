"""
Bank deposits: payments out of Undeposited Funds into an account, and other money.

What sits in a deposit is locked (6540) until the deposit is undone, that is deleted.
"""

from decimal import Decimal
from typing import Any

from .. import errors
from ..ledger import Posting
from ..money import cents, rounded
from .form import Form
from .links import MARK, Link, Links
from .sales import settle_deposit_account, settle_head

NAMES = ("Customer", "Vendor", "Employee")
DEPOSITABLE = ("Payment", "SalesReceipt", "RefundReceipt")


def settle(form: Form) -> None:
    """
    Complete a deposit.

    Raises:
        Fault: 620 for what is not there, is in another deposit, or is not in Undeposited Funds.
    """
    settle_head(form)
    settle_deposit_account(form)
    lines = form.get("Line", [])
    if not lines:
        raise errors.required_missing("Line")
    form.document["Line"] = [_settled(form, line, place) for place, line in enumerate(lines, 1)]
    _check_each_once(form)
    total = sum((Decimal(line["Amount"]) for line in form.document["Line"]), Decimal(0))
    total -= _cash_back(form)
    if total < 0:
        raise errors.negative_amount("TotalAmt")
    form.set_money("TotalAmt", total)


def _check_each_once(form: Form) -> None:
    ids = [link.target_id for link in links_of(form)]
    for id in ids:
        if ids.count(id) > 1:
            raise errors.cannot_link(f"Txn Id {id} cannot be linked.")


def _cash_back(form: Form) -> Decimal:
    """Money kept out of the deposit; it goes to an account."""
    cash_back = form.get("CashBack") or {}
    amount = Decimal(cash_back.get("Amount") or 0)
    if amount < 0:
        raise errors.negative_amount("CashBack.Amount")
    if amount:
        account = (cash_back.get("AccountRef") or {}).get("value", "")
        if not account:
            raise errors.required_missing("CashBack.AccountRef")
        form.known("Account", account, lambda: errors.unknown_account(account))
    return amount


def _settled(form: Form, line: dict[str, Any], place: int) -> dict[str, Any]:
    linked = line.get("LinkedTxn") or []
    settled: dict[str, Any] = {"Id": str(place), "LineNum": place}
    if linked:
        kind, id = linked[0].get("TxnType", ""), linked[0].get("TxnId", "")
        target = _depositable(form, kind, id)
        sign = -1 if kind == "RefundReceipt" else 1
        settled["Amount"] = rounded(sign * Decimal(target["TotalAmt"]))
        settled["LinkedTxn"] = [{"TxnId": id, "TxnType": kind, "TxnLineId": "0"}]
    elif "Amount" not in line:
        raise errors.required_missing("Amount")
    else:
        settled["Amount"] = line["Amount"]
    detail = dict(line.get("DepositLineDetail") or {})
    if not linked:
        account = (detail.get("AccountRef") or {}).get("value", "")
        if not account:
            raise errors.required_missing("AccountRef")
        form.known("Account", account, lambda: errors.unknown_account(account))
        detail["AccountRef"] = form.company.account_named(account)
        _check_name(form, detail.get("Entity") or {})
        settled |= {"DetailType": "DepositLineDetail", "DepositLineDetail": detail}
    return settled


def _check_name(form: Form, whose: dict[str, Any]) -> None:
    kinds = [whose["type"]] if whose.get("type") else NAMES
    if whose and not any(form.company.find(kind, whose["value"]) for kind in kinds):
        raise errors.unknown_reference("Entity", "Names", whose["value"])


def _depositable(form: Form, kind: str, id: str) -> dict[str, Any]:
    def refuse() -> errors.Fault:
        return errors.cannot_link(f"Txn Id {id} cannot be linked.")

    if kind not in DEPOSITABLE:
        raise refuse()
    target = form.known(kind, id, refuse)
    if not target.get("TotalAmt"):  # voided, or nothing to bring to the bank
        raise refuse()
    undeposited = form.company.account("undeposited")["value"]
    marks = Links(form.company.store).on(form.company.realm, kind, id)
    elsewhere = [each for each in marks if each.kind == MARK and each.id != form.id]
    if elsewhere or target.get("DepositToAccountRef", {}).get("value") != undeposited:
        raise refuse()
    return target


def links_of(form: Form) -> list[Link]:
    return [
        Link("Deposit", form.id, linked["TxnType"], linked["TxnId"], 0, MARK)
        for line in form.get("Line", [])
        for linked in line.get("LinkedTxn", [])
    ]


def post(form: Form) -> list[Posting]:
    """Into the bank, out of Undeposited Funds or whatever account a line names."""
    undeposited = form.company.account("undeposited")["value"]
    found = [Posting(form.ref("DepositToAccountRef"), cents(form.money("TotalAmt")))]
    cash_back = form.get("CashBack") or {}
    if cash_back.get("Amount"):
        found.append(Posting(cash_back["AccountRef"]["value"], cents(cash_back["Amount"])))
    for line in form.get("Line", []):
        detail = line.get("DepositLineDetail", {})
        account = undeposited if line.get("LinkedTxn") else detail["AccountRef"]["value"]
        whose = detail.get("Entity") or {}
        name = f"{whose.get('type', 'Customer')}:{whose['value']}" if whose else ""
        found.append(Posting(account, -cents(line["Amount"]), name))
    return found
