"""
python-quickbooks' QuickBooks over our own session.

The library builds addresses; reading an answer is ours: it would parse before it looks at the
status, forget headers and all errors but the first, and knows no time-outs. Its objects are not
used: they blank fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn, cast

import requests
from quickbooks import QuickBooks

from integrations.errors import OutcomeUnknown, ReconnectNeeded, SyncError, TryLater
from integrations.providers.base import Gate, Tokens
from integrations.providers.quickbooks.faults import NotSignedIn, faults_error, to_error
from integrations.providers.quickbooks.session import (
    READ_SECONDS,
    WRITE_SECONDS,
    Answer,
    NoAnswer,
    NotSent,
    exchange,
    make_session,
)

MINOR_VERSION = 75  # the only one served since August 2025 (reference 2.5)


class QuickBooksClient(QuickBooks):
    """
    The calls of one company, for one thread. Each may raise SyncError.

    A write that may have been done raises OutcomeUnknown; any other error of a write means that
    it was not.
    """

    def __new__(cls, **facts: Any) -> QuickBooksClient:
        made = super().__new__(
            cls, company_id=facts["company_id"], minorversion=MINOR_VERSION, use_decimal=True
        )
        return cast(QuickBooksClient, made)

    def __init__(self, *, company_id: str, api_url: str, tokens: Tokens, gate: Gate) -> None:
        if not company_id.isdigit():
            raise ValueError("A QuickBooks company id is made of digits.")
        self._api_url = api_url.rstrip("/") + "/v3"
        self._tokens = tokens
        self._gate = gate
        self._idle: list[requests.Session] = []  # a session makes one request at a time
        self.last_trace = ""  # Intuit's id of the last answer

    @property
    def api_url(self) -> str:
        return self._api_url

    def make_request(
        self,
        request_type: str,
        url: str,
        request_body: str | dict[str, Any] | None = None,
        content_type: str = "application/json",
        params: dict[str, Any] | None = None,
        file_path: str | None = None,
        file_bytes: bytes | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """
        Make one call and return its JSON, numbers as Decimal. The library's calls all end here.

        Raises:
            SyncError: see faults.py.
        """
        if file_path or file_bytes:
            raise NotImplementedError("Files are not sent yet.")
        asked = {**(params or {}), "minorversion": self.minorversion}
        if request_id:
            asked["requestid"] = request_id
        body = request_body if isinstance(request_body, str) else ""
        return self._signed_in(
            request_type, url, params=asked, body=body, content_type=content_type
        )

    def start_write(
        self,
        resource: str,
        body: str,
        *,
        request_id: str,
        params: Mapping[str, str],
        threads: Executor,
    ) -> Post:
        """
        Begin to send an object; one of `threads` waits for the answer.

        As the library's `create_object`, which knows no two requests at once. Raises SyncError: it
        was not sent.
        """
        url = f"{self.api_url}/company/{self.company_id}/{resource.lower()}"
        asked = {**params, "minorversion": self.minorversion, "requestid": request_id}
        call: dict[str, Any] = {
            "params": asked,
            "body": body,
            "content_type": "application/json",
        }
        token = self._tokens.current()
        first = self._begin("POST", url, token=token, threads=threads, **call)
        return Post(client=self, first=first, token=token, url=url, call=call)

    def _signed_in(self, method: str, url: str, **call: Any) -> dict[str, Any]:
        token = self._tokens.current()
        try:
            return self._call(method, url, token=token, **call)
        except NotSignedIn:
            return self.call_anew(method, url, rejected=token, **call)

    def call_anew(self, method: str, url: str, *, rejected: str, **call: Any) -> dict[str, Any]:
        """A 401 did nothing: renew the token and ask once more."""
        token = self._tokens.renewed(rejected=rejected)
        try:
            return self._call(method, url, token=token, **call)
        except NotSignedIn as error:
            raise ReconnectNeeded(
                what_to_do="An admin of the company signs in again: Reconnect.",
                detail=error.detail,
                trace=error.trace,
                status=401,
            ) from None

    def _call(self, method: str, url: str, **call: Any) -> dict[str, Any]:
        return self._begin(method, url, threads=AtOnce(), **call).result()

    def _begin(
        self,
        method: str,
        url: str,
        *,
        token: str,
        params: dict[str, Any],
        body: str,
        content_type: str,
        threads: Executor,
    ) -> _Request:
        """Wait for the turn of one request here, and have it made by one of `threads`."""
        is_write = method == "POST" and not url.endswith("/query")
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Content-Type": content_type,
        }
        with ExitStack() as turn:
            turn.enter_context(self._gate.call(metered=not is_write))
            session = self._idle.pop() if self._idle else make_session()
            answered = threads.submit(
                exchange,
                session,
                method,
                url,
                seconds=WRITE_SECONDS if is_write else READ_SECONDS,
                headers=headers,
                params=params,
                data=body.encode() if body else None,
            )
            return _Request(
                client=self,
                session=session,
                answered=answered,
                turn=turn.pop_all(),
                is_write=is_write,
            )

    def take_back(self, session: requests.Session, *, trace: str) -> None:
        """A request is over: its session may make the next one."""
        self._idle.append(session)
        self.last_trace = trace


class AtOnce(Executor):
    """Does what it is given in the calling thread, before it returns."""

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **more))
        except (NotSent, NoAnswer) as error:
            done.set_exception(error)
        return done


@dataclass(frozen=True, kw_only=True)
class _Request:
    """One request under way, in its turn."""

    client: QuickBooksClient
    session: requests.Session
    answered: Future[Answer]
    turn: ExitStack
    is_write: bool

    def result(self) -> dict[str, Any]:
        """The JSON of its answer. Raises SyncError; the turn ends with it."""
        with self.turn:
            try:
                answer = self.answered.result()
            except NotSent as error:
                raise TryLater(detail=str(error)) from None
            except NoAnswer as error:
                raise _lost(str(error), is_write=self.is_write) from None
            self.client.take_back(self.session, trace=answer.trace)
            return _read(answer, is_write=self.is_write)


@dataclass(frozen=True, kw_only=True)
class Post:
    """A write under way; `result` as of any call."""

    client: QuickBooksClient
    first: _Request
    token: str
    url: str
    call: dict[str, Any]

    @property
    def answered(self) -> Future[Answer]:
        return self.first.answered

    def result(self) -> dict[str, Any]:
        try:
            return self.first.result()
        except NotSignedIn:
            return self.client.call_anew("POST", self.url, rejected=self.token, **self.call)


def _read(answer: Answer, *, is_write: bool) -> dict[str, Any]:
    """The JSON of a success. Status and content type are looked at before the body is parsed."""
    if answer.status != 200:
        raise to_error(answer, is_write=is_write)
    if answer.content_type != "application/json":
        raise _unreadable(answer, is_write=is_write)
    try:
        parsed = json.loads(answer.body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise _unreadable(answer, is_write=is_write) from None
    if not isinstance(parsed, dict):
        raise _unreadable(answer, is_write=is_write)
    if error := faults_error(parsed, answer, is_write=is_write):
        raise error
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number.")


def _lost(detail: str, *, is_write: bool, trace: str = "", status: int | None = None) -> SyncError:
    error = OutcomeUnknown if is_write else TryLater
    return error(detail=detail, trace=trace, status=status)


def _unreadable(answer: Answer, *, is_write: bool) -> SyncError:
    text = f"An answer that is no JSON: {answer.content_type}, {len(answer.body)} bytes"
    return _lost(text, is_write=is_write, trace=answer.trace, status=answer.status)
