"""What names have in common, of customers and of items. Sources: sections 4.1, 4.4 and 5.6."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

# "X (deleted)" is recorded; the form of the counter for a second one is not (5.6).
SUFFIX: Final = re.compile(r"\s*\(deleted(?:[\s-]*\d+)?\)(?:[\s-]*(?:\d+|\(\d+\)))?$")
FORBIDDEN: Final = re.compile(r"[:\t\r\n]")  # the colon separates the levels of a full name


def plain_name(name: str) -> str:
    """Without " (deleted)", which QuickBooks adds to inactive ones."""
    return SUFFIX.sub("", name) or name


def object_of(value: Any) -> Mapping[str, Any]:
    """A sub-object of an answer; empty where it is none."""
    return value if isinstance(value, dict) else {}
