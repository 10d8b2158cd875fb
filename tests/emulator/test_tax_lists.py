"""TaxCode, TaxRate, TaxAgency and the tax service: section 4.13 of the API reference."""

from typing import Any

import pytest
import requests

from .conftest import Quick, fault


def make(qbo: Quick, *details: dict[str, Any], **fields: Any) -> requests.Response:
    body = {"TaxCode": "Harbour tax", "TaxRateDetails": list(details), **fields}
    return qbo.api("POST", "taxservice/taxcode", json=body)


def rate(**fields: Any) -> dict[str, Any]:
    return {"TaxRateName": "Harbour", "RateValue": "3.125", "TaxAgencyId": "1", **fields}


@pytest.mark.parametrize(("id", "taxable"), [("TAX", True), ("NON", False)])
def test_the_pseudo_codes_have_words_as_ids_4_13(qbo: Quick, id: str, taxable: bool) -> None:
    code = qbo.read(id, "TaxCode")

    assert (code["Id"], code["Name"]) == (id, id)
    assert (code["Taxable"], code["TaxGroup"]) == (taxable, False)
    found = qbo.query(f"SELECT * FROM TaxCode WHERE Id = '{id}'")["TaxCode"]
    assert found == [code]


def test_other_words_are_no_ids_2030_6_3(qbo: Quick) -> None:
    assert fault(qbo.api("GET", "taxcode/TAXI"))["code"] == "2030"
    assert fault(qbo.api("GET", "customer/TAX"))["code"] == "2030"
    assert fault(qbo.api("GET", "taxcode/99"))["code"] == "610"


def test_the_sample_company_has_california_and_tucson_10(qbo: Quick) -> None:
    codes = {e["Name"]: e for e in qbo.query("SELECT * FROM TaxCode")["TaxCode"]}

    assert list(codes) == ["California", "CustomSalesTax", "NON", "TAX", "Tucson"]
    california = codes["California"]
    assert california["Id"] == "2"
    assert california["TaxGroup"] is True
    assert california["SalesTaxRateList"]["TaxRateDetail"] == [
        {
            "TaxRateRef": {"value": "3", "name": "California"},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": 0,
        }
    ]
    rates = [
        qbo.read(detail["TaxRateRef"]["value"], "TaxRate")
        for detail in codes["Tucson"]["SalesTaxRateList"]["TaxRateDetail"]
    ]
    assert [(each["Name"], each["RateValue"]) for each in rates] == [
        ("AZ State tax", 7.1),
        ("Tucson City", 2),
    ]
    agency = qbo.read(rates[0]["AgencyRef"]["value"], "TaxAgency")
    assert agency["DisplayName"] == "Arizona Dept. of Revenue"
    assert qbo.read("3", "TaxRate")["AgencyRef"] == {"value": "1"}


def test_a_rate_is_answered_in_full_4_13(qbo: Quick) -> None:
    found = qbo.query("SELECT * FROM TaxRate WHERE Name = 'California'")["TaxRate"][0]

    assert found["RateValue"] == 8
    assert (found["SpecialTaxType"], found["DisplayType"]) == ("NONE", "ReadOnly")
    assert found["EffectiveTaxRate"][0]["RateValue"] == 8


def test_the_tax_service_makes_a_code_with_its_rates_4_13(qbo: Quick) -> None:
    answer = make(qbo, rate(), {"TaxRateId": "3"})

    made = answer.json()
    assert answer.status_code == 200
    assert (made["TaxCode"], made["TaxCodeId"]) == ("Harbour tax", "4")
    assert made["TaxRateDetails"] == [
        {
            "TaxRateName": "Harbour",
            "TaxRateId": "4",
            "RateValue": 3.125,
            "TaxAgencyId": "1",
            "TaxApplicableOn": "Sales",
        },
        {
            "TaxRateName": "California",
            "TaxRateId": "3",
            "RateValue": 8,
            "TaxAgencyId": "1",
            "TaxApplicableOn": "Sales",
        },
    ]
    code = qbo.read("4", "TaxCode")
    assert (code["Taxable"], code["TaxGroup"]) == (True, True)
    details = code["SalesTaxRateList"]["TaxRateDetail"]
    assert [each["TaxRateRef"]["value"] for each in details] == ["4", "3"]
    assert qbo.read("4", "TaxRate")["RateValue"] == 3.125
    assert qbo.counts["creates"] == {"TaxCode": 1}


@pytest.mark.parametrize(
    ("details", "code", "element"),
    [
        ([], "2020", "TaxRateDetails"),
        ([rate(TaxRateName=None)], "2020", "TaxRateName"),
        ([rate(RateValue=None)], "2020", "RateValue"),
        ([rate(TaxAgencyId=None)], "2020", "TaxAgencyId"),
        ([rate(TaxAgencyId="9")], "2500", "AgencyRef"),
        ([{"TaxRateId": "99"}], "2500", "TaxRateId"),
        ([rate(TaxRateName="california")], "6240", "Name"),
        ([rate(), rate()], "6240", "Name"),
        ([rate(RateValue=101)], "2240", "RateValue"),
        ([rate(TaxApplicableOn="Gifts")], "2170", "TaxApplicableOn"),
        ([rate(TaxRateName="x" * 101)], "2050", "TaxRateName"),
        ([rate(Colour="red")], "2010", ""),
        (["x"], "2010", ""),
    ],
)
def test_what_the_tax_service_refuses_leaves_nothing_behind_4_13(
    qbo: Quick, details: list[Any], code: str, element: str
) -> None:
    before = qbo.query("SELECT * FROM TaxRate")

    error = fault(make(qbo, *details))

    assert (error["code"], error["element"]) == (code, element)
    assert qbo.query("SELECT * FROM TaxRate") == before
    assert qbo.query("SELECT COUNT(*) FROM TaxCode") == {"totalCount": 5}


def test_the_name_of_a_code_is_unique_with_6240_4_13(qbo: Quick) -> None:
    error = fault(make(qbo, rate(), TaxCode="CALIFORNIA"))

    assert error["code"] == "6240"
    assert error["Detail"] == "The name supplied already exists. : Id=2"
    assert qbo.query("SELECT COUNT(*) FROM TaxRate") == {"totalCount": 3}
    assert fault(make(qbo, rate(), TaxCode=""))["element"] == "TaxCode"


def test_the_tax_service_answers_a_requestid_once_more_2_6(qbo: Quick) -> None:
    body = {"TaxCode": "Once", "TaxRateDetails": [rate()]}
    answers = [
        qbo.api("POST", "taxservice/taxcode", json=body, params={"requestid": "t1"})
        for _ in range(2)
    ]

    assert answers[0].text == answers[1].text
    assert qbo.query("SELECT COUNT(*) FROM TaxCode") == {"totalCount": 6}


@pytest.mark.parametrize("path", ["taxservice", "taxservice/taxrate", "taxservice/taxcode/4"])
def test_other_tax_service_paths_do_not_exist_2_1(qbo: Quick, path: str) -> None:
    assert fault(qbo.api("POST", path, json={"TaxCode": "x"}))["code"] == "500"


def test_a_customer_has_a_tax_code_that_is_there_6_3(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Quist", DefaultTaxCodeRef={"value": "3"})

    assert made["DefaultTaxCodeRef"] == {"value": "3"}
    error = fault(qbo.update(made, DefaultTaxCodeRef={"value": "99"}))
    assert error["Detail"] == "Invalid Reference Id : TaxCodes element id 99 not found"
