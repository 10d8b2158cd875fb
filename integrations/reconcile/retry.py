"""When a failed pair is tried again. Pure: the time and the jitter are passed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from integrations.errors import (
    OutcomeUnknown,
    ReadsUsedUp,
    Stale,
    SyncError,
    Throttled,
    TryLater,
)

FIRST: Final = timedelta(seconds=5)
LONGEST: Final = timedelta(hours=1)
# After a 429 the whole company rests: developer.intuit.com, "Limits and throttles".
THROTTLED: Final = timedelta(seconds=60)
# A request QuickBooks has not answered may still be committed until then: its own time-out is
# 120 s (developer.intuit.com, "Handling timeouts"), and 10 s are for the way.
LATE_COMMIT: Final = timedelta(seconds=130)


def next_attempt(
    error: SyncError,
    *,
    attempts: int,
    now: datetime,
    jitter: float = 0.0,
    sent_at: datetime | None = None,
    late_commit: timedelta = LATE_COMMIT,
) -> datetime | None:
    """
    When to try again after `error`; None: it rests until a person or another record wakes it.

    Args:
        attempts: failures in a row before this one.
        jitter: 0 up to 1; lengthens the wait by up to half, so that a crowd does not return at
            once.
        sent_at: when the request was sent whose outcome is unknown; `now` if it is not given.
        late_commit: how long after `sent_at` the provider could still carry it out.
    """
    if isinstance(error, ReadsUsedUp):
        return _next_month(now)
    if not isinstance(error, TryLater | Stale):
        return None
    at = now + _wait(error, attempts) * (1 + jitter / 2)
    if isinstance(error, TryLater) and error.until is not None:
        at = max(error.until, now)
    if isinstance(error, OutcomeUnknown):
        at = max(at, (sent_at or now) + late_commit)
    return at


def _wait(error: SyncError, attempts: int) -> timedelta:
    """5 s, doubled with each failure in a row, an hour at the most."""
    wait = min(FIRST * 2 ** min(attempts, 20), LONGEST)
    return max(wait, THROTTLED) if isinstance(error, Throttled) else wait


def _next_month(now: datetime) -> datetime:
    """Metered reads are counted by calendar month, in UTC."""
    today = now.astimezone(UTC)
    first = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
