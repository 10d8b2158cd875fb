"""
Which invoice number is clear of those in the books (ledger rule 15).

Their numbers are text, and many are no numbers: "INV-1042", "2026-03", "Smith, March".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 21  # characters of prefix and number together
DIGITS = 18  # more of them are no number of a sequence
OTHER_PREFIXES = ("INV-", "A-", "B-", "C-")
FIRST = 1001


@dataclass(frozen=True, kw_only=True)
class Numbering:
    """How the next invoice is numbered."""

    prefix: str
    next_number: int

    def __str__(self) -> str:
        return f"{self.prefix}{self.next_number}"


def highest(prefix: str, numbers: Iterable[str]) -> int:
    """The highest number behind `prefix`, capitals or not; 0 where there is none."""
    return max((_behind(prefix, each) for each in numbers), default=0)


def spare_prefix(numbers: Iterable[str]) -> str:
    """A prefix that no number in the books begins with; "" where all are taken."""
    told = [each.strip().casefold() for each in numbers]
    free = (
        prefix
        for prefix in OTHER_PREFIXES
        if not any(number.startswith(prefix.casefold()) for number in told)
    )
    return next(free, "")


def proposal(now: Numbering, *, taken: int, spare: str) -> Numbering | None:
    """
    What is clear of the books; None where `now` is, or where nothing can be said.

    Args:
        taken: the highest number there behind the prefix of now.
        spare: a prefix that no number there begins with.
    """
    if now.next_number > taken:
        return None
    wanted = Numbering(prefix=now.prefix, next_number=taken + 1)
    if len(str(wanted)) <= LONGEST:
        return wanted
    return Numbering(prefix=spare, next_number=FIRST) if spare else None


def _behind(prefix: str, number: str) -> int:
    text = number.strip().casefold()
    digits = text.removeprefix(prefix.casefold())
    is_ours = text.startswith(prefix.casefold()) and digits.isascii() and digits.isdigit()
    return int(digits) if is_ours and len(digits) <= DIGITS else 0
