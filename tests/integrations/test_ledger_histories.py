"""
Random histories of a whole ledger: contacts, service items, invoices and payments on both sides,
with faults, kills, clocks and webhooks, and then the accounts.

`LEDGER=number pytest tests/integrations/test_ledger_histories.py` replays one, and
`EXPLORE=500` looks at that many others, from `FIRST` on (1000).
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from integrations.models import Link
from integrations.sync import resolving
from tests.integrations.history import Broken
from tests.integrations.ledger import Ledger
from tests.integrations.ledger_accounts import check
from tests.integrations.ledger_bugs import (
    LEDGER_BUGS,
    line_there_between_two_looks,
    paid_here_and_void_again,
    paid_here_before_the_bill_is_there,
    voided_here_after_the_deposit,
)
from tests.integrations.ledger_walk import Walk
from tests.integrations.reconcile.cases import explored
from tests.quickbooks import Emulator

REPLAYED = os.environ.get("LEDGER", "")
KEPT = [0, 1, 2, 3, 4, 5, 7]


def numbers() -> list[int]:
    if REPLAYED:
        return [int(REPLAYED)]
    if explored():
        first = int(os.environ.get("FIRST", "1000"))
        return list(range(first, first + explored()))
    return KEPT


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", numbers())
def test_whatever_happens_both_ledgers_agree_in_the_end(
    number: int, qbo: Emulator, transactional_db: None
):
    Walk(qbo, number).finish()


def live(ledger: Ledger, story: Callable[[Ledger], None]) -> None:
    story(ledger)
    ledger.rest()
    check(ledger)


@pytest.mark.parametrize("name", LEDGER_BUGS)
def test_a_deliberate_bug_is_found(name: str, qbo: Emulator, transactional_db: None):
    bug = LEDGER_BUGS[name]
    ledger = Ledger.begin(qbo)
    with bug.switched_on(), pytest.raises(Broken) as found:
        live(ledger, bug.story)

    assert found.value.guarantee == bug.breaks, "\n".join([str(found.value), *ledger.told])


# -- histories that once ended badly ---------------------------------------------------------------


def voided_here_after_the_deposit_and_retried(ledger: Ledger) -> None:
    """Once its deposit was known, Retry all took the issue away, and nothing told of the void."""
    voided_here_after_the_deposit(ledger)
    ledger.sync(feed=True)
    resolving.retry_all(actor=ledger.actor, connection=ledger.connection, now=ledger.now)
    ledger.sync()


def void_here_and_changed_and_paid_there(ledger: Ledger) -> None:
    """What the bookkeeper had received on it was un-applied there, though nobody had decided."""
    ledger.here.void_bill(ledger.bills[0])
    bill = ledger.books("Invoice")[0]
    ledger.there.change_bill(bill, "words")
    ledger.there.pay(bill)
    ledger.sync(feed=True)
    ledger.here.change_receipt(ledger.receipts[0], "reference")
    ledger.sync()


def changed_while_it_was_being_made(ledger: Ledger) -> None:
    """Its lines were made anew by the update: nobody had noted their ids."""
    ledger.here.bill(lines=2)
    bill = ledger.bills[-1]
    ledger.sync(meanwhile=lambda: ledger.here.change_bill(bill, "words"))


def deleted_there_while_unmatched_and_matched_again(ledger: Ledger) -> None:
    """It was read again and again, without end: nobody kept that it was gone."""
    ledger.unmatch(Link.objects.get(entity="invoice", local_id=ledger.bills[0].pk))
    ledger.there.end("Invoice", ledger.books("Invoice")[0], "delete")
    ledger.sync(feed=True)
    ledger.advance(600)
    ledger.bring_back(Link.objects.get(state="left_out", local_id=ledger.bills[0].pk))
    before = ledger.quickbooks.counts()["metered"]
    ledger.sync()
    assert ledger.quickbooks.counts()["metered"] - before <= 2


STORIES = {bug.story: None for bug in LEDGER_BUGS.values()}


@pytest.mark.parametrize(
    "story",
    [
        *STORIES,
        paid_here_and_void_again,
        line_there_between_two_looks,
        paid_here_before_the_bill_is_there,
        voided_here_after_the_deposit_and_retried,
        void_here_and_changed_and_paid_there,
        changed_while_it_was_being_made,
        deleted_there_while_unmatched_and_matched_again,
    ],
)
def test_without_the_bug_its_story_ends_well(
    story: Callable[[Ledger], None], qbo: Emulator, transactional_db: None
):
    live(Ledger.begin(qbo), story)
