"""
Books put back to an earlier moment, from the versions that are kept (9, "reset or restored").

What was made since is gone and its ids are given out again; what was changed since has its old
state and its old SyncToken; requestids since then are forgotten. No event is sent.
"""

from .entities import BY_NAME
from .store import OBJECT_COLUMNS, Store


def restore(store: Store, realm: str, moment: float) -> dict[str, int]:
    """
    Put the books of a company back.

    Args:
        moment: seconds since 1970 on the emulator's clock.
    Returns: how many objects were `removed` and how many were `changed` back.
    """
    now = {"realm": realm, "moment": moment}
    with store.transaction():
        made_since = store.db.execute(
            "SELECT entity, MIN(id_number), COUNT(*) FROM object"
            " WHERE realm = :realm AND created > :moment GROUP BY entity",
            now,
        ).fetchall()
        for entity, lowest, _ in made_since:
            _give_out_again(store, realm, BY_NAME[entity].counter, lowest)
        store.db.execute("DELETE FROM object WHERE realm = :realm AND created > :moment", now)
        changed_since = store.db.execute(
            "SELECT entity, id FROM object WHERE realm = :realm AND updated > :moment", now
        ).fetchall()
        for entity, id in changed_since:
            _put_back(store, realm, entity, id, moment)
        store.db.execute("DELETE FROM version WHERE realm = :realm AND updated > :moment", now)
        store.db.execute("DELETE FROM replay WHERE realm = :realm AND at > :moment", now)
    return {"removed": sum(count for _, _, count in made_since), "changed": len(changed_since)}


def _give_out_again(store: Store, realm: str, counter: str, lowest: int) -> None:
    store.db.execute(
        "UPDATE counter SET value = MIN(value, ?) WHERE realm = ? AND name = ?",
        (lowest - 1, realm, counter),
    )


def _put_back(store: Store, realm: str, entity: str, id: str, moment: float) -> None:
    key = (realm, entity, id)
    store.db.execute("DELETE FROM object WHERE realm = ? AND entity = ? AND id = ?", key)
    store.db.execute(
        f"INSERT INTO object ({OBJECT_COLUMNS}) SELECT {OBJECT_COLUMNS} FROM version"
        " WHERE realm = ? AND entity = ? AND id = ? AND updated <= ? ORDER BY seq DESC LIMIT 1",
        (*key, moment),
    )
