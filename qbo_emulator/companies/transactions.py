"""
The transactions a company starts with, written by the same code as everybody's.

Facts come in order of their ids, so what a payment or an invoice names is there before it. Dates
are days from the anchor, the day the company was made. Afterwards SyncTokens are set to what is
known.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .. import clock as clocks
from ..books import SYSTEM, Books
from ..clock import Clock
from ..entities import BY_NAME
from ..jsontext import dumps, loads
from ..store import Row, Store
from ..switches import Switches
from .rows import SEEDED_BY

Facts = dict[str, Any]
ANY_NUMBER = frozenset({"allowduplicatedocnum"})


class StandingClock(Clock):
    """Always the moment the company was made."""

    def __init__(self, epoch: float) -> None:
        super().__init__()
        self._epoch = epoch

    def epoch(self) -> float:
        return self._epoch


def write_transactions(store: Store, facts: Facts, realm: str, made: float) -> None:
    """Write all transactions of a company's facts, and opening entries for other balances."""
    books = Books(store, StandingClock(made), Switches(), lambda *event: None)
    kept = _set_while_writing(store, realm)
    for each in facts.get("charges", []):
        store.insert_many([_charge(each, realm, made)])
    for id, entity, each, body in sorted(_bodies(facts, made), key=lambda found: found[0]):
        store.set_counter(realm, "txn", id - 1)
        books.write(realm, BY_NAME[entity], body, SYSTEM, ANY_NUMBER)
        _end(books, realm, entity, each)
    for row in kept:
        store.set_doc(row)
    _open_balances(books, realm)
    _as_it_was_made(store, realm, _tokens(facts))
    if facts.get("next_doc_number"):
        store.set_counter(realm, "number:sales", int(facts["next_doc_number"]) - 1)
        store.set_counter(realm, "number:estimate", _highest_number(facts.get("estimates", [])))


def _set_while_writing(store: Store, realm: str) -> list[Row]:
    """
    No credit applies itself, as the facts say which were; items that ended since can be sold, and
    the quantities of the facts are those after all sales.

    Returns: the rows as they have to be afterwards.
    """
    kept = []
    for row in (*store.dump(realm, "Preferences"), *store.dump(realm, "Item")):
        document = loads(row.doc)
        if row.entity == "Preferences":
            document["SalesFormsPrefs"]["AutoApplyCredit"] = False
        else:
            document["Active"] = True
        kept.append(row)
        store.set_doc(replace(row, doc=dumps(document)))
    return kept


def _highest_number(forms: list[Facts]) -> int:
    numbers = [each.get("doc_number", "") for each in forms]
    return max((int(each) for each in numbers if each.isdigit()), default=0)


def _tokens(facts: Facts) -> dict[str, int]:
    lists = ("invoices", "payments", "estimates", "credit_memos", "sales_receipts", "deposits")
    return {
        each["id"]: int(each["sync_token"])
        for name in lists
        for each in facts.get(name, [])
        if "sync_token" in each
    }


def _end(books: Books, realm: str, entity: str, facts: Facts) -> None:
    """What happened to it since: voided or deleted."""
    if facts.get("voided"):
        books.transactions.void(realm, BY_NAME[entity], facts["id"], {}, SYSTEM)
    if facts.get("deleted"):
        books.transactions.delete(realm, BY_NAME[entity], facts["id"], {}, SYSTEM)


def _open_balances(books: Books, realm: str) -> None:
    """Balances of the facts that no transaction explains."""
    for entity in ("Customer", "Vendor"):
        for row in books.store.dump(realm, entity):
            books.transactions.open_balance(row, SYSTEM)


def _as_it_was_made(store: Store, realm: str, tokens: dict[str, int]) -> None:
    """History begins with the first change of somebody: tokens as known, no versions."""
    for entity in ("Invoice", "Payment", "Estimate", "CreditMemo", "SalesReceipt", "Deposit"):
        for row in store.dump(realm, entity):
            document = loads(row.doc)
            row.token = tokens.get(row.id, row.token if entity == "Invoice" else 0)
            row.who = SEEDED_BY
            row.doc = Books.dress(row, document)
            store.db.execute(
                "UPDATE object SET token = ?, who = ?, doc = ?"
                " WHERE realm = ? AND entity = ? AND id = ?",
                (row.token, row.who, row.doc, realm, entity, row.id),
            )
    store.db.execute("DELETE FROM version WHERE realm = ?", (realm,))


# --- From facts to what an app would send ---


def _bodies(facts: Facts, made: float) -> list[tuple[int, str, Facts, Facts]]:
    """(id, entity, facts, body) of every transaction."""
    anchor = clocks.pacific(datetime.fromtimestamp(made, UTC)).date()
    found = []
    for name, (entity, make) in MAKERS.items():
        for each in facts.get(name, []):
            body = {"TxnDate": _day(anchor, each["txn_date_offset_days"])} | make(each, facts)
            if "due_date_offset_days" in each:
                body["DueDate"] = _day(anchor, each["due_date_offset_days"])
            found.append((int(each["id"]), entity, each, _without_none(body)))
    return found


def _day(anchor: date, days: int) -> str:
    return (anchor + timedelta(days=days)).isoformat()


def _without_none(body: Facts) -> Facts:
    return {name: value for name, value in body.items() if value is not None}


def _ref(id: str | None) -> dict[str, str] | None:
    return None if id is None else {"value": id}


def _form(each: Facts, facts: Facts) -> Facts:
    """The head and lines that all sales forms have."""
    code = each.get("txn_tax_code_id")
    text, email = each.get("customer_memo"), each.get("bill_email")
    return {
        "CustomerRef": _ref(each.get("customer_id")),
        "DocNumber": each.get("doc_number"),
        "Line": [_line(line) for line in each["lines"]],
        "TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}} if code else None,
        "CustomerMemo": {"value": text} if text else None,
        "PrivateNote": each.get("private_note"),
        "BillEmail": {"Address": email} if email else None,
        "EmailStatus": each.get("email_status", "NotSet"),
        "PrintStatus": each.get("print_status", "NeedToPrint"),
    }


def _invoice(each: Facts, facts: Facts) -> Facts:
    links = [
        {"TxnId": link["txn_id"], "TxnType": link["txn_type"]}
        for link in each.get("linked_txn", [])
        if link["txn_type"] != "Payment"
    ]
    terms = {term["name"]: term["id"] for term in facts["terms"]}
    return _form(each, facts) | {
        "LinkedTxn": links,
        "SalesTermRef": _ref(terms.get(each.get("terms", ""))),
    }


def _estimate(each: Facts, facts: Facts) -> Facts:
    tax = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}} if each.get("total_tax") else {}
    return _form(each, facts) | tax | {"TxnStatus": each.get("txn_status", "Pending")}


def _receipt(each: Facts, facts: Facts) -> Facts:
    return _form(each, facts) | _received(each)


def _received(each: Facts) -> Facts:
    return {
        "PaymentMethodRef": _ref(each.get("payment_method_id")),
        "PaymentRefNum": each.get("payment_ref_num"),
        "DepositToAccountRef": _ref(each.get("deposit_to_account_id")),
    }


def _payment(each: Facts, facts: Facts) -> Facts:
    applied = [
        {
            "Amount": part["amount"],
            "LinkedTxn": [{"TxnId": part["txn_id"], "TxnType": part["txn_type"]}],
        }
        for part in each.get("applied", [])
    ]
    return _received(each) | {
        "CustomerRef": _ref(each["customer_id"]),
        "TotalAmt": each["total_amt"],
        "PrivateNote": each.get("private_note"),
        "Line": applied,
        "ProcessPayment": False,
    }


def _deposit(each: Facts, facts: Facts) -> Facts:
    held = [
        {"LinkedTxn": [{"TxnId": payment["id"], "TxnType": "Payment", "TxnLineId": "0"}]}
        for payment in facts.get("payments", [])
        if payment.get("deposit_txn_id") == each["id"]
    ]
    return {"DepositToAccountRef": _ref(each["deposit_to_account_id"]), "Line": held}


MAKERS = {
    "invoices": ("Invoice", _invoice),
    "payments": ("Payment", _payment),
    "estimates": ("Estimate", _estimate),
    "credit_memos": ("CreditMemo", _form),
    "sales_receipts": ("SalesReceipt", _receipt),
    "deposits": ("Deposit", _deposit),
}


def _line(facts: Facts) -> Facts:
    if facts.get("type") == "discount":
        detail: Facts = {"PercentBased": bool(facts.get("percent_based"))}
        if "percent" in facts:
            detail["DiscountPercent"] = facts["percent"]
        return {
            "Amount": facts["amount"],
            "DetailType": "DiscountLineDetail",
            "DiscountLineDetail": detail,
        }
    if facts.get("type") == "bundle":
        detail = {"GroupItemRef": {"value": facts["item_id"]}, "Quantity": facts["qty"]}
        return {"DetailType": "GroupLineDetail", "GroupLineDetail": detail}
    detail = {
        "ItemRef": {"value": facts["item_id"]},
        "UnitPrice": facts.get("unit_price"),
        "Qty": facts.get("qty"),
        "TaxCodeRef": {"value": facts.get("tax_code", "NON")},
    }
    return _without_none(
        {
            "Description": facts.get("description"),
            "Amount": facts["amount"],
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": _without_none(detail),
        }
    )


def _charge(facts: Facts, realm: str, made: float) -> Row:
    """A delayed charge: in the total of the invoice that names it, not reachable by itself."""
    document = {
        "CustomerRef": {"value": facts["customer_id"]},
        "Amount": facts["amount"],
        "TaxCodeRef": {"value": facts["tax_code"]},
        "Id": facts["id"],
    }
    id = facts["id"]
    return Row(
        realm, facts["type"], id, int(id), 0, 1, None, "", "", "", "", made, made, SEEDED_BY,
        dumps(document),
    )  # fmt: skip
