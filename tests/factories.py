"""Valid rows by default; a test names only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import requests
from django.utils import timezone

from billing.models import Invoice, Payment, ServiceItem, TaxRate
from billing.services import invoices, payments, service_items, tax_rates
from billing.services.invoices import LineInput
from contacts import services as contact_services
from contacts.models import Contact
from firms.middleware import actor_of
from firms.models import BillingPlan, Firm, Licence, Membership, Role, User
from firms.permissions import ADMIN, Actor
from integrations.models import CallBudget, Connection, Credential, Cursor, Lease

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_numbers = count(1)


def today_of(firm: Firm) -> date:
    """The firm's day, which its pages go by."""
    return timezone.localdate(timezone=ZoneInfo(firm.time_zone))


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


def make_tax_rate(firm: Firm, *percents: str, **values: Any) -> TaxRate:
    """A rate of 8.7 %, or of the parts that are named."""
    number = next(_numbers)
    parts = [
        tax_rates.Part(name=f"Part {place}", percent=Decimal(percent))
        for place, percent in enumerate(percents or ("8.7",), start=1)
    ]
    return tax_rates.create_tax_rate(
        actor=Actor.for_sync(firm_id=firm.pk, label="a test"),
        name=values.get("name", f"Tax rate {number}"),
        parts=parts,
        now=NOW,
    )


def make_line(**values: Any) -> LineInput:
    """A line of 2 at 75.00."""
    given = {"description": "Bookkeeping", "quantity": Decimal(2), "rate": Decimal(75), **values}
    return LineInput(**given)


def make_invoice(firm: Firm, *, status: str = "sent", **values: Any) -> Invoice:
    """An invoice of one line, 150.00, to a contact of its own; `status` "draft" or "sent"."""
    actor = Actor.for_sync(firm_id=firm.pk, label="a test")
    if "contact_id" not in values:
        values["contact_id"] = (values.pop("contact", None) or make_contact(firm)).pk
    defaults = {
        "issued_on": date(2026, 11, 20),
        "term_days": None if "due_on" in values else 30,
        "lines": [make_line()],
    }
    draft = invoices.create_draft(actor=actor, values={**defaults, **values}, now=NOW)
    if status == "draft":
        return draft
    return invoices.mark_as_sent(actor=actor, invoice=draft, now=NOW)


def make_payment(invoice: Invoice, amount: str | Decimal, **values: Any) -> Payment:
    """A payment of `amount` to one invoice of the same contact."""
    part = {"invoice_id": invoice.pk, "amount": Decimal(amount)}
    defaults = {
        "contact_id": invoice.contact_id,
        "received_on": date(2026, 11, 25),
        "amount": Decimal(amount),
        "method": "Check",
        "reference": "2064",
        "parts": [part],
    }
    actor = Actor.for_sync(firm_id=invoice.firm_id, label="a test")
    return payments.record_payment(actor=actor, values={**defaults, **values}, now=NOW)


def connect(firm: Firm, emulator_url: str, *, realm: str = "", **fields: Any) -> Connection:
    """A connection to a company of the emulator, its first; with fresh tokens and set-up done."""
    wish = {"action": "issue", **({"realm": realm} if realm else {})}
    answer = requests.post(f"{emulator_url}/emulator/tokens", json=wish, timeout=10)
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
