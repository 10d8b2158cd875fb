"""The agreement report: whether both sides hold the same, and if not, why."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import LARGEST_ID, Body, Flag, Money
from firms.api.idempotency import idempotent
from firms.api.paging import PageAsked
from integrations.api.frame import RECORDS, BooksView, lists, posts, reads, shown
from integrations.models import AgreementRow, AgreementRun, Connection
from integrations.sync import agreement
from integrations.web import reports

SHOWN = list(reports.SHOWN.items())


class SumsOut(serializers.Serializer[Any]):
    """Records by what was found."""

    agrees = serializers.IntegerField()
    differs = serializers.IntegerField()
    missing = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Ours, by choice or from before.")
    not_held = serializers.IntegerField(help_text="Theirs, for the same reasons.")
    unexplained = serializers.IntegerField(source="red", help_text="Without a known cause.")


class ComparisonOut(serializers.Serializer[Any]):
    """One comparison."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=AgreementRun.State.choices)
    is_full = serializers.BooleanField(help_text="QuickBooks was listed anew: metered reads.")
    words = serializers.SerializerMethodField(help_text="213 records agree, 2 differ, ...")
    sums = serializers.SerializerMethodField()
    why_stopped = serializers.CharField()
    reads_expected = serializers.IntegerField()
    reads = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_words(self, run: AgreementRun) -> str:
        return reports.words(run)

    def get_sums(self, run: AgreementRun) -> SumsOut:
        return SumsOut(agreement.totals(run)).data  # type: ignore[return-value]


class AgreementOut(serializers.Serializer[Any]):
    """The last comparison, and the one under way."""

    last = ComparisonOut(allow_null=True)
    running = ComparisonOut(allow_null=True)
    reads_of_full = serializers.IntegerField(help_text="About what a full one costs now.")


class CompareIn(Body):
    """How it is compared."""

    full = Flag(
        required=False,
        default=False,
        help_text="Lists all that QuickBooks holds first (metered), and takes in what was news.",
    )


class DifferenceOut(serializers.Serializer[Any]):
    """A field that differs, as text."""

    label = serializers.CharField()  # type: ignore[assignment]
    ours = serializers.CharField()
    quickbooks = serializers.CharField(source="theirs")


class AgreementRowOut(serializers.Serializer[Any]):
    """One record, or what one contact owes. Money in the firm's currency; null: not held there."""

    id = serializers.IntegerField(source="row.pk")
    entity = serializers.CharField(source="row.entity", help_text="receivable: a contact's sum.")
    result = serializers.ChoiceField(source="row.result", choices=AgreementRow.Result.choices)
    ours_id = serializers.IntegerField(source="row.local_id", allow_null=True)
    quickbooks_id = serializers.CharField(source="row.remote_id")
    link_id = serializers.IntegerField(source="row.link_id", allow_null=True)
    issue_id = serializers.IntegerField(source="row.issue_id", allow_null=True)
    label = serializers.CharField(source="row.label")  # type: ignore[assignment]
    cause = serializers.CharField(source="row.sentence")
    is_explained = serializers.BooleanField(source="row.is_explained")
    open_here = Money(source="row.ours", allow_null=True)
    open_in_quickbooks = Money(source="row.theirs", allow_null=True)
    not_held_here = Money(source="row.not_held")
    differences = DifferenceOut(source="fields", many=True)


class RowsAsked(PageAsked):
    """Which rows."""

    show = serializers.ChoiceField(choices=SHOWN, required=False, default="differences")
    run = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="The last one unless told."
    )


def _answer(connection: Connection, *, status: int = 200) -> Response:
    told = {
        "last": reports.shown_run(connection, ""),
        "running": reports.running(connection),
        "reads_of_full": agreement.reads_of_full(connection),
    }
    return shown(AgreementOut, told, status=status)


class Agreement(BooksView):
    @reads("read_quickbooks_agreement", AgreementOut, "The last comparison", tag=RECORDS)
    def get(self, request: Request) -> Response:
        return _answer(self.connection())

    @posts(
        "compare_with_quickbooks", CompareIn, AgreementOut,
        "Compare both sides anew, in the background", tag=RECORDS, status=202, sent={"full": False},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        is_full = self.body(CompareIn)["full"]
        connection = self.managed()
        agreement.start(connection=connection, is_full=is_full, **self.act())
        return _answer(connection, status=202)


class Rows(BooksView):
    @lists(
        "list_quickbooks_agreement_rows", AgreementRowOut, RowsAsked,
        "Rows of a comparison: what differs unless told", tag=RECORDS,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(RowsAsked)
        run = reports.shown_run(self.connection(), str(asked.get("run", "")))
        rows = reports.rows(run, asked["show"]) if run else AgreementRow.objects.none()
        page = self.newest_first(rows, asked)
        lines = [reports.line(row) for row in page.rows]
        return self.told(page, AgreementRowOut(lines, many=True).data)
