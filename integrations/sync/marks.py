"""Shows on our records how their sync stands (firms.SyncMark)."""

from __future__ import annotations

from datetime import datetime

from firms.models import SyncMark
from integrations.models import Link


def show(link: Link, state: str, *, now: datetime) -> None:
    """Show `state` on our record of this pair; write nothing if it is shown already."""
    if link.local_id is None:
        return
    mark = SyncMark.objects.filter(
        firm_id=link.firm_id, entity=link.entity, local_id=link.local_id
    ).first()
    if mark is not None and (mark.state, mark.remote_label) == (state, link.remote_label):
        return
    SyncMark.objects.update_or_create(
        firm_id=link.firm_id,
        entity=link.entity,
        local_id=link.local_id,
        defaults={"state": state, "remote_label": link.remote_label, "changed_at": now},
    )


def take_away(*, firm_id: int, entity: str, local_id: int) -> None:
    """Our record stands for nothing any more."""
    SyncMark.objects.filter(firm_id=firm_id, entity=entity, local_id=local_id).delete()
