"""The web server: one process, one loop, a `ready` line, and a way to cut a connection."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

PR_SET_PDEATHSIG = 1
_transports: dict[tuple[str, int], asyncio.Transport] = {}


_stopping = asyncio.Event()


class PortTaken(Exception):
    """Something else listens there already."""


class Protocol(H11Protocol):
    """uvicorn's HTTP, remembering which transport belongs to which client."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            _transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _transports.pop(self.client, None)
        super().connection_lost(exc)


async def cut(scope: Scope) -> None:
    """Close the TCP connection of a request without another byte."""
    transport = _transports.get(tuple(scope["client"] or ("", 0)))
    if transport is not None:
        transport.abort()
    for _ in range(3):  # until the server has noticed, so that it does not answer by itself
        await asyncio.sleep(0)


async def pause(seconds: float) -> None:
    """Let time pass, for faults and slow work; ends early when the server stops."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_stopping.wait(), seconds)


def listen(host: str, port: int) -> socket.socket:
    """
    Take the port; 0 takes a free one.

    Raises:
        PortTaken: with a sentence for the user.
    """
    # asyncio sets TCP_NODELAY only where the protocol is named; without it a call takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortTaken(f"Port {port} on {host} cannot be used: {error.strerror}.") from error
    return listener


class _Server(uvicorn.Server):
    """Says `ready` once it listens."""

    ready_line = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self.ready_line + "\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _stopping.set()
        await super().shutdown(sockets)


def serve(app: ASGIApp, listener: socket.socket, base_url: str) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings: dict[str, Any] = {
        "http": Protocol,
        "ws": "none",
        "loop": "asyncio",
        "lifespan": "on",
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": 1,
    }
    running = _Server(uvicorn.Config(app, **settings))
    running.ready_line = f"ready {base_url}"
    running.run(sockets=[listener])


def die_with_parent() -> None:
    """Ask Linux for a SIGTERM when the parent process ends."""
    parent = os.getppid()
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended in between
        sys.exit(0)
