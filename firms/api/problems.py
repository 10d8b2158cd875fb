"""Errors as problem details (RFC 9457): which status a refusal has, and what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from firms.permissions import WrongFirm

CONTENT_TYPE = "application/problem+json"
NOT_FOUND = "There is nothing at this address that you may see. Check the address and the id."
# Our error class -> status. Apps add theirs; of a class and its bases the nearest counts.
_statuses: dict[type[Exception], int] = {PermissionDenied: 403, WrongFirm: 404}


class ApiError(exceptions.APIException):
    """What is wrong with the call itself. `fields`: path of a field -> sentences."""

    status_code = 400

    def __init__(self, sentence: str, *, fields: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})


class BodyNotReadable(ApiError):
    """The body is no JSON object in UTF-8, or has a name twice."""


class BodyTooLarge(ApiError):
    """The body is larger than 1 MiB."""

    status_code = 413


class ParameterNotPossible(ApiError):
    """A parameter of the address is unknown, or has a value that it cannot have."""


class FieldsNotPossible(ApiError):
    """Fields are missing, unknown, or of another type or length than they can have."""

    status_code = 422


class VersionMissing(ApiError):
    """A change has to say which version it is made from."""

    status_code = 428


class VersionNotReadable(ApiError):
    """If-Match is neither an ETag of ours nor *."""


class CsrfFailed(ApiError):
    """A browser's call lacks the token that shows that our own page made it."""

    status_code = 403


class NoFirm(ApiError):
    """The signed-in person belongs to no firm."""

    status_code = 403


class KeyNotPossible(ApiError):
    """The Idempotency-Key is empty, too long, or has signs it cannot have."""


class KeyUsedForAnother(ApiError):
    """The Idempotency-Key was used for a call with another address or body."""

    status_code = 422


class StillAtWork(ApiError):
    """The first call with this Idempotency-Key is not through yet."""

    status_code = 409
    wait = 1


def register(error: type[Exception], status: int) -> None:
    """Have errors of this class, and of those made from it, answered with `status`."""
    _statuses[error] = status


def status_of(error: Exception) -> int | None:
    """The status a refusal of ours has; None for what is no refusal but a fault."""
    return next((_statuses[kind] for kind in type(error).__mro__ if kind in _statuses), None)


def code_of(error: type[Exception]) -> str:
    """InvoiceNotDraft -> "invoice_not_draft"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", error.__name__).lower()


def codes() -> dict[int, list[str]]:
    """Status -> the codes that an answer with it may have, of all that is registered."""
    found: dict[int, set[str]] = {}
    for kind in _all_below(Exception):
        if issubclass(kind, ApiError):
            found.setdefault(kind.status_code, set()).add(code_of(kind))
        else:
            status = next((_statuses[each] for each in kind.__mro__ if each in _statuses), None)
            if status is not None and not kind.__module__.startswith("django."):
                found.setdefault(status, set()).add("not_found" if status == 404 else code_of(kind))
    return {status: sorted(names) for status, names in found.items()}


def _all_below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all_below(each)


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an error that a view raised. None: a fault of ours, which Django logs."""
    request = context["request"]
    headers: dict[str, str] = {}
    if isinstance(error, Http404):
        problem = _problem(404, "not_found", NOT_FOUND)
    elif isinstance(error, exceptions.ValidationError):
        problem = invalid(error)
    elif isinstance(error, exceptions.APIException):
        problem = _problem(error.status_code, code_of(type(error)), str(error.detail))
        if getattr(error, "fields", None):
            problem["errors"] = error.fields  # type: ignore[attr-defined]
        headers = _headers_of(error)
    elif (status := status_of(error)) is not None:
        sentence = NOT_FOUND if status == 404 else str(error)
        code = "not_found" if status == 404 else code_of(type(error))
        problem = _problem(status, code, sentence)
        if path := field_of(error):
            problem["errors"] = {path: [str(error)]}
    else:
        return None
    set_rollback()
    problem["request_id"] = getattr(request, "request_id", "")
    return Response(problem, status=problem["status"], headers=headers, content_type=CONTENT_TYPE)


def invalid(error: exceptions.ValidationError) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    for path, sentence in _flat(error.detail):
        fields.setdefault(path, []).append(sentence)
    problem = _problem(
        FieldsNotPossible.status_code,
        code_of(FieldsNotPossible),
        "Nothing was saved. `errors` says what to change, field by field.",
    )
    return {**problem, "errors": fields}


def plain_answer(request: HttpRequest, status: int, code: str, sentence: str) -> HttpResponse:
    """A problem outside of any view: an unknown address, a body too large, a fault of ours."""
    problem = _problem(status, code, sentence)
    problem["request_id"] = getattr(request, "request_id", "")
    return JsonResponse(
        problem, status=status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"}
    )


def field_of(error: Exception) -> str:
    """Where it is wrong: "due_on", "lines[1].rate", or "" for nothing in particular."""
    field: str = getattr(error, "field", "")
    line: int | None = getattr(error, "line", None)
    if field != "lines" or line is None:
        return field
    column: str = getattr(error, "column", "")
    return f"lines[{line - 1}].{column}".rstrip(".")


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank", "title": title, "status": status, "code": code, "detail": detail,
    }  # fmt: skip


def _headers_of(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, int(wait)))
    return headers


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """What serializers say, nested, as pairs of a path and a sentence."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if isinstance(name, int):
                yield from _flat(inner, f"{path}[{name}]")
            elif name == "non_field_errors":
                yield from _flat(inner, path)
            else:
                yield from _flat(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            is_row = isinstance(inner, Mapping | list)
            yield from _flat(inner, f"{path}[{place}]" if is_row else path)
    else:
        yield path, str(detail)
