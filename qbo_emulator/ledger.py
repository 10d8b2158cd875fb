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
        self._moved: dict[str, set[str]] = {}  # realm -> accounts, since somebody asked

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
        self._move(entry.realm, self._accounts_of(*key))
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
        self._move(entry.realm, {each.account for each in entry.postings})
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

    def owed(self, realm: str, name: str) -> int:
        """Cents that a customer owes (receivables) or is owed as a vendor (payables)."""
        type = PAYABLE if name.startswith("Vendor:") else RECEIVABLE
        sign = -1 if type == PAYABLE else 1
        row = self.store.db.execute(
            "SELECT COALESCE(SUM(cents), 0) FROM posting WHERE realm = ? AND name = ? AND type = ?",
            (realm, name, type),
        ).fetchone()
        return sign * int(row[0])

    def accounts(self, realm: str, some: set[str] | None = None) -> dict[str, int]:
        """Account id -> cents, debits positive; of all accounts or of some."""
        marks = "" if some is None else f" AND account IN ({', '.join('?' * len(some))})"
        rows = self.store.db.execute(
            f"SELECT account, SUM(cents) FROM posting WHERE realm = ?{marks} GROUP BY account",
            (realm, *(some or ())),
        )
        return dict(rows.fetchall())

    # --- Which accounts have moved ---

    def _accounts_of(self, realm: str, entity: str, id: str) -> set[str]:
        rows = self.store.db.execute(
            "SELECT DISTINCT account FROM posting INDEXED BY posting_of"
            " WHERE realm = ? AND entity = ? AND id = ?",
            (realm, entity, id),
        )
        return {account for (account,) in rows}

    def _move(self, realm: str, accounts: set[str]) -> None:
        if realm in self._moved:
            self._moved[realm] |= accounts

    def take_moved(self, realm: str) -> set[str] | None:
        """The accounts that moved since this was asked last; None for all, the first time."""
        moved = self._moved.get(realm)
        self._moved[realm] = set()
        return moved

    def forget_moved(self) -> None:
        """Books were replaced: everything may have moved."""
        self._moved.clear()

    def hand_over(self, realm: str, column: str, away: str, into: str) -> None:
        """After a merge: the postings of one name or account are the other's."""
        self.store.db.execute(
            f"UPDATE posting SET {column} = ? WHERE realm = ? AND {column} = ?",
            (into, realm, away),
        )
        self.forget_moved()

    def unbalanced(self, realm: str) -> list[dict[str, Any]]:
        """Transactions whose debits and credits differ: none, ever."""
        rows = self.store.db.execute(
            "SELECT entity, id, SUM(cents) FROM posting WHERE realm = ?"
            " GROUP BY entity, id HAVING SUM(cents) <> 0",
            (realm,),
        )
        return [{"entity": entity, "id": id, "cents": cents} for entity, id, cents in rows]

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
