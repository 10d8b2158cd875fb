"""The walk through set-up: what is next, reading QuickBooks, skip, finish, restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import Body, Nothing
from firms.api.idempotency import idempotent, idempotent_outside
from integrations.api.frame import SETUP, posts, reads, shown
from integrations.api.setup_frame import EXAMPLE, RunOut, SetupView, told
from integrations.models import Setup
from integrations.sync import connections
from integrations.wizard import importing, services


class BookCountsOut(serializers.Serializer[Any]):
    """Customers in QuickBooks by what `which` lets in."""

    all = serializers.IntegerField()
    active = serializers.IntegerField()
    inactive = serializers.IntegerField()


class SetupOut(serializers.Serializer[Any]):
    """Where set-up stands."""

    contacts = RunOut()
    services = RunOut(
        allow_null=True, help_text="null until contacts are synced, or without the licence."
    )


class CustomersOut(serializers.Serializer[Any]):
    """How many customers there are to choose from."""

    customers = BookCountsOut(allow_null=True, help_text="null: QuickBooks did not answer.")


class StartIn(Body):
    """Which contacts of QuickBooks are read; service items need no choice."""

    which = serializers.ChoiceField(choices=Setup.Filter.choices, required=False)


class WholeSetup(SetupView):
    @reads(
        "read_quickbooks_setup", SetupOut, "Where set-up stands, and what is next", tag=SETUP,
        sample={"contacts": EXAMPLE, "services": None},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        contacts, second = self.run("contacts"), self.run_if_any("services")
        return shown(
            SetupOut, {"contacts": told(contacts), "services": told(second) if second else None}
        )


class Half(SetupView):
    @reads(
        "read_quickbooks_setup_half", RunOut, "Where one half stands: contacts or services",
        tag=SETUP, sample=EXAMPLE,
    )  # fmt: skip
    def get(self, request: Request, half: str) -> Response:
        return shown(RunOut, told(self.run(half)))


class Customers(SetupView):
    @reads(
        "count_quickbooks_customers", CustomersOut,
        "Customers by what can be chosen; asked of QuickBooks at most every ten minutes", tag=SETUP,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        setup = self.run("contacts")
        counts = importing.book_counts(setup, now=self.local_now())
        return shown(CustomersOut, {"customers": counts})


class _Act(SetupView):
    def do(self, half: str, service: Callable[..., Any], *, status: int = 200) -> Response:
        """One call of a service that takes nothing but the run."""
        self.no_body()
        setup = self.run(half)
        service(**self.act(setup=setup))
        return self.answer(setup, status=status)

    def answer(self, setup: Setup, *, status: int = 200) -> Response:
        setup.refresh_from_db()
        return shown(RunOut, told(setup), status=status)


class Start(_Act):
    @posts(
        "start_quickbooks_import", StartIn, RunOut,
        "Read QuickBooks in the background; for contacts say which", tag=SETUP, status=202,
        sent={"which": "active"}, sample=EXAMPLE,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, half: str) -> Response:
        setup, sent = self.run(half), self.body(StartIn)
        if setup.half == Setup.Half.BILLING:
            services.start_services(**self.act(setup=setup))
        elif "which" in sent:
            services.choose(**self.act(setup=setup, which=sent["which"]))
        else:
            raise serializers.ValidationError({"which": ["Say all, active or inactive."]})
        return self.answer(setup, status=202)


class Stop(_Act):
    @posts(
        "stop_quickbooks_import", Nothing, RunOut, "Stop reading, and keep nothing of it", tag=SETUP
    )
    @idempotent
    def post(self, request: Request, half: str) -> Response:
        return self.do(half, services.stop_import)


class Again(_Act):
    @posts(
        "read_quickbooks_again", Nothing, RunOut, "Read everything anew; decisions stay",
        tag=SETUP, status=202,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, half: str) -> Response:
        return self.do(half, services.start_again, status=202)


class CarryOn(_Act):
    @posts(
        "carry_on_quickbooks_import", Nothing, RunOut, "Go on reading from where it stopped",
        tag=SETUP, status=202,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, half: str) -> Response:
        return self.do(half, services.carry_on, status=202)


class CheckAgain(_Act):
    @posts(
        "check_quickbooks_lists_again", Nothing, RunOut,
        "Ask what changed since the lists were made, and make them anew", tag=SETUP, asks=True,
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request, half: str) -> Response:
        return self.do(half, importing.check_again)


class Skip(_Act):
    @posts(
        "skip_quickbooks_services", Nothing, RunOut,
        "Go on without service items and invoices; they can be started later", tag=SETUP,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        return self.do("services", services.skip_services)


class Finish(_Act):
    @posts(
        "finish_quickbooks_setup", Nothing, RunOut, "Set-up is over, and its last page was read",
        tag=SETUP,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        return self.do("services", services.finish)


class Restart(_Act):
    @posts(
        "restart_quickbooks_setup", Nothing, RunOut,
        "Walk set-up again with today's links as its start; what is linked keeps syncing",
        tag=SETUP,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        self.no_body()
        return self.answer(connections.restart(**self.act(connection=self.managed())))
