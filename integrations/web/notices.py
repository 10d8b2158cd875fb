"""A notice that outlives a redirect: shown once, on the next page that asks for it."""

from __future__ import annotations

from typing import TypedDict

from django.http import HttpRequest

SESSION_KEY = "integrations_notice"


class Notice(TypedDict):
    tone: str  # "bad", "warn", "info"
    text: str


def leave(request: HttpRequest, text: str, *, tone: str = "bad") -> None:
    request.session[SESSION_KEY] = {"tone": tone, "text": text}


def take(request: HttpRequest) -> Notice | None:
    return request.session.pop(SESSION_KEY, None)
