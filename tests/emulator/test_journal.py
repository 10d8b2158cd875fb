"""Journal entries, and payments that use them (4.7, 6.3)."""

import pytest

from tests.emulator.buying import (
    ADVERTISING,
    BOOKS_BY_BESSIE,
    CHECKING,
    DYLAN,
    PAYABLE,
    RECEIVABLE,
    SERVICES,
    delete,
    entry_line,
    use,
)
from tests.emulator.conftest import Quick, fault
from tests.emulator.test_transactions import invoice


def owed_by_dylan(qbo: Quick, amount: object) -> dict[str, object]:
    return qbo.create(
        "JournalEntry",
        Line=[
            entry_line("Debit", amount, RECEIVABLE, "Customer", DYLAN),
            entry_line("Credit", amount, SERVICES),
        ],
    )


def credit_for_dylan(qbo: Quick, amount: object) -> dict[str, object]:
    return qbo.create(
        "JournalEntry",
        Line=[
            entry_line("Credit", amount, RECEIVABLE, "Customer", DYLAN),
            entry_line("Debit", amount, ADVERTISING),
        ],
    )


def pay(total: object, *lines: dict[str, object], customer: str = DYLAN) -> dict[str, object]:
    return {"CustomerRef": {"value": customer}, "TotalAmt": total, "Line": list(lines)}


def test_an_entry_shows_its_names_and_accounts_4_0(qbo: Quick) -> None:
    made = owed_by_dylan(qbo, 40)
    after = owed_by_dylan(qbo, 40)

    lines = made["Line"]
    assert isinstance(lines, list)
    assert [line["Id"] for line in lines] == ["0", "1"]
    assert lines[0]["JournalEntryLineDetail"] == {
        "PostingType": "Debit",
        "Entity": {"Type": "Customer", "EntityRef": {"value": DYLAN, "name": "Dylan Sollfrank"}},
        "AccountRef": {"value": RECEIVABLE, "name": "Accounts Receivable (A/R)"},
    }
    assert (made["TotalAmt"], made["Adjustment"]) == (40, False)
    assert int(str(after["DocNumber"])) == int(str(made["DocNumber"])) + 1


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "2020"),
        ([entry_line("Debit", 10, CHECKING), entry_line("Credit", 9, SERVICES)], "2300"),
        ([entry_line("Debit", 10, CHECKING)], "2300"),
        ([entry_line("Debit", 10, RECEIVABLE), entry_line("Credit", 10, SERVICES)], "6000"),
        (
            [
                entry_line("Debit", 10, RECEIVABLE, "Vendor", BOOKS_BY_BESSIE),
                entry_line("Credit", 10, SERVICES),
            ],
            "6000",
        ),
        (
            [
                entry_line("Credit", 10, PAYABLE, "Customer", DYLAN),
                entry_line("Debit", 10, ADVERTISING),
            ],
            "6000",
        ),
        (
            [
                entry_line("Debit", 10, RECEIVABLE, "Customer", BOOKS_BY_BESSIE),
                entry_line("Credit", 10, SERVICES),
            ],
            "2500",
        ),
        ([entry_line("Debit", 10, "9999"), entry_line("Credit", 10, SERVICES)], "2500"),
        ([entry_line("Left", 10, CHECKING), entry_line("Credit", 10, SERVICES)], "2170"),
        ([entry_line("Debit", -10, CHECKING), entry_line("Credit", -10, SERVICES)], "2290"),
        ([{"Amount": 10, "DetailType": "JournalEntryLineDetail"}], "2020"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused_6_3(
    qbo: Quick,
    lines: list,  # type: ignore[type-arg]
    code: str,
) -> None:
    assert fault(qbo.post({"Line": lines}, "JournalEntry"))["code"] == code


def test_lines_on_receivables_and_payables_are_balances_5_3(qbo: Quick) -> None:
    owed_by_dylan(qbo, 40)
    made = qbo.create(
        "JournalEntry",
        Line=[
            entry_line("Debit", 25, ADVERTISING),
            entry_line("Credit", 25, PAYABLE, "Vendor", BOOKS_BY_BESSIE),
        ],
    )

    assert qbo.read(DYLAN)["Balance"] == 40
    assert qbo.read(BOOKS_BY_BESSIE, "Vendor")["Balance"] == 25
    delete(qbo, made, "JournalEntry")
    assert qbo.read(BOOKS_BY_BESSIE, "Vendor")["Balance"] == 0


def test_a_payment_pays_an_entry_4_7(qbo: Quick) -> None:
    made = owed_by_dylan(qbo, 40)

    paid = qbo.create("Payment", **pay(50, use("JournalEntry", str(made["Id"]), 40)))

    assert paid["UnappliedAmt"] == 10
    assert qbo.read(DYLAN)["Balance"] == -10
    again = qbo.post(pay(1, use("JournalEntry", str(made["Id"]), 1)), "Payment")
    assert fault(again)["code"] == "6000"


def test_an_entry_that_lowers_what_is_owed_is_used_like_a_credit_4_7(qbo: Quick) -> None:
    credit, owed = credit_for_dylan(qbo, 40), invoice(qbo, 100)

    lines = (use("Invoice", owed["Id"], 40), use("JournalEntry", str(credit["Id"]), 40))
    paid = qbo.create("Payment", **pay(0, *lines))

    assert paid["UnappliedAmt"] == 0
    assert qbo.read(owed["Id"], "Invoice")["Balance"] == 60
    assert qbo.read(DYLAN)["Balance"] == 60


def test_a_deleted_entry_opens_the_invoice_it_was_used_on_9(qbo: Quick) -> None:
    credit, owed = credit_for_dylan(qbo, 40), invoice(qbo, 100)
    lines = (use("Invoice", owed["Id"], 40), use("JournalEntry", str(credit["Id"]), 40))
    qbo.create("Payment", **pay(0, *lines))

    delete(qbo, credit, "JournalEntry")

    assert qbo.read(owed["Id"], "Invoice")["Balance"] == 100
    assert qbo.read(DYLAN)["Balance"] == 100


def test_an_entry_of_somebody_else_cannot_be_linked_4_7(qbo: Quick) -> None:
    made = owed_by_dylan(qbo, 40)

    answer = qbo.post(pay(40, use("JournalEntry", str(made["Id"]), 40), customer="1"), "Payment")

    assert fault(answer)["code"] == "620"


def test_two_customers_of_one_entry_pay_apart_4_7(qbo: Quick) -> None:
    made = qbo.create(
        "JournalEntry",
        Line=[
            entry_line("Debit", 40, RECEIVABLE, "Customer", DYLAN),
            entry_line("Debit", 30, RECEIVABLE, "Customer", "12"),
            entry_line("Credit", 70, SERVICES),
        ],
    )

    qbo.create("Payment", **pay(40, use("JournalEntry", made["Id"], 40)))
    too_much = qbo.post(pay(31, use("JournalEntry", made["Id"], 31), customer="12"), "Payment")
    rest = qbo.post(pay(30, use("JournalEntry", made["Id"], 30), customer="12"), "Payment")

    assert fault(too_much)["code"] == "6000"
    assert rest.status_code == 200


def test_a_paid_entry_cannot_become_less_and_gone_frees_the_money_9(qbo: Quick) -> None:
    made = owed_by_dylan(qbo, 40)
    paid = qbo.create("Payment", **pay(40, use("JournalEntry", str(made["Id"]), 40)))

    less = [
        entry_line("Debit", 39, RECEIVABLE, "Customer", DYLAN),
        entry_line("Credit", 39, SERVICES),
    ]
    assert fault(qbo.update(made, "JournalEntry", Line=less))["code"] == "6000"
    delete(qbo, made, "JournalEntry")

    after = qbo.read(paid["Id"], "Payment")
    assert (after["UnappliedAmt"], after["Line"]) == (40, [])
    assert qbo.read(DYLAN)["Balance"] == -40


def test_an_entry_is_changed_line_by_line_id_5_2(qbo: Quick) -> None:
    made = owed_by_dylan(qbo, 40)
    lines = made["Line"]
    assert isinstance(lines, list)

    answer = qbo.update(made, "JournalEntry", Line=[{**line, "Amount": 50} for line in lines])

    after = answer.json()["JournalEntry"]
    assert [line["Id"] for line in after["Line"]] == ["0", "1"]
    assert (after["TotalAmt"], after["SyncToken"], after["DocNumber"]) == (
        50,
        "1",
        made["DocNumber"],
    )
