"""ProfitAndLossDetail: the transactions behind every account of the ProfitAndLoss. Accrual."""

from collections import defaultdict
from typing import Any

from . import shape
from .books import COSTS, EXPENSES, INCOME, OTHER_EXPENSES, OTHER_INCOME
from .request import Request
from .transactions import type_of

# Title, group, types of account, sign that makes them count for the section.
SECTIONS = (
    ("Income", "Income", INCOME, -1),
    ("Cost of Goods Sold", "COGS", COSTS, 1),
    ("Expenses", "Expenses", EXPENSES, 1),
    ("Other Income", "OtherIncome", OTHER_INCOME, -1),
    ("Other Expenses", "OtherExpenses", OTHER_EXPENSES, 1),
)
EMPTY = ("", "", "", "")  # between the title of a sum and its amount
Line = tuple[str, str, str, str, int]  # entity, id, date, name, cents


def profit_and_loss_detail(request: Request) -> dict[str, Any]:
    start, end = request.period()
    lines = _lines(request, start, end)
    heads = request.heads({(line[0], line[1]) for each in lines.values() for line in each})
    rows: list[shape.Row] = []
    net = 0
    for title, group, types, sign in SECTIONS:
        accounts, amount = [], 0
        for id, account in request.accounts.items():
            if account["AccountType"] in types and lines[id]:
                section, sums = _account(request, account, lines[id], heads, sign)
                accounts.append(section)
                amount += sums
        if accounts:
            total = [f"Total {title}", *EMPTY, shape.money(amount), ""]
            rows.append(shape.section(title, accounts, total, group))
        net += -sign * amount
    if rows:
        net_line = ["Net Income", *EMPTY, shape.money(net), ""]
        rows.append(shape.section("", [], net_line, "NetIncome"))
    columns = [
        shape.column("Date", "tx_date"),
        shape.column("Transaction Type", "txn_type"),
        shape.column("Num", "doc_num"),
        shape.column("Name", "name"),
        shape.column("Memo/Description", "memo"),
        shape.column("Amount", "subt_nat_amount"),
        shape.column("Balance", "rbal_nat_amount"),
    ]
    return shape.report(request, columns, rows, start=start, end=end, basis="Accrual")


def _lines(request: Request, start: str, end: str) -> dict[str, list[Line]]:
    """The postings of a period by account, oldest first; of the names that are asked for."""
    parties = request.parties()
    found: dict[str, list[Line]] = defaultdict(list)
    for account, entity, id, date, name, cents in request.rows(
        "SELECT account, entity, id, date, name, cents FROM posting"
        " WHERE realm = ? AND date BETWEEN ? AND ? ORDER BY date, rowid",
        start,
        end,
    ):
        if not parties or name in parties:
            found[account].append((entity, id, date, name, cents))
    return found


def _account(
    request: Request,
    account: dict[str, Any],
    lines: list[Line],
    heads: dict[tuple[str, str], dict[str, Any]],
    sign: int,
) -> tuple[shape.Row, int]:
    """The section of one account with a running balance, and its sum in cents."""
    balance, rows = 0, []
    for entity, id, date, name, cents in lines:
        balance += sign * cents
        document = heads[entity, id]
        rows.append(
            shape.data(
                date,
                shape.cell(type_of(entity, document), id),
                document.get("DocNumber", ""),
                shape.cell(request.name_of(name), name.partition(":")[2]),
                document.get("PrivateNote", ""),
                shape.money(sign * cents),
                shape.money(balance),
            )
        )
    title = account["FullyQualifiedName"]
    total = [f"Total for {title}", *EMPTY, shape.money(balance), ""]
    return shape.section(shape.cell(title, account["Id"]), rows, total), balance
