"""Local changes waiting to be looked at: "contact 7 may differ"."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations import doorbell
from integrations.entities import EntitySpec
from integrations.models import Connection, OutboxEntry


def listen(spec: EntitySpec) -> None:
    """Append a row for each change of this entity, in the transaction that made it."""

    def append(**event: Any) -> None:
        actor = event["actor"]
        connection = Connection.objects.filter(firm_id=event["firm_id"]).first()
        if connection is None:
            return
        OutboxEntry.objects.create(
            connection=connection,
            entity=spec.key,
            local_id=event[f"{spec.key}_id"],
            version=event["version"],
            cause=actor.label[:200],
            is_ours=actor.is_sync,
            made_at=timezone.now(),
        )
        if not actor.is_sync:  # the drain that made a write of the sync needs no bell
            transaction.on_commit(lambda: doorbell.ring(connection.pk))

    spec.changed.connect(append, weak=False, dispatch_uid=f"outbox-{spec.key}")
