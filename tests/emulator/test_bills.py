"""Bills, vendor credits and the payments that use them (4.0, 5, 6.3, 9)."""

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
    close_books,
    delete,
    expense,
    goods,
    pay_bill,
    ref,
    use,
    vendor_credit,
)
from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import preferences


def owed(qbo: Quick, vendor: str = BOOKS_BY_BESSIE) -> float:
    balance: float = qbo.read(vendor, "Vendor")["Balance"]
    return balance


def test_a_new_bill_gets_what_quickbooks_fills_in_4_0(qbo: Quick) -> None:
    made = bill(qbo, 103.55, TxnDate="2026-03-02", DocNumber="F-7")

    line = made["Line"][0]
    assert (line["Id"], line["LineNum"], line["Amount"]) == ("1", 1, 103.55)
    assert line["AccountBasedExpenseLineDetail"] == {
        "AccountRef": {"value": ADVERTISING, "name": "Advertising"},
        "BillableStatus": "NotBillable",
        "TaxCodeRef": {"value": "NON"},
    }
    assert (made["TotalAmt"], made["Balance"], made["DocNumber"]) == (103.55, 103.55, "F-7")
    assert made["VendorRef"] == {"value": BOOKS_BY_BESSIE, "name": "Books by Bessie"}
    assert made["APAccountRef"] == {"value": PAYABLE, "name": "Accounts Payable (A/P)"}
    assert made["DueDate"] == "2026-03-02"


def test_a_bill_is_due_by_its_term_4_14(qbo: Quick) -> None:
    made = bill(qbo, TxnDate="2026-03-02", SalesTermRef=ref("3"))  # Net 30

    assert made["DueDate"] == "2026-04-01"


def test_without_a_term_of_its_own_the_vendors_counts_4_14(qbo: Quick) -> None:
    vendor = qbo.read(BOOKS_BY_BESSIE, "Vendor")
    qbo.update(vendor, "Vendor", TermRef=ref("3"), DisplayName=vendor["DisplayName"])

    made = bill(qbo, TxnDate="2026-03-02")

    assert (made["SalesTermRef"], made["DueDate"]) == ({"value": "3"}, "2026-04-01")


def test_bills_may_share_a_number_4_6_4(qbo: Quick) -> None:
    first, second = bill(qbo, DocNumber="F-7"), bill(qbo, DocNumber="F-7")

    assert first["DocNumber"] == second["DocNumber"] == "F-7"


def test_an_inactive_account_stays_on_old_lines_alone_5_6(qbo: Quick) -> None:
    made = bill(qbo, 100)
    qbo.act("inactivate", ADVERTISING, entity="Account")

    new = qbo.post({"VendorRef": ref(BOOKS_BY_BESSIE), "Line": [expense(5)]}, "Bill")
    old = qbo.update(made, "Bill", VendorRef=ref(BOOKS_BY_BESSIE), Line=[expense(70)])

    assert fault(new)["code"] == "2500"
    assert old.json()["Bill"]["TotalAmt"] == 70


def test_what_we_owe_is_the_vendors_balance_and_its_token_stays_5_3(qbo: Quick) -> None:
    before = qbo.read(BOOKS_BY_BESSIE, "Vendor")

    made = bill(qbo, 100)
    after = qbo.read(BOOKS_BY_BESSIE, "Vendor")

    assert after["Balance"] == 100
    assert after["SyncToken"] == before["SyncToken"]
    delete(qbo, made, "Bill")
    assert owed(qbo) == 0


def test_a_bill_payment_closes_its_bill_and_moves_the_token_9(qbo: Quick) -> None:
    made = bill(qbo, 100)

    paid = qbo.create("BillPayment", **pay_bill(60, use("Bill", made["Id"], 60)))

    after = qbo.read(made["Id"], "Bill")
    assert (after["Balance"], after["SyncToken"]) == (40, "1")
    assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "BillPaymentCheck"}]
    assert paid["CheckPayment"]["BankAccountRef"] == {"value": CHECKING, "name": "Checking"}
    assert owed(qbo) == 40


def test_a_card_payment_says_so_in_the_link_of_its_bill_9(qbo: Quick) -> None:
    made = bill(qbo, 100)
    body = pay_bill(100, use("Bill", made["Id"], 100), PayType="CreditCard")
    del body["CheckPayment"]

    qbo.create("BillPayment", **body, CreditCardPayment={"CCAccountRef": ref(MASTERCARD)})

    linked = qbo.read(made["Id"], "Bill")["LinkedTxn"]
    assert [each["TxnType"] for each in linked] == ["BillPaymentCreditCard"]


def test_a_vendor_credit_is_used_up_by_a_payment_of_nothing_9(qbo: Quick) -> None:
    made, credit = bill(qbo, 100), vendor_credit(qbo, 30)
    assert owed(qbo) == 70

    lines = (use("Bill", made["Id"], 30), use("VendorCredit", credit["Id"], 30))
    qbo.create("BillPayment", **pay_bill(0, *lines))

    assert qbo.read(made["Id"], "Bill")["Balance"] == 70
    assert qbo.read(credit["Id"], "VendorCredit")["Balance"] == 0
    assert owed(qbo) == 70


def test_what_is_paid_beyond_the_bills_is_a_credit_with_the_vendor_9(qbo: Quick) -> None:
    made = bill(qbo, 100)

    qbo.create("BillPayment", **pay_bill(120, use("Bill", made["Id"], 100)))

    assert owed(qbo) == -20


def test_a_voided_bill_payment_opens_its_bill_again_5_5(qbo: Quick) -> None:
    made = bill(qbo, 100)
    paid = qbo.create("BillPayment", **pay_bill(100, use("Bill", made["Id"], 100)))

    body = {"Id": paid["Id"], "SyncToken": paid["SyncToken"], "sparse": True}
    answer = qbo.post(body, "BillPayment", operation="update", include="void")

    void = answer.json()["BillPayment"]
    assert (void["TotalAmt"], void["Line"], void["PrivateNote"]) == (0, [], "Voided")
    assert qbo.read(made["Id"], "Bill")["Balance"] == 100
    assert owed(qbo) == 100


def test_a_deleted_bill_leaves_its_payment_as_a_credit_9(qbo: Quick) -> None:
    made = bill(qbo, 100)
    paid = qbo.create("BillPayment", **pay_bill(100, use("Bill", made["Id"], 100)))

    delete(qbo, made, "Bill")

    after = qbo.read(paid["Id"], "BillPayment")
    assert (after["TotalAmt"], after["Line"], after["SyncToken"]) == (100, [], "1")
    assert owed(qbo) == -100


def test_a_bill_cut_below_what_was_paid_gives_the_rest_back_9(qbo: Quick) -> None:
    made = bill(qbo, 100)
    paid = qbo.create("BillPayment", **pay_bill(100, use("Bill", made["Id"], 100)))

    now = qbo.read(made["Id"], "Bill")
    qbo.update(now, "Bill", VendorRef=ref(BOOKS_BY_BESSIE), Line=[expense(70)])

    assert qbo.read(made["Id"], "Bill")["Balance"] == 0
    assert qbo.read(paid["Id"], "BillPayment")["Line"][0]["Amount"] == 70
    assert owed(qbo) == -30


def test_a_deleted_credit_opens_the_bill_it_was_used_on_9(qbo: Quick) -> None:
    made, credit = bill(qbo, 100), vendor_credit(qbo, 30)
    lines = (use("Bill", made["Id"], 30), use("VendorCredit", credit["Id"], 30))
    paid = qbo.create("BillPayment", **pay_bill(0, *lines))

    delete(qbo, credit, "VendorCredit")

    assert qbo.read(made["Id"], "Bill")["Balance"] == 100
    assert qbo.read(paid["Id"], "BillPayment")["Line"] == []
    assert owed(qbo) == 100


def test_a_credit_cut_below_what_was_used_opens_the_bill_again_9(qbo: Quick) -> None:
    made, credit = bill(qbo, 100), vendor_credit(qbo, 30)
    lines = (use("Bill", made["Id"], 30), use("VendorCredit", credit["Id"], 30))
    qbo.create("BillPayment", **pay_bill(0, *lines))

    qbo.update(qbo.read(credit["Id"], "VendorCredit"), "VendorCredit", Line=[expense(20)])

    assert qbo.read(made["Id"], "Bill")["Balance"] == 80
    assert qbo.read(credit["Id"], "VendorCredit")["Balance"] == 0
    assert owed(qbo) == 80


def test_more_than_is_open_cannot_be_paid_not_in_two_lines_either_6_3(qbo: Quick) -> None:
    made = bill(qbo, 100)

    one = qbo.post(pay_bill(150, use("Bill", made["Id"], 101)), "BillPayment")
    lines = (use("Bill", made["Id"], 60), use("Bill", made["Id"], 60))
    two = qbo.post(pay_bill(150, *lines), "BillPayment")
    less = qbo.post(pay_bill(50, use("Bill", made["Id"], 60)), "BillPayment")

    assert [fault(each)["code"] for each in (one, two, less)] == ["6000", "6000", "6000"]


def test_two_lines_on_one_bill_give_back_together_9(qbo: Quick) -> None:
    made = bill(qbo, 100)
    lines = (use("Bill", made["Id"], 60), use("Bill", made["Id"], 40))
    paid = qbo.create("BillPayment", **pay_bill(100, *lines))

    now = qbo.read(made["Id"], "Bill")
    qbo.update(now, "Bill", VendorRef=ref(BOOKS_BY_BESSIE), Line=[expense(70)])

    after = qbo.read(paid["Id"], "BillPayment")
    assert [line["Amount"] for line in after["Line"]] == [60, 10]
    assert qbo.read(made["Id"], "Bill")["Balance"] == 0


def test_a_bill_of_another_vendor_cannot_be_linked_6_3(qbo: Quick) -> None:
    other = bill(qbo, 100, CAL_TELEPHONE)

    theirs = qbo.post(pay_bill(100, use("Bill", other["Id"], 100)), "BillPayment")
    nothing = qbo.post(pay_bill(100, use("Bill", "99999", 100)), "BillPayment")
    invoice = qbo.post(pay_bill(100, use("Invoice", "1", 100)), "BillPayment")

    assert [fault(each)["code"] for each in (theirs, nothing, invoice)] == ["620", "620", "620"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"VendorRef": None}, "2020"),
        ({"VendorRef": ref("9999")}, "2500"),
        ({"Line": []}, "2020"),
        ({"Line": [expense(10, "9999")]}, "2500"),
        ({"Line": [expense(10, PAYABLE)]}, "6430"),
        ({"Line": [expense(10, RECEIVABLE)]}, "6430"),
        ({"Line": [expense(-10)]}, "2290"),
        ({"Line": [expense(10, BillableStatus="Billable")]}, "6000"),
        ({"Line": [expense(10, BillableStatus="Perhaps")]}, "2170"),
        ({"Line": [expense(10, CustomerRef=ref("9999"))]}, "2500"),
        ({"Line": [expense(10, ClassRef=ref("9999"))]}, "2500"),
        ({"Line": [expense(10, Nonsense=1)]}, "2010"),
        ({"Line": [{"Amount": 10}]}, "2020"),
        ({"Line": [{**goods(2, 10), "Amount": 21}]}, "6070"),
        ({"Line": [goods(1, 10, "9999")]}, "2500"),
        ({"Line": [goods(1, 10, "6")]}, "6000"),  # Gardening is only sold
        ({"APAccountRef": ref(CHECKING)}, "6430"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"SalesTermRef": ref("9999")}, "2500"),
    ],
)
def test_a_bill_that_lacks_something_is_refused_6_3(qbo: Quick, change: dict, code: str) -> None:  # type: ignore[type-arg]
    preferences(qbo, "AccountingInfoPrefs", ClassTrackingPerTxnLine=True)
    body = {"VendorRef": ref(BOOKS_BY_BESSIE), "Line": [expense(10)], **change}

    assert fault(qbo.post(body, "Bill"))["code"] == code
    assert qbo.query("SELECT COUNT(*) FROM Bill WHERE TotalAmt = '10'")["totalCount"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"PayType": None}, "2020"),
        ({"TotalAmt": None}, "2020"),
        ({"TotalAmt": -5}, "2290"),
        ({"PayType": "Cash"}, "2170"),
        ({"CheckPayment": None}, "2020"),
        ({"CheckPayment": {"BankAccountRef": ref(MASTERCARD)}}, "6430"),
        ({"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": ref("35")}}, "6430"),
    ],
)
def test_a_bill_payment_that_lacks_something_is_refused_6_3(
    qbo: Quick,
    change: dict,  # type: ignore[type-arg]
    code: str,
) -> None:
    assert fault(qbo.post({**pay_bill(5), **change}, "BillPayment"))["code"] == code


def test_an_update_of_a_bill_wants_its_vendor_5_2(qbo: Quick) -> None:
    made = bill(qbo, 100)

    without = qbo.update(made, "Bill", PrivateNote="seen")
    assert fault(without)["code"] == "2020"
    changed = qbo.update(made, "Bill", PrivateNote="seen", VendorRef=ref(BOOKS_BY_BESSIE))

    after = changed.json()["Bill"]
    assert (after["PrivateNote"], after["SyncToken"], after["TotalAmt"]) == ("seen", "1", 100)


def test_an_old_token_is_refused_5_3(qbo: Quick) -> None:
    made = bill(qbo, 100)
    qbo.update(made, "Bill", PrivateNote="one", VendorRef=ref(BOOKS_BY_BESSIE))

    again = qbo.update(made, "Bill", PrivateNote="two", VendorRef=ref(BOOKS_BY_BESSIE))

    assert fault(again)["code"] == "5010"


def test_sent_lines_replace_the_old_ones_5_2(qbo: Quick) -> None:
    made = bill(qbo, 100, PrivateNote="kept by sparse, emptied by full")

    full = {"VendorRef": ref(BOOKS_BY_BESSIE), "Line": [{**made["Line"][0], "Amount": 80}]}
    after = qbo.post({**full, "Id": made["Id"], "SyncToken": "0"}, "Bill").json()["Bill"]

    assert [line["Id"] for line in after["Line"]] == ["1"]
    assert (after["TotalAmt"], after["Balance"], owed(qbo)) == (80, 80, 80)
    assert "PrivateNote" not in after


def test_an_update_that_changes_nothing_keeps_the_token_5_2(qbo: Quick) -> None:
    made = bill(qbo, 100)

    after = qbo.post(made, "Bill").json()["Bill"]

    assert after == made


def test_a_closed_period_cannot_be_written_into_6_3(qbo: Quick) -> None:
    made = bill(qbo, 100, TxnDate="2026-01-31")
    close_books(qbo, "2026-01-31")

    body = {"VendorRef": ref(BOOKS_BY_BESSIE), "Line": [expense(5)], "TxnDate": "2026-01-30"}
    codes = [
        fault(qbo.post(body, "Bill"))["code"],
        fault(qbo.update(made, "Bill", TxnDate="2026-02-02", VendorRef=ref("30")))["code"],
        fault(qbo.api("POST", "bill", params={"operation": "delete"}, json=made))["code"],
    ]

    assert codes == ["6210", "6210", "6210"]


def test_a_billable_line_keeps_its_customer_4_0(qbo: Quick) -> None:
    line = expense(50, CustomerRef=ref(DYLAN), BillableStatus="Billable")

    made = bill(qbo, Line=[line])

    detail = made["Line"][0]["AccountBasedExpenseLineDetail"]
    assert detail["CustomerRef"] == {"value": DYLAN, "name": "Dylan Sollfrank"}
    assert detail["BillableStatus"] == "Billable"
    assert qbo.read(DYLAN)["Balance"] == 0


def test_a_line_shows_the_name_of_its_class_4_16(qbo: Quick) -> None:
    preferences(qbo, "AccountingInfoPrefs", ClassTrackingPerTxnLine=True)
    kind = qbo.create("Class", Name="Boats")

    made = bill(qbo, Line=[expense(50, ClassRef=ref(kind["Id"]))])

    detail = made["Line"][0]["AccountBasedExpenseLineDetail"]
    assert detail["ClassRef"] == {"value": kind["Id"], "name": "Boats"}


def test_a_bill_of_goods_raises_the_stock_and_its_token_stays_4_4(qbo: Quick) -> None:
    before = qbo.read(PUMP, "Item")

    made = bill(qbo, Line=[goods(4, 10)])
    after = qbo.read(PUMP, "Item")

    assert (before["QtyOnHand"], after["QtyOnHand"]) == (25, 29)
    assert after["SyncToken"] == before["SyncToken"]
    qbo.update(made, "Bill", VendorRef=ref(BOOKS_BY_BESSIE), Line=[goods(1.5, 10)])
    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 26.5
    delete(qbo, made, "Bill")
    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 25


def test_a_sale_lowers_the_stock_and_a_void_brings_it_back_5_5(qbo: Quick) -> None:
    detail = {"ItemRef": ref(PUMP), "Qty": 3, "UnitPrice": 15}
    line = {"Amount": 45, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}

    made = qbo.create("Invoice", CustomerRef=ref(DYLAN), Line=[line])
    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 22
    body = {"Id": made["Id"], "SyncToken": made["SyncToken"]}
    qbo.api("POST", "invoice", params={"operation": "void"}, json=body)

    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 25


def test_returned_goods_leave_the_stock_4_4(qbo: Quick) -> None:
    qbo.create("VendorCredit", VendorRef=ref(BOOKS_BY_BESSIE), Line=[goods(2, 10)])

    assert qbo.read(PUMP, "Item")["QtyOnHand"] == 23


def test_stock_does_not_move_before_it_is_kept_6_3(qbo: Quick) -> None:
    start = qbo.read(PUMP, "Item")["InvStartDate"]
    body = {"VendorRef": ref(BOOKS_BY_BESSIE), "Line": [goods(1, 10)], "TxnDate": "2000-01-01"}

    assert fault(qbo.post(body, "Bill"))["code"] == "6270"
    assert qbo.post({**body, "TxnDate": start}, "Bill").status_code == 200


def test_bills_can_be_asked_for_3_7(qbo: Quick) -> None:
    first, second = bill(qbo, 100, DocNumber="A1"), bill(qbo, 200, CAL_TELEPHONE, DocNumber="A2")
    qbo.advance(2)
    qbo.update(first, "Bill", PrivateNote="newer", VendorRef=ref(BOOKS_BY_BESSIE))

    def ids(rest: str) -> list[str]:
        return [each["Id"] for each in qbo.query(f"SELECT * FROM Bill {rest}").get("Bill", [])]

    assert ids("")[:2] == [first["Id"], second["Id"]]  # newest change first (3.5)
    assert ids(f"WHERE VendorRef = '{CAL_TELEPHONE}' AND TotalAmt > '150'") == [second["Id"]]
    assert ids("WHERE DocNumber = 'a1'") == [first["Id"]]
    assert ids("WHERE Balance > '0' AND DocNumber IN ('A1', 'A2') ORDERBY TotalAmt DESC") == [
        second["Id"],
        first["Id"],
    ]
    assert fault(qbo.ask("SELECT * FROM Bill WHERE PrivateNote = 'x'"))["code"] == "4001"


def test_changes_of_bills_are_in_the_feed_5_8(qbo: Quick) -> None:
    since = qbo.control("GET", "clock")["time"]
    qbo.advance(2)
    made, gone = bill(qbo, 100), bill(qbo, 5)
    delete(qbo, gone, "Bill")

    params = {"entities": "Bill,Vendor", "changedSince": since}
    answer = qbo.api("GET", "cdc", params=params).json()["CDCResponse"][0]["QueryResponse"]

    assert [(each["Id"], each.get("status")) for each in answer[0]["Bill"]] == [
        (gone["Id"], "Deleted"),
        (made["Id"], None),
    ]
    assert [each["Id"] for each in answer[1]["Vendor"]] == [BOOKS_BY_BESSIE]


def test_bills_and_their_payments_send_events_8_5(qbo: Quick) -> None:
    qbo.switch(webhook_hold=True)
    qbo.control("POST", "webhooks", {"url": "http://127.0.0.1:9/none"})

    made = bill(qbo, 100)
    paid = qbo.create("BillPayment", **pay_bill(100, use("Bill", made["Id"], 100)))
    body = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
    qbo.post(body, "BillPayment", operation="update", include="void")
    delete(qbo, made, "Bill")

    waiting = qbo.control("GET", "webhooks")["pending"]
    assert [(each["entity"], each["operation"]) for each in waiting] == [
        ("Bill", "Create"),
        ("BillPayment", "Create"),
        ("Bill", "Update"),
        ("BillPayment", "Void"),
        ("Bill", "Update"),
        ("Bill", "Delete"),
    ]
