"""The ledger beside the documents, and the balances of accounts that follow it (4.5)."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from .conftest import Quick, fault
from .test_changes import cdc, now
from .test_transactions import invoice, item_line, payment

RECEIVABLE, UNDEPOSITED, CHECKING = "84", "4", "35"


def sums(qbo: Quick, by: str, **asked: str) -> list[dict[str, Any]]:
    rest = "".join(f"&{name}={value}" for name, value in asked.items())
    found = qbo.control("GET", f"ledger/{qbo.realm}?by={by}{rest}")
    assert found["in_balance"] is True
    assert sum(each["cents"] for each in found["sums"]) == 0
    rows: list[dict[str, Any]] = found["sums"]
    return rows


def balances(qbo: Quick) -> Counter[str]:
    """Cents by account, debits positive."""
    return Counter({each["account"]: each["cents"] for each in sums(qbo, "account")})


def moved(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    return {id: after[id] - before[id] for id in {*before, *after} if after[id] != before[id]}


def shown(qbo: Quick, id: str) -> Decimal:
    return Decimal(str(qbo.read(id, "Account")["CurrentBalance"]))


def test_an_invoice_and_its_payment_post_in_balance_4_7(qbo: Quick) -> None:
    before = balances(qbo)

    made = invoice(qbo, 100)
    paid = payment(qbo, 60, (made["Id"], 60))

    assert set(moved(before, balances(qbo)).values()) == {4000, 6000, -10000}
    lines = qbo.control("GET", f"ledger/{qbo.realm}/payment/{paid['Id']}")["lines"]
    assert [(each["type"], each["amount"]) for each in lines] == [
        ("Other Current Asset", 60),
        ("Accounts Receivable", -60),
    ]
    assert {each["date"] for each in lines} == {paid["TxnDate"]}


def test_sums_by_name_and_month_between_two_days_9(qbo: Quick) -> None:
    invoice(qbo, 10, TxnDate="2031-01-31")
    invoice(qbo, 20, TxnDate="2031-02-01")
    invoice(qbo, 30, TxnDate="2031-02-28")
    invoice(qbo, 40, TxnDate="2031-03-01")

    found = sums(qbo, "type,name,month", since="2031-01-31", until="2031-02-28")

    owed = [each for each in found if each["type"] == "Accounts Receivable"]
    assert [(each["name"], each["month"], each["cents"]) for each in owed] == [
        ("Customer:6", "2031-01", 1000),
        ("Customer:6", "2031-02", 5000),
    ]


def test_a_void_and_a_delete_take_their_postings_out_5_5(qbo: Quick) -> None:
    before = balances(qbo)
    one, other = invoice(qbo, 10), invoice(qbo, 20)

    qbo.post({"Id": one["Id"], "SyncToken": "0"}, "Invoice", operation="void")
    qbo.post({"Id": other["Id"], "SyncToken": "0"}, "Invoice", operation="delete")

    assert moved(before, balances(qbo)) == {}
    assert qbo.control("GET", f"ledger/{qbo.realm}/invoice/{one['Id']}") == {"lines": []}


@pytest.mark.parametrize("query", ["by=nonsense", "by=account,nonsense"])
def test_an_unknown_grouping_is_refused_by_name(qbo: Quick, query: str) -> None:
    answer = qbo.http.get(f"{qbo.base_url}/emulator/ledger/{qbo.realm}?{query}", timeout=5)

    assert answer.status_code == 400
    assert "nonsense" in answer.json()["error"]


def test_customers_owe_what_the_ledger_says_5_3(qbo: Quick) -> None:
    made = invoice(qbo, 100)
    payment(qbo, 130, (made["Id"], 100))
    invoice(qbo, 7, customer="9")

    owed = Counter({
        each["name"]: each["cents"]
        for each in sums(qbo, "type,name")
        if each["type"] == "Accounts Receivable"
    })  # fmt: skip
    for id in ("6", "9"):
        assert Decimal(str(qbo.read(id)["Balance"])) * 100 == owed[f"Customer:{id}"]


# --- Accounts ---


def test_account_balances_follow_the_ledger_and_tokens_stay_4_5(qbo: Quick) -> None:
    before = {id: qbo.read(id, "Account") for id in (RECEIVABLE, UNDEPOSITED, CHECKING)}

    made = invoice(qbo, 100)
    paid = payment(qbo, 60, (made["Id"], 60))
    qbo.act(
        "make_deposit", entity="Deposit", fields={"payments": [paid["Id"]], "account": CHECKING}
    )

    ledger = balances(qbo)
    for id, old in before.items():
        after = qbo.read(id, "Account")
        assert Decimal(str(after["CurrentBalance"])) * 100 == ledger[id]
        assert (after["SyncToken"], after["MetaData"]) == (old["SyncToken"], old["MetaData"])
    rise = shown(qbo, CHECKING) - Decimal(str(before[CHECKING]["CurrentBalance"]))
    assert rise == 60


def test_debts_are_negative_and_income_shows_nothing_4_5(qbo: Quick) -> None:
    tax = {"TxnTaxCodeRef": {"value": "2"}}
    line = item_line(100, TaxCodeRef={"value": "TAX"})
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=[line], TxnTaxDetail=tax)

    lines = qbo.control("GET", f"ledger/{qbo.realm}/invoice/{made['Id']}")["lines"]
    accounts = {each["type"]: each["account"] for each in lines}

    assert shown(qbo, accounts["Other Current Liability"]) <= -8
    assert shown(qbo, accounts["Income"]) == 0


def test_a_parent_account_shows_its_sub_accounts_too_4_5(qbo: Quick) -> None:
    parent = qbo.create("Account", Name="Banks", AccountType="Bank")
    child = qbo.create(
        "Account", Name="Harbour", AccountType="Bank", ParentRef={"value": parent["Id"]}
    )
    receipt = {"CustomerRef": {"value": "6"}, "DepositToAccountRef": {"value": child["Id"]}}
    qbo.create("SalesReceipt", **receipt, Line=[item_line(25)])

    above = qbo.read(parent["Id"], "Account")

    assert (above["CurrentBalance"], above["CurrentBalanceWithSubAccounts"]) == (0, 25)


def test_queries_and_feed_show_the_balance_of_now_4_5(qbo: Quick) -> None:
    since = now(qbo)
    qbo.advance(2)
    account = qbo.create("Account", Name="Till", AccountType="Bank")
    where = f"SELECT * FROM Account WHERE Id = '{account['Id']}'"
    for amount in (5, 7):
        qbo.create("SalesReceipt", DepositToAccountRef={"value": account["Id"]},
                   CustomerRef={"value": "6"}, Line=[item_line(amount)])  # fmt: skip
        row = qbo.query(where)["Account"][0]
        assert row["CurrentBalance"] == (5 if amount == 5 else 12)

    fed = cdc(qbo, "Account", since)[0]["Account"]
    assert [each["CurrentBalance"] for each in fed if each["Id"] == account["Id"]] == [12]
    assert qbo.query(f"{where} AND CurrentBalance > '11'")["Account"][0]["SyncToken"] == "0"


def test_an_account_with_a_balance_cannot_be_made_inactive_5_6(qbo: Quick) -> None:
    account = qbo.create("Account", Name="Till", AccountType="Bank")
    qbo.create("SalesReceipt", DepositToAccountRef={"value": account["Id"]},
               CustomerRef={"value": "6"}, Line=[item_line(5)])  # fmt: skip

    answer = qbo.update(account, "Account", Name="Till", Active=False)

    assert fault(answer)["code"] == "6220"


def test_account_balances_go_back_with_restored_books_9(qbo: Quick) -> None:
    before = qbo.control("GET", "clock")["now"]
    old = shown(qbo, RECEIVABLE)
    qbo.advance(60)
    invoice(qbo, 100)
    assert shown(qbo, RECEIVABLE) == old + 100

    qbo.control("POST", "companies", {"realm_id": qbo.realm, "restore_to": before})

    assert shown(qbo, RECEIVABLE) == old
