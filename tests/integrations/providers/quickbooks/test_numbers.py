"""The invoice numbers of a company: text, many or few, for one or two metered reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.providers.base import FixedToken, OpenGate
from integrations.providers.quickbooks.provider import QuickBooksBooks, QuickBooksProvider
from integrations.reconcile.numbers import highest
from tests.quickbooks import Emulator


@pytest.fixture
def opened(emulator: Emulator, provider: QuickBooksProvider) -> Callable[[str], QuickBooksBooks]:
    """The books of a fresh company of this kind."""

    def do(company: str) -> QuickBooksBooks:
        access = emulator.reset(company)
        return provider.open(
            company_id=access["realm_id"],
            tokens=FixedToken(access["access_token"]),
            gate=OpenGate(),
        )

    return do


@pytest.mark.parametrize(
    ("company", "count", "reads"), [("sample", 31, 1), ("bulk:10,invoices=1500", 1500, 2)]
)
def test_the_highest_number_of_a_company_is_found_in_two_reads_at_most(
    opened: Callable[[str], QuickBooksBooks],
    emulator: Emulator,
    company: str,
    count: int,
    reads: int,
) -> None:
    books = opened(company)
    there = [each.get("DocNumber", "") for each in emulator.objects("Invoice")]
    before = emulator.counts()["metered"]

    found = books.numbers("invoice", prefix="")

    assert len(there) == count
    assert highest("", found) == max(int(each) for each in there)
    assert emulator.counts()["metered"] - before == reads
