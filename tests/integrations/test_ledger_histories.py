"""
Random histories of invoices and payments: both sides, faults, kills and clocks, then the accounts.

`LEDGER=number pytest tests/integrations/test_ledger_histories.py` replays one, and
`EXPLORE=500` looks at that many others, from `FIRST` on (1000).
"""

from __future__ import annotations

import os

import pytest

from tests.integrations.ledger import Ledger, Walk
from tests.integrations.reconcile.cases import explored
from tests.quickbooks import Emulator

REPLAYED = os.environ.get("LEDGER", "")


def numbers() -> list[int]:
    if REPLAYED:
        return [int(REPLAYED)]
    if explored():
        first = int(os.environ.get("FIRST", "1000"))
        return list(range(first, first + explored()))
    return list(range(12))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", numbers())
def test_whatever_happens_both_ledgers_agree_in_the_end(
    number: int, qbo: Emulator, transactional_db: None
):
    Walk(Ledger.begin(qbo), number).finish()
