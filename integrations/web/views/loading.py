"""What several views load."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.models import Connection, Issue, Link
from integrations.web import notices, queries


def connection_or_404(request: FirmRequest) -> Connection:
    connection = queries.connection_of(request.firm)
    if connection is None:
        raise Http404("Not connected.")
    return connection


def issue_or_404(request: FirmRequest, pk: int) -> Issue:
    found = Issue.objects.filter(firm=request.firm).select_related("link", "connection")
    return get_object_or_404(found, pk=pk)


def link_or_404(request: FirmRequest, pk: int) -> Link:
    found = Link.objects.filter(firm=request.firm).select_related("connection")
    return get_object_or_404(found, pk=pk)


def managed(request: FirmRequest) -> Connection:
    """The firm's connection, for who may manage it."""
    connection = connection_or_404(request)
    request.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    return connection


def page(request: FirmRequest, connection: Connection, name: str, **more: Any) -> HttpResponse:
    """A page about the connection as a whole."""
    context = {
        "section": "integrations",
        "connection": connection,
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
        **more,
    }
    return render(request, f"integrations/{name}.html", context)
