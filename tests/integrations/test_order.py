"""
P12: webhooks repeated, reordered, delayed or dropped end in the same state.

One story of a bookkeeper, told to us in several ways; the books and our records end as they do
when each webhook comes once, in its turn.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.integrations.births import birth_there
from tests.integrations.ledger import RESOURCES, Ledger
from tests.integrations.ledger_accounts import THERE, check
from tests.quickbooks import Emulator


def _lived(quickbooks: Emulator, *, order: int) -> dict[str, Any]:
    """Live the story; `order` 0: as they come. Return what the books hold, by birthmark."""
    chance = random.Random(order)
    ledger = Ledger.begin(quickbooks)
    there = ledger.there
    there.make_item()
    there.bill(lines=2)
    there.bill()
    first, second = ledger.books("Invoice")[-2:]
    there.pay(first, second, share=3)
    receipt = ledger.books("Payment")[-1]
    _tell(ledger, chance, order)
    ledger.here.change_bill(ledger.bills[0], "message")
    there.change_bill(first, "words")
    there.change_bill(second, "due_on")
    there.change_item(ledger.books("Item")[-1], "name")
    ledger.edit_there(ledger.customers[0], "phone")
    there.change_receipt(receipt, "reference")
    _tell(ledger, chance, order)
    there.change_bill(first, "price")
    there.end("Payment", receipt, "void")
    there.end("Invoice", second, "delete")
    _tell(ledger, chance, order)
    ledger.rest()
    check(ledger)
    return {
        birth_there(resource, doc): THERE[entity](doc)
        for entity, resource in RESOURCES.items()
        for doc in ledger.books(resource)
    }


def _tell(ledger: Ledger, chance: random.Random, order: int) -> None:
    """Deliver what is on its way, with looks between: shuffled, some lost, some twice."""
    ledger.collect_webhooks()
    heard = list(ledger.heard)
    if order:
        heard = chance.choices(heard, k=len(heard))
    else:
        ledger.heard.clear()
    for webhook in heard:
        ledger.deliver(webhook)
        ledger.sync()
        ledger.advance(chance.choice([1, 25]) if order else 25)


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, 2, 3])
def test_webhooks_in_any_order_end_in_the_same_state(
    order: int, qbo: Emulator, transactional_db: None
):
    in_turn = _lived(qbo, order=0)

    in_another = _lived(qbo, order=order)

    assert in_another == in_turn
