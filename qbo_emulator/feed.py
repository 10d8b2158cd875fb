"""Change data capture (5.8): what changed since a moment, newest first, at most 1000 objects."""

from . import clock as clocks
from . import errors
from .entities import BY_PATH, Entity
from .jsontext import dumps
from .query import source
from .store import Store
from .switches import Switches

MOST_OBJECTS = 1000
LOOK_BACK_SECONDS = 30 * 86400


def changes(
    store: Store,
    realm: str,
    *,
    entities: str,
    changed_since: str,
    now: float,
    switches: Switches,
) -> tuple[str, list[tuple[str, str, int]]]:
    """
    Answer a CDC call.

    Returns: the CDCResponse as JSON text, and what it shows: (entity, id, token).
    Raises:
        Fault: a parameter is missing or unreadable, an entity is not supported.
    """
    if not entities.strip():
        raise errors.required_missing("entities")
    if not changed_since.strip():
        raise errors.required_missing("changedSince")
    try:
        since = clocks.parse_time(changed_since)
    except ValueError:
        raise errors.query_invalid(
            f"Invalid value for changedSince: {changed_since[:50]}"
        ) from None
    oldest = now - LOOK_BACK_SECONDS
    if since < oldest and switches.cdc_older_than_30_days == "refuse":
        raise errors.query_invalid("changedSince is more than 30 days ago")
    as_of = now - switches.read_lag_seconds if switches.read_lag_seconds else None
    asked = [_entity(name) for name in entities.split(",")]
    parts: list[str] = []
    shown: list[tuple[str, str, int]] = []
    left = MOST_OBJECTS
    for entity in asked:
        most = left if switches.cdc_cap == "total" else MOST_OBJECTS
        found = _changed(store, realm, entity, since, oldest, as_of, most, switches)
        left -= len(found)
        shown += [(entity.name, id, token) for id, token, _, _ in found]
        has_deleted = any(gone for *_, gone in found)
        parts.append(_response(entity, [doc for _, _, doc, _ in found], has_deleted))
    return f'[{{"QueryResponse":[{",".join(parts)}]}}]', shown


def _entity(name: str) -> Entity:
    entity = BY_PATH.get(name.strip().lower())
    if entity is None or not entity.in_cdc:
        raise errors.query_invalid(f"Invalid context declaration: {name.strip()[:50]}")
    return entity


def _changed(
    store: Store,
    realm: str,
    entity: Entity,
    since: float,
    oldest: float,
    as_of: float | None,
    most: int,
    switches: Switches,
) -> list[tuple[str, int, str, bool]]:
    """Id, token, document, and whether it was deleted."""
    sign = ">=" if switches.cdc_boundary == "inclusive" else ">"
    values = {
        "realm": realm,
        "entity": entity.name,
        "since": since,
        "from": int(since),
        "oldest": oldest,
        "as_of": as_of,
        "most": most,
    }
    rows = store.db.execute(
        f"SELECT id, token, gone, updated, doc FROM {source(as_of)}"
        f" WHERE realm = :realm AND entity = :entity AND updated >= :from"
        f" AND CAST(updated AS INTEGER) {sign} :since"  # times have second precision (4.0)
        " AND (gone IS NULL OR (gone = 'deleted' AND updated >= :oldest))"
        " ORDER BY updated DESC, id_number DESC LIMIT :most",
        values,
    ).fetchall()
    return [
        (id, token, _deleted(id, updated) if gone else doc, bool(gone))
        for id, token, gone, updated, doc in rows
    ]


def _deleted(id: str, updated: float) -> str:
    times = {"LastUpdatedTime": clocks.metadata_time(updated)}
    return dumps({"domain": "QBO", "status": "Deleted", "Id": id, "MetaData": times})


def _response(entity: Entity, documents: list[str], has_deleted: bool) -> str:
    """One entity's part; what was deleted is not counted, and then nothing is (5.8)."""
    if not documents:
        return "{}"
    count = "" if has_deleted else f',"totalCount":{len(documents)}'
    return (
        f'{{"{entity.name}":[{",".join(documents)}],"startPosition":1,'
        f'"maxResults":{len(documents)}{count}}}'
    )
