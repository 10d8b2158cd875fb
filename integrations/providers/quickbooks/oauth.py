"""
Signing in at Intuit: consent address, code exchange, refresh, revoke.

intuit-oauth's AuthClient over our own session: it has no time-outs, and fetches the discovery
document anew each time it is made. A token is never logged and never part of an error.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from integrations.errors import OutcomeUnknown, ReconnectNeeded, TryLater
from integrations.providers.base import TokenSet
from integrations.providers.quickbooks.session import (
    READ_SECONDS,
    Answer,
    NoAnswer,
    NotSent,
    exchange,
    make_session,
)

DISCOVERY_SECONDS = 3600  # how long a discovery document is taken for true
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
ASK_AGAIN = "Sign in at QuickBooks again."

_documents: dict[str, tuple[float, dict[str, str]]] = {}
_documents_lock = threading.Lock()


class SignIn(AuthClient):
    """One call of AuthClient, with time-outs, a bounded answer and no redirects."""

    def __init__(self, *, keys: Mapping[str, str]) -> None:
        # Not AuthClient's own: that fetches the discovery document without a time-out.
        requests.Session.__init__(self)
        self.__dict__.update(make_session().__dict__)
        document = discover(keys["discovery_url"])
        self.client_id = keys["client_id"]
        self.client_secret = keys["client_secret"]
        self.redirect_uri = keys["redirect_uri"]
        self.auth_endpoint = document["authorization_endpoint"]
        self.token_endpoint = document["token_endpoint"]
        self.revoke_endpoint = document["revocation_endpoint"]
        self.realm_id = self.access_token = self.refresh_token = self.id_token = None
        self.state_token = None
        # The seconds until a consent ends for good are told on request only (reference 1.4).
        self.headers["x-include-refresh-token-hard-expires-in"] = "true"

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        answer = exchange(self, method, url, seconds=READ_SECONDS, **more)
        response = requests.Response()
        response.status_code = answer.status
        response.headers["intuit_tid"] = answer.trace
        response.headers["Content-Type"] = answer.content_type
        response._content = answer.body  # noqa: SLF001
        return response


def discover(url: str) -> dict[str, str]:
    """The discovery document: kept for an hour, and longer while Intuit does not answer."""
    with _documents_lock:
        kept = _documents.get(url)
    if kept and time.monotonic() < kept[0] + DISCOVERY_SECONDS:
        return kept[1]
    try:
        document = _read_document(exchange(make_session(), "GET", url, seconds=READ_SECONDS))
    except (NotSent, NoAnswer, ValueError) as error:
        if kept:
            return kept[1]
        raise TryLater(detail=f"The discovery document: {error}") from None
    with _documents_lock:
        _documents[url] = (time.monotonic(), document)
    return document


def forget_discovered() -> None:
    """Read the discovery document anew at the next call."""
    with _documents_lock:
        _documents.clear()


def _read_document(answer: Answer) -> dict[str, str]:
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    document = json.loads(answer.body)
    if not isinstance(document, dict) or not all(
        isinstance(document.get(name), str) for name in ENDPOINTS
    ):
        raise ValueError("it lacks an address")
    return {name: document[name] for name in ENDPOINTS}


def consent_url(*, keys: Mapping[str, str], state: str) -> str:
    """Where the person signs in and consents. `state` is ours; Intuit gives it back."""
    client = SignIn(keys=keys)
    return str(client.get_authorization_url([Scopes.ACCOUNTING], state_token=state))


def exchange_code(*, keys: Mapping[str, str], code: str, now: datetime) -> TokenSet:
    client = SignIn(keys=keys)
    _ask(client, lambda: client.get_bearer_token(code))
    return _tokens(client, now=now)


def refresh(*, keys: Mapping[str, str], refresh_token: str, now: datetime) -> TokenSet:
    client = SignIn(keys=keys)
    _ask(client, lambda: client.refresh(refresh_token=refresh_token))
    return _tokens(client, now=now)


def revoke(*, keys: Mapping[str, str], refresh_token: str) -> None:
    """A token that is not valid any more answers 400 (reference 1.6): that is what was wanted."""
    client = SignIn(keys=keys)
    try:
        _ask(client, lambda: client.revoke(token=refresh_token))
    except ReconnectNeeded:
        return


def _ask(client: SignIn, call: Callable[[], object]) -> None:
    try:
        call()
    except AuthClientError as error:
        _raise(error.status_code, error.content, error.intuit_tid or "")
    except NotSent as error:
        raise TryLater(detail=str(error)) from None
    except NoAnswer as error:
        raise OutcomeUnknown(detail=str(error)) from None
    except ValueError:
        raise OutcomeUnknown(detail="The answer of the token endpoint is no JSON.") from None


def _raise(status: int, content: bytes, trace: str) -> NoReturn:
    """What a refusal means (reference 1.8). Only its code is kept, never its body."""
    code = _error_code(content)
    if status in {400, 401} and code != "invalid_client":
        raise ReconnectNeeded(
            what_to_do=ASK_AGAIN, detail=code, provider_code=code, trace=trace, status=status
        ) from None
    # Too many calls, a fault there, or our own keys are wrong: none of it ends the consent.
    raise TryLater(detail=code, provider_code=code, trace=trace, status=status) from None


def _error_code(content: bytes) -> str:
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    code = parsed.get("error") if isinstance(parsed, dict) else None
    return code[:60] if isinstance(code, str) else ""


def _tokens(client: SignIn, *, now: datetime) -> TokenSet:
    told = vars(client)
    try:
        hard = told.get("x_refresh_token_hard_expires_in")
        return TokenSet(
            access_token=_text(told["access_token"]),
            refresh_token=_text(told["refresh_token"]),
            access_ends_at=now + timedelta(seconds=int(told["expires_in"])),
            refresh_ends_at=now + timedelta(seconds=int(told["x_refresh_token_expires_in"])),
            hard_ends_at=now + timedelta(seconds=int(hard)) if hard else None,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise OutcomeUnknown(detail="The answer of the token endpoint lacks a value.") from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no token")
    return value
