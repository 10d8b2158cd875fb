"""The provider, pointed at the emulator."""

from __future__ import annotations

import pytest

from integrations.providers.base import FixedToken, OpenGate
from integrations.providers.quickbooks.provider import QuickBooksBooks, QuickBooksProvider
from tests.quickbooks import Emulator


@pytest.fixture
def provider() -> QuickBooksProvider:
    return QuickBooksProvider()


@pytest.fixture
def books(emulator: Emulator, provider: QuickBooksProvider) -> QuickBooksBooks:
    return provider.open(
        company_id=emulator.access["realm_id"],
        tokens=FixedToken(emulator.access["access_token"]),
        gate=OpenGate(),
    )
