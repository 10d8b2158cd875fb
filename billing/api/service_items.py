"""Service items over the API."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import queries
from billing.api.fields import Asked, text
from billing.api.views import BillingView, with_sync_state
from billing.models import ServiceItem
from billing.services import service_items
from firms.api import docs
from firms.api.fields import Body, Flag, Nothing, Number, Sync, Text
from firms.api.idempotency import idempotent
from firms.api.preconditions import version_asked, version_needed

TAG, ENTITY = "Service items", "service_item"


class ServiceItemIn(Body):
    """What can be said of a service item."""

    name = Text(max_length=100, help_text="One active service item a name; capitals don't count.")
    description = text(ServiceItem, "description", "Printed on the line.")
    rate = Number(
        required=False, help_text="In the firm's currency, up to 7 decimals. 0 unless told."
    )
    sku = text(ServiceItem, "sku")
    is_taxable = Flag(required=False)
    category = text(ServiceItem, "category")


class ServiceItemOut(serializers.Serializer[Any]):
    """Something the firm does for money."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    rate = Number(help_text="In the firm's currency; up to 7 decimals.")
    sku = serializers.CharField()
    is_taxable = serializers.BooleanField()
    category = serializers.CharField(help_text="A path, such as Design:Fountains.")
    is_archived = serializers.BooleanField()
    version = serializers.IntegerField(help_text="The ETag without its quotes.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    sync = Sync()


class ServiceItemsAsked(Asked):
    q = serializers.CharField(
        required=False, max_length=200, help_text="Words, each in name, description, SKU, category."
    )
    name = serializers.CharField(
        required=False, max_length=100, help_text="Exactly this one; capitals don't count."
    )
    sku = serializers.CharField(required=False, max_length=100, help_text="Exactly this one.")
    is_taxable = serializers.BooleanField(required=False)
    is_archived = serializers.BooleanField(required=False)


EXAMPLE_IN = {"name": "Bookkeeping", "rate": "75.5", "sku": "BK-1", "is_taxable": False}
EXAMPLE_OUT = {
    "id": 7,
    "name": "Bookkeeping",
    "description": "",
    "rate": "75.5",
    "sku": "BK-1",
    "is_taxable": False,
    "category": "",
    "is_archived": False,
    "version": 1,
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
    "sync": {"state": "synced", "quickbooks_id": "12", "quickbooks_label": "Bookkeeping"},
}


class ServiceItemView(BillingView):
    def item(self, pk: int) -> ServiceItem:
        item: ServiceItem = self.found(ServiceItem.objects.for_firm(self.firm), pk)
        return item

    def answer(self, item: ServiceItem, *, status: int = 200) -> Response:
        location = reverse("billing_api:service_item", args=[item.pk]) if status == 201 else ""
        current = self.item(item.pk)
        return self.one(current, ServiceItemOut, entity=ENTITY, status=status, location=location)


class ServiceItems(ServiceItemView):
    @docs.lists(
        "list_service_items", ServiceItemOut, ServiceItemsAsked,
        tag=TAG, summary="List service items, the newest first", sample=EXAMPLE_OUT,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(ServiceItemsAsked)
        found = queries.search_items(self.firm, queries.ItemFilters(q=asked.get("q", "")))
        for name in ("sku", "is_taxable", "is_archived"):
            if name in asked:
                found = found.filter(**{name: asked[name]})
        if "name" in asked:
            found = found.filter(name__iexact=asked["name"])
        if "updated_since" in asked:
            found = found.filter(updated_at__gte=asked["updated_since"])
        found = with_sync_state(found, ENTITY, asked.get("sync_state", ""))
        return self.page(found, ServiceItemOut, entity=ENTITY, asked=asked)

    @docs.posts(
        "create_service_item", ServiceItemIn, ServiceItemOut, status=201, sent=EXAMPLE_IN,
        tag=TAG, summary="Create a service item", sample=EXAMPLE_OUT,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        values = self.body(ServiceItemIn)
        made = service_items.create_service_item(
            actor=self.actor, values=values, now=timezone.now()
        )
        return self.answer(made, status=201)


class OneServiceItem(ServiceItemView):
    @docs.reads(
        "read_service_item", ServiceItemOut,
        tag=TAG, summary="Read a service item", sample=EXAMPLE_OUT,
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.item(pk))

    @docs.patches(
        "update_service_item", ServiceItemIn, ServiceItemOut,
        tag=TAG, summary="Change the fields of a service item that are named",
        sent={"rate": "80.00"},
    )  # fmt: skip
    def patch(self, request: Request, pk: int) -> Response:
        item = self.item(pk)
        changed = service_items.update_service_item(
            actor=self.actor,
            item=item,
            version=version_needed(request, current=item.version),
            changes=self.body(ServiceItemIn, partial=True),
            now=timezone.now(),
        )
        return self.answer(changed)


class _SetArchived(ServiceItemView):
    def set_archived(self, pk: int, *, is_archived: bool) -> Response:
        """With If-Match only if it still has that version; archiving twice is archiving once."""
        item = self.item(pk)
        self.no_body()
        version = version_asked(self.request, current=item.version)
        call: dict[str, Any] = {"actor": self.actor, "item": item, "now": timezone.now()}
        if version is not None:
            changes = {"is_archived": is_archived}
            changed = service_items.update_service_item(**call, version=version, changes=changes)
        elif is_archived:
            changed = service_items.archive_service_item(**call)
        else:
            changed = service_items.restore_service_item(**call)
        return self.answer(changed)


class ArchiveServiceItem(_SetArchived):
    @docs.posts(
        "archive_service_item", Nothing, ServiceItemOut, versioned=True,
        tag=TAG, summary="Take a service item out of use",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.set_archived(pk, is_archived=True)


class RestoreServiceItem(_SetArchived):
    @docs.posts(
        "restore_service_item", Nothing, ServiceItemOut, versioned=True,
        tag=TAG, summary="Take an archived service item into use again",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.set_archived(pk, is_archived=False)
