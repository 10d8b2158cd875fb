"""
Our own HTTP session: what every request to Intuit goes through.

Connect 5 s, a limit on the whole of each answer in time and size, no redirects, no cookies, nothing
taken from the environment (a .netrc would replace the bearer token). No retries: these belong to
the rows that wait.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3

CONNECT_SECONDS = 5
READ_SECONDS = 30
WRITE_SECONDS = 130  # QuickBooks ends a request after 120 s (reference 7.2)
MOST_BYTES = 32 * 1024 * 1024  # 1,000 customers are about 2 MB
PIECE = 256 * 1024
_UNSENT = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_NO_CONNECTION = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)


class NotSent(Exception):
    """No connection was made: nothing can have been done."""


class NoAnswer(Exception):
    """It was sent, or part of it; no whole answer came."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    content_type: str  # "application/json", in lower case
    trace: str  # Intuit's id of the answer
    body: bytes


def make_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "CanopySync"
    return session


def exchange(
    session: requests.Session, method: str, url: str, *, seconds: float, **more: Any
) -> Answer:
    """
    Send one request and read its whole answer within `seconds`, and one wait for a piece of it.

    Args:
        more: `headers`, `params`, `data` as `requests` takes them.
    Raises:
        NotSent, NoAnswer: see there. Their text never holds a header or a body.
    """
    ends_at = time.monotonic() + seconds
    more |= {"allow_redirects": False, "stream": True, "timeout": (CONNECT_SECONDS, seconds)}
    try:
        # By the base class: a session may be one whose own `request` comes here.
        response = requests.Session.request(session, method, url, **more)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _failure(error) from None
    try:
        body = _read(response, ends_at=ends_at)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise NoAnswer(f"The answer was cut: {type(error).__name__}") from None
    finally:
        response.close()
    return Answer(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
        trace=_trace(response.headers),
        body=body,
    )


def _trace(headers: Any) -> str:
    """Documented as intuit_tid, recorded as Intuit-Tid (reference 2.3)."""
    return str(headers.get("intuit_tid") or headers.get("Intuit-Tid") or "")[:100]


def _read(response: requests.Response, *, ends_at: float) -> bytes:
    """The body, decoded. It may drip: each piece is bounded by the time-out, all by `ends_at`."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.raw.read1(PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise NoAnswer(f"The answer is larger than {MOST_BYTES} bytes.")
        if time.monotonic() > ends_at:
            raise NoAnswer("The answer took too long.")
    return b"".join(pieces)


def _failure(error: Exception) -> NotSent | NoAnswer:
    """Whether the request may have left: only failures to connect prove that it did not."""
    text = f"{type(error).__name__} before an answer"
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.SSLError) and reason.args:
        reason = reason.args[0]
    return (
        NotSent(text)
        if isinstance(error, _UNSENT) or isinstance(reason, _NO_CONNECTION)
        else NoAnswer(text)
    )
