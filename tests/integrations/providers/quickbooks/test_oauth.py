"""Signing in at Intuit, as a person in a browser and as a process."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from integrations.errors import OutcomeUnknown, ReconnectNeeded, TryLater
from integrations.providers.base import FixedToken, OpenGate, TokenSet
from integrations.providers.quickbooks import oauth
from integrations.providers.quickbooks.provider import QuickBooksProvider
from tests.factories import NOW
from tests.quickbooks import Emulator


@pytest.fixture
def tokens(emulator: Emulator, provider: QuickBooksProvider) -> TokenSet:
    return provider.refresh(refresh_token=emulator.access["refresh_token"], now=NOW)


def discoveries(emulator: Emulator) -> int:
    return sum("openid" in call["path"] for call in emulator.calls())


def test_the_consent_address_asks_for_accounting_and_brings_our_state(
    emulator: Emulator, provider: QuickBooksProvider, settings: Any
) -> None:
    address = urlsplit(provider.consent_url(state="a&b c"))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}

    assert f"{address.scheme}://{address.netloc}" == emulator.base_url
    assert asked == {
        "client_id": emulator.access["client_id"],
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": settings.QUICKBOOKS["redirect_uri"],
        "state": "a&b c",
    }


def test_a_refresh_brings_tokens_and_when_they_end(
    emulator: Emulator, tokens: TokenSet, provider: QuickBooksProvider
) -> None:
    assert tokens.access_ends_at == NOW + timedelta(hours=1)
    assert tokens.refresh_ends_at == NOW + timedelta(days=101)
    assert tokens.hard_ends_at is not None
    assert tokens.hard_ends_at > NOW + timedelta(days=1800)
    books = provider.open(
        company_id=emulator.access["realm_id"],
        tokens=FixedToken(tokens.access_token),
        gate=OpenGate(),
    )
    assert books.company().company_id == emulator.access["realm_id"]


def test_a_code_that_is_not_valid_asks_to_sign_in_again(
    emulator: Emulator, provider: QuickBooksProvider
) -> None:
    with pytest.raises(ReconnectNeeded) as caught:
        provider.exchange(code="never-given", now=NOW)

    assert caught.value.provider_code == "invalid_grant"
    assert "Sign in" in caught.value.what_to_do


def test_a_refresh_token_that_ended_asks_to_sign_in_again(
    emulator: Emulator, provider: QuickBooksProvider
) -> None:
    with pytest.raises(ReconnectNeeded):
        provider.refresh(refresh_token="AB1-unknown", now=NOW)


def test_wrong_keys_of_ours_end_no_consent(
    emulator: Emulator, provider: QuickBooksProvider, settings: Any
) -> None:
    settings.QUICKBOOKS = {**settings.QUICKBOOKS, "client_secret": "wrong"}

    with pytest.raises(TryLater) as caught:
        provider.refresh(refresh_token=emulator.access["refresh_token"], now=NOW)

    assert type(caught.value) is TryLater
    assert caught.value.provider_code == "invalid_client"


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("status", 500, TryLater),
        ("status", 429, TryLater),
        ("cut_before", 0, OutcomeUnknown),
        ("cut_after_commit", 0, OutcomeUnknown),
    ],
)
def test_a_token_endpoint_that_does_not_answer_is_asked_later(
    emulator: Emulator,
    provider: QuickBooksProvider,
    kind: str,
    status: int,
    expected: type[TryLater],
) -> None:
    oauth.discover(f"{emulator.base_url}/.well-known/openid_configuration")
    emulator.fault(kind, operation="token", **({"status": status} if status else {}))

    with pytest.raises(TryLater) as caught:
        provider.refresh(refresh_token=emulator.access["refresh_token"], now=NOW)

    assert type(caught.value) is expected


def test_revoking_ends_the_consent_and_doing_it_twice_is_no_error(
    emulator: Emulator, provider: QuickBooksProvider, tokens: TokenSet
) -> None:
    provider.revoke(refresh_token=tokens.refresh_token)
    provider.revoke(refresh_token=tokens.refresh_token)

    with pytest.raises(ReconnectNeeded):
        provider.refresh(refresh_token=tokens.refresh_token, now=NOW)


def test_the_discovery_document_is_read_once(
    emulator: Emulator, provider: QuickBooksProvider
) -> None:
    emulator.forget_calls()
    for _ in range(3):
        provider.refresh(refresh_token=emulator.access["refresh_token"], now=NOW)

    assert discoveries(emulator) <= 1


def test_without_a_discovery_document_it_is_tried_later(
    provider: QuickBooksProvider, settings: Any
) -> None:
    oauth.forget_discovered()
    settings.QUICKBOOKS = {**settings.QUICKBOOKS, "discovery_url": "http://127.0.0.1:1/x"}

    with pytest.raises(TryLater):
        provider.consent_url(state="s")


def test_no_token_or_secret_is_logged_or_told(
    emulator: Emulator, provider: QuickBooksProvider, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = [emulator.access[name] for name in ("refresh_token", "access_token")]
    secrets.append(emulator.access["client_secret"])
    with caplog.at_level(logging.DEBUG):
        provider.refresh(refresh_token=emulator.access["refresh_token"], now=NOW)
        emulator.tokens("disconnect")
        with pytest.raises(ReconnectNeeded) as caught:
            provider.refresh(refresh_token=emulator.access["refresh_token"], now=NOW)

    told = caplog.text + str(caught.value) + str(vars(caught.value))
    assert [each for each in secrets if each in told] == []


def consent_as_a_person(emulator: Emulator, address: str) -> dict[str, str]:
    """Sign in there, press Connect; return what the browser brings back to us."""
    browser = requests.Session()
    browser.trust_env = False
    page = browser.get(address, timeout=10)
    email = re.search(r'name="email"[^>]*value="([^"]+)"', page.text)
    assert email
    asked = dict(parse_qsl(urlsplit(address).query))
    signed_in = {"next": "/books", "email": email[1], "password": "sandbox"}
    browser.post(f"{emulator.base_url}/sign-in", signed_in, timeout=10)
    wish = {**asked, "company": emulator.access["realm_id"], "decision": "connect"}
    answer = browser.post(f"{emulator.base_url}/consent", wish, timeout=10, allow_redirects=False)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def test_a_consent_given_in_a_browser_becomes_tokens_once(
    emulator: Emulator, provider: QuickBooksProvider
) -> None:
    back = consent_as_a_person(emulator, provider.consent_url(state="our-state"))
    assert (back["state"], back["realmId"]) == ("our-state", emulator.access["realm_id"])

    tokens = provider.exchange(code=back["code"], now=NOW)

    assert tokens.refresh_ends_at == NOW + timedelta(days=101)
    with pytest.raises(ReconnectNeeded):
        provider.exchange(code=back["code"], now=NOW)
