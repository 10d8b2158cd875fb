"""
What changed there: the change feed (CDC) and webhooks.

Sources: sections 5.8 and 8 of the API, as told in README.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.errors import FeedTooOld, Refused, TryLater
from integrations.providers.base import (
    COMPANY,
    BadWebhook,
    ChangePage,
    Notice,
    Removed,
    Snapshot,
    WrongSignature,
)
from integrations.providers.quickbooks.client import QuickBooksClient
from integrations.providers.quickbooks.mapping import BY_RESOURCE, MAPPINGS
from integrations.providers.quickbooks.values import format_time, json_ready, parse_time

MOST_OBJECTS = 1000  # of one answer, all entities together (written both ways: the stricter)
REACH = timedelta(days=30)  # deletions further back are not told any more

# In the type of a CloudEvent the entity is written small and without separators (8.4).
_ENTITIES = {
    **{resource.lower(): mapping.entity for resource, mapping in BY_RESOURCE.items()},
    "preferences": COMPANY,
}
_OLD_OPERATIONS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "void": "voided",
    "emailed": "emailed",
}


# -- The change feed -----------------------------------------------------------------------------


def read_changes(client: QuickBooksClient, cursor: datetime, entities: Sequence[str]) -> ChangePage:
    """
    Ask for all that changed since `cursor`. One metered read.

    Raises:
        FeedTooOld: `cursor` is more than 30 days back, by our clock or by QuickBooks'.
    """
    if cursor < datetime.now(UTC) - REACH:
        raise FeedTooOld()
    resources = ",".join(MAPPINGS[entity].resource for entity in entities)
    try:
        answer = client.change_data_capture(resources, format_time(cursor))
    except Refused as error:
        if "30 days" in error.detail:
            raise FeedTooOld() from error
        raise
    answered_at = answer_time(answer)
    if cursor < answered_at - REACH:
        raise FeedTooOld()
    snapshots: list[Snapshot] = []
    removed: list[Removed] = []
    count = 0
    for resource, each in _changed_objects(answer):
        count += 1
        mapping = BY_RESOURCE.get(resource)
        if mapping is None:
            continue
        if str(each.get("status", "")).lower() == "deleted":
            removed.append(Removed(entity=mapping.entity, remote_id=str(each["Id"])))
        else:
            snapshots.append(mapping.snapshot(json_ready(each)))
    return ChangePage(
        snapshots=snapshots,
        removed=removed,
        next_cursor=answered_at,
        is_complete=count < MOST_OBJECTS,
    )


def answer_time(answer: Mapping[str, Any]) -> datetime:
    """QuickBooks' clock when it answered (2.4)."""
    answered_at = parse_time(answer.get("time"))
    if answered_at is None:
        raise TryLater(detail="An answer without a time.")
    return answered_at


def _changed_objects(answer: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(resource, object) of every list in the answer; an entity without changes is {}."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    try:
        if not answer["CDCResponse"]:
            raise KeyError("CDCResponse")
        for part in answer["CDCResponse"]:
            for listed in part["QueryResponse"]:
                if any(name.lower() == "fault" for name in listed):
                    raise TryLater(detail="A fault inside the answer of the change feed.")
                for resource, objects in listed.items():
                    if isinstance(objects, list):
                        found.extend((resource, each) for each in objects if each["Id"])
    except (KeyError, TypeError, AttributeError):
        # An answer that is not understood moves no cursor.
        raise TryLater(detail="The answer of the change feed has another shape.") from None
    return found


# -- Webhooks ------------------------------------------------------------------------------------


def read_webhook(*, headers: Mapping[str, str], body: bytes, verifier: str) -> list[Notice]:
    """
    The notices in a webhook, those of entities we know.

    Args:
        headers: looked at without regard to case. `body`: the raw bytes.
        verifier: the verifier token of the app; an empty one fits no signature.
    Raises:
        WrongSignature: before anything is parsed.
        BadWebhook: rightly signed, yet not understood.
    """
    named = {name.lower(): value for name, value in headers.items()}
    check_signature(named.get("intuit-signature", ""), body, verifier)
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise BadWebhook("It is no JSON.") from None
    try:
        notices = _cloud_events(parsed) if isinstance(parsed, list) else _older(parsed)
    except (KeyError, TypeError, AttributeError):
        raise BadWebhook("It lacks a property.") from None
    return [each for each in notices if each is not None]


def check_signature(signature: str, body: bytes, verifier: str) -> None:
    """HMAC-SHA256 of the raw body, base64 (8.2), compared in constant time."""
    expected = hmac.new(verifier.encode(), body, hashlib.sha256).digest()
    try:
        told = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        told = b""
    if not hmac.compare_digest(told, expected) or not verifier:
        raise WrongSignature("The webhook is not signed with our verifier token.")


def _cloud_events(events: list[Any]) -> list[Notice | None]:
    return [_cloud_event(event) for event in events]


def _cloud_event(event: Mapping[str, Any]) -> Notice | None:
    """`type` is "qbo.customer.updated.v1"; the fraction of `time` has up to nine digits."""
    parts = str(event["type"]).lower().split(".")
    entity = _ENTITIES.get(parts[1]) if len(parts) == 4 and parts[0] == "qbo" else None
    if entity is None:
        return None
    # Where a merge names the one that vanished is not documented; it is looked for in `data`.
    data = event.get("data")
    named = {name.lower(): value for name, value in data.items()} if isinstance(data, dict) else {}
    return Notice(
        company_id=str(event["intuitaccountid"]),
        entity=entity,
        remote_id=str(event["intuitentityid"]),
        operation=parts[2],
        occurred_at=parse_time(event.get("time")),
        merged_from=_merged_from(named.get("deletedid") or event.get("intuitdeletedid")),
    )


def _older(parsed: Mapping[str, Any]) -> list[Notice | None]:
    """The envelope used until 2026 (8.3)."""
    return [
        _older_notice(str(part["realmId"]), each)
        for part in parsed["eventNotifications"]
        for each in part["dataChangeEvent"]["entities"]
    ]


def _older_notice(company_id: str, event: Mapping[str, Any]) -> Notice | None:
    entity = _ENTITIES.get(str(event["name"]).lower())
    if entity is None:
        return None
    operation = str(event["operation"]).lower()
    return Notice(
        company_id=company_id,
        entity=entity,
        remote_id=str(event["id"]),
        operation=_OLD_OPERATIONS.get(operation, operation),
        occurred_at=parse_time(event.get("lastUpdated")),
        merged_from=_merged_from(event.get("deletedId")),
    )


def _merged_from(value: Any) -> str | None:
    return str(value) if value else None
