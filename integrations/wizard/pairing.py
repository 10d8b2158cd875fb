"""What linking two records will do, by the reconciler that will do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.entities import ENTITIES, Local
from integrations.models import ImportedRecord, Link, MatchProposal, Setup
from integrations.providers import get_provider
from integrations.reconcile.plan import Plan
from integrations.reconcile.policy import Policy
from integrations.reconcile.record import UNKNOWN, Record, Ref
from integrations.reconcile.three_way import reconcile
from integrations.sync.rules import policy_of

CHUNK = 1000  # pairs held in memory at once


def plan_of(local: Local, remote: Record, *, policy: Policy, partners: Mapping[str, int]) -> Plan:
    """
    The plan of a pair that was never linked.

    Args:
        partners: remote id -> our id, of all pairs: what references are turned by.
    """
    turned = {name: partners.get(ref.remote_id, UNKNOWN) for name, ref in _refs(remote).items()}
    return reconcile(base={}, local=local.record, remote=_with(remote, turned), policy=policy)


def _refs(record: Record) -> dict[str, Ref]:
    return {name: value for name, value in record.values().items() if isinstance(value, Ref)}


def _with(record: Record, changes: Mapping[str, Any]) -> Record:
    return replace(record, **changes) if changes else record


def told(plan: Plan, record: type[Record]) -> dict[str, list[str]]:
    """A plan as a row keeps it: the groups written here, written there, and left to a person."""
    group_of = {each.name: each.group for each in record.fields()}

    def groups(values: Iterable[str]) -> list[str]:
        return sorted({group_of[name] for name in values})

    return {
        "here": groups(plan.local.values) if plan.local else [],
        "there": groups(plan.remote.values) if plan.remote else [],
        "ask": sorted(each.group for each in plan.conflicts),
    }


def labels(groups: Iterable[str], record: type[Record]) -> list[str]:
    """What people call these groups."""
    known = record.groups()
    return [known[group][0].label for group in groups if group in known]


def partners_of(setup: Setup, entity: str, remote_ids: Sequence[str]) -> dict[str, int]:
    """Remote id -> our id, of these: today's links, and what this run will link."""
    linked = Link.objects.filter(
        connection_id=setup.connection_id,
        entity=entity,
        state=Link.State.LINKED,
        remote_id__in=remote_ids,
    ).values_list("remote_id", "local_id")
    proposed = MatchProposal.objects.filter(
        setup=setup,
        entity=entity,
        list=MatchProposal.List.MATCHED,
        remote_id__in=remote_ids,
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
    partners: Mapping[str, int] | None = None,
    ours: Mapping[int, Local] | None = None,
) -> None:
    """
    Fill `plan` and `has_differences` of matched rows; they are not saved.

    Args:
        partners: remote id -> our id of all pairs, where they are known already.
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
    partners: Mapping[str, int] | None,
    ours: Mapping[int, Local],
) -> None:
    connection = setup.connection
    spec = ENTITIES[entity]
    policy = policy_of(connection, spec)
    provider = get_provider(connection.provider)
    told_there = dict(
        ImportedRecord.objects.filter(pk__in=[row.imported_id for row in rows]).values_list(
            "pk", "raw"
        )
    )
    theirs = {pk: provider.read_stored(entity, raw).record for pk, raw in told_there.items()}
    if partners is None:
        refs = [ref for record in theirs.values() for ref in _refs(record).values()]
        partners = partners_of(setup, entity, [ref.remote_id for ref in refs]) if refs else {}
    for row in rows:
        local = ours.get(row.local_id or 0)
        remote = theirs.get(row.imported_id or 0)
        if local is None or remote is None:
            row.plan = {"here": [], "there": [], "ask": []}
        else:
            plan = plan_of(local, remote, policy=policy, partners=partners)
            row.plan = told(plan, spec.record)
        row.has_differences = any(row.plan.values())
