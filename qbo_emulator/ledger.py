"""
The general ledger: debits and credits of every transaction, kept apart from the documents.

A transaction's lines are replaced whenever it changes, and are always in balance. Balances of names
and accounts are sums over this table. A test can ask it for receivables, income and tax without
anybody else's arithmetic (`GET /emulator/ledger`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .store import Store

RECEIVABLE, PAYABLE = "Accounts Receivable", "Accounts Payable"


class OutOfBalance(AssertionError):
    """Debits and credits differ: a mistake in an entity's `post`, never in a request."""


@dataclass(frozen=True)
class Posting:
    """
    One line of the ledger: `cents` to an account, debits positive, credits negative.

    name: whose it is, as "Customer:58"; "" for nobody.
    """

    account: str
    cents: int
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """All postings of one transaction on one day."""

    realm: str
    entity: str
    id: str
    date: str
    postings: tuple[Posting, ...]


class Ledger:
    """Reads and writes the `posting` table."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def replace(self, entry: Entry) -> set[str]:
        """
        Put a transaction's postings in place of what it had; an empty entry takes it out.

        Returns: the names whose receivable or payable may have changed.
        Raises:
            OutOfBalance: the postings do not add up to nothing.
        """
        if sum(posting.cents for posting in entry.postings):
            raise OutOfBalance(f"{entry.entity} {entry.id}: {entry.postings}")
        key = (entry.realm, entry.entity, entry.id)
        before = self._by_name(*key)
        self.store.db.execute("DELETE FROM posting WHERE realm = ? AND entity = ? AND id = ?", key)
        kinds = self._account_types(entry.realm, {each.account for each in entry.postings})
        self.store.db.executemany(
            "INSERT INTO posting VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (*key, entry.date, each.account, kinds[each.account], each.name, each.cents)
                for each in entry.postings
                if each.cents
            ],
        )
        after = self._by_name(*key)
        return {name for name in {*before, *after} if before.get(name, 0) != after.get(name, 0)}

    def _by_name(self, realm: str, entity: str, id: str) -> dict[str, int]:
        rows = self.store.db.execute(
            "SELECT name, SUM(cents) FROM posting INDEXED BY posting_of"
            " WHERE realm = ? AND entity = ? AND id = ? AND name <> '' AND type IN (?, ?)"
            " GROUP BY name",
            (realm, entity, id, RECEIVABLE, PAYABLE),
        )
        return dict(rows.fetchall())

    def _account_types(self, realm: str, ids: Iterable[str]) -> dict[str, str]:
        marks = ", ".join("?" * len(list(ids)))
        rows = self.store.db.execute(
            "SELECT id, json_extract(doc, '$.AccountType') FROM object"
            f" WHERE realm = ? AND entity = 'Account' AND id IN ({marks})",
            (realm, *ids),
        )
        return dict(rows.fetchall())

    def rename(self, realm: str, away: str, into: str) -> None:
        """What was posted to one name is another's, after a merge."""
        self.store.db.execute(
            "UPDATE posting SET name = ? WHERE realm = ? AND name = ?", (into, realm, away)
        )

    def owed(self, realm: str, name: str) -> int:
        """Cents that a customer owes (receivables) or is owed as a vendor (payables)."""
        type = PAYABLE if name.startswith("Vendor:") else RECEIVABLE
        sign = -1 if type == PAYABLE else 1
        row = self.store.db.execute(
            "SELECT COALESCE(SUM(cents), 0) FROM posting WHERE realm = ? AND name = ? AND type = ?",
            (realm, name, type),
        ).fetchone()
        return sign * int(row[0])

    def accounts(self, realm: str) -> dict[str, int]:
        """Account id -> cents, debits positive."""
        rows = self.store.db.execute(
            "SELECT account, SUM(cents) FROM posting WHERE realm = ? GROUP BY account", (realm,)
        )
        return dict(rows.fetchall())

    def lines(self, realm: str, entity: str, id: str) -> list[dict[str, Any]]:
        """The postings of one transaction."""
        rows = self.store.db.execute(
            "SELECT date, account, type, name, cents FROM posting"
            " WHERE realm = ? AND entity = ? AND id = ? ORDER BY rowid",
            (realm, entity, id),
        )
        names = ("date", "account", "type", "name", "cents")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def sums(
        self, realm: str, by: tuple[str, ...], since: str = "", until: str = ""
    ) -> list[dict[str, Any]]:
        """
        Sums in cents, grouped: by any of account, type, name, entity, month, date.

        Args:
            since, until: `YYYY-MM-DD`, both included; "" for no end.
        Raises:
            ValueError: there is no such grouping.
        """
        columns = {
            "account": "account",
            "type": "type",
            "name": "name",
            "entity": "entity",
            "month": "SUBSTR(date, 1, 7)",
            "date": "date",
        }
        unknown = [each for each in by if each not in columns]
        if unknown or not by:
            raise ValueError(f"by is any of {', '.join(columns)}; not {', '.join(unknown)}.")
        picked = ", ".join(columns[each] for each in by)
        rows = self.store.db.execute(
            f"SELECT {picked}, SUM(cents) FROM posting WHERE realm = ?"
            f" AND date >= ? AND date <= ? GROUP BY {picked} ORDER BY {picked}",
            (realm, since, until or "9999-12-31"),
        )
        return [dict(zip((*by, "cents"), row, strict=True)) for row in rows]
