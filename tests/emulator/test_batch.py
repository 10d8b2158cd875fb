"""Batch: section 5.7 of the API reference."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from .conftest import Quick, fault
from .test_transactions import invoice, item_line, payment


def item(b_id: str, operation: str = "create", **objects: Any) -> dict[str, Any]:
    return {"bId": b_id, "operation": operation, **objects}


def customer(b_id: str, name: str, **fields: Any) -> dict[str, Any]:
    return item(b_id, Customer={"DisplayName": name, **fields})


def send(qbo: Quick, *items: dict[str, Any], **params: str) -> requests.Response:
    return qbo.api("POST", "batch", json={"BatchItemRequest": list(items)}, params=params)


def answers(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["BatchItemResponse"]
    return found


def code(answered: dict[str, Any]) -> str:
    found: str = answered["Fault"]["Error"][0]["code"]
    return found


def test_each_item_has_its_answer_in_the_order_asked_with_200_5_7(qbo: Quick) -> None:
    answer = send(
        qbo,
        item("b1", Vendor={"DisplayName": "Harbour Timber"}),
        customer("b2", "Amy's Bird Sanctuary"),
        item("b3", "update", Customer={"Id": "2", "SyncToken": "7", "sparse": True}),
        {"bId": "b4", "Query": "SELECT * FROM Customer WHERE Id = '3'"},
        item("b5", "update", Customer={"Id": "4", "SyncToken": "0", "sparse": True, "Notes": "x"}),
    )

    made, taken, stale, found, changed = answers(answer)
    assert [each["bId"] for each in (made, taken, stale, found, changed)] == [
        "b1", "b2", "b3", "b4", "b5",
    ]  # fmt: skip
    assert made["Vendor"]["Id"] == "58"
    assert code(taken) == "6240"
    assert taken["Fault"]["type"] == "ValidationFault"
    assert set(taken) == {"Fault", "bId"}
    assert code(stale) == "5010"
    assert [row["Id"] for row in found["QueryResponse"]["Customer"]] == ["3"]
    assert changed["Customer"]["SyncToken"] == "1"
    assert set(answer.json()) == {"BatchItemResponse", "time"}


def test_an_item_is_the_same_as_a_single_request_5_7(qbo: Quick) -> None:
    bodies = [
        {"DisplayName": "Bad:Name"},
        {"DisplayName": "x", "Nonsense": 1},
        {},
        {"Id": "x", "SyncToken": "0"},
        {"Id": "4711", "SyncToken": "0", "sparse": True},
        {"Id": "1", "SyncToken": "0", "sparse": True, "Active": False, "Balance": 1},
    ]
    in_batch = answers(send(qbo, *(item(str(n), Customer=body) for n, body in enumerate(bodies))))
    alone = [qbo.post(body).json()["Fault"] for body in bodies]

    assert [each["Fault"] for each in in_batch] == alone


def test_a_query_in_a_batch_shows_the_books_as_they_were_before_5_7(qbo: Quick) -> None:
    made, found = answers(
        send(
            qbo,
            customer("b1", "Just Made"),
            {"bId": "b2", "Query": "SELECT * FROM Customer WHERE DisplayName = 'Just Made'"},
        )
    )

    assert made["Customer"]["Id"] == "58"
    assert found["QueryResponse"] == {}


def test_one_item_fails_and_the_others_stay_done_5_7(qbo: Quick) -> None:
    send(qbo, customer("b1", "First"), customer("b2", "First"), customer("b3", "Third"))

    assert qbo.names("WHERE DisplayName IN ('First', 'Third')") == ["First", "Third"]


def test_a_change_feed_can_be_an_item_5_7(qbo: Quick) -> None:
    time = qbo.control("GET", "clock")["time"]
    since = time[:19] + time[-6:]
    qbo.act("update", "3", fields={"Notes": "new"})

    wish = {"Entities": "Customer", "ChangedSince": since}
    found = answers(send(qbo, {"bId": "b1", "CDCQuery": wish}))[0]

    changed = found["CDCResponse"][0]["QueryResponse"][0]["Customer"]
    assert [each["Id"] for each in changed] == ["3"]


def test_at_most_30_items_are_taken_7_2(qbo: Quick) -> None:
    thirty = [customer(f"b{n}", f"Item {n}") for n in range(30)]

    refused = send(qbo, *thirty, customer("b30", "Item 30"))
    assert fault(refused)["code"] == "1040"
    assert fault(refused)["Message"] == "Batch size exceeds allowed limit"
    assert qbo.counts["writes"] == 0
    assert [each["Customer"]["DisplayName"] for each in answers(send(qbo, *thirty))] == [
        f"Item {n}" for n in range(30)
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "2010"),
        (b"{", "2010"),
        (b"[]", "2010"),
        (b'{"BatchItemRequest": "\xff"}', "500"),
        (b"{}", "2020"),
        (b'{"BatchItemRequest": []}', "2020"),
        (b'{"BatchItemRequest": {}}', "2010"),
        (b'{"BatchItemRequest": [1]}', "2010"),
        (b'{"Items": []}', "2010"),
        (b'{"BatchItemRequest": [{"operation": "create", "Customer": {}}]}', "2020"),
        (b'{"BatchItemRequest": [{"bId": 1, "Query": "x"}]}', "2010"),
        (b'{"BatchItemRequest": [{"bId": "a", "Query": "x"}, {"bId": "a", "Query": "x"}]}', "2600"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_as_a_whole_5_7(
    qbo: Quick, body: bytes, expected: str
) -> None:
    headers = {"Content-Type": "application/json"}

    assert fault(qbo.api("POST", "batch", data=body, headers=headers))["code"] == expected


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"bId": "b"}, "2020"),
        ({"bId": "b", "operation": "create"}, "2020"),
        ({"bId": "b", "Customer": {"DisplayName": "x"}}, "2020"),
        ({"bId": "b", "operation": "burn", "Customer": {"DisplayName": "x"}}, "2170"),
        ({"bId": "b", "operation": "update", "Customer": {"DisplayName": "x"}}, "2020"),
        ({"bId": "b", "operation": "delete", "Customer": {"Id": "1", "SyncToken": "0"}}, "500"),
        ({"bId": "b", "operation": "create", "Customer": []}, "2010"),
        ({"bId": "b", "operation": "create", "Nonsense": {}}, "500"),
        ({"bId": "b", "operation": "create", "Customer": {}, "Vendor": {}}, "2010"),
        ({"bId": "b", "Query": "SELECT nonsense"}, "4000"),
        ({"bId": "b", "Query": 5}, "2010"),
        ({"bId": "b", "CDCQuery": {"Entities": ["Customer"]}}, "2020"),
        ({"bId": "b", "ReportQuery": "ProfitAndLoss"}, "500"),
    ],
)
def test_an_item_that_cannot_be_done_has_a_fault_of_its_own_5_7(
    qbo: Quick, wrong: dict[str, Any], expected: str
) -> None:
    found, made = answers(send(qbo, wrong, customer("b2", "Made All The Same")))

    assert code(found) == expected
    assert made["Customer"]["DisplayName"] == "Made All The Same"


def test_a_transaction_is_made_deleted_and_voided_in_a_batch_5_7(qbo: Quick) -> None:
    first, second = invoice(qbo, 10), invoice(qbo, 20)
    paid = payment(qbo, 20, (second["Id"], 20))
    head = {"Id": paid["Id"], "SyncToken": paid["SyncToken"], "sparse": True}
    body = {"CustomerRef": {"value": "6"}, "Line": [item_line(30)]}

    made, deleted, voided = answers(
        send(
            qbo,
            item("b1", Invoice=body),
            item("b2", "delete", Invoice={"Id": first["Id"], "SyncToken": "0"}),
            item("b3", "update", Payment=head, optionsData="void"),
        )
    )

    assert made["Invoice"]["TotalAmt"] == 30
    assert deleted["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": first["Id"]}
    assert (voided["Payment"]["TotalAmt"], voided["Payment"]["PrivateNote"]) == (0, "Voided")
    assert qbo.read(second["Id"], "Invoice")["Balance"] == 20
    assert fault(qbo.api("GET", f"invoice/{first['Id']}"))["code"] == "610"
    assert qbo.counts["batch_items"] == {"create": 1, "delete": 1, "void": 1}


def test_an_invoice_is_voided_in_a_batch_like_a_payment_5_5(qbo: Quick) -> None:
    made = invoice(qbo, 10)
    head = {"Id": made["Id"], "SyncToken": "0", "sparse": True}

    found = answers(send(qbo, item("b1", "update", Invoice=head, optionsData="void")))[0]

    assert (found["Invoice"]["TotalAmt"], found["Invoice"]["SyncToken"]) == (0, "1")


def test_a_void_of_what_has_none_is_refused_in_its_item_5_5(qbo: Quick) -> None:
    wish = {"Id": "1", "SyncToken": "0", "sparse": True}
    found = answers(send(qbo, item("b1", "update", Customer=wish, optionsData="void")))[0]

    assert code(found) == "500"
    assert qbo.control("GET", "log?writes=1")["calls"][0]["kind"] == "void"


def test_a_requestid_of_a_batch_has_36_characters_and_its_bids_10_2_6(qbo: Quick) -> None:
    long = fault(send(qbo, customer("b1", "x"), requestid="r" * 37))
    assert (long["code"], "36 characters" in long["Detail"]) == ("2130", True)
    assert fault(send(qbo, customer("b" * 11, "x"), requestid="r"))["code"] == "2130"
    assert answers(send(qbo, customer("b" * 11, "Without an id")))[0]["bId"] == "b" * 11
    assert send(qbo, customer("b" * 10, "x"), requestid="r" * 36).status_code == 200


def test_the_whole_batch_is_answered_once_more_for_its_requestid_2_6(qbo: Quick) -> None:
    items = [customer("b1", "Once"), customer("b2", "Amy's Bird Sanctuary")]

    first = send(qbo, *items, requestid="batch-1")
    second = send(qbo, *items, requestid="batch-1")

    assert second.content == first.content
    counts = qbo.counts
    assert (counts["creates"], counts["replays"]) == ({"Customer": 1}, 1)


def test_two_creates_under_one_requestid_are_two_objects_2_6(qbo: Quick) -> None:
    send(qbo, customer("b1", "One"), customer("b2", "Two"), requestid="batch-1")

    assert qbo.counts["creates"] == {"Customer": 2}
    assert qbo.counts["request_ids_created_twice"] == {}


def test_a_batch_whose_answer_is_lost_was_carried_out_2_6(qbo: Quick) -> None:
    qbo.arm("cut_after_commit", operation="batch")
    with pytest.raises(requests.ConnectionError):
        send(qbo, customer("b1", "Lost In A Batch"), requestid="batch-1")

    again = answers(send(qbo, customer("b1", "Lost In A Batch"), requestid="batch-1"))

    assert again[0]["Customer"]["Id"] == "58"
    assert qbo.counts["creates"] == {"Customer": 1}
    line = qbo.control("GET", "log?writes=1")["calls"][0]
    assert (line["status"], line["notes"]["kept_back"]["status"]) == (0, 200)


def test_the_answers_come_in_another_order_where_switched_5_7(qbo: Quick) -> None:
    qbo.switch(batch_order="shuffled")

    found = answers(send(qbo, *(customer(f"b{n}", f"Item {n}") for n in range(5))))

    assert [each["bId"] for each in found] != [f"b{n}" for n in range(5)]
    assert {each["bId"] for each in found} == {f"b{n}" for n in range(5)}
    for each in found:
        assert each["Customer"]["DisplayName"] == f"Item {each['bId'][1:]}"
        assert each["Customer"]["Id"] == str(58 + int(each["bId"][1:]))  # done in the order asked


def test_40_batches_a_minute_of_an_app_then_429_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0)
    query = {"bId": "b1", "Query": "SELECT COUNT(*) FROM Customer"}

    statuses = [send(qbo, query).status_code for _ in range(42)]

    assert statuses == [200] * 40 + [429] * 2
    assert qbo.api("GET", "customer/1").status_code == 200  # only batches are throttled
    assert qbo.counts["refused_by_limit"] == {"limit_batches_per_minute": 2}
    qbo.advance(61)
    assert send(qbo, query).status_code == 200


def test_120_batches_a_minute_of_a_company_whatever_the_app_7_1(qbo: Quick) -> None:
    qbo.switch(limits=True, limit_per_second=0)
    query = {"bId": "b1", "Query": "SELECT COUNT(*) FROM Customer"}
    tokens = []
    for name in ("one", "two", "three", "four"):
        qbo.control("POST", "apps", {"client_id": name, "redirect_uris": []})
        qbo.control("POST", "tokens", {"action": "new", "client_id": name})
        tokens.append(qbo.control("POST", "tokens", {"action": "issue", "client_id": name}))

    statuses = []
    for access in itertools.chain.from_iterable([each] * 40 for each in tokens):
        qbo.access = access
        statuses.append(send(qbo, query).status_code)

    assert statuses == [200] * 120 + [429] * 40


def test_a_batch_is_one_metered_call_also_when_it_only_writes_7_4(qbo: Quick) -> None:
    send(qbo, customer("b1", "Metered One"), customer("b2", "Metered Two"))

    counts = qbo.counts
    assert (counts["metered"], counts["calls"], counts["by_kind"]) == (1, 1, {"batch": 1})
    assert counts["batch_items"] == {"create": 2}
    assert counts["writes"] == 2


def test_every_item_is_a_line_of_the_write_log_5_7(qbo: Quick) -> None:
    send(qbo, customer("b1", "Logged"), customer("b2", "Logged"), requestid="r1")

    batch = qbo.control("GET", "log?kind=batch")["calls"][0]
    made, refused = qbo.control("GET", "log?writes=1&entity=Customer")["calls"]
    assert (made["kind"], made["id"], made["status"], made["batch"]) == (
        "create", "58", 200, batch["number"],
    )  # fmt: skip
    assert made["requestid"] == "r1:b1"
    assert '"DisplayName":"Logged"' in made["request"]
    assert (refused["status"], refused["code"], refused["notes"]["bId"]) == (400, "6240", "b2")
    assert qbo.counts["by_code"] == {"6240": 1}


def test_an_item_that_overwrites_what_was_never_seen_is_counted(qbo: Quick) -> None:
    seen = qbo.read("1")
    qbo.act("update", "1", fields={"Notes": "theirs"})
    blind = {"Id": "1", "SyncToken": "1", "sparse": True, "Notes": "blind"}

    send(qbo, item("b1", "update", Customer=blind))

    assert seen["SyncToken"] == "0"
    assert qbo.counts["overwritten_unseen"] == 1


def test_what_a_batch_answered_counts_as_seen(qbo: Quick) -> None:
    qbo.act("update", "1", fields={"Notes": "theirs"})
    send(qbo, {"bId": "b1", "Query": "SELECT * FROM Customer WHERE Id = '1'"})

    qbo.post({"Id": "1", "SyncToken": "1", "sparse": True, "Notes": "after looking"})

    assert qbo.counts["overwritten_unseen"] == 0


def test_a_fault_can_hit_one_item_of_a_batch_6(qbo: Quick) -> None:
    qbo.arm("throttle", operation="create", path="#b2$")
    qbo.arm("fault_after_commit", operation="create", code="10000", nth=2)

    found = answers(send(qbo, *(customer(f"b{n}", f"Item {n}") for n in range(1, 5))))

    assert "Customer" in found[0]
    assert code(found[1]) == "3001"
    assert code(found[2]) == "10000"
    assert "Customer" in found[3]
    assert qbo.names("WHERE DisplayName LIKE 'Item %'") == ["Item 1", "Item 3", "Item 4"]


def test_a_fault_that_needs_a_connection_waits_for_a_single_call(qbo: Quick) -> None:
    qbo.arm("cut_before", operation="create")

    assert "Customer" in answers(send(qbo, customer("b1", "In A Batch")))[0]
    with pytest.raises(requests.ConnectionError):
        qbo.create(DisplayName="Alone")


def test_an_item_waits_for_no_other_name_write_9(qbo: Quick) -> None:
    qbo.switch(write_seconds=0.3)

    def alone() -> requests.Response:
        url = f"{qbo.base_url}/v3/company/{qbo.realm}/customer"
        body = {"DisplayName": "Alone"}
        return requests.post(url, json=body, headers=qbo.headers, timeout=10)

    with ThreadPoolExecutor(1) as pool:
        meanwhile = pool.submit(alone)
        while not qbo.control("GET", "")["busy_names"]:
            continue  # until that write has begun
        found = answers(send(qbo, customer("b1", "In A Batch")))[0]
        assert meanwhile.result().status_code == 200

    assert code(found) == "6000"


def test_a_batch_that_takes_too_long_is_504_and_goes_on_7_2(qbo: Quick) -> None:
    qbo.switch(write_seconds=0.2, request_seconds=0.3)

    answer = send(qbo, *(customer(f"b{n}", f"Slow {n}") for n in range(3)))

    assert answer.status_code == 504
    assert answer.headers["Content-Type"].startswith("text/html")
    while qbo.counts["writes"] < 3:
        continue  # the rest is done although nobody waits
    assert len(qbo.names("WHERE DisplayName LIKE 'Slow %'")) == 3


def test_a_batch_of_reads_has_the_time_of_one_request_7_2(qbo: Quick) -> None:
    qbo.switch(read_seconds=0.2, request_seconds=0.3)
    reads = [{"bId": f"b{n}", "Query": "SELECT * FROM Customer MAXRESULTS 1"} for n in range(3)]

    assert send(qbo, reads[0]).status_code == 200
    assert send(qbo, *reads).status_code == 504


def test_a_batch_is_json_and_answered_as_xml_without_asking_for_json_2_2(qbo: Quick) -> None:
    body = {"BatchItemRequest": [{"bId": "b1", "Query": "SELECT * FROM Customer MAXRESULTS 1"}]}

    text = qbo.api("POST", "batch", data="{}", headers={"Content-Type": "text/plain"})
    as_xml = qbo.api("POST", "batch", json=body, headers={"Accept": "*/*"})

    assert fault(text)["code"] == "1050"
    assert as_xml.headers["Content-Type"] == "application/xml"
    assert '<BatchItemResponse bId="b1">' in as_xml.text


def test_a_report_query_in_a_batch_is_not_supported_5_7(qbo: Quick) -> None:
    items = [{"bId": "b1", "ReportQuery": "reports/ProfitAndLoss"}]

    answer = qbo.api("POST", "batch", json={"BatchItemRequest": items})

    assert answer.status_code == 200
    (item,) = answer.json()["BatchItemResponse"]
    assert (item["bId"], item["Fault"]["Error"][0]["code"]) == ("b1", "500")
