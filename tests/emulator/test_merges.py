"""What a person does in the books, and how it shows to an app (9)."""

from typing import Any

import pytest

from .conftest import Quick, fault
from .test_changes import cdc, now
from .test_transactions import invoice, item_line, payment


def owed(qbo: Quick, customer: str) -> int:
    found = qbo.control("GET", f"ledger/{qbo.realm}?by=type,name")["sums"]
    key = ("Accounts Receivable", f"Customer:{customer}")
    return sum(each["cents"] for each in found if (each["type"], each["name"]) == key)


def names_of(line: dict[str, Any]) -> tuple[str, str]:
    item = line["SalesItemLineDetail"]["ItemRef"]
    return item["value"], item["name"]


# --- Merges ---


def test_transactions_of_a_merged_customer_are_the_survivors_9(qbo: Quick) -> None:
    away = qbo.create(DisplayName="Away")["Id"]
    into = qbo.create(DisplayName="Into")["Id"]
    made, kept = invoice(qbo, 100, away), invoice(qbo, 50, into)
    paid = payment(qbo, 30, (made["Id"], 30), customer=away)
    since = now(qbo)
    qbo.advance(2)

    qbo.act("merge", away, into=into)

    after = qbo.read(made["Id"], "Invoice")
    assert after["CustomerRef"] == {"value": into, "name": "Into"}
    assert after["SyncToken"] == "1"  # as the payment left it
    assert after["MetaData"]["LastUpdatedTime"] > made["MetaData"]["LastUpdatedTime"]
    assert qbo.read(paid["Id"], "Payment")["CustomerRef"]["value"] == into
    assert qbo.read(kept["Id"], "Invoice") == kept
    assert qbo.read(into)["Balance"] == 120
    assert (owed(qbo, away), owed(qbo, into)) == (0, 12000)
    fed = cdc(qbo, "Invoice,Customer", since)
    assert [each["Id"] for each in fed[0]["Invoice"]] == [made["Id"]]
    assert away not in [each["Id"] for each in fed[1]["Customer"]]
    assert fault(qbo.api("GET", f"customer/{away}"))["code"] == "610"
    found = qbo.query(f"SELECT * FROM Invoice WHERE CustomerRef = '{into}'")["Invoice"]
    assert {each["Id"] for each in found} == {made["Id"], kept["Id"]}


def test_money_moves_on_after_a_merge_9(qbo: Quick) -> None:
    away = qbo.create(DisplayName="Away")["Id"]
    made = invoice(qbo, 100, away)
    qbo.act("merge", away, into="6")

    payment(qbo, 100, (made["Id"], 100), customer="6")

    assert qbo.read("6")["Balance"] == 0
    assert qbo.read(made["Id"], "Invoice")["Balance"] == 0


def test_lines_of_a_merged_item_name_the_survivor_at_their_old_price_9(qbo: Quick) -> None:
    away = qbo.create("Item", Name="Old", Type="Service", UnitPrice=10,
                      IncomeAccountRef={"value": "79"})  # fmt: skip
    line = item_line(30, away["Id"], Qty=3, UnitPrice=10)
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=[line, item_line(5)])

    qbo.act("merge", away["Id"], entity="Item", into="2")

    after = qbo.read(made["Id"], "Invoice")
    assert [names_of(each) for each in after["Line"][:2]] == [("2", "Hours"), ("6", "Gardening")]
    assert after["Line"][0]["SalesItemLineDetail"]["UnitPrice"] == 10
    assert (after["TotalAmt"], after["SyncToken"]) == (35, "0")
    assert fault(qbo.api("GET", f"item/{away['Id']}"))["code"] == "610"


def test_a_merged_default_item_stays_the_default_9(qbo: Quick) -> None:
    qbo.act("merge", "1", entity="Item", into="2")

    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=[line])

    assert names_of(made["Line"][0]) == ("2", "Hours")


def test_items_and_accounts_merge_with_their_own_kind_9(qbo: Quick) -> None:
    for entity, id, into in (("Item", "11", "2"), ("Account", "35", "84")):
        body = {"entity": entity, "operation": "merge", "id": id, "into": into}
        answer = qbo.http.post(f"{qbo.base_url}/emulator/act", json=body, timeout=5)
        assert fault(answer)["code"] == "6000"


def test_postings_of_a_merged_account_are_the_survivors_9(qbo: Quick) -> None:
    away = qbo.create("Account", Name="Till", AccountType="Bank")["Id"]
    made = qbo.create("SalesReceipt", CustomerRef={"value": "6"}, Line=[item_line(25)],
                      DepositToAccountRef={"value": away})  # fmt: skip
    before = qbo.read("35", "Account")["CurrentBalance"]

    qbo.act("merge", away, entity="Account", into="35")

    receipt = qbo.read(made["Id"], "SalesReceipt")
    assert receipt["DepositToAccountRef"] == {"value": "35", "name": "Checking"}
    assert qbo.read("35", "Account")["CurrentBalance"] == before + 25


def test_a_merged_vendor_vanishes_into_the_other_9(qbo: Quick) -> None:
    away = qbo.create("Vendor", DisplayName="Away")["Id"]
    item = qbo.create("Item", Name="Thing", Type="Service", IncomeAccountRef={"value": "79"},
                      PrefVendorRef={"value": away})  # fmt: skip

    qbo.act("merge", away, entity="Vendor", into="30")

    assert fault(qbo.api("GET", f"vendor/{away}"))["code"] == "610"
    assert qbo.read(item["Id"], "Item")["PrefVendorRef"]["value"] == "30"


def test_bills_of_a_merged_vendor_are_the_survivors_9(qbo: Quick) -> None:
    away = qbo.create("Vendor", DisplayName="Away")["Id"]
    detail = {"AccountRef": {"value": "7"}, "CustomerRef": {"value": "6"}}
    kind = "AccountBasedExpenseLineDetail"
    line = {"Amount": 90, "DetailType": kind, kind: detail}
    made = qbo.create("Bill", VendorRef={"value": away}, Line=[line])
    before = qbo.read("30", "Vendor")["Balance"]

    qbo.act("merge", away, entity="Vendor", into="30")
    qbo.act("merge", "6", into="5")

    after = qbo.read(made["Id"], "Bill")
    assert after["VendorRef"]["value"] == "30"
    assert after["Line"][0][kind]["CustomerRef"]["value"] == "5"
    assert after["SyncToken"] == "0"
    assert qbo.read("30", "Vendor")["Balance"] == before + 90


# --- Renames ---


def test_a_renamed_customer_shows_in_old_transactions_untouched_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    qbo.act("update", "6", fields={"DisplayName": "Dylan S."})

    after = qbo.read(made["Id"], "Invoice")
    assert after == {**made, "CustomerRef": {"value": "6", "name": "Dylan S."}}


def test_a_renamed_item_shows_in_old_lines_untouched_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    qbo.act("update", "6", entity="Item", fields={"Name": "Garden work"})

    after = qbo.read(made["Id"], "Invoice")
    assert names_of(after["Line"][0])[1].endswith("Garden work")
    assert (after["SyncToken"], after["MetaData"]) == (made["SyncToken"], made["MetaData"])


def test_a_renamed_account_shows_in_lines_and_items_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)
    account = made["Line"][0]["SalesItemLineDetail"]["ItemAccountRef"]["value"]

    qbo.act("update", account, entity="Account", fields={"Name": "Green work"})

    after = qbo.read(made["Id"], "Invoice")["Line"][0]["SalesItemLineDetail"]
    assert after["ItemAccountRef"]["name"].endswith("Green work")
    assert qbo.read("6", "Item")["IncomeAccountRef"]["name"].endswith("Green work")


# --- Other acts ---


def test_a_person_deletes_and_voids_without_a_token_9(qbo: Quick) -> None:
    one, other = invoice(qbo, 10), invoice(qbo, 20)
    paid = payment(qbo, 20, (other["Id"], 20))

    qbo.act("delete", one["Id"], entity="Invoice")
    void = qbo.act("void", other["Id"], entity="Invoice")

    assert fault(qbo.api("GET", f"invoice/{one['Id']}"))["code"] == "610"
    assert (void["TotalAmt"], void["PrivateNote"]) == (0, "Voided")
    assert qbo.read(paid["Id"], "Payment")["UnappliedAmt"] == 20


def test_received_money_goes_on_invoices_as_far_as_it_goes_9(qbo: Quick) -> None:
    one, other = invoice(qbo, 100), invoice(qbo, 50)
    fields = {"invoices": [one["Id"], other["Id"]], "amount": 120, "PaymentRefNum": "77"}

    paid = qbo.act("receive_payment", entity="Payment", fields=fields)

    assert (paid["TotalAmt"], paid["UnappliedAmt"], paid["PaymentRefNum"]) == (120, 0, "77")
    balances = [qbo.read(each["Id"], "Invoice")["Balance"] for each in (one, other)]
    assert balances == [0, 30]


def test_all_that_is_open_is_received_where_no_amount_is_named_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)

    qbo.act("receive_payment", entity="Payment", fields={"invoices": [made["Id"]]})

    assert qbo.read(made["Id"], "Invoice")["Balance"] == 0


def test_a_deposit_locks_its_payment_until_it_is_undone_9(qbo: Quick) -> None:
    paid = payment(qbo, 100)
    fields = {"payments": [paid["Id"]], "account": "35"}

    deposit = qbo.act("make_deposit", entity="Deposit", fields=fields)

    locked = qbo.read(paid["Id"], "Payment")
    assert [each["TxnType"] for each in locked["LinkedTxn"]] == ["Deposit"]
    assert fault(qbo.update(locked, "Payment", PrivateNote="x"))["code"] == "6540"
    qbo.act("delete", deposit["Id"], entity="Deposit")
    free = qbo.read(paid["Id"], "Payment")
    assert qbo.update(free, "Payment", PrivateNote="x").status_code == 200


def test_a_person_changes_preferences_and_apps_meet_them_9(qbo: Quick) -> None:
    made = invoice(qbo, 100, TxnDate="2026-01-10")

    closing = {"AccountingInfoPrefs": {"BookCloseDate": "2026-01-31"}}
    qbo.act("update", "1", entity="Preferences", fields=closing)

    assert fault(qbo.update(made, "Invoice", PrivateNote="x"))["code"] == "6210"


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "dance"},
        {"operation": "receive_payment"},
        {"operation": "receive_payment", "fields": {"invoices": ["4711"]}},
        {"operation": "receive_payment", "fields": {"customer": "6", "amount": "much"}},
        {"operation": "make_deposit", "fields": {"account": "35"}},
    ],
)
def test_an_act_that_cannot_be_done_says_what_it_lacks(qbo: Quick, body: dict[str, Any]) -> None:
    answer = qbo.http.post(f"{qbo.base_url}/emulator/act", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]
