"""
Opens the books of a connection: who may call them, with which token, at which pace.

One refresh at a time per connection, in all processes: whoever sets `refreshing_until` asks, the
others wait and read what was stored. `refresh_number` rises with each stored answer, so that an
answer that came too late never overwrites a newer one. No transaction is open during a request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.errors import OutcomeUnknown, ReconnectNeeded, SyncError, TryLater
from integrations.limiter import CompanyGate, Lane
from integrations.models import Connection, Credential
from integrations.providers import get_provider
from integrations.providers.base import Books, Provider, TokenSet

ENDS_SOON = timedelta(seconds=60)  # a token that ends sooner is renewed first
REFRESH_LASTS = timedelta(seconds=90)  # longer than two requests to the token endpoint
LONGEST_WAIT = 45.0  # seconds for somebody else's refresh
POLL = 0.1  # seconds


def open_books(connection: Connection, *, lane: Lane) -> Books:
    """The books of a connection, for this thread. `lane`: people wait for it, or it is bulk."""
    provider = get_provider(connection.provider)
    return provider.open(
        company_id=connection.company_id,
        tokens=StoredTokens(connection.pk, provider=provider),
        gate=CompanyGate(connection.pk, lane=lane),
    )


def keep_tokens(connection: Connection, tokens: TokenSet) -> None:
    """Store what a consent gave. An answer to a refresh of older tokens no longer counts."""
    kept = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "access_ends_at": tokens.access_ends_at,
        "refresh_ends_at": tokens.refresh_ends_at,
        "hard_ends_at": tokens.hard_ends_at,
        "refreshing_until": None,
    }
    Credential.objects.update_or_create(
        connection=connection,
        defaults={**kept, "refresh_number": F("refresh_number") + 1},
        create_defaults=kept,
    )


class StoredTokens:
    """The tokens of one connection; see providers.base.Tokens."""

    def __init__(
        self,
        connection_id: int,
        *,
        provider: Provider,
        clock: Callable[[], datetime] = timezone.now,
    ) -> None:
        self._connection_id = connection_id
        self._provider = provider
        self._clock = clock

    def current(self) -> str:
        return self._usable(rejected=None)

    def renewed(self, *, rejected: str) -> str:
        return self._usable(rejected=rejected)

    def _usable(self, *, rejected: str | None) -> str:
        """A token that has a while to live and is not `rejected`, refreshed if need be."""
        gives_up_at = time.monotonic() + LONGEST_WAIT
        while True:
            stored = self._read()
            if stored.access_token != rejected and self._lives(stored):
                return stored.access_token
            if self._take(stored):
                return self._refresh(stored)
            if time.monotonic() > gives_up_at:
                raise TryLater(detail="Somebody else's refresh of the token did not end.")
            time.sleep(POLL)

    def _read(self) -> Credential:
        found = Credential.objects.filter(connection_id=self._connection_id).first()
        if found is None:
            raise ReconnectNeeded()
        return found

    def _lives(self, stored: Credential) -> bool:
        return stored.access_ends_at > self._clock() + ENDS_SOON

    def _take(self, stored: Credential) -> bool:
        """Become the one who refreshes these very tokens."""
        now = self._clock()
        free = Q(refreshing_until=None) | Q(refreshing_until__lt=now)
        with transaction.atomic(durable=True):
            taken = Credential.objects.filter(
                free, pk=stored.pk, refresh_number=stored.refresh_number
            ).update(refreshing_until=now + REFRESH_LASTS)
        return taken == 1

    def _refresh(self, stored: Credential) -> str:
        try:
            tokens = self._ask(stored)
        except SyncError as error:
            self._give_up(stored)
            newer = self._newer_than(stored) if isinstance(error, ReconnectNeeded) else None
            if newer is None:
                raise
            return newer
        return self._store(stored, tokens)

    def _ask(self, stored: Credential) -> TokenSet:
        """A lost answer is asked for once more: the old token mostly still works (1.5)."""
        asked = {"refresh_token": stored.refresh_token}
        try:
            return self._provider.refresh(**asked, now=self._clock())
        except OutcomeUnknown:
            return self._provider.refresh(**asked, now=self._clock())

    def _store(self, stored: Credential, tokens: TokenSet) -> str:
        """Store before use. If others stored an answer meanwhile, theirs is the newer one."""
        with transaction.atomic(durable=True):
            is_stored = Credential.objects.filter(
                pk=stored.pk, refresh_number=stored.refresh_number
            ).update(
                access_token=tokens.access_token,
                refresh_token=tokens.refresh_token,
                access_ends_at=tokens.access_ends_at,
                refresh_ends_at=tokens.refresh_ends_at,
                hard_ends_at=tokens.hard_ends_at or stored.hard_ends_at,
                refresh_number=F("refresh_number") + 1,
                refreshing_until=None,
            )
        return tokens.access_token if is_stored else self._read().access_token

    def _give_up(self, stored: Credential) -> None:
        with transaction.atomic(durable=True):
            Credential.objects.filter(pk=stored.pk, refresh_number=stored.refresh_number).update(
                refreshing_until=None
            )

    def _newer_than(self, stored: Credential) -> str | None:
        """Tokens stored while ours were refused, e.g. by a person who connected anew."""
        now_stored = self._read()
        is_newer = now_stored.refresh_number != stored.refresh_number
        return now_stored.access_token if is_newer else None
