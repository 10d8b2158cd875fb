"""
Invoice numbers that a pair has apart: they flow once a person changes one (ledger rules 14, 15).

They came apart while QuickBooks numbered by itself, or a person chose another number for there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.models import Link
from integrations.reconcile.record import UNKNOWN, Record

# Options of the pair:
CHOSEN = "number_there"  # the number it gets there alone, where ours was taken
APART = "numbers"  # [ours, theirs], as they were when a look last found them apart


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The base that the two numbers are compared with, and whether they stay out of the merge."""

    base: Mapping[str, Any]
    is_out: bool


def look(
    link: Link, base: Mapping[str, Any], local: Record, remote: Record, *, is_ruled_out: bool
) -> Numbers:
    """
    Whether the numbers of this pair may flow now; what stands apart is kept in its options.

    Args:
        local: as the books are to see it: with the number that was chosen for there.
        is_ruled_out: the rules keep the number out.
    """
    if link.options.get(CHOSEN):
        return Numbers(base=base, is_out=is_sent(link))
    ours, theirs = getattr(local, "number", UNKNOWN), getattr(remote, "number", UNKNOWN)
    if UNKNOWN in (ours, theirs) or "number" in base:
        _forget(link)
        return Numbers(base=base, is_out=is_ruled_out)
    apart = link.options.get(APART)
    if is_ruled_out or (apart is None and link.base and ours and theirs and ours != theirs):
        link.options = {**link.options, APART: [ours, theirs]}
        return Numbers(base=base, is_out=True)
    if apart is None:
        return Numbers(base=base, is_out=False)
    changed_here, changed_there = ours != apart[0], theirs != apart[1]
    if not (changed_here or changed_there):
        return Numbers(base=base, is_out=True)
    if changed_here != changed_there:
        base = {**base, "number": theirs if changed_here else ours}
    return Numbers(base=base, is_out=False)


def is_sent(link: Link) -> bool:
    """Whether the number that was chosen for there is there: from then on neither flows."""
    return bool(link.base.get("number") == link.options.get(CHOSEN))


def _forget(link: Link) -> None:
    link.options = {name: value for name, value in link.options.items() if name != APART}
