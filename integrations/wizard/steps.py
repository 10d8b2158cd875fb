"""The steps of set-up, in order. A step is done when the facts of the run say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from integrations.models import MatchProposal, Setup

LISTS = (  # of contacts
    MatchProposal.List.MATCHED,
    MatchProposal.List.UNMATCHED,
    MatchProposal.List.DUPLICATES,
    MatchProposal.List.NEW,
)


# Two service items of one name, rate and SKU are unmatched: there is no list of duplicates.
LISTS_OF_ITEMS = (
    MatchProposal.List.MATCHED,
    MatchProposal.List.UNMATCHED,
    MatchProposal.List.NEW,
)


def lists_of(setup: Setup) -> tuple[MatchProposal.List, ...]:
    """The lists a person looks at before Sync, in order."""
    return LISTS_OF_ITEMS if setup.half == Setup.Half.BILLING else LISTS


@dataclass(frozen=True, kw_only=True)
class Step:
    slug: str
    part: str  # the heading in the left-hand navigation it stands under
    title: str
    template_name: str
    is_done: Callable[[Setup], bool]

    @property
    def url_name(self) -> str:
        return f"setup:{self.slug}"


def seen_at(name: str) -> str:
    """The field that says when this list was first opened."""
    return f"{name}_seen_at"


def has_seen(setup: Setup, name: str) -> bool:
    return getattr(setup, seen_at(name)) is not None


CONNECT = Step(
    slug="connect",
    part="Connect",
    title="Connect",
    template_name="",
    is_done=lambda setup: True,  # a run exists only for a connection; losing it shows a banner
)
CHOOSE_CONTACTS = Step(
    slug="contacts",
    part="Contacts",
    title="Choose what to import",
    template_name="integrations/setup_contacts.html",
    is_done=lambda setup: setup.import_state != Setup.Import.NOT_STARTED,
)
IMPORT_CONTACTS = Step(
    slug="contacts_progress",
    part="Contacts",
    title="Reading contacts",
    template_name="integrations/setup_contacts_progress.html",
    is_done=lambda setup: setup.import_state == Setup.Import.DONE,
)
REVIEW_CONTACTS = Step(
    slug="contacts_list",
    part="Contacts",
    title="Check the lists",
    template_name="integrations/setup_contacts_list.html",
    is_done=lambda setup: all(has_seen(setup, name) for name in LISTS),
)
SYNC_CONTACTS = Step(
    slug="contacts_sync",
    part="Contacts",
    title="Sync contacts",
    template_name="integrations/setup_contacts_sync.html",
    is_done=lambda setup: setup.worked_off_at is not None,
)

START_SERVICES = Step(
    slug="services",
    part="Service items and invoices",
    title="Start or skip",
    template_name="integrations/setup_services.html",
    is_done=lambda setup: setup.import_state != Setup.Import.NOT_STARTED,
)
IMPORT_SERVICES = Step(
    slug="services_progress",
    part="Service items and invoices",
    title="Reading QuickBooks",
    template_name="integrations/setup_services_progress.html",
    is_done=lambda setup: setup.import_state == Setup.Import.DONE,
)
REVIEW_SERVICES = Step(
    slug="services_list",
    part="Service items and invoices",
    title="Check the lists",
    template_name="integrations/setup_services_list.html",
    is_done=lambda setup: all(has_seen(setup, name) for name in LISTS_OF_ITEMS),
)
SYNC_SERVICES = Step(
    slug="services_sync",
    part="Service items and invoices",
    title="Sync service items",
    template_name="integrations/setup_services_sync.html",
    is_done=lambda setup: setup.worked_off_at is not None,
)

STEPS = {
    Setup.Half.CONTACTS: (
        CONNECT,
        CHOOSE_CONTACTS,
        IMPORT_CONTACTS,
        REVIEW_CONTACTS,
        SYNC_CONTACTS,
    ),
    Setup.Half.BILLING: (START_SERVICES, IMPORT_SERVICES, REVIEW_SERVICES, SYNC_SERVICES),
}
FINISH = "Finish"
PARTS = ("Connect", "Contacts", "Service items and invoices", FINISH)
