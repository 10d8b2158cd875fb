"""What the company's settings mean for the sync, as its provider tells it."""

from __future__ import annotations

from typing import Any

from integrations.models import Connection
from integrations.providers import get_provider
from integrations.providers.base import Finding, Level
from integrations.sync import numbers


def findings(connection: Connection) -> list[Finding]:
    """One for each setting that matters, gravest first; none where it was not read yet."""
    provider = get_provider(connection.provider)
    home_currency = connection.firm.home_currency
    return provider.preflight(connection.company_facts or {}, home_currency=home_currency)


def sorted_out(connection: Connection) -> dict[str, Any]:
    """As the pages show it: `findings` to read, `fine` for the curious, `numbers` of invoices."""
    found = findings(connection)
    return {
        "findings": [each for each in found if each.level is not Level.OK],
        "fine": [each for each in found if each.level is Level.OK],
        "numbers": numbers.told(connection) if connection.firm.has_billing else None,
    }
