"""Sending forms by e-mail (5.10)."""

from typing import Any

import pytest
import requests

from .conftest import Quick, fault
from .test_pdf import form
from .test_transactions import invoice, payment


def send(qbo: Quick, entity: str, id: str, **params: str) -> requests.Response:
    headers = {"Content-Type": "application/octet-stream"}
    return qbo.api("POST", f"{entity.lower()}/{id}/send", params=params, headers=headers)


def mails(qbo: Quick) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = qbo.control("GET", "mails")["mails"]
    return found


def test_a_sent_invoice_knows_its_mail_and_moves_its_token_5_10(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    answer = send(qbo, "Invoice", made["Id"], sendTo="ada@books.test")

    sent = answer.json()["Invoice"]
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert (sent["EmailStatus"], sent["SyncToken"]) == ("EmailSent", "1")
    assert sent["BillEmail"] == {"Address": "ada@books.test"}
    assert sent["DeliveryInfo"]["DeliveryType"] == "Email"
    assert sent["DeliveryInfo"]["DeliveryTime"] == sent["MetaData"]["LastUpdatedTime"]
    assert qbo.read(made["Id"], "Invoice") == sent


def test_without_an_address_in_the_call_the_forms_own_is_used_5_10(qbo: Quick) -> None:
    made = invoice(qbo, 100, BillEmail={"Address": "bill@books.test"})

    send(qbo, "Invoice", made["Id"])

    (mail,) = mails(qbo)
    assert (mail["to"], mail["entity"], mail["id"]) == ("bill@books.test", "Invoice", made["Id"])


def test_no_address_at_all_is_6420_and_nothing_is_sent_5_10(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    error = fault(send(qbo, "Invoice", made["Id"]))

    assert error["code"] == "6420"
    assert mails(qbo) == []
    assert qbo.read(made["Id"], "Invoice")["SyncToken"] == "0"


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@c.test"])
def test_a_malformed_address_is_2210_5_10(qbo: Quick, address: str) -> None:
    made = invoice(qbo, 100)

    assert fault(send(qbo, "Invoice", made["Id"], sendTo=address))["code"] == "2210"
    assert mails(qbo) == []


def test_an_address_over_a_hundred_characters_is_2050_4_6_1(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    error = fault(send(qbo, "Invoice", made["Id"], sendTo=f"{'a' * 100}@books.test"))

    assert error["code"] == "2050"


@pytest.mark.parametrize(
    "entity", ["Invoice", "Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt"]
)
def test_every_sales_form_can_be_sent_5_10(qbo: Quick, entity: str) -> None:
    made = form(qbo, entity)

    sent = send(qbo, entity, made["Id"], sendTo="ada@books.test").json()[entity]

    assert (sent["EmailStatus"], sent["SyncToken"]) == ("EmailSent", "1")


def test_a_payment_goes_to_its_customer_where_no_address_is_named_5_10(qbo: Quick) -> None:
    paid = payment(qbo, 10, customer="2")

    sent = send(qbo, "Payment", paid["Id"]).json()["Payment"]

    assert sent["SyncToken"] == "1"
    assert mails(qbo)[0]["to"] == qbo.read("2")["PrimaryEmailAddr"]["Address"]


def test_a_purchase_order_can_be_sent_5_10(qbo: Quick) -> None:
    detail = {"ItemRef": {"value": "11"}}
    kind = "ItemBasedExpenseLineDetail"
    line = {"Amount": 5, "DetailType": kind, kind: detail}
    made = qbo.create("PurchaseOrder", VendorRef={"value": "56"}, Line=[line])

    sent = send(qbo, "PurchaseOrder", made["Id"], sendTo="a@b.test").json()["PurchaseOrder"]

    assert (sent["SyncToken"], sent["EmailStatus"]) == ("1", "EmailSent")
    assert sent["POEmail"] == {"Address": "a@b.test"}


def test_lists_and_deposits_cannot_be_sent_5_10(qbo: Quick) -> None:
    deposit = {"payments": [payment(qbo, 5)["Id"]], "account": "35"}
    made = qbo.act("make_deposit", entity="Deposit", fields=deposit)

    assert fault(send(qbo, "Customer", "6", sendTo="a@b.test"))["code"] == "500"
    assert fault(send(qbo, "Deposit", made["Id"], sendTo="a@b.test"))["code"] == "500"


def test_what_is_not_there_is_610_and_what_is_no_id_2030_5_10(qbo: Quick) -> None:
    assert fault(send(qbo, "Invoice", "4711", sendTo="a@b.test"))["code"] == "610"
    assert fault(send(qbo, "Invoice", "1.5", sendTo="a@b.test"))["code"] == "2030"


def test_a_repeated_requestid_sends_one_mail_2_6(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    first = send(qbo, "Invoice", made["Id"], sendTo="a@b.test", requestid="r1")
    again = send(qbo, "Invoice", made["Id"], sendTo="a@b.test", requestid="r1")

    assert first.json() == again.json()
    assert len(mails(qbo)) == 1


def test_so_many_mails_a_day_and_no_more_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_mails_per_day=2)
    made = invoice(qbo, 1)
    assert fault(send(qbo, "Invoice", made["Id"]))["code"] == "6420"  # counts for nothing

    tries = [send(qbo, "Invoice", made["Id"], sendTo="a@b.test") for _ in range(3)]

    assert [each.status_code for each in tries] == [200, 200, 429]
    assert len(mails(qbo)) == 2
    assert qbo.read(made["Id"], "Invoice")["SyncToken"] == "2"
