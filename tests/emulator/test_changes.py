"""Change data capture (5.8), webhooks (8), merge and other side effects (9)."""

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from .conftest import Quick, fault

DAY = 86400


# --- CDC ---


def cdc(qbo: Quick, entities: str, since: str) -> list[dict[str, Any]]:
    answer = qbo.api("GET", "cdc", params={"entities": entities, "changedSince": since})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["CDCResponse"][0]["QueryResponse"]
    return found


def now(qbo: Quick) -> str:
    return str(qbo.control("GET", "clock")["time"])


def test_one_part_for_each_asked_entity_in_the_asked_order_5_8(qbo: Quick) -> None:
    since = now(qbo)
    qbo.advance(2)
    qbo.create("Vendor", DisplayName="Fresh")
    qbo.act("inactivate", "6")

    vendors, employees, customers = cdc(qbo, "Vendor,Employee,Customer", since)

    assert [vendor["DisplayName"] for vendor in vendors["Vendor"]] == ["Fresh"]
    assert employees == {}
    assert customers["Customer"][0]["Active"] is False  # not as deleted
    assert (customers["startPosition"], customers["maxResults"]) == (1, 1)


def test_only_the_newest_state_comes_5_8(qbo: Quick) -> None:
    since = now(qbo)
    qbo.advance(2)
    for note in ("one", "two", "three"):
        qbo.act("update", "2", fields={"Notes": note})

    rows = cdc(qbo, "Customer", since)[0]["Customer"]

    assert [(row["Notes"], row["SyncToken"]) for row in rows] == [("three", "3")]


def test_at_most_1000_objects_in_all_5_8(qbo: Quick) -> None:
    qbo.reset("bulk:1200")
    qbo.create("Vendor", DisplayName="V")
    long_ago = "2000-01-01"

    customers, vendors = cdc(qbo, "Customer,Vendor", long_ago)
    assert len(customers["Customer"]) == 1000
    assert vendors == {}

    qbo.switch(cdc_cap="entity")
    customers, vendors = cdc(qbo, "Customer,Vendor", long_ago)
    assert (len(customers["Customer"]), len(vendors["Vendor"])) == (1000, 1)


def test_more_than_30_days_back_is_answered_or_refused_5_8(qbo: Quick) -> None:
    assert len(cdc(qbo, "Customer", "2000-01-01T00:00:00-08:00")[0]["Customer"]) == 29

    qbo.switch(cdc_older_than_30_days="refuse")
    params = {"entities": "Customer", "changedSince": "2000-01-01T00:00:00-08:00"}
    assert fault(qbo.api("GET", "cdc", params=params))["code"] == "4001"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"entities": "Customer"}, "2020"),
        ({"changedSince": "2026-01-01"}, "2020"),
        ({"entities": "TaxCode", "changedSince": "2026-01-01"}, "4001"),
        ({"entities": "Customer", "changedSince": "yesterday"}, "4001"),
        ({"entities": "Customer,,", "changedSince": "2026-01-01"}, "4001"),
    ],
)
def test_bad_parameters_5_8(qbo: Quick, params: dict[str, str], code: str) -> None:
    assert fault(qbo.api("GET", "cdc", params=params))["code"] == code


def test_balance_changes_move_the_time_but_not_the_token_9(qbo: Quick) -> None:
    top = qbo.create(DisplayName="Top")
    since = now(qbo)
    qbo.advance(5)
    qbo.create(DisplayName="Child", ParentRef={"value": top["Id"]}, Job=True, Balance=10)

    rows = {row["DisplayName"]: row for row in cdc(qbo, "Customer", since)[0]["Customer"]}

    assert rows["Top"]["SyncToken"] == "0"
    assert rows["Top"]["BalanceWithJobs"] == 10
    assert rows["Top"]["MetaData"]["LastUpdatedTime"] > top["MetaData"]["LastUpdatedTime"]


# --- Merge ---


def test_a_merged_away_customer_cannot_be_read_and_frees_its_name_9(qbo: Quick) -> None:
    away = qbo.create(DisplayName="Away", Balance=5)
    child = qbo.create(DisplayName="Child", ParentRef={"value": away["Id"]}, Job=True)
    into = qbo.create(DisplayName="Into", Balance=7)

    qbo.act("merge", away["Id"], into=into["Id"])

    assert fault(qbo.api("GET", f"customer/{away['Id']}"))["code"] == "610"
    assert qbo.names("WHERE DisplayName = 'Away' AND Active IN (true, false)") == []
    after = qbo.read(into["Id"])
    assert (after["Balance"], after["SyncToken"]) == (12, "0")
    assert qbo.read(child["Id"])["FullyQualifiedName"] == "Into:Child"
    assert qbo.create(DisplayName="Away")["Id"] != away["Id"]
    gone = qbo.control("GET", f"objects/{qbo.realm}/customer")["gone"]
    assert gone == [{"Id": away["Id"], "gone": "merged"}]


def test_the_history_keeps_every_version_and_who_made_it(qbo: Quick) -> None:
    qbo.update(qbo.read("2"), Notes="app")
    qbo.act("update", "2", fields={"Notes": "person"}, user="Sam Park")

    versions = qbo.control("GET", f"history/{qbo.realm}/customer/2")["versions"]

    assert [each["SyncToken"] for each in versions] == ["0", "1", "2"]
    assert [each["by"] for each in versions] == ["ui", "api", "ui"]
    assert [each["fields"].get("Notes") for each in versions] == [None, "app", "person"]
    assert versions[1]["client_id"] == "emulator-client"
    assert versions[2]["user"] == "Sam Park"


# --- Webhooks ---


class Ear:
    """An address that webhooks are posted to."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.may_answer = threading.Event()  # cleared: an app that does not answer
        self.may_answer.set()
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
                ear.may_answer.wait(5)
                self.send_response(ear.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=1"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All CloudEvents heard, in the order they came."""
        return [event for _, body in self.heard for event in json.loads(body)]


@pytest.fixture
def ear(qbo: Quick) -> Iterator[Ear]:
    heard = Ear()
    qbo.control("POST", "webhooks", {"url": heard.url, "delay_seconds": 0})
    yield heard
    heard.server.shutdown()
    heard.server.server_close()


def flush(qbo: Quick) -> dict[str, Any]:
    state: dict[str, Any] = qbo.control("POST", "webhooks", {"flush": True})
    return state


def test_writes_desk_edits_and_merges_send_cloud_events_8_4(qbo: Quick, ear: Ear) -> None:
    qbo.switch(webhook_hold=True)
    made = qbo.create(DisplayName="Made")
    qbo.update(made, Notes="x")
    qbo.act("inactivate", "6")
    qbo.act("merge", made["Id"], into="2")
    qbo.post({"Id": "5", "SyncToken": "0", "sparse": True})  # changes nothing
    flush(qbo)

    assert [(event["type"], event["intuitentityid"]) for event in ear.events] == [
        ("qbo.customer.created.v1", "58"),
        ("qbo.customer.updated.v1", "58"),
        ("qbo.customer.deleted.v1", "6"),
        ("qbo.customer.merged.v1", "2"),
    ]
    first = ear.events[0]
    assert first["specversion"] == "1.0"
    assert first["intuitaccountid"] == qbo.realm
    assert len(first["time"]) == len("2026-11-22T21:31:25.179851517Z")
    assert ear.events[3]["data"] == {"deletedId": "58"}
    assert len(ear.heard) == 1  # collected into one delivery
    assert ear.heard[0][0]["content-type"] == "application/cloudevents+json"


def test_a_sent_form_and_a_merged_item_send_their_events_8_5(qbo: Quick, ear: Ear) -> None:
    line = {"ItemRef": {"value": "6"}}
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": line}
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=[line])
    qbo.api("POST", f"invoice/{made['Id']}/send", params={"sendTo": "a@b.test"})
    qbo.act("merge", "8", entity="Item", into="2")
    flush(qbo)

    types = [(event["type"], event["intuitentityid"]) for event in ear.events]
    assert types[-2:] == [("qbo.invoice.emailed.v1", made["Id"]), ("qbo.item.merged.v1", "2")]
    assert types[:-2] == [("qbo.invoice.created.v1", made["Id"])]
    assert ear.events[-1]["data"] == {"deletedId": "8"}


def test_making_inactive_is_an_update_where_switched_8_5(qbo: Quick, ear: Ear) -> None:
    qbo.switch(webhook_inactive_event="updated")
    qbo.act("inactivate", "6")
    flush(qbo)

    assert [event["type"] for event in ear.events] == ["qbo.customer.updated.v1"]


def test_the_signature_is_an_hmac_of_the_raw_body_8_2(qbo: Quick, ear: Ear) -> None:
    qbo.create(DisplayName="Signed Ünï")
    flush(qbo)

    headers, body = ear.heard[0]
    key = qbo.access["webhook_verifier"].encode()
    expected = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
    assert headers["intuit-signature"] == expected

    qbo.switch(webhook_wrong_signature=True)
    qbo.create(DisplayName="Forged")
    flush(qbo)
    headers, body = ear.heard[-1]
    wrong = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
    assert headers["intuit-signature"] != wrong


def test_the_older_envelope_8_3(qbo: Quick, ear: Ear) -> None:
    qbo.switch(webhook_format="legacy", webhook_hold=True)
    qbo.act("update", "2", fields={"Notes": "x"})
    qbo.act("merge", "3", into="2")
    flush(qbo)

    headers, body = ear.heard[0]
    (notification,) = json.loads(body)["eventNotifications"]
    update, merge = notification["dataChangeEvent"]["entities"]
    assert notification["realmId"] == qbo.realm
    assert (update["name"], update["id"], update["operation"]) == ("Customer", "2", "Update")
    assert "deletedId" not in update
    assert (merge["id"], merge["operation"], merge["deletedId"]) == ("2", "Merge", "3")
    assert headers["content-type"] == "application/json"


def test_the_older_time_is_utc_with_milliseconds_and_nothing_else_is_told_8_3(
    qbo: Quick,
    ear: Ear,
) -> None:
    qbo.switch(webhook_format="legacy", webhook_hold=True)
    qbo.create(DisplayName="Told")
    flush(qbo)

    (notification,) = json.loads(ear.heard[0][1])["eventNotifications"]
    (event,) = notification["dataChangeEvent"]["entities"]
    assert set(event) == {"name", "id", "operation", "lastUpdated"}
    assert event["operation"] == "Create"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["lastUpdated"])


def test_a_delivery_is_tried_again_on_the_ladder_with_the_same_ids_8_2(
    qbo: Quick, ear: Ear
) -> None:
    ear.status = 500
    qbo.switch(webhook_hold=True)  # one try, by the flush alone
    qbo.act("update", "2", fields={"Notes": "x"})
    state = flush(qbo)
    qbo.switch(webhook_hold=False)
    (waiting,) = state["queue"]
    assert 8 < waiting["due_in_seconds"] <= 10

    ear.status = 200
    qbo.advance(11)
    state = flush(qbo)

    assert state["queue"] == []
    assert ear.events[0]["id"] == ear.events[1]["id"]
    assert [attempt["status"] for attempt in state["attempts"]] == [500, 200]


def test_deliveries_come_twice_late_reversed_or_not_at_all_8_2(qbo: Quick, ear: Ear) -> None:
    qbo.control("POST", "webhooks", {"copies": 2})
    qbo.act("update", "2", fields={"Notes": "1"})
    flush(qbo)
    assert [event["id"] for event in ear.events] == [ear.events[0]["id"]] * 2

    ear.heard.clear()
    qbo.control("POST", "webhooks", {"copies": 1, "hold": True, "reorder": True})
    qbo.act("update", "2", fields={"Notes": "2"})
    qbo.act("update", "3", fields={"Notes": "3"})
    assert ear.heard == []
    qbo.control("POST", "webhooks", {"release": True})
    flush(qbo)
    assert [event["intuitentityid"] for event in ear.events] == ["3", "2"]

    ear.heard.clear()
    qbo.control("POST", "webhooks", {"drop_next": 1, "reorder": False})
    qbo.act("update", "2", fields={"Notes": "4"})
    state = flush(qbo)
    assert ear.heard == []
    assert state["dropped"] == 1


def test_the_last_delivery_can_be_sent_again(qbo: Quick, ear: Ear) -> None:
    qbo.act("update", "2", fields={"Notes": "1"})
    flush(qbo)
    qbo.control("POST", "webhooks", {"resend_last": True, "flush": True})

    assert [event["id"] for event in ear.events] == [ear.events[0]["id"]] * 2


def test_one_delivery_can_hold_several_companies_8_4(qbo: Quick, ear: Ear) -> None:
    other = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]
    qbo.control("POST", "tokens", {"action": "issue", "realm": other})
    qbo.switch(webhook_hold=True)
    qbo.act("update", "2", fields={"Notes": "1"})
    qbo.act("create", realm=other, fields={"DisplayName": "Over there"})
    flush(qbo)

    assert len(ear.heard) == 1
    assert {event["intuitaccountid"] for event in ear.events} == {qbo.realm, other}


def test_a_company_that_is_not_connected_sends_nothing_8_1(qbo: Quick, ear: Ear) -> None:
    qbo.control("POST", "tokens", {"action": "disconnect"})
    qbo.act("update", "2", fields={"Notes": "1"})
    flush(qbo)

    assert ear.heard == []


def test_a_write_whose_answer_is_lost_sends_its_event(qbo: Quick, ear: Ear) -> None:
    qbo.arm("cut_after_commit", operation="create")
    with pytest.raises(requests.ConnectionError):
        qbo.post({"DisplayName": "Lost"})
    flush(qbo)

    assert [event["type"] for event in ear.events] == ["qbo.customer.created.v1"]


def test_what_was_deleted_is_not_counted_5_8(qbo: Quick) -> None:
    made = qbo.create("Payment", CustomerRef={"value": "1"}, TotalAmt=5)

    def part() -> dict[str, Any]:
        since = "2026-01-01T00:00:00-08:00"
        answer = qbo.api("GET", "cdc", params={"entities": "Payment", "changedSince": since})
        found: dict[str, Any] = answer.json()["CDCResponse"][0]["QueryResponse"][0]
        return found

    assert part()["totalCount"] == part()["maxResults"]
    qbo.post({"Id": made["Id"], "SyncToken": "0"}, "Payment", operation="delete")
    after = part()
    assert "totalCount" not in after
    assert after["maxResults"] == len(after["Payment"])
    assert set(after["Payment"][0]) == {"domain", "status", "Id", "MetaData"}
