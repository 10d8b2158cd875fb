"""The list of integrations: what is connected, what may be, and why not."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from firms import services as firm_services
from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.models import Connection
from integrations.sync import consent
from integrations.web import notices, queries


@require_GET
def integrations(request: FirmRequest) -> HttpResponse:
    return render(request, "integrations/integration_list.html", _context(request))


@require_GET
def add_app(request: FirmRequest) -> HttpResponse:
    """+ Add an app, Internal Apps: QuickBooks, one way."""
    context = _context(request)
    connection = queries.connection_of(request.firm)
    is_one_way = connection is not None and connection.profile == Connection.Profile.PUSH_ONLY
    may_add = context["may_connect"] and request.firm.has_billing and connection is None
    more = {"connection": connection, "is_there": connection is not None, "can_add": may_add}
    context |= {**more, "is_one_way": is_one_way}
    return render(request, "integrations/add_app.html", context)


@require_POST
def ask_an_admin(request: FirmRequest) -> HttpResponse:
    """Mail the firm's admins that this person would like to connect QuickBooks."""
    try:
        firm_services.ask_admin(
            actor=request.actor,
            firm=request.firm,
            about="Connect QuickBooks Online",
            now=timezone.now(),
        )
    except firm_services.FirmError as error:
        notices.leave(request, str(error), tone="warn")
    else:
        messages.success(request, "Your firm's admins were asked by email.")
    return redirect("integrations:integrations")


def _context(request: FirmRequest) -> dict[str, Any]:
    firm, actor = request.firm, request.actor
    reasons = consent.reasons_against(actor=actor, firm=firm)
    return {
        "section": "integrations",
        "card": queries.card(firm),
        "reasons": [reason.value for reason in reasons],
        "may_connect": not reasons,
        "can_manage": actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
    }
