"""Time activities and transfers (4.6.5, 5.8, 6.3)."""

import pytest

from tests.emulator.buying import (
    ADVERTISING,
    CAL_TELEPHONE,
    CHECKING,
    DYLAN,
    PAYABLE,
    SAVINGS,
    close_books,
    delete,
    ref,
)
from tests.emulator.conftest import Quick, fault

JOHN = {"NameOf": "Employee", "EmployeeRef": ref("54")}


def test_time_is_kept_for_an_employee_and_a_customer_4_0(qbo: Quick) -> None:
    made = qbo.create(
        "TimeActivity",
        **JOHN,
        CustomerRef=ref(DYLAN),
        ItemRef=ref("10"),
        BillableStatus="Billable",
        Hours=2,
        TxnDate="2026-02-03",
    )

    assert made["EmployeeRef"] == {"value": "54", "name": "John Johnson"}
    assert made["CustomerRef"] == {"value": DYLAN, "name": "Dylan Sollfrank"}
    assert made["ItemRef"] == {"value": "10", "name": "Pest Control"}
    assert (made["Hours"], made["Minutes"], made["HourlyRate"]) == (2, 0, 35)
    assert (made["BillableStatus"], made["Taxable"]) == ("Billable", False)


def test_time_is_hours_or_a_start_and_an_end_4_0(qbo: Quick) -> None:
    times = {"StartTime": "2026-02-03T08:00:00-08:00", "EndTime": "2026-02-03T17:00:00-08:00"}
    made = qbo.create("TimeActivity", **JOHN, **times, BreakHours=1)

    after = qbo.update(made, "TimeActivity", Hours=3, Minutes=30).json()["TimeActivity"]

    assert made["StartTime"] == times["StartTime"]
    assert "Hours" not in made
    assert (after["Hours"], after["Minutes"]) == (3, 30)
    assert not {"StartTime", "EndTime", "BreakHours"}.intersection(after)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"NameOf": None}, "2020"),
        ({"NameOf": "Robot"}, "2170"),
        ({"NameOf": "Vendor"}, "2020"),
        ({"EmployeeRef": ref("9999")}, "2500"),
        ({"Hours": None}, "2020"),
        ({"Minutes": 60}, "2240"),
        ({"Hours": -1}, "2240"),
        ({"BillableStatus": "Billable"}, "6000"),
        ({"CustomerRef": ref("9999")}, "2500"),
        ({"StartTime": "noon", "EndTime": "2026-02-03T17:00:00-08:00"}, "2070"),
        (
            {"StartTime": "2026-02-03T17:00:00-08:00", "EndTime": "2026-02-03T08:00:00-08:00"},
            "6000",
        ),
        ({"StartTime": "2026-02-03T17:00:00", "EndTime": "2026-02-03T18:00:00Z"}, "2070"),
    ],
)
def test_time_that_lacks_something_is_refused_6_3(
    qbo: Quick,
    change: dict,  # type: ignore[type-arg]
    code: str,
) -> None:
    assert fault(qbo.post({**JOHN, "Hours": 1, **change}, "TimeActivity"))["code"] == code


def test_a_vendors_time_names_the_vendor_4_0(qbo: Quick) -> None:
    made = qbo.create("TimeActivity", NameOf="Vendor", VendorRef=ref(CAL_TELEPHONE), Hours=1)

    assert made["VendorRef"]["name"] == "Cal Telephone"
    assert "EmployeeRef" not in made


def test_the_feed_of_changes_lacks_time_5_8(qbo: Quick) -> None:
    params = {"entities": "TimeActivity", "changedSince": "2026-01-01T00:00:00Z"}

    assert fault(qbo.api("GET", "cdc", params=params))["code"] == "4001"


def test_time_is_asked_for_and_deleted_3_7(qbo: Quick) -> None:
    made = qbo.create("TimeActivity", **JOHN, Hours=1)
    statement = "SELECT * FROM TimeActivity WHERE EmployeeRef = '54'"
    assert [each["Id"] for each in qbo.query(statement)["TimeActivity"]] == [made["Id"]]

    delete(qbo, made, "TimeActivity")

    assert "TimeActivity" not in qbo.query(statement)


def test_time_is_not_posted_and_so_never_closed_6_3(qbo: Quick) -> None:
    close_books(qbo, "2026-01-31")

    assert qbo.create("TimeActivity", **JOHN, Hours=1, TxnDate="2026-01-02")["SyncToken"] == "0"


def test_time_on_an_invoice_is_in_its_total_and_billed_4_6_5(qbo: Quick) -> None:
    made = qbo.create(
        "TimeActivity",
        **JOHN,
        CustomerRef=ref(DYLAN),
        BillableStatus="Billable",
        HourlyRate=40,
        Hours=1,
        Minutes=30,
    )

    linked = [{"TxnId": made["Id"], "TxnType": "TimeActivity"}]
    line = {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": ref("6")},
    }
    invoice = qbo.create("Invoice", CustomerRef=ref(DYLAN), LinkedTxn=linked, Line=[line])

    assert invoice["TotalAmt"] == 70
    assert qbo.read(made["Id"], "TimeActivity")["BillableStatus"] == "HasBeenBilled"
    delete(qbo, invoice, "Invoice")
    assert qbo.read(made["Id"], "TimeActivity")["BillableStatus"] == "Billable"


# --- Transfers ---


def moved(qbo: Quick) -> dict[str, object]:
    return qbo.create(
        "Transfer",
        FromAccountRef=ref(CHECKING),
        ToAccountRef=ref(SAVINGS),
        Amount=120.5,
        TxnDate="2026-02-03",
    )


def test_a_transfer_names_its_accounts_4_0(qbo: Quick) -> None:
    made = moved(qbo)

    assert made["FromAccountRef"] == {"value": CHECKING, "name": "Checking"}
    assert made["ToAccountRef"] == {"value": SAVINGS, "name": "Savings"}
    assert made["Amount"] == 120.5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Amount": None}, "2020"),
        ({"Amount": -1}, "2290"),
        ({"FromAccountRef": ref("9999")}, "2500"),
        ({"ToAccountRef": ref(ADVERTISING)}, "6430"),
        ({"ToAccountRef": ref(PAYABLE)}, "6430"),
        ({"ToAccountRef": ref(CHECKING)}, "6000"),
    ],
)
def test_a_transfer_that_does_not_fit_is_refused_6_3(
    qbo: Quick,
    change: dict,  # type: ignore[type-arg]
    code: str,
) -> None:
    body = {"FromAccountRef": ref(CHECKING), "ToAccountRef": ref(SAVINGS), "Amount": 1}

    assert fault(qbo.post({**body, **change}, "Transfer"))["code"] == code


def test_a_transfer_is_changed_and_deleted_5_2(qbo: Quick) -> None:
    made = moved(qbo)

    after = qbo.update(made, "Transfer", Amount=99).json()["Transfer"]
    stale = qbo.update(made, "Transfer", Amount=98)
    delete(qbo, made, "Transfer")

    assert (after["Amount"], after["SyncToken"]) == (99, "1")
    assert fault(stale)["code"] == "5010"
    assert fault(qbo.api("GET", f"transfer/{made['Id']}"))["code"] == "610"


def test_a_transfer_before_the_closing_date_is_refused_6_3(qbo: Quick) -> None:
    close_books(qbo, "2026-02-03")

    body = {"FromAccountRef": ref(CHECKING), "ToAccountRef": ref(SAVINGS), "Amount": 1}

    assert fault(qbo.post({**body, "TxnDate": "2026-02-03"}, "Transfer"))["code"] == "6210"
