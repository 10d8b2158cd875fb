"""How an answer leaves: whole, slowly, cut short or not at all."""

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from . import server

HTML_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class CutConnection(Response):
    """No answer: the TCP connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await server.cut(scope)


class CutBody(Response):
    """The head promises the whole body, half of it comes, then the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(_start(self))
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await asyncio.sleep(0.01)  # let the half leave
        await server.cut(scope)


class SlowBody(Response):
    """The body comes in drops over `seconds`."""

    def __init__(self, *arguments: Any, seconds: float, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(_start(self))
        body = bytes(self.body)
        size = max(1, len(body) // 20)
        drops = [body[at : at + size] for at in range(0, len(body), size)]
        for drop in drops:
            await server.pause(self.seconds / len(drops))
            await send({"type": "http.response.body", "body": drop, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _start(response: Response) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": response.raw_headers,
    }
