"""Void and delete: sections 5.4 and 5.5 of the API reference."""

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import delete, discount, form, invoice, item, link, pay, taxed, void


def test_a_void_empties_every_amount_and_keeps_the_rest_5_5(qbo: Quick) -> None:
    lines = (item(100, "TAX", Qty=4, UnitPrice=25), discount(percent=10))
    made = invoice(qbo, *lines, PrivateNote="order 7", **taxed())

    after = void(qbo, "Invoice", made).json()["Invoice"]

    assert [line["Amount"] for line in after["Line"]] == [0, 0, 0]
    detail = after["Line"][0]["SalesItemLineDetail"]
    assert detail["Qty"] == 0
    assert "UnitPrice" not in detail
    assert (after["TotalAmt"], after["Balance"], after["TxnTaxDetail"]) == (0, 0, {"TotalTax": 0})
    assert after["PrivateNote"] == "Voided - order 7"
    assert after["LinkedTxn"] == []
    kept = ("DocNumber", "TxnDate", "DueDate", "CustomerRef")
    assert [after[name] for name in kept] == [made[name] for name in kept]
    assert after["SyncToken"] == "1"
    assert qbo.read(made["Id"], "Invoice") == after
    assert qbo.read("6")["Balance"] == 0


def test_a_voided_payment_holds_nothing_5_5(qbo: Quick) -> None:
    made = invoice(qbo)

    after = void(qbo, "Payment", pay(qbo, 150, link(made["Id"], 100))).json()["Payment"]

    assert (after["TotalAmt"], after["UnappliedAmt"], after["PrivateNote"]) == (0, 0, "Voided")


def test_a_second_void_changes_nothing_5_5(qbo: Quick) -> None:
    once = void(qbo, "Invoice", invoice(qbo)).json()["Invoice"]

    assert void(qbo, "Invoice", once).json()["Invoice"] == once


def test_a_voided_form_cannot_be_edited_5_5(qbo: Quick) -> None:
    once = void(qbo, "Invoice", invoice(qbo)).json()["Invoice"]

    assert fault(qbo.update(once, "Invoice", Line=[item(5)]))["code"] == "6000"


def test_a_voided_form_can_be_deleted_5_4(qbo: Quick) -> None:
    once = void(qbo, "Invoice", invoice(qbo)).json()["Invoice"]

    assert delete(qbo, "Invoice", once).status_code == 200


def test_delete_and_void_want_the_newest_token_5_3(qbo: Quick) -> None:
    made = invoice(qbo)
    qbo.update(made, "Invoice", PrivateNote="x")

    assert fault(delete(qbo, "Invoice", made))["code"] == "5010"
    assert fault(void(qbo, "Invoice", made))["code"] == "5010"


def test_what_is_deleted_is_gone_5_4(qbo: Quick) -> None:
    made = invoice(qbo)

    answer = delete(qbo, "Invoice", made).json()["Invoice"]

    assert answer == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    assert fault(delete(qbo, "Invoice", made))["code"] == "610"
    assert fault(qbo.api("GET", f"invoice/{made['Id']}"))["code"] == "610"
    assert fault(qbo.update(made, "Invoice", PrivateNote="x"))["code"] == "610"
    assert qbo.query(f"SELECT * FROM Invoice WHERE Id = '{made['Id']}'") == {}


def test_an_id_is_never_given_again_4_0(qbo: Quick) -> None:
    made = invoice(qbo)
    delete(qbo, "Invoice", made)

    paid = pay(qbo, 5)

    assert int(paid["Id"]) == int(made["Id"]) + 1  # one counter for all transactions


def test_a_list_entry_cannot_be_deleted_5_4(qbo: Quick) -> None:
    assert fault(delete(qbo, "Customer", qbo.read("6")))["code"] == "500"


def test_a_person_at_the_desk_may_edit_a_voided_form_5_5(qbo: Quick) -> None:
    once = void(qbo, "Invoice", qbo.create("Invoice", **form())).json()["Invoice"]

    qbo.act("update", once["Id"], entity="Invoice", fields={"PrivateNote": "Voided, by mistake"})

    assert qbo.read(once["Id"], "Invoice")["PrivateNote"] == "Voided, by mistake"
