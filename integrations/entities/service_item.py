"""Service items: what is kept equal with the items of the books, and by what they match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Upper

from billing.errors import BillingError
from billing.events import service_item_changed
from billing.models import ServiceItem
from billing.services import service_items
from firms.permissions import Actor
from integrations.entities.base import EntitySpec, Half, Local
from integrations.entities.contact import fold
from integrations.entities.store import ModelStore
from integrations.reconcile import record as compare
from integrations.reconcile.policy import Direction
from integrations.reconcile.record import Life, Record, Unknown, part


@dataclass(frozen=True, kw_only=True)
class ServiceItemRecord(Record):
    """
    A service item as both sides understand it. `rate` is a decimal number as text.

    `income_account` is the books' id of one. It goes out when the item is made, and never again.
    """

    entity: ClassVar[str] = "service_item"

    name: str | Unknown = part()
    description: str | Unknown = part()
    rate: str | Unknown = part(key=compare.number)
    sku: str | Unknown = part(label="SKU")
    is_taxable: bool | Unknown = part(key=compare.plain, blank=False, label="Taxable")
    income_account: str | Unknown = part(key=compare.goes_along)


class ServiceItemStore(ModelStore[ServiceItem]):
    """Reads `billing.models`, writes through `billing.services.service_items`."""

    refusals = (BillingError,)

    def rows(self, firm_id: int) -> QuerySet[ServiceItem]:
        return ServiceItem.objects.for_firm(firm_id)

    def local(self, row: ServiceItem) -> Local:
        return _local(row)

    def count_known(self, *, firm_id: int, names: Sequence[str]) -> int:
        rows = self.rows(firm_id).annotate(folded=Upper("name"))
        known = rows.filter(folded__in=[name.upper() for name in names])
        return known.values("folded").distinct().count()

    def accept(
        self, *, actor: Actor, local_id: int | None, values: Mapping[str, Any], now: datetime
    ) -> ServiceItem:
        return service_items.accept_from_books(
            actor=actor, item_id=local_id, values=_to_item(values), now=now
        )

    def change(
        self,
        *,
        actor: Actor,
        row: ServiceItem,
        version: int | None,
        values: Mapping[str, Any],
        now: datetime,
    ) -> ServiceItem:
        return service_items.update_service_item(
            actor=actor,
            item=row,
            version=row.version if version is None else version,
            changes=_to_item(values),
            now=now,
        )

    def note(self, *, actor: Actor, local_id: int, facts: Mapping[str, Any], now: datetime) -> None:
        service_items.note_from_books(
            actor=actor,
            item_id=local_id,
            category=str(facts.get("category", "")),
            income_account_id=str(facts.get("income_account", "")),
        )


def _to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    changes = dict(values)
    if "life" in changes:
        changes["is_archived"] = changes.pop("life") != Life.LIVE
    if "rate" in changes:
        changes["rate"] = Decimal(changes["rate"] or 0)
    if "income_account" in changes:
        changes["income_account_id"] = changes.pop("income_account")
    return changes


def _local(item: ServiceItem) -> Local:
    record = ServiceItemRecord(
        life=Life.INACTIVE if item.is_archived else Life.LIVE,
        name=item.name,
        description=item.description,
        rate=compare.plain_number(item.rate),
        sku=item.sku,
        is_taxable=item.is_taxable,
        income_account=item.income_account_id,
    )
    return Local(
        local_id=item.pk,
        version=item.version,
        record=record,
        label=item.name,
        path=(item.name,),
    )


def same_item(record: Record, path: Sequence[str]) -> str:
    """The key: name, rate to the cent and SKU together; a category is no part of it."""
    assert isinstance(record, ServiceItemRecord)
    rate = compare.money(record.rate) if record.rate else None
    return f"{fold(str(record.name))}|{rate or 0:.2f}|{fold(str(record.sku or ''))}"


SERVICE_ITEM = EntitySpec(
    key="service_item",
    label="Service items",
    singular="service item",
    theirs="product or service",
    record=ServiceItemRecord,
    store=ServiceItemStore(),
    changed=service_item_changed,
    match={"two_way": same_item},
    directions={"two_way": (Direction.TWO_WAY,), "push_only": ()},
    half=Half.BILLING,
    names="name",
    tells_apart=("name", "sku", "description"),
    url_name="billing:item",
)
