"""Tells the API of contacts and billing which ids their records have in the books."""

from __future__ import annotations

from collections.abc import Collection

from integrations.models import Link


def ids_in_the_books(firm_id: int, entity: str, local_ids: Collection[int]) -> dict[int, str]:
    """Our id -> theirs, of records that are linked now."""
    links = Link.objects.filter(
        firm=firm_id, entity=entity, local_id__in=local_ids, state=Link.State.LINKED
    )
    pairs = links.exclude(remote_id=None).values_list("local_id", "remote_id")
    return {local: remote for local, remote in pairs if local is not None and remote is not None}
