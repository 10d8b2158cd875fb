"""Account: sections 4.5, 5.6 and 6.3 of the API reference."""

from typing import Any

import pytest

from .conftest import Quick, fault


def account(**fields: Any) -> dict[str, Any]:
    return {"Name": "Harbour Bank", "AccountType": "Bank", **fields}


def test_an_account_is_answered_with_what_its_type_tells_4_5(qbo: Quick) -> None:
    made = qbo.create("Account", **account(AccountSubType="Savings"))

    assert made["Id"] == "1150040002"  # newer accounts have long ids (4.0)
    assert {name: value for name, value in made.items() if name not in {"Id", "MetaData"}} == {
        "Name": "Harbour Bank",
        "SubAccount": False,
        "FullyQualifiedName": "Harbour Bank",
        "Active": True,
        "Classification": "Asset",
        "AccountType": "Bank",
        "AccountSubType": "Savings",
        "CurrentBalance": 0,
        "CurrentBalanceWithSubAccounts": 0,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
    }


@pytest.mark.parametrize(
    ("sent", "kind", "sub", "classification"),
    [
        ({"AccountType": "Credit Card"}, "Credit Card", "CreditCard", "Liability"),
        ({"AccountSubType": "ServiceFeeIncome"}, "Income", "ServiceFeeIncome", "Revenue"),
        ({"AccountSubType": "RepairMaintenance"}, "Expense", "RepairMaintenance", "Expense"),
        ({"AccountType": "Equity"}, "Equity", "OpeningBalanceEquity", "Equity"),
    ],
)
def test_type_or_sub_type_alone_is_enough_4_5(
    qbo: Quick, sent: dict[str, str], kind: str, sub: str, classification: str
) -> None:
    made = qbo.create("Account", Name="New", **sent)

    assert (made["AccountType"], made["AccountSubType"]) == (kind, sub)
    assert made["Classification"] == classification


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"AccountType": "Pocket"},
        {"AccountSubType": "Pocket"},
        {"AccountType": "Bank", "AccountSubType": "ServiceFeeIncome"},
    ],
)
def test_types_that_do_not_fit_are_refused_with_6010_4_5(qbo: Quick, sent: dict[str, str]) -> None:
    assert fault(qbo.post({"Name": "New", **sent}, "Account"))["code"] == "6010"


def test_a_new_type_brings_its_sub_type_and_the_other_way_round_4_5(qbo: Quick) -> None:
    made = qbo.create("Account", **account())

    card = qbo.update(made, "Account", Name="Harbour Bank", AccountType="Credit Card")
    bank = qbo.update(
        card.json()["Account"], "Account", Name="Harbour Bank", AccountSubType="Savings"
    )

    assert card.json()["Account"]["Classification"] == "Liability"
    assert card.json()["Account"]["AccountSubType"] == "CreditCard"
    assert bank.json()["Account"]["AccountType"] == "Bank"


def test_any_update_of_an_account_wants_its_name_5_6(qbo: Quick) -> None:
    made = qbo.create("Account", **account())

    error = fault(qbo.update(made, "Account", Active=False))
    ended = qbo.update(made, "Account", Name="Harbour Bank", Active=False).json()["Account"]

    assert (error["code"], error["element"]) == ("2020", "Name")
    assert ended["Name"] == "Harbour Bank (deleted)"


@pytest.mark.parametrize("character", ['"', ":"])
def test_double_quotes_and_colons_are_refused_in_names_4_5(qbo: Quick, character: str) -> None:
    error = fault(qbo.post(account(Name=f"a{character}b"), "Account"))

    assert (error["code"], error["element"]) == ("2040", "Name")


def test_a_name_is_unique_within_its_parent_4_5(qbo: Quick) -> None:
    below = qbo.post(account(Name="Supplies", ParentRef={"value": "35"}), "Account")
    beside = fault(qbo.post({"Name": "supplies", "AccountType": "Expense"}, "Account"))
    again = fault(qbo.post(account(Name="SUPPLIES", ParentRef={"value": "35"}), "Account"))

    assert below.json()["Account"]["FullyQualifiedName"] == "Checking:Supplies"
    assert beside["Detail"] == "The name supplied already exists. : Id=20"
    assert again["code"] == "6240"


def test_sub_accounts_go_five_levels_deep_4_5(qbo: Quick) -> None:
    above = qbo.create("Account", **account(Name="L1"))
    for level in range(2, 6):
        above = qbo.create("Account", **account(Name=f"L{level}", ParentRef={"value": above["Id"]}))

    too_deep = fault(qbo.post(account(Name="L6", ParentRef={"value": above["Id"]}), "Account"))

    assert above["SubAccount"] is True
    assert above["FullyQualifiedName"] == "L1:L2:L3:L4:L5"
    assert "Level" not in above
    assert too_deep["code"] == "6180"


def test_balances_of_accounts_are_read_only_4_5(qbo: Quick) -> None:
    made = qbo.create("Account", **account(CurrentBalance=5, CurrentBalanceWithSubAccounts=5))

    assert (made["CurrentBalance"], made["CurrentBalanceWithSubAccounts"]) == (0, 0)


@pytest.mark.parametrize("id", ["4", "2", "34", "84"])
def test_the_accounts_quickbooks_itself_uses_cannot_end_4_5(qbo: Quick, id: str) -> None:
    current = qbo.read(id, "Account")

    error = fault(qbo.update(current, "Account", Name=current["Name"], Active=False))

    assert error["code"] == "6000"
    assert qbo.read(id, "Account")["Active"] is True


def test_an_item_shows_the_new_name_of_its_account_9(qbo: Quick) -> None:
    income = qbo.read("45", "Account")

    assert qbo.update(income, "Account", Name="Gardens").status_code == 200

    items = {e["Id"]: e for e in qbo.query("SELECT * FROM Item")["Item"]}
    assert items["6"]["IncomeAccountRef"]["name"] == "Gardens"
    assert items["7"]["IncomeAccountRef"]["name"] == "Gardens:Labor:Installation"
    assert items["6"]["SyncToken"] == "0"


def test_accounts_come_by_name_and_are_filtered_3_7(qbo: Quick) -> None:
    names = [e["Name"] for e in qbo.query("SELECT * FROM Account")["Account"]]

    assert names == sorted(names, key=str.casefold)
    for where, count in (
        ("AccountType = 'Bank'", 2),
        ("AccountSubType = 'Vehicles'", 2),
        ("Classification = 'Equity'", 2),
        ("FullyQualifiedName LIKE 'Truck:%'", 2),
        ("Name = 'Installation'", 2),
        ("CurrentBalance = 0 AND Active = true AND AccountType IN ('Bank', 'Credit Card')", 3),
        ("CurrentBalanceWithSubAccounts > 0", 4),
    ):
        found = qbo.query(f"SELECT COUNT(*) FROM Account WHERE {where}")
        assert found == {"totalCount": count}, where
    error = fault(qbo.ask("SELECT * FROM Account WHERE AcctNum = '1'"))
    assert error["Detail"] == "QueryValidationError: property 'AcctNum' is not queryable"


def test_the_sample_company_has_eighty_nine_accounts_10(qbo: Quick) -> None:
    found = qbo.query("SELECT * FROM Account MAXRESULTS 1000")["Account"]
    by_id = {each["Id"]: each for each in found}

    assert len(found) == 89
    assert by_id["4"]["AccountSubType"] == "UndepositedFunds"
    assert by_id["48"]["ParentRef"] == {"value": "46"}
    assert by_id["90"]["Classification"] == "Liability"


@pytest.mark.parametrize("company", ["empty", "messy", "bulk:3"])
def test_every_company_has_the_accounts_that_defaults_point_at_10(qbo: Quick, company: str) -> None:
    qbo.reset(company)

    assert qbo.read("86", "Account")["Name"] == "Discounts given"
    assert qbo.read("4", "Account")["Name"] == "Undeposited Funds"
    assert qbo.read("84", "Account")["AccountType"] == "Accounts Receivable"
    assert qbo.read("1", "Item")["Name"] == "Services"
    assert qbo.query("SELECT COUNT(*) FROM Term") == {"totalCount": 4}


def test_items_follow_an_account_that_was_merged_9(qbo: Quick) -> None:
    merge = {"entity": "Account", "operation": "merge", "id": "82", "into": "54"}
    qbo.control("POST", "act", merge)

    design = qbo.read("4", "Item")

    assert design["IncomeAccountRef"] == {"value": "54", "name": "Pest Control Services"}
    assert design["SyncToken"] == "0"
    assert qbo.api("GET", "account/82").json()["Fault"]["Error"][0]["code"] == "610"
