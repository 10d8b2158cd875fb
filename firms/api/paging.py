"""Lists in pages, newest first. A cursor names the last record seen, so nothing shifts."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
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
    return Page(rows=rows, next_cursor=_write(rows[-1].pk) if has_more else None)


class PageAsked(serializers.Serializer[Any]):
    """What every list takes."""

    cursor = serializers.CharField(
        required=False, max_length=100, help_text="`next_cursor` of the page before."
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST,
        default=USUAL,
        help_text=f"Records a page: {USUAL} unless told, at most {MOST}.",
    )


def _write(pk: int) -> str:
    return urlsafe_b64encode(f"{PREFIX}{pk}".encode()).decode().rstrip("=")


def _read(cursor: str) -> int:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = urlsafe_b64decode(padded.encode("ascii")).decode("ascii")
        number = text.removeprefix(PREFIX)
        if text.startswith(PREFIX) and number.isdigit() and len(number) <= 18:
            return int(number)
    except ValueError:
        pass
    raise ParameterNotPossible(
        "Send `next_cursor` of an answer as it is, or none for the first page.",
        fields={"cursor": ["It is not a cursor of ours."]},
    )
