"""What the parts of the control addresses share: their words, and how a bad call is refused."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from . import clock as clocks
from .emulator import Emulator
from .entities import BY_PATH, Entity
from .jsontext import dumps

Handler = Callable[[Request, dict[str, Any]], Awaitable[Any]]
Table = list[tuple[str, str, Handler]]  # method, address, handler


class BadRequest(ValueError):
    """The control call cannot be understood; the text says why."""


class ControlPart:
    """Some control addresses of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def time(self) -> str:
        return clocks.answer_time(self.emulator.clock.epoch())

    def realm(self, value: Any) -> str:
        """The company that is meant; the first where none is named."""
        companies = self.emulator.store.companies()
        if not value:
            return str(companies[0]["realm_id"])
        if not any(company["realm_id"] == value for company in companies):
            raise LookupError(f"There is no company {value!r}.")
        return str(value)

    @staticmethod
    def entity(name: Any) -> Entity:
        entity = BY_PATH.get(str(name).lower())
        if entity is None:
            raise LookupError(f"There is no entity {name!r}.")
        return entity

    def access(self, request: Request, realm: str | None, client_id: str) -> dict[str, Any]:
        """Addresses, keys and live tokens, as `token` prints them."""
        access = self.emulator.access(realm, client_id)
        access["base_url"] = access["base_url"] or str(request.base_url).rstrip("/")
        return access


def only(body: dict[str, Any], *known: str) -> None:
    """Refuse what is not known, so that a typing error fails."""
    unknown = set(body) - set(known)
    if unknown:
        raise BadRequest(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(known)}.")


def numbers(body: dict[str, Any]) -> dict[str, Any]:
    """Decimals of the JSON body as floats, for settings."""
    if not isinstance(body, dict):
        raise BadRequest("Settings are an object: names and values.")
    plain = (bool, int, str, type(None), dict, list)
    return {k: v if isinstance(v, plain) else float(v) for k, v in body.items()}


def json_answer(value: Any, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")
