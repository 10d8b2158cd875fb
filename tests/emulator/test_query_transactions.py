"""Queries of transactions: filters, sorts, order, paging, lag, include (3, 4.6.1, 9)."""

from typing import Any

import pytest

from .conftest import Quick, fault
from .test_changes import cdc, now
from .test_transactions import invoice, item_line, payment

FORMS = ("Invoice", "CreditMemo", "Estimate", "SalesReceipt")


def ids(qbo: Quick, statement: str) -> list[str]:
    found = qbo.query(statement)
    (rows,) = [each for each in found.values() if isinstance(each, list)] or [[]]
    return [each["Id"] for each in rows]


def form(qbo: Quick, entity: str, amount: Any = 10, customer: str = "6", **fields: Any) -> str:
    body = {"CustomerRef": {"value": customer}, "Line": [item_line(amount)], **fields}
    return str(qbo.create(entity, **body)["Id"])


# --- What can be filtered and sorted (3.7) ---


@pytest.mark.parametrize("entity", FORMS)
@pytest.mark.parametrize(
    "where",
    [
        "DocNumber = 'Q-1'",
        "DocNumber LIKE 'q-%' ",
        "DocNumber in ('Q-1', 'x')",
        "TxnDate = '2031-01-15'",
        "TxnDate > '2031-01-14' AND TxnDate < '2031-01-16'",
        "TxnDate >= '2031-01-15T00:00:00-08:00'",
        "TotalAmt = '55.10'",
        "TotalAmt > 55 and TotalAmt <= 55.1",
        "CustomerRef = '7' AND TxnDate > '2030-12-31'",
        "CustomerRef IN ('7', '4711') AND TotalAmt > '50'",
        "MetaData.CreateTime > '2020-01-01' AND DocNumber = 'q-1'",
    ],
)
def test_forms_are_filtered_by_number_day_customer_and_total_3_7(
    qbo: Quick, entity: str, where: str
) -> None:
    wanted = form(qbo, entity, 55.1, "7", TxnDate="2031-01-15", DocNumber="Q-1")
    form(qbo, entity, 10, "6", TxnDate="2030-06-01", DocNumber="R-2")

    assert ids(qbo, f"SELECT * FROM {entity} WHERE {where}") == [wanted]
    assert qbo.query(f"select count(*) from {entity} where {where}") == {"totalCount": 1}


def test_invoices_are_filtered_by_due_day_and_balance_3_7(qbo: Quick) -> None:
    paid = invoice(qbo, 100, DueDate="2031-01-31", TxnDate="2031-01-01")
    part = invoice(qbo, 100, DueDate="2031-02-28", TxnDate="2031-01-01")
    payment(qbo, 160, (paid["Id"], 100), (part["Id"], 60))

    some = "SELECT * FROM Invoice WHERE TxnDate = '2031-01-01' AND"
    assert ids(qbo, f"{some} Balance = '0'") == [paid["Id"]]
    assert ids(qbo, f"{some} Balance > '0'") == [part["Id"]]
    assert ids(qbo, f"{some} DueDate < '2031-02-28'") == [paid["Id"]]


def test_payments_are_filtered_by_day_customer_and_total_only_3_7(qbo: Quick) -> None:
    paid = payment(qbo, 77, customer="7")

    where = "CustomerRef = '7' AND TotalAmt = '77' AND TxnDate <= CURRENT_DATE"
    assert ids(qbo, f"SELECT * FROM Payment WHERE {where}") == [paid["Id"]]


@pytest.mark.parametrize(
    ("entity", "condition"),
    [
        ("Payment", "PaymentRefNum = '1'"),
        ("Payment", "LinkedTxn = '1'"),
        ("Invoice", "DepartmentRef = '1'"),
        ("Invoice", "EmailStatus = 'NotSet'"),
        ("Invoice", "PrivateNote LIKE '%x%'"),
        ("Invoice", "LinkedTxn = '1'"),
        ("Invoice", "Line = '1'"),
        ("CreditMemo", "ProjectRef = '1'"),
        ("Estimate", "ProjectRef = '1'"),
        ("SalesReceipt", "Balance = '0'"),
    ],
)
def test_what_has_no_filter_is_4001_3_7(qbo: Quick, entity: str, condition: str) -> None:
    error = fault(qbo.ask(f"SELECT * FROM {entity} WHERE {condition}"))

    assert error["code"] == "4001"
    assert error["Detail"].endswith("is not queryable")


@pytest.mark.parametrize("entity", ["Invoice", "Payment"])
def test_a_projects_forms_are_asked_for_3_7(qbo: Quick, entity: str) -> None:
    assert qbo.query(f"SELECT * FROM {entity} WHERE ProjectRef = '1'") == {}


def test_payments_have_no_number_to_ask_for_3_7(qbo: Quick) -> None:
    error = fault(qbo.ask("SELECT * FROM Payment WHERE DocNumber = '1'"))

    assert error["Detail"] == (
        "QueryValidationError: Property DocNumber not found for Entity Payment"
    )


@pytest.mark.parametrize("name", ["DocNumber", "TxnDate", "DueDate", "Balance", "TotalAmt"])
def test_invoices_are_sorted_either_way_3_7(qbo: Quick, name: str) -> None:
    facts = [(20, "2031-01-02", "B"), (3, "2031-01-01", "A"), (100, "2031-01-03", "C")]
    made = [
        form(qbo, "Invoice", amount, TxnDate=day, DueDate=day, DocNumber=number)
        for amount, day, number in facts
    ]
    upward = [made[1], made[0], made[2]]

    some = "SELECT Id FROM Invoice WHERE TxnDate >= '2031-01-01' ORDERBY"
    assert ids(qbo, f"{some} {name}") == upward
    assert ids(qbo, f"{some} {name} DESC") == upward[::-1]


@pytest.mark.parametrize("name", ["CustomerRef", "PrivateNote", "EmailStatus"])
def test_what_cannot_be_sorted_is_4001_3_7(qbo: Quick, name: str) -> None:
    assert fault(qbo.ask(f"SELECT * FROM Invoice ORDERBY {name}"))["code"] == "4001"


def test_two_orders_the_second_settles_what_the_first_leaves_3_2(qbo: Quick) -> None:
    one = form(qbo, "Invoice", 5, TxnDate="2031-01-01")
    two = form(qbo, "Invoice", 9, TxnDate="2031-01-01")
    three = form(qbo, "Invoice", 1, TxnDate="2031-01-02")

    some = "SELECT * FROM Invoice WHERE TxnDate >= '2031-01-01'"
    assert ids(qbo, f"{some} ORDERBY TxnDate, TotalAmt DESC") == [two, one, three]
    assert ids(qbo, f"{some} ORDER BY TxnDate DESC, TotalAmt") == [three, one, two]


# --- The grammar (3.2 to 3.6, 3.8) ---


def test_case_does_not_matter_anywhere_3_2(qbo: Quick) -> None:
    made = form(qbo, "Invoice", DocNumber="abc-X")

    assert ids(qbo, "sElEcT * fRoM iNvOiCe WhErE dOcNuMbEr LiKe 'ABC-%' OrDeRbY tXnDaTe DeSc") == [
        made
    ]
    assert ids(qbo, "select * from invoice where docnumber = 'ABC-x'") == [made]


def test_a_blank_in_quotes_finds_what_has_no_number_3_2(qbo: Quick) -> None:
    numbers = {"SalesFormsPrefs": {"CustomTxnNumbers": True}}
    qbo.act("update", "1", entity="Preferences", fields=numbers)
    without = form(qbo, "Invoice")
    form(qbo, "Invoice", DocNumber="N-1")

    found = ids(qbo, "SELECT * FROM Invoice WHERE DocNumber = ' '")

    assert without in found
    assert (
        len(found) == qbo.query("SELECT COUNT(*) FROM Invoice WHERE DocNumber = ' '")["totalCount"]
    )


def test_newest_changes_come_first_without_an_order_3_5(qbo: Quick) -> None:
    made = [form(qbo, "Invoice", TxnDate="2031-01-01") for _ in range(3)]
    qbo.advance(2)
    qbo.act("update", made[0], entity="Invoice", fields={"PrivateNote": "x"})

    found = ids(qbo, "SELECT * FROM Invoice WHERE TxnDate = '2031-01-01'")

    assert found == [made[0], made[2], made[1]]


def test_get_and_post_answer_the_same_pages_3_1_3_4(qbo: Quick) -> None:
    made = [form(qbo, "Invoice", TxnDate="2031-01-01") for _ in range(5)]
    statement = (
        "SELECT * FROM Invoice WHERE TxnDate = '2031-01-01' ORDERBY Id STARTPOSITION 3 MAXRESULTS 2"
    )

    posted = qbo.query(statement)
    got = qbo.api("GET", "query", params={"query": statement}).json()["QueryResponse"]

    assert posted == got
    assert [each["Id"] for each in posted["Invoice"]] == made[2:4]
    assert (posted["startPosition"], posted["maxResults"]) == (3, 2)
    assert "totalCount" not in posted
    assert qbo.query(statement.replace("STARTPOSITION 3", "STARTPOSITION 6")) == {}


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("TxnDate > 'someday'", "4001"),
        ("TotalAmt > 'much'", "4001"),
        ("TotalAmt LIKE '1%'", "4001"),
        ("TxnDate", "4000"),
        ("TxnDate = ", "4000"),
        ("TxnDate = '2031-01-01' OR TxnDate = '2031-01-02'", "4000"),
        ("TxnDate BETWEEN '2031-01-01' AND '2031-01-02'", "4000"),
        ("CustomerRef.value = '6'", "4001"),
    ],
)
def test_bad_conditions_are_told_apart_3_8(qbo: Quick, condition: str, code: str) -> None:
    assert fault(qbo.ask(f"SELECT * FROM Invoice WHERE {condition}"))["code"] == code


def test_one_customers_forms_are_found_among_many_3_7(qbo: Quick) -> None:
    made = form(qbo, "Invoice", customer="7")
    for _ in range(20):
        form(qbo, "Invoice", customer="6")

    assert ids(qbo, "SELECT * FROM Invoice WHERE CustomerRef = '7' ORDERBY TxnDate DESC")[0] == made
    assert ids(qbo, "SELECT * FROM Invoice WHERE CustomerRef = ' '") == []


# --- include and minorversion (2.5, 4.6.1, 4.6.4) ---


def pay_online(qbo: Quick) -> dict[str, Any]:
    prefs = {"SalesFormsPrefs": {"ETransactionPaymentEnabled": True}}
    qbo.act("update", "1", entity="Preferences", fields=prefs)
    return invoice(qbo, 100, BillEmail={"Address": "a@b.test"}, AllowOnlineACHPayment=True)


def test_the_payment_link_comes_only_where_asked_for_4_6_1(qbo: Quick) -> None:
    made = pay_online(qbo)
    path, statement = f"invoice/{made['Id']}", f"SELECT * FROM Invoice WHERE Id = '{made['Id']}'"
    asked = {"include": "invoiceLink"}

    read = qbo.api("GET", path, params=asked).json()["Invoice"]
    found = qbo.api("GET", "query", params={"query": statement, **asked}).json()["QueryResponse"]

    assert read["InvoiceLink"].startswith("https://connect.intuit.com/")
    assert found["Invoice"][0]["InvoiceLink"] == read["InvoiceLink"]
    assert "InvoiceLink" not in qbo.read(made["Id"], "Invoice")
    assert "InvoiceLink" not in qbo.query(statement)["Invoice"][0]


def test_no_payment_link_without_address_or_online_payment_4_6_1(qbo: Quick) -> None:
    offline = invoice(qbo, 100, BillEmail={"Address": "a@b.test"})
    pay_online(qbo)
    nameless = invoice(qbo, 100)

    for made in (offline, nameless):
        read = qbo.api("GET", f"invoice/{made['Id']}", params={"include": "invoiceLink"}).json()
        assert "InvoiceLink" not in read["Invoice"]


def test_a_number_may_repeat_where_asked_for_4_6_4(qbo: Quick) -> None:
    form(qbo, "Invoice", DocNumber="N-1")
    body = {"CustomerRef": {"value": "6"}, "Line": [item_line(1)], "DocNumber": "N-1"}

    assert fault(qbo.post(body, "Invoice"))["code"] == "6140"
    assert qbo.post(body, "Invoice", include="AllowDuplicateDocNum").status_code == 200


@pytest.mark.parametrize("version", ["1", "75", "999", ""])
def test_any_minor_version_is_served_alike_2_5(qbo: Quick, version: str) -> None:
    made = invoice(qbo, 1)

    answer = qbo.api("GET", f"invoice/{made['Id']}", params={"minorversion": version})

    assert answer.json()["Invoice"] == made


# --- Reads that lag behind writes (9) ---


def test_lists_of_invoices_lag_behind_writes_where_switched_9(qbo: Quick) -> None:
    old = invoice(qbo, 100, TxnDate="2031-01-01", customer="7")
    gone = invoice(qbo, 200, TxnDate="2031-01-01", customer="7")
    qbo.advance(60)
    qbo.switch(read_lag_seconds=30)
    since = now(qbo)
    qbo.advance(2)
    payment(qbo, 100, (old["Id"], 100), customer="7")
    qbo.post({"Id": gone["Id"], "SyncToken": "0"}, "Invoice", operation="delete")
    fresh = invoice(qbo, 300, TxnDate="2031-01-01", customer="7")

    some = "SELECT * FROM Invoice WHERE CustomerRef = '7' AND TxnDate = '2031-01-01' ORDERBY Id"
    lagging = qbo.query(some)["Invoice"]
    assert [(each["Id"], each["Balance"]) for each in lagging] == [
        (old["Id"], 100),
        (gone["Id"], 200),
    ]
    assert cdc(qbo, "Invoice", since) == [{}]
    assert qbo.read(old["Id"], "Invoice")["Balance"] == 0

    qbo.advance(31)
    assert ids(qbo, some) == [old["Id"], fresh["Id"]]
    statuses = {each["Id"]: each.get("status") for each in cdc(qbo, "Invoice", since)[0]["Invoice"]}
    assert statuses == {old["Id"]: None, gone["Id"]: "Deleted", fresh["Id"]: None}


def test_reads_by_id_lag_where_switched_deleted_ones_too_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)
    qbo.advance(60)
    qbo.switch(id_read_lag_seconds=30)
    qbo.post({"Id": made["Id"], "SyncToken": "0"}, "Invoice", operation="delete")

    assert qbo.read(made["Id"], "Invoice") == made
    qbo.advance(31)
    assert fault(qbo.api("GET", f"invoice/{made['Id']}"))["code"] == "610"
