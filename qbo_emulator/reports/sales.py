"""Sales by customer and by item: CustomerIncome, CustomerSales, ItemSales."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from ..jsontext import loads
from ..transactions.lines import GROUP, ITEM
from . import shape
from .books import COSTS, EXPENSES, INCOME
from .period import spans
from .request import Request

SOLD = {"Invoice": 1, "SalesReceipt": 1, "CreditMemo": -1, "RefundReceipt": -1}


def customer_sales(request: Request) -> dict[str, Any]:
    """Income by customer, a column for each span of time."""
    start, end = request.period()
    by = request.params.get("summarize_column_by", "") or "Total"
    columns = spans(start, end, by)
    amounts: dict[str, list[int]] = {}
    for place, (_, since, until) in enumerate(columns):
        for name, cents in request.sums("name", since, until, INCOME).items():
            amounts.setdefault(name, [0] * len(columns))[place] = -cents
    if len(columns) > 1:
        amounts = {name: [*each, sum(each)] for name, each in amounts.items()}
    titles = [shape.column(title, "Money", title.lower()) for title, _, _ in columns]
    further = [shape.column("Total", "Money", "total")] if len(columns) > 1 else []
    rows = shape.by_party(request, "Customer", _customers(amounts))
    return shape.report(
        request, [shape.column("", "Customer"), *titles, *further], rows, start=start, end=end,
        by=by.title(), basis="Accrual",
    )  # fmt: skip


def customer_income(request: Request) -> dict[str, Any]:
    """Income, expenses and what is left, by customer."""
    start, end = request.period()
    income = request.sums("name", start, end, INCOME)
    costs = request.sums("name", start, end, (*COSTS, *EXPENSES))
    amounts = {
        name: [-income.get(name, 0), costs.get(name, 0), -income.get(name, 0) - costs.get(name, 0)]
        for name in {*income, *costs}
    }
    columns = [
        shape.column("", "Customer"),
        shape.column("Total Income", "Money", "income"),
        shape.column("Total Expenses", "Money", "expense"),
        shape.column("Net Income", "Money", "net_income"),
    ]
    rows = shape.by_party(request, "Customer", _customers(amounts))
    return shape.report(request, columns, rows, start=start, end=end, basis="Accrual")


def _customers(amounts: dict[str, list[int]]) -> dict[str, list[int]]:
    return {
        name: each for name, each in amounts.items() if name.startswith("Customer:") and any(each)
    }


def item_sales(request: Request) -> dict[str, Any]:
    """Quantity, amount and share by item, from the lines of the forms: the ledger has no items."""
    start, end = request.period()
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for entity, sign in SOLD.items():
        for line in _lines(request, entity, start, end):
            item = line[ITEM]["ItemRef"]["value"]
            quantities[item] += sign * Decimal(line[ITEM].get("Qty") or 0)
            amounts[item] += sign * Decimal(line.get("Amount") or 0)
    whole = sum(amounts.values(), Decimal(0))
    names = {id: request.document("Item", id).get("FullyQualifiedName", id) for id in amounts}
    rows = []
    for id in sorted(amounts, key=lambda each: names[each].casefold()):
        share = f"{amounts[id] * 100 / whole:.2f} %" if whole else ""
        price = f"{amounts[id] / quantities[id]:.2f}" if quantities[id] else ""
        shown = f"{quantities[id]:.2f}", f"{amounts[id]:.2f}", share, price
        rows.append(shape.data(shape.cell(names[id], id), *shown))
    if rows:
        count = sum(quantities.values(), Decimal(0))
        share = "100.00 %" if whole else ""
        rows.append(shape.total("TOTAL", [f"{count:.2f}", f"{whole:.2f}", share, ""]))
    columns = [
        shape.column("", "ProductsAndService", "item"),
        shape.column("Quantity", "Quantity"),
        shape.column("Amount", "Money", "amount"),
        shape.column("% of Sales", "Percent"),
        shape.column("Avg Price", "Money", "avg_price"),
    ]
    return shape.report(request, columns, rows, start=start, end=end, basis="Accrual")


def _lines(request: Request, entity: str, start: str, end: str) -> list[dict[str, Any]]:
    found = request.rows(
        "SELECT parent, doc FROM object WHERE realm = ? AND entity = ? AND gone IS NULL"
        " AND json_extract(doc, '$.TxnDate') BETWEEN ? AND ?",
        entity,
        start,
        end,
    )
    parties = request.parties()
    lines: list[dict[str, Any]] = []
    for parent, doc in found:
        if not parties or parent in parties:
            for line in loads(doc).get("Line", []):
                lines += line.get(GROUP, {}).get("Line", []) or [line]
    return [line for line in lines if ITEM in line]
