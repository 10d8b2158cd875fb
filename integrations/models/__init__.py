"""The rows of the sync, by subject."""

from integrations.models.activity import Activity
from integrations.models.agreement import AgreementRow, AgreementRun
from integrations.models.connection import (
    CallBudget,
    CallCount,
    CallSlot,
    Connection,
    ConsentRequest,
    Credential,
    Cursor,
    Lease,
    PendingConsent,
    TaxCode,
)
from integrations.models.issue import Issue
from integrations.models.link import Intent, Link
from integrations.models.queue import InboxEntry, OutboxEntry
from integrations.models.setup import ImportedRecord, MatchProposal, Setup

__all__ = [
    "Activity",
    "AgreementRow",
    "AgreementRun",
    "CallBudget",
    "CallCount",
    "CallSlot",
    "Connection",
    "ConsentRequest",
    "Credential",
    "Cursor",
    "ImportedRecord",
    "InboxEntry",
    "Intent",
    "Issue",
    "Lease",
    "Link",
    "MatchProposal",
    "OutboxEntry",
    "PendingConsent",
    "Setup",
    "TaxCode",
]
