"""
Drains one connection in a process of its own and kills it, without warning, at a named step.

Run as `python -m tests.integrations.sync.die_at STEP CONNECTION_ID NOW`, with the environment of
the test. It dies by SIGKILL before it can clear anything up, as a worker does whose machine ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(act: Callable[..., Any]) -> Callable[..., Any]:
    """`act`, and then the end."""

    def done(*args: Any, **more: Any) -> None:
        act(*args, **more)
        die()

    return done


# step -> (module, name in it, what stands there instead)
STEPS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "lease taken": ("integrations.sync.leases", "take", after),
    "bells became pairs": ("integrations.sync.pairs", "gather", after),
    "request id stored": ("integrations.sync.intents", "start", lambda _: die),
    "answer read, not stored": ("integrations.sync.intents", "finish", after),
    "local write done": ("integrations.sync.activity", "write", lambda _: die),
    "link and base stored": ("integrations.sync.engine", "settle", after),
    "feed read, not stored": (
        "integrations.providers.quickbooks.provider.QuickBooksBooks",
        "changes_since",
        after,
    ),
    "cursor moved": ("integrations.sync.feed", "pull", after),
}


def main() -> None:
    step, connection_id, now, quickbooks = sys.argv[1:]
    import django

    django.setup()
    from django.conf import settings
    from django.utils.module_loading import import_string

    settings.QUICKBOOKS = json.loads(quickbooks)
    place, name, instead = STEPS[step]
    holder = sys.modules.get(place) or _load(place, import_string)
    setattr(holder, name, instead(getattr(holder, name)))

    from integrations.models import Connection
    from integrations.sync import engine

    engine.drain(Connection.objects.get(pk=connection_id), now=datetime.fromisoformat(now))


def _load(place: str, import_string: Callable[[str], Any]) -> Any:
    from importlib import import_module

    import integrations.sync.engine  # noqa: F401  (the names it took are replaced, too)

    try:
        return import_module(place)
    except ModuleNotFoundError:
        return import_string(place)


if __name__ == "__main__":
    main()
