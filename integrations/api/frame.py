"""What the calls about QuickBooks share: whose connection, how errors are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from firms.api import docs, problems
from firms.api.paging import Page, page_by, page_of
from firms.api.views import ApiView
from firms.permissions import Permission
from integrations.entities import ENTITIES, LocalRefused
from integrations.errors import ReadsUsedUp, SyncError, TryLater
from integrations.models import Connection, Issue, Link
from integrations.sync import (
    agreement,
    consent,
    resolving,
    rule_values,
)
from integrations.sync.connection_parts import ConnectError, NotConnected
from integrations.web import queries
from integrations.wizard.errors import SetupError

CONNECTION, SETUP = "QuickBooks", "QuickBooks set-up"
ISSUES, RECORDS = "QuickBooks issues", "QuickBooks records"
ENTITY_CHOICES = [(key, spec.label) for key, spec in ENTITIES.items()]

problems.register(SyncError, 409)
problems.register(TryLater, 503)
problems.register(ReadsUsedUp, 503)
problems.register(ConnectError, 409)
problems.register(consent.ConsentNotValid, 422)
problems.register(consent.BooksNotAnswering, 503)
problems.register(SetupError, 409)
problems.register(LocalRefused, 409)
problems.register(agreement.CannotCompare, 409)
problems.register(resolving.NothingToDecide, 409)
problems.register(resolving.ShownChanged, 409)
problems.register(resolving.AnotherKind, 409)
problems.register(resolving.NotAChoice, 422)
problems.register(rule_values.RuleNotPossible, 422)


class BooksView(ApiView):
    """A call about the firm's connection. To read needs View Only; services check the rest."""

    def connection(self) -> Connection:
        """
        Raises:
            NotConnected: the firm never connected a company.
        """
        found = queries.connection_of(self.firm)
        if found is None:
            raise NotConnected(
                "QuickBooks is not connected. Connect it first: POST connect/, or in Settings."
            )
        return found

    def managed(self) -> Connection:
        """The connection, for who may manage it."""
        self.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=self.firm.pk)
        return self.connection()

    def issue(self, pk: int) -> Issue:
        found: Issue = self.found(
            Issue.objects.filter(firm=self.firm).select_related("link", "connection"), pk
        )
        return found

    def link(self, pk: int) -> Link:
        found: Link = self.found(
            Link.objects.filter(firm=self.firm).select_related("connection"), pk
        )
        return found

    def local_now(self) -> datetime:
        """Now, in the firm's zone: "today" and "this month" are the firm's."""
        return timezone.localtime(timezone.now(), ZoneInfo(self.firm.time_zone))

    def act(self, **more: Any) -> dict[str, Any]:
        """What every service takes."""
        return {"actor": self.actor, "now": timezone.now(), **more}

    def newest_first(self, rows: QuerySet[Any], asked: dict[str, Any]) -> Page:
        return page_of(rows, cursor=asked.get("cursor", ""), limit=asked["limit"])

    def in_order(
        self, rows: QuerySet[Any], asked: dict[str, Any], *, by: tuple[str, str], is_rising: bool
    ) -> Page:
        return page_by(
            rows, by=by, cursor=asked.get("cursor", ""), limit=asked["limit"], is_rising=is_rising
        )

    def told(self, page: Page, shown: Any) -> Response:
        """A page, its rows as they are shown."""
        return self.with_next(
            Response({"data": shown, "next_cursor": page.next_cursor}), page.next_cursor
        )


def one_of(value: str, known: Any) -> str:
    """A part of the address. Raises Http404 where it is none of these."""
    if value not in known:
        raise Http404
    return value


def reads(name: str, answer: Any, summary: str, *, tag: str, **more: Any) -> Any:
    """Describe a GET about the connection, without a version unless told."""
    return docs.reads(
        name,
        answer,
        summary=summary,
        tag=tag,
        **{"codes": (404, 409), "is_versioned": False, **more},
    )


def lists(name: str, row: Any, asked: Any, summary: str, *, tag: str, **more: Any) -> Any:
    return docs.lists(name, row, asked, summary=summary, tag=tag, codes=(404, 409), **more)


def posts(name: str, body: Any, answer: Any, summary: str, *, tag: str, **more: Any) -> Any:
    return docs.posts(name, body, answer, summary=summary, tag=tag, has_version=False, **more)


def shown(kind: type[serializers.Serializer[Any]], row: Any, *, status: int = 200) -> Response:
    """One answer."""
    return Response(kind(row).data, status=status)
