"""
One-way connections: turned on without a wizard, moved to two-way and back.

`push_only` (product.md 7): what is billed here goes there, and nothing ever comes in.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from billing.models import Invoice, Payment
from firms.models import Firm, SyncMark
from firms.permissions import Actor, Permission
from integrations.errors import DuplicateName
from integrations.models import Connection, Cursor, Link, OutboxEntry, Setup
from integrations.providers.base import Operation, Snapshot
from integrations.sync import (
    access,
    connections,
    intents,
    rule_changes,
    rule_values,
)
from integrations.sync.connection_parts import ConnectError, note

BATCH = 1000
SERVICE = uuid.UUID("3f0f2ff4-9a0c-4a4c-8a55-1d9f7f7a2a01")  # namespace of request ids
Profile = Connection.Profile


class NotPossible(ConnectError):
    """It cannot be turned on or moved as it is. Nothing was changed."""


# -- The service that lines go out on ------------------------------------------------------------


def create_service(
    *, actor: Actor, connection: Connection, name: str, income_account: str, now: datetime
) -> str:
    """
    Make a service in the books and return its id; that of the one there is, if there is one.

    The request id follows from company and name: pressed twice, or after a lost answer, it makes
    one service.

    Raises:
        rule_values.RuleNotPossible: no such account.
        SyncError: QuickBooks refused it, or could not be asked.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    values = rule_values.checked(connection, {"income_account": income_account})
    if not values["income_account"]:
        raise rule_values.RuleNotPossible("Choose an income account.", field="income_account")
    made = _make(connection, name.strip(), values["income_account"])
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        facts = dict(locked.company_facts)
        lists = dict(facts.get("lists") or {})
        items = [each for each in lists.get("items") or [] if each["id"] != made.remote_id]
        lists["items"] = [*items, {"id": made.remote_id, "label": made.label}]
        Connection.objects.filter(pk=connection.pk).update(company_facts={**facts, "lists": lists})
        note(actor, locked, f"Service {made.label} made in QuickBooks", now)
    connection.refresh_from_db()
    return made.remote_id


def _make(connection: Connection, name: str, income_account: str) -> Snapshot:
    books = access.open_books(connection, lane="people")
    outgoing = books.compose(
        "service_item",
        Operation.CREATE,
        {"name": name, "rate": "0", "income_account": income_account},
        company={"defaults": connection.defaults},
    )
    request_id = uuid.uuid5(SERVICE, f"{connection.company_id}:{name}:{income_account}")
    try:
        return intents.send_apart(outgoing, books=books, request_id=str(request_id))
    except DuplicateName:
        found = [each for each in books.find_by_name("service_item", name) if not each.is_foreign]
        if len(found) != 1:
            raise
        return found[0]


# -- On ------------------------------------------------------------------------------------------


def turn_on(
    *,
    actor: Actor,
    connection: Connection,
    service_item: str,
    deposit_account: str,
    number_rule: str,
    now: datetime,
) -> int:
    """
    Start a one-way connection; return how many older invoices and payments are left alone.

    What is sent from now on goes to QuickBooks. What was sent before stays here, and can be
    created there one by one (Left out).

    Raises:
        NotPossible, rule_values.RuleNotPossible: nothing was changed.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        _must_be_ready(locked)
        rules = rule_values.checked(
            locked,
            {
                **rule_values.PUSHED,
                "service_item": service_item,
                "deposit_account": deposit_account,
                "number_rule": number_rule,
            },
        )
        if not rules["service_item"]:
            raise rule_values.RuleNotPossible("Choose a default service.", field="service_item")
        rule_changes.store_rules(locked, rules)
        Connection.objects.filter(pk=locked.pk).update(
            contacts_synced_at=now, billing_started_at=now, billing_synced_at=now
        )
        Cursor.objects.filter(connection=locked, value=None).update(value=now)
        left = _leave_out_what_was_sent(locked, now)
        told = rule_values.told(locked, {name: rules[name] for name in rules})
        note(actor, locked, "Turned on, to QuickBooks only", now, after=told)
    connection.refresh_from_db()
    return left


def _must_be_ready(connection: Connection) -> None:
    if connection.profile != Profile.PUSH_ONLY:
        raise NotPossible("This connection goes both ways: set it up in the wizard.")
    if connection.billing_synced_at is not None:
        raise NotPossible("It is turned on already.")
    if not connection.is_connected:
        raise NotPossible("Reconnect QuickBooks first.")
    if not Firm.objects.get(pk=connection.firm_id).has_billing:
        raise NotPossible("Your licence doesn't include invoices, and there is nothing to send.")


def _leave_out_what_was_sent(connection: Connection, now: datetime) -> int:
    """Pairs for what was billed before, so that only a person sends it."""
    sent = Invoice.objects.for_firm(connection.firm_id).exclude(status=Invoice.Status.DRAFT)
    paid = Payment.objects.for_firm(connection.firm_id)
    invoices = ((row.pk, row.number, row.version) for row in sent.only("number", "version"))
    payments = (
        (row.pk, f"Payment of {row.amount:,.2f}", row.version)
        for row in paid.only("amount", "version")
    )
    return _leave_out(connection, "invoice", invoices, now) + _leave_out(
        connection, "payment", payments, now
    )


def _leave_out(
    connection: Connection, entity: str, records: Iterable[tuple[int, str, int]], now: datetime
) -> int:
    known = set(
        Link.objects.filter(connection=connection, entity=entity, local_id__isnull=False)
        .exclude(state=Link.State.FORMER)
        .values_list("local_id", flat=True)
    )
    new = [each for each in records if each[0] not in known]
    OutboxEntry.objects.filter(
        connection=connection, entity=entity, local_id__in=[each[0] for each in new]
    ).delete()
    Link.objects.bulk_create(
        [
            Link(
                connection=connection,
                firm_id=connection.firm_id,
                entity=entity,
                local_id=local_id,
                label=label,
                local_version=version,
                state=Link.State.LEFT_OUT,
            )
            for local_id, label, version in new
        ],
        batch_size=BATCH,
    )
    SyncMark.objects.bulk_create(
        [
            SyncMark(
                firm_id=connection.firm_id,
                entity=entity,
                local_id=local_id,
                state="not_synced",
                changed_at=now,
            )
            for local_id, _, _ in new
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return len(new)


# -- From one way to both ways, and back ---------------------------------------------------------


@transaction.atomic
def go_two_way(*, actor: Actor, connection: Connection, now: datetime) -> Setup:
    """
    Begin the wizard that makes a one-way connection go both ways.

    Today's pairs stay. Contacts are compared anew, as if they had just been matched: where both
    sides hold something else, a person is asked. Invoices that are there stay on the default
    service.

    Raises:
        NotPossible, NotConnected: nothing was changed.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    if locked.profile != Profile.PUSH_ONLY:
        raise NotPossible("It goes both ways already.")
    setup = connections.restart(actor=actor, connection=locked, now=now)
    _move(
        actor,
        locked,
        Profile.TWO_WAY,
        rule_values.BOTH_WAYS,
        now,
        contacts_synced_at=None,
        billing_started_at=None,
        billing_synced_at=None,
    )
    linked = Link.objects.filter(connection=locked, state=Link.State.LINKED)
    for link in linked.filter(entity="contact").iterator():
        link.seen, link.base = {**link.base, **link.seen}, {}
        link.save(update_fields=["seen", "base"])
    for link in linked.filter(entity="invoice").iterator():
        link.options = {**link.options, "use_default_item": True}
        link.save(update_fields=["options"])
    connection.refresh_from_db()
    return setup


@transaction.atomic
def go_push_only(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Let nothing come in any more: what is billed here goes to QuickBooks, and that is all.

    It rests until it is turned on (`turn_on`), which asks for the default service. What is linked
    stays linked.

    Raises:
        NotPossible: nothing was changed.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    if locked.profile == Profile.PUSH_ONLY:
        raise NotPossible("It goes to QuickBooks only already.")
    _move(actor, locked, Profile.PUSH_ONLY, rule_values.PUSHED, now, billing_synced_at=None)
    connection.refresh_from_db()


def _move(
    actor: Actor,
    connection: Connection,
    profile: str,
    rules: Any,
    now: datetime,
    **columns: Any,
) -> None:
    before = {"profile": connection.profile}
    Connection.objects.filter(pk=connection.pk).update(profile=profile, **rules, **columns)
    title = "Moved to both ways" if profile == Profile.TWO_WAY else "Moved to QuickBooks only"
    note(actor, connection, title, now, before=before, after={"profile": profile})
