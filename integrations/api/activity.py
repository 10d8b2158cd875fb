"""What happened: one entry a send, receive, merge and decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import LARGEST_ID
from firms.api.paging import PageAsked
from integrations.api.frame import ENTITY_CHOICES, RECORDS, BooksView, lists, reads, shown
from integrations.models import Activity
from integrations.web import queries


class ActivityOut(serializers.Serializer[Any]):
    """One thing that happened. Entries are only ever added."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    direction = serializers.ChoiceField(choices=Activity.Direction.choices)
    result = serializers.ChoiceField(choices=Activity.Result.choices)
    title = serializers.CharField(help_text="What happened, in words.")
    cause = serializers.CharField(help_text="Who or what caused it.")
    entity = serializers.CharField(help_text="Blank: the connection itself.")
    link_id = serializers.IntegerField(allow_null=True)
    ours_id = serializers.IntegerField(source="local_id", allow_null=True)
    quickbooks_id = serializers.CharField(source="remote_id")
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.JSONField(help_text="Field -> value.")
    after = serializers.JSONField()
    duration_ms = serializers.IntegerField(allow_null=True)
    intuit_tid = serializers.CharField(source="trace", help_text="QuickBooks' id of its answer.")


class ActivityAsked(PageAsked):
    """Filters of the list; several narrow it together."""

    direction = serializers.ChoiceField(choices=Activity.Direction.choices, required=False)
    result = serializers.ChoiceField(choices=Activity.Result.choices, required=False)
    q = serializers.CharField(
        required=False, max_length=200, help_text="In the record's name, the words or the cause."
    )
    entity = serializers.ChoiceField(choices=ENTITY_CHOICES, required=False)
    link_id = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="The timeline of one pair."
    )
    since = serializers.DateTimeField(required=False, help_text="Then or later.")


EXAMPLE = {
    "id": "5f0c7d0e-4f1b-4c9a-8f3b-1b0a6c2d9e11",
    "at": "2026-11-22T10:00:00Z",
    "direction": "sent",
    "result": "done",
    "title": "Phone updated in QuickBooks",
    "cause": "Priya Raman",
    "entity": "contact",
    "link_id": 77,
    "ours_id": 41,
    "quickbooks_id": "58",
    "label": "Maple Ridge Dental",
    "before": {"phone": "555 0000"},
    "after": {"phone": "555 0100"},
    "duration_ms": 312,
    "intuit_tid": "1-69207c5e-1b2c3d4e5f60718293a4b5c6",
}


class Entries(BooksView):
    @lists(
        "list_quickbooks_activity", ActivityOut, ActivityAsked,
        "List what happened, the newest first", tag=RECORDS, sample=EXAMPLE,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(ActivityAsked)
        found = queries.activity(
            self.connection(),
            kind=asked.get("direction", ""),
            result=asked.get("result", ""),
            text=asked.get("q", ""),
        )
        for name in ("entity", "link_id"):
            if name in asked:
                found = found.filter(**{name: asked[name]})
        if "since" in asked:
            found = found.filter(at__gte=asked["since"])
        page = self.in_order(found, asked, by=("at", "id"), is_rising=False)
        return self.told(page, ActivityOut(page.rows, many=True).data)


class Entry(BooksView):
    @reads("read_quickbooks_activity", ActivityOut, "Read one entry", tag=RECORDS, sample=EXAMPLE)
    def get(self, request: Request, pk: UUID) -> Response:
        connection = self.connection()
        found = Activity.objects.filter(connection_id=connection.pk, id=pk).first()
        if found is None:
            raise Http404
        return shown(ActivityOut, found)
