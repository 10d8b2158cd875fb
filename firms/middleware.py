"""The current firm of a signed-in person: `request.firm`, `request.membership`, `request.actor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from firms.http import permission_denied
from firms.models import Membership
from firms.permissions import Actor, ActorKind, Origin

SESSION_KEY = "firm_id"
NOWHERE = Origin()
# Pages about the person or the installation, not about a firm.
WITHOUT_FIRM = ("/accounts/", "/sign-in/", "/admin/")


class CurrentFirmMiddleware:
    """Finds the firm; keeps what signed-in people see out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = _memberships(request)
        membership = _chosen(request, found)
        request.membership = membership  # type: ignore[attr-defined]
        request.other_memberships = [  # type: ignore[attr-defined]
            each for each in found if each != membership
        ]
        request.firm = membership.firm if membership else None  # type: ignore[attr-defined]
        request.actor = (  # type: ignore[attr-defined]
            actor_of(membership, origin=origin_of(request)) if membership else None
        )
        zone = ZoneInfo(membership.firm.time_zone) if membership else None
        with timezone.override(zone):  # times as the firm says them
            response = self.get_response(request)
        if request.user.is_authenticated:
            patch_cache_control(response, no_store=True, private=True)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        is_for_firms = getattr(view, "login_required", True) and not request.path.startswith(
            WITHOUT_FIRM
        )
        if is_for_firms and request.user.is_authenticated and request.firm is None:  # type: ignore[attr-defined]
            reason = "You belong to no firm yet. An admin of your firm can invite you."
            return permission_denied(request, PermissionDenied(reason))
        return None


def _memberships(request: HttpRequest) -> list[Membership]:
    if not request.user.is_authenticated:
        return []
    return list(
        Membership.objects.filter(user=request.user)
        .select_related("user", "firm", "role")
        .order_by("pk")
    )


def _chosen(request: HttpRequest, found: list[Membership]) -> Membership | None:
    chosen = request.session.get(SESSION_KEY) if found else None
    return next((each for each in found if each.firm_id == chosen), found[0] if found else None)


def origin_of(request: HttpRequest) -> Origin:
    """The address as django-allauth limits by it, and what the program says it is."""
    try:
        ip = get_adapter().get_client_ip(request)
    except PermissionDenied:  # a Unix socket without a proxy's header
        ip = None
    return Origin(ip=ip, user_agent=request.headers.get("User-Agent", ""))


def actor_of(membership: Membership, *, origin: Origin = NOWHERE) -> Actor:
    return Actor(
        kind=ActorKind.PERSON,
        firm_id=membership.firm_id,
        label=str(membership.user),
        permissions=frozenset(membership.role.permissions),
        user_id=membership.user_id,
        origin=origin,
    )
