"""Writes that are under way: several at once, each waited for in a thread that knows only HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Set
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from integrations.errors import SyncError
from integrations.models import Intent, Link
from integrations.sync.intents import Sending

log = logging.getLogger(__name__)

AT_ONCE = 8  # of the ten calls at once that a company takes; the others are left to people


@dataclass(frozen=True, kw_only=True)
class Flight:
    """A pair whose write is under way."""

    link: Link
    intent: Intent
    sending: Sending
    round: int  # the how-many-th write of this look
    began: float  # seconds on the drain's clock

    @property
    def has_landed(self) -> bool:
        under_way = self.sending.under_way
        return under_way is None or under_way.answered.done()


@dataclass
class Flights:
    """All of one drain's. Whoever takes one out asks for its outcome."""

    threads: Executor
    one_at_a_time: Set[str]  # entities that share one write at once: see Books
    waiting: list[Link] = field(default_factory=list)  # looked at first once all have landed
    _under_way: list[Flight] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._under_way)

    def add(self, flight: Flight) -> None:
        self._under_way.append(flight)

    def pop_landed(self) -> Flight | None:
        landed = next((each for each in self._under_way if each.has_landed), None)
        if landed is not None:
            self._under_way.remove(landed)
        return landed

    def wait(self, *, seconds: float) -> None:
        """Until one lands, at most for `seconds`."""
        answers = [each.sending.under_way for each in self._under_way]
        wait(
            [each.answered for each in answers if each is not None],
            timeout=seconds,
            return_when=FIRST_COMPLETED,
        )

    @property
    def may_begin(self) -> bool:
        return len(self._under_way) < AT_ONCE and not (self.waiting and self._under_way)

    @property
    def links(self) -> list[int]:
        return [each.link.pk for each in self._under_way]

    @property
    def busy_entities(self) -> Set[str]:
        """Entities of which none may be written now."""
        is_busy = any(each.link.entity in self.one_at_a_time for each in self._under_way)
        return self.one_at_a_time if is_busy else frozenset()


@contextmanager
def flying(one_at_a_time: Set[str]) -> Iterator[Flights]:
    """At the end all have landed. What was not taken out stays open: its bytes go again."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="books") as threads:
        flights = Flights(threads, one_at_a_time)
        try:
            yield flights
        finally:
            while flights:
                flights.wait(seconds=1)
                landed = flights.pop_landed()
                if landed is not None and landed.sending.under_way is not None:
                    _give_turn_back(landed)


def _give_turn_back(flight: Flight) -> None:
    assert flight.sending.under_way is not None
    try:
        flight.sending.under_way.result()
    except SyncError as error:
        log.warning("Pair %s was left in the air: %s", flight.link.pk, error)
