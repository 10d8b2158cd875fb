"""
Everything that can go wrong in the sync, sorted by what happens next.

SyncError
+-- TryLater                wait, then again; may carry a time
|   +-- OutcomeUnknown      sent, and no answer came: it may have been done
+-- Stale                   the version was old: read, reconcile again now
+-- MissingDependency       the record it points to is not linked: rest until that one wakes it
+-- Refused                 the provider will not take this record: an issue on the record
|   +-- DuplicateName  DuplicateNumber  ReferenceInactive  PeriodClosed  Deposited  HasBalance
|   +-- InvalidValue  SetUpNeeded
+-- ReconnectNeeded         consent revoked or expired: the connection rests, banner
+-- CompanyUnavailable      subscription ended, company closed: the connection rests, banner
+-- ReadsUsedUp             the month's metered reads are spent: reads rest, writes go on
+-- FeedTooOld              the cursor is out of reach: list everything instead

Anything else that rises is a bug: the pair rests as "internal", and it is logged.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class SyncError(Exception):
    """Something went wrong in the sync."""

    code: ClassVar[str] = "sync_error"

    def __init__(
        self,
        sentence: str = "",
        *,
        what_to_do: str = "",
        detail: str = "",
        provider_code: str = "",
        element: str = "",
        trace: str = "",
        status: int | None = None,
    ) -> None:
        """
        Args:
            sentence: for the user, in plain words.
            what_to_do: the remedy, in plain words.
            detail: for the log: the provider's own text.
            provider_code: the provider's code, such as "6240".
            element: the provider's name of the field it refused.
            trace: the provider's id of the answer (`intuit_tid`).
            status: HTTP status of the answer, if there was one.
        """
        super().__init__(sentence or (self.__doc__ or "").strip().splitlines()[0])
        self.what_to_do = what_to_do
        self.detail = detail
        self.provider_code = provider_code
        self.element = element
        self.trace = trace
        self.status = status


class TryLater(SyncError):
    """QuickBooks isn't answering. We try again by ourselves."""

    code = "try_later"

    def __init__(
        self, sentence: str = "", *, until: datetime | None = None, **more: object
    ) -> None:
        super().__init__(sentence, **more)  # type: ignore[arg-type]
        self.until = until


class PairWaits(TryLater):
    """One pair cannot be worked on now; that is no reason to rest the company."""

    code = "pair_waits"


class Throttled(TryLater):
    """QuickBooks asked us to slow down. We carry on by ourselves; nothing is lost."""

    code = "throttled"


class OutcomeUnknown(TryLater):
    """The answer to a change was lost. We check first whether it was saved."""

    code = "outcome_unknown"


class Stale(SyncError):
    """Changed in QuickBooks at the same moment. We read it again and merge."""

    code = "stale"


class MissingDependency(SyncError):
    """It points to a record that is not synced yet."""

    code = "missing_dependency"

    def __init__(self, entity: str, local_id: int | None = None, remote_id: str | None = None):
        self.entity = entity
        self.local_id = local_id
        self.remote_id = remote_id
        super().__init__(f"It waits for {entity} {local_id or remote_id}.")


class Refused(SyncError):
    """QuickBooks will not take this record as it is."""

    code = "refused"


class DuplicateName(Refused):
    """QuickBooks already has a customer, vendor or employee of this name."""

    code = "duplicate_name"

    def __init__(self, sentence: str = "", *, other_id: str = "", **more: object) -> None:
        super().__init__(sentence, **more)  # type: ignore[arg-type]
        self.other_id = other_id  # of a customer, vendor or employee


class DuplicateNumber(Refused):
    """QuickBooks already has a form of this number."""

    code = "duplicate_number"


class ReferenceInactive(Refused):
    """It, or something it uses, was made inactive in QuickBooks or is no longer there."""

    code = "reference_inactive"


class SetUpNeeded(Refused):
    """Something has to be chosen or switched on first."""

    code = "set_up"


class PeriodClosed(Refused):
    """The books are closed for that date in QuickBooks."""

    code = "period_closed"


class Deposited(Refused):
    """The payment is part of a bank deposit in QuickBooks."""

    code = "deposited"


class HasBalance(Refused):
    """QuickBooks keeps a customer active while it has an open balance."""

    code = "has_balance"


class InvalidValue(Refused):
    """QuickBooks refused a value of this record."""

    code = "invalid_value"


class ReconnectNeeded(SyncError):
    """QuickBooks is disconnected. An admin has to sign in there again."""

    code = "reconnect_needed"


class CompanyUnavailable(SyncError):
    """The QuickBooks subscription ended or has a billing problem."""

    code = "company_unavailable"


class ReadsUsedUp(SyncError):
    """The month's metered reads are spent. Reading rests until next month; sending goes on."""

    code = "reads_used_up"


class FeedTooOld(SyncError):
    """The change feed no longer reaches back to where we were; everything is listed instead."""

    code = "feed_too_old"
