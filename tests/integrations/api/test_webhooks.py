"""The webhook address: quick, signed, silent about whom it knows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client

from integrations.models import Connection, InboxEntry
from tests.integrations.connected import make_connection
from tests.quickbooks import Emulator

pytestmark = pytest.mark.django_db

ADDRESS = "/webhooks/quickbooks/"
KEY = "verifier"


@pytest.fixture(autouse=True)
def verifier(settings: Any) -> None:
    settings.QUICKBOOKS = {**settings.QUICKBOOKS, "webhook_verifier": KEY}


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def event(company_id: str, remote_id: str = "58") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "1",
        "type": "qbo.customer.updated.v1",
        "time": "2026-11-22T21:31:25.179851517Z",
        "intuitentityid": remote_id,
        "intuitaccountid": company_id,
        "data": {},
    }


def post(body: bytes, *, signature: str | None = None, kind: str = "application/json") -> Any:
    digest = hmac.new(KEY.encode(), body, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode() if signature is None else signature
    client = Client(enforce_csrf_checks=True)
    return client.post(ADDRESS, body, content_type=kind, headers={"intuit-signature": signature})


@pytest.mark.parametrize("kind", ["application/json", "application/cloudevents+json", "text/plain"])
def test_a_signed_webhook_is_kept_and_answered(connection: Connection, kind: str) -> None:
    answer = post(json.dumps([event(connection.company_id)]).encode(), kind=kind)

    assert (answer.status_code, answer.content) == (200, b"")
    assert InboxEntry.objects.get().remote_id == "58"


def test_an_unknown_company_is_answered_like_a_known_one(connection: Connection) -> None:
    known = post(json.dumps([event(connection.company_id)]).encode())
    unknown = post(json.dumps([event("1" * 16)]).encode())

    assert (unknown.status_code, unknown.content) == (known.status_code, known.content)
    named = "X-Request-Id"  # each answer has a name of its own, whoever asks
    assert unknown.headers.pop(named) != known.headers.pop(named)
    assert dict(unknown.headers) == dict(known.headers)
    assert InboxEntry.objects.count() == 1


def test_the_same_webhook_twice_does_no_harm(connection: Connection) -> None:
    body = json.dumps([event(connection.company_id)]).encode()

    assert [post(body).status_code, post(body).status_code] == [200, 200]


@pytest.mark.parametrize("signature", ["", "AAAA", "ü"])
def test_a_wrong_signature_is_refused_and_nothing_is_kept(
    connection: Connection, signature: str
) -> None:
    answer = post(json.dumps([event(connection.company_id)]).encode(), signature=signature)

    assert answer.status_code == 401
    assert not InboxEntry.objects.exists()


def test_a_signed_body_that_is_not_understood_is_told_so() -> None:
    assert post(b"{").status_code == 400


def test_only_posts_are_taken() -> None:
    assert Client().get(ADDRESS).status_code == 405


def test_a_megabyte_is_the_most(connection: Connection) -> None:
    fits = json.dumps([event(connection.company_id)]).encode().ljust(1024 * 1024)

    assert post(fits).status_code == 200
    assert post(fits + b" ").status_code == 413


@pytest.mark.django_db(transaction=True)
def test_an_edit_on_the_desk_arrives_over_the_network(
    emulator: Emulator, live_server: Any, settings: Any
) -> None:
    settings.QUICKBOOKS = emulator.settings(settings.QUICKBOOKS)
    connection = make_connection(company_id=emulator.access["realm_id"])
    emulator.webhooks(url=live_server.url + ADDRESS)

    for format_ in ("cloudevents", "legacy"):
        emulator.switch(webhook_format=format_)
        emulator.edit("3", Notes=format_)
        attempts = emulator.webhooks(flush=True)["attempts"]
        assert attempts[-1]["status"] == 200

    heard = InboxEntry.objects.filter(connection=connection)
    assert {(each.remote_id, each.operation) for each in heard} == {("3", "updated")}
    assert heard.count() == 2
    assert all(each.occurred_at is not None for each in heard)


@pytest.mark.django_db(transaction=True)
def test_a_merge_on_the_desk_names_who_vanished(
    emulator: Emulator, live_server: Any, settings: Any
) -> None:
    settings.QUICKBOOKS = emulator.settings(settings.QUICKBOOKS)
    make_connection(company_id=emulator.access["realm_id"])
    emulator.webhooks(url=live_server.url + ADDRESS)

    emulator.act("merge", "3", into="4")
    emulator.webhooks(flush=True)

    merged = InboxEntry.objects.get(operation="merged")
    assert (merged.remote_id, merged.merged_from) == ("4", "3")
