"""What the company's preferences mean for the sync, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.models import Connection


@dataclass(frozen=True)
class Finding:
    fact: str
    effect: str


def findings(connection: Connection) -> list[Finding]:
    """What is worth saying before contacts are synced; the rest is on Rules."""
    facts: Mapping[str, Any] = connection.company_facts or {}
    found = []
    if facts.get("is_multi_currency"):
        found.append(
            Finding(
                "Multi-currency is on in QuickBooks.",
                f"Customers in {facts.get('home_currency') or 'your home currency'} sync whole; "
                "the others come in as contacts, without invoices and payments.",
            )
        )
    country = facts.get("country") or ""
    if country not in ("", "US", "USA", "United States"):
        found.append(
            Finding(
                f"The company is in {country}.",
                "Contacts and service items sync; invoices and payments do not yet.",
            )
        )
    return found
