"""Bill payments: money to a vendor, used on bills, with or without vendor credits."""

from typing import Any

from .. import errors
from ..ledger import Posting
from ..money import cents, from_cents
from . import references
from .applied import Applied, within
from .form import Form
from .purchases import settle_payable
from .sales import settle_head

BILL, CREDIT = "Bill", "VendorCredit"
# PayType: the property that says how, its account and the account's type
PAID_BY = {
    "Check": ("CheckPayment", "BankAccountRef", "Bank"),
    "CreditCard": ("CreditCardPayment", "CCAccountRef", "Credit Card"),
}


def settle(form: Form) -> None:
    """
    Complete a bill payment.

    Raises:
        Fault: 620 for what cannot be linked, 6000 for more than is open or more than was paid,
            6430 for an account that cannot pay.
    """
    settle_head(form)
    settle_payable(form)
    _settle_account(form)
    if form.money("TotalAmt") < 0:
        raise errors.negative_amount("TotalAmt")
    applied = Applied(form, (BILL, CREDIT))
    form.document["Line"] = [_settled(form, applied, line) for line in form.get("Line", [])]
    if unapplied(form) < 0 and not form.sent:  # a credit it used is gone
        form.document["Line"] = within(
            form.document["Line"], unapplied(form), lambda line: _sign(line) > 0
        )
    if unapplied(form) < 0:
        raise errors.business_validation(
            "The amount applied to transactions is more than the amount paid.", "Line"
        )


def _settle_account(form: Form) -> None:
    kind = form.document["PayType"]
    if form.before is not None and kind != form.before["PayType"]:
        raise errors.business_validation("How a bill was paid cannot be changed.", "PayType")
    name, account_name, account_type = PAID_BY[kind]
    detail = dict(form.get(name) or {})
    id = (detail.get(account_name) or {}).get("value", "")
    if not id:
        raise errors.required_missing(f"{name}.{account_name}")
    detail[account_name] = references.settle(form, "Account", id, f"{name}.{account_name}")
    references.check_account(form, id, (account_type,), account_name)
    if kind == "Check":
        detail.setdefault("PrintStatus", "NotSet")
    for other, _, _ in PAID_BY.values():
        form.document.pop(other, None)
    form.document[name] = detail


def _settled(form: Form, applied: Applied, line: dict[str, Any]) -> dict[str, Any]:
    kind, id, target = applied.target(line)
    if target["VendorRef"]["value"] != form.ref("VendorRef"):
        raise errors.cannot_link(f"Txn Id {id} cannot be linked: it is of another vendor.")
    open_cents = cents(target["TotalAmt"]) - applied.used(kind, id)
    amount = applied.use(line, kind, id, open_cents)
    return {"Amount": from_cents(amount), "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def unapplied(form: Form) -> int:
    """Cents paid beyond what the lines use: they stay a credit with the vendor."""
    left = cents(form.money("TotalAmt"))
    for line in form.document["Line"]:
        left -= _sign(line) * cents(line["Amount"])
    return left


def _sign(line: dict[str, Any]) -> int:
    """1 for a line that pays a bill, -1 for one that takes from a credit."""
    return 1 if line["LinkedTxn"][0]["TxnType"] == BILL else -1


def post(form: Form) -> list[Posting]:
    """
    Money out, payables down: on the account of each bill for what pays it, on the payment's own for
    the rest. A credit that is used lifts its account again.
    """
    name, account_name, _ = PAID_BY[form.document["PayType"]]
    paid_from = form.document[name][account_name]["value"]
    found = [Posting(paid_from, -cents(form.money("TotalAmt")))]
    for line in form.get("Line", []):
        linked = line["LinkedTxn"][0]
        target = form.company.find(linked["TxnType"], linked["TxnId"]) or {}
        account = target["APAccountRef"]["value"]
        found.append(Posting(account, _sign(line) * cents(line["Amount"]), form.party))
    return [*found, Posting(form.ref("APAccountRef"), unapplied(form), form.party)]
