"""Odd requests by the thousand: no 5xx, refusals as recorded, sound books (6, 12)."""

import functools
import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from qbo_emulator.emulator import Session
from qbo_emulator.entities import ENTITIES, Entity, Shape
from qbo_emulator.jsontext import loads
from qbo_emulator.ledger import Ledger
from qbo_emulator.oauth import OWNER

from .conftest import Quick
from .inside import Answer, Ask, Inside, check_shape, emulator_inside
from .odd import Odd
from .odd_elsewhere import OddElsewhere

REQUESTS = 20_000
HTTP_REQUESTS = 500
OTHER_REQUESTS = 4_000
EXAMPLES, REQUESTS_AN_EXAMPLE = 40, 250  # ten thousand more, from numbers that are new each run


def tokens_of(inside: Inside) -> dict[str, str]:
    """The first company's realm; its live and an expired access token; another company's."""
    emulator = inside.emulator
    realm = emulator.store.companies()[0]["realm_id"]
    foreign = emulator.add_company("empty")
    expired = emulator.access(realm)["access_token"]
    emulator.oauth.expire_access_tokens(realm)
    return {
        "realm": realm,
        "expired": expired,
        "foreign": emulator.access(foreign)["access_token"],
        "live": emulator.access(realm)["access_token"],
    }


@pytest.mark.slow
def test_thousands_of_odd_requests_get_no_5xx_and_leave_the_books_sound_6_12() -> None:
    with emulator_inside() as inside:
        access = tokens_of(inside)
        objects = functools.partial(inside.objects, access["realm"])
        statuses = []
        for seed in range(REQUESTS):
            wanted = Odd(seed, access, objects).request()
            answer = inside.ask(wanted)
            check_shape(wanted, answer)
            statuses.append(answer.status)

        assert statuses.count(200) > REQUESTS / 20  # it is not all refused at the door
        check_books(inside, access)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None)
@given(first=st.integers(min_value=REQUESTS, max_value=2**60))
def test_odd_requests_drawn_anywhere_get_no_5xx_6_12(first: int) -> None:
    with emulator_inside() as inside:
        access = tokens_of(inside)
        objects = functools.partial(inside.objects, access["realm"])
        for seed in range(first, first + REQUESTS_AN_EXAMPLE):
            wanted = Odd(seed, access, objects).request()
            check_shape(wanted, inside.ask(wanted))


def check_books(inside: Inside, access: dict[str, str]) -> None:
    """Every stored document can be read and queried; the ledger balances, and so do the names."""
    realm, store = access["realm"], inside.emulator.store
    for entity in ENTITIES:
        inside.emulator.books.bring_up_to_date(realm, entity.name)
        rows = [row for row in store.dump(realm, entity.name) if not row.gone]
        for row in rows:
            assert loads(row.doc).get("Id", row.id) == row.id
            path = entity.path if entity.shape is Shape.SINGLE else f"{entity.path}/{row.id}"
            if not entity.identity:
                shown = read(inside, access, path)[entity.name]
                assert shown | loads(row.doc) == shown  # an answer may show more than is kept
        if not entity.identity:
            assert len(queried(inside, access, entity)) == len(rows), entity.name
    ledger = Ledger(store)
    assert sum(ledger.accounts(realm).values()) == 0
    for each in ledger.sums(realm, ("entity", "date")):
        assert each["cents"] == 0, each
    for name in {each["name"] for each in ledger.sums(realm, ("name",))}:
        entity, _, id = name.partition(":")
        row = store.get(realm, entity, id) if entity == "Customer" else None
        if row is not None and not row.gone:
            assert loads(row.doc)["Balance"] * 100 == ledger.owed(realm, name), row.doc
    check_applied(inside, realm)


def check_applied(inside: Inside, realm: str) -> None:
    """Nothing is paid by more than it is worth, but for a deposit taken at the same time."""
    for document in stored(inside, realm, "Invoice"):
        low = min(0, document["TotalAmt"] - document.get("Deposit", 0))
        assert low <= document["Balance"] <= document["TotalAmt"], document
    for document in stored(inside, realm, "Payment"):
        lines = document["Line"]
        credits = [each for each in lines if each["LinkedTxn"][0]["TxnType"] == "CreditMemo"]
        most = document["TotalAmt"] + sum(each["Amount"] for each in credits)
        assert 0 <= document["UnappliedAmt"] <= most, document


def stored(inside: Inside, realm: str, entity: str) -> list[dict[str, Any]]:
    rows = inside.emulator.store.dump(realm, entity)
    return [loads(row.doc) for row in rows if not row.gone]


def read(inside: Inside, access: dict[str, str], path: str) -> dict[str, Any]:
    headers = {"Accept": "application/json", "Authorization": f"Bearer {access['live']}"}
    answer = inside.ask(Ask("GET", f"/v3/company/{access['realm']}/{path}", headers))
    assert answer.status == 200, (path, answer)
    body: dict[str, Any] = answer.json()
    return body


def queried(inside: Inside, access: dict[str, str], entity: Entity) -> list[dict[str, Any]]:
    """All of an entity, in pages, inactive ones too."""
    found: list[dict[str, Any]] = []
    where = "%20WHERE%20Active%20IN%20(true,false)" if "Active" in entity.by_name else ""
    while True:
        page = f"%20STARTPOSITION%20{len(found) + 1}%20MAXRESULTS%201000"
        query = f"query?query=SELECT%20*%20FROM%20{entity.name}{where}{page}"
        rows = read(inside, access, query)["QueryResponse"].get(entity.name, [])
        found += rows
        if len(rows) < 1000:
            return found


# --- Over the network ---


def test_odd_requests_over_http_get_no_5xx_either_6_12(qbo: Quick) -> None:
    host = urlsplit(qbo.base_url)
    foreign = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]
    access = {"realm": qbo.realm, "expired": qbo.access["access_token"]}
    qbo.control("POST", "tokens", {"action": "expire"})
    for name, realm in (("live", qbo.realm), ("foreign", foreign)):
        issued = qbo.control("POST", "tokens", {"action": "issue", "realm": realm})
        access[name] = issued["access_token"]
    connection = http.client.HTTPConnection(str(host.hostname), host.port, timeout=20)
    for seed in range(HTTP_REQUESTS):
        wanted = Odd(seed, access, lambda entity: [("1", "0"), ("2", "0"), ("58", "0")]).request()
        connection.request(wanted.method, wanted.target, wanted.body, wanted.headers)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, headers, response.read())
        if wanted.method == "HEAD":
            assert answer.status < 500, wanted
        else:
            check_shape(wanted, answer)
    connection.close()


# --- The control addresses, the desk and OAuth ---


@pytest.mark.slow
def test_odd_control_calls_forms_and_token_requests_get_no_5xx() -> None:
    with emulator_inside() as inside:
        routes = [route for route in inside.app.routes if isinstance(route, Route)]
        routes = [each for each in routes if not each.path.startswith("/v3/")]
        for seed in range(OTHER_REQUESTS):
            # Signing out and resetting are among the requests.
            inside.emulator.sessions.setdefault("signed-in", Session(OWNER.email))
            wanted = OddElsewhere(seed, routes).request()
            if not wanted.target.startswith(("/emulator/", "/books/")):
                inside.emulator.faults.clear()  # an armed one may well answer 500
            answer = inside.ask(wanted)
            assert answer.status < 500, f"{answer} to {wanted!r}"
