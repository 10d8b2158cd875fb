"""
Reports (5.13), all of them from the ledger.

`shape.py` is how a report is written, `period.py` reads the dates that are asked for; the others
hold the reports, by subject.
"""

from collections.abc import Callable
from typing import Any

from .. import errors
from ..store import Store
from . import books, cash_flow, receivables, result_detail, sales, transactions
from .request import Request

REPORTS: dict[str, Callable[[Request], dict[str, Any]]] = {
    "AgedPayableDetail": receivables.aged_payable_detail,
    "AgedPayables": receivables.aged_payables,
    "AgedReceivableDetail": receivables.aged_receivable_detail,
    "AgedReceivables": receivables.aged_receivables,
    "BalanceSheet": books.balance_sheet,
    "CashFlow": cash_flow.cash_flow,
    "CustomerBalance": receivables.customer_balance,
    "CustomerBalanceDetail": receivables.customer_balance_detail,
    "CustomerIncome": sales.customer_income,
    "CustomerSales": sales.customer_sales,
    "GeneralLedger": transactions.general_ledger,
    "ItemSales": sales.item_sales,
    "ProfitAndLoss": books.profit_and_loss,
    "ProfitAndLossDetail": result_detail.profit_and_loss_detail,
    "TransactionList": transactions.transaction_list,
    "TrialBalance": books.trial_balance,
    "VendorBalance": receivables.vendor_balance,
    "VendorBalanceDetail": receivables.vendor_balance_detail,
}


def run(
    store: Store, realm: str, name: str, params: dict[str, str], *, today: str, time: str
) -> dict[str, Any]:
    """
    Make a report.

    Args:
        params: the query parameters, their names in lower case; unknown ones are ignored.
        today: the company's day, `YYYY-MM-DD`.  time: as the report's head shows it.
    Raises:
        Fault: 500 for an unknown report, for the cash basis and for columns that are not known;
            2070 for a bad day, 2170 for an unknown date_macro.
    """
    make = REPORTS.get(name)
    if make is None:
        raise errors.unsupported_operation(f"Operation report {name[:50]} is not supported.")
    if params.get("accounting_method", "").lower() == "cash":
        raise errors.unsupported_operation("Reports on cash basis are not supported.")
    return make(Request(store, realm, name, params, today, time))
