"""Turns ids of one side into the other's: what a record points to, by the links there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.entities import ENTITIES
from integrations.entities.base import Reference, Unlinked, id_of_theirs, theirs
from integrations.errors import MissingDependency
from integrations.models import Connection, Link
from integrations.reconcile.record import UNKNOWN, Record, Ref
from integrations.sync import tables


@dataclass(frozen=True, kw_only=True)
class Turned[R: Record]:
    """
    A record in our ids, and the first of its references that goes without a link.

    `is_unlisted`: it names something of the short lists that was made since they were read.
    """

    record: R
    without: Ref | None = None
    is_unlisted: bool = False


def to_local[R: Record](connection: Connection, record: R, *, may_wait: bool = True) -> Turned[R]:
    """
    Turn the provider's references in `record` into our ids.

    Raises:
        MissingDependency: it points to a record that is about to be created here, or to one
            that it cannot be without. With `may_wait` False only the latter.
    """
    missing: list[Ref] = []
    unlisted: list[Ref] = []

    def turn(value: Any, reference: Reference) -> Any:
        if not isinstance(value, Ref):
            return value
        if value.entity in tables.TABLES:
            told = tables.to_local(connection, value)
            if told is UNKNOWN:
                unlisted.append(value)
            return told
        link = _link_of(connection, value)
        if link is not None and link.state == Link.State.LINKED:
            return link.local_id
        if reference.outlives and (former := _former(connection, remote=value)) is not None:
            return former.local_id
        is_needed = reference.unlinked is Unlinked.WAITS
        if is_needed or (link is not None and may_wait and is_coming(link)):
            raise MissingDependency(value.entity, remote_id=value.remote_id)
        missing.append(value)
        is_theirs = reference.unlinked is Unlinked.THEIRS
        return theirs(value.remote_id) if is_theirs else UNKNOWN

    turned = turn_all(record.entity, record.values(), turn)
    return Turned(
        record=record.from_values(turned) if turned else record,
        without=missing[0] if missing else None,
        is_unlisted=bool(unlisted),
    )


def to_remote(
    connection: Connection,
    entity: str,
    values: Mapping[str, Any],
    *,
    agreed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """
    Turn our ids in `values` into references of the provider.

    Args:
        agreed: the base of the pair: what it points to already may have been unmatched since.
    Raises:
        MissingDependency: it points to a record of ours that is not linked.
    """

    def turn(value: Any, reference: Reference) -> Any:
        if value is None or value is UNKNOWN:
            return value
        if reference.entity in tables.TABLES:
            return tables.to_remote(connection, reference.entity, value)
        their_id = id_of_theirs(value)
        if their_id is not None:
            return Ref(reference.entity, their_id)
        link = Link.objects.filter(
            connection=connection, entity=reference.entity, local_id=value, state=Link.State.LINKED
        ).first()
        if link is None and _is_agreed(agreed or {}, reference, value):
            link = _former(connection, reference.entity, local_id=value)
        if link is None or link.remote_id is None or _is_behind(connection, link):
            raise MissingDependency(reference.entity, local_id=value)
        return Ref(reference.entity, link.remote_id)

    return turn_all(entity, values, turn)


def turn_all(
    entity: str, values: Mapping[str, Any], turn: Callable[[Any, Reference], Any]
) -> dict[str, Any]:
    """`values` with each reference put through `turn`; what turns UNKNOWN is left out."""
    turned = dict(values)
    for reference in ENTITIES[entity].references:
        value = turned.get(reference.field)
        if value is None:
            continue
        if reference.inner:
            turned[reference.field] = [_turn_inner(each, reference, turn) for each in value]
        else:
            turned[reference.field] = turn(value, reference)
    return {name: value for name, value in turned.items() if value is not UNKNOWN}


def _turn_inner(
    entry: Mapping[str, Any], reference: Reference, turn: Callable[[Any, Reference], Any]
) -> dict[str, Any]:
    value = entry.get(reference.inner)
    return {**entry, reference.inner: None if value is None else turn(value, reference)}


def _is_behind(connection: Connection, link: Link) -> bool:
    """In push_only the changes of a contact wait for its next invoice, and go before it."""
    if connection.profile != Connection.Profile.PUSH_ONLY or link.entity != "contact":
        return False
    local = ENTITIES[link.entity].store.read(firm_id=link.firm_id, local_id=link.local_id or 0)
    return local is not None and local.version != link.local_version


def _link_of(connection: Connection, ref: Ref) -> Link | None:
    return (
        Link.objects.filter(connection=connection, entity=ref.entity, remote_id=ref.remote_id)
        .exclude(state=Link.State.FORMER)
        .first()
    )


def _is_agreed(agreed: Mapping[str, Any], reference: Reference, value: Any) -> bool:
    entries = agreed.get(reference.field) or ()
    return reference.outlives and value in [each.get(reference.inner) for each in entries]


def _former(
    connection: Connection,
    entity: str = "",
    *,
    local_id: int | None = None,
    remote: Ref | None = None,
) -> Link | None:
    """The last pair of a record that was unmatched, unless ours is matched with another now."""
    rows = Link.objects.filter(
        connection=connection,
        entity=remote.entity if remote else entity,
        state=Link.State.FORMER,
        local_id__isnull=False,
    )
    by = {"remote_id": remote.remote_id} if remote else {"local_id": local_id}
    former = rows.filter(**by).order_by("-pk").first()
    if former is None:
        return None
    matched = Link.objects.filter(
        connection=connection,
        entity=former.entity,
        local_id=former.local_id,
        state=Link.State.LINKED,
    )
    return None if matched.exists() else former


def is_coming(link: Link) -> bool:
    """Whether it is being created on the other side, or would be but for what it waits for."""
    return link.state == Link.State.UNDECIDED and bool(link.wake_at or link.rests)
