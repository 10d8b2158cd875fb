"""
Books put back to an earlier moment, from the versions that are kept (9, "reset or restored").

What was made since is gone and its ids are given out again; what was changed since has its old
state and its old SyncToken; requestids since then are forgotten. No event is sent.
"""

from .books import Books
from .entities import BY_NAME, Shape
from .store import OBJECT_COLUMNS, Store


def restore(books: Books, realm: str, moment: float) -> dict[str, int]:
    """
    Put the books of a company back.

    Args:
        moment: seconds since 1970 on the emulator's clock.
    Returns: how many objects were `removed` and how many were `changed` back.
    """
    store = books.store
    now = {"realm": realm, "moment": moment}
    with store.transaction():
        made_since = store.db.execute(
            "SELECT entity, id, id_number FROM object WHERE realm = :realm AND created > :moment",
            now,
        ).fetchall()
        changed_since = store.db.execute(
            "SELECT entity, id FROM object"
            " WHERE realm = :realm AND created <= :moment AND updated > :moment ORDER BY id_number",
            now,
        ).fetchall()
        for entity, id, number in made_since:
            _remove(store, realm, entity, id)
            _give_out_again(store, realm, BY_NAME[entity].counter, number)
        for entity, id in changed_since:
            _put_back(store, realm, entity, id, moment)
        store.db.execute("DELETE FROM version WHERE realm = :realm AND updated > :moment", now)
        store.db.execute("DELETE FROM replay WHERE realm = :realm AND at > :moment", now)
        for entity, id in changed_since:
            row = store.get(realm, entity, id)
            if row is not None and BY_NAME[entity].shape is Shape.TRANSACTION:
                books.transactions.rebuild(row)
    return {"removed": len(made_since), "changed": len(changed_since)}


def _remove(store: Store, realm: str, entity: str, id: str) -> None:
    for table in ("object", "link", "posting"):
        store.db.execute(
            f"DELETE FROM {table} WHERE realm = ? AND entity = ? AND id = ?", (realm, entity, id)
        )


def _give_out_again(store: Store, realm: str, counter: str, number: int) -> None:
    store.db.execute(
        "UPDATE counter SET value = MIN(value, ?) WHERE realm = ? AND name = ?",
        (number - 1, realm, counter),
    )


def _put_back(store: Store, realm: str, entity: str, id: str, moment: float) -> None:
    key = (realm, entity, id)
    store.db.execute("DELETE FROM object WHERE realm = ? AND entity = ? AND id = ?", key)
    store.db.execute(
        f"INSERT INTO object ({OBJECT_COLUMNS}) SELECT {OBJECT_COLUMNS} FROM version"
        " WHERE realm = ? AND entity = ? AND id = ? AND updated <= ? ORDER BY seq DESC LIMIT 1",
        (*key, moment),
    )
