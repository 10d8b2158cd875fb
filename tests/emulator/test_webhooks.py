"""Webhooks: section 8 of the API reference, beyond what test_changes.py shows."""

import json
import re
import time

import pytest
import requests

from qbo_emulator.entities import ENTITIES
from qbo_emulator.events import EVENTS
from qbo_emulator.webhooks import LADDER, OPERATIONS

from .conftest import Quick
from .test_changes import Ear, ear, flush  # noqa: F401

# The table of 8.5, a line each.
DOCUMENTED = {
    "Account Class Customer Employee Item Vendor": "Create Update Delete Merge",
    "Department PaymentMethod": "Create Update Merge",
    "Invoice CreditMemo Payment SalesReceipt RefundReceipt": "Create Update Delete Void Emailed",
    "Estimate PurchaseOrder": "Create Update Delete Emailed",
    "Bill BillPayment Purchase Transfer": "Create Update Delete Void",
    "Deposit JournalEntry TimeActivity VendorCredit": "Create Update Delete",
    "Budget Currency JournalCode TaxAgency Term": "Create Update",
    "Preferences": "Update",
}


def test_the_table_of_events_is_the_documented_one_8_5() -> None:
    rows = {
        entity: tuple(operations.split())
        for entities, operations in DOCUMENTED.items()
        for entity in entities.split()
    }

    assert rows == EVENTS


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_an_entity_sends_what_the_table_says_8_5(entity) -> None:  # type: ignore[no-untyped-def]
    assert entity.sends_events == EVENTS.get(entity.event_name or entity.name, ())


@pytest.mark.parametrize(
    ("entity", "operation"), [(e, o) for e, row in EVENTS.items() for o in row]
)
def test_every_event_has_its_type_8_4(
    qbo: Quick,
    ear: Ear,  # noqa: F811
    entity: str,
    operation: str,
) -> None:
    wish = {"entity": entity.lower(), "id": "7", "operation": operation, "deleted_id": "8"}
    qbo.control("POST", "webhooks", {"send": [wish], "flush": True})

    (event,) = ear.events
    assert event["type"] == f"qbo.{entity.lower()}.{OPERATIONS[operation]}.v1"
    assert event["intuitentityid"] == "7"


@pytest.mark.parametrize(
    ("entity", "operation"),
    [("Customer", "Void"), ("Term", "Delete"), ("CompanyInfo", "Update"), ("Invoice", "Merge")],
)
def test_an_event_that_does_not_exist_is_not_sent_8_5(
    qbo: Quick, entity: str, operation: str
) -> None:
    wish = {"entity": entity, "id": "7", "operation": operation}
    url = f"{qbo.base_url}/emulator/webhooks"

    assert requests.post(url, json={"send": [wish]}, timeout=5).status_code == 400


def test_the_ladder_is_climbed_step_by_step_on_the_emulators_clock_8_2(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    ear.status = 503
    qbo.switch(webhook_hold=True)  # only the flushes send
    qbo.act("update", "2", fields={"Notes": "x"})
    state = flush(qbo)

    assert LADDER == (10, 20, 30, 300, 1200, 7200, 14400, 21600)
    for step in (*LADDER, 21600, 21600):
        (waiting,) = state["queue"]
        assert step - 5 < waiting["due_in_seconds"] <= step
        tries = len(ear.heard)
        qbo.advance(waiting["due_in_seconds"] - 3)
        qbo.control("POST", "webhooks", {"flush": "due"})
        assert len(ear.heard) == tries  # not yet
        qbo.advance(4)
        state = qbo.control("POST", "webhooks", {"flush": "due"})
        assert len(ear.heard) == tries + 1

    assert len({event["id"] for event in ear.events}) == 1


@pytest.mark.parametrize(("in_line", "heard"), [(False, ["2", "3"]), (True, ["2"])])
def test_later_deliveries_wait_for_an_earlier_one_or_not_8_2(
    qbo: Quick,
    ear: Ear,  # noqa: F811
    in_line: bool,
    heard: list[str],
) -> None:
    ear.status = 500
    qbo.switch(webhook_hold=True, webhook_in_line=in_line)
    for id in ("2", "3"):
        qbo.act("update", id, fields={"Notes": "x"})
        qbo.control("POST", "webhooks", {"flush": "due"})

    assert [event["intuitentityid"] for event in ear.events] == heard
    ear.status = 200
    qbo.advance(11)
    qbo.control("POST", "webhooks", {"flush": "due"})
    qbo.control("POST", "webhooks", {"flush": "due"})
    assert [event["intuitentityid"] for event in ear.events][len(heard) :] == ["2", "3"]


def test_an_answer_that_takes_too_long_counts_as_none_8_2(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    qbo.switch(webhook_hold=True, webhook_answer_seconds=0.1)
    ear.may_answer.clear()
    qbo.act("update", "2", fields={"Notes": "x"})

    state = flush(qbo)
    ear.may_answer.set()

    assert state["attempts"][-1]["status"] == 0
    assert "timed out" in state["attempts"][-1]["note"]
    assert len(state["queue"]) == 1
    about = qbo.control("GET", "switches")["about"]
    assert about["webhook_answer_seconds"]["default"] == 3.0


def test_a_thousand_events_within_one_second_come_in_one_delivery_8_2(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    qbo.control("POST", "clock", {"frozen": True})
    wishes = [{"entity": "Customer", "id": str(number)} for number in range(1000)]
    began = time.monotonic()

    state = qbo.control("POST", "webhooks", {"hold": True, "send": wishes, "flush": True})

    assert time.monotonic() - began < 1
    assert state["sent_events"] == 1000
    assert len(ear.heard) == 1
    assert len({event["id"] for event in ear.events}) == 1000
    assert len({event["time"] for event in ear.events}) == 1


def test_a_long_delivery_is_sent_again_whole_8_2(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    wishes = [{"entity": "Customer", "id": str(number)} for number in range(200)]
    qbo.control("POST", "webhooks", {"hold": True, "send": wishes, "flush": True})
    qbo.control("POST", "webhooks", {"resend_last": True, "flush": True})

    first, second = (json.loads(body) for _, body in ear.heard)
    assert first == second


def test_changes_are_collected_for_a_while_and_leave_together_8_2(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    qbo.switch(webhook_delay_seconds=0.3)
    for number in range(3):
        qbo.create(DisplayName=f"Collected {number}")
    deadline = time.monotonic() + 5
    while not ear.heard and time.monotonic() < deadline:
        qbo.control("GET", "webhooks")

    assert len(ear.heard) == 1
    assert [event["intuitentityid"] for event in ear.events] == ["58", "59", "60"]


def test_each_company_has_a_delivery_of_its_own_where_switched_8_4(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    other = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]
    qbo.control("POST", "tokens", {"action": "issue", "realm": other})
    qbo.switch(webhook_hold=True, webhook_mix_realms=False)
    qbo.act("update", "2", fields={"Notes": "1"})
    qbo.act("create", realm=other, fields={"DisplayName": "Over there"})
    flush(qbo)

    realms = [{event["intuitaccountid"] for event in json.loads(body)} for _, body in ear.heard]
    assert realms == [{qbo.realm}, {other}]


def test_the_items_of_a_batch_send_their_events_5_7(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    items = [
        {"bId": str(n), "operation": "create", "Customer": {"DisplayName": f"Batch {n}"}}
        for n in range(3)
    ]
    qbo.switch(webhook_hold=True)
    qbo.api("POST", "batch", json={"BatchItemRequest": items})
    flush(qbo)

    assert [event["type"] for event in ear.events] == ["qbo.customer.created.v1"] * 3


def test_books_that_are_put_back_tell_nobody_9(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    qbo.switch(webhook_hold=True)
    then = qbo.control("GET", "clock")["now"]
    qbo.advance(5)
    qbo.act("update", "2", fields={"Notes": "1"})
    flush(qbo)
    ear.heard.clear()

    qbo.control("POST", "companies", {"realm_id": qbo.realm, "restore_to": then})
    flush(qbo)

    assert ear.heard == []


def test_only_the_chosen_entities_are_sent_8_1(qbo: Quick, ear: Ear) -> None:  # noqa: F811
    qbo.switch(webhook_entities="Invoice, Vendor")

    qbo.create(DisplayName="Not chosen")
    qbo.create("Vendor", DisplayName="Chosen")
    flush(qbo)

    assert [event["type"] for event in ear.events] == ["qbo.vendor.created.v1"]


def test_without_an_address_nothing_is_kept_for_later_8_1(qbo: Quick) -> None:
    qbo.control("POST", "webhooks", {"url": ""})

    qbo.create(DisplayName="Unheard")

    assert qbo.control("GET", "webhooks")["emitted"] == 0


def test_the_time_of_an_event_has_nine_places_and_its_data_is_empty_8_4(
    qbo: Quick,
    ear: Ear,  # noqa: F811
) -> None:
    qbo.create(DisplayName="Timed")
    flush(qbo)

    (event,) = ear.events
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", event["time"])
    assert event["data"] == {}
    assert set(event) == {
        "specversion", "id", "source", "type", "datacontenttype", "time", "intuitentityid",
        "intuitaccountid", "data",
    }  # fmt: skip
