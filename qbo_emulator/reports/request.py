"""What a report is asked for, and what reports look up in the books."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .. import errors
from ..jsontext import loads
from ..money import home_currency
from ..store import Store
from . import period

HEAD = ("TxnDate", "DueDate", "DocNumber", "PrivateNote", "PaymentType")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass
class Request:
    """One call of a report. `params` have lower-case names; days are `YYYY-MM-DD`."""

    store: Store
    realm: str
    name: str
    params: dict[str, str]
    today: str
    time: str

    @cached_property
    def preferences(self) -> dict[str, Any]:
        row = self.store.get(self.realm, "Preferences", "1")
        return {} if row is None else loads(row.doc)

    @property
    def currency(self) -> str:
        return home_currency(self.preferences)["value"]

    @property
    def first_month(self) -> int:
        """The month the fiscal year begins with, 1 to 12."""
        word = self.preferences.get("AccountingInfoPrefs", {}).get("FirstMonthOfFiscalYear", "")
        return MONTHS.index(word) + 1 if word in MONTHS else 1

    def period(self, default: str = "This Calendar Year-to-date") -> tuple[str, str]:
        """First and last day of the report."""
        return period.asked(self.params, self.today, self.first_month, default)

    def day(self, name: str = "report_date") -> str:
        """The one day of a report that shows a state; end_date will do too."""
        text = self.params.get(name) or self.params.get("end_date") or ""
        if not text and self.params.get("date_macro"):
            return self.period()[1]
        return period.day(name, text) if text else self.today

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.params.get(name) or str(default)
        if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
            raise errors.out_of_range(name, low, high, text[:20])
        return int(text)

    def parties(self) -> set[str]:
        """The names a report is narrowed to, as the ledger spells them; empty for all."""
        return {
            f"{kind}:{id.strip()}"
            for kind in ("Customer", "Vendor", "Employee")
            for id in self.params.get(kind.lower(), "").split(",")
            if id.strip()
        }

    # --- Look-ups ---

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.store.db.execute(sql, (self.realm, *values)).fetchall()

    def sums(self, column: str, since: str, until: str, types: tuple[str, ...]) -> dict[str, int]:
        """Cents by account or name over some types of account; debits positive."""
        where, values = "", list(types)
        if self.parties():
            where = f" AND name IN ({', '.join('?' * len(self.parties()))})"
            values += sorted(self.parties())
        found = self.rows(
            f"SELECT {column}, SUM(cents) FROM posting WHERE realm = ? AND date >= ?"
            f" AND date <= ? AND type IN ({', '.join('?' * len(types))}){where}"
            f" GROUP BY {column}",
            since,
            until,
            *values,
        )
        return dict(found)

    @cached_property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """Every account by id, in the order of their full names."""
        found = self.rows(
            "SELECT id, doc FROM object WHERE realm = ? AND entity = 'Account' AND gone IS NULL"
            " ORDER BY full_key"
        )
        return {id: loads(doc) for id, doc in found}

    def document(self, entity: str, id: str) -> dict[str, Any]:
        row = self.store.get(self.realm, entity, id)
        return {} if row is None or row.gone else loads(row.doc)

    def heads(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
        """What lists show of many transactions, by (entity, id); without their lines."""
        by_entity: dict[str, list[str]] = defaultdict(list)
        for entity, id in keys:
            by_entity[entity].append(id)
        picked = ", ".join(f"json_extract(doc, '$.{name}')" for name in HEAD)
        found = {}
        for entity, ids in by_entity.items():
            for at in range(0, len(ids), 500):
                some = ids[at : at + 500]
                for id, *values in self.rows(
                    f"SELECT id, {picked} FROM object WHERE realm = ? AND entity = ?"
                    f" AND id IN ({', '.join('?' * len(some))})",
                    entity,
                    *some,
                ):
                    pairs = zip(HEAD, values, strict=True)
                    found[entity, id] = {name: each for name, each in pairs if each is not None}
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        return {}

    def name_of(self, party: str) -> str:
        """The full name of "Customer:58"."""
        if party not in self._names:
            kind, _, id = party.partition(":")
            document = self.document(kind, id) if id else {}
            name = document.get("FullyQualifiedName") or document.get("DisplayName", "")
            self._names[party] = str(name)
        return self._names[party]
