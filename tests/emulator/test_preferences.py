"""Preferences: section 4.12 of the API reference."""

from typing import Any

import pytest
import requests

from .conftest import Quick, fault


def save(qbo: Quick, **groups: Any) -> requests.Response:
    token = qbo.read("1", "Preferences")["SyncToken"]
    return qbo.post({"SyncToken": token, "sparse": True, **groups}, "Preferences")


def as_a_person(qbo: Quick, **groups: Any) -> dict[str, Any]:
    return qbo.act("update", "1", entity="Preferences", fields=groups)


def test_a_property_nobody_knows_is_refused_with_2010_inside_a_group_4_12(qbo: Quick) -> None:
    error = fault(save(qbo, SalesFormsPrefs={"AllowBarter": True}))

    assert error["code"] == "2010"
    assert 'Unrecognized field "AllowBarter"' in error["Detail"]
    assert "SalesFormsPrefs" in error["Detail"]


def test_a_wrong_type_is_refused_with_2010_inside_a_group_6_3(qbo: Quick) -> None:
    assert fault(save(qbo, SalesFormsPrefs={"CustomTxnNumbers": "maybe"}))["code"] == "2010"
    assert fault(save(qbo, ReportPrefs={"ReportBasis": "Barter"}))["code"] == "2170"
    assert fault(save(qbo, AccountingInfoPrefs={"BookCloseDate": "2026-13-01"}))["code"] == "2070"


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("SalesFormsPrefs", "CustomTxnNumbers", True),
        ("SalesFormsPrefs", "AllowDiscount", False),
        ("SalesFormsPrefs", "AllowDeposit", True),
        ("SalesFormsPrefs", "DefaultTerms", {"value": "2"}),
        ("AccountingInfoPrefs", "BookCloseDate", "2026-10-31"),
        ("AccountingInfoPrefs", "ClassTrackingPerTxnLine", True),
        ("AccountingInfoPrefs", "TrackDepartments", True),
    ],
)
def test_what_a_sync_cares_for_is_changed_by_apps_and_by_people_4_12(
    qbo: Quick, group: str, name: str, value: Any
) -> None:
    before = qbo.read("1", "Preferences")

    after = save(qbo, **{group: {name: value}}).json()["Preferences"]

    assert after[group] == {**before[group], name: value}
    assert after["SyncToken"] == "1"
    qbo.reset()
    assert as_a_person(qbo, **{group: {name: value}})[group][name] == value


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("TaxPrefs", "PartnerTaxEnabled", True),
        ("TaxPrefs", "UsingSalesTax", False),
        ("CurrencyPrefs", "MultiCurrencyEnabled", True),
        ("AccountingInfoPrefs", "UseAccountNumbers", True),
        ("AccountingInfoPrefs", "FirstMonthOfFiscalYear", "May"),
    ],
)
def test_what_is_read_only_is_ignored_from_apps_and_taken_from_people_4_12(
    qbo: Quick, group: str, name: str, value: Any
) -> None:
    before = qbo.read("1", "Preferences")

    answer = save(qbo, **{group: {name: value}})

    assert answer.json()["Preferences"] == before
    assert as_a_person(qbo, **{group: {name: value}})[group][name] == value


def test_the_closing_date_is_taken_away_by_an_empty_one_4_12(qbo: Quick) -> None:
    save(qbo, AccountingInfoPrefs={"BookCloseDate": "2026-10-31"})

    after = save(qbo, AccountingInfoPrefs={"BookCloseDate": ""}).json()["Preferences"]

    assert "BookCloseDate" not in after["AccountingInfoPrefs"]
    assert after["AccountingInfoPrefs"]["CustomerTerminology"] == "Customers"


def test_preferences_are_sent_back_whole_without_a_change_4_12(qbo: Quick) -> None:
    before = qbo.read("1", "Preferences")

    after = qbo.post({**before, "sparse": False}, "Preferences").json()["Preferences"]

    assert after == before


def test_a_change_of_preferences_sends_an_update_8_5(qbo: Quick) -> None:
    qbo.switch(webhook_hold=True)
    qbo.control("POST", "webhooks", {"url": "http://127.0.0.1:9/"})

    save(qbo, SalesFormsPrefs={"CustomTxnNumbers": True})

    pending = qbo.control("GET", "webhooks")["pending"]
    qbo.control("POST", "webhooks", {"url": "", "clear": True})
    assert [(e["entity"], e["operation"]) for e in pending] == [("Preferences", "Update")]


@pytest.mark.parametrize("left_out", ["SyncToken", "CompanyName", "CompanyAddr"])
def test_an_update_of_the_company_wants_token_name_and_address_4_11(
    qbo: Quick, left_out: str
) -> None:
    before = qbo.read("1", "CompanyInfo")
    body = {name: before[name] for name in ("Id", "SyncToken", "CompanyName", "CompanyAddr")}
    del body[left_out]

    error = fault(qbo.post({**body, "sparse": True}, "CompanyInfo"))

    assert (error["code"], error["element"]) == ("2020", left_out)


def test_the_id_of_the_company_is_1_and_not_its_realm_4_11(qbo: Quick) -> None:
    by_realm = qbo.read(qbo.realm, "CompanyInfo")

    assert by_realm["Id"] == "1"
    assert qbo.query("SELECT * FROM CompanyInfo")["CompanyInfo"][0]["Id"] == "1"
