"""The way of a write to a transaction: what it settles, posts, links and moves (4.6, 4.7, 5, 9)."""

from typing import Any

from tests.emulator.conftest import Quick, fault


def item_line(amount: Any, item: str = "6", **detail: Any) -> dict[str, Any]:
    """One line of an item; 6 is Gardening."""
    detail = {"ItemRef": {"value": item}, **detail}
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def invoice(qbo: Quick, amount: Any = 100, customer: str = "6", **fields: Any) -> dict[str, Any]:
    body = {"CustomerRef": {"value": customer}, "Line": [item_line(amount)], **fields}
    return qbo.create("Invoice", **body)


def payment(qbo: Quick, total: Any, *applied: tuple[str, Any], customer: str = "6") -> Any:
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": "Invoice"}]}
        for id, amount in applied
    ]
    return qbo.create("Payment", CustomerRef={"value": customer}, TotalAmt=total, Line=lines)


def test_a_new_invoice_gets_what_quickbooks_fills_in_4_6(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    assert made["Line"][0]["Id"] == "1"
    assert made["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert made["Line"][1]["DetailType"] == "SubTotalLineDetail"
    assert (made["TotalAmt"], made["Balance"]) == (100, 100)
    assert made["CustomerRef"] == {"value": "6", "name": "Dylan Sollfrank"}
    assert made["TxnTaxDetail"] == {"TotalTax": 0}


def test_a_payment_lowers_the_balance_and_moves_the_token_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    paid = payment(qbo, 150, (made["Id"], 100))

    after = qbo.read(made["Id"], "Invoice")
    assert (after["Balance"], after["SyncToken"]) == (0, "1")
    assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert paid["UnappliedAmt"] == 50


def test_a_deleted_payment_gives_the_balance_back_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)
    paid = payment(qbo, 100, (made["Id"], 100))

    answer = qbo.api("POST", "payment", params={"operation": "delete"}, json=paid)

    assert answer.json()["Payment"] == {"domain": "QBO", "status": "Deleted", "Id": paid["Id"]}
    assert qbo.read(made["Id"], "Invoice")["Balance"] == 100
    assert fault(qbo.api("GET", f"payment/{paid['Id']}"))["code"] == "610"


def test_a_voided_invoice_is_empty_and_sets_its_payment_free_5_5(qbo: Quick) -> None:
    made = invoice(qbo, 100, PrivateNote="order 7")
    paid = payment(qbo, 100, (made["Id"], 100))

    body = {"Id": made["Id"], "SyncToken": "1"}
    void = qbo.api("POST", "invoice", params={"operation": "void"}, json=body).json()["Invoice"]

    assert (void["TotalAmt"], void["Balance"], void["LinkedTxn"]) == (0, 0, [])
    assert void["PrivateNote"].startswith("Voided")
    assert void["Line"][0]["Amount"] == 0
    assert qbo.read(paid["Id"], "Payment")["UnappliedAmt"] == 100


def test_a_voided_payment_sets_its_invoice_free_5_5(qbo: Quick) -> None:
    made = invoice(qbo, 100)
    paid = payment(qbo, 100, (made["Id"], 100))

    params = {"operation": "update", "include": "void"}
    void = qbo.api("POST", "payment", params=params, json=paid).json()["Payment"]

    assert (void["TotalAmt"], void["Line"]) == (0, [])
    assert qbo.read(made["Id"], "Invoice")["Balance"] == 100


def test_cash_back_of_a_deposit_needs_an_account_that_is_there_6(qbo: Quick) -> None:
    detail = {"DepositLineDetail": {"AccountRef": {"value": "1"}}}
    line = {"Amount": 50, "DetailType": "DepositLineDetail", **detail}
    body = {"DepositToAccountRef": {"value": "35"}, "Line": [line]}

    nowhere = qbo.post({**body, "CashBack": {"Amount": 5}}, "Deposit")
    unknown = {"Amount": 5, "AccountRef": {"value": "4711"}}
    elsewhere = qbo.post({**body, "CashBack": unknown}, "Deposit")

    assert (fault(nowhere)["code"], fault(elsewhere)["code"]) == ("2020", "2500")


def test_a_customers_balance_follows_and_its_token_does_not_5_3(qbo: Quick) -> None:
    before = qbo.read("6")

    invoice(qbo, 100)

    after = qbo.read("6")
    assert after["Balance"] == before["Balance"] + 100
    assert after["SyncToken"] == before["SyncToken"]
    assert after["MetaData"]["LastUpdatedTime"] > before["MetaData"]["LastUpdatedTime"]
