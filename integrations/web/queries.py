"""Reads of the integration pages. The number of queries does not depend on the rows."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncHour, Upper

from billing.models import Invoice, Payment
from firms.models import Firm
from integrations.entities import ENTITIES, EntitySpec
from integrations.models import (
    Activity,
    CallBudget,
    CallCount,
    Connection,
    Credential,
    Cursor,
    ImportedRecord,
    InboxEntry,
    Intent,
    Issue,
    Link,
    MatchProposal,
    OutboxEntry,
    PendingConsent,
    Setup,
)
from integrations.sync.rules import rules_of

CALLS_A_MINUTE = 500  # of one company: developer.intuit.com, "Limits and throttles"
SIGN_IN_NOTICE = timedelta(days=14)


# -- The connection ------------------------------------------------------------------------------


def connection_of(firm: Firm) -> Connection | None:
    return Connection.objects.filter(firm=firm).select_related("connected_by").first()


def connection_with_needs(firm: Firm) -> Connection | None:
    """The firm's connection; `needs_you` is the number of its open issues."""
    open_issues = (
        Issue.objects.filter(connection=OuterRef("pk"), state=Issue.State.OPEN)
        .order_by()
        .values("connection")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return (
        Connection.objects.filter(firm=firm)
        .annotate(needs_you=Coalesce(Subquery(open_issues), 0))
        .first()
    )


def current_setup(connection: Connection) -> Setup | None:
    """The run of the contacts half: it tells how far the whole walk is."""
    return Setup.objects.filter(
        connection=connection, half=Setup.Half.CONTACTS, is_current=True
    ).first()


def pending_consent(firm: Firm) -> PendingConsent | None:
    return PendingConsent.objects.filter(firm=firm).defer("tokens").first()


@dataclass(frozen=True, kw_only=True)
class Queue:
    waiting: int
    sending: int
    oldest_at: datetime | None


def queue(connection: Connection) -> Queue:
    """What waits to be looked at: due pairs, and bells that belong to no pair yet."""
    due = Link.objects.filter(connection=connection, wake_at__isnull=False).exclude(
        rests=Link.Rests.ISSUE
    )
    pairs = due.aggregate(number=Count("pk"), oldest=Min("wake_at"))
    outbox = _unpaired(OutboxEntry, connection, "local_id")
    inbox = _unpaired(InboxEntry, connection, "remote_id")
    oldest = [each["oldest"] for each in (pairs, outbox, inbox) if each["oldest"]]
    return Queue(
        waiting=pairs["number"] + outbox["number"] + inbox["number"],
        sending=Intent.objects.filter(link__connection=connection).count(),
        oldest_at=min(oldest, default=None),
    )


def _unpaired(
    model: type[OutboxEntry] | type[InboxEntry], connection: Connection, field: str
) -> dict[str, Any]:
    rows = model.objects.filter(connection=connection, link=None)
    return rows.aggregate(number=Count(field, distinct=True), oldest=Min("made_at"))


# -- The card on the list of integrations --------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the QuickBooks card shows. `state` names the row of the design's table."""

    # "connect", "setup", "contacts_synced", "turn_on", "set_up", "disconnected", "unavailable"
    state: str
    connection: Connection | None = None
    setup: Setup | None = None
    pending: PendingConsent | None = None
    waiting: int = 0
    synced: int = 0
    unmatched: int = 0
    duplicates: int = 0
    has_billing: bool = True
    services: str = ""  # the second half: "begun", "synced", or "" where it is not
    counts: Sequence[SyncedCounts] = ()


def card(firm: Firm) -> Card:
    """The card of the firm; at most fifteen queries."""
    connection = connection_of(firm)
    pending = pending_consent(firm)
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return Card(
            state="connect",
            connection=connection,
            pending=pending,
            waiting=queue(connection).waiting if connection else 0,
            has_billing=firm.has_billing,
        )
    setup = current_setup(connection)
    state = _card_state(connection, setup, firm)
    return Card(
        state=state,
        connection=connection,
        setup=setup,
        pending=pending,
        waiting=queue(connection).waiting if not connection.is_connected else 0,
        has_billing=firm.has_billing,
        services=_services_state(connection),
        counts=synced_counts(connection) if state == "set_up" else (),
        **(_contact_counts(connection, setup) if state in ("contacts_synced", "set_up") else {}),
    )


def _card_state(connection: Connection, setup: Setup | None, firm: Firm) -> str:
    if connection.state == Connection.State.UNAVAILABLE:
        return "unavailable"
    if not connection.is_connected:
        return "disconnected"
    is_walking = setup is None or setup.confirmed_at is None  # the first time, or anew
    if connection.profile == Connection.Profile.PUSH_ONLY:  # it has no wizard
        return "set_up" if connection.billing_synced_at else "turn_on"
    if connection.contacts_synced_at is None or is_walking:
        return "setup"
    assert setup is not None
    is_over = setup.finished_at or setup.services_skipped_at or not firm.has_billing
    return "set_up" if is_over else "contacts_synced"


def _services_state(connection: Connection) -> str:
    """How far the second half of set-up is: "synced", "begun", or "" where it is not."""
    run = Setup.objects.filter(
        connection=connection, half=Setup.Half.BILLING, is_current=True
    ).first()
    if run is None or run.import_state == Setup.Import.NOT_STARTED:
        return ""
    return "synced" if run.worked_off_at is not None else "begun"


def _contact_counts(connection: Connection, setup: Setup | None) -> dict[str, int]:
    left = (
        MatchProposal.objects.filter(setup=setup, entity="contact", list__in=LEFT_OUT_LISTS)
        .filter(decision__in=NOT_SYNCED)
        .aggregate(
            unmatched=Count("pk", filter=Q(list=MatchProposal.List.UNMATCHED)),
            duplicates=Count("pk", filter=Q(list=MatchProposal.List.DUPLICATES)),
        )
    )
    linked = Link.objects.filter(
        connection=connection, entity="contact", state=Link.State.LINKED
    ).count()
    return {"synced": linked, **left}


LEFT_OUT_LISTS = (MatchProposal.List.UNMATCHED, MatchProposal.List.DUPLICATES)
NOT_SYNCED = (MatchProposal.Decision.NONE, MatchProposal.Decision.LEAVE_OUT)


def linked_count(connection: Connection) -> int:
    return Link.objects.filter(connection=connection, state=Link.State.LINKED).count()


# -- The home ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """The numbers on top of the home."""

    cursor: Cursor | None
    queue: Queue
    calls_last_minute: int
    calls_by_minute: Sequence[int]  # the last 30, oldest first
    metered_this_month: int
    metered_forecast: int
    synced_today: int
    synced_by_hour: Sequence[int]  # the last 24, oldest first
    errors: int
    conflicts: int
    last_issue_id: int
    new_issues: int  # opened since the page was drawn

    @property
    def needs_you(self) -> int:
        return self.errors + self.conflicts

    @property
    def calls_words(self) -> str:
        return (
            "Requests a minute over the last 30 minutes. "
            f"Peak {max(self.calls_by_minute)}, limit {CALLS_A_MINUTE}."
        )

    @property
    def synced_words(self) -> str:
        return f"Records synced each hour, last 24 hours. Highest {max(self.synced_by_hour)}."

    @property
    def limit(self) -> int:
        return CALLS_A_MINUTE


def tiles(connection: Connection, *, now: datetime, seen_issue_id: int = 0) -> Tiles:
    """Nine queries, whatever the rows. `now` aware, in the firm's zone (for "today")."""
    by_minute = _calls_by_minute(connection, now)
    month = _metered(connection, now)
    by_hour, today = _synced(connection, now)
    open_issues = Issue.objects.filter(connection=connection, state=Issue.State.OPEN).aggregate(
        conflicts=Count("pk", filter=Q(kind=Issue.Kind.CONFLICT)),
        errors=Count("pk", filter=~Q(kind=Issue.Kind.CONFLICT)),
        last=Max("pk"),
        new=Count("pk", filter=Q(pk__gt=seen_issue_id)),
    )
    return Tiles(
        cursor=Cursor.objects.filter(connection=connection).first(),
        queue=queue(connection),
        calls_last_minute=_last_minute(by_minute, now),
        calls_by_minute=by_minute,
        metered_this_month=month,
        metered_forecast=_forecast(month, now),
        synced_today=today,
        synced_by_hour=by_hour,
        errors=open_issues["errors"],
        conflicts=open_issues["conflicts"],
        last_issue_id=max(open_issues["last"] or 0, seen_issue_id),
        new_issues=open_issues["new"],
    )


def _calls_by_minute(connection: Connection, now: datetime) -> list[int]:
    this = now.replace(second=0, microsecond=0)
    first = this - timedelta(minutes=29)
    rows = CallCount.objects.filter(connection=connection, minute__gte=first)
    counted = {int((row.minute - first).total_seconds() // 60): row.calls for row in rows}
    return [counted.get(index, 0) for index in range(30)]


def _last_minute(by_minute: Sequence[int], now: datetime) -> int:
    """The last 60 seconds: this minute, and its share of the one before."""
    return by_minute[-1] + round(by_minute[-2] * (1 - now.second / 60))


def _metered(connection: Connection, now: datetime) -> int:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = CallCount.objects.filter(connection=connection, minute__gte=first)
    return rows.aggregate(number=Sum("metered"))["number"] or 0


def _forecast(metered: int, now: datetime) -> int:
    """This month's reads at its end, if it goes on as until now."""
    days = monthrange(now.year, now.month)[1]
    passed = now.day - 1 + (now.hour * 60 + now.minute) / 1440
    return round(metered * days / max(passed, 0.5))


def _synced(connection: Connection, now: datetime) -> tuple[list[int], int]:
    """Records sent or received by hour over a day, and since midnight."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=23)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Activity.objects.filter(
            connection_id=connection.pk,
            at__gte=min(first, midnight),
            result=Activity.Result.DONE,
            direction__in=[Activity.Direction.SENT, Activity.Direction.RECEIVED],
        )
        .exclude(entity="")
        .annotate(hour=TruncHour("at"))
        .values_list("hour")
        .annotate(number=Count("id"))
    )
    counted = dict(rows)
    by_hour = [counted.get(first + timedelta(hours=index), 0) for index in range(24)]
    return by_hour, sum(number for hour, number in counted.items() if hour >= midnight)


def open_issues(connection: Connection) -> QuerySet[Issue]:
    """Open issues with their pair, the newest first; errors and conflicts alike."""
    return (
        Issue.objects.filter(connection=connection, state=Issue.State.OPEN)
        .select_related("link", "connection")
        .order_by("-opened_at", "-pk")
    )


ACTIVITY_TYPES = {
    "sent": Q(direction=Activity.Direction.SENT),
    "received": Q(direction=Activity.Direction.RECEIVED),
    "here": Q(direction=Activity.Direction.HERE),
}


def activity(
    connection: Connection, *, kind: str = "", result: str = "", text: str = ""
) -> QuerySet[Activity]:
    """What happened, the newest first; narrowed by direction, result and words."""
    rows = Activity.objects.filter(connection_id=connection.pk)
    if kind in ACTIVITY_TYPES:
        rows = rows.filter(ACTIVITY_TYPES[kind])
    if result in Activity.Result.values:
        rows = rows.filter(result=result)
    if text:
        rows = rows.filter(
            Q(label__icontains=text) | Q(title__icontains=text) | Q(cause__icontains=text)
        )
    return rows.order_by("-at", "-id")


def sign_in_by(connection: Connection) -> datetime | None:
    """When a person must sign in at QuickBooks again at the latest."""
    ends = (
        Credential.objects.filter(connection=connection)
        .values_list("refresh_ends_at", "hard_ends_at")
        .first()
    )
    return min((each for each in ends if each), default=None) if ends else None


@dataclass(frozen=True, kw_only=True)
class SyncedCounts:
    """How one entity stands: records that sync, those left out with their money, those in need."""

    entity: str
    label: str
    way: str  # "two_way", "push", or "" where it does not sync
    is_on: bool
    synced: int
    left_out: int  # of ours
    left_out_there: int
    money: Decimal | None  # of ours that were left out; None where it is no money
    money_there: Decimal | None
    needs_you: int


def synced_counts(connection: Connection) -> list[SyncedCounts]:
    """One a kind of record, in their order: six queries, whatever the rows."""
    rows = Link.objects.filter(connection=connection).values("entity")
    links: dict[str, dict[str, Any]] = {
        row["entity"]: dict(row)
        for row in rows.annotate(
            synced=Count("pk", filter=Q(state=Link.State.LINKED)),
            left_out=Count("pk", filter=LEFT_OUT & Q(local_id__isnull=False)),
            left_out_there=Count("pk", filter=LEFT_OUT & Q(local_id__isnull=True)),
        )
    }
    issues = Issue.objects.filter(connection=connection, state=Issue.State.OPEN)
    needing = dict(issues.values_list("link__entity").annotate(number=Count("pk")))
    ruled = rules_of(connection)
    return [
        SyncedCounts(
            entity=key,
            label=spec.label,
            way=spec.direction(ruled).value if spec.directions[connection.profile] else "",
            is_on=_is_on(connection, spec),
            synced=links.get(key, {}).get("synced", 0),
            left_out=links.get(key, {}).get("left_out", 0),
            left_out_there=links.get(key, {}).get("left_out_there", 0),
            money=_money_here(connection, key),
            money_there=_money_there(connection, key),
            needs_you=needing.get(key, 0),
        )
        for key, spec in ENTITIES.items()
    ]


def _is_on(connection: Connection, spec: EntitySpec) -> bool:
    if not spec.directions[connection.profile]:
        return False
    if connection.profile == Connection.Profile.PUSH_ONLY:  # all of it, or nothing
        return connection.billing_synced_at is not None
    return connection.syncs_since(spec.half) is not None


LEFT_OUT = Q(state=Link.State.LEFT_OUT)
MONEY_OF: dict[str, tuple[Any, str]] = {
    "invoice": (Invoice, "total"),
    "payment": (Payment, "amount"),
}


def _money_here(connection: Connection, entity: str) -> Decimal | None:
    """What our records of this kind that were left out come to; None where none is money."""
    if entity not in MONEY_OF:
        return None
    model, column = MONEY_OF[entity]
    ids = Link.objects.filter(LEFT_OUT, connection=connection, entity=entity).values("local_id")
    found: Any = model.objects.for_firm(connection.firm_id).filter(pk__in=ids)
    if entity == "invoice":
        found = found.exclude(status=Invoice.Status.VOID)
    return found.aggregate(sum=Sum(column))["sum"] or Decimal(0)


def _money_there(connection: Connection, entity: str) -> Decimal | None:
    if entity not in MONEY_OF:
        return None
    ids = Link.objects.filter(
        LEFT_OUT, connection=connection, entity=entity, local_id__isnull=True
    ).values("remote_id")
    rows = ImportedRecord.objects.filter(connection=connection, entity=entity, remote_id__in=ids)
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def paused_by(connection: Connection) -> Activity | None:
    """Who paused it and when, if it is paused."""
    if not connection.is_paused:
        return None
    return activity(connection).filter(title="Sync paused").first()


# -- Left out ------------------------------------------------------------------------------------


def left_out(
    connection: Connection, *, side: str, entity: str = "", text: str = ""
) -> QuerySet[Link]:
    """Records that do not sync: of ours, or (`side` "theirs") of QuickBooks."""
    rows = Link.objects.filter(connection=connection, state=Link.State.LEFT_OUT)
    if entity:
        rows = rows.filter(entity=entity)
    if side == "theirs":
        rows = rows.filter(local_id__isnull=True)
        name = "remote_label"
    else:
        rows = rows.filter(local_id__isnull=False)
        name = "label"
    if text:
        rows = rows.filter(**{f"{name}__icontains": text})
    return rows.order_by(Upper(name), "pk")


def left_out_counts(connection: Connection, *, entity: str = "") -> dict[str, int]:
    rows = Link.objects.filter(connection=connection, state=Link.State.LEFT_OUT)
    if entity:
        rows = rows.filter(entity=entity)
    return rows.aggregate(
        ours=Count("pk", filter=Q(local_id__isnull=False)),
        theirs=Count("pk", filter=Q(local_id__isnull=True)),
    )


def timeline(link: Link) -> QuerySet[Activity]:
    """What happened to our record of this pair, also while it was part of another pair."""
    pairs = Link.objects.filter(connection_id=link.connection_id, entity=link.entity)
    if link.local_id is not None:
        pairs = pairs.filter(local_id=link.local_id)
    else:
        pairs = pairs.filter(pk=link.pk)
    rows = Activity.objects.filter(link_id__in=list(pairs.values_list("pk", flat=True)))
    return rows.order_by("-at", "-id")


def rests_until(connection: Connection, *, now: datetime) -> datetime | None:
    """Until when QuickBooks asked us to slow down, if it did."""
    return (
        CallBudget.objects.filter(connection=connection, rests_until__gt=now)
        .values_list("rests_until", flat=True)
        .first()
    )
