"""The steps of set-up, in order. A step is done when the facts of the run say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from integrations.models import MatchProposal, Setup

LISTS = (
    MatchProposal.List.MATCHED,
    MatchProposal.List.UNMATCHED,
    MatchProposal.List.DUPLICATES,
    MatchProposal.List.NEW,
)


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
    is_done=lambda setup: setup.contacts_finished_at is not None,
)

STEPS = (CONNECT, CHOOSE_CONTACTS, IMPORT_CONTACTS, REVIEW_CONTACTS, SYNC_CONTACTS)
LATER_PARTS = ("Service items and invoices", "Finish")
