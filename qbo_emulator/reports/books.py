"""The statements: ProfitAndLoss, BalanceSheet, TrialBalance. Accrual basis."""

from typing import Any

from . import shape
from .period import fiscal_year, spans
from .request import Request

INCOME, COSTS, EXPENSES = ("Income",), ("Cost of Goods Sold",), ("Expense",)
OTHER_INCOME, OTHER_EXPENSES = ("Other Income",), ("Other Expense",)
RESULT = (*INCOME, *COSTS, *EXPENSES, *OTHER_INCOME, *OTHER_EXPENSES)
ASSETS = ("Bank", "Accounts Receivable", "Other Current Asset", "Fixed Asset", "Other Asset")
DEBTS = ("Accounts Payable", "Credit Card", "Other Current Liability", "Long Term Liability")
FIRST_DAY = "0000-00-00"
Amounts = list[int]


class Table:
    """Amounts by account, one for each column and a total over several."""

    def __init__(self, request: Request, columns: list[tuple[str, str, str]]) -> None:
        self.request = request
        self.columns = columns
        self.has_total = len(columns) > 1

    @property
    def nothing(self) -> Amounts:
        return [0] * (len(self.columns) + self.has_total)

    def amounts(self, types: tuple[str, ...], sign: int, *, from_start: bool) -> dict[str, Amounts]:
        """Account -> cents per column: of the column's days, or all up to its last day."""
        found: dict[str, Amounts] = {}
        for place, (_, since, until) in enumerate(self.columns):
            since = since if from_start else FIRST_DAY
            for id, cents in self.request.sums("account", since, until, types).items():
                found.setdefault(id, self.nothing)[place] = sign * cents
        if self.has_total:
            for each in found.values():
                each[-1] = sum(each[:-1])
        return {id: each for id, each in found.items() if any(each)}

    def group(
        self, title: str, group: str, amounts: dict[str, Amounts], *, name: str = ""
    ) -> tuple[shape.Row | None, Amounts]:
        """A section of accounts; None where none of them has an amount."""
        rows, sums = self.account_rows(amounts, "")
        if not rows:
            return None, sums
        return shape.section(title, rows, self.line(name or f"Total {title}", sums), group), sums

    def account_rows(
        self, amounts: dict[str, Amounts], parent: str
    ) -> tuple[list[shape.Row], Amounts]:
        """The accounts below one, those with sub-accounts as sections of their own."""
        rows, sums = [], self.nothing
        for id, account in self.request.accounts.items():
            if account.get("ParentRef", {}).get("value", "") != parent:
                continue
            inner, whole = self.account_rows(amounts, id)
            own = amounts.get(id)
            whole = plus(whole, own or self.nothing)
            sums = plus(sums, whole)
            label = shape.cell(account["Name"], id)
            own_row = shape.data(label, *map(shape.money, own)) if own else None
            if inner:
                shown = [own_row, *inner] if own_row else inner
                rows.append(
                    shape.section(label, shown, self.line(f"Total {account['Name']}", whole))
                )
            elif own_row:
                rows.append(own_row)
        return rows, sums

    def line(self, title: str, amounts: Amounts) -> list[str]:
        return [title, *map(shape.money, amounts)]

    def head(self) -> list[dict[str, Any]]:
        titles = [
            shape.column(title, "Money", title.lower(), StartDate=since, EndDate=until)
            if self.has_total
            else shape.column("Total", "Money", "total")
            for title, since, until in self.columns
        ]
        further = [shape.column("Total", "Money", "total")] if self.has_total else []
        return [shape.column("", "Account", "account"), *titles, *further]


def plus(one: Amounts, other: Amounts) -> Amounts:
    return [a + b for a, b in zip(one, other, strict=True)]


def minus(one: Amounts, other: Amounts) -> Amounts:
    return [a - b for a, b in zip(one, other, strict=True)]


def profit_and_loss(request: Request) -> dict[str, Any]:
    start, end = request.period()
    by = request.params.get("summarize_column_by", "") or "Total"
    table = Table(request, spans(start, end, by))
    rows: list[shape.Row] = []

    def add(title: str, group: str, types: tuple[str, ...], sign: int) -> Amounts:
        row, sums = table.group(title, group, table.amounts(types, sign, from_start=True))
        if row is not None:
            rows.append(row)
        return sums

    def result(title: str, group: str, amounts: Amounts) -> Amounts:
        rows.append(shape.section("", [], table.line(title, amounts), group))
        return amounts

    income = add("Income", "Income", INCOME, -1)
    costs = add("Cost of Goods Sold", "COGS", COSTS, 1)
    gross = result("Gross Profit", "GrossProfit", minus(income, costs))
    expenses = add("Expenses", "Expenses", EXPENSES, 1)
    net = result("Net Operating Income", "NetOperatingIncome", minus(gross, expenses))
    other_income = add("Other Income", "OtherIncome", OTHER_INCOME, -1)
    other_expenses = add("Other Expenses", "OtherExpenses", OTHER_EXPENSES, 1)
    other = minus(other_income, other_expenses)
    if any(other_income) or any(other_expenses):
        result("Net Other Income", "NetOtherIncome", other)
    result("Net Income", "NetIncome", plus(net, other))
    has_data = any("Rows" in row for row in rows)
    return shape.report(
        request, table.head(), rows if has_data else [], start=start, end=end, by=by.title(),
        basis="Accrual",
    )  # fmt: skip


def balance_sheet(request: Request) -> dict[str, Any]:
    start, end = request.period()
    by = request.params.get("summarize_column_by", "") or "Total"
    table = Table(request, spans(start, end, by))
    table.has_total = False  # states are not added up
    assets, owned = _side(table, 1, _ASSET_GROUPS)
    debts, owed = _side(table, -1, _DEBT_GROUPS)
    equity, own = _equity(table)
    total_assets = shape.section("ASSETS", assets, table.line("TOTAL ASSETS", owned), "TotalAssets")
    below = [
        shape.section("Liabilities", debts, table.line("Total Liabilities", owed), "Liabilities"),
        equity,
    ]
    line = table.line("TOTAL LIABILITIES AND EQUITY", plus(owed, own))
    title = "LIABILITIES AND EQUITY"
    rows = [total_assets, shape.section(title, below, line, "TotalLiabilitiesAndEquity")]
    has_data = any(owned) or any(owed) or any(own)
    return shape.report(
        request, table.head(), rows if has_data else [], start=start, end=end, by=by.title(),
        basis="Accrual",
    )  # fmt: skip


_ASSET_GROUPS = [
    ("Current Assets", "CurrentAssets", [
        ("Bank Accounts", "BankAccounts", "Bank"),
        ("Accounts Receivable", "AR", "Accounts Receivable"),
        ("Other Current Assets", "OtherCurrentAssets", "Other Current Asset"),
    ]),
    ("Fixed Assets", "FixedAssets", "Fixed Asset"),
    ("Other Assets", "OtherAssets", "Other Asset"),
]  # fmt: skip
_DEBT_GROUPS = [
    ("Current Liabilities", "CurrentLiabilities", [
        ("Accounts Payable", "AP", "Accounts Payable"),
        ("Credit Cards", "CreditCards", "Credit Card"),
        ("Other Current Liabilities", "OtherCurrentLiabilities", "Other Current Liability"),
    ]),
    ("Long-Term Liabilities", "LongTermLiabilities", "Long Term Liability"),
]  # fmt: skip


def _side(table: Table, sign: int, groups: list[Any]) -> tuple[list[shape.Row], Amounts]:
    """Sections within sections, by type of account; empty ones are left out."""
    rows, sums = [], table.nothing
    for title, group, what in groups:
        if isinstance(what, str):
            amounts = table.amounts((what,), sign, from_start=False)
            row, whole = table.group(title, group, amounts)
        else:
            inner, whole = _side(table, sign, what)
            line = table.line(f"Total {title}", whole)
            row = shape.section(title, inner, line, group) if inner else None
        if row is not None:
            rows.append(row)
        sums = plus(sums, whole)
    return rows, sums


def _equity(table: Table) -> tuple[shape.Row, Amounts]:
    """Equity with the results: of years before as Retained Earnings, of this one as Net Income."""
    amounts = table.amounts(("Equity",), -1, from_start=False)
    rows, sums = table.account_rows(amounts, "")
    earlier, this_year = table.nothing, table.nothing
    for place, (_, _, until) in enumerate(table.columns):
        begins = fiscal_year(until, table.request.first_month)
        since_begin = sum(table.request.sums("account", begins, until, RESULT).values())
        ever = sum(table.request.sums("account", FIRST_DAY, until, RESULT).values())
        this_year[place], earlier[place] = -since_begin, since_begin - ever
    if any(earlier):
        rows.append(shape.data(*table.line("Retained Earnings", earlier)))
    rows.append(
        {"ColData": shape.data(*table.line("Net Income", this_year))["ColData"], "type": "Data",
         "group": "NetIncome"}
    )  # fmt: skip
    whole = plus(sums, plus(earlier, this_year))
    return shape.section("Equity", rows, table.line("Total Equity", whole), "Equity"), whole


def trial_balance(request: Request) -> dict[str, Any]:
    """Every account with a balance on the last day, debits and credits adding up to the same."""
    start, end = request.period()
    sums = request.sums("account", FIRST_DAY, end, (*ASSETS, *DEBTS, "Equity"))
    begins = fiscal_year(end, request.first_month)
    sums |= request.sums("account", begins, end, RESULT)
    earlier = sum(request.sums("account", FIRST_DAY, end, RESULT).values())
    earlier -= sum(request.sums("account", begins, end, RESULT).values())
    rows = [
        _debit_or_credit(shape.cell(account["FullyQualifiedName"], id), sums[id])
        for id, account in request.accounts.items()
        if sums.get(id)
    ]
    if earlier:
        rows.append(_debit_or_credit("Retained Earnings", earlier))
    amounts = [*sums.values(), earlier]
    debits, credits = (
        sum(each for each in amounts if each > 0),
        -sum(each for each in amounts if each < 0),
    )
    if rows:
        rows.append(shape.total("TOTAL", [shape.money(debits), shape.money(credits)]))
    columns = [
        shape.column("", "Account", "account"),
        shape.column("Debit", "Money", "debit"),
        shape.column("Credit", "Money", "credit"),
    ]
    return shape.report(request, columns, rows, start=start, end=end, basis="Accrual")


def _debit_or_credit(label: Any, cents: int) -> shape.Row:
    amount = shape.money(abs(cents))
    return shape.data(label, amount if cents > 0 else "", amount if cents < 0 else "")
