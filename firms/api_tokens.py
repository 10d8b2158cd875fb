"""
API tokens: the only writers, and who a token stands for.

A token is `canopy_PREFIX_SECRET`. The prefix is kept as it is and finds the row; of the secret, 256
random bits, the SHA-256 is kept: nothing slower is needed for what nobody can guess.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from firms.models import ApiToken, Firm, Membership
from firms.permissions import Actor, ActorKind, NotAllowed, Origin, Permission
from firms.services import FirmError, write_audit

LONGEST: Final = timedelta(days=366)
USE_IS_WRITTEN_EVERY: Final = timedelta(minutes=1)
NOWHERE: Final = Origin()
_TOKEN = re.compile(r"canopy_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_NO_TOKEN = ("-", "-")  # no row has this prefix
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class TokenRefused(FirmError):
    """The token cannot be made as asked; nothing was saved. `field` is the one that is wrong."""

    def __init__(self, sentence: str, *, field: str) -> None:
        self.field = field
        super().__init__(sentence)


class TokensMakeNoTokens(PermissionDenied):
    """A token asked for another one."""


@transaction.atomic
def create_token(
    *,
    actor: Actor,
    firm: Firm,
    name: str,
    permissions: Iterable[str],
    expires_at: datetime,
    now: datetime,
) -> tuple[ApiToken, str]:
    """
    Make a token of the person who asks; return it with its text, which is kept nowhere.

    Raises:
        NotAllowed: a permission the actor lacks.
        TokensMakeNoTokens: no person asks.
        TokenRefused: no name or one that is taken, no permission, not within a year.
    """
    actor.must_be_of(firm.pk)
    if actor.user_id is None or actor.kind is not ActorKind.PERSON:
        raise TokensMakeNoTokens("Only a person can make an API token.")
    wanted = _allowed(actor, actor.user_id, firm, permissions)
    if not wanted:
        raise TokenRefused("Choose at least one permission", field="permissions")
    if not now < expires_at <= now + LONGEST:
        raise TokenRefused("A token ends within a year", field="expires_at")
    name = _checked_name(name)
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    token = _insert(
        firm=firm,
        made_by_id=actor.user_id,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        permissions=wanted,
        made_at=now,
        expires_at=expires_at,
    )
    detail = {
        "token": f"{name} ({prefix})",
        "permissions": [each.label for each in wanted],
        "expires": expires_at.date().isoformat(),
    }
    write_audit(actor=actor, firm_id=firm.pk, action="API token made", detail=detail, now=now)
    return token, f"canopy_{prefix}_{secret}"


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken, now: datetime) -> None:
    """
    Stop a token for good: one's own, or anybody's for who manages the team.

    Twice is once: the first time stays.
    """
    actor.must_be_of(token.firm_id)
    if actor.user_id is None or actor.user_id != token.made_by_id:
        actor.must(Permission.MANAGE_TEAM, in_firm=token.firm_id)
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        return
    detail = {"token": f"{token.name} ({token.prefix})"}
    write_audit(
        actor=actor, firm_id=token.firm_id, action="API token revoked", detail=detail, now=now
    )


def authenticate_token(text: str, now: datetime, *, origin: Origin = NOWHERE) -> Actor | None:
    """
    Return who a token stands for, or None for any that does not count (any more).

    What it may do is what it was made for and its maker's role allows now. Whatever the text, the
    work is one query, one hash and one comparison of equal length; a use is noted once a minute.
    """
    found = _TOKEN.fullmatch(text)
    prefix, secret = found.groups() if found else _NO_TOKEN
    token = _tokens_with_role().filter(prefix=prefix).first()
    is_right = compare_digest(_hash(secret), token.secret_hash if token else _hash("-" * 43))
    if token is None or not is_right or not token.is_live(now) or token.role_allows is None:
        return None
    _note_use(token, now)
    return Actor(
        kind=ActorKind.TOKEN,
        firm_id=token.firm_id,
        label=f"API token {token.name}",
        permissions=frozenset(token.permissions) & frozenset(token.role_allows),
        token_id=token.pk,
        made_by_id=token.made_by_id,
        origin=origin,
    )


def _tokens_with_role() -> QuerySet[Any]:
    role = Membership.objects.filter(
        user_id=OuterRef("made_by_id"), firm_id=OuterRef("firm_id"), user__is_active=True
    )
    return ApiToken.objects.annotate(role_allows=Subquery(role.values("role__permissions")[:1]))


def _allowed(
    actor: Actor, user_id: int, firm: Firm, permissions: Iterable[str]
) -> list[Permission]:
    """In our order. The role is read anew: it may just be changed, or the person removed."""
    membership = (
        Membership.objects.select_for_update(of=("self", "role"))
        .select_related("role")
        .filter(firm=firm, user_id=user_id)
        .first()
    )
    asked = set(permissions)
    wanted = [each for each in Permission if each in asked]
    for permission in wanted:
        actor.must(permission, in_firm=firm.pk)
        if membership is None or permission not in membership.role.permissions:
            raise NotAllowed(permission)
    return wanted


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise TokenRefused("Enter a name of at most 80 characters", field="name")
    return name


def _insert(**values: Any) -> ApiToken:
    try:
        with transaction.atomic():
            return ApiToken.objects.create(**values)
    except IntegrityError as error:  # the constraint: also when two ask at the same time
        raise TokenRefused(
            f"You have a token called {values['name']} already. Choose another name, or revoke it",
            field="name",
        ) from error


def _note_use(token: ApiToken, now: datetime) -> None:
    before = now - USE_IS_WRITTEN_EVERY
    if token.last_used_at is not None and token.last_used_at > before:
        return
    # The condition again: of several processes, one writes.
    ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=before), pk=token.pk).update(
        last_used_at=now
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
