"""Idempotency-Key: a POST that is repeated is done once, and answered alike for 24 hours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from psycopg.errors import LockNotAvailable
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.authentication import Caller
from firms.api.models import IdempotentCall
from firms.api.problems import KeyNotPossible, KeyUsedForAnother, StillAtWork

KEPT = timedelta(hours=24)
LOST = timedelta(minutes=5)  # longer than any call; who did not answer by then is dead
KEY = re.compile(r"[!-~]{1,255}")
HEADERS_KEPT = ("ETag", "Location")
SECONDS_TO_WAIT = 10

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Callable[..., Response | HttpResponse]:
    """
    Let the POST of a view be repeated with the same Idempotency-Key.

    The call and its answer are one transaction: a process that dies leaves neither, and a repeat
    that comes while the first is under way waits for its answer. A refusal is not kept: it
    changed nothing.
    """

    @wraps(handler)
    def once(view: Any, request: Request, **ids: Any) -> Response | HttpResponse:
        key = _key_of(request)
        if key is None:
            return handler(view, request, **ids)
        caller: Any = request.auth
        with transaction.atomic():
            call, is_new = _take(caller, key, _fingerprint(request), now=timezone.now())
            if is_new:
                _keep(call, handler(view, request, **ids))
        return _answer(call, is_replayed=not is_new)

    once.is_idempotent = True  # type: ignore[attr-defined]
    return once


def idempotent_outside(handler: Handler) -> Callable[..., Response | HttpResponse]:
    """
    As `idempotent`, for a POST that asks another server: no transaction is open while it does.

    The row is taken first and filled afterwards. A process that dies in between leaves it empty: a
    repeat is told to come back, and after five minutes is done anew. So what such a call does has
    to be safe to do twice.
    """

    @wraps(handler)
    def once(view: Any, request: Request, **ids: Any) -> Response | HttpResponse:
        key = _key_of(request)
        if key is None:
            return handler(view, request, **ids)
        caller: Any = request.auth
        with transaction.atomic():
            call, is_new = _take(caller, key, _fingerprint(request), now=timezone.now())
        if is_new:
            try:
                _keep(call, handler(view, request, **ids))
            except BaseException:
                call.delete()
                raise
        return _answer(call, is_replayed=not is_new)

    once.is_idempotent = True  # type: ignore[attr-defined]
    return once


def forget_old_calls(*, now: datetime) -> int:
    """Remove answers older than a day; return how many there were."""
    return IdempotentCall.objects.filter(made_at__lte=now - KEPT).delete()[0]


def _key_of(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise KeyNotPossible("An Idempotency-Key is 1 to 255 signs of ASCII without blanks.")
    return key


def _take(
    caller: Caller, key: str, fingerprint: str, *, now: datetime
) -> tuple[IdempotentCall, bool]:
    """The row of this key, and whether it is ours to fill."""
    rows = IdempotentCall.objects.filter(firm=caller.firm, caller=caller.name, key=key)
    wanted = IdempotentCall(
        firm=caller.firm, caller=caller.name, key=key, fingerprint=fingerprint, made_at=now
    )
    try:
        with transaction.atomic():
            _wait_at_most(SECONDS_TO_WAIT)
            is_lost = Q(status=0, made_at__lte=now - LOST)
            rows.filter(is_lost | Q(made_at__lte=now - KEPT)).delete()
            wanted.save(force_insert=True)  # waits here while another has it
            _wait_at_most(0)
    except IntegrityError:
        return _known(rows.first(), fingerprint), False
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise _still_at_work() from error
        raise
    return wanted, True


def _known(call: IdempotentCall | None, fingerprint: str) -> IdempotentCall:
    if call is None:  # removed for its age in this very moment
        raise _still_at_work()
    if call.fingerprint != fingerprint:
        raise KeyUsedForAnother(
            "This Idempotency-Key was used for another call within 24 hours. Use a new one."
        )
    if call.status == 0:  # taken, and not filled yet
        raise _still_at_work()
    return call


def _still_at_work() -> StillAtWork:
    return StillAtWork("The first call with this key is not through yet. Repeat it in a second.")


def _wait_at_most(seconds: int) -> None:
    """For locks, until the transaction ends; 0 is for ever."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{seconds}s'")


def _fingerprint(request: Request) -> str:
    """The order of names and the blanks between them don't count."""
    body = json.dumps(request.data, sort_keys=True)
    text = "\n".join((str(request.method), request.get_full_path(), body))
    return hashlib.sha256(text.encode()).hexdigest()


def _keep(call: IdempotentCall, response: Response) -> None:
    call.status = response.status_code
    call.headers = {name: response[name] for name in HEADERS_KEPT if name in response}
    call.body = JSONRenderer().render(response.data).decode()
    call.save(update_fields=["status", "headers", "body"])


def _answer(call: IdempotentCall, *, is_replayed: bool) -> HttpResponse:
    headers = dict(call.headers)
    if is_replayed:
        headers["Idempotent-Replayed"] = "true"
    return HttpResponse(
        call.body, status=call.status, headers=headers, content_type="application/json"
    )
