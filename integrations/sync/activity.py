"""Writes the history: one entry a send, receive, merge and decision. Only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from firms.permissions import Actor
from integrations.entities import ENTITIES
from integrations.models import Activity, Connection, Link
from integrations.reconcile.record import UNKNOWN, Life

ENDED = {Life.INACTIVE: "Archived", Life.VOID: "Voided", Life.DELETED: "Deleted"}


def write(
    link: Link,
    *,
    direction: str,
    title: str,
    now: datetime,
    result: str = Activity.Result.DONE,
    cause: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    duration_ms: int | None = None,
    trace: str = "",
    is_harmful: bool = False,
    detail: Mapping[str, Any] | None = None,
) -> Activity:
    """One thing that happened to a pair. `before`, `after`: field -> value."""
    return Activity.objects.create(
        at=now,
        connection_id=link.connection_id,
        firm_id=link.firm_id,
        entity=link.entity,
        link_id=link.pk,
        local_id=link.local_id,
        remote_id=link.remote_id or "",
        label=link.label or link.remote_label,
        direction=direction,
        result=result,
        title=title[:300],
        cause=cause[:200],
        before=dict(before or {}),
        after=dict(after or {}),
        duration_ms=duration_ms,
        trace=trace[:120],
        is_harmful=is_harmful,
        detail=dict(detail or {}),
    )


def note(link: Link, *, actor: Actor, now: datetime, title: str) -> Activity:
    """Something a person decided about a pair."""
    return write(link, direction=Activity.Direction.HERE, title=title, now=now, cause=actor.label)


def note_connection(
    connection: Connection, *, now: datetime, title: str, cause: str = "", result: str = "done"
) -> Activity:
    """Something that happened to the connection as a whole."""
    return Activity.objects.create(
        at=now,
        connection_id=connection.pk,
        firm_id=connection.firm_id,
        label=connection.company_name[:600],
        direction=Activity.Direction.HERE,
        result=result,
        title=title[:300],
        cause=cause[:200],
    )


def title_of(entity: str, values: Mapping[str, Any], verb: str) -> str:
    """In words, what was done: "Phone, Email updated in QuickBooks"."""
    names: list[str] = []
    for group, members in ENTITIES[entity].record.groups().items():
        if any(each.name in values for each in members) and group != "life":
            names.append(members[0].label)
    if values.get("life") in ENDED:
        return f"{ENDED[values['life']]} {verb}"
    if "life" in values and not names:
        return f"Restored {verb}"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} updated {verb}"


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `before` whose names are in `after`."""
    return {name: before[name] for name in after if before.get(name, UNKNOWN) is not UNKNOWN}
