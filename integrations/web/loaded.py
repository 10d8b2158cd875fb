"""What the panels of one record's page need of its pair, read once a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firms.http import FirmRequest
from firms.marks import SyncMark
from firms.permissions import Permission
from integrations.entities import ENTITIES, Local
from integrations.models import Activity, Connection, Issue, Link, OutboxEntry
from integrations.reconcile.policy import Side
from integrations.reconcile.record import UNKNOWN, Field
from integrations.sync.rules import policy_of, rules_of
from integrations.web import cards, queries
from integrations.web.wording import Names, names_in, shown

KEPT_ON = "_books_of_record"
# Not worth a row of their own: they go along with what stands beside them.
ALONG = frozenset({"currency", "emailed_to", "discount", "other_amount", "long_reference"})


@dataclass(frozen=True, kw_only=True)
class Loaded:
    entity: str
    local_id: int
    connection: Connection
    link: Link | None
    issues: list[Issue]
    mark: SyncMark | None
    can_manage: bool

    @property
    def is_linked(self) -> bool:
        return self.link is not None and self.link.state == Link.State.LINKED


def load(request: FirmRequest, entity: str, local_id: int) -> Loaded | None:
    """None where the firm is not connected. Four queries, the first time."""
    kept = getattr(request, KEPT_ON, None)
    if kept is None or kept[0] != (entity, local_id):
        kept = ((entity, local_id), _read(request, entity, local_id))
        setattr(request, KEPT_ON, kept)
    return kept[1]


def _read(request: FirmRequest, entity: str, local_id: int) -> Loaded | None:
    connection = queries.connection_of(request.firm)
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return None
    link = (
        Link.objects.filter(connection=connection, entity=entity, local_id=local_id)
        .exclude(state=Link.State.FORMER)
        .first()
    )
    issues = Issue.objects.filter(link=link, state=Issue.State.OPEN) if link else []
    mark = SyncMark.objects.filter(
        firm_id=request.firm.pk, entity=entity, local_id=local_id
    ).first()
    return Loaded(
        entity=entity,
        local_id=local_id,
        connection=connection,
        link=link,
        issues=list(issues),
        mark=mark,
        can_manage=request.actor.can(Permission.MANAGE_INTEGRATIONS),
    )


def is_waiting(loaded: Loaded) -> bool:
    """Nobody left it out: the sync has yet to look at it, or is at it."""
    if loaded.link is not None:
        return loaded.link.state == Link.State.UNDECIDED and loaded.link.wake_at is not None
    return OutboxEntry.objects.filter(
        connection=loaded.connection, entity=loaded.entity, local_id=loaded.local_id, link=None
    ).exists()


def matched_by(link: Link) -> Activity | None:
    """The entry that tells how the two came together."""
    return Activity.objects.filter(link_id=link.pk).order_by("at").first()


# -- Both sides ----------------------------------------------------------------------------------


def rows_of(link: Link, local: Local, connection: Connection) -> list[cards.Row]:
    """
    What both sides hold, a row a group or, of a transaction, a field.

    Values that compare as equal are shown alike: how they are typed is no difference. What the
    rules keep out of the sync is not compared.
    """
    spec = ENTITIES[link.entity]
    ruled = rules_of(connection, link.options)
    hidden = policy_of(connection, spec, local, options=link.options).without
    theirs: Mapping[str, Any] = {**link.base, **link.seen}
    ours = spec.as_compared(local.record, ruled).values()
    names = names_in(link.firm_id, [*ours.items(), *theirs.items()])
    rows = []
    for group, members in local.record.groups().items():
        if group in hidden:
            continue
        for row in _lines_of(members) if spec.is_transaction else [members]:
            told = [each for each in row if theirs.get(each.name, UNKNOWN) is not UNKNOWN]
            if told:
                rows.append(_row(row, told, ours, theirs, names))
    return [each for each in rows if each.ours or each.theirs]


def _lines_of(members: tuple[Field, ...]) -> list[tuple[Field, ...]]:
    """Lines, discount and tax are one group, and one row each."""
    return [(each,) for each in members if each.name not in ALONG]


def _row(
    members: tuple[Field, ...],
    told: list[Field],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    names: Names,
) -> cards.Row:
    here = _words(members, ours, Side.LOCAL, names)
    same = all(each.same(ours.get(each.name, UNKNOWN), theirs[each.name]) for each in told)
    there = here if same else _words(members, theirs, Side.REMOTE, names)
    if members[0].name == "is_discount_before_tax" and here == there == "No":
        here = there = ""
    label = cards.label_of(members[0].name, members[0].label)
    return cards.Row(label=label, ours=here, theirs=there)


def _words(members: tuple[Field, ...], values: Mapping[str, Any], side: Side, names: Names) -> str:
    told = [shown(each.name, values.get(each.name), side, names) for each in members]
    if members[0].group == "parent":
        return told[0]
    return ", ".join(each for each in told if each)


def is_moving(link: Link, local: Local) -> bool:
    """A difference is on its way to the other side."""
    return link.wake_at is not None or link.local_version != local.version
