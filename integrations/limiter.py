"""
Calls a minute, a second and at once per company, shared by all processes through the database.

QuickBooks takes 500 calls a minute, 10 a second and 10 at once from us per company, and after a 429
wants 60 seconds of rest. Calls are spaced evenly, which is within all of these for any window:
495 a minute leave room for what the network bunches together. One row holds the time of the next
call; taking a turn is one statement. The clock is the database's; no transaction is open while a
call waits or is made.

Source: sections 7.1 and 6.2 of the API, as told in providers/quickbooks/README.md.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from integrations.errors import Throttled

Lane = Literal["people", "bulk"]

AT_ONCE: Final = 10
AT_ONCE_IN_BULK: Final = 8  # the others are left to people
SLOT_LASTS: Final = timedelta(seconds=150)  # longer than any call; then its holder has died
REST: Final = timedelta(seconds=60)  # after a 429
RAMP: Final = timedelta(seconds=60)  # after the rest: from a quarter of the pace up to all of it
# Seconds: a turn missed by more is given back. In any second there are then the turns of 1.2 s at
# most, and these are ten.
LATE: Final = 0.2
MOST_MISSED: Final = 3  # turns given back by one call; then the machine is too busy to bunch
LONGEST_WAIT: Final[dict[str, float]] = {"people": 10.0, "bulk": 30.0}  # seconds
POLL: Final = 0.05  # seconds, on average, between two looks for a free slot

# `next_at` holds the latest turn that was given out, which may lie ahead; the next one is a spacing
# later. After a rest the spacing shrinks from four times to once the usual.
_NEXT: Final = """
GREATEST(rests_until, next_at + %(spacing)s * CASE
    WHEN rests_until IS NULL OR next_at >= rests_until + %(ramp)s THEN 1.0
    ELSE 4.0 - 3.0 * GREATEST(0, EXTRACT(EPOCH FROM next_at - rests_until))
                   / EXTRACT(EPOCH FROM %(ramp)s)
END)
"""
TAKE_TURN: Final = f"""
UPDATE integrations_callbudget SET next_at = GREATEST({_NEXT}, clock_timestamp())
 WHERE connection_id = %(connection)s
   AND COALESCE({_NEXT}, '-infinity') <= clock_timestamp() + %(ahead)s
RETURNING next_at, EXTRACT(EPOCH FROM next_at - clock_timestamp())
"""
# After the wait: whether a 429 came meanwhile, and by how much the turn was missed.
CHECK_TURN: Final = """
SELECT COALESCE(rests_until > clock_timestamp(), FALSE),
       EXTRACT(EPOCH FROM clock_timestamp() - %(at)s)::float
  FROM integrations_callbudget WHERE connection_id = %(connection)s
"""
NEXT_TURN: Final = f"""
SELECT EXTRACT(EPOCH FROM {_NEXT} - clock_timestamp()), {_NEXT}
  FROM integrations_callbudget WHERE connection_id = %(connection)s
"""
TAKE_SLOT: Final = """
UPDATE integrations_callslot SET taken_until = clock_timestamp() + %(lasts)s
 WHERE id = (SELECT id FROM integrations_callslot
              WHERE connection_id = %(connection)s AND number < %(slots)s
                AND (taken_until IS NULL OR taken_until < clock_timestamp())
              ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, taken_until
"""
# Not another's: a slot that expired may have been taken anew.
GIVE_BACK: Final = """
UPDATE integrations_callslot SET taken_until = NULL
 WHERE id = %(slot)s AND taken_until = %(taken_until)s
"""
MAKE_ROWS: Final = (
    """
INSERT INTO integrations_callbudget (connection_id) VALUES (%(connection)s) ON CONFLICT DO NOTHING
""",
    """
INSERT INTO integrations_callslot (connection_id, number)
SELECT %(connection)s, number FROM generate_series(0, 9) AS number ON CONFLICT DO NOTHING
""",
)
REST_NOW: Final = """
UPDATE integrations_callbudget
   SET rests_until = GREATEST(rests_until, clock_timestamp() + %(rest)s)
 WHERE connection_id = %(connection)s RETURNING rests_until
"""
COUNT: Final = """
INSERT INTO integrations_callcount (connection_id, minute, calls, metered)
VALUES (%(connection)s, date_trunc('minute', clock_timestamp()), 1, %(metered)s)
ON CONFLICT (connection_id, minute) DO UPDATE
   SET calls = integrations_callcount.calls + 1,
       metered = integrations_callcount.metered + excluded.metered
"""


@dataclass(frozen=True)
class _Slot:
    pk: int
    taken_until: datetime


class CompanyGate:
    """What every call to one company passes through; see providers.base.Gate."""

    def __init__(
        self,
        connection_id: int,
        *,
        lane: Lane,
        longest_wait: float | None = None,
    ) -> None:
        """`longest_wait`: seconds a call may wait for its turn, else the lane's."""
        self._connection_id = connection_id
        self._spacing = timedelta(seconds=60 / settings.CALLS_PER_MINUTE)
        self._lane = lane
        self._longest = LONGEST_WAIT[lane] if longest_wait is None else longest_wait

    @contextmanager
    def call(self, *, metered: bool) -> Iterator[None]:
        gives_up_at = time.monotonic() + self._longest
        slot = self._wait_for_slot(gives_up_at)
        is_counted = False
        try:
            self._wait_for_turn(gives_up_at)
            try:
                yield
                is_counted = metered  # only calls that succeed are metered (7.4)
            except Throttled as error:
                error.until = self.rest()
                raise
            finally:
                self._ask(COUNT, metered=int(is_counted))
        finally:
            self._ask(GIVE_BACK, slot=slot.pk, taken_until=slot.taken_until)

    def rest(self) -> datetime:
        """The company asked us to slow down: nobody calls it for a minute. Return until when."""
        rows = self._ask(REST_NOW, rest=REST)
        return cast(datetime, rows[0][0])

    def _wait_for_slot(self, gives_up_at: float) -> _Slot:
        slots = AT_ONCE_IN_BULK if self._lane == "bulk" else AT_ONCE
        is_first = True
        while True:
            rows = self._ask(TAKE_SLOT, lasts=SLOT_LASTS, slots=slots)
            if rows:
                return _Slot(*rows[0])
            if is_first:
                is_first = False
                if self._make_rows():
                    continue
            if time.monotonic() >= gives_up_at:
                raise Throttled("Many calls to QuickBooks are under way. We carry on by ourselves.")
            time.sleep(POLL * random.uniform(0.5, 1.5))  # noqa: S311

    def _wait_for_turn(self, gives_up_at: float) -> None:
        missed = 0
        while True:
            asked_at = time.monotonic()
            turn = self._take_turn(gives_up_at)
            if turn is None:
                self._wait_to_ask_again(gives_up_at)
                continue
            at, wait = turn
            if wait > 0:
                time.sleep(wait)
                is_resting, late = self._ask(CHECK_TURN, at=at)[0]
            else:
                is_resting, late = False, time.monotonic() - asked_at
            if not is_resting and (late <= LATE or missed >= MOST_MISSED):
                return
            missed += 1

    def _take_turn(self, gives_up_at: float) -> tuple[datetime, float] | None:
        """When our turn is, and in how many seconds; None if none may be taken yet."""
        ahead = timedelta(seconds=max(gives_up_at - time.monotonic(), 0))
        if self._lane == "bulk":
            # One turn only, so that people never have more than that before them.
            ahead = min(ahead, self._spacing)
        rows = self._ask(TAKE_TURN, spacing=self._spacing, ramp=RAMP, ahead=ahead)
        return (rows[0][0], float(rows[0][1])) if rows else None

    def _wait_to_ask_again(self, gives_up_at: float) -> None:
        """
        Sleep until a turn may be taken.

        Raises:
            Throttled: that would be too long.
        """
        seconds, at = self._ask(NEXT_TURN, spacing=self._spacing, ramp=RAMP)[0]
        seconds = max(float(seconds or 0) - self._spacing.total_seconds(), 0.002)
        if time.monotonic() + seconds > gives_up_at:
            raise Throttled(until=at)
        time.sleep(seconds)

    def _make_rows(self) -> bool:
        """The rows of a new connection. Return whether some were missing."""
        return sum(self._change(statement) for statement in MAKE_ROWS) > 0

    def _change(self, statement: str) -> int:
        with transaction.atomic(durable=True), database.cursor() as cursor:
            cursor.execute(statement, {"connection": self._connection_id})
            return cursor.rowcount

    def _ask(self, statement: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """One statement in its own short transaction; inside another it is a fault of ours."""
        with transaction.atomic(durable=True), database.cursor() as cursor:
            cursor.execute(statement, {"connection": self._connection_id, **values})
            return cursor.fetchall() if cursor.description else []
