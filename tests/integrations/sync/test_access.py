"""Tokens: renewed once, in time, by one process; stored before they are used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from integrations.errors import ReconnectNeeded, TryLater
from integrations.models import Connection, Credential
from integrations.providers.quickbooks.provider import QuickBooksProvider
from integrations.sync.access import StoredTokens, keep_tokens, open_books
from tests.integrations.connected import make_connection, make_credential, make_tokens
from tests.quickbooks import Emulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(emulator: Emulator) -> Connection:
    return make_connection(company_id=emulator.access["realm_id"])


@pytest.fixture
def stored(connection: Connection, emulator: Emulator) -> Credential:
    """Live tokens, by our clock and by QuickBooks'."""
    return make_credential(
        connection,
        access_token=emulator.access["access_token"],
        refresh_token=emulator.access["refresh_token"],
        access_ends_at=timezone.now() + timedelta(hours=1),
        refresh_ends_at=timezone.now() + timedelta(days=100),
    )


def tokens(connection: Connection, clock: Callable[[], datetime] = timezone.now) -> StoredTokens:
    return StoredTokens(connection.pk, provider=QuickBooksProvider(), clock=clock)


def refreshes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.calls(kind="refresh")


def expire(stored: Credential) -> None:
    Credential.objects.filter(pk=stored.pk).update(access_ends_at=timezone.now())


def test_a_token_that_lives_is_used_as_it_is(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    assert tokens(connection).current() == stored.access_token
    assert refreshes(emulator) == []


def test_a_token_is_renewed_a_minute_before_it_ends(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    emulator.switch(refresh_rotation="always")
    almost = stored.access_ends_at - timedelta(seconds=59)

    renewed = tokens(connection, clock=lambda: almost).current()

    kept = Credential.objects.get(pk=stored.pk)
    assert renewed == kept.access_token != stored.access_token
    assert kept.refresh_token != stored.refresh_token
    assert kept.access_ends_at == almost + timedelta(seconds=3600)
    assert kept.refresh_ends_at == almost + timedelta(seconds=8726400)
    assert kept.hard_ends_at is not None
    assert kept.refreshing_until is None


@pytest.mark.django_db(transaction=True)
def test_fifty_threads_with_an_expired_token_refresh_it_once(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    """A second refresh would end the connection: QuickBooks takes it for an attack (1.5)."""
    emulator.switch(refresh_rotation="always", refresh_reuse_revokes=True, refresh_seconds=0.5)
    expire(stored)
    got: list[str | BaseException] = []

    def work() -> None:
        try:
            got.append(tokens(connection).current())
        except BaseException as error:  # noqa: BLE001  told to the test below
            got.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(refreshes(emulator)) == 1
    assert got == [Credential.objects.get(pk=stored.pk).access_token] * 50


def test_a_token_that_ended_early_is_renewed_once_and_the_call_made_again(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    emulator.tokens("expire")

    company = open_books(connection, lane="people").company()

    assert company.company_id == connection.company_id
    assert len(refreshes(emulator)) == 1


def test_whoever_comes_after_a_refresh_takes_what_it_brought(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    old = stored.access_token
    renewed = tokens(connection).renewed(rejected=old)

    assert tokens(connection).renewed(rejected=old) == renewed
    assert len(refreshes(emulator)) == 1


def test_a_withdrawn_consent_asks_to_reconnect(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    emulator.tokens("disconnect")

    with pytest.raises(ReconnectNeeded):
        open_books(connection, lane="people").company()

    assert Credential.objects.get(pk=stored.pk).refreshing_until is None


def test_without_tokens_somebody_has_to_connect(connection: Connection) -> None:
    with pytest.raises(ReconnectNeeded):
        tokens(connection).current()


@pytest.mark.parametrize("rotation", ["daily", "grace"])
def test_a_refresh_whose_answer_was_lost_is_asked_for_again(
    connection: Connection, stored: Credential, emulator: Emulator, rotation: str
) -> None:
    emulator.switch(refresh_rotation=rotation)
    emulator.fault("cut_after_commit", operation="token")
    expire(stored)

    renewed = tokens(connection).current()

    assert renewed == Credential.objects.get(pk=stored.pk).access_token
    assert len(refreshes(emulator)) == 2


def test_a_lost_answer_that_rotated_the_token_away_asks_to_reconnect(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    emulator.switch(refresh_rotation="always")
    emulator.fault("cut_after_commit", operation="token")
    expire(stored)

    with pytest.raises(ReconnectNeeded):
        tokens(connection).current()


def test_a_token_endpoint_that_fails_ends_nothing(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    emulator.fault("status", operation="token", status=503)
    expire(stored)

    with pytest.raises(TryLater):
        tokens(connection).current()

    kept = Credential.objects.get(pk=stored.pk)
    assert (kept.refresh_token, kept.refreshing_until) == (stored.refresh_token, None)
    assert tokens(connection).current() != stored.access_token


def test_a_refresh_whose_process_died_is_taken_over(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    expire(stored)
    Credential.objects.filter(pk=stored.pk).update(
        refreshing_until=timezone.now() - timedelta(seconds=1)
    )

    assert tokens(connection).current() != stored.access_token


def test_an_answer_that_came_too_late_does_not_overwrite_a_new_consent(
    connection: Connection, stored: Credential, emulator: Emulator
) -> None:
    """A person connected anew while the refresh of the old tokens was under way."""
    expire(stored)

    class Slow(QuickBooksProvider):
        def refresh(self, *, refresh_token: str, now: datetime) -> Any:
            answer = super().refresh(refresh_token=refresh_token, now=now)
            keep_tokens(connection, make_tokens(access_token="of the new consent"))
            return answer

    late = StoredTokens(connection.pk, provider=Slow())

    assert late.current() == "of the new consent"
    assert Credential.objects.get(pk=stored.pk).access_token == "of the new consent"


def test_tokens_are_stored_encrypted(connection: Connection, stored: Credential) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM integrations_credential")
        for text in cursor.fetchone():
            assert stored.access_token not in text
            assert stored.refresh_token not in text
