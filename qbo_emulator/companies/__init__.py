"""
The companies an emulator can begin with: sample, empty, messy (facts in JSON files) and bulk:N.

The files hold facts in plain words; the modules here make them objects as the API shows them.
`us.json` holds what any new US company begins with; a company's own lists replace those there.
Writing a company's transactions takes longer than a reset may: that is done once a process and day,
and copied from then on.
"""

import json
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ..entities import ENTITIES
from ..store import REALM_TABLES, Row, Store
from .bulk import Sizes, write_bulk
from .company import company_info, preferences
from .lists import lists
from .names import names
from .transactions import write_transactions

HERE = Path(__file__).parent
FIRST_REALM = 9341453708120001
AGE_SECONDS = 45 * 86400  # what a company starts with was made so long ago
TEMPLATE = "1"  # the realm of a template
# The newest lists have long ids (4.0, 4.16); the last number before the first new one.
LONG_COUNTERS = {
    "account": 1150040001,
    "class": 5000000000000085681,
    "attachable": 5000000000000503623,
}


class UnknownCompany(ValueError):
    """There is no company of this kind."""


def check_kind(kind: str) -> str:
    """Give the kind back, or raise UnknownCompany."""
    if not isinstance(kind, str):  # it may come from a JSON body
        raise UnknownCompany(f"{kind!r} is no text.")
    if kind not in {"sample", "empty", "messy"}:
        try:
            Sizes.read(kind)
        except ValueError:
            known = "sample, empty, messy or bulk:N[,invoices=N][,payments=N][,items=N]"
            raise UnknownCompany(f"{kind!r} is not {known}.") from None
    return kind


def add_company(store: Store, kind: str, *, now: float, realm: str = "") -> str:
    """
    Add a company to the store.

    Args:
        realm: its id; of a company that is there it replaces the books, ids begin anew.
    Returns: the realm id.
    Raises:
        UnknownCompany: for an unknown kind.
    """
    check_kind(kind)
    with store.transaction():
        if not realm:
            taken = [int(company["realm_id"]) for company in store.companies()]
            realm = str(max(taken, default=FIRST_REALM - 1) + 1)
        _forget(store, realm)
        facts = _facts("empty" if kind.startswith("bulk:") else kind)
        name = facts["company"]["company_name"]
        if kind.startswith("bulk:"):
            name = f"Bulk Company of {Sizes.read(kind).customers:,}"
        if store.company(realm) is None:
            store.add_company(realm, name, kind)
        else:
            store.db.execute(
                "UPDATE company SET name = ?, kind = ? WHERE realm = ?", (name, kind, realm)
            )
        made = int(now) - AGE_SECONDS
        if kind.startswith("bulk:"):
            _write_lists(store, facts, name, realm, made)
            write_bulk(store, realm, Sizes.read(kind), made)
        else:
            _copy(_template(kind, made // 86400), store, realm)
    return realm


def _write_lists(store: Store, facts: dict[str, Any], name: str, realm: str, made: int) -> None:
    rows = [company_info(facts, name, realm, made), preferences(facts, realm, made)]
    rows += names(facts, realm, made) + lists(facts, realm, made)
    store.insert_many(rows)
    _start_counters(store, realm, rows)
    store.set_counter(realm, "txn", _highest_transaction(facts))
    store.set_counter(realm, "address", 1000)


@lru_cache(maxsize=8)
def _template(kind: str, day: int) -> Store:
    """A company of its own, in memory, made at a quarter past nine Pacific (17:15 UTC) of a day."""
    store, facts, made = Store(":memory:"), _facts(kind), day * 86400 + 62_100
    with store.transaction():
        _write_lists(store, facts, facts["company"]["company_name"], TEMPLATE, made)
        write_transactions(store, facts, TEMPLATE, made)
        store.set_counter(TEMPLATE, "txn", _highest_transaction(facts))
    return store


def _copy(template: Store, store: Store, realm: str) -> None:
    """All rows of a template, as those of this realm."""
    for table in ("object", "link", "posting", "counter"):
        rows = template.db.execute(f"SELECT * FROM {table}").fetchall()
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            store.db.executemany(
                f"INSERT INTO {table} VALUES ({marks})", ((realm, *row[1:]) for row in rows)
            )


def _start_counters(store: Store, realm: str, rows: list[Row]) -> None:
    """Ids go on after the highest of the entities that share a counter."""
    highest = {entity.counter: 0 for entity in ENTITIES if entity.counter != "txn"}
    counters = {entity.name: entity.counter for entity in ENTITIES}
    for row in rows:
        if counters[row.entity] in highest:
            counter = counters[row.entity]
            highest[counter] = max(highest[counter], row.id_number)
    for counter, value in (highest | LONG_COUNTERS).items():
        store.set_counter(realm, counter, value)


def _forget(store: Store, realm: str) -> None:
    for table in REALM_TABLES:
        store.db.execute(f"DELETE FROM {table} WHERE realm = ?", (realm,))


@cache
def _facts(kind: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name in ("us", kind):
        text = (HERE / f"{name}.json").read_text("utf-8")
        facts |= json.loads(text, parse_float=Decimal)
    return facts


def _highest_transaction(facts: dict[str, Any]) -> int:
    lists = (
        "invoices", "payments", "estimates", "credit_memos", "sales_receipts", "deposits", "charges"
    )  # fmt: skip
    return max((int(each["id"]) for name in lists for each in facts.get(name, [])), default=0)
