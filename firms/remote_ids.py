"""
Ids that our records have in the books. Firms knows no books; what does registers itself here.

    remote_ids.register(ids_in_quickbooks)

    def ids_in_quickbooks(firm_id: int, entity: str, local_ids: Collection[int]) -> dict[int, str]
"""

from __future__ import annotations

from collections.abc import Callable, Collection

Source = Callable[[int, str, Collection[int]], dict[int, str]]

_sources: list[Source] = []


def register(source: Source) -> None:
    if source not in _sources:
        _sources.append(source)


def find(firm_id: int, entity: str, local_ids: Collection[int]) -> dict[int, str]:
    """Our id -> its id there, of those that are linked."""
    found: dict[int, str] = {}
    for source in _sources:
        found.update(source(firm_id, entity, local_ids))
    return found
