"""Who calls: a program with a bearer token, or a person who is signed in to the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from firms.api.problems import CsrfFailed, NoFirm
from firms.api_tokens import authenticate_token
from firms.middleware import origin_of
from firms.models import Firm
from firms.permissions import Actor


class TokenNotValid(exceptions.AuthenticationFailed):
    """The bearer token is unknown, revoked or expired."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls, for which firm. `name` tells callers apart: "token:5", "user:7"."""

    actor: Actor
    firm: Firm
    name: str


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer ...`. Where there is one, nothing else counts."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        actor = None
        if scheme.lower() == "bearer" and text.isascii():
            origin = origin_of(request._request)
            actor = authenticate_token(text.strip(), timezone.now(), origin=origin)
        if actor is None:
            raise TokenNotValid(
                "The token is unknown, revoked or expired. Send `Authorization: Bearer TOKEN` "
                "with one made in Settings, API tokens."
            )
        firm = Firm.objects.get(pk=actor.firm_id)
        return AnonymousUser(), Caller(actor=actor, firm=firm, name=f"token:{actor.token_id}")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Canopy Sync"'


class SignedIn(SessionAuthentication):
    """The session of the pages, in the firm that they show. Changes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user, _ = found
        actor: Actor | None = request._request.actor  # type: ignore[attr-defined]
        if actor is None:
            raise NoFirm("You belong to no firm yet. An admin of your firm can invite you.")
        firm: Firm = request._request.firm  # type: ignore[attr-defined]
        return user, Caller(actor=actor, firm=firm, name=f"user:{user.pk}")

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise CsrfFailed(
                "Send the CSRF token of the page in X-CSRFToken, or call with a bearer token."
            ) from error
