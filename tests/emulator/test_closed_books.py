"""The closing date: sections 6.3 (6210), 9 and 12 of the API reference."""

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import (
    CHECKING,
    delete,
    form,
    invoice,
    link,
    pay,
    paying,
    preferences,
    ref,
    void,
)

CLOSED, BEFORE, AFTER = "2026-01-31", "2026-01-31", "2026-02-01"


def close(qbo: Quick) -> None:
    preferences(qbo, "AccountingInfoPrefs", BookCloseDate=CLOSED)


@pytest.mark.parametrize("entity", ["Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"])
def test_nothing_is_made_on_or_before_the_closing_date_6_3(qbo: Quick, entity: str) -> None:
    close(qbo)
    body = form(TxnDate=BEFORE)
    if entity == "RefundReceipt":
        body["DepositToAccountRef"] = ref(CHECKING)

    error = fault(qbo.post(body, entity))

    assert error["code"] == "6210"
    assert "The account period has closed" in error["Detail"]
    assert qbo.post({**body, "TxnDate": AFTER}, entity).status_code == 200


def test_a_payment_has_a_date_of_its_own_9(qbo: Quick) -> None:
    made = invoice(qbo, TxnDate=BEFORE)
    close(qbo)

    assert fault(qbo.post(paying(5, TxnDate=BEFORE), "Payment"))["code"] == "6210"
    pay(qbo, 100, link(made["Id"], 100), TxnDate=AFTER)  # on an old invoice: taken
    assert qbo.read(made["Id"], "Invoice")["Balance"] == 0


def test_what_is_in_the_closed_period_cannot_change_6_3(qbo: Quick) -> None:
    made = invoice(qbo, TxnDate=BEFORE)
    close(qbo)

    assert fault(qbo.update(made, "Invoice", PrivateNote="x"))["code"] == "6210"
    assert fault(qbo.update(made, "Invoice", TxnDate=AFTER))["code"] == "6210"
    assert fault(delete(qbo, "Invoice", made))["code"] == "6210"
    assert fault(void(qbo, "Invoice", made))["code"] == "6210"
    assert qbo.read(made["Id"], "Invoice") == made


def test_nothing_moves_into_the_closed_period_6_3(qbo: Quick) -> None:
    made = invoice(qbo, TxnDate=AFTER)
    close(qbo)

    assert fault(qbo.update(made, "Invoice", TxnDate=BEFORE))["code"] == "6210"


def test_a_person_with_the_password_may_6_3(qbo: Quick) -> None:
    made = invoice(qbo, TxnDate=BEFORE)
    close(qbo)

    qbo.act("update", made["Id"], entity="Invoice", fields={"PrivateNote": "corrected"})

    assert qbo.read(made["Id"], "Invoice")["PrivateNote"] == "corrected"


def test_an_estimate_is_not_posted_and_has_no_closed_period_4_9(qbo: Quick) -> None:
    close(qbo)

    assert qbo.post(form(TxnDate=BEFORE), "Estimate").status_code == 200
