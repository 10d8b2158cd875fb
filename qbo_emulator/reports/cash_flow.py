"""CashFlow: why there is more or less cash than before the period. Indirect, accrual."""

from typing import Any

from . import shape
from .books import ASSETS, DEBTS, FIRST_DAY, RESULT, Amounts, Table, plus
from .period import spans
from .request import Request

ADJUSTMENTS = "Adjustments to reconcile Net Income to Net Cash provided by operations:"
OPERATING = (
    "Accounts Receivable",
    "Other Current Asset",
    "Accounts Payable",
    "Credit Card",
    "Other Current Liability",
)
INVESTING = ("Fixed Asset", "Other Asset")
FINANCING = ("Long Term Liability", "Equity")


def cash_flow(request: Request) -> dict[str, Any]:
    start, end = request.period()
    by = request.params.get("summarize_column_by", "") or "Total"
    table = Table(request, spans(start, end, by))
    rows: list[shape.Row] = []
    operating = _operating(table, rows)
    investing = _activity(table, rows, "INVESTING", "investing", INVESTING)
    financing = _activity(table, rows, "FINANCING", "financing", FINANCING)
    change = plus(plus(operating, investing), financing)
    began = _cash_before(table)
    for title, group, amounts in (
        ("Net cash increase for period", "CashIncrease", change),
        ("Cash at beginning of period", "BeginningCash", began),
        ("Cash at end of period", "EndingCash", plus(change, began)),
    ):
        rows.append(shape.section("", [], table.line(title, amounts), group))
    has_data = any(change) or any(began)
    return shape.report(
        request, table.head(), rows if has_data else [], start=start, end=end, by=by.title(),
        basis="Accrual",
    )  # fmt: skip


def _operating(table: Table, rows: list[shape.Row]) -> Amounts:
    income = table.nothing
    for each in table.amounts(RESULT, -1, from_start=True).values():
        income = plus(income, each)
    moved = table.amounts(OPERATING, -1, from_start=True)
    moved = {id: each for id, each in moved.items() if not _is_cash(table.request, id)}
    adjusted, sums = table.group(ADJUSTMENTS, "OperatingAdjustments", moved)
    line = shape.data(*table.line("Net Income", income)) | {"group": "NetIncome"}
    inner = [line, adjusted] if adjusted else [line]
    whole = plus(income, sums)
    title = "Net cash provided by operating activities"
    rows.append(
        shape.section("OPERATING ACTIVITIES", inner, table.line(title, whole),
                      "OperatingActivities")
    )  # fmt: skip
    return whole


def _activity(
    table: Table, rows: list[shape.Row], title: str, word: str, types: tuple[str, ...]
) -> Amounts:
    """A section of accounts whose rise takes cash, or, of debts, brings it."""
    row, sums = table.group(
        f"{title} ACTIVITIES",
        f"{word.title()}Activities",
        table.amounts(types, -1, from_start=True),
        name=f"Net cash provided by {word} activities",
    )
    if row is not None:
        rows.append(row)
    return sums


def _cash_before(table: Table) -> Amounts:
    """The cash there was on the eve of each column, of a total on that of the first."""
    found = table.nothing
    types = (*ASSETS, *DEBTS, "Equity")
    for place, (_, since, until) in enumerate(table.columns):
        ever = table.request.sums("account", FIRST_DAY, until, types)
        within = table.request.sums("account", since, until, types)
        found[place] = sum(
            amount - within.get(id, 0) for id, amount in ever.items() if _is_cash(table.request, id)
        )
    if table.has_total:
        found[-1] = found[0]
    return found


def _is_cash(request: Request, id: str) -> bool:
    """Money in the bank and money that waits to be brought there."""
    account = request.accounts.get(id, {})
    return (
        account.get("AccountType") == "Bank" or account.get("AccountSubType") == "UndepositedFunds"
    )
