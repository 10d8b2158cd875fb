"""What ending a name with a balance writes: sections 4.1, 5.6 and 9 of the API reference."""

import pytest

from .buying import bill, pay_bill, vendor_credit
from .conftest import Quick, fault
from .sales import form, invoice, item, preferences

DYLAN, BESSIE = "6", "30"


@pytest.fixture
def by_hand(qbo: Quick) -> Quick:
    """A company where no credit applies itself."""
    preferences(qbo, "SalesFormsPrefs", AutoApplyCredit=False)
    return qbo


def owed(qbo: Quick, name: str) -> int:
    """What the ledger says a name owes (or is owed), in cents."""
    sums = qbo.control("GET", f"ledger/{qbo.realm}?by=name,type")["sums"]
    types = ("Accounts Receivable", "Accounts Payable")
    return sum(each["cents"] for each in sums if each["name"] == name and each["type"] in types)


def newest(qbo: Quick, entity: str) -> dict[str, object]:
    found: dict[str, object] = qbo.query(f"SELECT * FROM {entity} ORDERBY Id DESC")[entity][0]
    return found


def test_a_person_who_ends_a_customer_who_owes_money_writes_a_credit_memo_4_1(
    by_hand: Quick,
) -> None:
    invoice(by_hand, item(70))

    ended = by_hand.act("inactivate", DYLAN)

    memo = newest(by_hand, "CreditMemo")
    assert (memo["TotalAmt"], memo["CustomerRef"]) == (
        70,
        {"value": DYLAN, "name": "Dylan Sollfrank (deleted)"},
    )
    assert (ended["Balance"], ended["BalanceWithJobs"], ended["Active"]) == (0, 0, False)
    assert owed(by_hand, f"Customer:{DYLAN}") == 0


def test_the_credit_memo_pays_the_open_invoices_where_credits_apply_themselves_4_1(
    qbo: Quick,
) -> None:
    made = invoice(qbo, item(70))

    qbo.act("inactivate", DYLAN)

    assert qbo.read(made["Id"], "Invoice")["Balance"] == 0
    assert newest(qbo, "CreditMemo")["RemainingCredit"] == 0


def test_an_ended_customer_with_a_credit_gets_an_invoice_4_1(by_hand: Quick) -> None:
    by_hand.create("CreditMemo", **form(item(25)))

    by_hand.act("inactivate", DYLAN)

    assert newest(by_hand, "Invoice")["TotalAmt"] == 25
    assert owed(by_hand, f"Customer:{DYLAN}") == 0


def test_an_ended_vendor_gets_a_credit_or_a_bill_4_2(qbo: Quick) -> None:
    bill(qbo, 40)
    qbo.act("inactivate", BESSIE, entity="Vendor")
    assert newest(qbo, "VendorCredit")["TotalAmt"] == 40
    assert owed(qbo, f"Vendor:{BESSIE}") == 0

    qbo.act("reactivate", BESSIE, entity="Vendor")
    vendor_credit(qbo, 15)
    qbo.act("inactivate", BESSIE, entity="Vendor")
    assert newest(qbo, "Bill")["TotalAmt"] == 15
    assert qbo.stored(BESSIE, "vendor")["Balance"] == 0


def test_an_app_is_refused_and_nothing_is_written_5_6(qbo: Quick) -> None:
    invoice(qbo, item(70))
    before = qbo.query("SELECT COUNT(*) FROM CreditMemo")["totalCount"]

    assert fault(qbo.update(qbo.read(DYLAN), Active=False))["code"] == "6220"

    assert qbo.query("SELECT COUNT(*) FROM CreditMemo")["totalCount"] == before


def test_a_parent_that_cannot_be_ended_gets_no_credit_memo_5_6(qbo: Quick) -> None:
    qbo.create(DisplayName="Hull", ParentRef={"value": DYLAN})
    invoice(qbo, item(70))
    before = qbo.query("SELECT COUNT(*) FROM CreditMemo")["totalCount"]
    body = {"entity": "Customer", "operation": "inactivate", "id": DYLAN}

    answer = qbo.http.post(f"{qbo.base_url}/emulator/act", json=body, timeout=5)

    assert fault(answer)["code"] == "6000"
    assert qbo.query("SELECT COUNT(*) FROM CreditMemo")["totalCount"] == before
    assert qbo.read(DYLAN)["Balance"] == 70


def test_a_balance_of_nothing_writes_nothing_5_6(qbo: Quick) -> None:
    made = bill(qbo, 40)
    qbo.create("BillPayment", **pay_bill(40, {
        "Amount": 40, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Bill"}]}))  # fmt: skip

    qbo.act("inactivate", BESSIE, entity="Vendor")

    assert qbo.query("SELECT COUNT(*) FROM VendorCredit")["totalCount"] == 0


def test_an_account_that_a_person_ends_shows_what_the_ledger_holds_4_5(qbo: Quick) -> None:
    made = qbo.create("Account", Name="Till", AccountType="Bank")
    deposit = {"AccountRef": {"value": made["Id"]}}
    qbo.create(
        "Transfer",
        Amount=40,
        FromAccountRef={"value": "35"},
        ToAccountRef=deposit["AccountRef"],
    )

    qbo.act("inactivate", made["Id"], entity="Account")

    ended = qbo.read(made["Id"], "Account")
    assert (ended["Active"], ended["CurrentBalance"]) == (False, 40)
