"""Purchases and purchase orders (5.2, 6.3)."""

import pytest

from tests.emulator.buying import (
    ADVERTISING,
    BOOKS_BY_BESSIE,
    CAL_TELEPHONE,
    CHECKING,
    DYLAN,
    MASTERCARD,
    PAYABLE,
    PUMP,
    RECEIVABLE,
    bill,
    delete,
    expense,
    goods,
    ref,
)
from tests.emulator.conftest import Quick, fault

CHECK = {"PaymentType": "Check", "AccountRef": ref(CHECKING)}
CARD = {"PaymentType": "CreditCard", "AccountRef": ref(MASTERCARD)}


def test_a_purchase_shows_whom_it_paid_and_of_what_kind_they_are_4_0(qbo: Quick) -> None:
    made = qbo.create("Purchase", **CHECK, EntityRef=ref("54"), Line=[expense(20)])

    assert made["EntityRef"] == {"value": "54", "name": "John Johnson", "type": "Employee"}
    assert made["AccountRef"] == {"value": CHECKING, "name": "Checking"}
    assert (made["TotalAmt"], made["Credit"]) == (20, False)


def test_a_type_that_does_not_fit_the_id_is_refused_6_3(qbo: Quick) -> None:
    body = {**CHECK, "Line": [expense(20)]}

    wrong = qbo.post({**body, "EntityRef": {"value": "54", "type": "Vendor"}}, "Purchase")
    unknown = qbo.post({**body, "EntityRef": {"value": "54", "type": "Robot"}}, "Purchase")

    assert [fault(each)["code"] for each in (wrong, unknown)] == ["2500", "2170"]


def test_a_purchase_leaves_no_balance_4_0(qbo: Quick) -> None:
    qbo.create("Purchase", **CHECK, EntityRef=ref(BOOKS_BY_BESSIE), Line=[expense(20)])

    assert qbo.read(BOOKS_BY_BESSIE, "Vendor")["Balance"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"PaymentType": None}, "2020"),
        ({"PaymentType": "Barter"}, "2170"),
        ({"AccountRef": None}, "2020"),
        ({"AccountRef": ref(MASTERCARD)}, "6430"),
        ({"AccountRef": ref(ADVERTISING), "PaymentType": "Cash"}, "6430"),
        ({"AccountRef": ref(CHECKING), "PaymentType": "CreditCard"}, "6430"),
        ({"AccountRef": ref("9999")}, "2500"),
        ({"EntityRef": ref("9999")}, "2500"),
        ({"Credit": True}, "6000"),
        ({"Line": [expense(10, RECEIVABLE)]}, "6000"),  # nobody's
        ({"Line": [expense(10, PAYABLE)], "EntityRef": ref(DYLAN)}, "6000"),
        ({"Line": []}, "2020"),
    ],
)
def test_a_purchase_that_lacks_something_is_refused_6_3(
    qbo: Quick,
    change: dict,  # type: ignore[type-arg]
    code: str,
) -> None:
    assert fault(qbo.post({**CHECK, "Line": [expense(10)], **change}, "Purchase"))["code"] == code


def test_a_purchase_can_pay_a_customer_back_4_7(qbo: Quick) -> None:
    qbo.create("Purchase", **CHECK, EntityRef=ref(DYLAN), Line=[expense(10, RECEIVABLE)])

    assert qbo.read(DYLAN)["Balance"] == 10


def test_an_update_of_a_purchase_wants_its_payment_type_5_2(qbo: Quick) -> None:
    made = qbo.create("Purchase", **CHECK, Line=[expense(20)])

    assert fault(qbo.update(made, "Purchase", PrivateNote="x"))["code"] == "2020"
    after = qbo.update(made, "Purchase", PrivateNote="x", PaymentType="Check")

    assert after.json()["Purchase"]["SyncToken"] == "1"


def test_the_api_has_no_void_of_purchases_5_5(qbo: Quick) -> None:
    made = qbo.create("Purchase", **CHECK, Line=[expense(20)])

    answer = qbo.post(made, "Purchase", operation="update", include="void")

    assert fault(answer)["code"] == "500"


def test_a_card_refund_takes_goods_out_again_4_4(qbo: Quick) -> None:
    qbo.create("Purchase", **CARD, Line=[goods(5, 10)])
    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 30

    qbo.create("Purchase", **CARD, Credit=True, Line=[goods(2, 10)])

    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 28


def test_a_renamed_vendor_is_shown_with_the_new_name_9(qbo: Quick) -> None:
    made = qbo.create("Purchase", **CHECK, EntityRef=ref(BOOKS_BY_BESSIE), Line=[expense(20)])

    qbo.act("update", BOOKS_BY_BESSIE, entity="Vendor", fields={"DisplayName": "Bessie & Co"})

    after = qbo.read(made["Id"], "Purchase")
    assert after["EntityRef"]["name"] == "Bessie & Co"
    assert after["SyncToken"] == made["SyncToken"]


def test_purchases_are_asked_for_by_payment_type_3_7(qbo: Quick) -> None:
    qbo.create("Purchase", **CHECK, Line=[expense(20)])
    card = qbo.create("Purchase", **CARD, Line=[expense(20)])

    found = qbo.query("SELECT * FROM Purchase WHERE PaymentType = 'CreditCard' AND TotalAmt = '20'")

    assert [each["Id"] for each in found["Purchase"]] == [card["Id"]]
    by_account = qbo.ask(f"SELECT * FROM Purchase WHERE AccountRef = '{CHECKING}'")
    assert fault(by_account)["code"] == "4001"


# --- Purchase orders ---


def order(qbo: Quick, **rest: object) -> dict[str, object]:
    return qbo.create("PurchaseOrder", VendorRef=ref(BOOKS_BY_BESSIE), Line=[goods(2, 10)], **rest)


def test_orders_are_numbered_by_themselves_and_posted_nowhere_4_6_4(qbo: Quick) -> None:
    first, second = order(qbo), order(qbo)

    assert int(str(second["DocNumber"])) == int(str(first["DocNumber"])) + 1
    assert first["POStatus"] == "Open"
    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 25
    assert qbo.read(BOOKS_BY_BESSIE, "Vendor")["Balance"] == 0


def test_orders_keep_their_own_numbers_where_that_is_on_4_6_4(qbo: Quick) -> None:
    names = [{"Name": "VendorAndPurchasesPrefs.UseCustomTxnNumbers", "Value": "true"}]
    fields = {"OtherPrefs": {"NameValue": names}}
    qbo.act("update", "1", entity="Preferences", fields=fields)

    assert order(qbo, DocNumber="PO-9")["DocNumber"] == "PO-9"
    assert "DocNumber" not in order(qbo)


def test_an_order_is_closed_by_its_bill_and_open_again_without_4_6_5(qbo: Quick) -> None:
    made = order(qbo)

    billed = bill(qbo, LinkedTxn=[{"TxnId": made["Id"], "TxnType": "PurchaseOrder"}])
    closed = qbo.read(str(made["Id"]), "PurchaseOrder")
    delete(qbo, billed, "Bill")

    assert closed["POStatus"] == "Closed"
    assert closed["LinkedTxn"] == [{"TxnId": billed["Id"], "TxnType": "Bill"}]
    assert qbo.read(str(made["Id"]), "PurchaseOrder")["POStatus"] == "Open"


def test_an_order_of_another_vendor_cannot_be_linked_6_3(qbo: Quick) -> None:
    made = order(qbo)
    linked = [{"TxnId": made["Id"], "TxnType": "PurchaseOrder"}]

    body = {"VendorRef": ref(CAL_TELEPHONE), "Line": [expense(10)], "LinkedTxn": linked}

    assert fault(qbo.post(body, "Bill"))["code"] == "620"
