"""What people change of the rules, and the lists that the rules choose from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from billing import licence
from firms.permissions import Actor
from integrations import doorbell
from integrations.models import (
    Connection,
    Issue,
    Link,
    TaxCode,
)
from integrations.providers.base import Books
from integrations.sync import access, pairs, rule_values, short_lists
from integrations.sync.connection_parts import ConnectError, NotConnected, must, note


class RulesChanged(ConnectError):
    """Somebody changed the rules since they were read. Read them again."""


@transaction.atomic
def set_rules(
    *,
    actor: Actor,
    connection: Connection,
    now: datetime,
    version: int | None = None,
    **wanted: Any,
) -> None:
    """
    Change some rules; those that are not named stay. They count from the next look.

    Args:
        version: of the rules as they were read (`rule_values.version`); None: whatever they are.
        wanted: names and values as in `rule_values.current`.
    Raises:
        NotLicensed: a rule of invoices, for a firm without them.
        RulesChanged, rule_values.RuleNotPossible: nothing was changed.
    """
    must(actor, connection)
    if any(map(rule_values.needs_billing, wanted)):
        licence.must_have_billing(connection.firm)
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    before = rule_values.current(locked)
    if version is not None and version != rule_values.version(before):
        raise RulesChanged("Somebody changed the rules since you read them. Read them again.")
    after = rule_values.checked(locked, wanted)
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return
    old = rule_values.told(locked, {name: before[name] for name in changed})
    new = rule_values.told(locked, {name: after[name] for name in changed})
    store_rules(locked, {name: after[name] for name in changed})
    note(actor, locked, "Rules changed", now, before=old, after=new)
    connection.refresh_from_db()
    if "on_conflict" in changed:
        _look_at_conflicts(connection, now)
    if not {rule_values.TAX_CODES, *rule_values.DEFAULTS}.isdisjoint(changed):
        look_at_what_waits_for_rules(connection, now)


def store_rules(connection: Connection, changed: Mapping[str, Any]) -> None:
    columns = {name: value for name, value in changed.items() if name in rule_values.FIXED}
    defaults = dict(connection.defaults or {})
    for name in set(rule_values.DEFAULTS) & set(changed):
        defaults[name] = rule_values.default_entry(connection, name, changed[name])
    columns["defaults"] = {name: entry for name, entry in defaults.items() if entry}
    Connection.objects.filter(pk=connection.pk).update(**columns)
    if rule_values.TAX_CODES in changed:
        codes = TaxCode.objects.filter(connection=connection)
        codes.update(tax_rate_id=None)
        for rate_id, remote_id in changed[rule_values.TAX_CODES].items():
            codes.filter(remote_id=remote_id).update(tax_rate_id=rate_id)


def _look_at_conflicts(connection: Connection, now: datetime) -> None:
    """The rule may answer what is open: look again."""
    _look_at(connection, Q(kind=Issue.Kind.CONFLICT), now, at_once=False)


def look_at_what_waits_for_rules(connection: Connection, now: datetime) -> None:
    """What could not be sent for want of a choice: look again."""
    needs_a_choice = Q(kind=Issue.Kind.SET_UP) | Q(detail__element__in=CHOSEN_BY_RULES)
    _look_at(connection, needs_a_choice, now, at_once=True)


CHOSEN_BY_RULES = ["IncomeAccountRef", "ItemRef", "DepositToAccountRef"]


def _look_at(connection: Connection, which: Q, now: datetime, *, at_once: bool) -> None:
    open_ones = Issue.objects.filter(which, connection=connection, state=Issue.State.OPEN)
    links = Link.objects.filter(pk__in=open_ones.values("link_id"))
    pairs.wake(links, now=now, at_once=at_once)
    transaction.on_commit(lambda: doorbell.ring(connection.pk))


def read_lists(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Read what the rules choose from: accounts, tax codes, terms, methods, products and services.

    Six metered reads, more where there are over 1,000 items.

    Raises:
        NotConnected: it is disconnected.
        SyncError: QuickBooks could not be asked. Nothing was changed.
    """
    must(actor, connection)
    if not connection.is_connected:
        raise NotConnected("Reconnect QuickBooks first.")
    books = access.open_books(connection, lane="people")
    lists, items = books.lists(), _read_items(books)
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        short_lists.keep(locked, lists, now=now)
        facts = dict(locked.company_facts)
        facts["lists"] = {**facts["lists"], "items": items}
        Connection.objects.filter(pk=connection.pk).update(company_facts=facts)
        note(actor, locked, "Accounts, tax codes and services read", now)
    connection.refresh_from_db()


def _read_items(books: Books) -> list[dict[str, str]]:
    """The active products and services that a line of ours can be on."""
    found: list[dict[str, str]] = []
    position: int | None = 1
    while position is not None:
        page = books.list("service_item", which="active", position=position)
        found += [
            {"id": each.remote_id, "label": each.label}
            for each in page.snapshots
            if not each.is_foreign
        ]
        position = page.next_position
    return sorted(found, key=lambda each: each["label"].casefold())
