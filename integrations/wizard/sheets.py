"""Tables as CSV that no spreadsheet program takes for formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula is told to be text; numbers stay."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return "'" + value
    return value


def lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The table line by line, with the mark by which Excel knows UTF-8."""
    yield "\ufeff" + _line(head)
    for row in rows:
        yield _line([cell(value) for value in row])


def _line(values: Sequence[object]) -> str:
    out = StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
