"""The chip at the foot of the sidebar: how the connection stands, on every page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from integrations.models import Connection
from integrations.web import queries
from integrations.web.tags import ago_words


def books_health(request: HttpRequest) -> dict[str, Any]:
    """`books_health` for templates: `url`, `text`, `needs_you`. One query, where it is drawn."""
    if getattr(request, "firm", None) is None:
        return {}
    return {"books_health": SimpleLazyObject(lambda: _health(request))}


def _health(request: HttpRequest) -> dict[str, Any]:
    connection = queries.connection_with_needs(request.firm)  # type: ignore[attr-defined]
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return {"url": reverse("integrations:integrations"), "text": "Not connected"}
    is_set_up = connection.contacts_synced_at is not None
    page = "integrations:home" if is_set_up else "integrations:integrations"
    return {
        "url": reverse(page),
        "text": _words(connection),
        "needs_you": connection.needs_you,  # type: ignore[attr-defined]
    }


def _words(connection: Connection) -> str:
    if not connection.is_connected:
        return "Disconnected"
    if connection.contacts_synced_at is None:
        return "Setup not finished"
    if connection.is_paused:
        return "Paused"
    if connection.held_reason:
        return "Held: needs you"
    if connection.last_synced_at is None:
        return "Connected"
    return f"Synced {ago_words(connection.last_synced_at, timezone.now())}"
