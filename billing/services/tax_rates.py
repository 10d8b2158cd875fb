"""The only writers of tax rates. Each is one transaction with one version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing import totals
from billing.errors import BillingError
from billing.licence import must_have_billing
from billing.models import TaxRate, TaxRatePart
from firms.models import Firm
from firms.permissions import Actor, Permission

MOST_PARTS = 20


class TaxRateError(BillingError):
    """The tax rate could not be saved; `field` is "name", "percent" or ""."""

    field = ""


class TaxRateChanged(TaxRateError):
    """Somebody else saved it since the form was drawn."""


class NameMissing(TaxRateError):
    """A tax rate needs a name."""

    field = "name"


class NameTaken(TaxRateError):
    """Another active rate of the firm has this name; capitals don't count."""

    field = "name"


class NameTooLong(TaxRateError):
    """The name is longer than QuickBooks can hold."""

    field = "name"


class PercentNotPossible(TaxRateError):
    """A percentage is no number, below 0, above 100, or has more than 7 decimals."""

    field = "percent"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One percentage of a rate; 8.7 is 8.7 %."""

    name: str
    percent: Decimal


@transaction.atomic
def create_tax_rate(*, actor: Actor, name: str, parts: Sequence[Part], now: datetime) -> TaxRate:
    """
    Make a rate of one or several parts. Its percentages never change: another one is another rate.

    Raises:
        NameMissing, NameTaken, NameTooLong, PercentNotPossible: nothing was saved.
    """
    _admit(actor, firm_id=actor.firm_id)
    rate = TaxRate(firm_id=actor.firm_id, name=name.strip(), created_at=now, updated_at=now)
    _check_name(rate)
    _check_parts(parts)
    rate.save(force_insert=True)
    TaxRatePart.objects.bulk_create(
        TaxRatePart(
            tax_rate=rate,
            position=position,
            name=part.name.strip() or rate.name,
            percent=part.percent,
        )
        for position, part in enumerate(parts, start=1)
    )
    return rate


@transaction.atomic
def rename_tax_rate(
    *, actor: Actor, rate: TaxRate, version: int, name: str, now: datetime
) -> TaxRate:
    """
    Raises:
        TaxRateChanged, NameMissing, NameTaken, NameTooLong: nothing was saved.
    """
    current = _begin(actor, rate, version)
    name = name.strip()
    if current.name == name:
        return current
    current.name = name
    return _save(current, now)


def archive_tax_rate(
    *, actor: Actor, rate: TaxRate, now: datetime, version: int | None = None
) -> TaxRate:
    """
    Take a rate out of the lists. Invoices that have it keep it. Twice is once.

    Raises:
        TaxRateChanged: it has another `version` than the person saw; nothing was saved.
    """
    return _set_archived(actor=actor, rate=rate, is_archived=True, version=version, now=now)


def restore_tax_rate(
    *, actor: Actor, rate: TaxRate, now: datetime, version: int | None = None
) -> TaxRate:
    """
    Raises:
        TaxRateChanged: it has another `version` than the person saw; nothing was saved.
        NameTaken: an active one has its name by now; nothing was saved.
    """
    return _set_archived(actor=actor, rate=rate, is_archived=False, version=version, now=now)


@transaction.atomic
def _set_archived(
    *, actor: Actor, rate: TaxRate, is_archived: bool, version: int | None, now: datetime
) -> TaxRate:
    current = _begin(actor, rate, version)
    if current.is_archived == is_archived:
        return current
    current.is_archived = is_archived
    return _save(current, now)


def _save(rate: TaxRate, now: datetime) -> TaxRate:
    _check_name(rate)
    rate.version += 1
    rate.updated_at = now
    rate.save()
    return rate


def _admit(actor: Actor, *, firm_id: int) -> None:
    """Check permission and licence. Of two people who use one name at once, one waits here."""
    actor.must(Permission.EDIT_INVOICES, in_firm=firm_id)
    must_have_billing(Firm.objects.select_for_update(no_key=True).get(pk=firm_id))


def _begin(actor: Actor, rate: TaxRate, version: int | None) -> TaxRate:
    _admit(actor, firm_id=rate.firm_id)
    current = TaxRate.objects.select_for_update().get(pk=rate.pk, firm_id=actor.firm_id)
    if version is not None and current.version != version:
        raise TaxRateChanged(
            f"{current} was changed by somebody else meanwhile. Look at it and try again."
        )
    return current


def _check_name(rate: TaxRate) -> None:
    if not rate.name:
        raise NameMissing("A tax rate needs a name.")
    longest = TaxRate._meta.get_field("name").max_length or 0
    if len(rate.name) > longest:
        raise NameTooLong(
            f"Name: at most {longest} characters; these are {len(rate.name)}. Shorten it."
        )
    others = TaxRate.objects.for_firm(rate.firm_id).active().exclude(pk=rate.pk)
    if not rate.is_archived and others.filter(name__iexact=rate.name).exists():
        raise NameTaken(
            f'Another tax rate is called "{rate.name}". Choose another name, or archive that one.'
        )


def _check_parts(parts: Sequence[Part]) -> None:
    if not 1 <= len(parts) <= MOST_PARTS:
        raise PercentNotPossible(f"A tax rate has 1 to {MOST_PARTS} percentages.")
    longest = TaxRatePart._meta.get_field("name").max_length or 0
    for part in parts:
        if len(part.name) > longest:
            raise NameTooLong(f"The name of a part can have at most {longest} characters.")
        try:
            totals.TaxRate(name=part.name, percent=part.percent)
        except totals.NotAnAmount as error:
            raise PercentNotPossible(str(error)) from error
        if not 0 <= part.percent <= 100:
            raise PercentNotPossible("A percentage of tax is between 0 and 100.")
