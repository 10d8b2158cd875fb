"""How often a caller may call: one bucket each, in one row, for all processes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from rest_framework import exceptions

from firms.api.authentication import Caller

AT_ONCE: Final = 120
A_SECOND: Final = 8
# At most AT_ONCE + 60 * A_SECOND = 600 calls in any minute, wherever it begins.
STEP: Final = timedelta(seconds=1 / A_SECOND)
# One that is full later than it could be was filled by a clock that was wrong: it starts over.
CLOCKS_DIFFER_BY: Final = timedelta(minutes=1)
SECONDS_TO_WAIT: Final = 1  # by then there is room again

# Of a bucket the moment is kept at which it is full again; each call moves that on by one step.
TAKE: Final = """
INSERT INTO api_callbucket AS its (firm_id, caller, full_at)
VALUES (%(firm)s, %(caller)s, %(now)s + %(step)s)
ON CONFLICT (firm_id, caller) DO UPDATE SET
    full_at = %(step)s + CASE
        WHEN its.full_at > %(impossible)s THEN %(now)s ELSE GREATEST(its.full_at, %(now)s)
    END
WHERE its.full_at <= %(latest)s OR its.full_at > %(impossible)s
RETURNING true
"""


class TooManyCalls(exceptions.Throttled):
    """The caller made as many calls as it may; `Retry-After` says when the next one may come."""


def count(caller: Caller, *, now: datetime) -> None:
    """
    Count one call; outside a transaction, so that a call that fails counts as well.

    Raises:
        TooManyCalls: it is not counted.
    """
    latest = now + (AT_ONCE - 1) * STEP
    values: dict[str, Any] = {
        "firm": caller.firm.pk,
        "caller": caller.name,
        "now": now,
        "step": STEP,
        "latest": latest,
        "impossible": latest + STEP + CLOCKS_DIFFER_BY,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        if cursor.fetchone() is None:
            error = TooManyCalls(wait=SECONDS_TO_WAIT)
            error.detail = "That were too many calls at once. See Retry-After."  # type: ignore[assignment]
            raise error
