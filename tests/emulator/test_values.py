"""What single properties may hold: limits and formats of sections 4 and 6.3, over all entities."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import form, invoice, item, link, paying, ref

# entity, the property, what holds a text of it, its limit
LIMITS: list[tuple[str, str, str, int]] = [
    ("Customer", "Suffix", "", 16),
    ("Customer", "MiddleName", "", 100),
    ("Customer", "FamilyName", "", 100),
    ("Customer", "PrintOnCheckName", "", 110),
    ("Customer", "ResaleNum", "", 16),
    ("Customer", "PrimaryPhone", "FreeFormNumber", 30),
    ("Customer", "AlternatePhone", "FreeFormNumber", 30),
    ("Customer", "Mobile", "FreeFormNumber", 30),
    ("Customer", "Fax", "FreeFormNumber", 30),
    ("Customer", "BillAddr", "Line1", 500),
    ("Customer", "BillAddr", "Line5", 500),
    ("Customer", "ShipAddr", "City", 255),
    ("Customer", "ShipAddr", "Country", 255),
    ("Customer", "BillAddr", "CountrySubDivisionCode", 255),
    ("Customer", "BillAddr", "PostalCode", 30),
    ("Vendor", "AcctNum", "", 100),
    ("Vendor", "TaxIdentifier", "", 20),
    ("Vendor", "PrintOnCheckName", "", 100),
    ("Employee", "EmployeeNumber", "", 100),
    ("Employee", "FamilyName", "", 100),
    ("Employee", "PrimaryPhone", "FreeFormNumber", 20),
    ("Item", "Name", "", 100),
    ("Item", "Sku", "", 100),
    ("Item", "Description", "", 4000),
    ("Item", "PurchaseDesc", "", 1000),
    ("Account", "Name", "", 100),
    ("Account", "AcctNum", "", 7),
    ("Account", "Description", "", 100),
    ("Invoice", "CustomerMemo", "value", 1000),
    ("Invoice", "PrivateNote", "", 4000),
    ("Invoice", "ShipMethodRef", "value", 30),
    ("SalesReceipt", "PaymentRefNum", "", 21),
    ("Payment", "PaymentRefNum", "", 21),
    ("Payment", "PrivateNote", "", 4000),
    ("Term", "Name", "", 31),
    ("PaymentMethod", "Name", "", 31),
    ("Class", "Name", "", 100),
    ("Department", "Name", "", 100),
    ("Attachable", "Note", "", 2000),
]
NEEDED: dict[str, dict[str, Any]] = {
    "Customer": {"DisplayName": "Quist"},
    "Vendor": {"DisplayName": "Quist"},
    "Employee": {"GivenName": "Nora"},
    "Item": {"Name": "Rope", "IncomeAccountRef": ref("79")},
    "Account": {"Name": "Till", "AccountType": "Bank"},
    "Invoice": form(),
    "SalesReceipt": form(),
    "Payment": paying(10),
    "Term": {"Name": "Net 5", "DueDays": 5},
    "PaymentMethod": {"Name": "Barter"},
    "Class": {"Name": "North"},
    "Department": {"Name": "Harbour"},
    "Attachable": {"Note": "x"},
}


@pytest.mark.parametrize(("entity", "name", "inner", "limit"), LIMITS)
def test_a_text_may_be_as_long_as_its_limit_4(
    qbo: Quick, entity: str, name: str, inner: str, limit: int
) -> None:
    def body(length: int) -> dict[str, Any]:
        text = "x" * length
        return {**NEEDED[entity], name: {inner: text} if inner else text}

    error = fault(qbo.post(body(limit + 1), entity))

    assert error["code"] == "2050"
    assert f"Max:{limit} supported. Supplied length:{limit + 1}" in error["Detail"]
    assert qbo.post(body(limit), entity).status_code == 200


def test_an_email_has_a_hundred_characters_and_a_website_a_thousand_4_0(qbo: Quick) -> None:
    def customer(length: int, start: str, name: str, inner: str) -> dict[str, Any]:
        return {"DisplayName": name, name: {inner: start + "x" * (length - len(start))}}

    email = ("a@x.", "PrimaryEmailAddr", "Address")
    website = ("http://x.test/", "WebAddr", "URI")
    assert fault(qbo.post(customer(101, *email)))["code"] == "2050"
    assert fault(qbo.post(customer(1001, *website)))["code"] == "2050"
    assert qbo.post(customer(100, *email)).status_code == 200
    assert qbo.post(customer(1000, *website)).status_code == 200


def test_the_lines_of_an_address_have_2000_characters_together_4_0(qbo: Quick) -> None:
    lines = {f"Line{number}": "x" * 400 for number in range(1, 6)}

    error = fault(qbo.post({"DisplayName": "Quist", "BillAddr": {**lines, "Line5": "x" * 401}}))

    assert (error["code"], error["element"]) == ("2050", "BillAddr")
    assert qbo.post({"DisplayName": "Quist", "BillAddr": lines}).status_code == 200


def test_the_description_of_a_line_has_4000_characters_4_0(qbo: Quick) -> None:
    def body(length: int) -> dict[str, Any]:
        return form({**item(10), "Description": "x" * length})

    assert fault(qbo.post(body(4001), "Invoice"))["code"] == "2050"
    assert qbo.post(body(4000), "Invoice").status_code == 200


@pytest.mark.parametrize(
    "address", ["quist", "two words.test", "http://", "ftp://quist.test", "http://quist"]
)
@pytest.mark.parametrize("entity", ["Customer", "Vendor"])
def test_a_malformed_website_is_refused_with_2200_6_3(
    qbo: Quick, entity: str, address: str
) -> None:
    error = fault(qbo.post({"DisplayName": "Quist", "WebAddr": {"URI": address}}, entity))

    assert (error["code"], error["element"]) == ("2200", "WebAddr")


@pytest.mark.parametrize(
    "address", ["quist.test", "http://www.quist.test", "https://a-b.quist.test:8080/x?y=1#z"]
)
def test_a_website_is_a_host_with_or_without_what_goes_around_it_4_0(
    qbo: Quick, address: str
) -> None:
    assert qbo.create(DisplayName="Quist", WebAddr={"URI": address})["WebAddr"] == {"URI": address}


@pytest.mark.parametrize("number", ["4111111111111111", "4111 1111 1111 1111", "378282246310005"])
def test_a_card_number_in_a_text_is_refused_with_6530_6_3(qbo: Quick, number: str) -> None:
    texts: list[tuple[str, Any]] = [("PrivateNote", number), ("CustomerMemo", {"value": number})]
    for name, text in texts:
        error = fault(qbo.post(form(**{name: text}), "Invoice"))
        assert (error["code"], error["element"]) == ("6530", name)
    error = fault(qbo.post({"DisplayName": "Quist", "Notes": f"card {number}."}))
    assert error["code"] == "6530"


@pytest.mark.parametrize(
    "text", ["4111111111111112", "650 555 0101 650 555 0104", "41111111111111114", "1234567890123"]
)
def test_other_long_numbers_are_texts_like_any_6_3(qbo: Quick, text: str) -> None:
    assert invoice(qbo, PrivateNote=text)["PrivateNote"] == text


def test_a_transaction_has_ten_thousand_lines_at_most_4_6_2(qbo: Quick) -> None:
    line = item(1)

    error = fault(qbo.post(form(*[line] * 10_001), "Invoice"))

    assert (error["code"], error["element"]) == ("6000", "Line")
    assert len(invoice(qbo, *[line] * 10_000)["Line"]) == 10_001  # and the subtotal


def test_a_transaction_has_ten_thousand_links_at_most_4_6_2(qbo: Quick) -> None:
    linked = [{"TxnId": "1", "TxnType": "TimeActivity"}] * 10_001
    paid = link(invoice(qbo)["Id"], "0.01")

    assert fault(qbo.post(form(LinkedTxn=linked), "Invoice"))["code"] == "6000"
    assert fault(qbo.post(paying(200, *[paid] * 10_001), "Payment"))["code"] == "6000"
    bill = {"VendorRef": ref("30"), "Line": [{"Amount": 1}] * 10_001}
    assert fault(qbo.post(bill, "Bill"))["element"] == "Line"


def test_a_journal_entry_has_no_such_limit_4_6_2(qbo: Quick) -> None:
    def line(posting: str, account: str) -> dict[str, Any]:
        detail = {"PostingType": posting, "AccountRef": ref(account)}
        return {
            "Amount": 1,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": detail,
        }

    lines = [line("Debit", "35"), line("Credit", "36")] * 5_001

    assert qbo.post({"Line": lines}, "JournalEntry").status_code == 200


def test_a_wrong_property_is_named_with_its_class_and_what_is_known_6_3(qbo: Quick) -> None:
    detail = fault(qbo.post({**form(), "BadJson": 1}, "Invoice"))["Detail"]

    assert detail.startswith(
        'Property Name:Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Invoice),'
        " not marked as ignorable ("
    )
    assert " known properties: " in detail


@pytest.mark.parametrize(
    ("entity", "name", "word"),
    [
        ("Invoice", "EmailStatus", "Sent"),
        ("Invoice", "PrintStatus", "Printed"),
        ("Estimate", "TxnStatus", "Lost"),
        ("Customer", "PreferredDeliveryMethod", "Pigeon"),
        ("Customer", "TaxExemptionReasonId", "16"),
        ("Item", "Type", "Thing"),
        ("Employee", "Gender", "X"),
        ("PaymentMethod", "Type", "SHELLS"),
        ("Attachable", "Category", "Film"),
    ],
)
def test_a_word_outside_its_list_is_refused_with_2170_6_3(
    qbo: Quick, entity: str, name: str, word: str
) -> None:
    error = fault(qbo.post({**NEEDED.get(entity, form()), name: word}, entity))

    assert (error["code"], error["element"]) == ("2170", name)
