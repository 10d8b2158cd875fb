"""Lists in pages, newest first. A cursor names the last record seen, so nothing shifts."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers

from firms.api.problems import ParameterNotPossible

USUAL, MOST = 50, 300
PREFIX = "before:"


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some records, and the cursor of the next ones; None where these are the last."""

    rows: list[Any]
    next_cursor: str | None


def page_of(found: QuerySet[Any], *, cursor: str, limit: int) -> Page:
    """
    The `limit` newest records (by id) that come after `cursor`.

    Raises:
        ParameterNotPossible: the cursor is none of ours.
    """
    if cursor:
        found = found.filter(pk__lt=_read(cursor))
    rows: list[Model] = list(found.order_by("-pk")[: limit + 1])
    has_more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows=rows, next_cursor=cursor_before(rows[-1].pk) if has_more else None)


def page_by(
    found: QuerySet[Any], *, by: tuple[str, str], cursor: str, limit: int, is_rising: bool
) -> Page:
    """
    The next `limit` records in the order of two columns, the second of which is unique.

    Raises:
        ParameterNotPossible: the cursor is none of ours.
    """
    first, second = by
    if cursor:
        before, last = _read_place(found, by, cursor)
        way = "gt" if is_rising else "lt"
        # The first condition alone is what an index can use.
        is_beyond = Q(**{f"{first}__{way}": before}) | Q(**{f"{second}__{way}": last})
        found = found.filter(is_beyond, **{f"{first}__{way}e": before})
    sign = "" if is_rising else "-"
    rows = list(found.order_by(f"{sign}{first}", f"{sign}{second}")[: limit + 1])
    has_more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows=rows, next_cursor=_write_place(rows[-1], by) if has_more else None)


class PageAsked(serializers.Serializer[Any]):
    """What every list takes."""

    cursor = serializers.CharField(
        required=False, max_length=3000, help_text="`next_cursor` of the page before."
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST,
        default=USUAL,
        help_text=f"Records a page: {USUAL} unless told, at most {MOST}.",
    )


def cursor_before(pk: int) -> str:
    return _encoded(f"{PREFIX}{pk}")


def _read(cursor: str) -> int:
    text = _decoded(cursor)
    number = text.removeprefix(PREFIX)
    if text.startswith(PREFIX) and number.isascii() and number.isdigit() and len(number) <= 18:
        return int(number)
    raise _not_ours()


def _write_place(row: Any, by: tuple[str, str]) -> str:
    first, second = (getattr(row, name) for name in by)
    told = first.isoformat() if isinstance(first, datetime) else str(first)
    return _encoded(json.dumps([told, str(second)], ensure_ascii=False))


def _read_place(found: QuerySet[Any], by: tuple[str, str], cursor: str) -> list[Any]:
    """The values that a cursor names, each as its column holds it."""
    fields = [found.model._meta.get_field(name) for name in by]
    try:
        told = json.loads(_decoded(cursor))
        is_place = isinstance(told, list) and len(told) == len(by)
        if is_place and all(isinstance(each, str) and "\x00" not in each for each in told):
            return [field.to_python(each) for field, each in zip(fields, told, strict=True)]
    except (ValueError, ValidationError, RecursionError) as error:
        raise _not_ours() from error
    raise _not_ours()


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        return urlsafe_b64decode((cursor + "=" * (-len(cursor) % 4)).encode("ascii")).decode()
    except ValueError as error:
        raise _not_ours() from error


def _not_ours() -> ParameterNotPossible:
    return ParameterNotPossible(
        "Send `next_cursor` of an answer as it is, or none for the first page.",
        fields={"cursor": ["It is not a cursor of ours."]},
    )
