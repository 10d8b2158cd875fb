"""QuickBooks passes what every provider passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.providers.base import Books, Present, Snapshot
from tests.integrations.providers.suite import ProviderSuite
from tests.quickbooks import Emulator


class BookkeepersDesk:
    """The emulator's desk in the suite's words."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def edit(self, remote_id: str, **values: Any) -> None:
        fields = {"PrimaryPhone": {"FreeFormNumber": values["phone"]}}
        self._emulator.act("update", remote_id, fields=fields)

    def retire(self, remote_id: str) -> None:
        self._emulator.act("inactivate", remote_id)

    def lose_next_answer(self) -> None:
        self._emulator.fault("cut_after_commit", operation="write")


class TestQuickBooks(ProviderSuite):
    @pytest.fixture
    def desk(self, emulator: Emulator) -> BookkeepersDesk:
        return BookkeepersDesk(emulator)

    @pytest.fixture
    def known(self, books: Books) -> Snapshot:
        """A customer without a balance."""
        found = books.find_by_name("contact", "Cool Cars")[0]
        read = books.fetch("contact", [found.remote_id])[found.remote_id]
        assert isinstance(read, Present)
        return read.snapshot

    @pytest.fixture
    def count_of_calls(self, emulator: Emulator) -> Callable[[], int]:
        return lambda: len(emulator.calls())
