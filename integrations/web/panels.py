"""What a contact's page shows of QuickBooks: both sides, the link and its buttons, the timeline."""

from __future__ import annotations

from contacts.models import Contact
from contacts.panels import Panel, register
from firms.http import FirmRequest
from integrations.entities import ENTITIES
from integrations.web import find, queries
from integrations.web.loaded import Loaded, is_moving, is_waiting, load, matched_by, rows_of

ENTITY = "contact"
EVENTS_SHOWN = 8


def install() -> None:
    """Have the contacts' pages ask for these panels."""
    for make in (attention, both_sides, books, timeline):
        register(make)


def attention(request: FirmRequest, contact: Contact) -> Panel | None:
    """On top: what needs a person, with a link to it."""
    loaded = _load(request, contact)
    if loaded is None or not loaded.issues:
        return None
    return Panel(
        template="integrations/_panel_attention.html",
        context={"issues": loaded.issues},
        place="top",
    )


def both_sides(request: FirmRequest, contact: Contact) -> Panel | None:
    """Every field that is kept equal, ours and theirs, for a linked contact."""
    loaded = _load(request, contact)
    if loaded is None or not loaded.is_linked or loaded.link is None:
        return None
    link = loaded.link
    if not (link.base or link.seen):  # matched just now: nothing of theirs was looked at yet
        return None
    local = ENTITIES[ENTITY].store.read(firm_id=contact.firm_id, local_id=contact.pk)
    if local is None:
        return None
    return Panel(
        template="integrations/_panel_both_sides.html",
        context={
            "rows": rows_of(link, local, loaded.connection),
            "is_moving": is_moving(link, local),
            "link": link,
            "connection": loaded.connection,
        },
        place="details",
    )


def books(request: FirmRequest, contact: Contact) -> Panel | None:
    """The link: to whom, since when, and what can be done."""
    loaded = _load(request, contact)
    if loaded is None:
        return None
    link = loaded.link
    candidates = []
    if not loaded.is_linked and loaded.connection.contacts_synced_at is not None:
        ours = find.sought(loaded.connection, ENTITY, contact.pk)
        found = find.candidates(loaded.connection, ours, contact.display_name) if ours else []
        candidates = [each for each in found if each.reason][:2]
    return Panel(
        template="integrations/_panel_books.html",
        context={
            "connection": loaded.connection,
            "link": link,
            "is_linked": loaded.is_linked,
            "mark": loaded.mark,
            "is_waiting": not loaded.is_linked and is_waiting(loaded),
            "candidates": candidates,
            "can_manage": loaded.can_manage,
            "matched_by": matched_by(link) if link and loaded.is_linked else None,
        },
    )


def timeline(request: FirmRequest, contact: Contact) -> Panel | None:
    loaded = _load(request, contact)
    if loaded is None or loaded.link is None:
        return None
    events = list(queries.timeline(loaded.link)[: EVENTS_SHOWN + 1])
    return Panel(
        template="integrations/_panel_timeline.html",
        context={
            "timeline": events[:EVENTS_SHOWN],
            "has_more": len(events) > EVENTS_SHOWN,
            "link": loaded.link,
        },
    )


# -- Parts ---------------------------------------------------------------------------------------


def _load(request: FirmRequest, contact: Contact) -> Loaded | None:
    """What all panels of one page need, read once."""
    return load(request, ENTITY, contact.pk)
