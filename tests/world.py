"""
The cast of the stories: our firm, their company, and the time, which stands until it is moved.

`world` (tests/conftest.py) is a firm connected to a fresh sample company, its set-up done.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.utils import timezone

from billing.models import Invoice, Payment, ServiceItem
from contacts import services
from contacts.models import Contact
from firms.models import Firm
from firms.permissions import Actor
from integrations.models import Connection, Cursor, Issue, Link
from integrations.providers.quickbooks.mapping import MAPPINGS
from integrations.sync import access, company_facts, engine
from tests.factories import connect, make_actor, make_firm
from tests.quickbooks import Emulator

PACIFIC = ZoneInfo("America/Los_Angeles")  # of the sample company

ENTITY_OF: dict[type[Model], str] = {
    Contact: "contact",
    ServiceItem: "service_item",
    Invoice: "invoice",
    Payment: "payment",
}
LISTS = {
    "terms": [
        {"id": "1", "name": "Due on receipt", "days": 0},
        {"id": "2", "name": "Net 15", "days": 15},
        {"id": "3", "name": "Net 30", "days": 30},
        {"id": "4", "name": "Net 60", "days": 60},
    ],
    "methods": [{"id": "1", "name": "Cash"}, {"id": "2", "name": "Check"}],
}
# Of the sample company: Services, Gardening, Undeposited Funds.
DEFAULTS = {
    "income_account": {"id": "1", "label": "Services"},
    "service_item": {"id": "6", "label": "Gardening"},
    "deposit_account": {"id": "4", "label": "Undeposited Funds"},
}


@dataclass
class World:
    """Our firm, their company, and the time."""

    firm: Firm
    actor: Actor
    connection: Connection
    quickbooks: Emulator
    now: datetime = field(default_factory=timezone.now)

    @property
    def today_there(self) -> date:
        """The company's day, which may still be yesterday."""
        return self.now.astimezone(PACIFIC).date()

    def sync(self, *, after: float = 0.01, feed: bool = False) -> engine.Report:
        """Move the clock and drain what is due; with `feed`, read what changed there."""
        self.now += timedelta(seconds=after)
        if feed:
            Cursor.objects.filter(connection=self.connection).update(wanted_at=self.now)
        return engine.drain(self.connection, now=self.now, seconds=60)

    def create(self, name: str, **values: Any) -> Contact:
        return services.create_contact(
            actor=self.actor, values={"display_name": name, **values}, now=self.now
        )

    def edit(self, contact: Contact, **changes: Any) -> Contact:
        contact.refresh_from_db()
        return services.update_contact(
            actor=self.actor,
            contact=contact,
            version=contact.version,
            changes=changes,
            now=self.now,
        )

    def linked(self, name: str, **values: Any) -> Contact:
        """A contact that both sides hold."""
        contact = self.create(name, **values)
        self.sync()
        assert self.link(contact).state == Link.State.LINKED
        return contact

    def link(self, contact: Contact) -> Link:
        return self.link_of(contact)

    def link_of(self, record: Model) -> Link:
        """Today's pair of any record of ours."""
        entity = ENTITY_OF[type(record)]
        return Link.objects.exclude(state="former").get(entity=entity, local_id=record.pk)

    def theirs(self, record: Model) -> dict[str, Any]:
        """What the books hold of a record of ours."""
        link = self.link_of(record)
        assert link.remote_id is not None
        return self.quickbooks.stored(link.remote_id, MAPPINGS[link.entity].resource)

    def act(self, record: Model, operation: str, **fields: Any) -> dict[str, Any]:
        """A person in the books does something to what our record is there."""
        link = self.link_of(record)
        assert link.remote_id is not None
        resource = MAPPINGS[link.entity].resource
        return self.quickbooks.act(operation, link.remote_id, entity=resource, fields=fields)

    def switch_billing_on(self, **rules: Any) -> None:
        """As after the second half of set-up, with the sample company's accounts chosen."""
        Connection.objects.filter(pk=self.connection.pk).update(
            **{
                "billing_started_at": self.now,
                "billing_synced_at": self.now,
                "defaults": DEFAULTS,
                **rules,
            }
        )
        self.connection.refresh_from_db()

    def read_company(self, *, lists: bool = False) -> None:
        """Read the company's preferences anew, as happens once a week; with `lists` those, too."""
        books = access.open_books(self.connection, lane="people")
        company = books.company()
        company_facts.refresh_facts(connection=self.connection, company=company, now=self.now)
        told = asdict(books.lists()) if lists else LISTS
        Connection.objects.filter(pk=self.connection.pk).update(
            company_facts={**company_facts.facts_of(company), "lists": told}
        )
        self.connection.refresh_from_db()

    def prefer(self, group: str, **values: Any) -> None:
        """A person in the books changes preferences, and we have read them."""
        self.quickbooks.act("update", "1", entity="Preferences", fields={group: values})
        self.read_company()

    def customer(self, contact: Contact) -> dict[str, Any]:
        remote_id = self.link(contact).remote_id
        assert remote_id is not None
        return self.quickbooks.stored(remote_id)

    def edit_there(self, contact: Contact, **fields: Any) -> None:
        remote_id = self.link(contact).remote_id
        assert remote_id is not None
        self.quickbooks.act("update", remote_id, fields=fields)

    def customers_named(self, name: str) -> list[dict[str, Any]]:
        return self.quickbooks.named(name)

    def writes(self) -> int:
        return int(self.quickbooks.ask("counts")["writes"])

    def open_issue(self) -> Issue:
        return Issue.objects.get(state=Issue.State.OPEN)


def make_world(quickbooks: Emulator) -> World:
    firm = make_firm()
    return World(
        firm=firm,
        actor=make_actor(firm),
        connection=connect(firm, quickbooks.base_url),
        quickbooks=quickbooks,
    )
