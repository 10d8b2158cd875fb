"""What several views load."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from firms.http import FirmRequest
from integrations.models import Connection, Issue, Link
from integrations.web import queries


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
