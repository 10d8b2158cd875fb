"""The web server: one process, one loop, a `ready` line, and a way to cut a connection."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

PR_SET_PDEATHSIG = 1
Client = tuple[str, int]  # host and port of who called
_transports: dict[Client, asyncio.Transport] = {}


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


def client_of(scope: Scope) -> Client | None:
    client = scope["client"]
    return (client[0], client[1]) if client else None


def cut_all(keep: Client | None) -> None:
    """Close every connection but one."""
    for client, transport in list(_transports.items()):
        if client != keep:
            transport.abort()


async def pause(seconds: float) -> None:
    """Let time pass, for faults and slow work; ends early when the server stops."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_stopping.wait(), seconds)


_late: set[asyncio.Future[Any]] = set()


async def within[T](seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """
    Wait so long for work that takes time; it goes on alone where it takes longer.

    Raises:
        TimeoutError: it is not done yet.
    """
    task = asyncio.ensure_future(work)
    _late.add(task)
    task.add_done_callback(_late.discard)
    return await asyncio.wait_for(asyncio.shield(task), seconds)


def cancel_late() -> None:
    """Let what nobody waits for any more end where it is."""
    for task in _late:
        task.cancel()


def listen(host: str, port: int, *, queue: int = 2048) -> socket.socket:
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
        listener.listen(queue)
    except OSError as error:
        listener.close()
        raise PortTaken(f"Port {port} on {host} cannot be used: {error.strerror}.") from error
    return listener


class _Server(uvicorn.Server):
    """Says `ready` once it listens."""

    ready_line = ""

    def address(self) -> tuple[str, int]:
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return str(host), int(port)

    def stop_listening(self) -> None:
        for each in self.servers:
            each.close()

    async def listen_again(self, host: str, port: int) -> None:
        def protocol() -> asyncio.Protocol:
            state = self.lifespan.state
            return Protocol(config=self.config, server_state=self.server_state, app_state=state)

        loop = asyncio.get_running_loop()
        self.servers = [await loop.create_server(protocol, sock=listen(host, port))]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self.ready_line + "\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _stopping.set()
        await super().shutdown(sockets)


_running: list[_Server] = []


def running() -> _Server | None:
    """The server of this process, while it serves."""
    return _running[0] if _running else None


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
    served = _Server(uvicorn.Config(app, **settings))
    served.ready_line = f"ready {base_url}"
    _running[:] = [served]
    served.run(sockets=[listener])


def die_with_parent() -> None:
    """Ask Linux for a SIGTERM when the parent process ends."""
    parent = os.getppid()
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended in between
        sys.exit(0)
