"""What is asked before Sync service items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from integrations.wizard.ledger import Choice


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of one person; nothing of it is chosen for them but `brings_open`."""

    income_account: str  # the books' id of one
    since: date | None  # go-live; None: all invoices
    brings_open: bool = True

    @property
    def choice(self) -> Choice:
        return Choice(since=self.since, brings_open=self.brings_open)
