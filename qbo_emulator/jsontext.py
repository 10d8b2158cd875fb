"""JSON as QuickBooks speaks it: numbers stay decimals in both directions, text is UTF-8."""

import json
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any

MOST_PLACES = 1000  # written out, 1e999999999 would fill the memory


class NotJson(ValueError):
    """The text is not JSON, or holds what JSON has no word for (NaN, half a surrogate pair)."""


def _refuse_constant(word: str) -> Any:
    raise NotJson(f"{word} is not JSON")


def _decimal(text: str) -> Decimal:
    """A number with a fraction or an exponent; one of a thousand places and more is refused."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise NotJson(f"{text[:50]} is no number") from error
    if abs(number.adjusted()) >= MOST_PLACES:
        raise NotJson(f"{text[:50]} is out of range")
    return number


# Made once: `json.loads` with arguments builds one for every text.
_DECODER = json.JSONDecoder(parse_float=_decimal, parse_constant=_refuse_constant)


def loads(text: str | bytes) -> Any:
    """
    Parse JSON; numbers with a fraction become Decimal.

    Raises:
        NotJson: for broken JSON, NaN and Infinity, endless numbers, lone surrogates, too deep
            nesting.
        UnicodeDecodeError: for bytes that are not UTF-8.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:  # only an escape can smuggle in half a surrogate pair
            dumps(value).encode("utf-8")
    except (ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise NotJson(str(error)) from error
    return value


def dumps(value: Any) -> str:
    """Write JSON without spaces; Decimal is written with the digits it has."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        pairs = (f"{encode_basestring(str(key))}:{dumps(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def pretty(value: Any, margin: str = "") -> str:
    """Write JSON for people: a line for each property."""
    inner = margin + "  "
    if isinstance(value, dict) and value:
        pairs = (
            f"{inner}{encode_basestring(str(key))}: {pretty(item, inner)}"
            for key, item in value.items()
        )
        return "{\n" + ",\n".join(pairs) + f"\n{margin}}}"
    if isinstance(value, list) and value:
        items = (f"{inner}{pretty(item, inner)}" for item in value)
        return "[\n" + ",\n".join(items) + f"\n{margin}]"
    return dumps(value)
