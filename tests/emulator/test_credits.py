"""Credit memos and how they are used: sections 4.7, 4.8 and 9 of the API reference."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import delete, form, invoice, item, link, pay, paying, preferences

NOTE = "Created by QB Online to link credits to charges."


@pytest.fixture
def by_hand(qbo: Quick) -> Quick:
    """A company where no credit applies itself."""
    preferences(qbo, "SalesFormsPrefs", AutoApplyCredit=False)
    return qbo


def credit(qbo: Quick, amount: Any = 40, **fields: Any) -> dict[str, Any]:
    return qbo.create("CreditMemo", **form(item(amount), **fields))


def used(qbo: Quick, amount: Any = 40) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """An invoice of 100, a credit of 40, and the payment of 0 that uses it."""
    made, memo = invoice(qbo), credit(qbo)
    zero = pay(qbo, 0, link(made["Id"], amount), link(memo["Id"], amount, "CreditMemo"))
    return made, memo, zero


def test_a_credit_memo_is_open_and_lowers_what_is_owed_4_8(by_hand: Quick) -> None:
    made = credit(by_hand)

    assert (made["Balance"], made["RemainingCredit"], made["TotalAmt"]) == (40, 40, 40)
    assert not {"DueDate", "Deposit", "AllowOnlineACHPayment"} & set(made)
    assert by_hand.read("6")["Balance"] == -40


def test_the_end_of_an_invoice_leaves_no_money_on_its_payment_of_0_4_8(qbo: Quick) -> None:
    memo, made = credit(qbo), invoice(qbo)
    zero = made["LinkedTxn"][0]["TxnId"]

    assert delete(qbo, "Invoice", made).status_code == 200

    after = qbo.read(zero, "Payment")
    assert (after["TotalAmt"], after["UnappliedAmt"], after["Line"]) == (0, 0, [])
    assert qbo.read(memo["Id"], "CreditMemo")["RemainingCredit"] == 40


def test_a_payment_of_0_uses_a_credit_4_7(by_hand: Quick) -> None:
    made, memo, zero = used(by_hand)

    invoiced, credited = by_hand.read(made["Id"], "Invoice"), by_hand.read(memo["Id"], "CreditMemo")
    assert (invoiced["Balance"], credited["RemainingCredit"]) == (60, 0)
    link_to = [{"TxnId": zero["Id"], "TxnType": "Payment"}]
    assert invoiced["LinkedTxn"] == credited["LinkedTxn"] == link_to
    assert "DepositToAccountRef" not in zero
    assert by_hand.read("6")["Balance"] == 60


def test_more_credit_than_there_is_cannot_be_used_4_7(by_hand: Quick) -> None:
    made, memo = invoice(by_hand), credit(by_hand)
    lines = [link(made["Id"], 50), link(memo["Id"], 50, "CreditMemo")]
    assert fault(by_hand.post(paying(0, *lines), "Payment"))["code"] == "6000"
    alone = [link(memo["Id"], 10, "CreditMemo")]
    assert fault(by_hand.post(paying(0, *alone), "Payment"))["code"] == "6000"


def test_a_deleted_credit_opens_its_invoice_again_9(by_hand: Quick) -> None:
    made, memo, zero = used(by_hand)

    delete(by_hand, "CreditMemo", by_hand.read(memo["Id"], "CreditMemo"))

    assert by_hand.read(made["Id"], "Invoice")["Balance"] == 100
    assert by_hand.read(zero["Id"], "Payment")["Line"] == []


def test_a_deleted_invoice_frees_the_credit_9(by_hand: Quick) -> None:
    made, memo, zero = used(by_hand)

    delete(by_hand, "Invoice", by_hand.read(made["Id"], "Invoice"))

    assert by_hand.read(memo["Id"], "CreditMemo")["RemainingCredit"] == 40
    after = by_hand.read(zero["Id"], "Payment")
    assert (after["Line"], after["UnappliedAmt"]) == ([], 0)


def test_a_credit_below_what_is_used_gives_less_to_the_invoice_9(by_hand: Quick) -> None:
    made, memo, _ = used(by_hand)
    now = by_hand.read(memo["Id"], "CreditMemo")

    after = by_hand.update(now, "CreditMemo", Line=[item(15)]).json()["CreditMemo"]

    assert after["RemainingCredit"] == 0
    assert by_hand.read(made["Id"], "Invoice")["Balance"] == 85


def test_a_credit_memo_has_no_void_5_5(qbo: Quick) -> None:
    head = {"Id": credit(qbo)["Id"], "SyncToken": "0"}
    answer = qbo.api("POST", "creditmemo", params={"operation": "void"}, json=head)

    assert fault(answer)["code"] == "500"


@pytest.mark.parametrize("first", ["Invoice", "CreditMemo"])
def test_a_credit_applies_itself_where_the_preference_is_on_4_7(qbo: Quick, first: str) -> None:
    one = qbo.create(first, **form(item(100 if first == "Invoice" else 40)))
    other = "CreditMemo" if first == "Invoice" else "Invoice"
    two = qbo.create(other, **form(item(40 if first == "Invoice" else 100)))

    ids = {first: one["Id"], other: two["Id"]}
    made, memo = qbo.read(ids["Invoice"], "Invoice"), qbo.read(ids["CreditMemo"], "CreditMemo")
    assert (made["Balance"], memo["Balance"]) == (60, 0)
    zero = qbo.read(made["LinkedTxn"][0]["TxnId"], "Payment")
    assert (zero["TotalAmt"], zero["PrivateNote"]) == (0, NOTE)
    assert "DepositToAccountRef" not in zero


def test_money_that_is_not_used_applies_itself_too_4_7(qbo: Quick) -> None:
    paid = pay(qbo, 30)

    assert invoice(qbo)["Balance"] == 70
    assert qbo.read(paid["Id"], "Payment")["UnappliedAmt"] == 0


def test_no_credit_applies_itself_while_the_preference_is_off_4_7(by_hand: Quick) -> None:
    pay(by_hand, 30)
    credit(by_hand)

    assert invoice(by_hand)["Balance"] == 100


def test_a_credit_memo_has_neither_due_date_nor_pay_buttons_4_8(qbo: Quick) -> None:
    for name, value in (("DueDate", "2026-12-01"), ("AllowOnlineACHPayment", True), ("Deposit", 1)):
        error = fault(qbo.post(form(**{name: value}), "CreditMemo"))
        assert (error["code"], f'"{name}"' in error["Detail"]) == ("2010", True)


def test_the_method_of_a_credit_memo_is_read_only_4_8(qbo: Quick) -> None:
    made = credit(qbo, PaymentMethodRef={"value": "2"}, RemainingCredit=7, Balance=7)

    assert "PaymentMethodRef" not in made
    assert (made["RemainingCredit"], made["Balance"]) == (40, 40)
