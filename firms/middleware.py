"""The current firm of a signed-in person: `request.firm`, `request.membership`, `request.actor`."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from firms.models import Membership
from firms.permissions import Actor, ActorKind

SESSION_KEY = "firm_id"


class CurrentFirmMiddleware:
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
        request.actor = actor_of(membership) if membership else None  # type: ignore[attr-defined]
        return self.get_response(request)


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


def actor_of(membership: Membership) -> Actor:
    return Actor(
        kind=ActorKind.PERSON,
        firm_id=membership.firm_id,
        label=str(membership.user),
        permissions=frozenset(membership.role.permissions),
        user_id=membership.user_id,
    )
