"""What the serializers of billing share."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from rest_framework import serializers

from firms.api.fields import LARGEST_ID, Text
from firms.api.paging import PageAsked
from firms.marks import SyncState


def text(model: type[Model], name: str, help_text: str = "", **options: Any) -> Text:
    """An optional text as long as its column. What it is called here may be another name."""
    length: int = model._meta.get_field(name).max_length  # type: ignore[union-attr, assignment]
    given = {"required": False, "allow_blank": True, **options}
    return Text(max_length=length, help_text=help_text, **given)


class Asked(PageAsked):
    """Filters that lists of billing have in common; several narrow the list together."""

    sync_state = serializers.ChoiceField(required=False, choices=SyncState.choices)
    updated_since = serializers.DateTimeField(
        required=False, help_text="Changed then or later, such as 2026-11-22T10:00:00Z."
    )


def id_asked(help_text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text=help_text
    )
