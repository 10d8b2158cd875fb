"""One call of a service, and what the person is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from contacts.services import ContactError
from integrations.entities.base import LocalRefused
from integrations.errors import SyncError
from integrations.sync.agreement import CannotCompare
from integrations.sync.connection_parts import ConnectError
from integrations.sync.resolving import AnotherKind, NotAChoice, NothingToDecide
from integrations.web import notices

EXPECTED = (
    SyncError,
    ConnectError,
    ContactError,
    LocalRefused,
    AnotherKind,
    NotAChoice,
    NothingToDecide,
    CannotCompare,
)


def attempt(request: HttpRequest, action: Callable[[], Any], *, done: str = "") -> bool:
    """Do it; say it was done, or leave a notice that says why not."""
    try:
        action()
    except EXPECTED as error:
        notices.leave(request, str(error))
        return False
    if done:
        messages.success(request, done)
    return True
