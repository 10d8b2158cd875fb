"""The Starlette application: OAuth, the API, the control addresses and the desk on one host."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.routing import Route

from .api import Api
from .control import Control
from .desk import Desk
from .emulator import Emulator
from .oauth_api import OAuthApi

ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def create_app(emulator: Emulator) -> Starlette:
    """Everything the emulator answers; the webhook sender runs as long as the application does."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sender = asyncio.create_task(emulator.webhooks.run())
        yield
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sender

    api = Api(emulator)
    return Starlette(
        routes=[
            Route("/v3/{rest:path}", api.endpoint, methods=ANY_METHOD),
            *OAuthApi(emulator).routes(),
            *Control(emulator).routes(),
            *Desk(emulator).routes(),
        ],
        lifespan=lifespan,
    )
