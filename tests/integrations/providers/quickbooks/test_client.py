"""Each call is bounded, signed in, and never believed before it is read."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import errors
from integrations.providers.base import FixedToken, Gone, OpenGate, Operation, Present
from integrations.providers.quickbooks import session as http
from integrations.providers.quickbooks.provider import QuickBooksBooks, QuickBooksProvider, quoted
from tests.quickbooks import Emulator


def write(books: QuickBooksBooks, name: str = "Quist Boats") -> str:
    outgoing = books.compose("contact", Operation.CREATE, {"display_name": name})
    return books.send(outgoing, request_id=str(uuid.uuid4())).remote_id


def named(emulator: Emulator, name: str = "Quist Boats") -> int:
    return len(emulator.named(name))


class RenewedOnce:
    """A token source that notes what was rejected."""

    def __init__(self, first: str, second: str) -> None:
        self.tokens = [first, second]
        self.rejected: list[str] = []

    def current(self) -> str:
        return self.tokens[0]

    def renewed(self, *, rejected: str) -> str:
        self.rejected.append(rejected)
        return self.tokens[1]


class CountingGate:
    """Notes what passes through."""

    def __init__(self) -> None:
        self.passed: list[bool] = []

    def call(self, *, metered: bool) -> AbstractContextManager[None]:
        self.passed.append(metered)
        return nullcontext()


# -- What may have been done ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "is_done"),
    [
        ("cut_after_commit", True),
        ("cut_json", True),
        ("cut_body", True),
        ("status_after_commit", True),
        ("cut_before", False),
        ("html", False),
    ],
)
def test_a_write_without_an_answer_may_have_been_done(
    books: QuickBooksBooks, emulator: Emulator, kind: str, is_done: bool
) -> None:
    emulator.fault(kind, operation="write")

    with pytest.raises(errors.OutcomeUnknown):
        write(books)

    assert named(emulator) == is_done


@pytest.mark.parametrize("kind", ["cut_after_commit", "cut_json", "cut_body", "cut_before", "html"])
def test_a_read_without_an_answer_is_only_tried_later(
    books: QuickBooksBooks, emulator: Emulator, kind: str
) -> None:
    emulator.fault(kind, operation="query")

    with pytest.raises(errors.TryLater) as caught:
        books.count("contact", which="all")

    assert type(caught.value) is errors.TryLater
    assert books.count("contact", which="all") > 0


@pytest.mark.parametrize("kind", ["throttle", "throttle_upper", "throttle_xml"])
def test_a_throttled_write_was_not_done(
    books: QuickBooksBooks, emulator: Emulator, kind: str
) -> None:
    emulator.fault(kind, operation="write")

    with pytest.raises(errors.Throttled):
        write(books)

    assert named(emulator) == 0


def test_used_up_reads_rest_and_writes_go_on(books: QuickBooksBooks, emulator: Emulator) -> None:
    books.count("contact", which="all")
    emulator.switch(metered_allowance=emulator.counts()["metered"])

    with pytest.raises(errors.ReadsUsedUp):
        books.count("contact", which="all")
    write(books)

    assert named(emulator) == 1


def test_nobody_listening_means_nothing_was_done(emulator: Emulator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        books = opened(emulator, api_url=f"http://127.0.0.1:{taken.getsockname()[1]}")

        with pytest.raises(errors.TryLater) as caught:
            write(books)

    assert type(caught.value) is errors.TryLater


def test_what_the_answer_holds_beside_the_expected_does_no_harm(
    books: QuickBooksBooks, emulator: Emulator
) -> None:
    emulator.fault("unknown_value", operation="write")

    remote_id = write(books)

    assert emulator.stored(remote_id)["DisplayName"] == "Quist Boats"


# -- Signing in ----------------------------------------------------------------------------------


def opened(emulator: Emulator, *, api_url: str = "", **more: Any) -> QuickBooksBooks:
    from integrations.providers.quickbooks.client import QuickBooksClient

    parts: dict[str, Any] = {
        "company_id": emulator.access["realm_id"],
        "api_url": api_url or emulator.base_url,
        "tokens": FixedToken(emulator.access["access_token"]),
        "gate": OpenGate(),
        **more,
    }
    return QuickBooksBooks(QuickBooksClient(**parts))


def test_a_rejected_token_is_renewed_once_and_the_call_made_again(emulator: Emulator) -> None:
    tokens = RenewedOnce("worn out", emulator.access["access_token"])

    write(opened(emulator, tokens=tokens))

    assert tokens.rejected == ["worn out"]
    assert named(emulator) == 1


def test_a_second_rejection_asks_to_reconnect(emulator: Emulator) -> None:
    tokens = RenewedOnce("worn out", "worn out too")

    with pytest.raises(errors.ReconnectNeeded):
        write(opened(emulator, tokens=tokens))

    assert tokens.rejected == ["worn out"]


def test_another_companys_token_asks_to_reconnect(emulator: Emulator) -> None:
    with pytest.raises(errors.ReconnectNeeded):
        opened(emulator, company_id="9341450000099999").company()


def test_no_token_is_in_an_error(emulator: Emulator) -> None:
    secret = emulator.access["access_token"]
    emulator.fault("cut_before")

    with pytest.raises(errors.SyncError) as caught:
        opened(emulator).company()

    error: BaseException | None = caught.value
    while error is not None:
        assert secret not in f"{error!s}{vars(error)}"
        error = None if error.__suppress_context__ else error.__context__


# -- What is asked -------------------------------------------------------------------------------


def test_reads_are_metered_and_writes_are_not(emulator: Emulator) -> None:
    gate = CountingGate()
    books = opened(emulator, gate=gate)

    write(books)
    books.count("contact", which="all")
    books.company()

    assert gate.passed == [False, True, True, True]
    assert emulator.counts()["metered"] == 3


def test_every_call_names_the_minor_version_and_a_write_its_request(
    books: QuickBooksBooks, emulator: Emulator
) -> None:
    outgoing = books.compose("contact", Operation.CREATE, {"display_name": "Quist Boats"})
    request_id = str(uuid.uuid4())

    made = books.send(outgoing, request_id=request_id)
    books.count("contact", which="all")

    create, count = emulator.calls()
    assert create["requestid"] == request_id
    assert "minorversion=75" in create["query"]
    assert "minorversion=75" in count["query"]
    assert made.trace == create["tid"]


def test_the_bytes_that_were_composed_are_the_bytes_that_are_sent(
    books: QuickBooksBooks, emulator: Emulator
) -> None:
    outgoing = books.compose("contact", Operation.CREATE, {"display_name": "Zoë \\ 'x' \u2028"})

    books.send(outgoing, request_id=str(uuid.uuid4()))

    sent = emulator.calls(kind="create")[0]["request"]
    assert sent == outgoing.body or sent == json.loads(outgoing.body)


@pytest.mark.parametrize("name", ["Amy's", "back\\slash", "\\'", "a' OR Id = '1", "50 % & more"])
def test_a_name_is_asked_for_as_it_is(books: QuickBooksBooks, name: str) -> None:
    remote_id = write(books, name)

    assert [each.remote_id for each in books.find_by_name("contact", name)] == [remote_id]


def test_a_query_text_is_escaped_by_backslashes() -> None:
    assert quoted("Amy's \\ Bird") == "'Amy\\'s \\\\ Bird'"


def test_many_ids_are_fetched_with_one_call_and_one_more_for_each_not_found(
    books: QuickBooksBooks, emulator: Emulator
) -> None:
    emulator.inactivate("3")
    emulator.forget_calls()

    found = books.fetch("contact", ["1", "2", "3", "888888"])

    assert [isinstance(found[each], Present) for each in ("1", "2", "3")] == [True] * 3
    assert found["888888"] == Gone()
    assert len(emulator.calls()) == 2


def test_a_customer_merged_away_is_gone(books: QuickBooksBooks, emulator: Emulator) -> None:
    emulator.act("merge", "3", into="4")

    assert books.fetch("contact", ["3"]) == {"3": Gone()}


@pytest.mark.parametrize(("count", "is_complete"), [(999, True), (1000, False)])
def test_a_feed_of_a_thousand_is_not_complete(
    raw: Any, emulator: Emulator, count: int, is_complete: bool
) -> None:
    customers = [{"Id": str(n), "SyncToken": "0", "DisplayName": f"C {n}"} for n in range(count)]
    customers[0] = {"Id": "7", "status": "Deleted", "domain": "QBO"}
    feed = {"CDCResponse": [{"QueryResponse": [{"Customer": customers}, {}]}]}
    body = json.dumps({**feed, "time": datetime.now(UTC).isoformat()})
    server = raw(head() + body.encode())

    page = opened(emulator, api_url=server.url).changes_since(datetime.now(UTC), ["contact"])

    assert page.is_complete is is_complete
    assert [each.remote_id for each in page.removed] == ["7"]
    assert len(page.snapshots) == count - 1


@pytest.mark.parametrize(
    "body",
    [
        {"CDCResponse": []},
        {"CDCResponse": {"QueryResponse": []}},
        {"QueryResponse": {}},
        {"CDCResponse": [{"QueryResponse": [{"Fault": {"Error": []}}]}]},
        {"CDCResponse": [{"QueryResponse": [{"Customer": [{"status": "Deleted"}]}]}]},
    ],
)
def test_a_feed_that_is_not_understood_moves_no_cursor(
    raw: Any, emulator: Emulator, body: dict[str, Any]
) -> None:
    told = json.dumps({**body, "time": datetime.now(UTC).isoformat()})
    server = raw(head() + told.encode())

    with pytest.raises(errors.TryLater):
        opened(emulator, api_url=server.url).changes_since(datetime.now(UTC), ["contact"])


def test_a_cursor_out_of_reach_costs_no_call(books: QuickBooksBooks, emulator: Emulator) -> None:
    with pytest.raises(errors.FeedTooOld):
        books.changes_since(datetime.now(UTC) - timedelta(days=31), ["contact"])

    assert emulator.calls() == []


def test_a_server_whose_clock_is_far_ahead_makes_the_feed_too_old(emulator: Emulator) -> None:
    emulator.advance(10 * 86400)
    access_token = emulator.tokens("issue")["access_token"]
    books = opened(emulator, tokens=FixedToken(access_token))

    with pytest.raises(errors.FeedTooOld):
        books.changes_since(datetime.now(UTC) - timedelta(days=25), ["contact"])


def test_preflight_facts_are_told(books: QuickBooksBooks, emulator: Emulator) -> None:
    company = books.company()

    assert company.company_id == emulator.access["realm_id"]
    assert (company.country, company.home_currency) == ("US", "USD")
    assert company.is_multi_currency is False
    assert company.edition == "QuickBooks Online Plus"
    assert company.preferences["sales_tax"] is True
    json.dumps(dict(company.preferences))


# -- A server that misbehaves --------------------------------------------------------------------


class Raw:
    """A server that answers each connection with the same bytes, as slowly as is asked."""

    def __init__(self, answer: bytes, *, drip: float = 0.0) -> None:
        self.answer, self.drip = answer, drip
        self.received = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        self.received += connection.recv(65536)
        for start in range(len(self.answer)) if self.drip else ():
            connection.sendall(self.answer[start : start + 1])
            time.sleep(self.drip)
        if not self.drip:
            connection.sendall(self.answer)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(2)
        while connection.recv(65536):  # else the kernel would reset what was sent
            pass

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def raw() -> Iterator[Any]:
    servers: list[Raw] = []

    def start(answer: bytes, **more: Any) -> Raw:
        servers.append(Raw(answer, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def head(extra: str = "", status: str = "200 OK", kind: str = "application/json") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{extra}Connection: close\r\n\r\n".encode()


def test_a_redirect_is_not_followed(raw: Any, emulator: Emulator) -> None:
    other = raw(head() + b"{}")
    server = raw(head(f"Location: {other.url}/v3/stolen\r\n", status="307 Moved"))

    with pytest.raises(errors.TryLater):
        opened(emulator, api_url=server.url).count("contact", which="all")

    assert other.received == b""


def test_a_cookie_is_not_kept(raw: Any, emulator: Emulator) -> None:
    body = b'{"QueryResponse": {"totalCount": 1}}'
    server = raw(head("Set-Cookie: who=me; Path=/\r\n") + body)
    books = opened(emulator, api_url=server.url)

    books.count("contact", which="all")
    books.count("contact", which="all")

    assert b"Cookie" not in server.received


@pytest.mark.parametrize("kind", ["text/html", "application/xml", ""])
def test_a_success_of_another_type_is_not_parsed(raw: Any, emulator: Emulator, kind: str) -> None:
    server = raw(head(kind=kind) + b'{"QueryResponse": {"totalCount": 1}}')

    with pytest.raises(errors.TryLater):
        opened(emulator, api_url=server.url).count("contact", which="all")


def test_numbers_are_decimals_and_nan_is_no_number(raw: Any, emulator: Emulator) -> None:
    server = raw(head() + b'{"QueryResponse": {"totalCount": NaN}}')

    with pytest.raises(errors.TryLater):
        opened(emulator, api_url=server.url).count("contact", which="all")


def test_an_endless_answer_is_cut_off(raw: Any, emulator: Emulator) -> None:
    server = raw(head() + b'{"a": "' + b"x" * (http.MOST_BYTES + 1))

    with pytest.raises(errors.TryLater) as caught:
        opened(emulator, api_url=server.url).count("contact", which="all")

    assert "larger than" in caught.value.detail


def test_an_answer_that_drips_does_not_hold_us_for_ever(raw: Any) -> None:
    """Each byte comes in time; it is the whole that is too slow."""
    server = raw(head() + b'{"a": 1}' * 100, drip=0.01)
    began = time.monotonic()

    with pytest.raises(http.NoAnswer, match="too long"):
        http.exchange(http.make_session(), "GET", server.url, seconds=0.5)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize("extra", ["Transfer-Encoding: chunked\r\n", "Content-Length: 1600\r\n"])
def test_a_silent_server_does_not_hold_us_for_ever(raw: Any, extra: str) -> None:
    server = raw(head(extra) + b"640\r\n", drip=0.001)
    began = time.monotonic()

    with pytest.raises(http.NoAnswer):
        http.exchange(http.make_session(), "GET", server.url, seconds=0.5)

    assert time.monotonic() - began < 5


def test_a_fault_in_an_answer_of_status_200_is_a_fault(raw: Any, emulator: Emulator) -> None:
    body = json.dumps({"Fault": {"Error": [{"code": "6240", "Detail": "Id=7"}]}})
    server = raw(head() + body.encode())

    with pytest.raises(errors.DuplicateName):
        write(opened(emulator, api_url=server.url))


def test_the_provider_reads_its_address_from_the_settings(
    emulator: Emulator, provider: QuickBooksProvider, settings: Any
) -> None:
    settings.QUICKBOOKS = {**settings.QUICKBOOKS, "api_url": "http://127.0.0.1:1"}
    books = provider.open(company_id="123456789", tokens=FixedToken("x"), gate=OpenGate())

    with pytest.raises(errors.TryLater):
        books.company()
