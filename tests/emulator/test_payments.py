"""Payments: section 4.7 and the side effects of section 9 of the API reference."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import (
    CHECKING,
    bring,
    delete,
    form,
    invoice,
    item,
    link,
    pay,
    paying,
    ref,
    void,
)


def balances(qbo: Quick, *invoices: dict[str, Any]) -> list[Any]:
    return [qbo.read(each["Id"], "Invoice")["Balance"] for each in invoices]


@pytest.mark.parametrize("name", ["CustomerRef", "TotalAmt"])
def test_a_payment_needs_a_customer_and_an_amount_4_7(qbo: Quick, name: str) -> None:
    body = {key: value for key, value in paying(5).items() if key != name}

    error = fault(qbo.post(body, "Payment"))

    assert (error["code"], error["element"]) == ("2020", name)


def test_money_is_unapplied_and_in_undeposited_funds_4_7(qbo: Quick) -> None:
    made = pay(qbo, 50)

    assert (made["UnappliedAmt"], made["Line"], made["ProcessPayment"]) == (50, [], False)
    assert made["DepositToAccountRef"]["value"] == "4"
    assert qbo.read("6")["Balance"] == -50


def test_a_payment_is_split_over_invoices_4_7(qbo: Quick) -> None:
    first, second = invoice(qbo), invoice(qbo, item(80))

    made = pay(qbo, 150, link(first["Id"], 100), link(second["Id"], 20))

    assert (made["UnappliedAmt"], balances(qbo, first, second)) == (30, [0, 60])
    assert qbo.read("6")["Balance"] == 30
    extra = made["Line"][1]["LineEx"]["any"]
    assert [each["value"]["Value"] for each in extra] == [second["Id"], "80.00", "1039"]


def test_a_later_update_moves_and_takes_off_what_was_applied_4_7(qbo: Quick) -> None:
    first, second = invoice(qbo), invoice(qbo)
    made = pay(qbo, 100, link(first["Id"], 100))

    moved = qbo.update(made, "Payment", Line=[link(second["Id"], 60)]).json()["Payment"]
    assert (moved["UnappliedAmt"], balances(qbo, first, second)) == (40, [100, 40])
    off = qbo.update(moved, "Payment", Line=[]).json()["Payment"]
    assert (off["UnappliedAmt"], balances(qbo, first, second)) == (100, [100, 100])
    assert qbo.read(second["Id"], "Invoice")["LinkedTxn"] == []


@pytest.mark.parametrize(
    ("total", "amounts", "code"),
    [(100, [100, 1], "6000"), (300, [60, 60], "6000"), (50, [60], "6000"), (-1, [], "2290"),
     (5, [-1], "2290")],
)  # fmt: skip
def test_more_than_is_open_or_was_paid_is_refused_4_7(
    qbo: Quick, total: int, amounts: list[int], code: str
) -> None:
    made = invoice(qbo)
    lines = [link(made["Id"], amount) for amount in amounts]

    assert fault(qbo.post(paying(total, *lines), "Payment"))["code"] == code
    assert balances(qbo, made) == [100]


def test_more_than_is_open_can_be_cut_10(qbo: Quick) -> None:
    qbo.switch(payment_over_balance="cap")
    made = invoice(qbo)

    assert pay(qbo, 150, link(made["Id"], 150))["UnappliedAmt"] == 50


@pytest.mark.parametrize(
    "lines",
    [[link("999", 5)], [link("16", 5)], [{"Amount": 5}], [link("9", 5, "Estimate")],
     [{"LinkedTxn": [{"TxnId": "16", "TxnType": "Nonsense"}], "Amount": 1}]],
)  # fmt: skip
def test_what_cannot_be_linked_is_620_4_7(qbo: Quick, lines: list[Any]) -> None:
    assert fault(qbo.post(paying(5, *lines), "Payment"))["code"] == "620"


def test_a_parent_pays_for_who_is_billed_with_it_4_7(qbo: Quick) -> None:
    for with_parent, code in ((False, "620"), (True, "")):
        child = qbo.create(DisplayName=f"Child {code}", ParentRef=ref("6"),
                           BillWithParent=with_parent, Job=True)  # fmt: skip
        made = invoice(qbo, customer=child["Id"])
        answer = qbo.post(paying(120, link(made["Id"], 100)), "Payment")
        if code:
            assert fault(answer)["code"] == code
    assert qbo.read(child["Id"])["Balance"] == 0
    assert (qbo.read("6")["Balance"], qbo.read("6")["BalanceWithJobs"]) == (-20, 80)


def test_an_account_that_holds_no_money_is_6430_6_3(qbo: Quick) -> None:
    body = paying(5, DepositToAccountRef=ref("79"))

    assert fault(qbo.post(body, "Payment"))["code"] == "6430"


@pytest.mark.parametrize("end", [delete, void])
def test_an_ended_payment_opens_its_invoice_again_9(qbo: Quick, end: Any) -> None:
    made = invoice(qbo)
    paid = pay(qbo, 100, link(made["Id"], 100))

    assert end(qbo, "Payment", paid).status_code == 200

    after = qbo.read(made["Id"], "Invoice")
    assert (after["Balance"], after["SyncToken"], after["LinkedTxn"]) == (100, "2", [])


@pytest.mark.parametrize("end", [delete, void])
def test_an_ended_invoice_leaves_its_payment_unapplied_9(qbo: Quick, end: Any) -> None:
    made = invoice(qbo)
    paid = pay(qbo, 100, link(made["Id"], 100))

    assert end(qbo, "Invoice", qbo.read(made["Id"], "Invoice")).status_code == 200

    after = qbo.read(paid["Id"], "Payment")
    assert (after["UnappliedAmt"], after["Line"], after["SyncToken"]) == (100, [], "1")


def test_an_invoice_below_what_was_paid_gives_the_rest_back_9(qbo: Quick) -> None:
    made = invoice(qbo)
    first, second = pay(qbo, 60, link(made["Id"], 60)), pay(qbo, 40, link(made["Id"], 40))
    now = qbo.read(made["Id"], "Invoice")

    after = qbo.update(now, "Invoice", Line=[item(50)]).json()["Invoice"]

    assert (after["TotalAmt"], after["Balance"]) == (50, 0)
    assert int(after["SyncToken"]) == int(now["SyncToken"]) + 1
    assert qbo.read(second["Id"], "Payment")["UnappliedAmt"] == 40
    assert qbo.read(first["Id"], "Payment")["UnappliedAmt"] == 10
    assert qbo.read("6")["Balance"] == -50


def test_a_deposited_payment_is_locked_until_the_deposit_is_undone_4_7(qbo: Quick) -> None:
    paid = pay(qbo, 70)
    deposit = bring(qbo, paid["Id"])
    locked = qbo.read(paid["Id"], "Payment")
    assert locked["LinkedTxn"] == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]

    assert fault(qbo.update(locked, "Payment", PrivateNote="x"))["code"] == "6540"
    assert fault(delete(qbo, "Payment", locked))["code"] == "6540"
    assert fault(void(qbo, "Payment", locked))["code"] == "6540"
    delete(qbo, "Deposit", deposit)
    assert delete(qbo, "Payment", qbo.read(paid["Id"], "Payment")).status_code == 200


@pytest.mark.parametrize(("reading", "status"), [("allow", 200), ("refuse", 400)])
def test_an_invoice_whose_payment_is_deposited_is_a_switch_10(
    qbo: Quick, reading: str, status: int
) -> None:
    qbo.switch(paid_and_deposited_invoice=reading)
    made = invoice(qbo)
    bring(qbo, pay(qbo, 100, link(made["Id"], 100))["Id"])

    assert void(qbo, "Invoice", qbo.read(made["Id"], "Invoice")).status_code == status


def test_the_bank_account_can_be_named_4_7(qbo: Quick) -> None:
    made = pay(qbo, 5, DepositToAccountRef=ref(CHECKING), PaymentRefNum="x" * 21)

    assert made["DepositToAccountRef"] == {"value": "35", "name": "Checking"}
    assert fault(qbo.post(paying(5, PaymentRefNum="x" * 22), "Payment"))["code"] == "2050"


def test_an_estimate_cannot_be_paid_4_7(qbo: Quick) -> None:
    made = qbo.create("Estimate", **form())

    assert fault(qbo.post(paying(5, link(made["Id"], 5, "Estimate")), "Payment"))["code"] == "620"


def test_everything_that_moves_sends_an_event_8_5(qbo: Quick) -> None:
    made = invoice(qbo)
    qbo.control("POST", "webhooks", {"url": "http://127.0.0.1:9/", "hold": True, "clear": True})

    paid = pay(qbo, 100, link(made["Id"], 100))
    now = qbo.read(made["Id"], "Invoice")
    qbo.update(now, "Invoice", Line=[item(50)])

    text = str(qbo.control("GET", "webhooks"))
    assert text.count(f"'{paid['Id']}'") >= 2  # made, and lowered by the invoice
    assert text.count(f"'{made['Id']}'") >= 2


def test_a_settled_card_payment_cannot_be_voided_6450_5_5(qbo: Quick) -> None:
    def charged(status: str) -> dict[str, Any]:
        charge = {"CreditChargeInfo": {"ProcessPayment": True}}
        charge["CreditChargeResponse"] = {"CCTransId": "Q1", "Status": status}  # type: ignore[dict-item]
        return pay(qbo, 10, CreditCardPayment=charge)

    settled, waiting = charged("Completed"), charged("Unknown")

    assert fault(void(qbo, "Payment", settled))["code"] == "6450"
    assert qbo.read(settled["Id"], "Payment")["TotalAmt"] == 10
    assert void(qbo, "Payment", waiting).status_code == 200
