"""Tells people once when something starts to need them."""

from __future__ import annotations

from datetime import datetime

from integrations.models import Issue


def issue_opened(issue: Issue, now: datetime) -> None:
    """Called after the commit that opened an issue."""
