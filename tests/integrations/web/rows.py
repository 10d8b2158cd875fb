"""Rows of a connection, valid by default."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from contacts.models import Contact
from firms.models import Firm
from integrations.models import (
    CallBudget,
    Connection,
    Credential,
    Cursor,
    Issue,
    Lease,
    Link,
    Setup,
)


def make_connection(
    firm: Firm, *, setup: dict[str, Any] | None = None, **fields: Any
) -> Connection:
    """A connection whose contacts were synced; `setup` and `fields` say what differs."""
    now = timezone.now()
    values: dict[str, Any] = {
        "company_id": f"93414537{firm.pk:08}",
        "company_name": "Alder & Finch Accounting LLC",
        "state_changed_at": now - timedelta(days=3),
        "connected_at": now - timedelta(days=3),
        "contacts_synced_at": now - timedelta(days=2),
        "last_synced_at": now - timedelta(minutes=2),
        **fields,
    }
    connection = Connection.objects.create(firm=firm, **values)
    Lease.objects.create(connection=connection)
    Cursor.objects.create(connection=connection, value=now - timedelta(minutes=2))
    CallBudget.objects.create(connection=connection)
    if connection.state != Connection.State.DISCONNECTED:
        Credential.objects.create(
            connection=connection,
            access_token="access",
            refresh_token="refresh",
            access_ends_at=now + timedelta(hours=1),
            refresh_ends_at=now + timedelta(days=100),
            hard_ends_at=now + timedelta(days=1800),
        )
    Setup.objects.create(
        connection=connection,
        firm=firm,
        started_at=now - timedelta(days=3),
        **{
            "confirmed_at": now - timedelta(days=2),
            "worked_off_at": now - timedelta(days=2),
            **(setup or {}),
        },
    )
    return connection


def make_link(connection: Connection, contact: Contact | None = None, **fields: Any) -> Link:
    """A pair of this contact and a customer; without a contact a customer that was left out."""
    values: dict[str, Any] = {
        "entity": "contact",
        "state": Link.State.LINKED if contact else Link.State.LEFT_OUT,
        "local_id": contact.pk if contact else None,
        "label": contact.display_name if contact else "",
        "remote_id": str(1000 + Link.objects.count()),
        "remote_label": contact.display_name if contact else "A customer",
        **fields,
    }
    return Link.objects.create(connection=connection, firm_id=connection.firm_id, **values)


def make_issue(link: Link, **fields: Any) -> Issue:
    now = timezone.now()
    values: dict[str, Any] = {
        "kind": Issue.Kind.DUPLICATE_NAME,
        "sentence": "QuickBooks already has a customer of this name.",
        "what_to_do": "Link to the existing customer, or rename the contact.",
        "detail": {"code": "6240", "message": "Duplicate Name Exists Error", "trace": "1-69207c"},
        "opened_at": now,
        "last_seen_at": now,
        **fields,
    }
    return Issue.objects.create(
        connection=link.connection, firm_id=link.firm_id, link=link, **values
    )


def make_conflict(link: Link, **values: tuple[Any, Any]) -> Issue:
    """A conflict over these fields: name -> (ours, theirs), each a group of its own."""
    groups = [
        {
            "group": name,
            "label": name.replace("_", " ").capitalize(),
            "local": {name: ours},
            "remote": {name: theirs},
            "fields": [
                {
                    "name": name,
                    "label": name.replace("_", " ").capitalize(),
                    "base": "",
                    "local": ours,
                    "remote": theirs,
                }
            ],
        }
        for name, (ours, theirs) in values.items()
    ]
    return make_issue(
        link,
        kind=Issue.Kind.CONFLICT,
        sentence="Changed on both sides since the last sync.",
        what_to_do="",
        detail={"groups": groups},
    )
