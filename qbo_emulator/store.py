"""
The SQLite file: companies, their objects with every version, tokens, settings.

One connection, one thread: handlers are coroutines and never wait while they hold a transaction.
The `token` command opens the same file from another process, so the file is in WAL mode.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS company (
    realm TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS counter (
    realm TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (realm, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (
    realm TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL, id_number INTEGER NOT NULL,
    token INTEGER NOT NULL, active INTEGER NOT NULL, gone TEXT,
    space TEXT NOT NULL, name_key TEXT NOT NULL, full_key TEXT NOT NULL, parent TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, who TEXT NOT NULL, doc TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS object_id ON object (realm, entity, id);
CREATE INDEX IF NOT EXISTS object_number ON object (realm, entity, id_number, active, gone);
CREATE INDEX IF NOT EXISTS object_name ON object (realm, space, name_key);
CREATE INDEX IF NOT EXISTS object_full ON object (realm, entity, full_key, id_number, active, gone);
CREATE INDEX IF NOT EXISTS object_updated ON object (realm, entity, updated);
CREATE INDEX IF NOT EXISTS object_parent ON object (realm, entity, parent) WHERE parent <> '';
CREATE TABLE IF NOT EXISTS version (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    realm TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL, id_number INTEGER NOT NULL,
    token INTEGER NOT NULL, active INTEGER NOT NULL, gone TEXT,
    space TEXT NOT NULL, name_key TEXT NOT NULL, full_key TEXT NOT NULL, parent TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, who TEXT NOT NULL, doc TEXT NOT NULL,
    operation TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS version_of ON version (realm, entity, id, seq);
CREATE TABLE IF NOT EXISTS link (
    realm TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL,
    target TEXT NOT NULL, target_id TEXT NOT NULL, cents INTEGER NOT NULL, kind TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS link_of ON link (realm, entity, id);
CREATE INDEX IF NOT EXISTS link_on ON link (realm, target, target_id);
CREATE TABLE IF NOT EXISTS posting (
    realm TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL, date TEXT NOT NULL,
    account TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, cents INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS posting_of ON posting (realm, entity, id);
CREATE INDEX IF NOT EXISTS posting_name ON posting (realm, name, type, cents);
CREATE INDEX IF NOT EXISTS posting_account ON posting (realm, account, cents);
CREATE TABLE IF NOT EXISTS mail (
    number INTEGER PRIMARY KEY AUTOINCREMENT, realm TEXT NOT NULL, at REAL NOT NULL,
    entity TEXT NOT NULL, id TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_at ON mail (realm, at);
CREATE TABLE IF NOT EXISTS file (
    realm TEXT NOT NULL, id TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (realm, id)
);
CREATE TABLE IF NOT EXISTS replay (
    realm TEXT NOT NULL, requestid TEXT NOT NULL, digest TEXT NOT NULL, at REAL NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (realm, requestid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS app (
    client_id TEXT PRIMARY KEY, client_secret TEXT NOT NULL, name TEXT NOT NULL,
    redirect_uris TEXT NOT NULL, disconnect_url TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS code (
    code TEXT PRIMARY KEY, client_id TEXT NOT NULL, realm TEXT, user TEXT NOT NULL,
    scope TEXT NOT NULL, redirect_uri TEXT NOT NULL, expires REAL NOT NULL, used INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS connection (
    number INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL, realm TEXT,
    user TEXT NOT NULL, scope TEXT NOT NULL, created REAL NOT NULL, ended REAL, ended_by TEXT
);
CREATE TABLE IF NOT EXISTS token (
    value TEXT PRIMARY KEY, kind TEXT NOT NULL, connection INTEGER NOT NULL,
    created REAL NOT NULL, expires REAL NOT NULL, ended REAL
);
CREATE INDEX IF NOT EXISTS token_of ON token (connection, kind);
"""
OBJECT_COLUMNS = (
    "realm, entity, id, id_number, token, active, gone, space, name_key, full_key, parent,"
    " created, updated, who, doc"
)
REALM_TABLES = ("object", "version", "counter", "replay", "link", "posting", "mail", "file")
BOOKS_TABLES = (*REALM_TABLES, "company", "connection", "token", "code")


@dataclass
class Row:
    """One object or one version of it. `doc` is the JSON text that is answered."""

    realm: str
    entity: str
    id: str
    id_number: int
    token: int
    active: int
    gone: str | None
    space: str
    name_key: str
    full_key: str
    parent: str
    created: float
    updated: float
    who: str
    doc: str

    def values(self) -> tuple[Any, ...]:
        return (
            self.realm,
            self.entity,
            self.id,
            self.id_number,
            self.token,
            self.active,
            self.gone,
            self.space,
            self.name_key,
            self.full_key,
            self.parent,
            self.created,
            self.updated,
            self.who,
            self.doc,
        )


def fold(text: Any) -> str | None:
    """How texts are compared: without regard to case."""
    return None if text is None else str(text).casefold()


class Store:
    """All reading and writing of the file. `path` may be ":memory:"."""

    def __init__(self, path: Path | str) -> None:
        self.db = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=5, cached_statements=512
        )
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA cache_size = -65536")
        self.db.create_function("fold", 1, fold, deterministic=True)
        self.db.executescript(SCHEMA)
        columns = [row[1] for row in self.db.execute("PRAGMA table_info(app)")]
        if "disconnect_url" not in columns:  # a file of an older version
            self.db.execute("ALTER TABLE app ADD COLUMN disconnect_url TEXT NOT NULL DEFAULT ''")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. May be nested: the outermost decides."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # Settings

    def setting(self, key: str, default: Any = None) -> Any:
        row = self.db.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_setting(self, key: str, value: Any) -> None:
        self.db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, json.dumps(value)))

    # Companies

    def companies(self) -> list[dict[str, Any]]:
        rows = self.db.execute("SELECT realm, name, kind FROM company ORDER BY position").fetchall()
        return [{"realm_id": realm, "name": name, "kind": kind} for realm, name, kind in rows]

    def company(self, realm: str) -> dict[str, Any] | None:
        return next((each for each in self.companies() if each["realm_id"] == realm), None)

    def add_company(self, realm: str, name: str, kind: str) -> None:
        self.db.execute(
            "INSERT INTO company SELECT ?, COALESCE(MAX(position), 0) + 1, ?, ? FROM company",
            (realm, name, kind),
        )

    def clear_books(self) -> None:
        """Forget every company, object and token; apps and settings stay."""
        for table in BOOKS_TABLES:
            self.db.execute(f"DELETE FROM {table}")

    def next_number(self, realm: str, counter: str) -> int:
        row = self.db.execute(
            "INSERT INTO counter VALUES (?, ?, 1)"
            " ON CONFLICT (realm, name) DO UPDATE SET value = value + 1 RETURNING value",
            (realm, counter),
        ).fetchone()
        return int(row[0])

    def set_counter(self, realm: str, counter: str, value: int) -> None:
        self.db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?, ?)", (realm, counter, value))

    # Objects

    def get(self, realm: str, entity: str, id: str) -> Row | None:
        row = self.db.execute(
            f"SELECT {OBJECT_COLUMNS} FROM object WHERE realm = ? AND entity = ? AND id = ?",
            (realm, entity, id),
        ).fetchone()
        return None if row is None else Row(*row)

    def newest(self, realm: str, entity: str, low: str, high: str) -> Row | None:
        """The object with the highest id between two, both included."""
        row = self.db.execute(
            f"SELECT {OBJECT_COLUMNS} FROM object WHERE realm = ? AND entity = ?"
            " AND id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1",
            (realm, entity, low, high),
        ).fetchone()
        return None if row is None else Row(*row)

    def get_as_of(self, realm: str, entity: str, id: str, epoch: float) -> Row | None:
        """The object as it was then; None if it did not exist yet."""
        row = self.get(realm, entity, id)
        if row is None or row.updated <= epoch:
            return row
        old = self.db.execute(
            f"SELECT {OBJECT_COLUMNS} FROM version WHERE realm = ? AND entity = ? AND id = ?"
            " AND updated <= ? ORDER BY seq DESC LIMIT 1",
            (realm, entity, id, epoch),
        ).fetchone()
        return None if old is None else Row(*old)

    def insert(self, row: Row) -> None:
        self._put(row)
        self._remember(row, "create")

    def update(self, row: Row, operation: str) -> None:
        """Store a new version of a row, keeping the old one in the history."""
        key = (row.realm, row.entity, row.id)
        has_history = self.db.execute(
            "SELECT 1 FROM version WHERE realm = ? AND entity = ? AND id = ? LIMIT 1", key
        ).fetchone()
        if has_history is None:  # objects that a company starts with have none until they change
            old = self.get(*key)
            if old is not None:
                self._remember(old, "start")
        self.db.execute("DELETE FROM object WHERE realm = ? AND entity = ? AND id = ?", key)
        self._put(row)
        self._remember(row, operation)

    def set_doc(self, row: Row) -> None:
        """Show other text for the newest version of an object; this is no new version."""
        self.db.execute(
            "UPDATE object SET doc = ? WHERE realm = ? AND entity = ? AND id = ?",
            (row.doc, row.realm, row.entity, row.id),
        )

    def insert_many(self, rows: Iterable[Row]) -> None:
        """The objects a company starts with; their history begins with the first change."""
        marks = ", ".join("?" * 15)
        self.db.executemany(
            f"INSERT INTO object ({OBJECT_COLUMNS}) VALUES ({marks})",
            (row.values() for row in rows),
        )

    def _put(self, row: Row) -> None:
        self.insert_many([row])

    def _remember(self, row: Row, operation: str) -> None:
        marks = ", ".join("?" * 16)
        self.db.execute(
            f"INSERT INTO version ({OBJECT_COLUMNS}, operation) VALUES ({marks})",
            (*row.values(), operation),
        )

    def history(self, realm: str, entity: str, id: str) -> list[tuple[Row, str]]:
        """Every version, oldest first, each with what made it."""
        rows = self.db.execute(
            f"SELECT {OBJECT_COLUMNS}, operation FROM version"
            " WHERE realm = ? AND entity = ? AND id = ? ORDER BY seq",
            (realm, entity, id),
        ).fetchall()
        if rows:
            return [(Row(*row[:-1]), row[-1]) for row in rows]
        row = self.get(realm, entity, id)
        return [] if row is None else [(row, "start")]

    def dump(self, realm: str, entity: str) -> list[Row]:
        rows = self.db.execute(
            f"SELECT {OBJECT_COLUMNS} FROM object WHERE realm = ? AND entity = ?"
            " ORDER BY id_number",
            (realm, entity),
        )
        return [Row(*row) for row in rows]

    def count(self, realm: str, entity: str) -> int:
        row = self.db.execute(
            "SELECT COUNT(*) FROM object WHERE realm = ? AND entity = ? AND gone IS NULL",
            (realm, entity),
        ).fetchone()
        return int(row[0])

    def children(self, realm: str, entity: str, id: str) -> list[Row]:
        rows = self.db.execute(
            f"SELECT {OBJECT_COLUMNS} FROM object"
            " WHERE realm = ? AND entity = ? AND parent = ? AND parent <> '' AND gone IS NULL",
            (realm, entity, id),
        )
        return [Row(*row) for row in rows]

    def of_party(self, realm: str, entity: str, party: str) -> list[Row]:
        """The transactions of one name, such as the invoices of "Customer:58"."""
        return self.children(realm, entity, party)

    def mentioning(self, realm: str, entity: str, id: str) -> list[Row]:
        """The objects of `entity` that hold a reference to this id somewhere."""
        rows = self.db.execute(
            f"SELECT {OBJECT_COLUMNS} FROM object WHERE realm = ? AND entity = ?"
            " AND gone IS NULL AND INSTR(doc, ?) > 0",
            (realm, entity, f'"value":"{id}"'),
        )
        return [Row(*row) for row in rows]

    def named(self, realm: str, space: str, key: str) -> list[Row]:
        """Who has this name (already folded), active or not."""
        rows = self.db.execute(
            f"SELECT {OBJECT_COLUMNS} FROM object"
            " WHERE realm = ? AND space = ? AND name_key = ? AND gone IS NULL",
            (realm, space, key),
        )
        return [Row(*row) for row in rows]

    def all_history(self, realm: str, entity: str) -> list[tuple[Row, str]]:
        """Every version that a write made, of all objects, in the order of the writes."""
        rows = self.db.execute(
            f"SELECT {OBJECT_COLUMNS}, operation FROM version"
            " WHERE realm = ? AND entity = ? AND operation <> 'start' ORDER BY seq",
            (realm, entity),
        )
        return [(Row(*row[:-1]), row[-1]) for row in rows]
