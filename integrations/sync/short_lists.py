"""Keeps the company's short lists, and says which tax code means which of our tax rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.errors import BillingError
from billing.models import TaxRate
from billing.services import tax_rates
from firms.permissions import Actor
from integrations.models import Connection, TaxCode
from integrations.providers.base import Lists

Percents = tuple[Decimal, ...]


def keep(connection: Connection, lists: Lists, *, now: datetime) -> None:
    """
    Store what was just read; a code that means one of our rates already is mapped to it.

    A list that is read apart, such as that of the services, stays as it was.
    """
    kept = connection.company_facts.get("lists") or {}
    told = {name: list(rows) for name, rows in asdict(lists).items()}
    facts = {**connection.company_facts, "lists": {**kept, **told}}
    Connection.objects.filter(pk=connection.pk).update(company_facts=facts)
    connection.company_facts = facts
    TaxCode.objects.bulk_create(
        [
            TaxCode(
                connection=connection,
                firm_id=connection.firm_id,
                remote_id=each["id"],
                name=each["name"][:100],
                parts=list(each["parts"]),
                is_active=each["is_active"],
                read_at=now,
            )
            for each in lists.tax_codes
        ],
        update_conflicts=True,
        unique_fields=["connection", "remote_id"],
        update_fields=["name", "parts", "is_active", "read_at"],
    )
    _map_equal(connection)


def create_missing_rates(*, actor: Actor, connection: Connection, now: datetime) -> int:
    """
    Make a tax rate of ours for each active code that none of ours means; return how many.

    A name that is taken by a rate of other percentages gets "(QuickBooks)" behind it.
    """
    _map_equal(connection)
    made = 0
    for code in _unmapped(connection):
        parts = [
            tax_rates.Part(name=each["name"][:100], percent=Decimal(each["percent"]))
            for each in code.parts
        ]
        rate = _create(actor, code.name, parts, now)
        if rate is not None:
            TaxCode.objects.filter(pk=code.pk).update(tax_rate_id=rate.pk)
            made += 1
    return made


def _create(actor: Actor, name: str, parts: list[tax_rates.Part], now: datetime) -> TaxRate | None:
    """None where no rate of ours can say it: its tax comes in as an amount."""
    for each in (name, f"{name[:85]} (QuickBooks)"):
        try:
            return tax_rates.create_tax_rate(actor=actor, name=each, parts=parts, now=now)
        except tax_rates.NameTaken:
            continue
        except BillingError:
            return None
    return None


def _map_equal(connection: Connection) -> None:
    """Each code without a rate gets the oldest active one of the same percentages still free."""
    taken = set(
        TaxCode.objects.filter(connection=connection, tax_rate_id__isnull=False).values_list(
            "tax_rate_id", flat=True
        )
    )
    free: dict[Percents, list[int]] = {}
    rates = TaxRate.objects.for_firm(connection.firm_id).active().prefetch_related("parts")
    for rate in rates.order_by("pk"):
        if rate.pk not in taken:
            percents = tuple(sorted(part.percent for part in rate.parts.all()))
            free.setdefault(percents, []).append(rate.pk)
    for code in _unmapped(connection):
        fitting = free.get(_percents(code.parts))
        if fitting:
            TaxCode.objects.filter(pk=code.pk).update(tax_rate_id=fitting.pop(0))


def _unmapped(connection: Connection) -> list[TaxCode]:
    """Codes that could mean a rate of ours and mean none yet, in a steady order."""
    codes = TaxCode.objects.filter(connection=connection, tax_rate_id=None, is_active=True)
    return [code for code in codes.order_by("name", "pk") if code.parts]


def _percents(parts: Iterable[Mapping[str, Any]]) -> Percents:
    return tuple(sorted(Decimal(each["percent"]) for each in parts))
