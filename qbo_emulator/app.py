"""The Starlette application: OAuth, the API, the control addresses and the desk on one host."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .api import Api
from .control import Control
from .control_books import Storage
from .desk import Desk
from .emulator import Emulator
from .oauth_api import OAuthApi


class AnyMethod:
    """The API answers every method itself, with its own faults; a plain endpoint lists methods."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.api.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def create_app(emulator: Emulator) -> Starlette:
    """Everything the emulator answers; the webhook sender runs as long as the application does."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sender = asyncio.create_task(emulator.webhooks.run())
        yield
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sender

    return Starlette(
        routes=[
            Route("/v3/{rest:path}", AnyMethod(Api(emulator))),
            *OAuthApi(emulator).routes(),
            *Control(emulator).routes(),
            *Storage(emulator).routes(),
            *Desk(emulator).routes(),
        ],
        lifespan=lifespan,
    )
