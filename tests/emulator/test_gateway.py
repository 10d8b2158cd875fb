"""Limits (7), headers (2.3), JSON and XML (2.4), bad input, concurrency, the clock, companies."""

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from .conftest import ROOT, Quick, fault, start

# --- Limits ---


def test_more_than_ten_a_second_is_429_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True)

    statuses = [qbo.api("GET", "customer/1").status_code for _ in range(12)]

    assert statuses[:10] == [200] * 10
    assert statuses[10:] == [429] * 2
    qbo.advance(1.1)
    assert qbo.api("GET", "customer/1").status_code == 200


def test_more_than_500_a_minute_is_429_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_per_minute=20)
    statuses = [qbo.api("GET", "customer/1").status_code for _ in range(22)]

    assert statuses.count(429) == 2
    qbo.advance(59)
    assert qbo.api("GET", "customer/1").status_code == 429
    qbo.advance(2)
    assert qbo.api("GET", "customer/1").status_code == 200


def test_more_than_ten_at_once_is_429_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_at_once=3, write_seconds=0.5)
    qbo.switch(one_name_at_a_time=False)

    def make(number: int) -> int:
        body = {"DisplayName": f"At once {number}"}
        url = f"{qbo.base_url}/v3/company/{qbo.realm}/customer"
        return requests.post(url, json=body, headers=qbo.headers, timeout=10).status_code

    with ThreadPoolExecutor(5) as pool:
        statuses = list(pool.map(make, range(5)))

    assert sorted(statuses) == [200, 200, 200, 429, 429]


def test_a_429_is_lower_case_upper_case_or_xml_without_retry_after_6_2(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_per_minute=1)
    qbo.api("GET", "customer/1")
    lower = qbo.api("GET", "customer/1")
    qbo.switch(throttle_shape="upper", retry_after=60)
    upper = qbo.api("GET", "customer/1")
    qbo.switch(throttle_shape="xml")
    as_xml = qbo.api("GET", "customer/1")

    error = lower.json()["fault"]["error"][0]
    assert error["code"] == "3001"
    assert error["message"] == "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    assert error["detail"] == "The request limit was reached.  Try again later"
    assert "Retry-After" not in lower.headers
    assert upper.json()["Fault"]["Error"][0]["code"] == "3001"
    assert upper.headers["Retry-After"] == "60"
    assert as_xml.headers["Content-Type"] == "application/xml"
    assert "<Message>message=ThrottleExceeded" in as_xml.text


def test_reads_are_metered_writes_and_refusals_are_free_7_4(qbo: Quick) -> None:
    qbo.read("1")
    qbo.query("SELECT COUNT(*) FROM Customer")
    qbo.api("GET", "cdc", params={"entities": "Customer", "changedSince": "2026-01-01"})
    qbo.create(DisplayName="Free")
    qbo.api("GET", "customer/4711")

    assert qbo.counts["metered"] == 3
    qbo.switch(metered_allowance=3)
    assert qbo.api("GET", "customer/1").status_code == 429
    assert qbo.post({"DisplayName": "Still free"}).status_code == 200
    qbo.advance(32 * 86400)
    qbo.access = qbo.control("POST", "tokens", {"action": "issue"})
    assert qbo.api("GET", "customer/1").status_code == 200


# --- Headers, JSON, XML ---


def test_headers_are_as_recorded_with_a_fresh_tid_2_3(qbo: Quick) -> None:
    first, second = qbo.api("GET", "customer/1"), qbo.api("GET", "customer/99")

    assert first.headers["Content-Type"] == "application/json;charset=utf-8"
    assert second.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", first.headers["intuit_tid"])
    assert first.headers["intuit_tid"] != second.headers["intuit_tid"]
    assert first.headers["Qbo-Version"] == "1944.190"
    for name in ("Service-Time", "X-Spanid", "X-Amzn-Trace-Id", "Strict-Transport-Security"):
        assert first.headers[name]
    assert first.headers["Expires"] == "0"
    assert first.headers["Cache-Control"].endswith("must-revalidate, private")
    assert not [name for name in first.headers if name.lower().startswith("x-ratelimit")]
    qbo.switch(tid_header="Intuit-Tid")
    assert "Intuit-Tid" in qbo.api("GET", "customer/1").headers


@pytest.mark.parametrize(
    ("moment", "offset"),
    [
        ("2026-07-01T12:00:00Z", "-07:00"),
        ("2026-12-01T12:00:00Z", "-08:00"),
        ("2026-03-08T09:59:59Z", "-08:00"),
        ("2026-03-08T10:00:00Z", "-07:00"),
        ("2026-11-01T08:59:50Z", "-07:00"),
        ("2026-11-01T09:00:00Z", "-08:00"),
    ],
)
def test_times_are_pacific_2_4(qbo: Quick, moment: str, offset: str) -> None:
    qbo.control("POST", "clock", {"now": moment})
    qbo.access = qbo.control("POST", "tokens", {"action": "new"})

    answer = qbo.post({"DisplayName": "Timed"}).json()

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}" + offset, answer["time"])
    created = answer["Customer"]["MetaData"]["CreateTime"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d" + offset, created)


def test_without_asking_for_json_the_answer_is_xml_2_2(qbo: Quick) -> None:
    answer = qbo.api("GET", "customer/1", headers={"Accept": "*/*"})
    refusal = qbo.api("GET", "customer/4711", headers={"Accept": "*/*"})

    assert answer.headers["Content-Type"] == "application/xml"
    assert '<Customer domain="QBO" sparse="false">' in answer.text
    assert "<DisplayName>Amy's Bird Sanctuary</DisplayName>" in answer.text
    assert '<CurrencyRef name="United States Dollar">USD</CurrencyRef>' in answer.text
    assert refusal.status_code == 400
    assert 'code="610"' in refusal.text


def test_amounts_keep_their_digits_2_4(qbo: Quick) -> None:
    answer = qbo.api("GET", "customer/17")

    assert '"Balance":314.28' in answer.text


def test_any_minor_version_is_served_2_5(qbo: Quick) -> None:
    for version in ("3", "75", "1000", "x"):
        assert qbo.api("GET", f"customer/1?minorversion={version}").status_code == 200


def test_ids_and_tokens_may_be_numbers_in_requests_and_are_texts_in_answers_2_4(
    qbo: Quick,
) -> None:
    after = qbo.post({"Id": 5, "SyncToken": 0, "sparse": True, "Notes": "x"}).json()["Customer"]

    assert (after["Id"], after["SyncToken"]) == ("5", "1")


def test_decimals_may_be_texts_and_days_may_have_an_offset_2_4(qbo: Quick) -> None:
    detail = {"ItemRef": {"value": "6"}, "UnitPrice": "10.10", "Qty": "2"}
    line = {"Amount": "20.20", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    for day in ("2026-11-05", "2026-11-05Z", "2026-11-05-08:00"):
        made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=[line], TxnDate=day)

        assert (made["TotalAmt"], made["TxnDate"]) == (20.2, "2026-11-05")


def test_names_of_properties_are_case_sensitive_in_bodies_2_4(qbo: Quick) -> None:
    assert fault(qbo.post({"displayName": "Small"}))["code"] == "2010"
    assert fault(qbo.post({"DisplayName": "Big", "notes": "x"}))["code"] == "2010"


def test_what_has_no_value_is_left_out_of_answers_2_4(qbo: Quick) -> None:
    made = qbo.post({"DisplayName": "Bare", "Notes": None, "CompanyName": ""})

    assert "null" not in made.text
    customer = made.json()["Customer"]
    assert {"Notes", "CompanyName", "PrimaryPhone"}.isdisjoint(customer)
    assert (customer["domain"], customer["sparse"]) == ("QBO", False)


# --- Bad input ---


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "2010"),
        (b"{", "2010"),
        (b"[]", "2010"),
        (b"null", "2010"),
        (b'"text"', "2010"),
        (b'{"DisplayName": NaN}', "2010"),
        (b'{"DisplayName": "\\ud800"}', "2010"),
        (b'{"DisplayName": {}}', "2010"),
        (b'{"DisplayName": ["x"]}', "2010"),
        (b'{"DisplayName": "x", "Active": "maybe"}', "2010"),
        (b'{"DisplayName": "x", "PrimaryPhone": "555"}', "2010"),
        (b'{"DisplayName": "x", "PrimaryPhone": {"Number": "5"}}', "2010"),
        (b'{"DisplayName": "x", "Balance": "much"}', "2010"),
        (b'{"DisplayName": "x", "Balance": 1e400}', "2090"),
        (b'{"DisplayName": "x", "OpenBalanceDate": "2026-02-31"}', "2070"),
        (b'{"DisplayName": "x", "PreferredDeliveryMethod": "Pigeon"}', "2170"),
        (b'{"DisplayName": "x\\u0000y"}', "2040"),
        (b'{"DisplayName": "\xff"}', "500"),
        (b'{"Id": "x", "SyncToken": "0"}', "2030"),
        (b'{"Id": "1", "SyncToken": "x"}', "2090"),
        (b'{"Id": "1", "SyncToken": {}}', "2010"),
        (b'{"Id": "-1", "SyncToken": "0"}', "2030"),
        (b"[" * 100_000, "2010"),
        (b'{"DisplayName": "' + b"x" * 1_048_576 + b'"}', "2050"),
        (b'{"DisplayName": "x", "BillAddr": {"PostalCode": "' + b"9" * 31 + b'"}}', "2050"),
    ],
)
def test_bad_bodies_get_their_fault_never_a_5xx_6_3(qbo: Quick, body: bytes, code: str) -> None:
    answer = qbo.api("POST", "customer", data=body, headers={"Content-Type": "application/json"})

    assert fault(answer)["code"] == code


def test_a_write_of_another_content_type_is_1050_6_3(qbo: Quick) -> None:
    answer = qbo.api("POST", "customer", data="{}", headers={"Content-Type": "text/plain"})

    assert fault(answer)["code"] == "1050"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nonsense/1"),
        ("GET", "customer"),
        ("PUT", "customer/1"),
        ("DELETE", "customer/1"),
        ("POST", "customer/1"),
        ("GET", "batch"),
        ("GET", ""),
        ("POST", "customer?operation=void"),
    ],
)
def test_unknown_paths_and_operations_are_400_500_5_12(qbo: Quick, method: str, path: str) -> None:
    answer = qbo.api(method, path, json={"Id": "1", "SyncToken": "0"})

    error = fault(answer)
    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    assert error["Detail"].endswith("is not supported.")


def test_texts_beyond_latin_1_are_kept_replaced_or_refused_9(qbo: Quick) -> None:
    assert qbo.create(DisplayName="さくら 1")["DisplayName"] == "さくら 1"
    qbo.switch(text_encoding="question_mark")
    assert qbo.create(DisplayName="さくら 2")["DisplayName"] == "??? 2"
    qbo.switch(text_encoding="refuse")
    assert fault(qbo.post({"DisplayName": "さくら 3"}))["code"] == "2040"


# --- Concurrency ---


def test_a_second_name_write_meanwhile_is_6000_and_may_be_tried_again_9(qbo: Quick) -> None:
    qbo.switch(write_seconds=0.4)

    def make(number: int) -> requests.Response:
        url = f"{qbo.base_url}/v3/company/{qbo.realm}/{['customer', 'vendor'][number]}"
        body = {"DisplayName": f"Busy {number}"}
        params = {"requestid": f"busy-{number}"}
        return requests.post(url, json=body, params=params, headers=qbo.headers, timeout=10)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(make, range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 400]
    refused = next(number for number, answer in enumerate(answers) if answer.status_code == 400)
    detail = fault(answers[refused])["Detail"]
    assert "You can only add or edit one name at a time. Please try again." in detail
    assert make(refused).status_code == 200  # the refusal was not remembered for its requestid


def test_the_same_requestid_at_once_makes_one_object_2_6(qbo: Quick) -> None:
    qbo.switch(write_seconds=0.2)

    def make(_: int) -> bytes:
        url = f"{qbo.base_url}/v3/company/{qbo.realm}/customer"
        body, params = {"DisplayName": "One"}, {"requestid": "same"}
        answer = requests.post(url, json=body, params=params, headers=qbo.headers, timeout=10)
        return answer.content

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(make, range(4)))

    assert len(answers) == 1
    assert qbo.counts["creates"] == {"Customer": 1}


# --- Companies, clock, command line ---


def test_preferences_and_company_info_are_updated_4_11_4_12(qbo: Quick) -> None:
    preferences = qbo.read("1", "Preferences")
    body = {"SyncToken": "0", "sparse": True, "SalesFormsPrefs": {"CustomTxnNumbers": True}}
    after = qbo.post(body, "Preferences").json()["Preferences"]
    assert after["SyncToken"] == "1"
    assert after["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert after["TaxPrefs"] == preferences["TaxPrefs"]
    assert fault(qbo.post(body, "Preferences"))["code"] == "5010"

    info = qbo.api("GET", f"companyinfo/{qbo.realm}").json()["CompanyInfo"]
    missing = {"SyncToken": "0", "sparse": True, "LegalName": "x"}
    assert fault(qbo.post(missing, "CompanyInfo"))["code"] == "2020"
    info["LegalName"] = "New Legal Name"
    assert qbo.post(info, "CompanyInfo").json()["CompanyInfo"]["LegalName"] == "New Legal Name"


def test_the_messy_company_can_be_read_and_saved_as_it_is(qbo: Quick) -> None:
    qbo.reset("messy")
    rows = qbo.query("SELECT * FROM Customer WHERE Active IN (true, false) MAXRESULTS 1000")

    names = [row["DisplayName"] for row in rows["Customer"]]
    assert {'O\'Brien & Sons "Plumbing"', "Back\\slash \\' Ltd", "Old Mill (deleted 2)"} <= set(
        names
    )
    assert max(len(name) for name in names) == 500
    assert max(row.get("Level", 0) for row in rows["Customer"]) == 4
    folded = [name.casefold() for name in names]
    assert len(set(folded)) == len(folded)
    for row in rows["Customer"]:
        whole = qbo.read(row["Id"])
        again = qbo.post(whole)
        assert again.status_code == 200, again.text
        assert again.json()["Customer"] == whole


def test_bulk_companies_are_the_same_every_time(qbo: Quick) -> None:
    qbo.reset("bulk:300")
    first = qbo.query("SELECT * FROM Customer WHERE Active IN (true, false) MAXRESULTS 1000")
    qbo.reset("bulk:300")
    second = qbo.query("SELECT * FROM Customer WHERE Active IN (true, false) MAXRESULTS 1000")

    strip = [{k: v for k, v in row.items() if k != "MetaData"} for row in first["Customer"]]
    assert len(strip) == 300
    assert strip == [
        {k: v for k, v in row.items() if k != "MetaData"} for row in second["Customer"]
    ]
    one = qbo.read("7")
    assert qbo.post(one).json()["Customer"] == one  # such rows are as a write would leave them


def test_a_company_can_be_emptied_in_place(qbo: Quick) -> None:
    body = {"company": "empty", "realm_id": qbo.realm}
    qbo.control("POST", "companies", body)

    assert qbo.names() == []
    assert qbo.create(DisplayName="First")["Id"] == "1"


def test_reset_is_quick_and_forgets_everything(qbo: Quick) -> None:
    old = dict(qbo.access)
    qbo.create(DisplayName="Forget me")
    qbo.arm("throttle", times=None)
    qbo.advance(86400)
    qbo.switch(read_lag_seconds=5)
    began = time.monotonic()
    qbo.reset()
    took = time.monotonic() - began

    assert took < 0.5
    assert qbo.access["realm_id"] == old["realm_id"]
    assert qbo.names("WHERE DisplayName = 'Forget me'") == []
    assert qbo.create(DisplayName="Anew")["Id"] == "58"
    assert abs(qbo.control("GET", "clock")["offset_seconds"]) < 1
    qbo.access = {**qbo.access, "access_token": old["access_token"]}
    assert qbo.api("GET", "customer/1").status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("switches", {"nonsense": 1}),
        ("switches", {"limits": "yes"}),
        ("switches", {"throttle_shape": "round"}),
        ("faults", {"kind": "status", "statuss": 500}),
        ("clock", {"forward": 1}),
        ("act", {"entity": "Customer", "operation": "destroy", "id": "1"}),
        ("companies", {"company": "huge"}),
        ("reset", {"company": "huge"}),
    ],
)
def test_control_calls_with_typing_errors_are_refused(
    qbo: Quick, path: str, body: dict[str, Any]
) -> None:
    answer = requests.post(f"{qbo.base_url}/emulator/{path}", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        {"company": "empty", "switches": {"nonsense": 1}},
        {"company": "empty", "switches": {"limits": "yes"}},
        {"company": "empty", "now": "2226-01-01T00:00:00Z"},
    ],
)
def test_a_reset_that_is_refused_changes_nothing(qbo: Quick, body: dict[str, Any]) -> None:
    made = qbo.create(DisplayName="Still here")
    qbo.control("POST", "clock", {"offset_seconds": 300})
    qbo.switch(read_lag_seconds=0.001)

    answer = qbo.http.post(f"{qbo.base_url}/emulator/reset", json=body, timeout=5)

    assert answer.status_code == 400
    assert qbo.read(made["Id"])["DisplayName"] == "Still here"
    assert qbo.control("GET", "clock")["offset_seconds"] == 300
    assert qbo.control("GET", "switches")["switches"]["read_lag_seconds"] == 0.001


def test_a_clock_or_webhook_call_that_is_refused_changes_nothing(qbo: Quick) -> None:
    odd_clock = {"frozen": True, "offset_seconds": 60, "now": "no time"}
    odd_hooks = {"url": "http://127.0.0.1:9/", "copies": "two"}

    for path, body in (("clock", odd_clock), ("webhooks", odd_hooks)):
        answer = qbo.http.post(f"{qbo.base_url}/emulator/{path}", json=body, timeout=5)
        assert answer.status_code == 400

    clock = qbo.control("GET", "clock")
    assert (clock["frozen"], clock["offset_seconds"]) == (False, 0)
    assert qbo.control("GET", "webhooks")["url"] == ""


def test_a_second_start_keeps_the_data_and_token_works_beside_it(tmp_path: Path) -> None:
    for number in range(2):
        process, base_url = start(tmp_path, "--switch", "limits=off")
        try:
            qbo = Quick(base_url, tmp_path)
            command = [sys.executable, "-m", "qbo_emulator", "token", "--data", str(tmp_path)]
            printed = subprocess.run(
                command, cwd=ROOT, capture_output=True, check=True, timeout=20
            ).stdout
            qbo.access = requests.models.complexjson.loads(printed)
            assert qbo.access["base_url"] == base_url
            assert len(qbo.names()) == 29 + number
            qbo.create(DisplayName=f"Kept {number}")
        finally:
            process.terminate()
            assert process.wait(timeout=10) in {0, -15}


def test_a_taken_port_is_one_line_and_status_2(qbo: Quick, tmp_path: Path) -> None:
    port = qbo.base_url.rpartition(":")[2]
    command = [sys.executable, "-m", "qbo_emulator", "serve", "--port", port]

    ended = subprocess.run(
        [*command, "--data", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=20
    )

    assert ended.returncode == 2
    assert ended.stderr == f"Port {port} on 127.0.0.1 cannot be used: Address already in use.\n"


def test_the_emulator_imports_nothing_of_the_product() -> None:
    ours = re.compile(
        r"^\s*(?:from|import) (canopy_sync|firms|contacts|billing|integrations|django)"
    )
    for path in (ROOT / "qbo_emulator").rglob("*.py"):
        lines = [line for line in path.read_text("utf-8").splitlines() if ours.match(line)]
        assert lines == [], path


def test_sigterm_ends_the_server_soon_even_with_a_silent_call(tmp_path: Path) -> None:
    process, base_url = start(tmp_path)
    body = {"kind": "silence", "seconds": 60}
    requests.post(f"{base_url}/emulator/faults", json=body, timeout=5)
    url = f"{base_url}/v3/company/1/customer/1"

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(requests.get, url, timeout=30)
        while requests.get(f"{base_url}/emulator/faults", timeout=5).json()["armed"]:
            continue  # until the call has met the fault
        process.terminate()
        assert process.wait(timeout=5) in {0, -15}
        with pytest.raises(requests.ConnectionError):
            asked.result(timeout=5)


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told by Linux only")
def test_the_server_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-m', 'qbo_emulator', 'serve', '--port', '0',"
        f" '--data', {str(tmp_path)!r}, '--die-with-parent'])\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    base_url = parent.stdout.readline().split()[1]

    parent.kill()
    parent.wait(timeout=5)

    assert parent.stdout.read() == ""  # ends when the server, too, has let go of the pipe
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{base_url}/emulator/", timeout=5)


def test_newer_properties_that_are_sent_back_are_ignored_or_refused_11_3(qbo: Quick) -> None:
    line = {
        "Amount": 5,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=[line])
    assert made["Line"][0]["CustomExtensions"] == []
    assert qbo.post(made, "Invoice").status_code == 200

    qbo.switch(newer_properties="refuse")

    assert fault(qbo.post(qbo.read(made["Id"], "Invoice"), "Invoice"))["code"] == "2010"
    assert qbo.post({"DisplayName": "Clean"}).status_code == 200
