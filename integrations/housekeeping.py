"""What has to be done now and then so that tables stay small and next month has its place."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection as database
from django.db import transaction

from firms.api.idempotency import forget_old_calls
from integrations.models import CallCount, ConsentRequest
from integrations.sync import agreement

COUNTS_KEPT = timedelta(days=62)  # last month's metered reads are still shown
CONSENTS_KEPT = timedelta(days=1)  # they are good for ten minutes


def tidy(*, now: datetime) -> list[str]:
    """Make the partitions of this month and the next; forget old counts. Return what was made."""
    CallCount.objects.filter(minute__lt=now - COUNTS_KEPT).delete()
    ConsentRequest.objects.filter(made_at__lt=now - CONSENTS_KEPT).delete()
    agreement.prune(now=now)
    forget_old_calls(now=now)
    this = now.date().replace(day=1)
    return [name for month in (this, _after(this)) if (name := make_partition(month))]


@transaction.atomic
def make_partition(month: date) -> str:
    """
    Give the activity of the month that begins on `month` a table of its own.

    Entries that were written before its table was there move into it. Returns its name, or ""
    where there is one already.
    """
    name = f"integrations_activity_{month:%Y_%m}"
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return ""
        bounds = [month.isoformat(), _after(month).isoformat()]
        cursor.execute(f"CREATE TABLE {name} (LIKE integrations_activity INCLUDING ALL)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM integrations_activity_rest "
            f"WHERE at >= %s AND at < %s RETURNING *) INSERT INTO {name} SELECT * FROM moved",
            bounds,
        )
        cursor.execute(
            f"ALTER TABLE integrations_activity ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')"
        )
    return name


def _after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
