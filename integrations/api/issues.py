"""What needs a person: issues, their two sides, what can be done, and doing it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import LARGEST_ID, Body, Id, Nothing, Text, Whole
from firms.api.idempotency import idempotent, idempotent_outside
from firms.api.paging import PageAsked
from integrations.api import issue_actions
from integrations.api.frame import ENTITY_CHOICES, ISSUES, BooksView, lists, posts, reads, shown
from integrations.models import Issue
from integrations.reconcile.policy import Side
from integrations.sync import bulk, resolving
from integrations.web import cards
from integrations.web.cards import Card

SIDES = {"ours": Side.LOCAL, "quickbooks": Side.REMOTE}
TOLD = {side.value: name for name, side in SIDES.items()}


class FieldOut(serializers.Serializer[Any]):
    """A field on both sides, as it is stored: the names are those of our records."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    agreed = serializers.JSONField(source="base", allow_null=True, help_text="Before both edits.")
    ours = serializers.JSONField(source="local")
    quickbooks = serializers.JSONField(source="remote")


class GroupOut(serializers.Serializer[Any]):
    """Fields that are decided together."""

    group = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    ours = serializers.JSONField(help_text="Send it as `loses` to keep QuickBooks'.")
    quickbooks = serializers.JSONField(help_text="Send it as `loses` to keep ours.")
    fields = FieldOut(many=True)  # type: ignore[assignment]
    decided = serializers.CharField(allow_null=True, help_text="ours, quickbooks or null.")


class IssueCandidateOut(serializers.Serializer[Any]):
    """A record that may be the same, or the one that is meant."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    dated_on = serializers.CharField(help_text="In words; blank where there is none.")
    amount = serializers.CharField()


class SumOut(serializers.Serializer[Any]):
    """What each side computed."""

    label = serializers.CharField()  # type: ignore[assignment]
    ours = serializers.CharField()
    quickbooks = serializers.CharField(source="theirs")


class NeededOut(serializers.Serializer[Any]):
    """The record that it waits for, and which does not sync."""

    entity = serializers.CharField()
    id = serializers.IntegerField(source="local_id", allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]


class ActionOut(serializers.Serializer[Any]):
    """Something that `resolve` can do."""

    name = serializers.CharField(help_text="Send it as `action`.")
    label = serializers.CharField()  # type: ignore[assignment]
    effect = serializers.CharField(help_text="What it does; blank where the label says it.")
    needs = serializers.ListField(
        child=serializers.CharField(), help_text="What has to be sent along."
    )
    proposal = serializers.CharField(help_text="For what it needs; else blank.")


class IssueOut(serializers.Serializer[Any]):
    """Something that needs a person. A record has one open issue of a kind."""

    id = serializers.IntegerField(source="issue.pk")
    kind = serializers.ChoiceField(source="issue.kind", choices=Issue.Kind.choices)
    kind_label = serializers.CharField(source="issue.get_kind_display")
    state = serializers.ChoiceField(source="issue.state", choices=Issue.State.choices)
    entity = serializers.CharField(source="link.entity")
    link_id = serializers.IntegerField(source="link.pk")
    ours_id = serializers.IntegerField(source="link.local_id", allow_null=True)
    quickbooks_id = serializers.CharField(source="link.remote_id", allow_null=True)
    label = serializers.CharField(source="title")  # type: ignore[assignment]
    sentence = serializers.CharField(source="issue.sentence", help_text="What happened.")
    what_to_do = serializers.CharField(source="issue.what_to_do")
    quickbooks_code = serializers.SerializerMethodField()
    intuit_tid = serializers.SerializerMethodField()
    tries = serializers.IntegerField(source="issue.tries")
    opened_at = serializers.DateTimeField(source="issue.opened_at")
    last_seen_at = serializers.DateTimeField(source="issue.last_seen_at")
    closed_at = serializers.DateTimeField(source="issue.closed_at", allow_null=True)
    closing_note = serializers.CharField(source="issue.closing_note")
    acts_at = serializers.DateTimeField(
        source="issue.decided_at",
        allow_null=True,
        help_text="A decision was made and is sent then; until then undo/ takes it back.",
    )
    conflict = serializers.SerializerMethodField()
    candidates = IssueCandidateOut(many=True)
    sums = SumOut(many=True)
    waits_for = NeededOut(source="needed", allow_null=True)
    actions = serializers.SerializerMethodField()

    def get_quickbooks_code(self, card: Card) -> str:
        return str(card.issue.detail.get("code") or "")

    def get_intuit_tid(self, card: Card) -> str:
        return str(card.issue.detail.get("trace") or "")

    @extend_schema_field(GroupOut(many=True))
    def get_conflict(self, card: Card) -> Any:
        groups = [each for each in card.issue.detail.get("groups", []) if isinstance(each, dict)]
        return GroupOut([_group(card, each) for each in groups], many=True).data

    @extend_schema_field(ActionOut(many=True))
    def get_actions(self, card: Card) -> Any:
        return ActionOut(issue_actions.actions_of(card), many=True).data


def _group(card: Card, told: dict[str, Any]) -> dict[str, Any]:
    keep = card.link.decisions.get(told["group"], {}).get("keep", "")
    return {
        "group": told["group"],
        "label": told.get("label") or told["group"],
        "ours": told["local"],
        "quickbooks": told["remote"],
        "fields": told.get("fields", []),
        "decided": TOLD.get(keep),
    }


class IssuesAsked(PageAsked):
    """Filters of the list."""

    state = serializers.ChoiceField(
        choices=Issue.State.choices, required=False, default=Issue.State.OPEN
    )
    kind = serializers.ChoiceField(choices=Issue.Kind.choices, required=False)
    entity = serializers.ChoiceField(choices=ENTITY_CHOICES, required=False)
    ours_id = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="Of our record."
    )


class GroupIn(Body):
    """Which side of a group is kept."""

    group = Text(max_length=64)
    keep = serializers.ChoiceField(choices=[(each, each) for each in SIDES])
    loses = serializers.DictField(
        help_text="The values of the other side as you read them. If they changed meanwhile: 409."
    )


class DecideIn(Body):
    """Decisions about groups of a conflict; groups that are not named stay open."""

    decisions = serializers.ListField(child=GroupIn(), allow_empty=False, max_length=100)


class ResolveIn(Body):
    """One of the issue's `actions`, with what it needs."""

    action = Text(max_length=64)
    quickbooks_id = Text(required=False, max_length=64)
    candidate_id = Text(required=False, max_length=64)
    name = Text(required=False, max_length=500)
    version = Whole(required=False, min_value=0, max_value=2**31 - 1)
    number = Text(required=False, max_length=64)


class IgnoreIn(Body):
    """Why it can be put aside."""

    reason = Text(max_length=500)


class BulkIn(Body):
    """One action for all open issues of a kind."""

    kind = serializers.ChoiceField(choices=Issue.Kind.choices)
    action = Text(
        max_length=64,
        help_text="keep_ours or keep_quickbooks of conflicts; retry, or a choice that the issues "
        "show and that needs nothing, of others; ignore of all.",
    )
    reason = Text(required=False, max_length=500, help_text="Of ignore.")
    after = Id(required=False, help_text="`last_id` of the call before.")


class RefusedOut(serializers.Serializer[Any]):
    """An issue that could not be decided so."""

    id = serializers.IntegerField()
    detail = serializers.CharField()


class BulkOut(serializers.Serializer[Any]):
    """What became of it."""

    done = serializers.IntegerField()
    refused = RefusedOut(many=True)
    last_id = serializers.IntegerField(
        allow_null=True, help_text="A call takes 300: send it as `after` for the next. null: all."
    )


class RetriedOut(serializers.Serializer[Any]):
    """How many records are looked at again."""

    retried = serializers.IntegerField()


EXAMPLE = {
    "id": 31,
    "kind": "conflict",
    "kind_label": "Changed on both sides",
    "state": "open",
    "entity": "contact",
    "link_id": 77,
    "ours_id": 41,
    "quickbooks_id": "58",
    "label": "Maple Ridge Dental",
    "sentence": "Changed on both sides since the last sync. Nothing is overwritten until you "
    "choose.",
    "what_to_do": "",
    "quickbooks_code": "",
    "intuit_tid": "",
    "tries": 1,
    "opened_at": "2026-11-22T10:00:00Z",
    "last_seen_at": "2026-11-22T10:00:00Z",
    "closed_at": None,
    "closing_note": "",
    "acts_at": None,
    "conflict": [
        {
            "group": "phone",
            "label": "Phone",
            "ours": {"phone": "555 0100"},
            "quickbooks": {"phone": "555 0199"},
            "fields": [
                {
                    "name": "phone",
                    "label": "Phone",
                    "agreed": "555 0000",
                    "ours": "555 0100",
                    "quickbooks": "555 0199",
                }
            ],
            "decided": None,
        }
    ],
    "candidates": [],
    "sums": [],
    "waits_for": None,
    "actions": [],
}
DECISION = {"group": "phone", "keep": "ours", "loses": {"phone": "555 0199"}}


class IssueView(BooksView):
    def answer(self, issue: Issue) -> Response:
        """The issue as it is now."""
        return shown(IssueOut, cards.cards([self.issue(issue.pk)])[0])


class Issues(BooksView):
    @lists(
        "list_quickbooks_issues", IssueOut, IssuesAsked,
        "List what needs a person, the newest first; open ones unless told", tag=ISSUES,
        sample=EXAMPLE,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(IssuesAsked)
        found = Issue.objects.filter(connection=self.connection(), state=asked["state"])
        if "kind" in asked:
            found = found.filter(kind=asked["kind"])
        if "entity" in asked:
            found = found.filter(link__entity=asked["entity"])
        if "ours_id" in asked:
            found = found.filter(link__local_id=asked["ours_id"])
        page = self.newest_first(found.select_related("link", "connection"), asked)
        return self.told(page, IssueOut(cards.cards(page.rows), many=True).data)


class OneIssue(IssueView):
    @reads(
        "read_quickbooks_issue", IssueOut, "Read an issue, with what can be done", tag=ISSUES,
        sample=EXAMPLE,
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.issue(pk))


class Decide(IssueView):
    @posts(
        "decide_quickbooks_conflict", DecideIn, IssueOut,
        "Keep ours or QuickBooks', group by group; sent ten seconds later", tag=ISSUES,
        sent={"decisions": [DECISION]}, sample=EXAMPLE,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        issue, sent = self.issue(pk), self.body(DecideIn)["decisions"]
        resolving.decide(
            issue=issue,
            keep={each["group"]: SIDES[each["keep"]] for each in sent},
            loses={each["group"]: each["loses"] for each in sent},
            **self.act(),
        )
        return self.answer(issue)


class Undo(IssueView):
    @posts(
        "undo_quickbooks_decision", Nothing, IssueOut,
        "Take a decision back before it is sent", tag=ISSUES,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        issue = self.issue(pk)
        self.no_body()
        resolving.undo(issue=issue, **self.act())
        return self.answer(issue)


class Retry(IssueView):
    @posts(
        "retry_quickbooks_issue", Nothing, IssueOut,
        "Look at the record again now; the issue closes when that goes well", tag=ISSUES,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        issue = self.issue(pk)
        self.no_body()
        resolving.retry(issue=issue, **self.act())
        return self.answer(issue)


class Ignore(IssueView):
    @posts(
        "ignore_quickbooks_issue", IgnoreIn, IssueOut,
        "Put an issue aside; it opens again if the record still fails", tag=ISSUES,
        sent={"reason": "The client left."},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        issue = self.issue(pk)
        resolving.ignore(issue=issue, reason=self.body(IgnoreIn)["reason"], **self.act())
        return self.answer(issue)


class Resolve(IssueView):
    @posts(
        "resolve_quickbooks_issue", ResolveIn, IssueOut, "Do one of the issue's actions",
        tag=ISSUES, sent={"action": "link_to_existing", "quickbooks_id": "58"}, asks=True,
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request, pk: int) -> Response:
        issue, sent = self.issue(pk), self.body(ResolveIn)
        self.managed()
        issue_actions.resolve(
            actor=self.actor, issue=issue, action=sent["action"], sent=sent, now=timezone.now()
        )
        return self.answer(issue)


class RetryAll(BooksView):
    @posts(
        "retry_quickbooks_issues", Nothing, RetriedOut,
        "Retry every error, never a conflict", tag=ISSUES, sample={"retried": 14},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        self.no_body()
        count = resolving.retry_all(connection=self.managed(), **self.act())
        return shown(RetriedOut, {"retried": count})


class ResolveKind(BooksView):
    @posts(
        "resolve_quickbooks_issues", BulkIn, BulkOut,
        "Do the same with all open issues of a kind, 300 a call", tag=ISSUES,
        sent={"kind": "conflict", "action": "keep_quickbooks"},
        sample={"done": 12, "refused": [], "last_id": None},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        sent = self.body(BulkIn)
        told = bulk.resolve(connection=self.managed(), **self.act(), **sent)
        refused = [{"id": pk, "detail": why} for pk, why in told.refused.items()]
        return shown(BulkOut, {**vars(told), "refused": refused})
