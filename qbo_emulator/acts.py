"""
What a person does in the books, by hand: for the desk and for `POST /emulator/act`.

No SyncToken, no requestid, the UI's own rules; every act is a write of `books` like any other.
"""

from collections.abc import Callable
from typing import Any

from .books import Actor, Written
from .emulator import Emulator
from .entities import BY_NAME, Entity
from .jsontext import loads
from .money import cents, from_cents

Fields = dict[str, Any]


class UnknownAct(ValueError):
    """There is no such act, or it lacks what it needs; the text says what."""


def act(
    emulator: Emulator,
    realm: str,
    entity: Entity,
    *,
    operation: str,
    id: str,
    fields: Fields,
    actor: Actor,
    into: str = "",
) -> Written:
    """
    Do one thing.

    Args:
        operation: create, update, inactivate, reactivate, merge, delete, void, receive_payment
            or make_deposit. The last two say in `fields` what is meant; `entity` does not matter.
            The undo of a deposit is its delete.
    Raises:
        Fault: the rules of names and values hold for people too.
        UnknownAct: an unknown operation.
    """
    books = emulator.books
    if operation == "merge":
        return books.merge(realm, entity, id, into, actor)
    if operation == "delete":
        return books.delete(realm, entity, {"Id": id}, actor)
    if operation == "void":
        return books.void(realm, entity, {"Id": id}, actor)
    if operation in BY_HAND:
        return BY_HAND[operation](emulator, realm, fields, actor)
    wish = dict(fields)
    if operation == "inactivate":
        wish["Active"] = False
    elif operation == "reactivate":
        wish["Active"] = True
    elif operation not in {"create", "update"}:
        known = ", ".join(("create, update, inactivate, reactivate, merge, delete, void", *BY_HAND))
        raise UnknownAct(f"operation is one of {known}.")
    if operation != "create":
        wish |= {"Id": id, "sparse": True}
    return books.write(realm, entity, wish, actor)


def receive_payment(emulator: Emulator, realm: str, fields: Fields, actor: Actor) -> Written:
    """
    "Receive payment": money on invoices, in their order, as far as it goes.

    Args:
        fields: `invoices`, a list of ids; `amount`, by default all that is open on them;
            `customer`, by default the first invoice's; and any property of a Payment.
    """
    rest = dict(fields)
    invoices = [_stored(emulator, realm, "Invoice", id) for id in rest.pop("invoices", [])]
    customer = str(rest.pop("customer", "") or "")
    if not customer and not invoices:
        raise UnknownAct("receive_payment needs invoices or a customer.")
    customer = customer or invoices[0]["CustomerRef"]["value"]
    total = sum(cents(each["Balance"]) for each in invoices)
    left = _amount(rest.pop("amount", None), total)
    lines = []
    total_paid = from_cents(left)
    for invoice in invoices:
        used = min(left, cents(invoice["Balance"]))
        if used:
            left -= used
            linked = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
            lines.append({"Amount": from_cents(used), "LinkedTxn": linked})
    body = {"CustomerRef": {"value": customer}, "TotalAmt": total_paid, "Line": lines}
    return emulator.books.write(realm, BY_NAME["Payment"], body | rest, actor)


def make_deposit(emulator: Emulator, realm: str, fields: Fields, actor: Actor) -> Written:
    """
    "Bank deposit": payments and receipts out of Undeposited Funds into an account.

    Args:
        fields: `payments`, a list of ids; `account`, the bank account's id; and any property of a
            Deposit.
    """
    rest = dict(fields)
    ids, account = rest.pop("payments", []), str(rest.pop("account", "") or "")
    if not ids or not account:
        raise UnknownAct("make_deposit needs payments and an account.")
    lines = []
    for id in ids:
        kind = next(
            (each for each in DEPOSITABLE if emulator.store.get(realm, each, str(id))), "Payment"
        )
        amount = _stored(emulator, realm, kind, id)["TotalAmt"]
        linked = [{"TxnId": str(id), "TxnType": kind, "TxnLineId": "0"}]
        lines.append({"Amount": amount, "LinkedTxn": linked})
    body = {"DepositToAccountRef": {"value": account}, "Line": lines}
    return emulator.books.write(realm, BY_NAME["Deposit"], body | rest, actor)


DEPOSITABLE = ("Payment", "SalesReceipt", "RefundReceipt")
BY_HAND: dict[str, Callable[[Emulator, str, Fields, Actor], Written]] = {
    "receive_payment": receive_payment,
    "make_deposit": make_deposit,
}


def _amount(asked: Any, default: int) -> int:
    """Cents of what was asked for."""
    try:
        return cents(asked) if asked else default
    except (ArithmeticError, TypeError, ValueError):
        raise UnknownAct(f"{asked!r} is no amount.") from None


def _stored(emulator: Emulator, realm: str, entity: str, id: Any) -> dict[str, Any]:
    row = emulator.store.get(realm, entity, str(id))
    if row is None or row.gone:
        raise UnknownAct(f"There is no {entity} {id}.")
    found: dict[str, Any] = loads(row.doc)
    return found
