"""Pairs: which of our records is which of theirs, and what can be done with one."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import LARGEST_ID, Body, Id, Nothing, Text
from firms.api.idempotency import idempotent
from firms.api.paging import PageAsked
from integrations.api.frame import ENTITY_CHOICES, RECORDS, BooksView, lists, posts, reads, shown
from integrations.models import Link
from integrations.sync import links as services
from integrations.web import find
from integrations.web.find import Candidate


class LinkOut(serializers.Serializer[Any]):
    """Our record and theirs. Either id is null while there is none."""

    id = serializers.IntegerField()
    entity = serializers.ChoiceField(choices=ENTITY_CHOICES)
    state = serializers.ChoiceField(choices=Link.State.choices)
    ours_id = serializers.IntegerField(source="local_id", allow_null=True)
    quickbooks_id = serializers.CharField(source="remote_id", allow_null=True)
    label = serializers.CharField(help_text="Our name of it, else theirs.")  # type: ignore[assignment]
    quickbooks_label = serializers.CharField(source="remote_label")
    ours_version = serializers.IntegerField(
        source="local_version", allow_null=True, help_text="When it was last looked at."
    )
    quickbooks_version = serializers.IntegerField(
        source="remote_version", allow_null=True, help_text="Its SyncToken, as last seen."
    )
    quickbooks_changed_at = serializers.DateTimeField(source="remote_changed_at", allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True, help_text="Our last write there.")
    is_read_only = serializers.BooleanField(help_text="It only comes in.")
    rests = serializers.ChoiceField(
        choices=[("", "It does not rest"), *Link.Rests.choices],
        help_text="Why it is not looked at.",
    )
    wakes_at = serializers.DateTimeField(
        source="wake_at", allow_null=True, help_text="It is looked at next."
    )
    blocked_on = serializers.IntegerField(
        source="blocked_on_id", allow_null=True, help_text="The link that it waits for."
    )
    attempts = serializers.IntegerField(help_text="Failures in a row.")


class LinksAsked(PageAsked):
    """Filters of the list; several narrow it together."""

    entity = serializers.ChoiceField(choices=ENTITY_CHOICES, required=False)
    state = serializers.ChoiceField(choices=Link.State.choices, required=False)
    ours_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    quickbooks_id = serializers.CharField(required=False, max_length=64)
    q = serializers.CharField(required=False, max_length=200, help_text="In either name.")


class PairIn(Body):
    """Our record and theirs are one."""

    entity = serializers.ChoiceField(choices=ENTITY_CHOICES)
    ours_id = Id()
    quickbooks_id = Text(max_length=64)


class CandidatesAsked(serializers.Serializer[Any]):
    """Which record of ours, and what is looked for; its name unless told."""

    entity = serializers.ChoiceField(choices=ENTITY_CHOICES)
    ours_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    q = serializers.CharField(required=False, max_length=200)


class PartnerOut(serializers.Serializer[Any]):
    """A record of QuickBooks that may be the same. Nothing links by itself."""

    quickbooks_id = serializers.CharField(source="remote_id")
    label = serializers.CharField()  # type: ignore[assignment]
    email = serializers.CharField()
    phone = serializers.CharField()
    amount = serializers.CharField()
    dated_on = serializers.CharField(help_text="In words; blank where there is none.")
    is_active = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why it may be: same email, ...; else blank.")
    linked_to = serializers.CharField(help_text="Ours that it is linked with; else blank.")


COLUMNS = {
    "entity": "entity",
    "state": "state",
    "ours_id": "local_id",
    "quickbooks_id": "remote_id",
}
EXAMPLE = {
    "id": 77,
    "entity": "contact",
    "state": "linked",
    "ours_id": 41,
    "quickbooks_id": "58",
    "label": "Maple Ridge Dental",
    "quickbooks_label": "Maple Ridge Dental",
    "ours_version": 4,
    "quickbooks_version": 2,
    "quickbooks_changed_at": "2026-11-22T09:58:00Z",
    "sent_at": "2026-11-22T10:00:00Z",
    "is_read_only": False,
    "rests": "",
    "wakes_at": None,
    "blocked_on": None,
    "attempts": 0,
}


class Links(BooksView):
    @lists(
        "list_quickbooks_links", LinkOut, LinksAsked, "List pairs, the newest first", tag=RECORDS,
        sample=EXAMPLE,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(LinksAsked)
        found = Link.objects.filter(connection=self.connection()).defer("base", "seen", "kept")
        found = found.filter(
            **{column: asked[name] for name, column in COLUMNS.items() if name in asked}
        )
        if "q" in asked:
            found = found.filter(services.is_called(asked["q"]))
        page = self.newest_first(found, asked)
        return self.told(page, LinkOut(page.rows, many=True).data)


class OneLink(BooksView):
    @reads("read_quickbooks_link", LinkOut, "Read a pair", tag=RECORDS, sample=EXAMPLE)
    def get(self, request: Request, pk: int) -> Response:
        return shown(LinkOut, self.link(pk))


class Match(BooksView):
    @posts(
        "match_quickbooks_record", PairIn, LinkOut,
        "Link one of our records with one of theirs; the first look merges the two", tag=RECORDS,
        sent={"entity": "contact", "ours_id": 41, "quickbooks_id": "58"}, sample=EXAMPLE,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        sent, connection = self.body(PairIn), self.managed()
        if find.sought(connection, sent["entity"], sent["ours_id"]) is None:
            raise serializers.ValidationError({"ours_id": ["There is no such record."]})
        made = services.match(
            connection=connection,
            entity=sent["entity"],
            local_id=sent["ours_id"],
            remote_id=sent["quickbooks_id"],
            **self.act(),
        )
        return shown(LinkOut, made)


class Candidates(BooksView):
    @reads(
        "find_quickbooks_partners", PartnerOut(many=True),
        "Records of QuickBooks that one of ours could be, of what was read already", tag=RECORDS,
        asked=CandidatesAsked,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked, connection = self.asked(CandidatesAsked), self.connection()
        ours = find.sought(connection, asked["entity"], asked["ours_id"])
        if ours is None:
            raise Http404
        found: list[Candidate] = find.candidates(connection, ours, asked.get("q", ours.label))
        return Response(PartnerOut(found, many=True).data)


class Create(BooksView):
    @posts(
        "create_other_side", Nothing, LinkOut,
        "Have a record that was left out created on the other side", tag=RECORDS, status=202,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        link = self.link(pk)
        self.no_body()
        return shown(LinkOut, services.create_other_side(link=link, **self.act()), status=202)


class SyncNow(BooksView):
    @posts(
        "sync_quickbooks_link", Nothing, LinkOut, "Look at a pair now, though it may be resting",
        tag=RECORDS, status=202,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        link = self.link(pk)
        self.no_body()
        return shown(LinkOut, services.sync_now(link=link, **self.act()), status=202)


class Unmatch(BooksView):
    @posts(
        "unmatch_quickbooks_record", Nothing, LinkOut,
        "Copy changes no more; nothing is deleted. Answers our side, left out", tag=RECORDS,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        link = self.link(pk)
        self.no_body()
        return shown(LinkOut, services.unmatch(link=link, **self.act()))
