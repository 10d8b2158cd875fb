"""What linking two records will do, by the reconciler that will do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integrations.entities import ENTITIES, Local
from integrations.entities.base import Reference, Unlinked
from integrations.entities.base import theirs as as_theirs
from integrations.models import Connection, ImportedRecord, Link, MatchProposal, Setup
from integrations.providers import get_provider
from integrations.reconcile.plan import Plan, replaced
from integrations.reconcile.policy import Policy, Side
from integrations.reconcile.record import UNKNOWN, Record, Ref
from integrations.reconcile.three_way import reconcile
from integrations.sync import references, tables
from integrations.sync.rules import policy_of, rules_of

CHUNK = 1000  # pairs held in memory at once


Partners = Mapping[str, Mapping[str, int]]  # entity -> remote id -> our id


def plan_of(
    connection: Connection, local: Local, remote: Record, *, policy: Policy, partners: Partners
) -> dict[str, list[str]]:
    """
    The plan of a pair that was never linked, as its row keeps it.

    Args:
        partners: of all pairs: what references are turned by.
    """
    spec, rules = ENTITIES[remote.entity], rules_of(connection)
    ours = spec.as_synced(spec.as_compared(local.record, rules), rules)
    theirs = spec.as_compared(_turned(connection, remote, partners), rules)
    return told(reconcile(base={}, local=ours, remote=theirs, policy=policy), ours, theirs)


def _turned(connection: Connection, remote: Record, partners: Partners) -> Record:
    """Their record in our ids, by what is linked and what this run will link."""

    def turn(value: Any, reference: Reference) -> Any:
        if not isinstance(value, Ref):
            return value
        if value.entity in tables.TABLES:
            return tables.to_local(connection, value)
        local_id = partners.get(value.entity, {}).get(value.remote_id)
        if local_id is not None:
            return local_id
        is_theirs = reference.unlinked is Unlinked.THEIRS
        return as_theirs(value.remote_id) if is_theirs else UNKNOWN

    return remote.from_values(references.turn_all(remote.entity, remote.values(), turn))


def _pointed_at(records: Iterable[Record]) -> dict[str, list[str]]:
    """Entity -> remote ids that these records point to."""
    found: dict[str, list[str]] = {}

    def note(value: Any, reference: Reference) -> Any:
        if isinstance(value, Ref):
            found.setdefault(value.entity, []).append(value.remote_id)
        return value

    for record in records:
        references.turn_all(record.entity, record.values(), note)
    return found


NOTHING: Mapping[str, list[str]] = {
    name: [] for name in ("here", "there", "ask", "replaced_here", "replaced_there")
}


def told(plan: Plan, ours: Record, theirs: Record) -> dict[str, list[str]]:
    """
    A plan as a row keeps it: the groups written here, written there, and left to a person; and
    of those that are written, the ones in which a value that is there gives way.
    """
    group_of = {each.name: each.group for each in ours.fields()}

    def groups(values: Iterable[str]) -> list[str]:
        return sorted({group_of[name] for name in values})

    return {
        "here": groups(plan.local.values) if plan.local else [],
        "there": groups(plan.remote.values) if plan.remote else [],
        "ask": sorted(each.group for each in plan.conflicts),
        "replaced_here": sorted(replaced(plan.local, ours)),
        "replaced_there": sorted(replaced(plan.remote, theirs)),
    }


def loses(told: Mapping[str, list[str]]) -> list[Side]:
    """The sides on which a plan as a row keeps it lets a value or a life give way."""
    names = {Side.LOCAL: "replaced_here", Side.REMOTE: "replaced_there"}
    return [side for side, name in names.items() if told.get(name)]


def labels(groups: Iterable[str], record: type[Record]) -> list[str]:
    """What people call these groups."""
    known = record.groups()
    return [known[group][0].label for group in groups if group in known]


def partners_of_links(setup: Setup, entity: str) -> dict[str, int]:
    """Remote id -> our id, of all that is linked today."""
    linked = Link.objects.filter(
        connection_id=setup.connection_id, entity=entity, state=Link.State.LINKED
    ).values_list("remote_id", "local_id")
    return {
        remote_id: local_id for remote_id, local_id in linked if remote_id and local_id is not None
    }


def partners_of(
    setup: Setup, entity: str, remote_ids: Sequence[str] | None = None
) -> dict[str, int]:
    """Remote id -> our id, of these or all: today's links, and what this run will link."""
    only = {} if remote_ids is None else {"remote_id__in": remote_ids}
    linked = Link.objects.filter(
        connection_id=setup.connection_id,
        entity=entity,
        state=Link.State.LINKED,
        **only,
    ).values_list("remote_id", "local_id")
    proposed = MatchProposal.objects.filter(
        setup=setup,
        entity=entity,
        list=MatchProposal.List.MATCHED,
        **only,
    ).values_list("remote_id", "local_id")
    return {
        remote_id: local_id
        for remote_id, local_id in [*linked, *proposed]
        if remote_id and local_id is not None
    }


def work_out(
    setup: Setup,
    entity: str,
    rows: Sequence[MatchProposal],
    partners: Partners | None = None,
    ours: Mapping[int, Local] | None = None,
) -> None:
    """
    Fill `plan` and `has_differences` of matched rows; they are not saved.

    Args:
        partners: all pairs, where they are known already.
        ours: our records by id, where they were read already.
    """
    for start in range(0, len(rows), CHUNK):
        batch = rows[start : start + CHUNK]
        _work_out(setup, entity, batch, partners, ours or _read(setup, entity, batch))


def _read(setup: Setup, entity: str, rows: Sequence[MatchProposal]) -> Mapping[int, Local]:
    ids = [row.local_id for row in rows if row.local_id is not None]
    found = ENTITIES[entity].store.read_many(firm_id=setup.firm_id, local_ids=ids)
    return {local.local_id: local for local in found}


def _work_out(
    setup: Setup,
    entity: str,
    rows: Sequence[MatchProposal],
    partners: Partners | None,
    ours: Mapping[int, Local],
) -> None:
    connection = setup.connection
    spec = ENTITIES[entity]
    provider = get_provider(connection.provider)
    told_there = dict(
        ImportedRecord.objects.filter(pk__in=[row.imported_id for row in rows]).values_list(
            "pk", "raw"
        )
    )
    theirs = {pk: provider.read_stored(entity, raw).record for pk, raw in told_there.items()}
    if partners is None:
        partners = {
            key: partners_of(setup, key, ids) for key, ids in _pointed_at(theirs.values()).items()
        }
    for row in rows:
        local = ours.get(row.local_id or 0)
        remote = theirs.get(row.imported_id or 0)
        if local is None or remote is None:
            row.plan = dict(NOTHING)
        else:
            policy = policy_of(connection, spec, local)
            row.plan = plan_of(connection, local, remote, policy=policy, partners=partners)
        row.has_differences = any(row.plan.values())
