"""What is heard of the books becomes rows, and the feed is read for it unless it was an echo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_q.models import OrmQ

from integrations import inbox
from integrations.models import Connection, Cursor, InboxEntry, Intent, Lease, Link
from integrations.providers.base import COMPANY, Notice
from tests.factories import NOW
from tests.integrations.connected import make_connection

pytestmark = pytest.mark.django_db

SEEN_AT = NOW - timedelta(minutes=5)


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def notice(connection: Connection, **changes: Any) -> Notice:
    facts: dict[str, Any] = {
        "company_id": connection.company_id,
        "entity": "contact",
        "remote_id": "58",
        "operation": "updated",
        "occurred_at": NOW - timedelta(seconds=1),
    }
    return Notice(**{**facts, **changes})


Hear = Callable[..., int]


@pytest.fixture
def hear(django_capture_on_commit_callbacks: Any) -> Hear:
    """Hear notices, and do what follows on the commit."""

    def do(*notices: Notice, now: datetime = NOW) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            return inbox.hear(notices, provider="quickbooks", now=now)

    return do


def make_link(connection: Connection, **fields: Any) -> Link:
    defaults: dict[str, Any] = {
        "connection": connection,
        "firm": connection.firm,
        "entity": "contact",
        "remote_id": "58",
        "state": Link.State.LINKED,
        "remote_version": 3,
        "remote_changed_at": SEEN_AT,
    }
    return Link.objects.create(**{**defaults, **fields})


def wanted_at(connection: Connection) -> datetime | None:
    return Cursor.objects.get(connection=connection).wanted_at


def test_a_notice_becomes_a_row_and_has_the_feed_read_at_once(
    hear: Hear, connection: Connection
) -> None:
    assert hear(notice(connection)) == 1

    row = InboxEntry.objects.get()
    assert (row.connection, row.entity, row.remote_id) == (connection, "contact", "58")
    assert (row.source, row.operation, row.needs_read) == ("webhook", "updated", True)
    assert row.occurred_at == NOW - timedelta(seconds=1)
    assert wanted_at(connection) == NOW
    connection.refresh_from_db()
    assert connection.last_webhook_at == NOW
    assert Lease.objects.get(connection=connection).is_rung
    assert OrmQ.objects.count() == 1


def test_a_thousand_notices_ring_once_and_cost_few_queries(
    hear: Hear, connection: Connection, django_assert_max_num_queries: Any
) -> None:
    told = [notice(connection, remote_id=str(number)) for number in range(1000)]

    with django_assert_max_num_queries(20):
        hear(*told)

    assert InboxEntry.objects.count() == 1000
    assert OrmQ.objects.count() == 1


def test_each_company_hears_its_own(hear: Hear, connection: Connection) -> None:
    other = make_connection()

    hear(notice(connection, remote_id="1"), notice(other, remote_id="2"))

    assert dict(InboxEntry.objects.values_list("connection_id", "remote_id")) == {
        connection.pk: "1",
        other.pk: "2",
    }


@pytest.mark.parametrize("fields", [{"state": "disconnected"}, {"provider": "another"}])
def test_a_company_we_are_not_connected_to_is_not_heard(hear: Hear, fields: dict[str, str]) -> None:
    assert hear(notice(make_connection(**fields))) == 0
    assert not InboxEntry.objects.exists()


@pytest.mark.parametrize("state", ["reconnect", "unavailable"])
def test_a_connection_that_rests_keeps_what_it_hears(hear: Hear, state: str) -> None:
    assert hear(notice(make_connection(state=state))) == 1


def test_before_contacts_were_synced_nothing_is_kept(hear: Hear) -> None:
    connection = make_connection(contacts_synced_at=None)

    assert hear(notice(connection)) == 0

    assert not InboxEntry.objects.exists()
    connection.refresh_from_db()
    assert connection.last_webhook_at == NOW


@pytest.mark.parametrize("synced_at", [NOW, None])
def test_changed_preferences_have_the_company_read_again(
    hear: Hear, synced_at: datetime | None
) -> None:
    connection = make_connection(facts_read_at=NOW, contacts_synced_at=synced_at)

    hear(notice(connection, entity=COMPANY, remote_id="1"))

    connection.refresh_from_db()
    assert connection.facts_read_at is None
    assert [each.func() for each in OrmQ.objects.all()] == ["integrations.tasks.reread_companies"]
    assert not InboxEntry.objects.exists()


def test_an_edit_of_a_linked_record_has_the_feed_read_at_once(
    hear: Hear, connection: Connection
) -> None:
    make_link(connection, sent_at=NOW - timedelta(hours=1))

    hear(notice(connection))

    assert wanted_at(connection) == NOW


def test_a_version_that_was_seen_rings_for_nothing(hear: Hear, connection: Connection) -> None:
    make_link(connection, remote_changed_at=NOW)

    hear(notice(connection))

    assert InboxEntry.objects.count() == 1
    assert wanted_at(connection) is None
    assert OrmQ.objects.count() == 0


def test_the_echo_of_our_own_write_rings_for_nothing(hear: Hear, connection: Connection) -> None:
    """QuickBooks' time of the change has whole seconds, the webhook's has a fraction."""
    make_link(connection, sent_at=NOW - timedelta(seconds=2), remote_changed_at=NOW)

    hear(notice(connection, occurred_at=NOW + timedelta(milliseconds=700)))

    assert InboxEntry.objects.count() == 1
    assert wanted_at(connection) is None


def test_an_echo_that_comes_late_is_still_one(hear: Hear, connection: Connection) -> None:
    make_link(connection, sent_at=NOW, remote_changed_at=NOW)

    hear(
        notice(connection, occurred_at=NOW + timedelta(milliseconds=700)),
        now=NOW + timedelta(minutes=5),
    )

    assert wanted_at(connection) is None


def test_an_edit_right_after_our_own_write_is_no_echo(hear: Hear, connection: Connection) -> None:
    make_link(connection, sent_at=NOW - timedelta(seconds=4), remote_changed_at=NOW)

    hear(notice(connection, occurred_at=NOW + timedelta(seconds=3)))

    assert wanted_at(connection) == NOW


def test_long_after_our_write_the_same_second_is_no_echo(
    hear: Hear, connection: Connection
) -> None:
    make_link(connection, sent_at=NOW - timedelta(seconds=60), remote_changed_at=NOW)

    hear(notice(connection, occurred_at=NOW + timedelta(milliseconds=700)))

    assert wanted_at(connection) == NOW


def make_intent(link: Link, **fields: Any) -> Intent:
    return Intent.objects.create(link=link, body="{}", values={}, made_at=NOW, **fields)


def test_while_our_write_is_under_way_the_feed_waits_for_its_answer(
    hear: Hear,
    connection: Connection,
) -> None:
    make_intent(make_link(connection), operation="update", remote_id="58")

    hear(notice(connection))

    assert wanted_at(connection) == NOW + inbox.LOOK_AGAIN


def test_a_new_record_may_be_ours_while_a_create_is_under_way(
    hear: Hear, connection: Connection
) -> None:
    unborn = make_link(connection, remote_id=None, local_id=7, remote_changed_at=None)
    make_intent(unborn, operation="create")

    hear(notice(connection, operation="created", remote_id="99"))

    assert wanted_at(connection) == NOW + inbox.LOOK_AGAIN


def test_a_merge_is_never_an_echo(hear: Hear, connection: Connection) -> None:
    make_link(connection, remote_changed_at=NOW)

    hear(notice(connection, operation="merged", merged_from="61"))

    assert InboxEntry.objects.get().merged_from == "61"
    assert wanted_at(connection) == NOW


def test_a_feed_that_is_wanted_sooner_stays_so(hear: Hear, connection: Connection) -> None:
    earlier = NOW - timedelta(seconds=30)
    Cursor.objects.update(wanted_at=earlier)

    hear(notice(connection))

    assert wanted_at(connection) == earlier


def test_one_that_is_no_echo_among_echoes_is_enough(hear: Hear, connection: Connection) -> None:
    make_link(connection, remote_changed_at=NOW)

    hear(notice(connection), notice(connection, remote_id="59"))

    assert wanted_at(connection) == NOW
