"""Lists of service items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Upper

from billing.models import ServiceItem
from firms.marks import SyncMark
from firms.models import Firm

STATUSES = ("active", "archived", "all")
SORTS: dict[str, F | Upper] = {
    "name": Upper("name"),
    "sku": Upper("sku"),
    "rate": F("rate"),
    "changed": F("updated_at"),
}
MOST_WORDS = 8


@dataclass(frozen=True, kw_only=True)
class ItemFilters:
    """What the address of the list says. Whatever it doesn't know is the default."""

    q: str = ""
    status: str = "active"
    sort: str = "name"
    is_descending: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> ItemFilters:
        status, sort = query.get("status", ""), query.get("sort", "")
        is_known = sort.removeprefix("-") in SORTS
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            status=status if status in STATUSES else "active",
            sort=sort.removeprefix("-") if is_known else "name",
            is_descending=sort.startswith("-") and is_known,
        )


def search_items(firm: Firm, filters: ItemFilters) -> QuerySet[ServiceItem]:
    """Service items of any status that have every word of the search, each in any column."""
    found = ServiceItem.objects.for_firm(firm)
    for word in filters.q.split()[:MOST_WORDS]:
        found = found.filter(
            Q(name__icontains=word)
            | Q(description__icontains=word)
            | Q(sku__icontains=word)
            | Q(category__icontains=word)
        )
    return found


def count_items_by_status(found: QuerySet[ServiceItem]) -> dict[str, int]:
    counts = found.aggregate(all=Count("pk"), archived=Count("pk", filter=Q(is_archived=True)))
    return {**counts, "active": counts["all"] - counts["archived"]}


def listed_items(found: QuerySet[ServiceItem], filters: ItemFilters) -> QuerySet[ServiceItem]:
    """Of the found ones those of the status, in order, each with `sync_state` (or None)."""
    if filters.status != "all":
        found = found.filter(is_archived=filters.status == "archived")
    order = SORTS[filters.sort]
    ordering = order.desc() if filters.is_descending else order.asc()
    marks = SyncMark.objects.filter(
        firm=OuterRef("firm"), entity="service_item", local_id=OuterRef("pk")
    )
    return found.annotate(sync_state=Subquery(marks.values("state")[:1])).order_by(ordering, "pk")


def item_sync_state(item: ServiceItem) -> str | None:
    marks = SyncMark.objects.filter(firm=item.firm_id, entity="service_item", local_id=item.pk)
    return marks.values_list("state", flat=True).first()
