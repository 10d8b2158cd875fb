"""
P9, the money: both ledgers hold the same, to the cent, and the SQL that says so can say no.

After each random history of `test_ledger_histories.py` it is asked as well.
"""

from __future__ import annotations

import pytest
from django.db import connection as database

from tests.integrations.history import Broken
from tests.integrations.ledger import Ledger
from tests.integrations.ledger_accounts import check
from tests.integrations.ledger_money import check_money
from tests.quickbooks import Emulator

NOTHING: dict[str, set[str]] = {"invoice": set(), "payment": set()}


def test_bills_and_payments_of_both_sides_hold_the_same_to_the_cent(
    qbo: Emulator, transactional_db: None
):
    """Quantities, discounts and tax of all kinds, in several months."""
    ledger = Ledger.begin(qbo)
    for _ in range(6):
        ledger.here.bill(lines=3)
        ledger.there.bill(lines=3)
    ledger.sync(feed=True)
    ledger.here.pay(*ledger.bills, share=3)
    for bill in ledger.books("Invoice"):
        ledger.there.change_bill(bill, "discount")
    ledger.there.pay(*ledger.books("Invoice"), share=7)
    ledger.rest()

    check(ledger)

    assert len(ledger.bills) == 13
    assert len(ledger.receipts) == 2


@pytest.mark.parametrize(
    "table", ["billing_invoice SET total = total", "billing_invoiceline SET amount = amount"]
)
def test_the_sql_finds_a_cent(table: str, qbo: Emulator, transactional_db: None):
    """Otherwise the accounts could not fail."""
    ledger = Ledger.begin(qbo)
    check_money(ledger, NOTHING)

    with database.cursor() as cursor:
        cursor.execute(f"UPDATE {table} + 0.01")

    with pytest.raises(Broken, match="P9"):
        check_money(ledger, NOTHING)
