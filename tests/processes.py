"""Real processes of the product, on the test's own database."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from canopy_sync import processes


def environment(**more: str) -> dict[str, str]:
    """The environment in which a process of the product meets the database of this test."""
    return {
        **os.environ,
        "CANOPY_TESTS": "1",
        "DJANGO_SETTINGS_MODULE": "canopy_sync.settings",
        "DATABASE_URL": database_url(),
        **more,
    }


def database_url() -> str:
    its = connection.settings_dict
    name, user, host = its["NAME"], quote(its["USER"] or ""), its["HOST"]
    who = f"{user}:{quote(its['PASSWORD'])}" if its["PASSWORD"] else user
    if host.startswith("/"):
        return f"postgres://{who}@/{name}?host={host}&port={its['PORT']}"
    options = its.get("OPTIONS") or {}
    if "host" in options:
        return f"postgres://{who}@/{name}?host={options['host']}&port={options.get('port', 5432)}"
    return f"postgres://{who}@{host}:{its['PORT'] or 5432}/{name}"


@contextmanager
def running(
    arguments: list[str | Path], *, environment: Mapping[str, str], log: Path
) -> Iterator[Popen[bytes]]:
    """A process that is stopped, with all it started, when the block ends."""
    process = processes.start(arguments, environment=environment, folder=settings.BASE_DIR, log=log)
    try:
        yield process
    finally:
        processes.stop([process], seconds=5)


def wait_until(is_so: Callable[[], object], *, seconds: float, what: str) -> float:
    """Look often, for at most `seconds`; return how long it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - began
