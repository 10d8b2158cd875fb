"""A firm whose contacts are synced, at the start of the second half of set-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from contacts.models import Contact
from integrations.models import Connection, Link, MatchProposal, Setup
from integrations.sync import engine
from integrations.wizard import dry_run, importing, ledger, services, syncing
from integrations.wizard.answers import Answers
from integrations.wizard.steps import LISTS_OF_ITEMS
from tests.factories import make_service_item
from tests.integrations.wizard.conftest import Wizard

INCOME_ACCOUNT = "1"  # Services, of the sample company
ALL = Answers(income_account=INCOME_ACCOUNT, since=None)


@dataclass
class Half(Wizard):
    """The person in the second half; `setup` is its run."""

    def item(self, **values: Any) -> Any:
        return make_service_item(self.firm, **values)

    def linked_contact(self, label: str) -> Contact:
        """A contact of ours that is linked with the customer of this name."""
        [customer] = self.emulator.named(label)
        contact = self.contact(display_name=label)
        Link.objects.create(
            connection=self.connection,
            firm=self.firm,
            entity="contact",
            local_id=contact.pk,
            remote_id=customer["Id"],
            label=label,
            remote_label=label,
            state=Link.State.LINKED,
        )
        return contact

    def start(self, which: str = "all") -> None:
        services.start_services(actor=self.actor, setup=self.setup, now=self.clock.now)

    def see_all(self) -> None:
        for name in LISTS_OF_ITEMS:
            services.see_list(actor=self.actor, setup=self.setup, name=name, now=self.clock.now)

    def plan(self, answers: Answers = ALL) -> dry_run.ServicesPlan:
        ledger.refresh(self.setup, now=self.clock.now)
        return dry_run.plan_services(self.setup, answers)

    def confirm(self, answers: Answers = ALL) -> dry_run.ServicesPlan:
        self.see_all()
        shown = self.plan(answers)
        syncing.confirm_services(
            actor=self.actor,
            setup=self.setup,
            shown=shown.digest,
            answers=answers,
            now=self.clock.now,
        )
        self.connection.refresh_from_db()
        return shown

    def drain(self) -> bool:
        for _ in range(5):
            told = engine.drain(self.connection, now=self.clock.now, seconds=60)
            if not told.has_more:
                break
        finished = syncing.note_finished(self.connection, self.clock.now)
        self.setup.refresh_from_db()
        return finished

    def rows(self, name: str, entity: str = "service_item") -> list[MatchProposal]:
        found = MatchProposal.objects.filter(setup=self.setup, entity=entity, list=name)
        return list(found.order_by("sort_key", "pk"))

    def read_slowly(self, size: int) -> None:
        self.read(importing.Pace(page=size, overlap=1, step_back=2, seconds=0))


def begin(wizard: Wizard) -> Half:
    """As after Sync contacts, with no customer brought in."""
    now = wizard.clock.now
    Setup.objects.filter(pk=wizard.setup.pk).update(
        which="active",
        import_state=Setup.Import.DONE,
        matched_seen_at=now,
        unmatched_seen_at=now,
        duplicates_seen_at=now,
        new_seen_at=now,
        confirmed_at=now,
        worked_off_at=now,
    )
    Connection.objects.filter(pk=wizard.connection.pk).update(contacts_synced_at=now)
    wizard.connection.refresh_from_db()
    setup = services.begin_setup(
        actor=wizard.actor, connection=wizard.connection, half=Setup.Half.BILLING, now=now
    )
    return Half(
        wizard.firm,
        wizard.member,
        wizard.actor,
        wizard.connection,
        setup,
        wizard.emulator,
        wizard.clock,
    )


def first_of(year: int) -> date:
    return date(year, 1, 1)
