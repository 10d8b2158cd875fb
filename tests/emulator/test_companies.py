"""What the companies start with: section 10 of the API reference."""

from decimal import Decimal
from typing import Any

import pytest

from tests.emulator.conftest import Quick

OPEN = {  # balance of every customer who owes something
    "1": 239, "2": 85, "8": 477.5, "9": 85, "10": 629.1, "12": 81, "13": 450, "16": 75,
    "17": 314.28, "18": 954.75, "20": 226, "21": 78.6, "23": 274.5, "24": 362.07, "25": 160,
    "26": 414.72, "29": 375,
}  # fmt: skip
TOTALS = {  # invoice number: total, tax, balance
    "1001": (108, 8, 0), "1002": (175, 0, 0), "1004": (2369.52, 175.52, 0), "1005": (54, 4, 4),
    "1006": (86.4, 6.4, 0), "1007": (750, 0, 450), "1009": (103.55, 0, 0), "1010": (375, 0, 375),
    "1012": (274.5, 0, 274.5), "1013": (81, 6, 0), "1015": (954.75, 0, 954.75),
    "1016": (75, 0, 75), "1017": (80, 0, 0), "1018": (80, 0, 80), "1019": (80, 0, 80),
    "1021": (459, 34, 239), "1022": (81, 6, 81), "1023": (70, 0, 70), "1024": (156, 0, 156),
    "1025": (205, 0, 0), "1027": (85, 0, 85), "1028": (81, 6, 81), "1029": (460.4, 38.4, 0),
    "1030": (226.75, 10.5, 0),
    "1031": (387, 22, 0), "1032": (414.72, 30.72, 414.72), "1033": (629.1, 46.6, 629.1),
    "1034": (78.6, 3.6, 78.6), "1035": (314.28, 23.28, 314.28), "1036": (477.5, 0, 477.5),
    "1037": (362.07, 26.82, 362.07),
}  # fmt: skip


def all_of(qbo: Quick, entity: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = qbo.query(f"SELECT * FROM {entity} MAXRESULTS 1000")[entity]
    return found


def test_every_invoice_of_the_sample_has_its_total_tax_and_balance_10(qbo: Quick) -> None:
    invoices = all_of(qbo, "Invoice")

    assert len(invoices) == 31
    shown = {
        each["DocNumber"]: (each["TotalAmt"], each["TxnTaxDetail"]["TotalTax"], each["Balance"])
        for each in invoices
    }
    assert shown == TOTALS
    assert round(sum(each["Balance"] for each in invoices), 2) == 5281.52


def test_every_customer_of_the_sample_owes_what_is_known_10(qbo: Quick) -> None:
    customers = all_of(qbo, "Customer")

    assert {each["Id"]: each["Balance"] for each in customers if each["Balance"]} == OPEN
    assert {each["SyncToken"] for each in customers} == {"0"}
    by_id = {each["Id"]: each["BalanceWithJobs"] for each in customers}
    assert (by_id["7"], by_id["22"]) == (562.5, 274.5)  # of the sub-customers


def test_the_next_number_is_1038_and_ids_go_on_10(qbo: Quick) -> None:
    line = {
        "Amount": 1,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    made = qbo.create("Invoice", CustomerRef={"value": "4"}, Line=[line])

    assert (made["DocNumber"], made["Id"]) == ("1038", "131")


def test_links_of_the_sample_agree_on_both_sides_10(qbo: Quick) -> None:
    invoice = qbo.read("71", "Invoice")  # paid by money and by a credit
    assert [each["TxnId"] for each in invoice["LinkedTxn"]] == ["74", "72"]
    zero = qbo.read("74", "Payment")
    assert zero["PrivateNote"] == "Created by QB Online to link credits to charges."
    assert "DepositToAccountRef" not in zero
    assert qbo.read("73", "CreditMemo")["RemainingCredit"] == 0
    assert qbo.read("31", "Payment")["LinkedTxn"] == [{"TxnId": "102", "TxnType": "Deposit"}]
    assert qbo.read("46", "Estimate")["TxnStatus"] == "Closed"


def test_an_invoice_of_delayed_charges_has_only_a_subtotal_4_6_5(qbo: Quick) -> None:
    made = qbo.read("42", "Invoice")

    assert [line["DetailType"] for line in made["Line"]] == ["SubTotalLineDetail"]
    assert made["Line"][0]["Amount"] == 75
    assert {"TxnId": "29", "TxnType": "StatementCharge"} in made["LinkedTxn"]


def test_seeded_objects_have_the_tokens_that_were_recorded_5_3(qbo: Quick) -> None:
    tokens = {each["DocNumber"]: each["SyncToken"] for each in all_of(qbo, "Invoice")}

    assert (tokens["1001"], tokens["1010"], tokens["1013"]) == ("3", "0", "2")


def test_the_messy_company_has_odd_forms_10(qbo: Quick) -> None:
    qbo.reset("messy")

    invoices = {each["Id"]: each for each in all_of(qbo, "Invoice")}
    numbers = [each.get("DocNumber") for each in invoices.values()]
    assert numbers.count("1004") == 2
    assert numbers.count(None) == 2
    assert "3" not in invoices  # deleted
    assert invoices["2"]["PrivateNote"] == "Voided - Billed twice"
    assert invoices["4"]["Line"][0]["DetailType"] == "GroupLineDetail"
    assert qbo.read("3", "Item")["Active"] is False
    closed = qbo.api("GET", "preferences").json()["Preferences"]["AccountingInfoPrefs"]
    assert invoices["1"]["TxnDate"] < closed["BookCloseDate"]


def test_an_old_invoice_with_an_ended_item_can_be_paid_9(qbo: Quick) -> None:
    qbo.reset("messy")
    qbo.switch(inactive_item_on_update="refuse")

    line = {"Amount": 40, "LinkedTxn": [{"TxnId": "9", "TxnType": "Invoice"}]}
    qbo.create("Payment", CustomerRef={"value": "8"}, TotalAmt=40, Line=[line])

    assert qbo.read("9", "Invoice")["Balance"] == 0


def test_a_bulk_company_has_so_many_of_each_and_agrees_10(qbo: Quick) -> None:
    qbo.reset("bulk:20,invoices=90,payments=70,items=5")

    invoices, customers = all_of(qbo, "Invoice"), all_of(qbo, "Customer")
    assert len(invoices) == 90
    assert len(all_of(qbo, "Payment")) == 70
    owed: dict[str, Decimal] = {}
    for each in invoices:
        id = each["CustomerRef"]["value"]
        owed[id] = owed.get(id, Decimal(0)) + Decimal(str(each["Balance"]))
    for each in customers:
        assert Decimal(str(each["Balance"])) == owed[each["Id"]]
    last = invoices[-1]
    assert qbo.read(last["Id"], "Invoice") == last
    paid = next(each for each in invoices if each["LinkedTxn"])
    token = {"Id": paid["LinkedTxn"][0]["TxnId"], "SyncToken": "0"}
    qbo.api("POST", "payment", params={"operation": "delete"}, json=token)
    assert qbo.read(paid["Id"], "Invoice")["Balance"] == paid["TotalAmt"]


@pytest.mark.parametrize(
    "kind", ["bulk:", "bulk:5,invoices", "bulk:5,invoices=x", "bulk:5,invoices=1,payments=2",
             "bulk:0,invoices=3", "bulk:5,bills=3", "bulk:9999999"]
)  # fmt: skip
def test_sizes_that_make_no_sense_are_refused(qbo: Quick, kind: str) -> None:
    body = {"company": kind}
    answer = qbo.http.post(f"{qbo.base_url}/emulator/reset", json=body, timeout=10)
    assert answer.status_code == 400
