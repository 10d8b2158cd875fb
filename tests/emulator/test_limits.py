"""Limits and metered calls: section 7 of the API reference. Batches: test_batch.py."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from qbo_emulator.limits import Limits
from qbo_emulator.switches import Switches

from .conftest import Quick

DAY = 86400


def read(qbo: Quick) -> int:
    return qbo.api("GET", "customer/1").status_code


def test_500_a_minute_are_served_and_the_next_is_429_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0)

    assert [read(qbo) for _ in range(501)] == [200] * 500 + [429]
    assert qbo.counts["refused_by_limit"] == {"limit_per_minute": 1}
    qbo.advance(60.5)
    assert read(qbo) == 200


def test_a_429_is_not_counted_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=2)
    qbo.control("POST", "clock", {"frozen": True})

    assert [read(qbo) for _ in range(5)] == [200, 200, 429, 429, 429]

    counts = qbo.counts
    assert counts["limits"]["limit_per_second"] == {f"{qbo.realm} emulator-client": 2}
    assert counts["limits"]["limit_per_minute"] == {qbo.realm: 2}
    assert counts["metered"] == 2
    assert counts["by_status"] == {"200": 2, "429": 3}
    qbo.control("POST", "clock", {"advance_seconds": 1})
    assert read(qbo) == 200


def test_the_limits_of_a_company_are_its_own_7_1(qbo: Quick) -> None:
    other = qbo.control("POST", "companies", {"company": "sample"})["realm_id"]
    qbo.switch(limits=True, limit_per_minute=3, limit_per_second=0)
    assert [read(qbo) for _ in range(4)] == [200, 200, 200, 429]

    qbo.access = qbo.control("POST", "tokens", {"action": "issue", "realm": other})

    assert read(qbo) == 200


def test_two_apps_share_the_minute_of_a_company_but_not_the_second_7_1(qbo: Quick) -> None:
    qbo.control("POST", "apps", {"client_id": "second", "redirect_uris": []})
    qbo.control("POST", "tokens", {"action": "new", "client_id": "second"})
    apps = [qbo.access, qbo.control("POST", "tokens", {"action": "issue", "client_id": "second"})]
    qbo.control("POST", "clock", {"frozen": True})
    qbo.switch(limits=True, limit_per_minute=5, limit_per_second=3)

    statuses = []
    for access in apps:
        qbo.access = access
        statuses.append([read(qbo) for _ in range(4)])

    assert statuses == [[200, 200, 200, 429], [200, 200, 429, 429]]
    assert qbo.counts["refused_by_limit"] == {"limit_per_second": 1, "limit_per_minute": 2}


@pytest.mark.parametrize(
    ("per_second", "at_once", "limit"), [(3, 0, "limit_per_second"), (0, 3, "limit_at_once")]
)
def test_both_readings_of_ten_can_be_taken_alone_7_1(
    qbo: Quick, per_second: int, at_once: int, limit: str
) -> None:
    qbo.switch(limits=True, limit_per_second=per_second, limit_at_once=at_once)
    qbo.switch(write_seconds=0.3, one_name_at_a_time=False)

    def make(number: int) -> int:
        url = f"{qbo.base_url}/v3/company/{qbo.realm}/customer"
        body = {"DisplayName": f"Reading {number}"}
        return requests.post(url, json=body, headers=qbo.headers, timeout=10).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(make, range(4)))

    assert sorted(statuses) == [200, 200, 200, 429]
    assert qbo.counts["refused_by_limit"] == {limit: 1}


def test_all_endpoints_together_have_800_a_minute_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_all_per_minute=3)
    token = base64.b64encode(b"emulator-client:emulator-secret").decode()

    def refresh() -> requests.Response:
        return requests.post(
            f"{qbo.base_url}/oauth2/v1/tokens/bearer",
            data={"grant_type": "refresh_token", "refresh_token": qbo.access["refresh_token"]},
            headers={"Authorization": f"Basic {token}"},
            timeout=5,
        )

    assert [read(qbo), refresh().status_code, read(qbo), read(qbo)] == [200, 200, 200, 429]
    assert refresh().status_code == 429
    qbo.advance(61)
    assert refresh().status_code == 200  # the refused one did not use the token up


def test_forty_mails_a_day_are_sent_for_a_company_7_1() -> None:
    limits, now = Limits(Switches()), 1_000_000.0

    sent = [limits.take_mail("one", now + n) for n in range(41)]

    assert sent == [True] * 40 + [False]
    assert limits.take_mail("two", now + 41)
    assert not limits.take_mail("one", now + DAY - 1)
    assert limits.take_mail("one", now + DAY)
    assert limits.state(now + DAY)["limit_mails_per_day"] == {"one": 40, "two": 1}


def test_a_clock_that_is_set_back_does_not_lock_the_company_out_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_per_minute=2)
    assert [read(qbo) for _ in range(3)] == [200, 200, 429]

    qbo.advance(-3600)

    assert read(qbo) == 200


def test_a_write_that_takes_too_long_is_504_and_is_done_late_7_2(qbo: Quick) -> None:
    qbo.switch(write_seconds=0.3, request_seconds=0.1)

    assert qbo.post({"DisplayName": "Late"}, requestid="r1").status_code == 504
    while not qbo.counts["writes"]:
        continue  # it goes on although nobody waits
    qbo.switch(request_seconds=None)
    assert qbo.post({"DisplayName": "Late"}, requestid="r1").json()["Customer"]["Id"] == "58"
    assert qbo.counts["creates"] == {"Customer": 1}


@pytest.mark.parametrize(
    "path",
    [
        "customer/1",
        "query?query=SELECT%20*%20FROM%20Customer",
        "cdc?entities=Customer&changedSince=2026-11-01",
        "reports/TrialBalance",
        "invoice/67/pdf",
        "preferences",
    ],
)
def test_a_read_that_takes_too_long_is_504_7_2(qbo: Quick, path: str) -> None:
    qbo.switch(read_seconds=0.3, request_seconds=0.1)

    answer = qbo.api("GET", path)

    assert answer.status_code == 504
    assert answer.headers["Content-Type"].startswith("text/html")
    qbo.switch(request_seconds=None)
    assert qbo.api("GET", path).status_code == 200


@pytest.mark.parametrize("kind", ["delay", "delay_after_commit"])
def test_a_request_that_is_delayed_too_long_is_504_and_is_done_7_2(qbo: Quick, kind: str) -> None:
    qbo.switch(request_seconds=0.1)
    qbo.arm(kind, seconds=0.3, operation="create")

    assert qbo.post({"DisplayName": "Delayed"}).status_code == 504
    while not qbo.counts["writes"]:
        continue  # it goes on although nobody waits
    assert qbo.names("WHERE DisplayName = 'Delayed'") == ["Delayed"]


def test_the_free_tier_stops_reads_until_the_next_month_and_writes_go_on_7_4(qbo: Quick) -> None:
    qbo.control("POST", "clock", {"now": "2026-11-30T10:00:00Z"})
    qbo.access = qbo.control("POST", "tokens", {"action": "issue"})
    qbo.switch(metered_allowance=2)
    query = {"BatchItemRequest": [{"bId": "1", "Query": "SELECT * FROM Customer"}]}

    assert [read(qbo), read(qbo), read(qbo)] == [200, 200, 429]
    assert qbo.ask("SELECT * FROM Customer").status_code == 429
    assert qbo.api("GET", "cdc?entities=Customer&changedSince=2026-11-01").status_code == 429
    assert qbo.api("POST", "batch", json=query).status_code == 429
    assert qbo.post({"DisplayName": "Free"}).status_code == 200

    counts = qbo.counts
    assert counts["metered_by_month"] == {"2026-11": 2}
    qbo.control("POST", "clock", {"now": "2026-12-01T00:00:01Z"})
    qbo.access = qbo.control("POST", "tokens", {"action": "issue"})
    assert read(qbo) == 200
    assert qbo.counts["metered_by_month"] == {"2026-11": 2, "2026-12": 1}


def test_preferences_and_company_info_are_metered_failed_calls_are_not_7_4(qbo: Quick) -> None:
    qbo.api("GET", "preferences")
    qbo.api("GET", f"companyinfo/{qbo.realm}")
    qbo.ask("SELECT nonsense")
    qbo.arm("status", status=500)
    qbo.api("GET", "customer/1")

    assert qbo.counts["metered"] == 2


def test_each_limit_counts_its_own_and_says_nothing_of_when_to_retry_7_3(qbo: Quick) -> None:
    qbo.control("POST", "clock", {"frozen": True})
    qbo.switch(limits=True, limit_per_second=2, limit_at_once=0)

    refused = [qbo.api("GET", "customer/1") for _ in range(3)][-1]

    assert refused.status_code == 429
    assert refused.json()["fault"]["error"][0]["code"] == "3001"
    assert "Retry-After" not in refused.headers
    assert qbo.counts["refused_by_limit"] == {"limit_per_second": 1}


def test_a_429_can_be_xml_and_tell_when_to_retry_7_3(qbo: Quick) -> None:
    qbo.control("POST", "clock", {"frozen": True})
    qbo.switch(limits=True, limit_per_second=1, throttle_shape="xml", retry_after=60)

    refused = [qbo.api("GET", "customer/1") for _ in range(2)][-1]

    assert refused.status_code == 429
    assert refused.headers["Content-Type"].startswith("application/xml")
    assert 'code="3001"' in refused.text
    assert refused.headers["Retry-After"] == "60"


def test_reports_have_a_limit_of_their_own_where_switched_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_reports_per_minute=2)

    asked = [qbo.api("GET", "reports/TrialBalance").status_code for _ in range(3)]

    assert asked == [200, 200, 429]
    assert read(qbo) == 200
    assert qbo.counts["refused_by_limit"] == {"limit_reports_per_minute": 1}


@pytest.mark.parametrize(("counts", "status"), [("once", 200), ("items", 429)])
def test_a_batch_counts_once_or_by_its_items_7_1(qbo: Quick, counts: str, status: int) -> None:
    qbo.switch(limits=True, limit_per_second=0, limit_per_minute=5, batch_counts=counts)
    items = [{"bId": f"b{n}", "Query": "SELECT * FROM Term"} for n in range(5)]

    assert qbo.api("POST", "batch", json={"BatchItemRequest": items}).status_code == 200
    assert read(qbo) == status
