"""Activity has a table a month; entries that came before theirs was made move into it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection as database

from integrations import housekeeping
from integrations.models import Activity

pytestmark = pytest.mark.django_db


def entry(at: datetime) -> Activity:
    return Activity.objects.create(
        at=at, connection_id=1, firm_id=1, direction="here", result="done", title="Paused"
    )


def rows_in(table: str) -> int:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ONLY {table}")
        return int(cursor.fetchone()[0])


def test_this_month_and_the_next_get_their_tables_once():
    now = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)

    made = housekeeping.tidy(now=now)

    assert made == ["integrations_activity_2026_12", "integrations_activity_2027_01"]
    assert housekeeping.tidy(now=now) == []


def test_entries_written_before_their_table_was_made_move_into_it():
    entry(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    entry(datetime(2026, 12, 1, tzinfo=UTC))
    before = rows_in("integrations_activity_rest")

    housekeeping.make_partition(date(2026, 11, 1))

    assert rows_in("integrations_activity_2026_11") == 1
    assert rows_in("integrations_activity_rest") == before - 1
    assert Activity.objects.count() == 2
