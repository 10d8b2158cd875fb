"""A one-way connection: what it needs before it is on, and its test invoice."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import Body, Nothing, Text
from firms.api.idempotency import idempotent, idempotent_outside
from integrations.api.frame import CONNECTION, BooksView, posts, reads, shown
from integrations.api.rules import ChoiceOut
from integrations.models import Connection
from integrations.sync import rule_values, trial, turn_on


class TurnOnIn(Body):
    """What a one-way connection needs. Ids are those of rules/choices/."""

    service_item = Text(max_length=64, help_text="The service that each line goes out on.")
    deposit_account = Text(
        max_length=64, required=False, allow_blank=True, help_text='"": Undeposited Funds.'
    )
    number_rule = serializers.ChoiceField(choices=Connection.NumberRule.choices, required=False)


class TurnedOnOut(serializers.Serializer[Any]):
    """It is on."""

    left_out = serializers.IntegerField(
        help_text="Older invoices and payments that stay here; they can be created one by one."
    )


class ServiceIn(Body):
    """A service to be made in QuickBooks, for lines to go out on."""

    name = Text(max_length=100)
    income_account = Text(max_length=64, help_text="Its Id in QuickBooks; see rules/choices/.")


class TestOut(serializers.Serializer[Any]):
    """How far the last test is. It makes an invoice of 1.00, finds it there, and voids it."""

    invoice_id = serializers.IntegerField()
    number = serializers.CharField()
    number_there = serializers.CharField()
    made_at = serializers.DateTimeField()
    is_going_on = serializers.BooleanField()
    is_there = serializers.BooleanField(help_text="It was sent.")
    is_checked = serializers.BooleanField(help_text="It was read there, and is the same.")
    is_void = serializers.BooleanField()
    is_gone = serializers.BooleanField(help_text="It was deleted there again: the test went well.")
    problem = serializers.CharField(help_text="Why it does not go on; else blank.")


class LastTestOut(serializers.Serializer[Any]):
    """The newest test; null where there was none."""

    test = TestOut(allow_null=True)


class TurnOn(BooksView):
    @posts(
        "turn_on_quickbooks", TurnOnIn, TurnedOnOut,
        "Start a one-way connection: what is sent from now on goes to QuickBooks", tag=CONNECTION,
        sent={"service_item": "19", "deposit_account": "", "number_rule": "theirs"},
        sample={"left_out": 12},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        sent = {
            "deposit_account": "",
            "number_rule": Connection.NumberRule.THEIRS,
            **self.body(TurnOnIn),
        }
        left = turn_on.turn_on(**self.act(connection=self.managed()), **sent)
        return shown(TurnedOnOut, {"left_out": left})


class NewService(BooksView):
    @posts(
        "create_quickbooks_service", ServiceIn, ChoiceOut,
        "Make a service in QuickBooks, or find the one of this name", tag=CONNECTION, status=201,
        sent={"name": "Sales", "income_account": "79"}, sample={"id": "19", "label": "Sales"},
        asks=True,
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request) -> Response:
        sent, connection = self.body(ServiceIn), self.managed()
        made = turn_on.create_service(**self.act(connection=connection), **sent)
        offered = rule_values.choices(connection, "service_item")
        return shown(ChoiceOut, next(each for each in offered if each["id"] == made), status=201)


class TestInvoice(BooksView):
    @reads("read_test_invoice", LastTestOut, "How the last test goes", tag=CONNECTION)
    def get(self, request: Request) -> Response:
        return self.last(self.connection())

    @posts(
        "make_test_invoice", Nothing, LastTestOut,
        "Send an invoice of 1.00 on trial; it is voided by itself", tag=CONNECTION, status=202,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        self.no_body()
        connection = self.managed()
        trial.begin(**self.act(connection=connection))
        return self.last(connection, status=202)

    def last(self, connection: Connection, *, status: int = 200) -> Response:
        test = trial.last(connection)
        now = timezone.now()
        told = test and {**vars(test), "is_going_on": test.is_going_on(now)}
        return shown(LastTestOut, {"test": told}, status=status)
