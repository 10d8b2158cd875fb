"""
Where bearer tokens are looked up and their calls are counted.

The frame asks here; who keeps tokens registers itself when the product starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from firms.permissions import Actor


@dataclass(frozen=True, kw_only=True)
class Found:
    """A token that is valid now, and for whom it acts."""

    token_id: int
    actor: Actor


class Keeper(Protocol):
    def find(self, text: str, *, now: datetime) -> Found | None:
        """The valid token with this text, or None."""

    def take(self, token_id: int, *, now: datetime) -> float:
        """Count one call. Return 0 where it may be made, else the seconds until one may."""


_keepers: list[Keeper] = []


def register(keeper: Keeper) -> Callable[[], None]:
    """Have `keeper` asked for tokens; call what is returned to end that."""
    _keepers.append(keeper)
    return lambda: _keepers.remove(keeper)


def find(text: str, *, now: datetime) -> Found | None:
    for keeper in _keepers:
        found = keeper.find(text, now=now)
        if found is not None:
            return found
    return None


def take(token_id: int, *, now: datetime) -> float:
    return max((keeper.take(token_id, now=now) for keeper in _keepers), default=0.0)
