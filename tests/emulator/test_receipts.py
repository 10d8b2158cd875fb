"""Sales and refund receipts: section 4.10 of the API reference."""

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import CHECKING, bring, form, item, ref, taxed, void


def test_a_sale_paid_at_once_leaves_nothing_open_4_10(qbo: Quick) -> None:
    made = qbo.create("SalesReceipt", **form(item(100, "TAX"), **taxed()))

    assert (made["TotalAmt"], made["Balance"]) == (108, 0)
    assert made["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}
    assert not {"DueDate", "SalesTermRef"} & set(made)
    assert qbo.read("6")["Balance"] == 0


def test_a_sale_needs_no_customer_4_10(qbo: Quick) -> None:
    made = qbo.create("SalesReceipt", Line=[item(5)], DepositToAccountRef=ref(CHECKING))

    assert "CustomerRef" not in made
    assert made["TotalAmt"] == 5


def test_a_refund_needs_the_account_it_comes_from_4_10(qbo: Quick) -> None:
    assert fault(qbo.post(form(), "RefundReceipt"))["code"] == "2020"
    made = qbo.create("RefundReceipt", **form(DepositToAccountRef=ref(CHECKING)))
    assert (made["TotalAmt"], made["Balance"]) == (100, 0)


def test_a_deposited_sale_is_locked_6_3(qbo: Quick) -> None:
    made = qbo.create("SalesReceipt", **form())
    bring(qbo, made["Id"], "SalesReceipt")
    now = qbo.read(made["Id"], "SalesReceipt")

    assert fault(qbo.update(now, "SalesReceipt", PrivateNote="x"))["code"] == "6540"


def test_a_sale_can_be_voided_5_5(qbo: Quick) -> None:
    made = qbo.create("SalesReceipt", **form())

    after = void(qbo, "SalesReceipt", made).json()["SalesReceipt"]

    assert (after["TotalAmt"], after["PrivateNote"]) == (0, "Voided")
    assert after["DocNumber"] == made["DocNumber"]
