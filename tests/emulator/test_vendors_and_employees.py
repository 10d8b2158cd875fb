"""Vendors and employees (4.2, 4.3): the other two in the space of names."""

import pytest

from .conftest import Quick, fault


def test_a_new_vendor_gets_what_quickbooks_fills_in_4_2(qbo: Quick) -> None:
    made = qbo.create("Vendor", DisplayName="Harbour Timber")

    times = made.pop("MetaData")
    assert times["CreateTime"] == times["LastUpdatedTime"]
    assert made == {
        "Balance": 0,
        "Vendor1099": False,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "domain": "QBO",
        "sparse": False,
        "Id": made["Id"],
        "SyncToken": "0",
        "DisplayName": "Harbour Timber",
        "PrintOnCheckName": "Harbour Timber",
        "Active": True,
    }


def test_a_vendor_keeps_everything_an_app_can_write_4_2(qbo: Quick) -> None:
    sent = {
        "DisplayName": "Harbour Timber",
        "CompanyName": "Harbour Timber Ltd",
        "GivenName": "Nora",
        "FamilyName": "Quist",
        "AcctNum": "A-77",
        "Vendor1099": True,
        "BillRate": 40.5,
        "CostRate": 20,
        "Notes": "n" * 2000,
        "PrimaryPhone": {"FreeFormNumber": "(650) 555-0101"},
        "PrimaryEmailAddr": {"Address": "nora@timber.test"},
        "WebAddr": {"URI": "http://timber.test"},
    }
    made = qbo.create("Vendor", **sent, BillAddr={"Line1": "1 Pier", "City": "Half Moon Bay"})

    read = qbo.read(made["Id"], "Vendor")
    assert {name: read[name] for name in sent} == sent
    assert (read["BillAddr"]["Line1"], read["BillAddr"]["City"]) == ("1 Pier", "Half Moon Bay")
    assert read["BillAddr"]["Id"]


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ({"GivenName": "Nora", "FamilyName": "Quist"}, "Nora Quist"),
        ({"DisplayName": "Q", "CompanyName": "Quist Ltd", "GivenName": "Nora"}, "Quist Ltd"),
        ({"DisplayName": "Q", "GivenName": "Nora"}, "Nora"),
        ({"DisplayName": "Q", "PrintOnCheckName": "Pay me"}, "Pay me"),
    ],
)
def test_the_name_on_a_vendors_checks_4_2(qbo: Quick, sent: dict[str, str], printed: str) -> None:
    assert qbo.create("Vendor", **sent)["PrintOnCheckName"] == printed


def test_the_term_of_a_vendor_is_ignored_in_a_create_and_set_by_an_update_4_2(qbo: Quick) -> None:
    made = qbo.create("Vendor", DisplayName="Harbour Timber", TermRef={"value": "3"})
    assert "TermRef" not in made

    after = qbo.update(made, "Vendor", TermRef={"value": "3"}).json()["Vendor"]

    assert after["TermRef"]["value"] == "3"


def test_tax_numbers_come_back_masked_and_survive_being_sent_back_4_2(qbo: Quick) -> None:
    made = qbo.create("Vendor", DisplayName="Harbour Timber", TaxIdentifier="12-3456789")
    assert made["TaxIdentifier"] == "XXXXXX6789"
    assert "3456" not in qbo.api("GET", f"vendor/{made['Id']}").text

    again = qbo.post({**made, "Notes": "x"}, "Vendor").json()["Vendor"]

    assert again["TaxIdentifier"] == "XXXXXX6789"


def test_tax_numbers_of_a_customer_come_back_masked_4_1(qbo: Quick) -> None:
    made = qbo.create(
        DisplayName="Q", PrimaryTaxIdentifier="123456789", SecondaryTaxIdentifier="987"
    )

    assert made["PrimaryTaxIdentifier"] == "XXXXX6789"
    assert made["SecondaryTaxIdentifier"] == "987"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"AcctNum": "1"}, "6080"),
        ({"DisplayName": "a:b"}, "2040"),
        ({"DisplayName": "Amy's Bird Sanctuary"}, "6240"),
        ({"DisplayName": "V", "AcctNum": "x" * 101}, "2050"),
        ({"DisplayName": "V", "TaxIdentifier": "x" * 21}, "2050"),
        ({"DisplayName": "V", "PrintOnCheckName": "x" * 101}, "2050"),
        ({"DisplayName": "V", "Notes": "x" * 2001}, "2050"),
        ({"DisplayName": "V", "ShipAddr": {"Line1": "x"}}, "2010"),
        ({"DisplayName": "V", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
    ],
)
def test_a_vendor_that_breaks_a_rule_is_refused_4_2(
    qbo: Quick, sent: dict[str, object], code: str
) -> None:
    assert fault(qbo.post(sent, "Vendor"))["code"] == code


def test_a_new_employee_is_named_by_parts_4_3(qbo: Quick) -> None:
    made = qbo.create("Employee", GivenName="Ada", FamilyName="Quist", HiredDate="2026-01-08")

    assert (made["DisplayName"], made["PrintOnCheckName"]) == ("Ada Quist", "Ada Quist")
    assert (made["BillableTime"], made["Active"]) == (False, True)
    assert made["HiredDate"] == "2026-01-08"


def test_an_employee_keeps_everything_an_app_can_write_4_3(qbo: Quick) -> None:
    sent = {
        "GivenName": "Ada",
        "FamilyName": "Quist",
        "DisplayName": "Ada Q.",
        "PrimaryEmailAddr": {"Address": "ada@quist.test"},
        "PrimaryPhone": {"FreeFormNumber": "(650) 555-0101"},
        "Mobile": {"FreeFormNumber": "(650) 555-0102"},
        "BirthDate": "1990-02-03",
        "HiredDate": "2020-01-02",
        "ReleasedDate": "2026-03-04",
        "Gender": "Female",
        "BillableTime": True,
        "BillRate": 55.5,
        "CostRate": 30,
        "EmployeeNumber": "E-1",
    }
    made = qbo.create("Employee", **sent, PrimaryAddr={"Line1": "1 Pier"})

    read = qbo.read(made["Id"], "Employee")
    assert {name: read[name] for name in sent} == sent
    assert read["PrimaryAddr"]["Line1"] == "1 Pier"


def test_the_social_security_number_is_never_shown_4_3(qbo: Quick) -> None:
    made = qbo.create("Employee", GivenName="Ada", SSN="123-45-6789")
    assert made["SSN"] == "XXX-XX-XXXX"

    head = {"GivenName": "Ada", "SSN": "XXX-XX-XXXX", "EmployeeNumber": "7"}
    again = qbo.update(made, "Employee", **head).json()["Employee"]

    assert again["SSN"] == "XXX-XX-XXXX"
    assert "6789" not in str(qbo.control("GET", f"history/{qbo.realm}/employee/{made['Id']}"))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"DisplayName": "Ada"}, "2020"),
        ({"GivenName": "x" * 101}, "2050"),
        ({"GivenName": "Ada", "Gender": "Unknown"}, "2170"),
        ({"GivenName": "Ada", "HiredDate": "2026-02-31"}, "2070"),
        ({"GivenName": "Ada", "EmployeeNumber": "x" * 101}, "2050"),
        ({"GivenName": "Ada", "PrimaryPhone": {"FreeFormNumber": "1" * 21}}, "2050"),
        ({"GivenName": "John", "FamilyName": "Johnson"}, "6240"),
    ],
)
def test_an_employee_that_breaks_a_rule_is_refused_4_3(
    qbo: Quick, sent: dict[str, object], code: str
) -> None:
    assert fault(qbo.post(sent, "Employee"))["code"] == code


def test_the_three_kinds_of_names_share_their_ids_4_3(qbo: Quick) -> None:
    ids = [
        int(qbo.create("Employee", GivenName="Ada")["Id"]),
        int(qbo.create("Vendor", DisplayName="V")["Id"]),
        int(qbo.create(DisplayName="C")["Id"]),
    ]

    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
