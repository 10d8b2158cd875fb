"""Cells of a CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

# A spreadsheet would run a cell that begins with one of these.
# Source: OWASP, "CSV Injection", read 2026-11.
RUNS = ("=", "+", "-", "@", "\t", "\r")


def neutralise(text: str) -> str:
    """Keep a spreadsheet from running a cell, by a quote in front of it."""
    return f"'{text}" if text.lstrip("'").startswith(RUNS) else text
