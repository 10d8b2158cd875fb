"""Bank deposits: what they hold and what they refuse (6.3, 9)."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import CHECKING, bring, delete, pay, ref


def held(id: str, kind: str = "Payment") -> dict[str, Any]:
    return {"LinkedTxn": [{"TxnId": id, "TxnType": kind, "TxnLineId": "0"}]}


def other(amount: Any, account: str = "79", **detail: Any) -> dict[str, Any]:
    detail = {"AccountRef": ref(account), **detail}
    return {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}


def to_bank(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"DepositToAccountRef": ref(CHECKING), "Line": list(lines), **fields}


def test_payments_and_other_money_go_to_the_bank_9(qbo: Quick) -> None:
    first, second = pay(qbo, 30), pay(qbo, 20)

    body = to_bank(held(first["Id"]), held(second["Id"]), other(5))
    made = qbo.create("Deposit", **body, CashBack={"AccountRef": ref("35"), "Amount": 7})

    assert made["TotalAmt"] == 48
    assert [line["Amount"] for line in made["Line"]] == [30, 20, 5]


def test_a_payment_taken_out_of_a_deposit_is_free_again_9(qbo: Quick) -> None:
    first, second = pay(qbo, 30), pay(qbo, 20)
    made = qbo.create("Deposit", **to_bank(held(first["Id"]), held(second["Id"])))

    after = qbo.update(made, "Deposit", Line=[held(second["Id"])]).json()["Deposit"]

    assert after["TotalAmt"] == 20
    free = qbo.read(first["Id"], "Payment")
    assert free["LinkedTxn"] == []
    assert qbo.update(free, "Payment", PrivateNote="x").status_code == 200


def test_a_payment_is_in_one_deposit_at_most_6_3(qbo: Quick) -> None:
    made = pay(qbo, 30)
    twice = to_bank(held(made["Id"]), held(made["Id"]))
    assert fault(qbo.post(twice, "Deposit"))["code"] == "620"
    deposit = bring(qbo, made["Id"])
    assert fault(qbo.post(to_bank(held(made["Id"])), "Deposit"))["code"] == "620"
    delete(qbo, "Deposit", deposit)
    assert qbo.post(to_bank(held(made["Id"])), "Deposit").status_code == 200


def test_only_undeposited_money_can_be_brought_6_3(qbo: Quick) -> None:
    banked = pay(qbo, 30, DepositToAccountRef=ref(CHECKING))

    for line in (held(banked["Id"]), held("9", "Invoice"), held("999")):
        assert fault(qbo.post(to_bank(line), "Deposit"))["code"] == "620"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Line": []}, "2020"),
        ({"Line": [{"Amount": 5, "DetailType": "DepositLineDetail"}]}, "2020"),
        ({"Line": [other(5, "999")]}, "2500"),
        ({"Line": [other(5, Entity=ref("999"))]}, "2500"),
        ({"Line": [other(-5)]}, "2290"),
        ({"Line": [other(5)], "CashBack": {"Amount": 1}}, "2020"),
        ({"Line": [other(5)], "CashBack": {"Amount": 1, "AccountRef": ref("999")}}, "2500"),
        ({"Line": [other(5)], "DepositToAccountRef": ref("79")}, "6430"),
        ({"Line": [other(5)], "DepositToAccountRef": None}, "2020"),
    ],
)
def test_a_deposit_that_lacks_something_is_refused_6_3(
    qbo: Quick, fields: dict[str, Any], code: str
) -> None:
    assert fault(qbo.post({**to_bank(), **fields}, "Deposit"))["code"] == code
