"""Fields of bodies: each takes one JSON type, so that nothing is guessed. And what all share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from firms import remote_ids
from firms.marks import SyncMark, SyncState
from firms.models import Firm

LARGEST_ID = 2**63 - 1
DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


class Body(serializers.Serializer[Any]):
    """A JSON object whose fields are all known."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {
                        name[:100]: ["There is no such field. Check its spelling."]
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string. Blanks around it are taken off."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Send a string.")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Send true or false.")
        return data


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("Send a whole number.")
        return data


class Id(Whole):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **options)


class Number(serializers.DecimalField):
    """A decimal as a string, such as "75.5": binary fractions cannot hold it. Exact both ways."""

    def __init__(self, *, decimals: int = 7, digits: int = 18, **options: Any) -> None:
        super().__init__(max_digits=digits, decimal_places=decimals, **options)

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not DECIMAL.fullmatch(data):
            raise serializers.ValidationError('Send a decimal as a string, such as "12.50".')
        value: Decimal = super().to_internal_value(data)
        return value

    def to_representation(self, value: Any) -> str:
        return f"{Decimal(value).normalize():f}"


class Money(Number):
    """An amount in the currency of the record, as a string with two decimals: "150.00"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(decimals=2, digits=13, **options)

    def to_representation(self, value: Any) -> str:
        return f"{Decimal(value):.2f}"


class Nothing(Body):
    """A body without fields: {} or none."""


class Sync(serializers.Serializer[Any]):
    """How the record stands with QuickBooks."""

    state = serializers.ChoiceField(
        choices=SyncState.choices, help_text="`not_synced` also where nothing is connected."
    )
    quickbooks_id = serializers.CharField(
        allow_null=True, help_text="Its Id in QuickBooks; null while it is not linked."
    )
    quickbooks_label = serializers.CharField(
        allow_null=True, help_text="Its name or number in QuickBooks, as last seen."
    )


def sync_of(firm: Firm, entity: str, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What `Sync` shows of each of these records: two queries, however many they are."""
    wanted = list(ids)
    marks = SyncMark.objects.filter(firm=firm, entity=entity, local_id__in=wanted)
    known = {mark.local_id: mark for mark in marks}
    linked = remote_ids.find(firm.pk, entity, wanted)
    return {
        pk: {
            "state": known[pk].state if pk in known else SyncState.NOT_SYNCED,
            "quickbooks_id": linked.get(pk),
            "quickbooks_label": (known[pk].remote_label or None) if pk in known else None,
        }
        for pk in wanted
    }
