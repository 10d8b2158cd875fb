"""
Throttling (7.1, 7.3): how many requests, batches and e-mails a company and an app may send.

Everything counts on the emulator's clock in sliding windows; what is refused is not counted. Each
limit is a switch of the same name, 0 is off.
"""

from collections import Counter, defaultdict, deque
from typing import Any

from .switches import Switches

Key = tuple[str, str]  # realm, client id
MINUTE, DAY = 60.0, 86400.0


class Window:
    """The times of the last so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.times: deque[float] = deque()

    def count(self, now: float) -> int:
        times, before = self.times, now - self.seconds
        while times and (times[0] <= before or times[0] > now):  # the clock may be set back
            times.popleft()
        return len(times)


class Limits:
    """The counters of one emulator."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.clear()

    def clear(self) -> None:
        self._minutes: dict[str, Window] = defaultdict(lambda: Window(MINUTE))
        self._seconds: dict[Key, Window] = defaultdict(lambda: Window(1.0))
        self._all: dict[Key, Window] = defaultdict(lambda: Window(MINUTE))
        self._batches: dict[Key, Window] = defaultdict(lambda: Window(MINUTE))
        self._realm_batches: dict[str, Window] = defaultdict(lambda: Window(MINUTE))
        self._reports: dict[str, Window] = defaultdict(lambda: Window(MINUTE))
        self._mails: dict[str, Window] = defaultdict(lambda: Window(DAY))
        self.in_flight: dict[Key, int] = defaultdict(int)
        self.most_in_flight: dict[Key, int] = defaultdict(int)  # since it was cleared
        self.refused: Counter[str] = Counter()  # by the name of the limit

    def enter(self, realm: str, client_id: str, now: float, kind: str = "") -> str:
        """
        Count a call of the API, or name the limit that it would pass; then do not `leave`.

        kind: of the call log; batches and reports have limits of their own.
        """
        key = (realm, client_id)
        if self.switches.limits:
            windows = [
                ("limit_per_minute", self._minutes[realm]),
                ("limit_per_second", self._seconds[key]),
                ("limit_all_per_minute", self._all[key]),
            ]
            if kind == "report":
                windows.append(("limit_reports_per_minute", self._reports[realm]))
            if kind == "batch":
                windows += [
                    ("limit_batches_per_minute", self._batches[key]),
                    ("limit_realm_batches_per_minute", self._realm_batches[realm]),
                ]
            if 0 < self.switches.limit_at_once <= self.in_flight[key]:
                self.refused["limit_at_once"] += 1
                return "limit_at_once"
            reached = self._take(windows, now)
            if reached:
                return reached
        self.in_flight[key] += 1
        self.most_in_flight[key] = max(self.most_in_flight[key], self.in_flight[key])
        return ""

    def count_items(self, realm: str, items: int, now: float) -> None:
        """A batch was counted once; where its items count, so do the others (7.1)."""
        if self.switches.limits and self.switches.batch_counts == "items":
            self._minutes[realm].times.extend([now] * (items - 1))

    def leave(self, realm: str, client_id: str) -> None:
        self.in_flight[realm, client_id] -= 1

    def enter_oauth(self, realm: str, client_id: str, now: float) -> str:
        """Count a call of another endpoint for a company, or name the limit that is reached."""
        if not self.switches.limits:
            return ""
        return self._take([("limit_all_per_minute", self._all[realm, client_id])], now)

    def take_mail(self, realm: str, now: float) -> bool:
        """Count one e-mail that is sent for a company; False where the day's are used up."""
        windows = [("limit_mails_per_day", self._mails[realm])]
        return not self.switches.limits or not self._take(windows, now)

    def _take(self, windows: list[tuple[str, Window]], now: float) -> str:
        for name, window in windows:
            if 0 < getattr(self.switches, name) <= window.count(now):
                self.refused[name] += 1
                return name
        for _, window in windows:
            window.times.append(now)
        return ""

    def state(self, now: float) -> dict[str, Any]:
        """What counts at the moment, for people and tests: by realm, or by "realm client_id"."""

        def counted(windows: dict[Any, Window]) -> dict[str, int]:
            found = {_text(key): window.count(now) for key, window in windows.items()}
            return {key: count for key, count in found.items() if count}

        return {
            "limit_per_minute": counted(self._minutes),
            "limit_per_second": counted(self._seconds),
            "limit_all_per_minute": counted(self._all),
            "limit_batches_per_minute": counted(self._batches),
            "limit_realm_batches_per_minute": counted(self._realm_batches),
            "limit_reports_per_minute": counted(self._reports),
            "limit_mails_per_day": counted(self._mails),
            "limit_at_once": {_text(key): n for key, n in self.in_flight.items() if n},
            "most_at_once": {_text(key): n for key, n in self.most_in_flight.items()},
        }


def _text(key: Key | str) -> str:
    return key if isinstance(key, str) else " ".join(key)
