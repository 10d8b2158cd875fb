"""The rules of the connection, what they choose from, and which way it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api import docs, problems
from firms.api.fields import Body, Flag, Id, Nothing, Text
from firms.api.idempotency import idempotent, idempotent_outside
from firms.api.preconditions import etag, version_needed
from integrations.api.frame import CONNECTION, BooksView, posts, reads, shown
from integrations.api.status import ConnectionOut
from integrations.models import Connection, TaxCode
from integrations.reconcile.policy import Direction, OnConflict
from integrations.sync import rule_changes, rule_values, turn_on

problems.register(rule_changes.RulesChanged, 412)

# How a side is called here.
TOLD = {OnConflict.ASK: "ask", OnConflict.LOCAL: "ours", OnConflict.REMOTE: "quickbooks"}
MEANT = {word: each for each, word in TOLD.items()}
ON_CONFLICT = [
    ("ask", "Ask a person"),
    ("ours", "Keep ours"),
    ("quickbooks", "Keep QuickBooks'"),
]
DIRECTIONS = [
    (Direction.TWO_WAY.value, "Both ways"),
    (Direction.PUSH.value, "To QuickBooks only"),
]


class TaxCodeOf(Body):
    """The tax code in QuickBooks that one of our tax rates means."""

    tax_rate_id = Id()
    tax_code_id = Text(max_length=64, help_text="Its Id in QuickBooks.")


class RulesIn(Body):
    """What decides by itself. Rules that are not named stay."""

    on_conflict = serializers.ChoiceField(
        choices=ON_CONFLICT, help_text="Both sides changed the same field."
    )
    syncs_notes = Flag(help_text="Notes of contacts go along.")
    syncs_private_notes = Flag(
        help_text="Private notes of invoices become the memo, which statements print."
    )
    invoices_direction = serializers.ChoiceField(choices=DIRECTIONS)
    number_rule = serializers.ChoiceField(choices=Connection.NumberRule.choices)
    void_rule = serializers.ChoiceField(choices=Connection.VoidRule.choices)
    service_item = Text(
        max_length=64,
        allow_blank=True,
        allow_null=True,
        help_text="The default service, its Id in QuickBooks; null for none.",
    )
    income_account = Text(max_length=64, allow_blank=True, allow_null=True)
    deposit_account = Text(max_length=64, allow_blank=True, allow_null=True)
    tax_codes = serializers.ListField(
        child=TaxCodeOf(), max_length=500, help_text="All of them; a rate that is missing has none."
    )


class RulesOut(serializers.Serializer[Any]):
    """What decides by itself. "" is no default."""

    on_conflict = serializers.ChoiceField(choices=ON_CONFLICT)
    syncs_notes = serializers.BooleanField()
    syncs_private_notes = serializers.BooleanField()
    invoices_direction = serializers.ChoiceField(choices=DIRECTIONS)
    number_rule = serializers.ChoiceField(choices=Connection.NumberRule.choices)
    void_rule = serializers.ChoiceField(choices=Connection.VoidRule.choices)
    service_item = serializers.CharField()
    income_account = serializers.CharField()
    deposit_account = serializers.CharField()
    tax_codes = TaxCodeOf(many=True)


class ChoiceOut(serializers.Serializer[Any]):
    """A record of the company that can be chosen."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class TaxCodeOut(serializers.Serializer[Any]):
    """A tax code of the company."""

    id = serializers.CharField(source="remote_id")
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    parts = serializers.JSONField(help_text='[{"name": "...", "percent": "8.7"}]')
    tax_rate_id = serializers.IntegerField(allow_null=True)


class ChoicesOut(serializers.Serializer[Any]):
    """What the rules choose from, as last read."""

    service_item = ChoiceOut(many=True)
    income_account = ChoiceOut(many=True)
    deposit_account = ChoiceOut(many=True)
    tax_codes = TaxCodeOut(many=True)


EXAMPLE = {
    "on_conflict": "ask",
    "syncs_notes": False,
    "syncs_private_notes": False,
    "invoices_direction": "two_way",
    "number_rule": "ours",
    "void_rule": "void",
    "service_item": "19",
    "income_account": "79",
    "deposit_account": "",
    "tax_codes": [{"tax_rate_id": 3, "tax_code_id": "2"}],
}


def _meant(sent: dict[str, Any]) -> dict[str, Any]:
    """As `rule_changes.set_rules` takes it."""
    wanted = dict(sent)
    if "on_conflict" in wanted:
        wanted["on_conflict"] = MEANT[wanted["on_conflict"]].value
    if "tax_codes" in wanted:
        pairs = wanted["tax_codes"]
        wanted["tax_codes"] = {each["tax_rate_id"]: each["tax_code_id"] for each in pairs}
    return wanted


def _answer(connection: Connection) -> Response:
    now = rule_values.current(connection)
    codes = [
        {"tax_rate_id": rate, "tax_code_id": code}
        for rate, code in sorted(now["tax_codes"].items())
    ]
    told = {**now, "on_conflict": TOLD[OnConflict(now["on_conflict"])], "tax_codes": codes}
    response = shown(RulesOut, told)
    response["ETag"] = etag(rule_values.version(now))
    return response


class Rules(BooksView):
    @reads(
        "read_quickbooks_rules", RulesOut, "Read the rules", tag=CONNECTION, sample=EXAMPLE,
        is_versioned=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return _answer(self.connection())

    @docs.patches(
        "update_quickbooks_rules", RulesIn, RulesOut, tag=CONNECTION,
        summary="Change the rules that are named", sent={"on_conflict": "quickbooks"},
        sample=EXAMPLE,
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        connection = self.managed()
        current = rule_values.version(rule_values.current(connection))
        version = version_needed(request, current=current)
        wanted = _meant(self.body(RulesIn, partial=True))
        rule_changes.set_rules(**self.act(connection=connection, version=version), **wanted)
        return _answer(connection)


class Choices(BooksView):
    @reads("read_quickbooks_rule_choices", ChoicesOut, "What the rules choose from", tag=CONNECTION)
    def get(self, request: Request) -> Response:
        return _choices(self.connection())


def _choices(connection: Connection) -> Response:
    found: dict[str, Any] = {
        name: rule_values.choices(connection, name) for name in rule_values.DEFAULTS
    }
    codes = TaxCode.objects.filter(connection=connection).order_by("name", "pk")
    return shown(ChoicesOut, {**found, "tax_codes": codes})


class ReadLists(BooksView):
    @posts(
        "read_quickbooks_lists", Nothing, ChoicesOut,
        "Read accounts, tax codes and services of the company anew: about six metered reads",
        tag=CONNECTION, asks=True,
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request) -> Response:
        self.no_body()
        connection = self.managed()
        rule_changes.read_lists(**self.act(connection=connection))
        return _choices(connection)


class _Move(BooksView):
    def move(self, service: Callable[..., Any]) -> Response:
        self.no_body()
        connection = self.managed()
        service(**self.act(connection=connection))
        return shown(ConnectionOut, connection)


class GoTwoWay(_Move):
    @posts(
        "move_quickbooks_to_both_ways", Nothing, ConnectionOut,
        "From one way to both: set-up begins", tag=CONNECTION,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        return self.move(turn_on.go_two_way)


class GoOneWay(_Move):
    @posts(
        "move_quickbooks_to_one_way", Nothing, ConnectionOut,
        "From both ways to QuickBooks only: it rests until it is turned on", tag=CONNECTION,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        return self.move(turn_on.go_push_only)
