"""A pytest plugin: a real PostgreSQL for the tests, started before Django reads its settings.

DATABASE_URL names a server; without it an embedded one starts in a temporary folder and is
stopped and removed when the run ends.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _start() -> None:
    from canopy_sync import postgres

    folder = Path(tempfile.mkdtemp(prefix="canopy-tests-"))
    server = postgres.start(folder / "postgres")
    os.environ["DATABASE_URL"] = postgres.app_url(server)

    def stop() -> None:
        postgres.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)


os.environ["CANOPY_TESTS"] = "1"
if "DATABASE_URL" not in os.environ:
    _start()
