"""What the provider told of records that no pair has taken in yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.entities import ENTITIES, EntitySpec
from integrations.models import Connection, ImportedRecord, Link
from integrations.providers import get_provider
from integrations.providers.base import Snapshot


def remember(
    connection: Connection, snapshots: Sequence[Snapshot], *, now: datetime, **more: Any
) -> None:
    """Keep each snapshot that is newer than what is kept of its record."""
    by_id = {(each.entity, each.remote_id): each for each in snapshots}
    kept = ImportedRecord.objects.filter(
        connection=connection, remote_id__in=[remote_id for _, remote_id in by_id]
    ).values_list("entity", "remote_id", "version")
    for entity, remote_id, version in kept:
        told = by_id.get((entity, remote_id))
        if told is not None and told.version < version:
            del by_id[entity, remote_id]
    ImportedRecord.objects.bulk_create(
        [as_row(connection, each, now=now, **more) for each in by_id.values()],
        update_conflicts=True,
        unique_fields=["connection", "entity", "remote_id"],
        update_fields=[
            "version", "raw", "label", "path", "email", "phone", "is_active", "match_key",
            "amount", "dated_on", "read_at", *more,
        ],
        batch_size=1000,
    )  # fmt: skip


def as_row(
    connection: Connection, snapshot: Snapshot, *, now: datetime, **more: Any
) -> ImportedRecord:
    spec = ENTITIES[snapshot.entity]
    values = snapshot.record.values()
    return ImportedRecord(
        connection=connection,
        entity=snapshot.entity,
        remote_id=snapshot.remote_id,
        version=snapshot.version,
        raw=dict(snapshot.raw),
        label=snapshot.label[:600],
        path=":".join(snapshot.path)[:3000],
        email=str(values.get("email", ""))[:320],
        phone=str(values.get("phone", ""))[:30],
        is_active=values.get("life", "live") == "live",
        match_key=_match_key(spec, connection, snapshot)[:3000],
        amount=snapshot.amount,
        dated_on=snapshot.dated_on,
        read_at=now,
        **more,
    )


def _match_key(spec: EntitySpec, connection: Connection, snapshot: Snapshot) -> str:
    match = spec.match.get(connection.profile)
    return match(snapshot.record, snapshot.path) if match else ""


def told_of(connection: Connection, entity: str, remote_id: str | None) -> Snapshot | None:
    """What waits to be taken in of this record, if anything."""
    if remote_id is None:
        return None
    row = ImportedRecord.objects.filter(
        connection=connection, entity=entity, remote_id=remote_id
    ).first()
    return None if row is None else get_provider(connection.provider).read_stored(entity, row.raw)


def is_newer_kept(link: Link) -> bool:
    """Whether something newer was told of this pair's record than was taken in."""
    if link.remote_id is None or link.remote_version is None:
        return False
    return ImportedRecord.objects.filter(
        connection_id=link.connection_id,
        entity=link.entity,
        remote_id=link.remote_id,
        version__gt=link.remote_version,
    ).exists()


def forget(connection: Connection, entity: str, remote_id: str | None, version: int) -> None:
    """It was taken in up to `version`."""
    ImportedRecord.objects.filter(
        connection=connection, entity=entity, remote_id=remote_id, version__lte=version
    ).delete()
