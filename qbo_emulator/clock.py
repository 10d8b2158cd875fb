"""The emulator's clock: real time plus an offset that tests and the desk can move."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone

MOST_OFFSET = 50 * 365 * 86_400.0


class Clock:
    """Everything in the emulator that knows the time asks this clock."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds
        self.stands_at: float | None = None  # of the real clock, while this one is stopped

    def epoch(self) -> float:
        """Seconds since 1970 on the emulator's clock."""
        return (self.stands_at or time.time()) + self.offset_seconds

    def freeze(self, is_frozen: bool) -> None:
        """Stop the clock, so that everything happens at one moment; or let it go on from there."""
        if is_frozen and self.stands_at is None:
            self.stands_at = time.time()
        elif not is_frozen and self.stands_at is not None:
            self.offset_seconds += self.stands_at - time.time()
            self.stands_at = None

    def begin_anew(self, now: float | None = None) -> None:
        """
        Go on from `now`, seconds since 1970; None: from the right time.

        Raises:
            ValueError: that is too far away; nothing changed.
        """
        self.offset_seconds = 0.0 if now is None else now - time.time()
        self.stands_at = None

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.epoch(), UTC)

    @property
    def offset_seconds(self) -> float:
        """How far this clock is ahead of the real one."""
        return self._offset_seconds

    @offset_seconds.setter
    def offset_seconds(self, seconds: float) -> None:
        if not abs(seconds) <= MOST_OFFSET:  # NaN is not either
            raise ValueError("The clock can be moved by up to 50 years.")
        self._offset_seconds = seconds

    def advance(self, seconds: float) -> None:
        self.offset_seconds += seconds

    def set(self, moment: datetime) -> None:
        self.offset_seconds += moment.timestamp() - self.epoch()


def _nth_sunday(year: int, month: int, nth: int) -> datetime:
    first = datetime(year, month, 1, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


def pacific_offset(moment: datetime) -> timezone:
    """
    US Pacific time's offset from UTC.

    The rule since 2007 (second Sunday of March to first Sunday of November, 2 a.m.) is written out,
    so that no time zone database is needed.
    """
    moment = moment.astimezone(UTC)
    begins = _nth_sunday(moment.year, 3, 2) + timedelta(hours=10)  # 2 a.m. at -08:00
    ends = _nth_sunday(moment.year, 11, 1) + timedelta(hours=9)  # 2 a.m. at -07:00
    return timezone(timedelta(hours=-7 if begins <= moment < ends else -8))


def pacific(moment: datetime) -> datetime:
    return moment.astimezone(pacific_offset(moment))


def metadata_time(epoch: float) -> str:
    """As in MetaData: second precision with the offset, `2026-05-05T02:05:12-07:00`."""
    moment = datetime.fromtimestamp(int(epoch), UTC)
    return pacific(moment).isoformat(timespec="seconds")


def answer_time(epoch: float) -> str:
    """As in the `time` of an answer: milliseconds, `2026-05-05T02:05:12.193-07:00`."""
    return pacific(datetime.fromtimestamp(epoch, UTC)).isoformat(timespec="milliseconds")


_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_SHORT_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")


def parse_time(text: str) -> float:
    """
    Read a date or a time as QuickBooks takes it; without an offset it is Pacific time.

    Returns: seconds since 1970.
    Raises:
        ValueError: it is neither.
    """
    text = _LONG_FRACTION.sub(r"\1", text.strip().replace(" ", "T", 1))
    text = (
        text if text.endswith(("Z", "z")) or "T" not in text else _SHORT_OFFSET.sub(r"\1:\2", text)
    )
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=pacific_offset(moment.replace(tzinfo=UTC)))
    try:
        return moment.timestamp()
    except OverflowError as error:
        raise ValueError(text) from error
