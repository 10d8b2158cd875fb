"""Short ways to write what the tests of purchases need. Ids are those of the sample company."""

from typing import Any

from tests.emulator.conftest import Quick

CHECKING, SAVINGS, MASTERCARD = "35", "36", "41"
PAYABLE, RECEIVABLE = "33", "84"
ADVERTISING, INVENTORY, COST_OF_GOODS, SERVICES = "7", "81", "80", "1"
PUMP = "11"  # a stock item: 25 on hand, bought at 10, sold at 15
BOOKS_BY_BESSIE, CAL_TELEPHONE = "30", "32"  # vendors who are owed nothing
DYLAN = "6"  # a customer who owes nothing


def ref(id: str) -> dict[str, str]:
    return {"value": id}


def expense(amount: Any, account: str = ADVERTISING, **detail: Any) -> dict[str, Any]:
    return {
        "Amount": amount,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": ref(account), **detail},
    }


def goods(quantity: Any, price: Any, item: str = PUMP, **detail: Any) -> dict[str, Any]:
    return {
        "Amount": quantity * price,
        "DetailType": "ItemBasedExpenseLineDetail",
        "ItemBasedExpenseLineDetail": {
            "ItemRef": ref(item),
            "Qty": quantity,
            "UnitPrice": price,
            **detail,
        },
    }


def bill(qbo: Quick, amount: Any = 100, vendor: str = BOOKS_BY_BESSIE, **rest: Any) -> Any:
    body = {"VendorRef": ref(vendor), "Line": [expense(amount)], **rest}
    return qbo.create("Bill", **body)


def vendor_credit(qbo: Quick, amount: Any = 30, vendor: str = BOOKS_BY_BESSIE) -> Any:
    return qbo.create("VendorCredit", VendorRef=ref(vendor), Line=[expense(amount)])


def use(kind: str, id: str, amount: Any) -> dict[str, Any]:
    """A line of a payment."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def pay_bill(total: Any, *lines: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """The body of a bill payment by check."""
    return {
        "VendorRef": ref(BOOKS_BY_BESSIE),
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": ref(CHECKING)},
        "TotalAmt": total,
        "Line": list(lines),
        **rest,
    }


def entry_line(side: str, amount: Any, account: str, *owner: str) -> dict[str, Any]:
    """A journal entry line; owner is a type and an id."""
    detail: dict[str, Any] = {"PostingType": side, "AccountRef": ref(account)}
    if owner:
        detail["Entity"] = {"Type": owner[0], "EntityRef": ref(owner[1])}
    return {
        "Amount": amount,
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": detail,
    }


def delete(qbo: Quick, made: dict[str, Any], entity: str) -> None:
    """Delete the newest version of an object."""
    now = qbo.read(made["Id"], entity)
    answer = qbo.api("POST", entity.lower(), params={"operation": "delete"}, json=now)
    assert answer.status_code == 200, answer.text


def close_books(qbo: Quick, date: str) -> None:
    now = qbo.read("", "Preferences")
    body = {"SyncToken": now["SyncToken"], "sparse": True}
    answer = qbo.post({**body, "AccountingInfoPrefs": {"BookCloseDate": date}}, "Preferences")
    assert answer.status_code == 200, answer.text
