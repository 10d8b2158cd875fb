"""What can be done with the connection as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from firms.http import FirmRequest
from integrations.models import Connection
from integrations.sync import connections, consent
from integrations.web import notices, queries
from integrations.web.attempts import attempt
from integrations.web.forms import DisconnectForm
from integrations.web.views.loading import connection_or_404
from integrations.web.views.loading import managed as _managed
from integrations.web.views.loading import page as _page


def _do(request: FirmRequest, service: Callable[..., Any], done: str) -> HttpResponse:
    connection = connection_or_404(request)
    attempt(
        request,
        lambda: service(actor=request.actor, connection=connection, now=timezone.now()),
        done=done,
    )
    return redirect("integrations:home")


@require_POST
def sync_now(request: FirmRequest) -> HttpResponse:
    return _do(request, connections.sync_now, "Both sides are looked at now.")


@require_POST
def pause(request: FirmRequest) -> HttpResponse:
    return _do(request, connections.pause, "Sync paused. Changes are kept in order.")


@require_POST
def resume(request: FirmRequest) -> HttpResponse:
    return _do(request, connections.resume, "Sync resumed.")


@require_POST
def release(request: FirmRequest) -> HttpResponse:
    """Let go on what the brake holds."""
    return _do(request, connections.release_hold, "The held changes go on now.")


@require_http_methods(["GET", "POST"])
def disconnect(request: FirmRequest) -> HttpResponse:
    connection = _managed(request)
    form = DisconnectForm(request.POST or None, initial={"links": "keep"})
    if request.method == "POST" and form.is_valid():
        keeps = form.cleaned_data["links"] == "keep"
        is_done = attempt(
            request,
            lambda: connections.disconnect(
                actor=request.actor, connection=connection, keep_links=keeps, now=timezone.now()
            ),
            done=f"Disconnected from {connection.company_name}",
        )
        if is_done:
            _tell_if_not_told(request, connection)
            return redirect("integrations:integrations")
    context = {
        "form": form,
        "queue": queries.queue(connection),
        "linked": queries.linked_count(connection),
    }
    return _page(request, connection, "disconnect", **context)


def _tell_if_not_told(request: FirmRequest, connection: Connection) -> None:
    connection.refresh_from_db()
    if connection.state_reason:
        notices.leave(request, connection.state_reason, tone="warn")


@require_http_methods(["GET", "POST"])
def restart(request: FirmRequest) -> HttpResponse:
    connection = _managed(request)
    if request.method == "POST":
        is_done = attempt(
            request,
            lambda: connections.restart(
                actor=request.actor, connection=connection, now=timezone.now()
            ),
        )
        return redirect("setup:contacts" if is_done else "integrations:restart")
    return _page(request, connection, "restart", linked=queries.linked_count(connection))


@require_GET
def reconnect(request: FirmRequest) -> HttpResponse:
    connection = _managed(request)
    reasons = consent.reasons_against(actor=request.actor, firm=request.firm)
    context = {
        "queue": queries.queue(connection),
        "linked": queries.linked_count(connection),
        "sign_in_by": queries.sign_in_by(connection),
        "may_connect": not reasons,
    }
    return _page(request, connection, "reconnect", **context)
