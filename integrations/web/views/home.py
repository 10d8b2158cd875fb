"""The integration home: health first, then what needs a person, then what happened."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.models import Connection
from integrations.web import cards, notices, queries, reports
from integrations.web.views.loading import connection_or_404

CARDS_SHOWN = 50
ACTIVITY_SHOWN = 8


@require_GET
def home(request: FirmRequest) -> HttpResponse:
    connection = queries.connection_of(request.firm)
    if connection is None:
        return redirect("integrations:integrations")
    return render(request, "integrations/home.html", _context(request, connection))


@require_GET
def tiles(request: FirmRequest) -> HttpResponse:
    """The tiles alone, every ten seconds. Cards being read are not replaced, only counted."""
    connection = connection_or_404(request)
    seen = request.GET.get("seen", "")
    context = {
        "connection": connection,
        "tiles": queries.tiles(
            connection,
            now=timezone.localtime(),
            seen_issue_id=int(seen) if seen.isdecimal() else 0,
        ),
        "seen": seen if seen.isdecimal() else "0",
        "is_renewed": True,
    }
    return render(request, "integrations/_tiles.html", context)


def _context(request: FirmRequest, connection: Connection) -> dict[str, Any]:
    now = timezone.localtime()
    numbers = queries.tiles(connection, now=now)
    open_issues = list(queries.open_issues(connection)[:CARDS_SHOWN])
    kind = request.GET.get("type", "")
    sign_in_by = queries.sign_in_by(connection)
    compared = reports.shown_run(connection, "")
    return {
        "section": "integrations",
        "connection": connection,
        "environment": settings.QUICKBOOKS["environment"],
        "setup": queries.current_setup(connection),
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
        "tiles": numbers,
        "seen": numbers.last_issue_id,
        "cards": cards.cards(open_issues),
        "more_issues": max(numbers.needs_you - CARDS_SHOWN, 0),
        "activity": list(queries.activity(connection, kind=kind)[:ACTIVITY_SHOWN]),
        "activity_type": kind,
        "counts": queries.synced_counts(connection),
        "is_one_way": connection.profile == Connection.Profile.PUSH_ONLY,
        "default_service": ((connection.defaults or {}).get("service_item") or {}).get("label"),
        "sign_in_by": sign_in_by,
        "compared": compared,
        "compared_words": reports.words(compared) if compared else "",
        "must_sign_in_soon": bool(
            sign_in_by and connection.is_connected and sign_in_by - now <= queries.SIGN_IN_NOTICE
        ),
        "paused_by": queries.paused_by(connection),
        "is_slowed": bool(connection.not_before and connection.not_before > now),
        "budget_rests_until": queries.rests_until(connection, now=now),
    }
