"""Text that a spreadsheet will not take for a formula."""

from __future__ import annotations

from typing import Any

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: Any) -> Any:
    """A text cell that starts like a formula gets an apostrophe; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(STARTS_A_FORMULA):
        return f"'{cell}"
    return cell
