"""Errors: section 6 of the API reference."""

import inspect
import re
from typing import Any

import pytest
import requests

from qbo_emulator import errors
from qbo_emulator.codes import CODES
from qbo_emulator.errors import Fault

from .conftest import Quick, fault

# The codes of section 6.3, as they stand there.
DOCUMENTED = """
100 110 120 130 140 150 270 500 600 610 620 630 700 800 900 1000 1010 1020 1040 1050 2000 2010 2020
2030 2040 2050 2060 2070 2080 2090 2100 2110 2120 2140 2150 2160 2130 2170 2200 2210 2220 2230 2240
2250 2280 2290 2300 2500 2600 3000 3001 3100 3200 3202 4000 4001 4002 5000 5010 5020 5030 6000 6010
6030 6040 6041 6050 6070 6080 6090 6100 6160 6170 6230 6130 6140 6150 6180 6190 6200 6210 6220 6240
6250 6270 6280 6420 6430 6440 6450 6480 6530 6540 6560 10000 10100 10200
"""


def test_the_table_of_codes_is_closed_6_3() -> None:
    assert set(CODES) == set(DOCUMENTED.split())


def made_faults() -> list[Fault]:
    """Every fault that a function of errors.py makes."""
    found = []
    for name, function in inspect.getmembers(errors, inspect.isfunction):
        if function.__module__ != errors.__name__ or name in {"of_code", "company_refuses"}:
            continue
        takes = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is inspect.Parameter.empty
        ]
        numbers = {int: 1, str: "x", list[str]: ["x"]}
        made = function(*(numbers.get(each.annotation, "x") for each in takes))
        if isinstance(made, Fault):
            found.append(made)
    return found


def test_every_fault_has_the_message_of_the_table_6_3() -> None:
    found = made_faults()

    assert len(found) > 30
    for made in found:
        assert made.message == CODES[made.code].message, made


@pytest.mark.parametrize("code", sorted(CODES, key=int))
def test_every_code_can_be_armed_and_answers_like_the_table_6_3(qbo: Quick, code: str) -> None:
    qbo.arm("fault", code=code)

    answer = qbo.api("GET", "customer/1")

    usual = CODES[code]
    body = answer.json()
    error = body["Fault"]["Error"][0]
    assert answer.status_code == usual.status
    assert (error["code"], error["Message"]) == (code, usual.message)
    assert error["Detail"] == usual.detail
    assert error.get("element") == usual.element
    assert body["Fault"]["type"] == usual.kind
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-0[78]:00", body["time"])


def test_a_code_that_does_not_exist_cannot_be_armed_6_3(qbo: Quick) -> None:
    rule = {"kind": "fault", "code": "4711"}
    answer = requests.post(f"{qbo.base_url}/emulator/faults", json=rule, timeout=5)

    assert answer.status_code == 400
    assert "4711" in answer.json()["error"]


def test_a_code_of_the_future_can_be_armed_with_its_message_6_3(qbo: Quick) -> None:
    qbo.arm("fault", code="4711", message="Something New")

    error = fault(qbo.api("GET", "customer/1"))

    assert (error["code"], error["Message"]) == ("4711", "Something New")


# --- Envelopes ---


def test_a_fault_is_the_recorded_envelope_6_1(qbo: Quick) -> None:
    answer = qbo.post({"DisplayName": "Amy's Bird Sanctuary"})

    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"Fault", "time"}
    assert body["Fault"] == {
        "Error": [
            {
                "Message": "Duplicate Name Exists Error",
                "Detail": "The name supplied already exists. : Id=1",
                "code": "6240",
                "element": "DisplayName",
            }
        ],
        "type": "ValidationFault",
    }


def test_an_invalid_id_has_no_time_as_recorded_5_12(qbo: Quick) -> None:
    assert set(qbo.api("GET", "customer/1.5").json()) == {"Fault"}


def test_a_401_is_the_recorded_envelope_in_lower_case_6_2(qbo: Quick) -> None:
    qbo.control("POST", "tokens", {"action": "disconnect"})

    answer = qbo.api("GET", "customer/1")

    body = answer.json()
    assert answer.status_code == 401
    assert body.pop("time") > 1_600_000_000_000
    assert body == {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [
                {
                    "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                    "detail": "Token revoked",
                    "code": "3200",
                    "element": None,
                }
            ],
            "type": "AUTHENTICATION",
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "status": None,
        "cdcresponse": [],
    }


def test_a_403_is_lower_case_6_2(qbo: Quick) -> None:
    qbo.arm("forbid")

    assert qbo.api("GET", "customer/1").json() == {
        "fault": {
            "error": [
                {
                    "message": "message=ApplicationAuthorizationFailed; errorCode=003100;"
                    " statusCode=403",
                    "detail": None,
                    "code": "3100",
                    "element": None,
                }
            ],
            "type": "SERVICE",
        }
    }


@pytest.mark.parametrize(
    ("kind", "status", "kind_of_fault", "code"),
    [
        ("expire_token", 401, "AUTHENTICATION", "3200"),
        ("forbid", 403, "SERVICE", "3100"),
        ("throttle", 429, "SERVICE", "3001"),
    ],
)
def test_the_gateway_answers_xml_to_who_does_not_ask_for_json_2_2(
    qbo: Quick, kind: str, status: int, kind_of_fault: str, code: str
) -> None:
    qbo.arm(kind)

    answer = qbo.api("GET", "customer/1", headers={"Accept": "*/*"})

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/xml"
    assert f'<Fault type="{kind_of_fault}"><Error code="{code}"><Message>' in answer.text


# --- Single codes ---


def test_another_body_under_a_used_requestid_is_600_where_switched_2_6(qbo: Quick) -> None:
    qbo.switch(requestid_other_body="600")
    qbo.post({"DisplayName": "One"}, requestid="r1")

    error = fault(qbo.post({"DisplayName": "Two"}, requestid="r1"))

    assert (error["code"], error["Message"]) == ("600", "Duplicate Request ID")
    assert qbo.post({"DisplayName": "One"}, requestid="r1").status_code == 200


def test_a_body_over_five_megabytes_is_413_6_3(qbo: Quick) -> None:
    body = b'{"DisplayName": "' + b"x" * (5 * 1024 * 1024) + b'"}'

    answer = qbo.api("POST", "customer", data=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413
    assert "<h1>413 Request Entity Too Large</h1>" in answer.text
    assert qbo.counts["writes"] == 0


def test_bytes_that_are_not_utf_8_are_500_with_the_recorded_text_6_3(qbo: Quick) -> None:
    body, headers = b'{"DisplayName": "\xe9"}', {"Content-Type": "application/json"}

    error = fault(qbo.api("POST", "customer", data=body, headers=headers))

    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    assert error["Detail"] == "Invalid byte 18 of 1-byte UTF-8 sequence."


# --- Companies that refuse ---


def states(qbo: Quick, state: str) -> None:
    qbo.control("POST", "companies", {"realm_id": qbo.realm, "state": state})


@pytest.mark.parametrize("way", ["switch", "control call"])
def test_a_company_whose_subscription_ended_can_be_read_only_6190_6_3(qbo: Quick, way: str) -> None:
    if way == "switch":
        qbo.switch(company_state="subscription_ended")
    else:
        states(qbo, "subscription_ended")

    error = fault(qbo.post({"DisplayName": "Not now"}, requestid="r1"))
    assert (error["code"], error["Message"]) == ("6190", "Invalid Company Status")
    assert error["Detail"].startswith("Subscription period has ended or canceled")
    assert qbo.read("1")["Id"] == "1"
    items = [{"bId": "b1", "operation": "create", "Customer": {"DisplayName": "Not now"}}]
    batch = qbo.api("POST", "batch", json={"BatchItemRequest": items}).json()
    assert batch["BatchItemResponse"][0]["Fault"]["Error"][0]["code"] == "6190"
    qbo.switch(company_state="ok")
    states(qbo, "ok")
    assert qbo.post({"DisplayName": "Not now"}, requestid="r1").status_code == 200


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        ("locked_out", 400, "140"),
        ("maintenance", 400, "150"),
        ("wrong_cluster", 400, "130"),
        ("no_access", 401, "120"),
    ],
)
def test_a_company_can_refuse_everything_6_3(
    qbo: Quick, state: str, status: int, code: str
) -> None:
    states(qbo, state)

    for answer in (qbo.api("GET", "customer/1"), qbo.post({"DisplayName": "x"})):
        assert answer.status_code == status
        assert answer.json()["Fault"]["Error"][0]["code"] == code
    assert qbo.counts["writes"] == 0
    states(qbo, "")
    assert qbo.read("1")["Id"] == "1"


def test_the_state_of_one_company_is_not_that_of_another_6_3(qbo: Quick) -> None:
    other = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]
    states(qbo, "locked_out")
    qbo.access = qbo.control("POST", "tokens", {"action": "new", "realm": other})

    assert qbo.post({"DisplayName": "Fine here"}).status_code == 200


def test_a_state_that_does_not_exist_is_refused(qbo: Quick) -> None:
    body: dict[str, Any] = {"realm_id": qbo.realm, "state": "sad"}

    answer = requests.post(f"{qbo.base_url}/emulator/companies", json=body, timeout=5)

    assert answer.status_code == 400


@pytest.mark.parametrize("wrong", [{"state": "sad"}, {"restore_to": "yesterday"}])
def test_a_company_is_not_added_when_the_rest_of_the_call_is_wrong(
    qbo: Quick, wrong: dict[str, str]
) -> None:
    before = qbo.control("GET", "companies")
    body = {"company": "empty", **wrong}

    answer = requests.post(f"{qbo.base_url}/emulator/companies", json=body, timeout=5)

    assert answer.status_code == 400
    assert qbo.control("GET", "companies") == before


# --- Parameters that change nothing ---


def test_an_include_that_is_not_known_does_no_harm_2_1(qbo: Quick) -> None:
    assert qbo.api("GET", "customer/1?include=enhancedAllCustomFields").status_code == 200
    assert qbo.post({"DisplayName": "Included"}, include="donotupdateaccount").status_code == 200


@pytest.mark.parametrize("include", ["void", "allowduplicatedocnum,void", "VOID"])
def test_an_include_of_void_is_a_void_5_5(qbo: Quick, include: str) -> None:
    body = {"Id": "1", "SyncToken": "0", "sparse": True}
    refused = qbo.post(body, operation="update", include=include)

    assert fault(refused)["code"] == "500"  # a customer cannot be voided
    assert qbo.counts["by_kind"] == {"void": 1}


def test_a_create_is_served_with_any_minor_version_2_5(qbo: Quick) -> None:
    for number, version in enumerate(("1", "75", "999")):
        answer = qbo.post({"DisplayName": f"Minor {number}"}, minorversion=version)
        assert answer.json()["Customer"]["DisplayName"] == f"Minor {number}"


def test_every_answer_has_a_tid_of_its_own_also_refusals_and_tokens_2_3(qbo: Quick) -> None:
    qbo.arm("html", path="customer/2")
    form = {"grant_type": "refresh_token", "refresh_token": qbo.access["refresh_token"]}
    answers = [
        qbo.api("GET", "customer/1"),
        qbo.api("GET", "customer/2"),
        qbo.api("GET", "customer/4711"),
        requests.get(f"{qbo.base_url}/v3/company/{qbo.realm}/customer/1", timeout=5),
        requests.post(
            f"{qbo.base_url}/oauth2/v1/tokens/bearer",
            data=form,
            auth=("emulator-client", "emulator-secret"),
            timeout=5,
        ),
    ]

    assert len({answer.headers["intuit_tid"] for answer in answers}) == 5


def test_a_fault_can_hold_several_errors_6_1(qbo: Quick) -> None:
    qbo.arm("fault", code="6240", also="2050, 2210")

    answer = qbo.post({"DisplayName": "Several"})

    assert answer.status_code == 400
    errors = answer.json()["Fault"]["Error"]
    assert [each["code"] for each in errors] == ["6240", "2050", "2210"]
    assert [each["element"] for each in errors][1:] == ["DocNumber", "PrimaryEmailAddr"]


def test_several_errors_come_in_a_batch_and_as_xml_too_6_1(qbo: Quick) -> None:
    qbo.arm("fault", code="6240", also="2050", path="#b1$")
    items = [{"bId": "b1", "operation": "create", "Customer": {"DisplayName": "Several"}}]

    batch = qbo.api("POST", "batch", json={"BatchItemRequest": items}).json()

    errors = batch["BatchItemResponse"][0]["Fault"]["Error"]
    assert [each["code"] for each in errors] == ["6240", "2050"]
    qbo.arm("fault", code="6240", also="2050")
    text = qbo.api("GET", "customer/1", headers={"Accept": "*/*"}).text
    assert text.count("<Error ") == 2


def test_a_message_in_another_language_keeps_its_code_6_1(qbo: Quick) -> None:
    qbo.arm("fault", code="6140", message="Erreur de numéro de document en double")

    error = fault(qbo.api("GET", "customer/1"))

    assert (error["code"], error["Message"]) == ("6140", "Erreur de numéro de document en double")


def test_a_further_code_that_does_not_exist_cannot_be_armed_6_3(qbo: Quick) -> None:
    rule = {"kind": "fault", "code": "6240", "also": "4711"}

    answer = requests.post(f"{qbo.base_url}/emulator/faults", json=rule, timeout=5)

    assert answer.status_code == 400
