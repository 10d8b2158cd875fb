"""What a contact's page shows of QuickBooks: both sides, the link and its buttons, the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contacts.models import Contact
from contacts.panels import Panel, register
from firms.http import FirmRequest
from firms.marks import SyncMark
from firms.permissions import Permission
from integrations.entities import ENTITIES, Local
from integrations.models import Activity, Connection, Issue, Link, OutboxEntry
from integrations.reconcile.policy import Side
from integrations.reconcile.record import UNKNOWN, Field
from integrations.web import cards, find, queries

ENTITY = "contact"
EVENTS_SHOWN = 8
KEPT_ON = "_books_of_contact"  # where a request keeps what was loaded for it


@dataclass(frozen=True, kw_only=True)
class Loaded:
    connection: Connection
    link: Link | None
    issues: list[Issue]
    mark: SyncMark | None
    can_manage: bool

    @property
    def is_linked(self) -> bool:
        return self.link is not None and self.link.state == Link.State.LINKED


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
            "is_moving": link.wake_at is not None or link.local_version != local.version,
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
        found = find.candidates(loaded.connection, contact, contact.display_name)
        candidates = [each for each in found if each.reason][:2]
    return Panel(
        template="integrations/_panel_books.html",
        context={
            "connection": loaded.connection,
            "link": link,
            "is_linked": loaded.is_linked,
            "mark": loaded.mark,
            "is_waiting": not loaded.is_linked and _is_waiting(loaded, contact),
            "candidates": candidates,
            "can_manage": loaded.can_manage,
            "matched_by": _matched_by(link) if link and loaded.is_linked else None,
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
    kept = getattr(request, KEPT_ON, None)
    if kept is None or kept[0] != contact.pk:
        kept = (contact.pk, _read(request, contact))
        setattr(request, KEPT_ON, kept)
    return kept[1]


def _read(request: FirmRequest, contact: Contact) -> Loaded | None:
    connection = queries.connection_of(request.firm)
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return None
    link = (
        Link.objects.filter(connection=connection, entity=ENTITY, local_id=contact.pk)
        .exclude(state=Link.State.FORMER)
        .first()
    )
    issues = Issue.objects.filter(link=link, state=Issue.State.OPEN) if link else []
    mark = SyncMark.objects.filter(
        firm_id=contact.firm_id, entity=ENTITY, local_id=contact.pk
    ).first()
    return Loaded(
        connection=connection,
        link=link,
        issues=list(issues),
        mark=mark,
        can_manage=request.actor.can(Permission.MANAGE_INTEGRATIONS),
    )


def rows_of(link: Link, local: Local, connection: Connection) -> list[cards.Row]:
    """
    One row a group that holds something on either side; parts of an address as one text.

    Values that compare as equal are shown alike: how they are typed is no difference.
    """
    theirs = {**link.base, **link.seen}
    ours = local.record.values()
    names = _parent_names(link, ours, theirs)
    hidden = set() if connection.syncs_notes else {"notes"}
    rows = []
    for group, members in local.record.groups().items():
        told = [each for each in members if theirs.get(each.name, UNKNOWN) is not UNKNOWN]
        if group in hidden or not told:
            continue
        shown_here = _words(members, ours, Side.LOCAL, names)
        same = all(each.same(ours.get(each.name, UNKNOWN), theirs[each.name]) for each in told)
        shown_there = shown_here if same else _words(members, theirs, Side.REMOTE, names)
        if shown_here or shown_there:
            label = cards.label_of(members[0].name, members[0].label)
            rows.append(cards.Row(label=label, ours=shown_here, theirs=shown_there))
    return rows


def _words(
    members: tuple[Field, ...], values: Mapping[str, Any], side: Side, names: Mapping[int, str]
) -> str:
    shown = [cards.shown(each.name, values.get(each.name), side, names) for each in members]
    if members[0].group == "parent":
        return shown[0]
    return ", ".join(each for each in shown if each)


def _parent_names(link: Link, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[int, str]:
    wanted = {each for each in (ours.get("parent"), theirs.get("parent")) if isinstance(each, int)}
    return cards.names_of(link.firm_id, wanted) if wanted else {}


def _is_waiting(loaded: Loaded, contact: Contact) -> bool:
    """Nobody left it out: the sync has yet to look at it, or is at it."""
    if loaded.link is not None:
        return loaded.link.state == Link.State.UNDECIDED and loaded.link.wake_at is not None
    return OutboxEntry.objects.filter(
        connection=loaded.connection, entity=ENTITY, local_id=contact.pk, link=None
    ).exists()


def _matched_by(link: Link) -> Activity | None:
    """The entry that tells how the two came together."""
    first = Activity.objects.filter(link_id=link.pk).order_by("at")
    return first.first()
