"""
A connection that is there: pause, resume, sync now, disconnect, restart.

Consent is in `consent`, the rules in `rule_changes`, what is known of the company in
`company_facts`; nothing else writes a connection.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from firms.models import SyncMark
from firms.permissions import Actor
from integrations.models import (
    Connection,
    Credential,
    ImportedRecord,
    InboxEntry,
    Intent,
    Issue,
    Link,
    OutboxEntry,
    PendingConsent,
    Setup,
)
from integrations.sync import (
    consent,
)
from integrations.sync.connection_parts import NotConnected, must, new_setup, note, wake


@transaction.atomic
def pause(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """Send and read nothing until `resume`. What waits is kept in order."""
    must(actor, connection)
    if Connection.objects.filter(pk=connection.pk, is_paused=False).update(is_paused=True):
        note(actor, connection, "Sync paused", now)
    connection.refresh_from_db()


@transaction.atomic
def resume(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """Go on where `pause` stopped."""
    must(actor, connection)
    if Connection.objects.filter(pk=connection.pk, is_paused=True).update(is_paused=False):
        note(actor, connection, "Sync resumed", now)
        wake(connection, now)
    connection.refresh_from_db()


@transaction.atomic
def release_hold(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """A person looked at what the brake held, and lets it go on."""
    must(actor, connection)
    held = Connection.objects.filter(pk=connection.pk).exclude(held_reason="")
    if held.update(held_reason="", brake_from=now):
        note(actor, connection, "Held changes released", now, reason=connection.held_reason)
        wake(connection, now)
    connection.refresh_from_db()


@transaction.atomic
def sync_now(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Look at both sides at once: what waits here is sent, and the change feed is read.

    Raises:
        NotConnected: it is disconnected, paused or held.
    """
    must(actor, connection)
    if not connection.may_work:
        raise NotConnected("Nothing can be synced now. The notice on this page says why.")
    wake(connection, now)
    note(actor, connection, "Sync asked for", now)


def disconnect(
    *, actor: Actor, connection: Connection, keep_links: bool, now: datetime
) -> Connection:
    """
    End the consent there and forget the tokens. Nothing is deleted on either side.

    With `keep_links` what waits is kept, and is sent when the same company is connected again.
    Without, the pairs become *former* ones, what waits is dropped, and set-up starts over.
    """
    must(actor, connection)
    token = consent.refresh_token_of(connection)
    was_told = token is not None and (not token or consent.revoke(connection.provider, token))
    with transaction.atomic():
        Credential.objects.filter(connection=connection).delete()
        Connection.objects.filter(pk=connection.pk).update(
            state=Connection.State.DISCONNECTED,
            state_reason="" if was_told else NOT_TOLD,
            state_changed_at=now,
            is_paused=False,
        )
        PendingConsent.objects.filter(firm_id=connection.firm_id).delete()
        dropped: dict[str, Any] = {} if keep_links else _unlink_all(actor, connection, now)
        note(actor, connection, "Disconnected", now, keeps_links=keep_links, **dropped)
    connection.refresh_from_db()
    return connection


NOT_TOLD = (
    "QuickBooks did not answer when it was told. Remove this app there too, under Apps, My apps."
)


@transaction.atomic
def restart(*, actor: Actor, connection: Connection, now: datetime) -> Setup:
    """
    Begin the wizard anew, with today's links as its start. What is linked keeps syncing.

    Raises:
        NotConnected: it is disconnected; reconnect first.
    """
    must(actor, connection)
    if not connection.is_connected:
        raise NotConnected("Reconnect QuickBooks first, then restart the integration.")
    setup = new_setup(actor, connection, now)
    note(actor, connection, "Integration restarted", now)
    return setup


@transaction.atomic
def skip_services(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Go on without service items and invoices. They can be started later.

    Raises:
        NotConnected: the contacts are not synced yet.
    """
    must(actor, connection)
    current = Setup.objects.filter(connection=connection, half=Setup.Half.CONTACTS, is_current=True)
    if not current.filter(worked_off_at__isnull=False).exists():
        raise NotConnected("Sync contacts first.")
    if current.filter(services_skipped_at=None).update(services_skipped_at=now):
        note(actor, connection, "Service items and invoices skipped", now)


def _unlink_all(actor: Actor, connection: Connection, now: datetime) -> dict[str, int]:
    """Make all pairs former ones and drop what waits; return how many there were."""
    links = Link.objects.filter(connection=connection).exclude(state=Link.State.FORMER)
    waiting = OutboxEntry.objects.filter(connection=connection).count()
    InboxEntry.objects.filter(connection=connection).delete()
    OutboxEntry.objects.filter(connection=connection).delete()
    Issue.objects.filter(connection=connection, state=Issue.State.OPEN).update(
        state=Issue.State.RESOLVED,
        closed_at=now,
        closed_by=actor.user_id,
        closing_note="The links were removed when QuickBooks was disconnected.",
    )
    unlinked = links.filter(local_id__isnull=False, remote_id__isnull=False).update(
        state=Link.State.FORMER, wake_at=None, rests="", blocked_on=None, decisions={}
    )
    links.delete()  # what was never a pair
    Intent.objects.filter(link__connection=connection).delete()
    ImportedRecord.objects.filter(connection=connection).delete()
    SyncMark.objects.filter(firm_id=connection.firm_id).delete()
    Connection.objects.filter(pk=connection.pk).update(
        contacts_synced_at=None, billing_started_at=None, billing_synced_at=None
    )
    new_setup(actor, connection, now)
    return {"links": unlinked, "waiting": waiting}
