"""Valid rows by default; a test names only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from contacts import services as contact_services
from contacts.models import Contact
from firms.middleware import actor_of
from firms.models import BillingPlan, Firm, Licence, Membership, Role, User
from firms.permissions import ADMIN, Actor

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
