"""A firm connected to the emulator, at the start of the wizard."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contacts.models import Contact
from firms.middleware import actor_of
from firms.models import Firm, Membership
from firms.permissions import Actor
from integrations.models import (
    CallBudget,
    Connection,
    Credential,
    Cursor,
    ImportedRecord,
    Lease,
    MatchProposal,
    Setup,
)
from integrations.wizard import importing, services
from tests.factories import make_contact, make_firm, make_member
from tests.quickbooks import Emulator

NOW = datetime.now(UTC).replace(microsecond=0)  # the provider looks at the real clock too


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Wizard:
    """A person in the wizard, and what they look at."""

    firm: Firm
    member: Membership
    actor: Actor
    connection: Connection
    setup: Setup
    emulator: Emulator
    clock: Clock = field(default_factory=Clock)

    def contact(self, **values: Any) -> Contact:
        return make_contact(self.firm, **values)

    def start(self, which: str = "active") -> None:
        services.start_import(actor=self.actor, setup=self.setup, which=which, now=self.clock.now)

    def read(self, pace: importing.Pace = importing.PACE) -> str:
        """Let a worker read on."""
        told = importing.run(self.setup.pk, clock=self.clock, pace=pace)
        self.setup.refresh_from_db()
        return told

    def import_all(self, which: str = "active") -> None:
        self.start(which)
        self.read()
        assert self.setup.import_state == Setup.Import.DONE, self.setup.import_message

    def rows(self, name: str) -> list[MatchProposal]:
        found = MatchProposal.objects.filter(setup=self.setup, list=name)
        return list(found.order_by("sort_key", "pk"))

    def row(self, name: str, label: str) -> MatchProposal:
        found = [each for each in self.rows(name) if label in (each.local_label, each.remote_label)]
        assert len(found) == 1, f"{label} on {name}: {found}"
        return found[0]

    def imported(self, label: str) -> ImportedRecord:
        return ImportedRecord.objects.get(connection=self.connection, label=label)

    def queries(self) -> list[dict[str, Any]]:
        return [each for each in self.emulator.calls() if each["kind"] == "query"]


def connect(firm: Firm, member: Membership, access: dict[str, Any]) -> Connection:
    connection = Connection.objects.create(
        firm=firm,
        company_id=access["realm_id"],
        company_name="Craig's Design and Landscaping Services",
        state_changed_at=NOW,
        connected_at=NOW,
        connected_by=member.user,
    )
    Credential.objects.create(
        connection=connection,
        access_token=access["access_token"],
        refresh_token=access["refresh_token"],
        access_ends_at=NOW + timedelta(days=365),
        refresh_ends_at=NOW + timedelta(days=465),
    )
    Lease.objects.create(connection=connection)
    CallBudget.objects.create(connection=connection)
    Cursor.objects.create(connection=connection)
    return connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wizard(db: None, emulator: Emulator) -> Wizard:
    emulator.reset(limits=False, now=NOW)  # both sides live on the same day
    firm = make_firm(name="Alder & Finch Accounting")
    member = make_member(firm, name="Priya Raman")
    actor = actor_of(member)
    connection = connect(firm, member, emulator.access)
    setup = services.begin_setup(actor=actor, connection=connection, now=NOW)
    return Wizard(firm, member, actor, connection, setup, emulator)


@pytest.fixture
def half(wizard: Wizard) -> Any:
    from tests.integrations.wizard.second_half import begin  # noqa: PLC0415  (it needs Wizard)

    return begin(wizard)
