"""How a report is written (5.13): head, columns, rows in sections; every value is a text."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ..jsontext import loads
from .request import Request

Row = dict[str, Any]
MOST_CELLS = 400_000
TOO_MANY = "Unable to display more data"


def money(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f}"


def cell(value: Any = "", id: str = "") -> dict[str, str]:
    return {"value": str(value), "id": id} if id else {"value": str(value)}


def data(*cells: Any) -> Row:
    """A row of values; a cell may be a text or made by `cell`."""
    return {"ColData": _cells(cells), "type": "Data"}


def section(title: Any, rows: list[Row], summary: Sequence[Any], group: str = "") -> Row:
    """
    Rows under a title with a sum below.

    Args:
        title: a text or a cell; "" for a sum alone.
        summary: the cells of the sum, its title first; the title's other cells stay empty.
    """
    made: Row = {}
    if title:
        empty = [""] * (len(summary) - 1)
        made["Header"] = {"ColData": _cells([title, *empty])}
    if rows:
        made["Rows"] = {"Row": rows}
    made["Summary"] = {"ColData": _cells(summary)}
    made["type"] = "Section"
    if group:
        made["group"] = group
    return made


def total(title: str, cells: Sequence[Any], group: str = "GrandTotal") -> Row:
    return section("", [], [title, *cells], group)


def _cells(values: Sequence[Any]) -> list[dict[str, str]]:
    return [each if isinstance(each, dict) else cell(each) for each in values]


def column(title: str, kind: str, key: str = "", **meta: str) -> dict[str, Any]:
    """A column; `kind` is Money, Account, Customer or the key of a detail."""
    pairs = [{"Name": "ColKey", "Value": key or kind.lower()}]
    pairs += [{"Name": name, "Value": value} for name, value in meta.items()]
    return {"ColTitle": title, "ColType": kind, "MetaData": pairs}


def report(
    request: Request,
    columns: list[dict[str, Any]],
    rows: list[Row],
    *,
    start: str = "",
    end: str = "",
    by: str = "Total",
    basis: str = "",
    **options: str,
) -> dict[str, Any]:
    """
    The whole answer.

    Args:
        rows: none for a report without data.
        basis: Accrual; "" for reports that have none.
        options: name and value of what was asked for, shown in the head.
    """
    head: dict[str, Any] = {"Time": request.time, "ReportName": request.name}
    if basis:
        head["ReportBasis"] = basis
    if start:
        head["StartPeriod"] = start
    if end:
        head["EndPeriod"] = end
    head |= {"SummarizeColumnsBy": by, "Currency": request.currency}
    for kind in ("Customer", "Vendor", "Employee"):
        if request.params.get(kind.lower()):
            head[kind] = request.params[kind.lower()]
    if basis:
        options = {"AccountingStandard": "GAAP", **options}
    options["NoReportData"] = "false" if rows else "true"
    head["Option"] = [{"Name": name, "Value": value} for name, value in options.items()]
    shown, left = _cut(rows, MOST_CELLS)
    if left <= 0:
        shown.append(data(TOO_MANY))
    return {
        "Header": head,
        "Columns": {"Column": columns},
        "Rows": {"Row": shown} if shown else {},
    }


def _cut(rows: list[Row], left: int) -> tuple[list[Row], int]:
    """The rows that fit into so many cells, and how many cells are left then."""
    kept = []
    for row in rows:
        if left <= 0:
            break
        inner = row.get("Rows", {}).get("Row", [])
        if inner:
            fitting, left = _cut(inner, left)
            row = {**row, "Rows": {"Row": fitting}}
        left -= len(row.get("ColData") or row.get("Summary", {}).get("ColData", []))
        kept.append(row)
    return kept, left


def by_party(request: Request, kind: str, amounts: dict[str, list[int]]) -> list[Row]:
    """
    A row for each customer or vendor with its amounts, sub-customers in a section of their parent.

    Args:
        amounts: ledger name ("Customer:58") -> cents, one for each column.
    """
    if not amounts:
        return []
    found = request.rows(
        "SELECT id, parent, doc FROM object WHERE realm = ? AND entity = ? ORDER BY full_key", kind
    )
    size = len(next(iter(amounts.values())))
    children: dict[str, list[tuple[str, str]]] = {}
    for id, parent, doc in found:
        children.setdefault(parent, []).append((id, doc))

    def below(parent: str) -> tuple[list[Row], list[int]]:
        rows, sums = [], [0] * size
        for id, doc in children.get(parent, []):
            own, inner = amounts.get(f"{kind}:{id}"), children.get(id)
            if own is None and not inner:
                continue
            inner_rows, whole = below(id) if inner else ([], [0] * size)
            if own is None and not inner_rows:
                continue
            name = str(loads(doc).get("DisplayName", ""))
            own_row = data(cell(name, id), *map(money, own)) if own else None
            whole = _plus(whole, own or [0] * size)
            sums = _plus(sums, whole)
            if inner_rows:
                rows.append(_family(name, id, own_row, inner_rows, whole))
            elif own_row:
                rows.append(own_row)
        return rows, sums

    rows, sums = below("")
    return [*rows, total("TOTAL", [money(each) for each in sums])]


def _family(name: str, id: str, own: Row | None, inner: list[Row], whole: list[int]) -> Row:
    rows = [own, *inner] if own else inner
    return section(cell(name, id), rows, [f"Total {name}", *map(money, whole)])


def _plus(one: list[int], other: list[int]) -> list[int]:
    return [a + b for a, b in zip(one, other, strict=True)]
