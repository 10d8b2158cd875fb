"""How the connection stands: health first, as on the integration home."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import Money
from integrations.api.frame import CONNECTION, BooksView, reads, shown
from integrations.models import Connection
from integrations.sync import consent
from integrations.web import queries
from integrations.wizard import preflight

NOT_CONNECTED = "not_connected"


class QueueOut(serializers.Serializer[Any]):
    """What waits to be looked at."""

    waiting = serializers.IntegerField(help_text="Records, each counted once.")
    sending = serializers.IntegerField(help_text="Of them: sent, and not answered yet.")
    oldest_at = serializers.DateTimeField(allow_null=True)


class CallsOut(serializers.Serializer[Any]):
    """Calls to QuickBooks."""

    last_minute = serializers.IntegerField(source="calls_last_minute")
    limit_a_minute = serializers.IntegerField(source="limit")
    metered_this_month = serializers.IntegerField(help_text="Reads that Intuit charges for.")
    metered_forecast = serializers.IntegerField(help_text="At the month's end, as it goes now.")


class NeedsYouOut(serializers.Serializer[Any]):
    """Open issues."""

    errors = serializers.IntegerField()  # type: ignore[assignment]
    conflicts = serializers.IntegerField()


class CountsOut(serializers.Serializer[Any]):
    """One kind of record. Money in the firm's currency; null where it is no money."""

    entity = serializers.CharField()
    way = serializers.CharField(help_text="two_way, push, or blank where it does not sync.")
    is_on = serializers.BooleanField()
    synced = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Of our records.")
    left_out_money = Money(source="money", allow_null=True)
    left_out_there = serializers.IntegerField()
    left_out_there_money = Money(source="money_there", allow_null=True)
    needs_you = serializers.IntegerField()


class ConnectionOut(serializers.Serializer[Any]):
    """The connection to one company."""

    company_id = serializers.CharField()
    company_name = serializers.CharField()
    profile = serializers.ChoiceField(choices=Connection.Profile.choices)
    is_paused = serializers.BooleanField()
    held_reason = serializers.CharField(help_text="Why the brake holds changes back; else blank.")
    state_reason = serializers.CharField(help_text="Why it is not connected; else blank.")
    connected_by = serializers.SerializerMethodField()
    connected_at = serializers.DateTimeField()
    last_synced_at = serializers.DateTimeField(allow_null=True)
    last_webhook_at = serializers.DateTimeField(allow_null=True)

    def get_connected_by(self, connection: Connection) -> str:
        return str(connection.connected_by or "")


class PendingOut(serializers.Serializer[Any]):
    """A consent for another company than the one before, which waits for a decision."""

    company_id = serializers.CharField()
    company_name = serializers.CharField()


class StatusOut(serializers.Serializer[Any]):
    """How the connection stands."""

    state = serializers.ChoiceField(
        choices=[(NOT_CONNECTED, "Never connected"), *Connection.State.choices]
    )
    set_up = serializers.CharField(
        help_text="connect, setup, contacts_synced, turn_on, set_up, disconnected or unavailable: "
        "what is to do next."
    )
    may_connect = serializers.BooleanField()
    why_not = serializers.ListField(
        child=serializers.CharField(), help_text="permission, plan: what the caller lacks."
    )
    environment = serializers.CharField(help_text="Sandbox or Production.")
    connection = ConnectionOut(allow_null=True)
    other_company = PendingOut(allow_null=True)
    sign_in_by = serializers.DateTimeField(
        allow_null=True, help_text="A person must sign in at QuickBooks again by then."
    )
    queue = QueueOut(allow_null=True)
    calls = CallsOut(allow_null=True)
    rests_until = serializers.DateTimeField(
        allow_null=True, help_text="QuickBooks asked us to slow down until then."
    )
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="The change feed was read.")
    next_check_at = serializers.DateTimeField(allow_null=True, help_text="It is read next.")
    synced_today = serializers.IntegerField(allow_null=True)
    needs_you = NeedsYouOut(allow_null=True)
    counts = CountsOut(many=True)


EXAMPLE: dict[str, Any] = {
    "state": "connected",
    "set_up": "set_up",
    "may_connect": True,
    "why_not": [],
    "environment": "Production",
    "connection": {
        "company_id": "9341453718285714",
        "company_name": "Alder & Finch Accounting LLC",
        "profile": "two_way",
        "is_paused": False,
        "held_reason": "",
        "state_reason": "",
        "connected_by": "Priya Raman",
        "connected_at": "2026-11-20T09:12:00Z",
        "last_synced_at": "2026-11-22T10:00:00Z",
        "last_webhook_at": "2026-11-22T09:59:58Z",
    },
    "other_company": None,
    "sign_in_by": "2027-03-01T09:12:00Z",
    "queue": {"waiting": 3, "sending": 1, "oldest_at": "2026-11-22T09:59:59Z"},
    "calls": {
        "last_minute": 12,
        "limit_a_minute": 500,
        "metered_this_month": 41,
        "metered_forecast": 58,
    },
    "rests_until": None,
    "last_seen_at": "2026-11-22T10:00:00Z",
    "next_check_at": "2026-11-22T10:05:00Z",
    "synced_today": 17,
    "needs_you": {"errors": 1, "conflicts": 1},
    "counts": [
        {
            "entity": "invoice",
            "way": "two_way",
            "is_on": True,
            "synced": 213,
            "left_out": 12,
            "left_out_money": "8400.00",
            "left_out_there": 0,
            "left_out_there_money": "0.00",
            "needs_you": 1,
        }
    ],
}


class FindingOut(serializers.Serializer[Any]):
    """One setting of the company, and what follows from it."""

    title = serializers.CharField()
    value = serializers.CharField()
    effect = serializers.CharField()
    level = serializers.CharField(help_text="stop, warn, note or ok; gravest first.")


class Status(BooksView):
    @reads(
        "read_quickbooks_status", StatusOut, "How the connection stands, and what needs a person",
        tag=CONNECTION, sample=EXAMPLE, codes=(),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        now = self.local_now()
        card = queries.card(self.firm)
        reasons = consent.reasons_against(actor=self.actor, firm=self.firm)
        told = {
            "state": card.connection.state if card.connection else NOT_CONNECTED,
            "set_up": card.state,
            "may_connect": not reasons,
            "why_not": [each.value for each in reasons],
            "environment": settings.QUICKBOOKS["environment"],
            "connection": card.connection,
            "other_company": card.pending,
            **_health(card.connection, now),
        }
        return shown(StatusOut, told)


def _health(connection: Connection | None, now: datetime) -> dict[str, Any]:
    """The numbers of the home; none without a connection."""
    if connection is None:
        names = (
            "sign_in_by", "queue", "calls", "rests_until", "last_seen_at", "next_check_at",
            "synced_today", "needs_you",
        )  # fmt: skip
        return {**dict.fromkeys(names), "counts": []}
    tiles = queries.tiles(connection, now=now)
    return {
        "sign_in_by": queries.sign_in_by(connection),
        "queue": tiles.queue,
        "calls": tiles,
        "rests_until": queries.rests_until(connection, now=now),
        "last_seen_at": tiles.cursor.read_at if tiles.cursor else None,
        "next_check_at": tiles.cursor.wanted_at if tiles.cursor else None,
        "synced_today": tiles.synced_today,
        "needs_you": tiles,
        "counts": queries.synced_counts(connection),
    }


class Preflight(BooksView):
    @reads(
        "read_quickbooks_preflight", FindingOut(many=True),
        "Settings of the company that matter, gravest first", tag=CONNECTION,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(FindingOut(preflight.findings(self.connection()), many=True).data)
