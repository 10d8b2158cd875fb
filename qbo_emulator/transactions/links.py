"""
Links between transactions (4.6.5): a payment on an invoice, a deposit of a payment, and so on.

One row says that so much money of one transaction is used on another. What both sides show of it
(LinkedTxn, Balance, UnappliedAmt) follows from the rows.
"""

from dataclasses import dataclass

from ..store import Store

# What a transaction can be used on, and how answers spell it in TxnType.
MONEY = "money"  # of the other's open amount
MARK = "mark"  # without money: an estimate that became an invoice, a payment in a deposit


@dataclass(frozen=True)
class Link:
    """`cents` of (entity, id) are used on (target, target_id); `kind` is MONEY or MARK."""

    entity: str
    id: str
    target: str
    target_id: str
    cents: int
    kind: str = MONEY


class Links:
    """Reads and writes the `link` table of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def of(self, realm: str, entity: str, id: str) -> list[Link]:
        """What this transaction uses or marks, in the order of its lines."""
        return self._find("entity = ? AND id = ?", realm, entity, id)

    def on(self, realm: str, target: str, target_id: str) -> list[Link]:
        """What is used on this transaction, oldest first."""
        return self._find("target = ? AND target_id = ?", realm, target, target_id)

    def _find(self, where: str, *values: str) -> list[Link]:
        rows = self.store.db.execute(
            "SELECT entity, id, target, target_id, cents, kind FROM link"
            f" WHERE realm = ? AND {where} ORDER BY rowid",
            values,
        )
        return [Link(*row) for row in rows]

    def used(self, realm: str, target: str, target_id: str, *, but: str = "") -> int:
        """Cents used on a transaction, those of the transaction with the id `but` left out."""
        row = self.store.db.execute(
            "SELECT COALESCE(SUM(cents), 0) FROM link"
            " WHERE realm = ? AND target = ? AND target_id = ? AND id <> ?",
            (realm, target, target_id, but),
        ).fetchone()
        return int(row[0])

    def replace(self, realm: str, entity: str, id: str, links: list[Link]) -> None:
        """Put these links in place of all that the transaction had."""
        self.store.db.execute(
            "DELETE FROM link WHERE realm = ? AND entity = ? AND id = ?", (realm, entity, id)
        )
        self.store.db.executemany(
            "INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (realm, each.entity, each.id, each.target, each.target_id, each.cents, each.kind)
                for each in links
            ],
        )

    def drop_target(self, realm: str, target: str, target_id: str) -> None:
        self.store.db.execute(
            "DELETE FROM link WHERE realm = ? AND target = ? AND target_id = ?",
            (realm, target, target_id),
        )


def shown(links: list[Link]) -> list[dict[str, str]]:
    """LinkedTxn of the transaction that is used: the newest first, each once."""
    found: dict[str, str] = {}
    for link in reversed(links):
        found.setdefault(link.id, link.entity)
    return [{"TxnId": id, "TxnType": entity} for id, entity in found.items()]
