"""
What is owed, by whom and since when: receivables and payables as of a day.

The open amount of a transaction is what it posted to the receivable, less what others use of it by
that day. So the sums are always those of the ledger.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..ledger import PAYABLE, RECEIVABLE
from ..transactions.links import MONEY
from . import shape
from .request import Request
from .transactions import type_of

Key = tuple[str, str]  # entity, id
CUSTOMER = ("Customer", RECEIVABLE, 1)
VENDOR = ("Vendor", PAYABLE, -1)
Side = tuple[str, str, int]


@dataclass
class Item:
    """One transaction with something open. Amounts in cents, what is owed positive."""

    entity: str
    id: str
    party: str  # "Customer:58"
    amount: int
    open: int
    document: dict[str, Any]  # its head

    @property
    def date(self) -> str:
        return str(self.document["TxnDate"])

    @property
    def due(self) -> str:
        return str(self.document.get("DueDate") or self.date)

    def cells(self) -> list[Any]:
        kind = shape.cell(type_of(self.entity, self.document), self.id)
        return [self.date, kind, self.document.get("DocNumber", "")]


def open_items(request: Request, side: Side, on: str) -> list[Item]:
    """Everything open on a day, oldest first."""
    _, type, sign = side
    amounts = _posted(request, type, on)
    left = {key: dict(names) for key, names in amounts.items()}
    for entity, id, target, target_id, cents in request.rows(
        "SELECT entity, id, target, target_id, cents FROM link WHERE realm = ? AND kind = ?", MONEY
    ):
        source, used = (entity, id), (target, target_id)
        if source not in amounts or used not in amounts:
            continue
        name = next(iter(amounts[used]))
        cents = cents if amounts[used][name] > 0 else -cents
        left[used][name] -= cents
        left[source][name] = left[source].get(name, 0) + cents
    wanted = request.parties()
    found = [
        (key, name, cents)
        for key, names in left.items()
        for name, cents in names.items()
        if cents and (not wanted or name in wanted)
    ]
    heads = request.heads(key for key, _, _ in found)
    for key, head in heads.items():
        if "TxnDate" not in head:
            heads[key] = {**head, "TxnDate": _opened(request, *key)}
    items = [
        Item(*key, name, sign * amounts[key].get(name, 0), sign * cents, heads[key])
        for key, name, cents in found
    ]
    return sorted(items, key=lambda item: (item.date, int(item.id)))


def _opened(request: Request, entity: str, id: str) -> str:
    """The day of the opening balance of a name, which is no transaction."""
    rows = request.rows(
        "SELECT date FROM posting WHERE realm = ? AND entity = ? AND id = ?", entity, id
    )
    return str(next(iter(rows))[0])


def _posted(request: Request, type: str, on: str) -> dict[Key, dict[str, int]]:
    found: dict[Key, dict[str, int]] = defaultdict(dict)
    for entity, id, name, cents in request.rows(
        "SELECT entity, id, name, SUM(cents) FROM posting"
        " WHERE realm = ? AND type = ? AND date <= ? GROUP BY entity, id, name",
        type,
        on,
    ):
        found[entity, id][name] = cents
    return found


# --- Ages ---


def _buckets(request: Request) -> list[tuple[str, int]]:
    """(title, most days past due) of each age, youngest first; the last one has no end."""
    size = request.number("aging_period", 30, 1, 365)
    count = request.number("num_periods", 4, 1, 50)
    found = [("Current", 0)]
    found += [(f"{size * at + 1} - {size * (at + 1)}", size * (at + 1)) for at in range(count - 1)]
    return [*found, (f"{size * (count - 1) + 1} and over", 10**6)]


def _age(item: Item, on: str, buckets: list[tuple[str, int]]) -> int:
    """In which bucket an item is: by the days it is past due."""
    days = (date.fromisoformat(on) - date.fromisoformat(item.due)).days
    return next(place for place, (_, most) in enumerate(buckets) if days <= most)


def aged_receivables(request: Request) -> dict[str, Any]:
    return _aged(request, CUSTOMER)


def aged_payables(request: Request) -> dict[str, Any]:
    return _aged(request, VENDOR)


def aged_receivable_detail(request: Request) -> dict[str, Any]:
    return _aged_detail(request, CUSTOMER)


def aged_payable_detail(request: Request) -> dict[str, Any]:
    return _aged_detail(request, VENDOR)


def _aged(request: Request, side: Side) -> dict[str, Any]:
    """A row for each name, a column for each age."""
    on, buckets = request.day(), _buckets(request)
    amounts: dict[str, list[int]] = {}
    for item in open_items(request, side, on):
        row = amounts.setdefault(item.party, [0] * (len(buckets) + 1))
        row[_age(item, on, buckets)] += item.open
        row[-1] += item.open
    columns = [shape.column("", side[0])]
    columns += [shape.column(title, "Money", str(at)) for at, (title, _) in enumerate(buckets)]
    columns.append(shape.column("Total", "Money", "total"))
    rows = shape.by_party(request, side[0], amounts)
    return shape.report(request, columns, rows, end=on, report_date=on)


def _aged_detail(request: Request, side: Side) -> dict[str, Any]:
    """A section for each age, the oldest first; a row for each open transaction."""
    on, buckets = request.day(), _buckets(request)
    by_age: dict[int, list[Item]] = defaultdict(list)
    items = open_items(request, side, on)
    for item in items:
        by_age[_age(item, on, buckets)].append(item)
    rows = []
    for place in sorted(by_age, reverse=True):
        title = _detail_title(buckets[place][0])
        lines = [
            shape.data(
                *item.cells(),
                shape.cell(request.name_of(item.party), item.party.partition(":")[2]),
                item.due,
                shape.money(item.amount),
                shape.money(item.open),
            )
            for item in by_age[place]
        ]
        sums = [f"Total for {title}", "", "", "", "", *_sums(by_age[place])]
        rows.append(shape.section(title, lines, sums))
    if items:
        rows.append(shape.total("TOTAL", ["", "", "", "", *_sums(items)]))
    kind = side[0]
    columns = [
        *_DETAIL_COLUMNS,
        shape.column(kind, "cust_name" if kind == "Customer" else "vend_name"),
        shape.column("Due Date", "due_date"),
        shape.column("Amount", "subt_amount"),
        shape.column("Open Balance", "subt_open_bal"),
    ]
    return shape.report(request, columns, rows, end=on, report_date=on)


_DETAIL_COLUMNS = [
    shape.column("Date", "tx_date"),
    shape.column("Transaction Type", "txn_type"),
    shape.column("Num", "doc_num"),
]


def _detail_title(title: str) -> str:
    if title == "Current":
        return title
    if title.endswith(" and over"):
        return f"{title.removesuffix(' and over')} or more days past due"
    return f"{title} days past due"


def _sums(items: list[Item]) -> list[str]:
    amounts = sum(item.amount for item in items), sum(item.open for item in items)
    return [shape.money(each) for each in amounts]


# --- Balances ---


def customer_balance(request: Request) -> dict[str, Any]:
    return _balance(request, CUSTOMER)


def vendor_balance(request: Request) -> dict[str, Any]:
    return _balance(request, VENDOR)


def customer_balance_detail(request: Request) -> dict[str, Any]:
    return _balance_detail(request, CUSTOMER)


def vendor_balance_detail(request: Request) -> dict[str, Any]:
    return _balance_detail(request, VENDOR)


def _balance(request: Request, side: Side) -> dict[str, Any]:
    kind, type, sign = side
    on = request.day()
    sums = request.sums("name", "", on, (type,))
    amounts = {name: [sign * cents] for name, cents in sums.items() if cents}
    columns = [shape.column("", kind), shape.column("Total", "Money", "total")]
    rows = shape.by_party(request, kind, amounts)
    return shape.report(request, columns, rows, end=on, report_date=on)


def _balance_detail(request: Request, side: Side) -> dict[str, Any]:
    """A section for each name, its open transactions with a running balance."""
    on = request.day()
    items = open_items(request, side, on)
    by_party: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_party[item.party].append(item)
    named = sorted((request.name_of(party).casefold(), party) for party in by_party)
    rows = []
    for _, party in named:
        lines, balance = [], 0
        for item in by_party[party]:
            balance += item.open
            amounts = map(shape.money, (item.amount, item.open, balance))
            lines.append(shape.data(*item.cells(), item.due, *amounts))
        name = request.name_of(party)
        sums = [f"Total for {name}", "", "", "", *_sums(by_party[party]), ""]
        rows.append(shape.section(shape.cell(name, party.partition(":")[2]), lines, sums))
    if items:
        rows.append(shape.total("TOTAL", ["", "", "", *_sums(items), ""]))
    columns = [
        *_DETAIL_COLUMNS,
        shape.column("Due Date", "due_date"),
        shape.column("Amount", "subt_amount"),
        shape.column("Open Balance", "subt_open_bal"),
        shape.column("Balance", "rbal_open_bal"),
    ]
    return shape.report(request, columns, rows, end=on, report_date=on)
