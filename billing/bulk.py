"""What can be done with many invoices at once beyond billing itself, without billing knowing it.

An app registers an action in `AppConfig.ready()`; the list draws a button for it:

    bulk.register(BulkAction(name="sync", label="Sync now", icon="sync", run=sync_invoices))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firms.http import FirmRequest


@dataclass(frozen=True, kw_only=True)
class BulkAction:
    """
    `run` is given ids of invoices of the request's firm; it returns what it did, as a sentence.

    It checks permissions itself (`request.actor`). `icon`: a symbol of components/icons.html.
    """

    name: str
    label: str
    icon: str
    run: Callable[[FirmRequest, Sequence[int]], str]


_actions: dict[str, BulkAction] = {}


def register(action: BulkAction) -> None:
    _actions[action.name] = action


def unregister(name: str) -> None:
    _actions.pop(name, None)


def actions() -> list[BulkAction]:
    return list(_actions.values())


def action(name: str) -> BulkAction | None:
    return _actions.get(name)
