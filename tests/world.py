"""
The cast of the stories: our firm, their company, and the time, which stands until it is moved.

`world` (tests/conftest.py) is a firm connected to a fresh sample company, its set-up done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from contacts import services
from contacts.models import Contact
from firms.models import Firm
from firms.permissions import Actor
from integrations.models import Connection, Cursor, Issue, Link
from integrations.sync import engine
from tests.factories import connect, make_actor, make_firm
from tests.quickbooks import Emulator


@dataclass
class World:
    """Our firm, their company, and the time."""

    firm: Firm
    actor: Actor
    connection: Connection
    quickbooks: Emulator
    now: datetime = field(default_factory=timezone.now)

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
        return Link.objects.exclude(state="former").get(local_id=contact.pk)

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
