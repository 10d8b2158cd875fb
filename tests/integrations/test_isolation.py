"""P15: what is sent for one firm is the same whether another exists, fails or floods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contacts import services
from integrations.models import Connection, OutboxEntry
from integrations.sync import engine
from tests.factories import connect, make_actor, make_firm
from tests.integrations.ledger import Ledger
from tests.integrations.ledger_accounts import check
from tests.quickbooks import Emulator

Meanwhile = Callable[[], None]


def _nobody(ledger: Ledger) -> Meanwhile:
    return lambda: None


def _another(ledger: Ledger, *, contacts: int) -> Connection:
    """Another firm with a company of its own, and so many contacts that wait to be sent."""
    made = ledger.quickbooks.ask("companies", {"company": "empty"})
    firm = make_firm()
    connection = connect(firm, ledger.quickbooks.base_url, realm=made["realm_id"])
    for n in range(contacts):
        services.create_contact(
            actor=make_actor(firm), values={"display_name": f"Other {n}"}, now=ledger.now
        )
    return connection


def _one_that_floods(ledger: Ledger) -> Meanwhile:
    other = _another(ledger, contacts=60)

    def meanwhile() -> None:
        engine.drain(other, now=ledger.now, seconds=0.5)
        assert OutboxEntry.objects.filter(connection=other).exists()  # it never comes to its end

    return meanwhile


def _one_that_fails(ledger: Ledger) -> Meanwhile:
    other = _another(ledger, contacts=3)
    ledger.quickbooks.fault("status", status=503, realm=other.company_id, times=None)

    def meanwhile() -> None:
        engine.drain(other, now=ledger.now)

    return meanwhile


def _trace(quickbooks: Emulator, beside: Callable[[Ledger], Meanwhile]) -> list[Any]:
    """What a firm asked of its company, call by call, while the other did its part."""
    ledger = Ledger.begin(quickbooks)
    meanwhile = beside(ledger)
    quickbooks.forget_calls()
    for act in (
        lambda: ledger.here.bill(lines=2),
        lambda: ledger.here.pay(*ledger.bills),
        lambda: ledger.there.pay(*ledger.books("Invoice"), share=2),
        lambda: ledger.here.change_bill(ledger.bills[0], "message"),
        lambda: ledger.here.void_receipt(ledger.receipts[0]),
        lambda: ledger.there.end("Invoice", ledger.books("Invoice")[0], "void"),
    ):
        act()
        meanwhile()
        ledger.sync(feed=True)
        ledger.advance(25)
    check(ledger)
    realm = str(quickbooks.access["realm_id"])
    return [
        (each["kind"], each["entity"], each["id"], each["status"], each["request"])
        for each in quickbooks.calls()
        if realm in each["path"]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("beside", [_one_that_fails, _one_that_floods])
def test_a_firm_syncs_alike_whatever_another_does(
    beside: Callable[[Ledger], Meanwhile], qbo: Emulator, transactional_db: None
):
    alone = _trace(qbo, _nobody)

    together = _trace(qbo, beside)

    assert together == alone
