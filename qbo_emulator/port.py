"""
The port shut for a while: connections are refused, or hang until it opens again.

The control addresses are on the same port, so it opens again by itself.
"""

import asyncio
import socket

from . import server

MOST_SECONDS = 120.0
WAYS = ("refuse", "hang")
FILLING = 4  # more connections than a queue of none takes


class PortError(ValueError):
    """The port cannot be shut like this."""


class Port:
    """The port of the running server, open or shut."""

    def __init__(self) -> None:
        self.shut_as = ""
        self._opening: asyncio.Task[None] | None = None

    def shut(self, way: str, seconds: float, keep: server.Client | None) -> None:
        """
        Refuse connections, or let them hang, for so long. Open ones are cut, but that of `keep`.

        Raises:
            PortError: an unknown way, too long a time, or it is shut already.
        """
        if way not in WAYS:
            raise PortError(f"The port can {' or '.join(WAYS)}.")
        if not 0 < seconds <= MOST_SECONDS:
            raise PortError(f"seconds is more than 0 and at most {MOST_SECONDS:g}.")
        running = server.running()
        if running is None or self.shut_as:
            raise PortError("The port is shut already.")
        host, number = running.address()
        running.stop_listening()
        server.cut_all(keep)
        waiting = _full_queue(host, number) if way == "hang" else []
        self.shut_as = way
        self._opening = asyncio.create_task(self._open_later(seconds, host, number, waiting))

    async def _open_later(
        self, seconds: float, host: str, number: int, waiting: list[socket.socket]
    ) -> None:
        await server.pause(seconds)
        for each in waiting:
            each.close()
        running = server.running()
        if running is not None:
            await running.listen_again(host, number)
        self.shut_as = ""


def _full_queue(host: str, number: int) -> list[socket.socket]:
    """A listener that takes nobody in, its queue full: who connects now waits (on Linux)."""
    listener = server.listen(host, number, queue=0)
    sockets = [listener]
    for _ in range(FILLING):
        filling = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        filling.setblocking(False)
        filling.connect_ex((host, number))
        sockets.append(filling)
    return sockets
