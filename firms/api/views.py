"""What every view of the API stands on: who calls, what was sent, how it is answered."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from firms.api import rate_limit
from firms.api.authentication import BearerToken, SignedIn
from firms.api.fields import Nothing, sync_of
from firms.api.paging import page_of
from firms.api.parsing import StrictJson
from firms.api.preconditions import etag
from firms.api.problems import ParameterNotPossible, invalid
from firms.models import Firm
from firms.permissions import Actor, Permission


class JsonAlways(BaseContentNegotiation):
    """Answers are JSON (a PDF is a PDF), whatever Accept says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        is_empty = not kind and not request.META.get("CONTENT_LENGTH", "").strip("0 ")
        return parsers[0] if is_empty or kind == "application/json" else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """
    One address of the API.

    `self.actor` and `self.firm` say who asks. To read needs View Only; what changes something is
    checked by the service.
    """

    authentication_classes = [BearerToken, SignedIn]
    permission_classes = ()
    parser_classes = [StrictJson]
    content_negotiation_class = JsonAlways

    actor: Actor
    firm: Firm

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        caller: Any = request.auth
        if caller is None:
            raise exceptions.NotAuthenticated(
                "Send `Authorization: Bearer TOKEN` with a token made in Settings, API tokens."
            )
        rate_limit.count(caller, now=timezone.now())
        self.actor, self.firm = caller.actor, caller.firm
        if request.method in ("GET", "HEAD"):
            self.actor.must(Permission.VIEW_ONLY, in_firm=self.firm.pk)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def body(self, kind: type[serializers.Serializer[Any]], *, partial: bool = False) -> Any:
        """What was sent, checked for names, types and lengths. Raises ValidationError."""
        serializer = kind(data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def no_body(self) -> None:
        self.body(Nothing)

    def asked(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """
        What the address asks for.

        Raises:
            ParameterNotPossible: a parameter is unknown, or has a value that it cannot have.
        """
        query = self.request.query_params
        serializer = kind(data=query.dict())
        unknown = sorted(set(query) - set(serializer.fields))
        if unknown:
            known = ", ".join(sorted(serializer.fields))
            raise ParameterNotPossible(
                f"There is no parameter {', '.join(unknown)[:200]}. These are known: {known}.",
                fields={name[:100]: ["There is no such parameter."] for name in unknown},
            )
        if not serializer.is_valid():
            problem = invalid(exceptions.ValidationError(serializer.errors))
            raise ParameterNotPossible(
                "`errors` says which parameter to change.", fields=problem["errors"]
            )
        return dict(serializer.validated_data)

    def found(self, rows: QuerySet[Any], pk: int) -> Any:
        """One of the firm's records. Raises Http404."""
        row = rows.filter(pk=pk).first()
        if row is None:
            raise Http404
        return row

    def page(
        self,
        rows: QuerySet[Any],
        kind: type[serializers.Serializer[Any]],
        *,
        entity: str,
        asked: dict[str, Any],
    ) -> Response:
        """A page of these records, each with how it stands with QuickBooks."""
        page = page_of(rows, cursor=asked.get("cursor", ""), limit=asked["limit"])
        self.with_sync(page.rows, entity)
        response = Response(
            {"data": kind(page.rows, many=True).data, "next_cursor": page.next_cursor}
        )
        return self.with_next(response, page.next_cursor)

    def with_next(self, response: Response, cursor: str | None) -> Response:
        """The address of the next page in `Link`, if there is one."""
        if cursor:
            query = self.request.query_params.copy()
            query["cursor"] = cursor
            address = self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")
            response["Link"] = f'<{address}>; rel="next"'
        return response

    def one(
        self,
        row: Any,
        kind: type[serializers.Serializer[Any]],
        *,
        entity: str,
        status: int = 200,
        location: str = "",
    ) -> Response:
        """One record with its ETag."""
        self.with_sync([row], entity)
        response = Response(kind(row).data, status=status)
        response["ETag"] = etag(row.version)
        if location:
            response["Location"] = self.request.build_absolute_uri(location)
        return response

    def with_sync(self, rows: list[Any], entity: str) -> None:
        """Give each record `sync`, as `fields.Sync` shows it."""
        known = sync_of(self.firm, entity, [row.pk for row in rows]) if entity else {}
        for row in rows:
            row.sync = known.get(row.pk)
