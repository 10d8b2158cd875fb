"""Webhooks: signed before they are read, in both envelopes, for several companies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.providers.base import BadWebhook, Notice, WrongSignature
from integrations.providers.quickbooks.feed import read_webhook
from integrations.providers.quickbooks.values import format_time, parse_time

KEY = "verifier-token"


def sign(body: bytes, key: str = KEY) -> dict[str, str]:
    digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return {"Intuit-Signature": base64.b64encode(digest).decode()}


def read(told: Any) -> list[Notice]:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return read_webhook(headers=sign(body), body=body, verifier=KEY)


def cloud_event(**changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": "qbo.customer.updated.v1",
        "datacontenttype": "application/json",
        "time": "2026-11-22T21:31:25.179851517Z",
        "intuitentityid": "60",
        "intuitaccountid": "9341450000000001",
        "data": {},
        **changes,
    }


def older(company_id: str = "9341450000000001", **changes: Any) -> dict[str, Any]:
    entity = {
        "name": "Customer",
        "id": "60",
        "operation": "Create",
        "lastUpdated": "2026-03-08T20:52:31.657Z",
        **changes,
    }
    return {"realmId": company_id, "dataChangeEvent": {"entities": [entity]}}


def test_a_cloud_event_becomes_a_notice() -> None:
    assert read([cloud_event()]) == [
        Notice(
            company_id="9341450000000001",
            entity="contact",
            remote_id="60",
            operation="updated",
            occurred_at=datetime(2026, 11, 22, 21, 31, 25, 179851, tzinfo=UTC),
        )
    ]


def test_the_older_envelope_becomes_notices_also_of_several_companies() -> None:
    told = {
        "eventNotifications": [
            older(),
            older("9341450000000002", id="58", operation="Merge", deletedId="61"),
        ]
    }

    assert read(told) == [
        Notice(
            company_id="9341450000000001",
            entity="contact",
            remote_id="60",
            operation="created",
            occurred_at=datetime(2026, 3, 8, 20, 52, 31, 657000, tzinfo=UTC),
        ),
        Notice(
            company_id="9341450000000002",
            entity="contact",
            remote_id="58",
            operation="merged",
            occurred_at=datetime(2026, 3, 8, 20, 52, 31, 657000, tzinfo=UTC),
            merged_from="61",
        ),
    ]


def test_one_delivery_may_be_about_several_companies() -> None:
    told = read([cloud_event(), cloud_event(intuitaccountid="9341450000000002")])

    assert [each.company_id for each in told] == ["9341450000000001", "9341450000000002"]


def test_a_merge_names_who_vanished() -> None:
    (told,) = read([cloud_event(type="qbo.customer.merged.v1", data={"deletedId": "61"})])

    assert (told.operation, told.remote_id, told.merged_from) == ("merged", "60", "61")


@pytest.mark.parametrize(
    "type_", ["qbo.bill.created.v1", "qbo.starship.updated.v1", "other.customer.updated.v1", ""]
)
def test_what_we_do_not_sync_is_dropped(type_: str) -> None:
    assert read([cloud_event(type=type_), cloud_event(intuitentityid="7")])[0].remote_id == "7"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"intuit-signature": ""},
        {"intuit-signature": "no base64 !"},
        {"intuit-signature": "ümlaut"},
        sign(b"another body"),
        sign(json.dumps([cloud_event()]).encode(), key="another key"),
    ],
)
def test_a_wrong_signature_is_refused(headers: dict[str, str]) -> None:
    body = json.dumps([cloud_event()]).encode()

    with pytest.raises(WrongSignature):
        read_webhook(headers=headers, body=body, verifier=KEY)


def test_the_signature_is_looked_at_before_the_body() -> None:
    with pytest.raises(WrongSignature):
        read_webhook(headers=sign(b"x"), body=b"{" * 100_000, verifier=KEY)


def test_without_a_verifier_nothing_is_rightly_signed() -> None:
    body = b"[]"

    with pytest.raises(WrongSignature):
        read_webhook(headers=sign(body, key=""), body=body, verifier="")


def test_the_signature_is_over_the_very_bytes() -> None:
    body = json.dumps([cloud_event()], indent=2).encode()
    same = json.dumps(json.loads(body)).encode()

    assert read_webhook(headers=sign(body), body=body, verifier=KEY)
    with pytest.raises(WrongSignature):
        read_webhook(headers=sign(body), body=same, verifier=KEY)


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"no json",
        b"[" * 100_000,
        b"5",
        b'"text"',
        b"{}",
        b"[5]",
        b'[{"type": "qbo.customer.updated.v1"}]',
        b'{"eventNotifications": 5}',
        b'{"eventNotifications": [{"realmId": "1"}]}',
    ],
)
def test_a_signed_body_in_another_form_is_told_apart(told: bytes) -> None:
    with pytest.raises(BadWebhook):
        read(told)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T21:31:25.179851517Z", datetime(2026, 11, 22, 21, 31, 25, 179851, tzinfo=UTC)),
        ("2026-11-22T21:31:25Z", datetime(2026, 11, 22, 21, 31, 25, tzinfo=UTC)),
        ("2026-11-22T13:31:25.1-08:00", datetime(2026, 11, 22, 21, 31, 25, 100000, tzinfo=UTC)),
        ("2015-10-05T14:42:19-0700", datetime(2015, 10, 5, 21, 42, 19, tzinfo=UTC)),
        ("2026-13-40T00:00:00Z", None),
        ("yesterday", None),
        (None, None),
        (5, None),
    ],
)
def test_times_are_read_in_every_form(text: Any, expected: datetime | None) -> None:
    assert parse_time(text) == expected


def test_a_time_without_an_offset_is_not_sent() -> None:
    assert format_time(datetime(2026, 11, 22, 1, 2, 3, 999999, tzinfo=UTC)) == (
        "2026-11-22T01:02:03+00:00"
    )
    with pytest.raises(ValueError, match="aware"):
        format_time(datetime(2026, 11, 22))  # noqa: DTZ001
