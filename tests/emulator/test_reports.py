"""Reports (5.13): their shape, their sums, and what they can be asked for."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from qbo_emulator.reports import REPORTS, shape
from qbo_emulator.reports.request import Request
from qbo_emulator.store import Store

from .conftest import Quick, fault
from .test_transactions import invoice, item_line, payment

JANUARY = {"start_date": "2031-01-01", "end_date": "2031-01-31"}


def report(qbo: Quick, name: str, **params: str) -> dict[str, Any]:
    answer = qbo.api("GET", f"reports/{name}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["Header"]["ReportName"] == name
    return found


def walk(rows: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every row, those inside sections too."""
    for row in rows.get("Row", []):
        yield row
        yield from walk(row.get("Rows", {}))


def data(found: dict[str, Any]) -> list[list[str]]:
    """The values of all data rows."""
    return [
        [cell["value"] for cell in row["ColData"]]
        for row in walk(found["Rows"])
        if row["type"] == "Data"
    ]


def summary(found: dict[str, Any], group: str) -> list[str]:
    (row,) = [each for each in walk(found["Rows"]) if each.get("group") == group]
    return [cell["value"] for cell in row["Summary"]["ColData"]]


def option(found: dict[str, Any], name: str) -> str:
    options = {each["Name"]: each["Value"] for each in found["Header"]["Option"]}
    return str(options[name])


def titles(found: dict[str, Any]) -> list[str]:
    return [each["ColTitle"] for each in found["Columns"]["Column"]]


def in_ledger(qbo: Quick, type: str, until: str = "") -> Decimal:
    """What the ledger itself has on accounts of a type, debits positive."""
    found = qbo.control("GET", f"ledger/{qbo.realm}?by=type&until={until}")["sums"]
    return sum((Decimal(each["cents"]) / 100 for each in found if each["type"] == type), Decimal(0))


@pytest.fixture
def books(qbo: Quick) -> Quick:
    """A company with nothing in it but what a test writes."""
    qbo.reset("empty")
    for name in ("Ada", "Bo"):
        qbo.create(DisplayName=name)
    qbo.create(DisplayName="Hull", ParentRef={"value": "1"}, Job=True)
    qbo.item = qbo.create(  # type: ignore[attr-defined]
        "Item", Name="Hour", Type="Service", IncomeAccountRef={"value": "79"}
    )["Id"]
    return qbo


def bill(qbo: Quick, amount: Any, customer: str = "1", **fields: Any) -> dict[str, Any]:
    line = item_line(amount, qbo.item)  # type: ignore[attr-defined]
    return qbo.create("Invoice", CustomerRef={"value": customer}, Line=[line], **fields)


# --- Shape ---


def test_an_empty_report_says_so_and_has_no_rows_5_13(books: Quick) -> None:
    for name in ("ProfitAndLoss", "BalanceSheet", "TransactionList", "AgedReceivableDetail"):
        found = report(books, name)
        assert option(found, "NoReportData") == "true"
        assert found["Rows"] == {}
        assert found["Columns"]["Column"]


def test_head_columns_and_rows_are_as_recorded_5_13(books: Quick) -> None:
    bill(books, 100, TxnDate="2031-01-15")

    found = report(books, "ProfitAndLoss", **JANUARY)

    head = found["Header"]
    assert (head["StartPeriod"], head["EndPeriod"]) == ("2031-01-01", "2031-01-31")
    assert (head["ReportBasis"], head["Currency"]) == ("Accrual", "USD")
    assert head["SummarizeColumnsBy"] == "Total"
    assert head["Time"][-6:] in {"-08:00", "-07:00"}
    assert [(each["ColTitle"], each["ColType"]) for each in found["Columns"]["Column"]] == [
        ("", "Account"),
        ("Total", "Money"),
    ]
    income = found["Rows"]["Row"][0]
    assert (income["type"], income["group"]) == ("Section", "Income")
    assert income["Header"]["ColData"] == [{"value": "Income"}, {"value": ""}]
    assert income["Rows"]["Row"][0] == {
        "ColData": [{"value": "Sales of Product Income", "id": "79"}, {"value": "100.00"}],
        "type": "Data",
    }
    assert income["Summary"]["ColData"] == [{"value": "Total Income"}, {"value": "100.00"}]


def test_an_unknown_report_is_500_unsupported_5_13(qbo: Quick) -> None:
    for name in ("Nonsense", "profitandloss"):
        error = fault(qbo.api("GET", f"reports/{name}"))
        assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"start_date": "tomorrow"}, "2070"),
        ({"end_date": "2031-02-30"}, "2070"),
        ({"end_date": "9999-12-31", "summarize_column_by": "Year"}, "2070"),
        ({"date_macro": "Next Decade"}, "2170"),
        ({"summarize_column_by": "Moons"}, "500"),
        ({"accounting_method": "Cash"}, "500"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_5_13(
    qbo: Quick, params: dict[str, str], code: str
) -> None:
    assert fault(qbo.api("GET", "reports/ProfitAndLoss", params=params))["code"] == code


@pytest.mark.parametrize(
    ("macro", "first", "last"),
    [
        ("today", "2031-05-14", "2031-05-14"),
        ("Yesterday", "2031-05-13", "2031-05-13"),
        ("This Week", "2031-05-11", "2031-05-17"),
        ("Last Month", "2031-04-01", "2031-04-30"),
        ("This Month-to-date", "2031-05-01", "2031-05-14"),
        ("Last Month-to-date", "2031-04-01", "2031-04-14"),
        ("This Calendar Quarter", "2031-04-01", "2031-06-30"),
        ("This Fiscal Quarter-to-date", "2031-04-01", "2031-05-14"),
        ("Last Fiscal Year", "2030-01-01", "2030-12-31"),
        ("This Calendar Year-to-date", "2031-01-01", "2031-05-14"),
    ],
)
def test_a_date_macro_stands_for_its_days_5_13(
    qbo: Quick, macro: str, first: str, last: str
) -> None:
    qbo.control("POST", "clock", {"now": "2031-05-14T20:00:00Z"})
    qbo.access = qbo.control("POST", "tokens", {"action": "new"})

    head = report(qbo, "ProfitAndLoss", date_macro=macro)["Header"]

    assert (head["StartPeriod"], head["EndPeriod"]) == (first, last)


def test_reports_are_metered_7_4(qbo: Quick) -> None:
    before = qbo.counts["metered"]

    report(qbo, "ProfitAndLoss")

    assert qbo.counts["metered"] == before + 1


# --- Receivables ---


def test_open_invoices_are_listed_by_their_age_5_13(books: Quick) -> None:
    current = bill(books, 10, TxnDate="2031-01-01", DueDate="2031-01-31")
    late = bill(books, 20, TxnDate="2031-01-01", DueDate="2031-01-30")
    older = bill(books, 40, "2", TxnDate="2030-10-01", DueDate="2030-11-30")
    oldest = bill(books, 80, "3", TxnDate="2030-10-01", DueDate="2030-11-01")

    found = report(books, "AgedReceivableDetail", report_date="2031-01-31")

    assert titles(found) == [
        "Date", "Transaction Type", "Num", "Customer", "Due Date", "Amount", "Open Balance",
    ]  # fmt: skip
    sections = {
        row["Header"]["ColData"][0]["value"]: [
            line["ColData"][1]["id"] for line in row["Rows"]["Row"]
        ]
        for row in found["Rows"]["Row"]
        if "Header" in row
    }
    assert list(sections.items()) == [
        ("91 or more days past due", [oldest["Id"]]),
        ("61 - 90 days past due", [older["Id"]]),
        ("1 - 30 days past due", [late["Id"]]),
        ("Current", [current["Id"]]),
    ]
    assert data(found)[0] == [
        "2030-10-01", "Invoice", oldest["DocNumber"], "Ada:Hull", "2030-11-01", "80.00", "80.00",
    ]  # fmt: skip
    assert summary(found, "GrandTotal")[-1] == "150.00"


def test_ages_are_as_long_and_as_many_as_asked_5_13(books: Quick) -> None:
    bill(books, 10, TxnDate="2031-01-01", DueDate="2031-01-20")

    asked = {"report_date": "2031-01-31", "aging_period": "10", "num_periods": "3"}
    found = report(books, "AgedReceivables", **asked)

    assert titles(found) == ["", "Current", "1 - 10", "11 - 20", "21 and over", "Total"]
    assert data(found) == [["Ada", "0.00", "0.00", "10.00", "0.00", "10.00"]]


def test_payments_and_credits_lower_what_is_open_on_their_day_5_13(books: Quick) -> None:
    made = bill(books, 100, TxnDate="2031-01-01")
    payment_of_30 = {"CustomerRef": {"value": "1"}, "TotalAmt": 50, "TxnDate": "2031-02-01"}
    applied = [{"Amount": 30, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}]
    books.create("Payment", **payment_of_30, Line=applied)

    def open_on(day: str) -> list[tuple[str, str]]:
        found = report(books, "AgedReceivableDetail", report_date=day)
        return [(row[1], row[-1]) for row in data(found)]

    assert open_on("2030-12-31") == []
    assert open_on("2031-01-31") == [("Invoice", "100.00")]
    assert sorted(open_on("2031-02-01")) == [("Invoice", "70.00"), ("Payment", "-20.00")]


def test_a_payment_before_its_invoice_is_open_until_then_5_13(books: Quick) -> None:
    made = bill(books, 100, TxnDate="2031-02-01")
    applied = [{"Amount": 100, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}]
    books.create("Payment", CustomerRef={"value": "1"}, TotalAmt=100, TxnDate="2031-01-01",
                 Line=applied)  # fmt: skip

    before = report(books, "AgedReceivableDetail", report_date="2031-01-15")
    after = report(books, "AgedReceivableDetail", report_date="2031-02-01")

    assert [(row[1], row[-1]) for row in data(before)] == [("Payment", "-100.00")]
    assert option(after, "NoReportData") == "true"


def test_a_used_credit_memo_is_not_open_any_more_5_13(books: Quick) -> None:
    line = item_line(40, books.item)  # type: ignore[attr-defined]
    books.create("CreditMemo", CustomerRef={"value": "1"}, Line=[line], TxnDate="2031-01-01")
    bill(books, 100, TxnDate="2031-01-02")  # QuickBooks applies the credit by itself

    found = report(books, "AgedReceivableDetail", report_date="2031-01-31")

    assert [(row[1], row[-2], row[-1]) for row in data(found)] == [("Invoice", "100.00", "60.00")]


@pytest.mark.parametrize("day", ["2026-06-30", "2031-01-15", "2031-12-31"])
def test_every_receivables_report_comes_to_the_ledgers_sum_5_13(qbo: Quick, day: str) -> None:
    made = invoice(qbo, 100, TxnDate="2031-01-10")
    payment(qbo, 130, (made["Id"], 55))
    invoice(qbo, 33.33, customer="9", TxnDate="2031-02-10")
    credit = {"CustomerRef": {"value": "9"}, "TxnDate": "2031-02-11"}
    qbo.create("CreditMemo", **credit, Line=[item_line(50)])

    sums = set()
    for name in ("AgedReceivableDetail", "AgedReceivables", "CustomerBalanceDetail"):
        found = report(qbo, name, report_date=day)
        row = summary(found, "GrandTotal") if found["Rows"] else ["0.00", "0.00"]
        sums.add(Decimal(row[-2] if name == "CustomerBalanceDetail" else row[-1]))
    found = report(qbo, "CustomerBalance", report_date=day)
    sums.add(Decimal(summary(found, "GrandTotal")[-1]) if found["Rows"] else Decimal(0))

    assert sums == {in_ledger(qbo, "Accounts Receivable", day)}


def test_sub_customers_stand_below_their_parent_5_13(books: Quick) -> None:
    bill(books, 10, "1")
    bill(books, 20, "3")

    found = report(books, "CustomerBalance")

    family = found["Rows"]["Row"][0]
    assert family["Header"]["ColData"][0] == {"value": "Ada", "id": "1"}
    assert data(found) == [["Ada", "10.00"], ["Hull", "20.00"]]
    assert [cell["value"] for cell in family["Summary"]["ColData"]] == ["Total Ada", "30.00"]
    assert summary(found, "GrandTotal") == ["TOTAL", "30.00"]


def test_a_report_narrows_to_customers_5_13(books: Quick) -> None:
    for customer in ("1", "2", "3"):
        bill(books, 10, customer)

    found = report(books, "AgedReceivableDetail", customer="2,3")

    assert {row[3] for row in data(found)} == {"Bo", "Ada:Hull"}
    assert found["Header"]["Customer"] == "2,3"
    assert report(books, "CustomerBalance", customer="4711")["Rows"] == {}


def test_a_balance_runs_through_a_customers_open_transactions_5_13(books: Quick) -> None:
    bill(books, 10, TxnDate="2031-01-01")
    bill(books, 20, TxnDate="2031-01-02")

    found = report(books, "CustomerBalanceDetail", report_date="2031-01-31")

    assert [row[-1] for row in data(found)] == ["10.00", "30.00"]


@pytest.mark.parametrize("params", [{"num_periods": "no"}, {"aging_period": "0"}])
def test_ages_that_make_no_sense_are_2240_6_3(qbo: Quick, params: dict[str, str]) -> None:
    answer = qbo.api("GET", "reports/AgedReceivables", params=params)

    assert fault(answer)["code"] == "2240"


# --- Lists of transactions ---


def test_transactions_of_a_period_are_listed_oldest_first_5_13(books: Quick) -> None:
    second = bill(books, 20, TxnDate="2031-01-02", PrivateNote="order 7")
    first = bill(books, 10, "2", TxnDate="2031-01-01")
    bill(books, 30, TxnDate="2031-02-01")
    estimate = {"CustomerRef": {"value": "1"}, "TxnDate": "2031-01-03"}
    books.create("Estimate", **estimate, Line=[item_line(5, books.item)])  # type: ignore[attr-defined]

    found = report(books, "TransactionList", **JANUARY)

    assert titles(found) == [
        "Date", "Transaction Type", "Num", "Posting", "Name", "Memo/Description", "Account",
        "Split", "Amount",
    ]  # fmt: skip
    receivable, income = "Accounts Receivable (A/R)", "Sales of Product Income"
    assert data(found)[:2] == [
        ["2031-01-01", "Invoice", first["DocNumber"], "Yes", "Bo", "", receivable, income, "10.00"],
        ["2031-01-02", "Invoice", second["DocNumber"], "Yes", "Ada", "order 7", receivable,
         income, "20.00"],
    ]  # fmt: skip
    assert (data(found)[2][1], data(found)[2][3], data(found)[2][-1]) == ("Estimate", "No", "5.00")
    ids = [row["ColData"][1]["id"] for row in found["Rows"]["Row"]]
    assert ids[:2] == [first["Id"], second["Id"]]


def test_a_list_of_transactions_narrows_to_customer_and_type_5_13(books: Quick) -> None:
    bill(books, 10, TxnDate="2031-01-01")
    bill(books, 20, "2", TxnDate="2031-01-01")
    receipt = {"CustomerRef": {"value": "2"}, "TxnDate": "2031-01-01"}
    books.create("SalesReceipt", **receipt, Line=[item_line(5, books.item)])  # type: ignore[attr-defined]

    found = report(books, "TransactionList", **JANUARY, customer="2", transaction_type="Invoice")

    assert [row[-1] for row in data(found)] == ["20.00"]


def test_a_credit_is_a_negative_amount_and_a_void_none_5_13(books: Quick) -> None:
    line = item_line(40, books.item)  # type: ignore[attr-defined]
    books.create("CreditMemo", CustomerRef={"value": "2"}, Line=[line], TxnDate="2031-01-01")
    made = bill(books, 10, TxnDate="2031-01-02")
    books.post({"Id": made["Id"], "SyncToken": "0"}, "Invoice", operation="void")

    found = report(books, "TransactionList", **JANUARY)

    assert [(row[1], row[-1]) for row in data(found)] == [
        ("Credit Memo", "-40.00"),
        ("Invoice", "0.00"),
    ]


def test_the_general_ledger_begins_where_the_days_before_ended_5_13(books: Quick) -> None:
    bill(books, 10, TxnDate="2030-12-31")
    bill(books, 20, TxnDate="2031-01-02")

    found = report(books, "GeneralLedger", **JANUARY)

    section = found["Rows"]["Row"][0]
    assert section["Header"]["ColData"][0]["value"] == "Accounts Receivable (A/R)"
    rows = [[cell["value"] for cell in row["ColData"]] for row in section["Rows"]["Row"]]
    assert rows[0] == ["Beginning Balance", "", "", "", "", "", "10.00"]
    assert (rows[1][1], rows[1][3], rows[1][-2:]) == ("Invoice", "Ada", ["20.00", "30.00"])


# --- Statements ---


def test_profit_is_income_less_costs_and_splits_by_month_5_13(books: Quick) -> None:
    bill(books, 10, TxnDate="2031-01-31")
    bill(books, 20, TxnDate="2031-02-01")
    asked = {"start_date": "2031-01-01", "end_date": "2031-02-28", "summarize_column_by": "Month"}

    found = report(books, "ProfitAndLoss", **asked)

    assert titles(found) == ["", "Jan 2031", "Feb 2031", "Total"]
    assert data(found) == [["Sales of Product Income", "10.00", "20.00", "30.00"]]
    assert summary(found, "NetIncome") == ["Net Income", "10.00", "20.00", "30.00"]


def test_both_sides_of_the_balance_sheet_are_equal_5_13(qbo: Quick) -> None:
    tax = {"TxnTaxCodeRef": {"value": "2"}}
    lines = [item_line(100, TaxCodeRef={"value": "TAX"})]
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=lines, TxnTaxDetail=tax,
                      TxnDate="2031-03-01")  # fmt: skip
    payment(qbo, 108, (made["Id"], 108))
    invoice(qbo, 12, TxnDate="2030-03-01")

    found = report(qbo, "BalanceSheet", end_date="2031-12-31")

    assets = summary(found, "TotalAssets")[-1]
    assert assets == summary(found, "TotalLiabilitiesAndEquity")[-1]
    owed = in_ledger(qbo, "Accounts Receivable", "2031-12-31")
    assert Decimal(summary(found, "AR")[-1]) == owed


def test_debits_and_credits_of_the_trial_balance_are_equal_5_13(qbo: Quick) -> None:
    invoice(qbo, 100, TxnDate="2030-03-01")
    invoice(qbo, 12, TxnDate="2031-03-01")

    found = report(qbo, "TrialBalance", end_date="2031-12-31")

    _, debits, credits = summary(found, "GrandTotal")
    assert debits == credits != "0.00"


# --- Sales ---


def test_sales_by_customer_and_by_item_5_13(books: Quick) -> None:
    line = item_line(30, books.item, Qty=3, UnitPrice=10)  # type: ignore[attr-defined]
    books.create("Invoice", CustomerRef={"value": "1"}, Line=[line], TxnDate="2031-01-02")
    bill(books, 10, "2", TxnDate="2031-01-03")

    assert data(report(books, "CustomerSales", **JANUARY)) == [["Ada", "30.00"], ["Bo", "10.00"]]
    income = report(books, "CustomerIncome", **JANUARY)
    assert data(income)[0] == ["Ada", "30.00", "0.00", "30.00"]
    items = report(books, "ItemSales", **JANUARY)
    assert data(items) == [["Hour", "3.00", "40.00", "100.00 %", "13.33"]]


# --- Payables ---


def test_open_bills_come_to_the_ledgers_payables_5_13(qbo: Quick) -> None:
    detail = {"AccountRef": {"value": "7"}}
    line = {
        "Amount": 90,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": detail,
    }
    vendor = {"VendorRef": {"value": "30"}}
    made = qbo.create("Bill", **vendor, Line=[line], TxnDate="2031-01-01", DueDate="2031-01-11")
    linked = [{"TxnId": made["Id"], "TxnType": "Bill"}]
    check = {"PayType": "Check", "CheckPayment": {"BankAccountRef": {"value": "35"}}}
    paid = {"TotalAmt": 30, "TxnDate": "2031-01-05", "Line": [{"Amount": 30, "LinkedTxn": linked}]}
    qbo.create("BillPayment", **vendor, **check, **paid)

    found = report(qbo, "AgedPayableDetail", report_date="2031-01-31", vendor="30")

    assert [(row[1], row[-2], row[-1]) for row in data(found)] == [("Bill", "90.00", "60.00")]
    whole = report(qbo, "AgedPayables", report_date="2031-01-31")
    assert Decimal(summary(whole, "GrandTotal")[-1]) == -in_ledger(qbo, "Accounts Payable")


def test_opening_balances_are_open_items_too_5_13(qbo: Quick) -> None:
    qbo.create(DisplayName="Opened", Balance=100)

    for name in ("AgedReceivables", "AgedReceivableDetail", "AgedPayables", "AgedPayableDetail"):
        assert data(report(qbo, name, report_date="2031-01-31"))
    for name in ("TransactionList", "GeneralLedger", "CustomerBalance", "ProfitAndLoss"):
        answer = qbo.api("GET", f"reports/{name}", params={"start_date": "2020-01-01"})
        assert answer.status_code == 200, answer.text


# --- Cash, and the transactions behind the result ---


def entry(qbo: Quick, day: str, debit: str, credit: str, amount: int) -> None:
    lines = [
        {
            "Amount": amount,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": posting, "AccountRef": {"value": account}},
        }
        for posting, account in (("Debit", debit), ("Credit", credit))
    ]
    qbo.create("JournalEntry", TxnDate=day, Line=lines)


def account(qbo: Quick, name: str, kind: str) -> str:
    return str(qbo.create("Account", Name=name, AccountType=kind)["Id"])


def test_the_cash_flow_explains_the_cash_of_the_period_5_13(books: Quick) -> None:
    checking, truck, loan = (
        account(books, name, kind)
        for name, kind in (
            ("Till", "Bank"), ("Truck", "Fixed Asset"), ("Loan", "Long Term Liability"),
        )
    )  # fmt: skip
    bill(books, 100, TxnDate="2030-12-30")
    entry(books, "2030-12-31", checking, loan, 500)
    made = bill(books, 70, TxnDate="2031-01-05")
    paid = {"TxnId": made["Id"], "TxnType": "Invoice"}
    books.create(
        "Payment", CustomerRef={"value": "1"}, TotalAmt=30, TxnDate="2031-01-06",
        Line=[{"Amount": 30, "LinkedTxn": [paid]}],
    )  # fmt: skip
    entry(books, "2031-01-07", truck, checking, 200)
    entry(books, "2031-01-08", checking, loan, 80)

    found = report(books, "CashFlow", **JANUARY)

    sums = {
        group: summary(found, group)[-1]
        for group in (
            "OperatingActivities", "InvestingActivities", "FinancingActivities", "CashIncrease",
            "BeginningCash", "EndingCash",
        )
    }  # fmt: skip
    assert sums == {
        "OperatingActivities": "30.00",
        "InvestingActivities": "-200.00",
        "FinancingActivities": "80.00",
        "CashIncrease": "-90.00",
        "BeginningCash": "500.00",
        "EndingCash": "410.00",
    }
    assert data(found)[0] == ["Net Income", "70.00"]
    assert ["Accounts Receivable (A/R)", "-40.00"] in data(found)


def test_the_cash_of_a_month_begins_where_the_one_before_ended_5_13(books: Quick) -> None:
    till, loan = account(books, "Till", "Bank"), account(books, "Loan", "Long Term Liability")
    entry(books, "2031-01-08", till, loan, 80)
    entry(books, "2031-02-08", till, loan, 20)

    found = report(
        books, "CashFlow", start_date="2031-01-01", end_date="2031-02-28",
        summarize_column_by="Month",
    )  # fmt: skip

    assert titles(found) == ["", "Jan 2031", "Feb 2031", "Total"]
    assert summary(found, "BeginningCash")[1:] == ["0.00", "80.00", "0.00"]
    assert summary(found, "EndingCash")[1:] == ["80.00", "100.00", "100.00"]


def test_cash_at_the_end_is_what_the_sample_company_has_5_13(qbo: Quick) -> None:
    found = report(qbo, "CashFlow", start_date="2000-01-01", end_date="2040-12-31")

    rows = qbo.query("SELECT * FROM Account WHERE AccountType = 'Bank'")["Account"]
    rows += qbo.query("SELECT * FROM Account WHERE Name = 'Undeposited Funds'")["Account"]
    cash = sum((Decimal(str(row["CurrentBalance"])) for row in rows), Decimal(0))
    assert cash != 0
    assert Decimal(summary(found, "EndingCash")[-1]) == cash


def test_the_result_is_listed_by_account_and_transaction_5_13(books: Quick) -> None:
    till, wages = account(books, "Till", "Bank"), account(books, "Wages", "Expense")
    first = bill(books, 100, TxnDate="2031-01-02", PrivateNote="first")
    bill(books, 50, "2", TxnDate="2031-01-03")
    bill(books, 7, TxnDate="2031-02-01")
    entry(books, "2031-01-09", wages, till, 30)

    found = report(books, "ProfitAndLossDetail", **JANUARY)

    assert titles(found) == [
        "Date", "Transaction Type", "Num", "Name", "Memo/Description", "Amount", "Balance",
    ]  # fmt: skip
    assert data(found)[0] == [
        "2031-01-02", "Invoice", first["DocNumber"], "Ada", "first", "100.00", "100.00",
    ]  # fmt: skip
    assert [row[-2:] for row in data(found)] == [
        ["100.00", "100.00"], ["50.00", "150.00"], ["30.00", "30.00"],
    ]  # fmt: skip
    assert summary(found, "Income")[-2] == "150.00"
    assert summary(found, "Expenses")[-2] == "30.00"
    whole = report(books, "ProfitAndLoss", **JANUARY)
    assert summary(found, "NetIncome")[-2] == summary(whole, "NetIncome")[-1] == "120.00"


def test_the_listed_result_is_that_of_the_sample_company_5_13(qbo: Quick) -> None:
    years = {"start_date": "2000-01-01", "end_date": "2040-12-31"}

    detail, whole = (
        report(qbo, name, **years) for name in ("ProfitAndLossDetail", "ProfitAndLoss")
    )

    for group in ("Income", "COGS", "NetIncome"):
        assert summary(detail, group)[-2] == summary(whole, group)[-1]
    narrowed = report(qbo, "ProfitAndLossDetail", **years, customer="1")
    assert 0 < len(data(narrowed)) < len(data(detail))
    assert {row[3] for row in data(narrowed)} == {"Amy's Bird Sanctuary"}


def test_every_value_of_every_report_is_a_text_5_13(qbo: Quick) -> None:
    for name in REPORTS:
        found = report(qbo, name, start_date="2000-01-01", end_date="2040-12-31")
        cells = [
            cell["value"]
            for row in walk(found["Rows"])
            for part in (row, row.get("Header", {}), row.get("Summary", {}))
            for cell in part.get("ColData", [])
        ]
        assert cells, name
        assert all(isinstance(cell, str) for cell in cells), name
        assert option(found, "NoReportData") == "false"


def test_a_report_ends_at_400_000_cells_and_says_so_5_13() -> None:
    request = Request(Store(":memory:"), "1", "TransactionList", {}, "2031-01-31", "now")
    rows = [shape.data("a", "b") for _ in range(200_001)]

    short = shape.report(request, [], rows[:199_999])["Rows"]["Row"]
    long = shape.report(request, [], rows)["Rows"]["Row"]

    assert len(short) == 199_999
    assert len(long) == 200_001
    assert long[-1]["ColData"] == [{"value": "Unable to display more data"}]
