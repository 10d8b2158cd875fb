"""The dry runs of set-up, the two syncs that they promise, and their reports."""

from __future__ import annotations

from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import Body, Flag, Money, Text
from firms.api.idempotency import idempotent
from integrations.api.frame import SETUP, posts, reads, shown
from integrations.api.rules import ChoiceOut
from integrations.api.setup_frame import RunOut, SetupView, told
from integrations.models import Setup
from integrations.sync.rules import lists_of as short_lists_of
from integrations.wizard import dry_run, ledger, queries, report, syncing
from integrations.wizard.answers import Answers
from integrations.wizard.ledger import Choice
from integrations.wizard.report import Line

STARTS = [("all", "All invoices"), ("from", "From a date")]


class PlanOut(serializers.Serializer[Any]):
    """What Sync will do, in records; `..._fields` count fields."""

    link = serializers.IntegerField()
    linked_before = serializers.IntegerField()
    create_here = serializers.IntegerField()
    create_here_archived = serializers.IntegerField(help_text="Of create_here.")
    create_there = serializers.IntegerField()
    update_here = serializers.IntegerField()
    update_here_fields = serializers.IntegerField()
    update_there = serializers.IntegerField()
    update_there_fields = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    conflict_fields = serializers.IntegerField()
    skip_unmatched = serializers.IntegerField()
    skip_duplicates = serializers.IntegerField()
    skip_new = serializers.IntegerField()


class ContactsPlanOut(PlanOut):
    """The dry run of the contacts. Sync does this and nothing else, or refuses."""

    digest = serializers.CharField(help_text="Send it with sync/.")


class FigureOut(serializers.Serializer[Any]):
    """How many, and what they come to in the firm's currency."""

    number = serializers.IntegerField()
    money = Money()


class TotalsOut(serializers.Serializer[Any]):
    """What Sync will do with invoices, or with payments."""

    link = FigureOut()
    linked_before = FigureOut()
    create_here = FigureOut()
    create_there = FigureOut()
    open_older = FigureOut(help_text="Of create_here: only because they are unpaid there.")
    older_here = FigureOut(help_text="Left alone.")
    older_there = FigureOut()
    held_here = FigureOut(help_text="Their contact does not sync.")
    held_there = FigureOut()
    update_here = FigureOut()
    update_there = FigureOut()
    conflicts = FigureOut()


class ServicesPlanOut(serializers.Serializer[Any]):
    """The dry run of service items, invoices and payments, by these answers."""

    digest = serializers.CharField(help_text="Send it with sync/ and the same answers.")
    items = PlanOut()
    invoices = TotalsOut()
    payments = TotalsOut()


class OffersAsked(serializers.Serializer[Any]):
    """The first day of the second choice."""

    since = serializers.DateField(required=False, help_text="The day of connecting unless told.")
    brings_open = serializers.BooleanField(required=False, default=True)


class OffersOut(serializers.Serializer[Any]):
    """What stands beside each of the two choices, for invoices. Neither is chosen already."""

    income_accounts = ChoiceOut(many=True)
    income_account = serializers.CharField(help_text="Chosen before; else blank.")
    since = serializers.DateField()
    all = TotalsOut()
    from_since = TotalsOut()


class AnswersAsked(serializers.Serializer[Any]):
    """The answers that the dry run is made for."""

    income_account = serializers.CharField(max_length=64, help_text="Its Id; see offers/.")
    start = serializers.ChoiceField(choices=STARTS)
    since = serializers.DateField(required=False, help_text="With start=from: the first day.")
    brings_open = serializers.BooleanField(
        required=False,
        default=True,
        help_text="With start=from: older ones that are unpaid there come in all the same.",
    )


class ContactsSyncIn(Body):
    """What was shown."""

    digest = Text(max_length=64)


class ServicesSyncIn(Body):
    """The answers, and what was shown for them."""

    digest = Text(max_length=64)
    income_account = Text(max_length=64)
    start = serializers.ChoiceField(choices=STARTS)
    since = serializers.DateField(required=False, allow_null=True)
    brings_open = Flag(required=False, default=True)


class NeedingOut(serializers.Serializer[Any]):
    """A record that needs a person."""

    entity = serializers.CharField(source="row.entity")
    ours_id = serializers.IntegerField(source="row.local_id", allow_null=True)
    quickbooks_id = serializers.CharField(source="row.remote_id")
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    issue_id = serializers.IntegerField(source="issue.pk")
    reason = serializers.CharField()
    what_to_do = serializers.CharField()

    def get_label(self, line: Line) -> str:
        return line.row.local_label or line.row.remote_label


class FactOut(serializers.Serializer[Any]):
    """One number of the report."""

    label = serializers.CharField()  # type: ignore[assignment]
    number = serializers.IntegerField()


class ReportOut(serializers.Serializer[Any]):
    """How the sync went, as it is now."""

    sentence = serializers.CharField()
    planned = serializers.IntegerField()
    done = serializers.IntegerField()
    needs_you = serializers.IntegerField()
    facts = FactOut(many=True)
    needing = NeedingOut(many=True, help_text="At most 300.")


class ContactsPlan(SetupView):
    @reads(
        "read_quickbooks_contacts_plan", ContactsPlanOut,
        "The dry run: what Sync contacts will do", tag=SETUP,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        setup = self.review("contacts")
        return shown(ContactsPlanOut, dry_run.plan(setup, setup.entity))


class SyncContacts(SetupView):
    @posts(
        "sync_quickbooks_contacts", ContactsSyncIn, RunOut,
        "Link and create contacts as the dry run said; every list has to be seen", tag=SETUP,
        status=202, sent={"digest": "9f86d081884c7d65"},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        setup, digest = self.run("contacts"), self.body(ContactsSyncIn)["digest"]
        syncing.confirm(**self.act(setup=setup, shown=digest))
        return _confirmed(setup)


class Offers(SetupView):
    @reads(
        "read_quickbooks_invoice_choices", OffersOut,
        "All invoices or from a date: counts and money of both choices", tag=SETUP,
        asked=OffersAsked,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        setup, asked = self.review("services"), self.asked(OffersAsked)
        now = self.local_now()
        ledger.refresh(setup, now=now)
        connected_on = setup.connection.connected_at.astimezone(now.tzinfo).date()
        since = asked.get("since", connected_on)
        choice = Choice(since=since, brings_open=asked["brings_open"])
        chosen = setup.connection.defaults.get("income_account") or {}
        told = {
            "income_accounts": short_lists_of(setup.connection, "income_accounts"),
            "income_account": chosen.get("id") or "",
            "since": since,
            "all": ledger.totals(setup, ledger.INVOICE, Choice(since=None)),
            "from_since": ledger.totals(setup, ledger.INVOICE, choice),
        }
        return shown(OffersOut, told)


class ServicesPlan(SetupView):
    @reads(
        "read_quickbooks_services_plan", ServicesPlanOut,
        "The dry run: what Sync service items will do, by your answers", tag=SETUP,
        asked=AnswersAsked, codes=(404, 409, 422),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        setup = self.review("services")
        answers = _answers(self.asked(AnswersAsked), self.local_now().date())
        ledger.refresh(setup, now=self.local_now())
        return shown(ServicesPlanOut, dry_run.plan_services(setup, answers))


class SyncServices(SetupView):
    @posts(
        "sync_quickbooks_services", ServicesSyncIn, RunOut,
        "Sync service items, invoices and payments as the dry run said", tag=SETUP, status=202,
        sent={"digest": "9f86d081884c7d65", "income_account": "79", "start": "all"},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        setup, sent = self.run("services"), self.body(ServicesSyncIn)
        answers = _answers(sent, self.local_now().date())
        syncing.confirm_services(**self.act(setup=setup, shown=sent["digest"], answers=answers))
        return _confirmed(setup)


class Report(SetupView):
    @reads("read_quickbooks_setup_report", ReportOut, "How a sync of set-up went", tag=SETUP)
    def get(self, request: Request, half: str) -> Response:
        setup = self.run(half)
        if setup.confirmed_at is None:
            raise syncing.NotReady("Nothing was synced yet, so there is nothing to report.")
        totals = report.totals(setup)
        needing = [line for line in report.lines(setup) if line.needs_you][: queries.PAGE]
        told = {
            "sentence": report.sentence(totals),
            "planned": totals.get("planned", 0),
            "done": totals.get("done", 0),
            "needs_you": totals.get("needs_you", 0),
            "facts": [
                {"label": label, "number": number} for label, number in report.facts(setup, totals)
            ],
            "needing": needing,
        }
        return shown(ReportOut, told)


def _confirmed(setup: Setup) -> Response:
    setup.refresh_from_db()
    return shown(RunOut, told(setup), status=202)


def _answers(sent: dict[str, Any], today: date) -> Answers:
    """As the form of the page reads them: a first day where one is asked for, and not to come."""
    is_from = sent["start"] == "from"
    since: date | None = sent.get("since") if is_from else None
    if is_from and since is None:
        raise serializers.ValidationError({"since": ["Enter the first day whose invoices sync"]})
    if since is not None and since > today:
        raise serializers.ValidationError({"since": ["The first day can't be in the future"]})
    return Answers(
        income_account=sent["income_account"],
        since=since,
        brings_open=sent["brings_open"] if is_from else True,
    )
