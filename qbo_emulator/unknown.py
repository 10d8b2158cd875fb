"""Answers with something in them that no client was written for: a new property, a new word."""

from typing import Any

from .entities import ENTITIES
from .jsontext import NotJson, dumps, loads

CHOICES = {field.name for entity in ENTITIES for field in entity.fields if field.choices}


def spoil(body: str, kind: str) -> str:
    """
    The answer with an unknown property in every object that has an Id (`unknown_value`), or with
    an unknown word in every property that holds one of a few (`unknown_choice`).
    """
    try:
        answer = loads(body)
    except NotJson:  # an XML or HTML page has no such properties
        return body
    return dumps(_property(answer) if kind == "unknown_value" else _choice(answer))


def _property(value: Any) -> Any:
    if isinstance(value, dict):
        grown = {name: _property(each) for name, each in value.items()}
        return {**grown, "XNewProperty": "new"} if "Id" in value else grown
    return [_property(each) for each in value] if isinstance(value, list) else value


def _choice(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "XNewChoice" if name in CHOICES and each else _choice(each)
            for name, each in value.items()
        }
    return [_choice(each) for each in value] if isinstance(value, list) else value
