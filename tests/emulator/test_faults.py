"""Faults on demand: each line of the README's fault table, and every kind there is."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from qbo_emulator.faults import IN_ITEMS, KINDS, STOPS_BEFORE

from .conftest import ROOT, Quick, fault, start
from .test_transactions import invoice, payment

LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def outcome(call: Callable[[], requests.Response]) -> str:
    """What a client meets: a status, "no answer", or "unreadable" for JSON that is none."""
    try:
        answer = call()
    except LOST:
        return "no answer"
    if answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json"):
        try:
            answer.json()
        except requests.JSONDecodeError:
            return "unreadable"
    return str(answer.status_code)


# What a create meets with each kind, and whether the customer is there afterwards.
MET: dict[str, tuple[dict[str, Any], str, bool]] = {
    "status": ({"status": 503}, "503", False),
    "html": ({}, "502", False),
    "throttle": ({}, "429", False),
    "throttle_upper": ({}, "429", False),
    "throttle_xml": ({}, "429", False),
    "fault": ({"code": "6210"}, "400", False),
    "stale": ({}, "400", False),
    "closed_period": ({}, "400", False),
    "fault_after_commit": ({"code": "10000"}, "500", True),
    "status_after_commit": ({"status": 504}, "504", True),
    "expire_token": ({}, "401", False),
    "revoke": ({}, "401", False),
    "forbid": ({}, "403", False),
    "delay": ({"seconds": 0.05}, "200", True),
    "delay_after_commit": ({"seconds": 0.05}, "200", True),
    "silence": ({"seconds": 0.05}, "no answer", False),
    "silence_after_commit": ({"seconds": 0.05}, "no answer", True),
    "late_commit": ({"seconds": 0.05}, "no answer", True),
    "cut_request": ({}, "no answer", False),
    "cut_before": ({}, "no answer", False),
    "cut_after_commit": ({}, "no answer", True),
    "cut_json": ({}, "unreadable", True),
    "cut_body": ({}, "no answer", True),
    "slow_body": ({"seconds": 0.05}, "200", True),
    "unknown_value": ({}, "200", True),
    "unknown_choice": ({}, "200", True),
    "page_shift": ({}, "200", True),
}


def test_every_kind_is_shown_here() -> None:
    assert set(MET) == set(KINDS)
    assert set(KINDS) > STOPS_BEFORE
    assert set(KINDS) > IN_ITEMS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_does_what_it_says_and_only_once(qbo: Quick, kind: str) -> None:
    rule, met, is_done = MET[kind]
    qbo.arm(kind, operation="create", entity="Customer", realm=qbo.realm, **rule)

    assert outcome(lambda: qbo.api("GET", "customer/1")) == "200"  # another operation
    assert outcome(lambda: qbo.post({"DisplayName": "A Vendor"}, "Vendor")) == "200"
    assert outcome(lambda: qbo.post({"DisplayName": "Met"})) == met
    assert any(row["DisplayName"] == "Met" for row in stored(qbo)) is is_done
    qbo.access = qbo.control("POST", "tokens", {"action": "issue"})
    assert outcome(lambda: qbo.post({"DisplayName": "After"})) == "200"

    listed = qbo.control("GET", "faults")
    assert listed["armed"] == []
    assert [(rule["kind"], rule["hits"]) for rule in listed["spent"]] == [(kind, 1)]
    call = qbo.control("GET", "log")["calls"][2]
    assert call["fault_rule"] == listed["spent"][0]["number"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_on_the_page_of_the_desk(qbo: Quick, kind: str) -> None:
    from .test_desk import Desk

    page = Desk(qbo).get("faults").text

    assert f'<option value="{kind}"' in page


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_told_in_the_readme(kind: str) -> None:
    assert f"`{kind}`" in (ROOT / "qbo_emulator" / "README.md").read_text("utf-8")


def stored(qbo: Quick) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = qbo.control("GET", f"objects/{qbo.realm}/customer")["Customer"]
    return found


# --- Rules ---


def test_a_rule_can_hit_one_address_only(qbo: Quick) -> None:
    qbo.arm("status", status=500, method="GET", path="customer/2$", times=None)

    assert outcome(lambda: qbo.api("GET", "customer/1")) == "200"
    assert [outcome(lambda: qbo.api("GET", "customer/2")) for _ in range(2)] == ["500", "500"]


def test_a_rule_is_removed_alone_or_all_are_cleared(qbo: Quick) -> None:
    first = qbo.control("POST", "faults", {"kind": "status", "times": None, "path": "/1$"})
    qbo.control("POST", "faults", {"kind": "status", "times": None, "path": "/2$"})

    qbo.control("DELETE", f"faults?number={first['number']}")
    assert outcome(lambda: qbo.api("GET", "customer/1")) == "200"
    assert outcome(lambda: qbo.api("GET", "customer/2")) == "500"
    qbo.control("DELETE", "faults")
    assert outcome(lambda: qbo.api("GET", "customer/2")) == "200"


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "status", "path": "("},
        {"kind": "delay", "seconds": 601},
        {"kind": "delay", "seconds": -1},
        {"kind": "fault", "code": "4711"},
        {"kind": "status", "nonsense": 1},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(qbo: Quick, rule: dict[str, Any]) -> None:
    answer = requests.post(f"{qbo.base_url}/emulator/faults", json=rule, timeout=5)

    assert answer.status_code == 400
    assert qbo.control("GET", "faults")["armed"] == []


def refresh(qbo: Quick, value: str = "") -> requests.Response:
    return requests.post(
        f"{qbo.base_url}/oauth2/v1/tokens/bearer",
        data={
            "grant_type": "refresh_token",
            "refresh_token": value or qbo.access["refresh_token"],
        },
        auth=("emulator-client", "emulator-secret"),
        timeout=5,
    )


@pytest.mark.parametrize("operation", ["refresh", "token"])
def test_refresh_hits_refreshes_and_token_every_token_request(qbo: Quick, operation: str) -> None:
    qbo.arm("status", status=503, operation=operation)

    assert refresh(qbo).status_code == 503
    assert refresh(qbo).status_code == 200
    assert qbo.counts["by_kind"] == {"refresh": 2}


def test_a_rule_for_refreshes_leaves_the_exchange_of_a_code_alone(qbo: Quick) -> None:
    from .test_oauth import CALLBACK, consent, token

    qbo.arm("status", status=503, operation="refresh")

    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    assert token(qbo, **form, code=consent(qbo)["code"]).status_code == 200
    assert refresh(qbo).status_code == 503


@pytest.mark.parametrize(
    ("kind", "rule", "met"),
    [
        ("status", {"status": 500}, "500"),
        ("html", {}, "502"),
        ("throttle", {}, "429"),
        ("fault", {"message": "invalid_grant"}, "400"),
        ("cut_request", {}, "no answer"),
        ("cut_before", {}, "no answer"),
        ("cut_after_commit", {}, "no answer"),
        ("late_commit", {"seconds": 0.05}, "no answer"),
        ("silence_after_commit", {"seconds": 0.05}, "no answer"),
        ("cut_json", {}, "unreadable"),
        ("cut_body", {}, "no answer"),
        ("slow_body", {"seconds": 0.05}, "200"),
        ("status_after_commit", {"status": 502}, "502"),
    ],
)
def test_a_refresh_can_go_wrong_in_the_same_ways(
    qbo: Quick, kind: str, rule: dict[str, Any], met: str
) -> None:
    qbo.switch(refresh_rotation="always")
    qbo.arm(kind, operation="refresh", **rule)

    assert outcome(lambda: refresh(qbo)) == met

    is_untouched = kind in STOPS_BEFORE
    assert (refresh(qbo).status_code == 200) is is_untouched


# --- Network ---


def test_half_a_request_is_cut_off_and_does_nothing(qbo: Quick) -> None:
    qbo.arm("cut_request", operation="write")
    host, port = qbo.base_url.removeprefix("http://").split(":")
    head = (
        f"POST /v3/company/{qbo.realm}/customer HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: {qbo.headers['Authorization']}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    )

    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(head.encode() + b'{"DisplayName": "Half')
        with suppress(ConnectionResetError):  # by a reset or by an end
            assert client.recv(1) == b""

    call = qbo.control("GET", "log")["calls"][0]
    assert (call["kind"], call["entity"], call["status"]) == ("write", "Customer", 0)


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A server of its own, for what concerns the whole port."""
    process, base_url = start(tmp_path, "--switch", "limits=off")
    qbo = Quick(base_url, tmp_path)
    qbo.reset()
    yield qbo
    process.terminate()
    process.wait(timeout=10)


def connects(qbo: Quick, seconds: float) -> str:
    host, port = qbo.base_url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=seconds).close()
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "hangs"
    return "connected"


def test_connections_are_refused_while_the_port_is_shut(own: Quick) -> None:
    with requests.Session() as other:
        url = f"{own.base_url}/v3/company/{own.realm}/customer/1"
        assert other.get(url, headers=own.headers, timeout=5).status_code == 200
        own.control("POST", "port", {"way": "refuse", "seconds": 0.5})

        with pytest.raises(requests.ConnectionError):  # open connections are cut too
            other.get(url, headers=own.headers, timeout=5)
    assert connects(own, 1) == "refused"
    assert own.control("GET", "clock")["offset_seconds"] < 1  # the one that asked stays
    began = time.monotonic()
    while connects(own, 1) == "refused":
        assert time.monotonic() - began < 5
    assert own.read("1")["Id"] == "1"


def test_connections_hang_while_nobody_takes_them_in(own: Quick) -> None:
    own.control("POST", "port", {"way": "hang", "seconds": 0.8})

    assert connects(own, 0.3) == "hangs"
    began = time.monotonic()
    while connects(own, 0.2) != "connected":
        assert time.monotonic() - began < 5
    assert own.read("1")["Id"] == "1"


@pytest.mark.parametrize("body", [{"way": "burn"}, {"seconds": 0}, {"seconds": 121}, {"for": 1}])
def test_the_port_is_shut_in_known_ways_only(qbo: Quick, body: dict[str, Any]) -> None:
    answer = requests.post(f"{qbo.base_url}/emulator/port", json=body, timeout=5)

    assert answer.status_code == 400


# --- QBO ---


def test_503_for_minutes_ends_by_the_clock(qbo: Quick) -> None:
    qbo.arm("status", status=503, until_seconds=180)

    assert [outcome(lambda: qbo.api("GET", "customer/1")) for _ in range(3)] == ["503"] * 3
    qbo.advance(179)
    assert outcome(lambda: qbo.api("GET", "customer/1")) == "503"
    qbo.advance(2)
    assert outcome(lambda: qbo.api("GET", "customer/1")) == "200"


@pytest.mark.parametrize("code", ["6210", "5010"])
def test_a_closed_period_says_so_also_under_the_code_of_a_stale_object_6_3(
    qbo: Quick, code: str
) -> None:
    qbo.arm("closed_period", operation="create", **({"code": code} if code != "6210" else {}))

    error = fault(qbo.post({"DisplayName": "Too Late"}))

    assert error["code"] == code
    assert error["Detail"].startswith("The account period has closed and the account books cannot")


def test_a_page_can_shift_while_one_reads_on_3_4(qbo: Quick) -> None:
    def page(begin: int) -> list[str]:
        rows = qbo.query(f"SELECT * FROM Customer ORDERBY Id STARTPOSITION {begin} MAXRESULTS 10")
        return [row["Id"] for row in rows["Customer"]]

    whole = page(1) + page(11)
    qbo.arm("page_shift", operation="query", nth=2)
    shifted = page(1) + page(11)
    qbo.arm("page_shift", operation="query", nth=2, rows=-1)
    pushed = page(1) + page(11)

    assert whole[10] not in shifted  # one row was never shown
    assert len(set(pushed)) == 19  # one came twice


def test_objects_can_share_one_moment_exactly_9(qbo: Quick) -> None:
    qbo.control("POST", "clock", {"frozen": True})
    for number in range(5):
        qbo.create(DisplayName=f"Same Moment {number}")
    qbo.control("POST", "clock", {"frozen": False})

    rows = qbo.query("SELECT * FROM Customer WHERE DisplayName LIKE 'Same Moment %'")["Customer"]
    assert len({row["MetaData"]["LastUpdatedTime"] for row in rows}) == 1
    assert abs(qbo.control("GET", "clock")["offset_seconds"]) < 5  # it went on from there


def test_an_unknown_property_is_in_every_object(qbo: Quick) -> None:
    qbo.arm("unknown_value", operation="query")

    rows = qbo.query("SELECT * FROM Customer MAXRESULTS 3")["Customer"]

    assert [row["XNewProperty"] for row in rows] == ["new"] * 3


def test_an_unknown_word_stands_where_a_few_are_known(qbo: Quick) -> None:
    before = qbo.read("1")
    qbo.arm("unknown_choice", operation="read")

    after = qbo.read("1")

    changed = {name for name in after if after[name] != before[name]}
    assert "PreferredDeliveryMethod" in changed
    assert {after[name] for name in changed} == {"XNewChoice"}
    assert qbo.read("1") == before


# --- Books that go back ---


def moment(qbo: Quick) -> str:
    time_now: str = qbo.control("GET", "clock")["now"]
    return time_now


def test_a_company_is_put_back_to_an_earlier_moment_9(qbo: Quick) -> None:
    kept = qbo.create(DisplayName="Kept")
    first = qbo.update(kept, Notes="first").json()["Customer"]
    qbo.advance(60)
    then = moment(qbo)
    before = stored(qbo)
    qbo.advance(60)
    qbo.update(first, Notes="second")
    qbo.act("inactivate", "6")
    qbo.act("merge", "3", into="2")
    qbo.post({"DisplayName": "Since"}, requestid="r1")
    qbo.create("Vendor", DisplayName="Vendor Since")

    found = qbo.control("POST", "companies", {"realm_id": qbo.realm, "restore_to": then})

    assert stored(qbo) == before
    assert (found["removed"], found["changed"]) == (2, 7)  # three forms of the merged one
    assert qbo.read(kept["Id"])["SyncToken"] == "1"
    assert qbo.query("SELECT COUNT(*) FROM Customer WHERE DisplayName = 'Since'") == {
        "totalCount": 0
    }
    again = qbo.post({"DisplayName": "Since"}, requestid="r1")  # that id was never seen
    assert again.json()["Customer"]["Id"] == "59"  # ids are given out again
    versions = qbo.control("GET", f"history/{qbo.realm}/customer/{kept['Id']}")["versions"]
    assert [version["SyncToken"] for version in versions] == ["0", "1"]


def test_payments_and_balances_go_back_with_the_books_9(qbo: Quick) -> None:
    made = invoice(qbo, 100)
    part = payment(qbo, 30, (made["Id"], 30))
    gone = invoice(qbo, 40)
    then, before = moment(qbo), qbo.stored("6")
    qbo.advance(60)
    payment(qbo, 70, (made["Id"], 70))
    qbo.api("POST", "invoice?operation=delete", json=qbo.read(gone["Id"], "Invoice"))
    qbo.api("POST", "payment?operation=delete", json=part)

    qbo.control("POST", "companies", {"realm_id": qbo.realm, "restore_to": then})

    assert qbo.stored("6") == before
    assert qbo.read(made["Id"], "Invoice")["Balance"] == 70
    assert qbo.read(gone["Id"], "Invoice")["Balance"] == 40
    assert qbo.read(part["Id"], "Payment")["UnappliedAmt"] == 0
    payment(qbo, 70, (made["Id"], 70))  # what is open is known to later writes too
    assert qbo.read(made["Id"], "Invoice")["Balance"] == 0
    assert qbo.stored("6")["Balance"] == before["Balance"] - 70


def test_after_a_restore_a_version_counts_as_unseen_until_it_is_shown_9(qbo: Quick) -> None:
    then = moment(qbo)
    qbo.advance(5)
    seen = qbo.update(qbo.read("1"), Notes="lost by the restore").json()["Customer"]
    qbo.control("POST", "companies", {"realm_id": qbo.realm, "restore_to": then})
    qbo.act("update", "1", fields={"Notes": "made after it"})

    qbo.update(seen, Notes="blind")  # the same SyncToken as what was shown before

    assert qbo.counts["overwritten_unseen"] == 1


def test_a_company_emptied_in_place_answers_nothing_9(qbo: Quick) -> None:
    qbo.control("POST", "companies", {"realm_id": qbo.realm, "company": "empty"})

    assert qbo.query("SELECT * FROM Customer") == {}
    assert fault(qbo.api("GET", "customer/1"))["code"] == "610"


# --- Time ---


@pytest.mark.parametrize("seconds", [300, -300])
def test_the_clock_can_be_five_minutes_off(qbo: Quick, seconds: int) -> None:
    qbo.control("POST", "clock", {"offset_seconds": seconds})
    qbo.access = qbo.control("POST", "tokens", {"action": "new"})

    made = qbo.create(DisplayName="Off")

    created = datetime.fromisoformat(made["MetaData"]["CreateTime"]).timestamp()
    assert abs(created - time.time() - seconds) < 5


def test_the_clock_can_step_back_and_writes_go_on(qbo: Quick) -> None:
    first = qbo.create(DisplayName="Before The Step")
    qbo.advance(-3600)

    second = qbo.update(first, Notes="after it").json()["Customer"]

    assert second["SyncToken"] == "1"
    assert second["MetaData"]["LastUpdatedTime"] < first["MetaData"]["LastUpdatedTime"]
    rows = qbo.query("SELECT * FROM Customer WHERE DisplayName = 'Before The Step'")["Customer"]
    assert rows[0]["Notes"] == "after it"


def test_the_same_hour_comes_twice_in_autumn_2_4(qbo: Quick) -> None:
    times = []
    for at in ("2026-11-01T08:30:00Z", "2026-11-01T09:30:00Z"):
        qbo.control("POST", "clock", {"now": at})
        qbo.access = qbo.control("POST", "tokens", {"action": "new"})
        made = qbo.create(DisplayName=f"Autumn {at[11:13]}")
        times.append(made["MetaData"]["CreateTime"])

    assert times[0][:16] == times[1][:16] == "2026-11-01T01:30"
    assert (times[0][-6:], times[1][-6:]) == ("-07:00", "-08:00")
    since = {"entities": "Customer", "changedSince": times[1]}
    found = qbo.api("GET", "cdc", params=since).json()["CDCResponse"][0]["QueryResponse"][0]
    assert [row["DisplayName"] for row in found["Customer"]] == ["Autumn 09"]


def test_an_hour_thirty_days_and_five_years_pass_at_once(qbo: Quick) -> None:
    qbo.advance(3600)
    assert qbo.api("GET", "customer/1").status_code == 401
    qbo.advance(30 * 86400)
    value = refresh(qbo).json()["refresh_token"]
    assert value != qbo.access["refresh_token"]
    qbo.switch(refresh_token_seconds=10**9)
    value = refresh(qbo, value).json()["refresh_token"]
    qbo.advance(5 * 365 * 86400)
    assert refresh(qbo, value).status_code == 400
