"""Times and numbers as QuickBooks writes them, and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import simplejson

from integrations.reconcile.record import plain_number

# Nanoseconds in CloudEvents (reference 8.4), "-0700" in old webhooks (8.3), "Z" in the others.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?\s*(Z|z|[+-]\d\d:?\d\d)?"
)


def parse_time(text: Any) -> datetime | None:
    """An aware time, cut to microseconds; None if it is no time. Without an offset it is UTC."""
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    day, clock, fraction, offset = found.groups()
    if offset is None or offset in "Zz":
        offset = "+00:00"
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6]:0<6}{offset}")
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """An aware time as QuickBooks takes it, in UTC, cut to the second."""
    if moment.tzinfo is None:
        raise ValueError("A time sent to QuickBooks has to be aware.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def json_ready(value: Any) -> Any:
    """The same value with decimals as text, and text that PostgreSQL can hold."""
    if isinstance(value, dict):
        return {_text(key): json_ready(each) for key, each in value.items()}
    if isinstance(value, list):
        return [json_ready(each) for each in value]
    if isinstance(value, Decimal):
        return str(value)
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    """Without NUL and lone surrogates, which JSON can carry and no column can."""
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def number_text(value: Any) -> str:
    """A number of an answer, made JSON-ready, as a record writes it: "75"; "" where none is."""
    if value is None or value == "":
        return ""
    return plain_number(Decimal(str(value)))


def to_json(value: Any) -> str:
    """The exact text of a body; a Decimal is written digit by digit, never as a float."""
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":")))
