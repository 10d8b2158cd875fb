"""The request as our views see it, and the answers that every page may need."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from firms.models import Firm, Membership, User
from firms.permissions import Actor, NotAllowed, Permission, WrongFirm


class FirmRequest(HttpRequest):
    """A signed-in person's request: CurrentFirmMiddleware sets the firm, else it answers 403."""

    user: User
    firm: Firm
    membership: Membership
    actor: Actor
    htmx: HtmxDetails


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say which permission is missing and who can give it. Another firm's record is not found."""
    if isinstance(exception, WrongFirm):
        return page_not_found(request, exception)
    context: dict[str, object] = {"reason": str(exception)}
    if isinstance(exception, NotAllowed):
        context["permission"] = exception.permission.label
        context["admins"] = _who_gives_permissions(request)
    return render(request, "403.html", context, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def _who_gives_permissions(request: HttpRequest) -> list[str]:
    members = Membership.objects.filter(
        firm=getattr(request, "firm", None),
        role__permissions__contains=[Permission.MANAGE_TEAM],
        user__is_active=True,
    )
    return [str(each.user) for each in members.select_related("user").order_by("pk")[:3]]
