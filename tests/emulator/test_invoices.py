"""The head of an invoice: sections 4.0, 4.6.1, 5.1 to 5.3 and 8.5 of the API reference."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import CHECKING, form, invoice, item, pay, preferences, ref, taxed

ADDRESS = {"Line1": "12 Pier Road", "City": "Half Moon Bay", "CountrySubDivisionCode": "CA",
           "PostalCode": "94213"}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "element"),
    [({"Line": [item(1)]}, "CustomerRef"), ({"CustomerRef": ref("6")}, "Line"),
     ({"CustomerRef": ref("6"), "Line": []}, "Line")],
)  # fmt: skip
def test_an_invoice_needs_a_customer_and_a_line_4_6(
    qbo: Quick, body: dict[str, Any], element: str
) -> None:
    error = fault(qbo.post(body, "Invoice"))

    assert (error["code"], error["element"]) == ("2020", element)


def test_dates_come_from_the_server_and_the_default_term_4_6_1(qbo: Quick) -> None:
    qbo.control("POST", "clock", {"now": "2026-11-22T03:00:00Z"})  # the evening before, Pacific

    made = invoice(qbo)

    assert (made["TxnDate"], made["DueDate"]) == ("2026-11-21", "2026-12-21")
    assert "SalesTermRef" not in made


def test_the_term_of_the_form_moves_its_due_date_4_6_1(qbo: Quick) -> None:
    made = invoice(qbo, TxnDate="2026-02-10", SalesTermRef=ref("2"))
    sent = invoice(qbo, TxnDate="2026-02-10", SalesTermRef=ref("2"), DueDate="2026-03-03")

    assert made["DueDate"] == "2026-02-25"
    assert sent["DueDate"] == "2026-03-03"


def test_addresses_come_from_the_customer_4_6_1(qbo: Quick) -> None:
    amy = qbo.read("1")

    made = invoice(qbo, customer="1")

    assert (made["BillAddr"], made["ShipAddr"]) == (amy["BillAddr"], amy["ShipAddr"])
    assert made["ShipFromAddr"]["Line1"] == "123 Sierra Way"
    assert made["FreeFormAddress"] is True


def test_an_address_edited_on_the_form_comes_back_as_lines_4_0(qbo: Quick) -> None:
    made = invoice(qbo, customer="1")

    after = qbo.update(made, "Invoice", BillAddr=ADDRESS).json()["Invoice"]

    lines = {name: text for name, text in after["BillAddr"].items() if name != "Id"}
    assert lines == {
        "Line1": "Amy's Bird Sanctuary",
        "Line2": "12 Pier Road",
        "Line3": "Half Moon Bay, CA 94213",
    }
    assert after["BillAddr"]["Id"] != made["BillAddr"]["Id"]
    again = qbo.update(after, "Invoice", BillAddr=after["BillAddr"]).json()["Invoice"]
    assert again == after


def test_a_sub_customer_shows_the_name_of_its_level_4_6_1(qbo: Quick) -> None:
    assert invoice(qbo, customer="8")["CustomerRef"]["name"] == "0969 Ocean View Road"


def test_computed_properties_are_ignored_when_sent_4_6_1(qbo: Quick) -> None:
    made = invoice(qbo, TotalAmt=5, Balance=7, HomeBalance=8, FreeFormAddress=False,
                   AllowIPNPayment=True, InvoiceLink="http://x.example")  # fmt: skip

    assert (made["TotalAmt"], made["Balance"]) == (100, 100)
    assert made["AllowIPNPayment"] is False
    assert not {"HomeBalance", "HomeTotalAmt", "InvoiceLink", "ExchangeRate"} & set(made)
    assert (made["PrintStatus"], made["EmailStatus"]) == ("NeedToPrint", "NotSet")


def test_pay_buttons_follow_the_preference_4_6_1(qbo: Quick) -> None:
    assert invoice(qbo)["AllowOnlineACHPayment"] is False
    preferences(qbo, "SalesFormsPrefs", ETransactionPaymentEnabled=True)
    assert invoice(qbo)["AllowOnlineACHPayment"] is True


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"EmailStatus": "NeedToSend"}, "6420"),
        ({"EmailStatus": "Sent"}, "2170"),
        ({"PrintStatus": "Printed"}, "2170"),
        ({"BillEmail": {"Address": "nobody"}}, "2210"),
        ({"DocNumber": "1" * 22}, "2050"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050"),
        ({"TxnDate": "soon"}, "2070"),
        ({"CustomerRef": ref("9999")}, "2500"),
        ({"SalesTermRef": ref("99")}, "2500"),
        ({"Nonsense": 1}, "2010"),
        ({"LinkedTxn": [{"TxnId": "9", "TxnType": "Estimate"}]}, "620"),
    ],
)
def test_a_head_that_breaks_a_rule_is_refused_6_3(
    qbo: Quick, fields: dict[str, Any], code: str
) -> None:
    assert fault(qbo.post(form(**fields), "Invoice"))["code"] == code


def test_an_ended_customer_cannot_be_sold_to_6_3(qbo: Quick) -> None:
    qbo.act("inactivate", "6")

    assert fault(qbo.post(form(), "Invoice"))["code"] == "2500"


def test_email_sent_can_be_written_directly_10(qbo: Quick) -> None:
    email = {"Address": "a@b.example"}
    made = invoice(qbo, EmailStatus="NeedToSend", BillEmail=email)
    after = qbo.update(made, "Invoice", EmailStatus="EmailSent").json()["Invoice"]
    assert after["EmailStatus"] == "EmailSent"
    qbo.switch(email_sent_directly="ignore")
    assert invoice(qbo, EmailStatus="EmailSent", BillEmail=email)["EmailStatus"] == "NotSet"


def test_a_deposit_on_the_form_lowers_its_balance_4_6_1(qbo: Quick) -> None:
    assert "Deposit" not in invoice(qbo, Deposit=30)  # the preference is off
    preferences(qbo, "SalesFormsPrefs", AllowDeposit=True)

    made = invoice(qbo, Deposit=30, DepositToAccountRef=ref(CHECKING))

    assert (made["TotalAmt"], made["Balance"], made["Deposit"]) == (100, 70, 30)
    assert fault(qbo.post(form(Deposit=101), "Invoice"))["code"] == "6000"
    assert fault(qbo.post(form(Deposit=-1), "Invoice"))["code"] == "2290"


def test_a_sparse_update_of_a_note_changes_nothing_else_5_2(qbo: Quick) -> None:
    made = invoice(qbo, item(50, "TAX"), customer="1", **taxed())

    after = qbo.update(made, "Invoice", PrivateNote="order 7731").json()["Invoice"]

    changed = {name for name in after if after[name] != made.get(name)}
    assert changed - {"MetaData"} == {"PrivateNote", "SyncToken"}
    same = qbo.update(after, "Invoice", PrivateNote="order 7731").json()["Invoice"]
    assert same["SyncToken"] == after["SyncToken"]


def test_a_full_update_empties_what_is_left_out_5_2(qbo: Quick) -> None:
    made = invoice(qbo, PrivateNote="x", CustomerMemo={"value": "y"})
    body = {"Id": made["Id"], "SyncToken": "0", **form(item(20))}

    after = qbo.post(body, "Invoice").json()["Invoice"]

    assert (after["TotalAmt"], after["SyncToken"]) == (20, "1")
    assert not {"PrivateNote", "CustomerMemo"} & set(after)
    missing = {"Id": made["Id"], "SyncToken": "1", "CustomerRef": ref("6")}
    assert fault(qbo.post(missing, "Invoice"))["code"] == "2020"


def test_an_old_token_is_5010_after_a_payment_9(qbo: Quick) -> None:
    made = invoice(qbo)
    pay(qbo, 100, {"Amount": 100, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]})

    assert fault(qbo.update(made, "Invoice", PrivateNote="x"))["code"] == "5010"


def test_the_customer_of_a_paid_invoice_stays_9(qbo: Quick) -> None:
    made = invoice(qbo)
    pay(qbo, 40, {"Amount": 40, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]})
    now = qbo.read(made["Id"], "Invoice")

    assert fault(qbo.update(now, "Invoice", CustomerRef=ref("4")))["code"] == "6000"


def test_several_currencies_want_the_customers_own_4_6_1(qbo: Quick) -> None:
    qbo.reset("messy")
    preferences(qbo, "CurrencyPrefs", MultiCurrencyEnabled=True)
    body = form(item(100, id="1"), customer="42")

    assert fault(qbo.post(body, "Invoice"))["code"] == "2020"
    assert fault(qbo.post({**body, "CurrencyRef": ref("USD")}, "Invoice"))["code"] == "2220"
    made = qbo.create("Invoice", **body, CurrencyRef=ref("EUR"), ExchangeRate="1.25")

    assert made["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    assert (made["TotalAmt"], made["HomeTotalAmt"], made["HomeBalance"]) == (100, 125, 125)


def test_what_python_quickbooks_sends_is_taken_11_3(qbo: Quick) -> None:
    empty = {"value": "", "name": "", "type": ""}
    line = item(10, Qty=0, UnitPrice=0, ServiceDate="", TaxInclusiveAmt=0, DiscountRate=0)
    line["SalesItemLineDetail"]["ItemRef"] = {"value": "6", "name": "", "type": ""}
    body = form({**line, "Id": None, "LineNum": 0, "Description": ""},
                DueDate="", TxnDate="", ExchangeRate=1, GlobalTaxCalculation="TaxExcluded",
                AllowIPNPayment=True, InvoiceLink="", PrivateNote="", EmailStatus="",
                PrintStatus="", DocNumber="", TotalAmt=0, Balance=0, Deposit=0, SyncToken=0,
                sparse=False, BillEmail={"Address": ""}, SalesTermRef=empty, ClassRef=None,
                TxnTaxDetail=None, CustomField=[], LinkedTxn=[])  # fmt: skip

    made = qbo.create("Invoice", **body)

    assert (made["TotalAmt"], made["DocNumber"], made["EmailStatus"]) == (10, "1038", "NotSet")


def test_deleted_invoices_are_in_the_change_feed_5_8(qbo: Quick) -> None:
    made = invoice(qbo)
    head = {"Id": made["Id"], "SyncToken": "0"}
    qbo.api("POST", "invoice", params={"operation": "delete"}, json=head)

    since = {"entities": "Invoice", "changedSince": made["MetaData"]["CreateTime"]}
    answer = qbo.api("GET", "cdc", params=since).json()["CDCResponse"][0]["QueryResponse"][0]

    deleted = [each for each in answer["Invoice"] if each["Id"] == made["Id"]]
    assert deleted[0]["status"] == "Deleted"
