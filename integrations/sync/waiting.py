"""A pair rests until the record it points to is linked."""

from __future__ import annotations

from typing import Any

from integrations.entities import ENTITIES
from integrations.errors import MissingDependency
from integrations.models import Issue, Link
from integrations.reconcile.record import Life
from integrations.sync import (
    issues,
    marks,
    pairs,
    references,
)
from integrations.sync.look import Look


def wait_for(look: Look, missing: MissingDependency) -> None:
    """Its content stays where it is, and so do its bells, until the other pair is linked."""
    rest_on(look, missing)
    look.link.wake_at = None
    look.link.save()
    marks.show(look.link, mark(look), now=look.now)


def rest_on(look: Look, missing: MissingDependency) -> None:
    """Rest until the record it points to is linked; ask for that one if it may be."""
    link = look.link
    if missing.local_id is not None:
        other = pairs.pair_of_local(look.connection, missing.entity, missing.local_id)
        is_behind = other.state == Link.State.LINKED  # its changes go first (push_only)
        if is_behind or (not references.is_coming(other) and _may_be_created_there(look, other)):
            other.wake_at = look.now
            other.save(update_fields=["wake_at"])
    else:
        assert missing.remote_id is not None
        other = pairs.pair_of_remote(look.connection, missing.entity, missing.remote_id)
    link.blocked_on, link.rests = other, Link.Rests.DEPENDENCY
    if references.is_coming(other) or other.state in (Link.State.MERGED, Link.State.LINKED):
        issues.close(link, kinds=[Issue.Kind.HELD], now=look.now)
    elif link.local_id is None and link.entity != missing.entity:
        link.state = Link.State.LEFT_OUT  # it comes in when that one is matched
    else:
        needs = "belongs under" if link.entity == missing.entity else "needs"
        issues.open_issue(
            link,
            kind=Issue.Kind.HELD,
            sentence=f"It {needs} {other.label or other.remote_label or 'a record'}, "
            "which does not sync.",
            what_to_do="Match that one first, or create it in QuickBooks.",
            detail={
                "blocked_on": other.pk,
                "entity": other.entity,
                "items": _held_items(look, missing),
            },
            now=look.now,
        )


def _held_items(look: Look, missing: MissingDependency) -> list[dict[str, Any]]:
    """The service items of an invoice that do not sync: id and name of each."""
    if look.link.entity != "invoice" or missing.entity != "service_item":
        return []
    lines = getattr(look.local.record, "lines", ()) if look.local else ()
    wanted = [each["item"] for each in lines if isinstance(each.get("item"), int)]
    found = [
        pairs.pair_of_local(look.connection, missing.entity, each) for each in dict.fromkeys(wanted)
    ]
    return [
        {"id": each.local_id, "label": each.label}
        for each in found
        if each.state != Link.State.LINKED
        and not references.is_coming(each)
        and not _may_be_created_there(look, each)
    ]


def _may_be_created_there(look: Look, other: Link) -> bool:
    if other.state != Link.State.UNDECIDED or other.local_id is None:
        return False
    spec = ENTITIES[other.entity]
    local = spec.store.read(firm_id=other.firm_id, local_id=other.local_id)
    return local is not None and local.record.life == Life.LIVE


def mark(look: Look) -> str:
    """What it waits for may come by itself, or need a person."""
    held = look.link.issues.filter(state=Issue.State.OPEN, kind=Issue.Kind.HELD)
    return "failed" if held.exists() else "queued"
