"""Odd requests get an answer of the 4xx kind, never a 5xx (6, 12)."""

from typing import Any
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbo_emulator.entities import BY_NAME, BY_PATH

from .conftest import Quick, fault
from .test_lists import LEAST

TEXTS = st.text(max_size=30) | st.sampled_from(
    ["", " ", "'", "\\", ":", "\t", "%", "null", "1.5", "-1", "9" * 30, "\x00", "x" * 600]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXTS | st.integers() | st.booleans() | st.none() | FLOATS
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "name", "Address", "FreeFormNumber", "Line1", "URI", "City"])
            | TEXTS,
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)
NAMES = st.sampled_from(
    [
        "Id", "SyncToken", "sparse", "DisplayName", "GivenName", "Active", "Job", "ParentRef",
        "BillAddr", "PrimaryEmailAddr", "PrimaryPhone", "WebAddr", "Balance", "OpenBalanceDate",
        "CurrencyRef", "Taxable", "Notes", "MetaData", "Level", "PreferredDeliveryMethod",
        "TaxExemptionReasonId", "CompanyName", "CompanyAddr", "SalesFormsPrefs", "SSN",
    ]
)  # fmt: skip
BODIES = st.dictionaries(NAMES | TEXTS, VALUES, max_size=6)
WORDS = st.sampled_from(
    [
        "SELECT", "*", "COUNT(*)", "FROM", "Customer", "Vendor", "Preferences", "WHERE", "AND",
        "OR", "Id", "Active", "DisplayName", "Balance", "MetaData.CreateTime", "=", "<", "LIKE",
        "IN", "('1','2')", "(true)", "'x'", "'%'", "'2026-01-01'", "5", "-1", "1e9", "true",
        "ORDERBY", "ORDER BY", "DESC", "STARTPOSITION", "MAXRESULTS", "10", "99999999999999",
        "CURRENT_DATE", "'", "(", ")", ",", "\\", "\n", "é", ";",
    ]
)  # fmt: skip
QUIET = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def check(answer: Any) -> None:
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert answer.json()["Fault"]["Error"][0]["code"]


@QUIET
@given(
    items=st.lists(
        st.fixed_dictionaries(
            {"bId": TEXTS},
            optional={
                "operation": st.sampled_from(["create", "update", "delete", "query"]) | VALUES,
                "optionsData": st.just("void") | VALUES,
                "Customer": BODIES | VALUES,
                "Preferences": BODIES,
                "Query": st.lists(WORDS, max_size=6).map(" ".join) | VALUES,
                "CDCQuery": VALUES,
            },
        )
        | VALUES,
        max_size=5,
    ),
    requestid=TEXTS,
)
def test_any_batch_is_answered_with_200_or_a_fault(
    qbo: Quick, items: list[Any], requestid: str
) -> None:
    body = {"BatchItemRequest": items}
    answer = qbo.api("POST", "batch", json=body, params={"requestid": requestid})

    check(answer)
    if answer.status_code == 200:
        for answered in answer.json()["BatchItemResponse"]:
            assert len(answered) == 2
            assert answered.keys() >= {"bId"}


@QUIET
@given(
    entity=st.sampled_from([*BY_PATH, "taxservice/taxcode"]),
    body=BODIES,
)
def test_any_body_is_answered_with_200_or_a_fault(
    qbo: Quick, entity: str, body: dict[str, Any]
) -> None:
    check(qbo.api("POST", entity, json=body))


@QUIET
@given(entity=st.sampled_from(list(LEAST)), data=st.data())
def test_any_value_in_any_property_of_a_list_is_answered_with_200_or_a_fault(
    qbo: Quick, entity: str, data: st.DataObject
) -> None:
    names = st.sampled_from([field.name for field in BY_NAME[entity].fields])
    body = data.draw(st.dictionaries(names, VALUES, max_size=4))
    changes = data.draw(st.dictionaries(names, VALUES, max_size=4))
    qbo.reset()
    answer = qbo.post({**LEAST[entity], **body}, entity)
    check(answer)
    if answer.status_code == 200:
        made = answer.json()[entity]
        check(qbo.update(made, entity, **changes))
        check(qbo.post({**made, **changes, "sparse": False}, entity))


@QUIET
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_answered_with_200_or_a_fault(qbo: Quick, raw: bytes) -> None:
    check(qbo.api("POST", "customer", data=raw, headers={"Content-Type": "application/json"}))


@QUIET
@given(words=st.lists(WORDS, max_size=14), extra=TEXTS)
def test_any_statement_is_answered_with_200_or_a_fault(
    qbo: Quick, words: list[str], extra: str
) -> None:
    check(qbo.ask("SELECT * FROM Customer " + " ".join(words)))
    check(qbo.ask(" ".join([*words, extra])))


@QUIET
@given(path=st.text(max_size=40), since=TEXTS, entities=TEXTS)
def test_any_address_is_answered_with_200_or_a_fault(
    qbo: Quick, path: str, since: str, entities: str
) -> None:
    check(qbo.api("GET", "cdc", params={"entities": entities, "changedSince": since}))
    check(qbo.api("GET", "cdc", params={"entities": "Customer", "changedSince": since}))
    # A path with dots may leave the company; then the gateway answers.
    answer = qbo.api("GET", "customer/" + path.replace(".", "").replace("%", "%25"))
    assert answer.status_code in {200, 400, 404}, answer.text


# --- What odd requests have found ---


def test_a_number_of_a_thousand_places_is_refused_and_never_written_out_6(qbo: Quick) -> None:
    for number in ("1e999999999", "-1e1000", "1e-999999999", "1e99999999999999999999"):
        body = f'{{"DisplayName":"Quist \\u00e9","Notes":{number}}}'
        answer = qbo.api(
            "POST", "customer", data=body, headers={"Content-Type": "application/json"}
        )
        assert fault(answer)["code"] == "2010", number
    assert fault(qbo.post({"DisplayName": "A", "Balance": "1e999999999"}))["code"] == "2090"


def test_a_method_nobody_knows_gets_a_fault_of_the_api_6(qbo: Quick) -> None:
    assert fault(qbo.api("BREW", "customer/1"))["code"] == "500"
    assert fault(qbo.api("TRACE", "customer/1"))["code"] == "500"


def test_xml_replaces_the_characters_it_cannot_write_2_2(qbo: Quick) -> None:
    headers = {"Accept": "application/xml"}

    answer = qbo.api("GET", "cdc?entities=a%00b&changedSince=2026-11-01", headers=headers)

    assert answer.status_code == 400
    assert "a\ufffdb" in ElementTree.fromstring(answer.text)[0][0][1].text


def test_a_batch_item_whose_operation_is_no_text_gets_its_own_fault_5_7(qbo: Quick) -> None:
    item = {"bId": "1", "operation": ["create"], "Customer": {"DisplayName": "Quist"}}

    answer = qbo.api("POST", "batch", json={"BatchItemRequest": [item]})

    assert answer.json()["BatchItemResponse"][0]["Fault"]["Error"][0]["code"] == "2170"


def test_control_calls_are_refused_for_values_they_cannot_hold(qbo: Quick) -> None:
    for path, body in (
        ("clock", '{"advance_seconds":1e22}'),
        ("clock", '{"offset_seconds":"nan"}'),
        ("clock", '{"now":"0001-01-01"}'),
        ("faults", '{"kind":"throttle","until_seconds":"soon"}'),
        ("faults", '{"kind":"throttle","message":5}'),
        ("faults", '{"kind":"throttle","headers":{"Retry-After":5}}'),
        ("reset", '{"company":{}}'),
        ("reset", '{"switches":"off"}'),
        ("webhooks", '{"send":"all"}'),
    ):
        answer = qbo.http.post(f"{qbo.base_url}/emulator/{path}", data=body, timeout=30)
        assert answer.status_code == 400, body
    qbo.reset()
    assert qbo.read("1")["Id"] == "1"
