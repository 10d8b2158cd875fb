"""A connection without an emulator behind it; tests.factories has those with one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firms.models import Firm
from integrations.models import Connection, Credential, Cursor, Lease
from integrations.providers.base import TokenSet
from tests.factories import NOW, make_firm


def make_connection(firm: Firm | None = None, **fields: Any) -> Connection:
    """A firm connected to a company of its own whose contacts were synced once. No tokens."""
    firm = firm or make_firm()
    defaults: dict[str, Any] = {
        "company_id": str(9_341_450_000_000_000 + firm.pk),
        "company_name": "Sample Company",
        "state_changed_at": NOW,
        "connected_at": NOW,
        "contacts_synced_at": NOW,
    }
    made = Connection.objects.create(firm=firm, **{**defaults, **fields})
    Lease.objects.create(connection=made)
    Cursor.objects.create(connection=made, value=NOW)
    return made


def make_tokens(**fields: Any) -> TokenSet:
    """Tokens that live long, by NOW."""
    defaults: dict[str, Any] = {
        "access_token": "access",
        "refresh_token": "refresh",
        "access_ends_at": NOW + timedelta(hours=1),
        "refresh_ends_at": NOW + timedelta(days=100),
        "hard_ends_at": None,
    }
    return TokenSet(**{**defaults, **fields})


def make_credential(connection: Connection, **fields: Any) -> Credential:
    return Credential.objects.create(connection=connection, **vars(make_tokens(**fields)))
