"""The review lists: rows, what a person or program decides about them, undo."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import Body, Flag, Id, Nothing, Text, Whole
from firms.api.idempotency import idempotent
from firms.api.paging import PageAsked
from integrations.api.frame import SETUP, lists, posts, reads, shown
from integrations.api.setup_frame import RunOut, SetupView, told
from integrations.models import MatchProposal, Setup
from integrations.wizard import decisions, differences, progress, queries, services
from integrations.wizard.decisions import Rows

List = MatchProposal.List
Decision = MatchProposal.Decision
MOST_AT_ONCE = 1000
VERBS = [
    ("match", "With the suggestion"),
    ("unmatch", "Take a pair apart"),
    ("create", "On the side where it is missing"),
    ("leave_out", "Does not sync"),
    ("undecide", "As if nobody had decided"),
]


class OurSideOut(serializers.Serializer[Any]):
    """Our record. `rate` and `sku` are of service items."""

    id = serializers.IntegerField(source="local_id")
    label = serializers.CharField(source="local_label")  # type: ignore[assignment]
    email = serializers.CharField(source="local_email")
    rate = serializers.CharField(source="local_told.rate", default=None, allow_null=True)
    sku = serializers.CharField(source="local_told.sku", default=None, allow_null=True)


class TheirSideOut(serializers.Serializer[Any]):
    """Their record."""

    quickbooks_id = serializers.CharField(source="remote_id")
    label = serializers.CharField(source="remote_label")  # type: ignore[assignment]
    email = serializers.CharField(source="remote_email")
    is_active = serializers.BooleanField(source="remote_is_active")
    rate = serializers.CharField(source="remote_told.rate", default=None, allow_null=True)
    sku = serializers.CharField(source="remote_told.sku", default=None, allow_null=True)


class SuggestionOut(serializers.Serializer[Any]):
    """A record there that looks like ours. It never links by itself."""

    quickbooks_id = serializers.CharField(source="remote_id")
    label = serializers.CharField()  # type: ignore[assignment]
    email = serializers.CharField()


class RowPlanOut(serializers.Serializer[Any]):
    """What linking the two will do, by groups of fields."""

    here = serializers.ListField(child=serializers.CharField(), help_text="Filled in here.")
    there = serializers.ListField(child=serializers.CharField())
    ask = serializers.ListField(child=serializers.CharField(), help_text="Become a conflict.")


class RowOut(serializers.Serializer[Any]):
    """One row of a list."""

    id = serializers.IntegerField()
    ours = serializers.SerializerMethodField()
    theirs = serializers.SerializerMethodField()
    suggestion = SuggestionOut(source="suggested", allow_null=True)
    reason = serializers.CharField(
        source="suggestion_reason", help_text="Why it is suggested, or was not decided by itself."
    )
    group = serializers.CharField(source="key", help_text="Duplicates of one name share it.")
    plan = RowPlanOut(allow_null=True, help_text="null: not worked out yet.")
    differing = serializers.SerializerMethodField(help_text="Of items: name, rate, SKU.")
    is_linked = serializers.BooleanField(help_text="A pair from before this run.")
    decision = serializers.CharField(
        help_text="link, create_there, create_here, leave_out, or blank: not decided."
    )
    decided_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(OurSideOut(allow_null=True))
    def get_ours(self, row: MatchProposal) -> Any:
        return OurSideOut(row).data if row.local_id is not None else None

    @extend_schema_field(TheirSideOut(allow_null=True))
    def get_theirs(self, row: MatchProposal) -> Any:
        return TheirSideOut(row).data if row.remote_id else None

    def get_differing(self, row: MatchProposal) -> list[str]:
        if row.entity != "service_item" or not (row.remote_id or row.suggested):
            return []
        differences.mark_item(row)
        return list(row.differing)  # type: ignore[attr-defined]


class RowsAsked(PageAsked):
    """Filters of a list."""

    q = serializers.CharField(
        required=False, max_length=200, help_text="In a name, e-mail or SKU of either side."
    )
    only_differences = serializers.BooleanField(required=False)


class DecideRowsIn(Body):
    """Rows by id, or with `all` every row that the filters leave; and what is decided."""

    decision = serializers.ChoiceField(choices=VERBS)
    ids = serializers.ListField(child=Id(), required=False, max_length=MOST_AT_ONCE)
    all = Flag(required=False)
    q = Text(required=False, max_length=200, allow_blank=True)
    only_differences = Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("ids")) == bool(attrs.get("all")):
            raise serializers.ValidationError({"ids": ["Name ids, or say all."]})
        return attrs


class UndoIn(Body):
    """As `undo` of an answer said."""

    what = serializers.ChoiceField(
        choices=[("match", "match"), ("unmatch", "unmatch"), *List.choices[:4]]
    )
    decided_at = serializers.DateTimeField()


class DecidedOut(serializers.Serializer[Any]):
    """What was done. Rows that were so already don't count."""

    changed = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.IntegerField())
    undo = UndoIn(allow_null=True, help_text="Send it to undo/ to take it back.")


class UndoneOut(serializers.Serializer[Any]):
    """How many rows are as before."""

    changed = serializers.IntegerField()


class MatchIn(Body):
    """Which record there is the same."""

    quickbooks_id = Text(max_length=64)


class UseTheirsIn(Body):
    """The version of our service item as it was read."""

    version = Whole(min_value=0, max_value=2**31 - 1)


class CandidatesAsked(serializers.Serializer[Any]):
    """What is looked for."""

    q = serializers.CharField(max_length=200, help_text="In a name, e-mail or phone.")


class FoundOut(serializers.Serializer[Any]):
    """A record of QuickBooks that was read."""

    quickbooks_id = serializers.CharField(source="imported.remote_id")
    label = serializers.CharField(source="imported.label")  # type: ignore[assignment]
    email = serializers.CharField(source="imported.email")
    phone = serializers.CharField(source="imported.phone")
    is_active = serializers.BooleanField(source="imported.is_active")
    taken = serializers.CharField(source="reason", help_text="With whom it is matched; else blank.")


ROW = {
    "id": 912,
    "ours": {
        "id": 41, "label": "Maple Ridge Dental", "email": "office@mapleridge.example",
        "rate": None, "sku": None,
    },
    "theirs": None,
    "suggestion": {"quickbooks_id": "58", "label": "Maple Ridge", "email": ""},
    "reason": "Near name",
    "group": "maple ridge dental",
    "plan": None,
    "differing": [],
    "is_linked": False,
    "decision": "",
    "decided_at": None,
}  # fmt: skip


class OneList(SetupView):
    @lists(
        "list_quickbooks_setup_rows", RowOut, RowsAsked,
        "Rows of a list in the order of their names: matched, unmatched, duplicates or new",
        tag=SETUP, sample=ROW,
    )  # fmt: skip
    def get(self, request: Request, half: str, name: str) -> Response:
        setup, asked = self.review(half, name), self.asked(RowsAsked)
        rows = queries.rows_of(
            setup,
            name,
            text=asked.get("q", ""),
            only_differences=asked.get("only_differences", False),
        )
        found = rows.select_related("suggested").defer("suggested__raw")
        page = self.in_order(found, asked, by=("sort_key", "id"), is_rising=True)
        return self.told(page, RowOut(page.rows, many=True).data)


class Seen(SetupView):
    @posts(
        "see_quickbooks_setup_list", Nothing, RunOut,
        "Say that a list was looked at: each has to be before the sync", tag=SETUP,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, half: str, name: str) -> Response:
        self.no_body()
        setup = self.review(half, name)
        services.see_list(**self.act(setup=setup, name=name))
        return shown(RunOut, told(setup))


class Decide(SetupView):
    @posts(
        "decide_quickbooks_setup_rows", DecideRowsIn, DecidedOut, "Decide about rows of a list",
        tag=SETUP, sent={"decision": "create", "ids": [912, 913]},
        sample={
            "changed": 2, "ids": [912, 913],
            "undo": {"what": "unmatched", "decided_at": "2026-11-20T09:20:31.123456Z"},
        },
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, half: str, name: str) -> Response:
        setup, sent = self.review(half, name), self.body(DecideRowsIn)
        verb = sent["decision"]
        if verb == "create":
            verb = Decision.CREATE_HERE if name == List.NEW else Decision.CREATE_THERE
        rows = Rows(
            ids=sent.get("ids", ()),
            is_all=sent.get("all", False),
            text=sent.get("q", ""),
            only_differences=sent.get("only_differences", False),
        )
        act = self.act(setup=setup)
        ids = decisions.carry_out(verb, name=name, rows=rows, **act)
        undo = {"what": verb if verb in ("match", "unmatch") else name, "decided_at": act["now"]}
        can_undo = ids and verb != "undecide"
        return shown(
            DecidedOut, {"changed": len(ids), "ids": ids, "undo": undo if can_undo else None}
        )


class Undo(SetupView):
    @posts(
        "undo_quickbooks_setup_decision", UndoIn, UndoneOut,
        "Take back what was decided, where nobody decided otherwise since", tag=SETUP,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, half: str) -> Response:
        setup, sent = self.review(half), self.body(UndoIn)
        return shown(UndoneOut, {"changed": decisions.undo(**self.act(setup=setup), **sent)})


class _OneRow(SetupView):
    def open_row(self, half: str, pk: int) -> tuple[Setup, MatchProposal]:
        """The run and one of its rows, while the lists are open. Raises Http404, NotOpen."""
        setup = self.run(half)
        row = self.row(setup, pk)
        progress.must_review(setup)
        return setup, row

    def row(self, setup: Setup, pk: int) -> MatchProposal:
        rows = queries.proposals_of(setup).filter(local_id__isnull=False)
        found: MatchProposal = self.found(
            rows.select_related("suggested").defer("suggested__raw"), pk
        )
        return found


class MatchRow(_OneRow):
    @posts(
        "match_quickbooks_setup_row", MatchIn, RowOut,
        "Match one of our records with one that was read", tag=SETUP, sent={"quickbooks_id": "58"},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, half: str, pk: int) -> Response:
        setup, row = self.open_row(half, pk)
        decisions.match(
            **self.act(setup=setup, row_id=row.pk, remote_id=self.body(MatchIn)["quickbooks_id"])
        )
        return shown(RowOut, self.row(setup, pk))


class Candidates(_OneRow):
    @reads(
        "find_for_quickbooks_setup_row", FoundOut(many=True),
        "Records that were read, by a part of their name, e-mail or phone; at most 20", tag=SETUP,
        asked=CandidatesAsked,
    )  # fmt: skip
    def get(self, request: Request, half: str, pk: int) -> Response:
        setup, _ = self.open_row(half, pk)
        found = queries.find_in_books(setup, self.asked(CandidatesAsked)["q"])
        return Response(FoundOut(found, many=True).data)


class UseTheirs(_OneRow):
    @posts(
        "use_quickbooks_item", UseTheirsIn, RunOut,
        "Copy name, rate and SKU of the closest item there to ours, which then match", tag=SETUP,
        sent={"version": 3},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        setup, row = self.open_row("services", pk)
        version = self.body(UseTheirsIn)["version"]
        decisions.use_theirs(**self.act(setup=setup, row_id=row.pk, version=version))
        return shown(RunOut, told(setup))
