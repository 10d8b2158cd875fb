"""Throttling (7.1, 7.3): 500 a minute per realm, 10 a second and 10 at once per realm and app."""

from collections import defaultdict, deque

from .switches import Switches

Key = tuple[str, str]  # realm, client id


class Limits:
    """Counts requests on the emulator's clock."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.clear()

    def clear(self) -> None:
        self._minutes: dict[str, deque[float]] = defaultdict(deque)
        self._seconds: dict[Key, deque[float]] = defaultdict(deque)
        self.in_flight: dict[Key, int] = defaultdict(int)

    def enter(self, realm: str, client_id: str, now: float) -> bool:
        """Count one request; False where a limit is reached (then it is not counted)."""
        key = (realm, client_id)
        if self.switches.limits and self._is_over(key, now):
            return False
        self._minutes[realm].append(now)
        self._seconds[key].append(now)
        self.in_flight[key] += 1
        return True

    def leave(self, realm: str, client_id: str) -> None:
        key = (realm, client_id)
        if self.in_flight[key]:
            self.in_flight[key] -= 1

    def _is_over(self, key: Key, now: float) -> bool:
        minute, second = self._minutes[key[0]], self._seconds[key]
        _forget(minute, now - 60, now)
        _forget(second, now - 1, now)
        switches = self.switches
        return (
            0 < switches.limit_per_minute <= len(minute)
            or 0 < switches.limit_per_second <= len(second)
            or 0 < switches.limit_at_once <= self.in_flight[key]
        )


def _forget(times: deque[float], before: float, now: float) -> None:
    while times and (times[0] <= before or times[0] > now):  # the clock may have been set back
        times.popleft()
