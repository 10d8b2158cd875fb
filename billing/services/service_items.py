"""The only writers of service items. Each is one transaction: change, version, one event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing import events, totals
from billing.errors import BillingError
from billing.licence import must_have_billing
from billing.models import ServiceItem
from firms.models import Firm
from firms.permissions import Actor, Permission

TEXTS = ("name", "description", "sku", "category", "income_account_id")
FIELDS = (*TEXTS, "rate", "is_taxable", "is_archived")


class ServiceItemError(BillingError):
    """The service item could not be saved; `field` is the one to change, or ""."""

    field = ""


class ServiceItemChanged(ServiceItemError):
    """Somebody else saved it since the form was drawn; `item` holds it as it is now."""

    def __init__(self, item: ServiceItem) -> None:
        self.item = item
        super().__init__(
            f"{item} was changed by somebody else meanwhile. Look at it and try again."
        )


class NameMissing(ServiceItemError):
    """A service item needs a name."""

    field = "name"


class NameTaken(ServiceItemError):
    """Another active service item of the firm has this name; capitals don't count."""

    field = "name"


class TextTooLong(ServiceItemError):
    """A text is longer than QuickBooks can hold."""

    def __init__(self, field: str, longest: int, length: int) -> None:
        self.field = field
        label = field.replace("_", " ").capitalize()
        super().__init__(f"{label}: at most {longest} characters; these are {length}. Shorten it.")


class RateNotPossible(ServiceItemError):
    """The rate is no number, negative, too large, or has more than 7 decimals."""

    field = "rate"


@transaction.atomic
def create_service_item(*, actor: Actor, values: Mapping[str, Any], now: datetime) -> ServiceItem:
    """
    Make a service item from `values` (see FIELDS; `rate` is a Decimal).

    Raises:
        NameMissing, NameTaken, TextTooLong, RateNotPossible: nothing was saved.
    """
    _admit(actor, firm_id=actor.firm_id)
    return _create(actor=actor, values=values, now=now)


@transaction.atomic
def update_service_item(
    *, actor: Actor, item: ServiceItem, version: int, changes: Mapping[str, Any], now: datetime
) -> ServiceItem:
    """
    Change the named fields of a service item, if it still has the `version` the person saw.

    Raises:
        ServiceItemChanged: it has another version by now; nothing was saved.
        NameMissing, NameTaken, TextTooLong, RateNotPossible: nothing was saved.
    """
    _admit(actor, firm_id=item.firm_id)
    current = _lock(item.pk, firm_id=actor.firm_id)
    if current.version != version:
        raise ServiceItemChanged(current)
    return _update(actor=actor, item=current, changes=changes, now=now)


def archive_service_item(*, actor: Actor, item: ServiceItem, now: datetime) -> ServiceItem:
    """Take a service item out of use. Archiving twice is archiving once; its name is free then."""
    return _set_archived(actor=actor, item=item, is_archived=True, now=now)


def restore_service_item(*, actor: Actor, item: ServiceItem, now: datetime) -> ServiceItem:
    """
    Raises:
        NameTaken: an active one has its name by now; nothing was saved.
    """
    return _set_archived(actor=actor, item=item, is_archived=False, now=now)


@transaction.atomic
def accept_from_books(
    *, actor: Actor, item_id: int | None, values: Mapping[str, Any], now: datetime
) -> ServiceItem:
    """
    Write what the books of the firm hold; with `item_id` None as a new service item.

    No rule for people applies: what the books hold always lands. The caller holds the row's lock.
    """
    if not actor.is_sync:
        raise ValueError("Only the sync writes what the books hold.")
    if item_id is None:
        return _create(actor=actor, values=values, now=now)
    item = _lock(item_id, firm_id=actor.firm_id)
    return _update(actor=actor, item=item, changes=values, now=now)


@transaction.atomic
def note_from_books(*, actor: Actor, item_id: int, category: str, income_account_id: str) -> bool:
    """
    Keep what the books say of it beside what is synced; return whether anything was news.

    No version and no event: it is shown here, and never sent.
    """
    if not actor.is_sync:
        raise ValueError("Only the sync writes what the books hold.")
    told = {"category": category[:500], "income_account_id": income_account_id[:64]}
    rows = ServiceItem.objects.for_firm(actor.firm_id).filter(pk=item_id)
    return bool(rows.exclude(**told).update(**told))


def values_of(item: ServiceItem) -> dict[str, Any]:
    """The values of a service item, all FIELDS but `is_archived`."""
    return {name: getattr(item, name) for name in FIELDS if name != "is_archived"}


def _admit(actor: Actor, *, firm_id: int) -> None:
    """Check permission and licence. Of two people who use one name at once, one waits here."""
    actor.must(Permission.MANAGE_SERVICE_ITEMS, in_firm=firm_id)
    must_have_billing(Firm.objects.select_for_update(no_key=True).get(pk=firm_id))


def _lock(item_id: int, *, firm_id: int) -> ServiceItem:
    return ServiceItem.objects.select_for_update().get(pk=item_id, firm_id=firm_id)


@transaction.atomic
def _set_archived(
    *, actor: Actor, item: ServiceItem, is_archived: bool, now: datetime
) -> ServiceItem:
    _admit(actor, firm_id=item.firm_id)
    current = _lock(item.pk, firm_id=actor.firm_id)
    return _update(actor=actor, item=current, changes={"is_archived": is_archived}, now=now)


def _create(*, actor: Actor, values: Mapping[str, Any], now: datetime) -> ServiceItem:
    item = ServiceItem(firm_id=actor.firm_id, created_at=now, updated_at=now)
    _assign(item, values)
    _check(actor=actor, item=item, changed=set(FIELDS))
    item.save(force_insert=True)
    _tell(actor=actor, item=item)
    return item


def _update(
    *, actor: Actor, item: ServiceItem, changes: Mapping[str, Any], now: datetime
) -> ServiceItem:
    before = {name: getattr(item, name) for name in FIELDS}
    _assign(item, changes)
    changed = {name for name in FIELDS if getattr(item, name) != before[name]}
    if not changed:
        return item
    _check(actor=actor, item=item, changed=changed)
    item.version += 1
    item.updated_at = now
    item.save()
    _tell(actor=actor, item=item)
    return item


def _assign(item: ServiceItem, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ValueError(f"A service item has no {', '.join(sorted(unknown))}.")
    for name, value in values.items():
        setattr(item, name, value)


def _check(*, actor: Actor, item: ServiceItem, changed: set[str]) -> None:
    """Only what changed is checked: what came from the books may stay as it is."""
    if not item.name.strip():
        raise NameMissing("A service item needs a name.")
    if actor.is_sync:
        return
    for name in TEXTS:
        column: Any = ServiceItem._meta.get_field(name)
        length = len(getattr(item, name))
        if length > column.max_length:
            raise TextTooLong(name, column.max_length, length)
    if "rate" in changed:
        _check_rate(Decimal(item.rate) if type(item.rate) is int else item.rate)
    if item.is_archived or not changed & {"name", "is_archived"}:
        return
    others = ServiceItem.objects.for_firm(item.firm_id).active().exclude(pk=item.pk)
    if others.filter(name__iexact=item.name).exists():
        raise NameTaken(
            f'Another active service item is called "{item.name}". '
            "Choose another name, or archive that one first."
        )


def _check_rate(rate: Decimal) -> None:
    try:
        totals.check_rate(rate)
    except totals.NotAnAmount as error:
        raise RateNotPossible(str(error)) from error
    if rate < 0:
        raise RateNotPossible("The rate can't be negative. Enter 0 or more.")


def _tell(*, actor: Actor, item: ServiceItem) -> None:
    events.service_item_changed.send(
        sender=ServiceItem,
        firm_id=item.firm_id,
        service_item_id=item.pk,
        version=item.version,
        actor=actor,
    )
