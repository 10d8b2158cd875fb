"""Bodies: one JSON object in UTF-8 of at most 1 MiB, without tricks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from firms.api.problems import BodyNotReadable, BodyTooLarge

MOST_BYTES = 1024 * 1024
TOO_LARGE = "The body is larger than 1 MiB. Send less at once."


class StrictJson(BaseParser):
    """Refuses what parsers disagree about: names that are there twice, NaN, lone surrogates."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise BodyTooLarge(TOO_LARGE)
        return read_object(raw)


def read_object(raw: bytes) -> dict[str, Any]:
    """
    Read a JSON object; an empty body is an empty one.

    Raises:
        BodyNotReadable
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyNotReadable(f"The body is not UTF-8: byte {error.start} is no sign.") from error
    if not text.strip(" \t\r\n"):
        return {}
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except BodyNotReadable:
        raise
    except (ValueError, RecursionError) as error:
        raise BodyNotReadable(f"The body is not JSON: {_reason(error)}.") from error
    if not isinstance(found, dict):
        raise BodyNotReadable("The body has to be a JSON object: { ... }.")
    if "\\u" in text:
        _must_be_whole(found)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BodyNotReadable(f"The name {ascii(twice[:60])} is there twice. Leave one of them.")
    return found


def _refuse(name: str) -> None:
    raise BodyNotReadable(f'{name} is not JSON. Send amounts as strings, such as "12.50".')


def _must_be_whole(found: dict[str, Any]) -> None:
    """Half a pair of \\uD800 ... \\uDFFF is no sign: nothing could store or answer it."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BodyNotReadable("The body has half a surrogate pair (\\uD800 to \\uDFFF).") from error


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return "a number has too many digits"
