"""Valid rows by default; a test names only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import requests
from django.utils import timezone

from billing.models import ServiceItem
from billing.services import service_items
from contacts import services as contact_services
from contacts.models import Contact
from firms.middleware import actor_of
from firms.models import BillingPlan, Firm, Licence, Membership, Role, User
from firms.permissions import ADMIN, Actor
from integrations.models import CallBudget, Connection, Credential, Cursor, Lease

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_numbers = count(1)


def make_firm(**fields: Any) -> Firm:
    defaults: dict[str, Any] = {
        "name": f"Firm {next(_numbers)}",
        "billing_plan": BillingPlan.PAID,
        "licences": [Licence.TIME_AND_BILLING],
    }
    return Firm.objects.create(**{**defaults, **fields})


def make_member(
    firm: Firm, *, role: str = "Admin", permissions: Iterable[str] = ADMIN, **fields: Any
) -> Membership:
    number = next(_numbers)
    defaults = {"email": f"person{number}@example.test", "name": f"Person {number}"}
    user = User.objects.create_user(password="correct horse battery", **{**defaults, **fields})
    found, _ = Role.objects.get_or_create(
        firm=firm, name=role, defaults={"permissions": list(permissions)}
    )
    return Membership.objects.create(user=user, firm=firm, role=found)


def make_actor(firm: Firm, **fields: Any) -> Actor:
    return actor_of(make_member(firm, **fields))


def make_contact(firm: Firm, **values: Any) -> Contact:
    values.setdefault("display_name", f"Contact {next(_numbers)}")
    return contact_services.create_contact(
        actor=Actor.for_sync(firm_id=firm.pk, label="a test"), values=values, now=NOW
    )


def make_service_item(firm: Firm, **values: Any) -> ServiceItem:
    values.setdefault("name", f"Service {next(_numbers)}")
    return service_items.accept_from_books(
        actor=Actor.for_sync(firm_id=firm.pk, label="a test"), item_id=None, values=values, now=NOW
    )


def connect(firm: Firm, emulator_url: str, **fields: Any) -> Connection:
    """A connection to the emulator's first company, with fresh tokens and set-up done."""
    answer = requests.post(f"{emulator_url}/emulator/tokens", json={"action": "issue"}, timeout=10)
    answer.raise_for_status()
    keys = answer.json()
    now = fields.pop("now", None) or timezone.now()
    connection = Connection.objects.create(
        **{
            "firm": firm,
            "company_id": keys["realm_id"],
            "company_name": "Craig's Design and Landscaping Services",
            "state_changed_at": now,
            "connected_at": now,
            "contacts_synced_at": now,
            **fields,
        }
    )
    Credential.objects.create(
        connection=connection,
        access_token=keys["access_token"],
        refresh_token=keys["refresh_token"],
        access_ends_at=now + timedelta(hours=1),
        refresh_ends_at=now + timedelta(days=100),
    )
    Lease.objects.create(connection=connection)
    Cursor.objects.create(connection=connection, value=now)
    CallBudget.objects.create(connection=connection)
    return connection
