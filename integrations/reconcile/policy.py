"""What may flow which way, and who answers a conflict."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Side(StrEnum):
    LOCAL = "local"
    REMOTE = "remote"

    @property
    def other(self) -> Side:
        return Side.REMOTE if self is Side.LOCAL else Side.LOCAL


class Direction(StrEnum):
    TWO_WAY = "two_way"
    PUSH = "push"  # from here to there only
    PULL = "pull"  # from there to here only

    def writes(self, side: Side) -> bool:
        """Whether `side` may be written at all."""
        if self is Direction.TWO_WAY:
            return True
        return side is (Side.REMOTE if self is Direction.PUSH else Side.LOCAL)

    @property
    def source(self) -> Side | None:
        """The side that is always right, where there is one."""
        return {Direction.PUSH: Side.LOCAL, Direction.PULL: Side.REMOTE}.get(self)


class OnConflict(StrEnum):
    ASK = "ask"
    LOCAL = "local"
    REMOTE = "remote"


@dataclass(frozen=True, kw_only=True)
class Policy:
    direction: Direction = Direction.TWO_WAY
    on_conflict: OnConflict = OnConflict.ASK
    without: Set[str] = frozenset()  # groups that a rule keeps out of the sync
    leaves_ends: bool = False  # one of the two ended, the other stays: a person said so


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A person's answer to one conflict: the side to keep, and what they were shown to lose."""

    keep: Side
    shown: Mapping[str, Any]  # field -> the loser's value when it was decided
