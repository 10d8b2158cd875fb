"""requestid (2.6), faults on demand, and answers that never arrive."""

import time

import pytest
import requests

from .conftest import Quick, fault


def test_a_second_write_with_the_same_requestid_gets_the_first_answer_2_6(qbo: Quick) -> None:
    first = qbo.post({"DisplayName": "Once"}, requestid="r1")
    second = qbo.post({"DisplayName": "Once"}, requestid="r1")

    assert second.content == first.content
    assert second.status_code == 200
    assert qbo.counts["creates"] == {"Customer": 1}
    assert qbo.counts["replays"] == 1


def test_a_requestid_is_known_to_its_company_alone_2_6(qbo: Quick) -> None:
    qbo.post({"DisplayName": "Once"}, requestid="r1")
    other = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]
    qbo.access = qbo.control("POST", "tokens", {"action": "new", "realm": other})

    answer = qbo.post({"DisplayName": "Once"}, requestid="r1")

    assert answer.json()["Customer"]["Id"] == "1"
    assert qbo.counts["creates"] == {"Customer": 2}


def test_requestids_can_be_without_effect_2_6(qbo: Quick) -> None:
    qbo.switch(requestid=False)
    body = {"CustomerRef": {"value": "6"}, "TotalAmt": 5}

    made = [qbo.post(body, "Payment", requestid="r1").json()["Payment"]["Id"] for _ in range(2)]

    assert made[0] != made[1]


def test_a_refusal_is_replayed_too_2_6(qbo: Quick) -> None:
    body = {"DisplayName": "Amy's Bird Sanctuary"}
    first = qbo.post(body, requestid="r2")
    qbo.act("update", "1", fields={"DisplayName": "Renamed"})

    assert fault(qbo.post(body, requestid="r2"))["code"] == "6240"
    assert qbo.post(body, requestid="r2").content == first.content
    assert qbo.post(body, requestid="r3").status_code == 200


def test_a_requestid_has_at_most_50_characters_2_6(qbo: Quick) -> None:
    assert fault(qbo.post({"DisplayName": "x"}, requestid="r" * 51))["code"] == "2130"
    assert qbo.post({"DisplayName": "x"}, requestid="r" * 50).status_code == 200


def test_an_id_can_be_forgotten_2_6(qbo: Quick) -> None:
    qbo.post({"DisplayName": "Once"}, requestid="r1")
    qbo.control("POST", "requestids", {"forget": True})

    assert fault(qbo.post({"DisplayName": "Once"}, requestid="r1"))["code"] == "6240"


def test_ids_are_forgotten_after_a_while_where_switched_2_6(qbo: Quick) -> None:
    qbo.switch(requestid_seconds=600)
    qbo.post({"DisplayName": "Once"}, requestid="r1")
    qbo.advance(500)
    assert qbo.post({"DisplayName": "Once"}, requestid="r1").status_code == 200

    qbo.advance(101)
    assert fault(qbo.post({"DisplayName": "Once"}, requestid="r1"))["code"] == "6240"


def test_a_call_that_is_cut_after_commit_was_carried_out(qbo: Quick) -> None:
    qbo.arm("cut_after_commit", operation="create")

    with pytest.raises(requests.ConnectionError):
        qbo.post({"DisplayName": "Lost Answer"}, requestid="r1")

    assert qbo.names("WHERE DisplayName = 'Lost Answer'") == ["Lost Answer"]
    again = qbo.post({"DisplayName": "Lost Answer"}, requestid="r1")
    assert again.json()["Customer"]["Id"] == "58"
    assert qbo.counts["creates"] == {"Customer": 1}
    call = qbo.control("GET", "log?writes=1")["calls"][0]
    assert call["status"] == 0
    assert call["notes"]["kept_back"]["status"] == 200


def test_a_call_that_is_cut_before_was_not_carried_out(qbo: Quick) -> None:
    qbo.arm("cut_before", entity="Customer")

    with pytest.raises(requests.ConnectionError):
        qbo.post({"DisplayName": "Never"})

    assert qbo.names("WHERE DisplayName = 'Never'") == []


def test_a_cut_body_breaks_off_in_the_middle(qbo: Quick) -> None:
    qbo.arm("cut_body", operation="query")

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        qbo.ask("SELECT * FROM Customer")


def test_cut_json_is_a_whole_answer_with_half_a_body(qbo: Quick) -> None:
    qbo.arm("cut_json", operation="read")

    answer = qbo.api("GET", "customer/1")

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_silence_ends_without_an_answer_and_holds_up_nobody_else(qbo: Quick) -> None:
    qbo.arm("silence", operation="read", seconds=30)

    with pytest.raises(requests.ReadTimeout):
        requests.get(
            f"{qbo.base_url}/v3/company/{qbo.realm}/customer/1", headers=qbo.headers, timeout=0.2
        )
    began = time.monotonic()
    assert qbo.read("2")["Id"] == "2"
    assert time.monotonic() - began < 1


def test_a_late_commit_happens_after_the_silence(qbo: Quick) -> None:
    qbo.arm("late_commit", operation="create", seconds=0.3)

    with pytest.raises(requests.ConnectionError):
        qbo.post({"DisplayName": "Late"})

    assert qbo.names("WHERE DisplayName = 'Late'") == ["Late"]


@pytest.mark.parametrize(
    ("kind", "rule", "status", "text"),
    [
        ("status", {"status": 503}, 503, ""),
        ("html", {"status": 502}, 502, "<h1>502 Bad Gateway</h1>"),
        ("throttle", {}, 429, '"message":"message=ThrottleExceeded; errorCode=003001'),
        ("throttle_upper", {}, 429, '"Fault":{"Error":[{"Message":"message=ThrottleExceeded'),
        ("throttle_xml", {}, 429, '<Error code="3001">'),
        ("fault", {"code": "6210", "message": "Account Period Closed"}, 400, '"code":"6210"'),
        ("fault", {"code": "10000", "status": 500}, 500, '"type":"SystemFault"'),
        ("stale", {}, 400, '"code":"5010"'),
        ("forbid", {}, 403, "ApplicationAuthorizationFailed; errorCode=003100"),
    ],
)
def test_an_armed_fault_answers_and_keeps_the_call_from_happening_6(
    qbo: Quick, kind: str, rule: dict[str, object], status: int, text: str
) -> None:
    qbo.arm(kind, operation="write", **rule)

    answer = qbo.post({"DisplayName": "Refused"})

    assert answer.status_code == status
    assert text in answer.text
    assert qbo.counts["writes"] == 0
    assert qbo.post({"DisplayName": "Refused"}).status_code == 200  # armed once


def test_a_rule_can_hit_the_nth_call_only(qbo: Quick) -> None:
    qbo.arm("status", status=500, operation="read", nth=2)

    statuses = [qbo.api("GET", "customer/1").status_code for _ in range(4)]

    assert statuses == [200, 500, 200, 200]


def test_a_share_of_the_calls_fails_the_same_with_the_same_seed(qbo: Quick) -> None:
    runs = []
    for _ in range(2):
        qbo.control("DELETE", "faults")
        qbo.arm("status", status=500, operation="read", probability=0.5, seed=7)
        runs.append([qbo.api("GET", "customer/1").status_code for _ in range(20)])

    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_a_fault_after_commit_did_it(qbo: Quick) -> None:
    qbo.arm("status_after_commit", operation="create", status=504)

    assert qbo.post({"DisplayName": "Done"}).status_code == 504
    assert qbo.names("WHERE DisplayName = 'Done'") == ["Done"]


def test_an_unknown_kind_of_fault_is_refused(qbo: Quick) -> None:
    answer = requests.post(f"{qbo.base_url}/emulator/faults", json={"kind": "typo"}, timeout=5)

    assert answer.status_code == 400


def test_an_update_from_a_version_the_client_never_saw_is_counted(qbo: Quick) -> None:
    seen = qbo.read("1")
    qbo.act("update", "1", fields={"Notes": "theirs"})

    qbo.update({**seen, "SyncToken": "1"}, Notes="blind")

    assert qbo.counts["overwritten_unseen"] == 1
    qbo.update(qbo.read("1"), Notes="seen")
    assert qbo.counts["overwritten_unseen"] == 1
