"""What the description of every address has in common: headers, refusals, pages."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers

from firms.api import idempotency, preconditions, problems
from firms.api.problems import CONTENT_TYPE

Example = dict[str, Any]

TAGS = [
    {"name": "Contacts", "description": "People and companies that the firm works for."},
    {"name": "Service items", "description": "What the firm sells, with its rate."},
    {
        "name": "Invoices",
        "description": "A POST makes a draft. It is sent by `send` or `mark-sent`; only then it "
        "goes to QuickBooks. What was sent is voided, never deleted.",
    },
    {"name": "Payments", "description": "Money received, split over invoices."},
    {"name": "Tax rates", "description": "Percentages that invoices are taxed with."},
    {"name": "Terms", "description": "Days from the issue date to the due date."},
    {
        "name": "QuickBooks",
        "description": "The connection: how it stands, consent, rules, what syncs now. Where "
        "nothing is connected these calls are answered with 409 `not_connected`.",
    },
    {
        "name": "QuickBooks set-up",
        "description": "The wizard without a browser: contacts first, then service items and "
        "invoices. Nothing is written on either side before the two `sync` calls.",
    },
    {
        "name": "QuickBooks issues",
        "description": "What needs a decision. A decision on a conflict is sent ten seconds after "
        "it was made, and can be taken back until then.",
    },
    {
        "name": "QuickBooks records",
        "description": "Pairs of records, what happened to them, and whether both sides agree.",
    },
]


class ProblemOut(serializers.Serializer[Any]):
    """A refusal (RFC 9457). Nothing was changed."""

    type = serializers.CharField(help_text="Always about:blank: `code` says which problem it is.")
    title = serializers.CharField(help_text="What the status means.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; for programs. Its words never change.")
    detail = serializers.CharField(help_text="A sentence for people that says what to do.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Path of a field, such as `lines[0].rate`, and what is wrong with it.",
    )
    request_id = serializers.CharField(help_text="As X-Request-Id; name it when you ask for help.")


# Status -> (code, what a person reads), as an example of each refusal.
REFUSALS = {
    400: ("body_not_readable", "The body is not JSON: Expecting value at line 1, column 9."),
    401: ("token_not_valid", "The token is unknown, revoked or expired."),
    403: ("not_allowed", "This needs the Manage Contacts permission. An admin can give it to you."),
    404: ("not_found", "There is nothing at this address that you may see."),
    409: ("invoice_not_draft", "Invoice INV-1001 is no longer a draft: it was sent meanwhile."),
    412: ("contact_changed", "Ada Lovelace was changed by somebody else meanwhile."),
    413: ("body_too_large", "The body is larger than 1 MiB. Send less at once."),
    415: ("unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    422: ("fields_not_possible", "Nothing was saved. `errors` says what to change."),
    428: ("version_missing", "Send If-Match with the ETag of the record as you read it."),
    429: ("too_many_calls", "That were too many calls at once. See Retry-After."),
    503: ("try_later", "QuickBooks isn't answering. Nothing was changed. Try again."),
}
MEANINGS = {
    400: "The body, a parameter or a header cannot be read.",
    401: "Nobody is signed in, or the token is not valid.",
    403: "The token or the role lacks the permission, or the firm the licence.",
    404: "No such record in this firm.",
    409: "The record is in a state in which this cannot be done.",
    412: "The record has another version by now: read it again.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not application/json.",
    422: "A value cannot be saved as it is. Or the Idempotency-Key was used for another call.",
    428: "If-Match is missing.",
    429: "Too many calls. `Retry-After` says in how many seconds the next one may come.",
    503: "QuickBooks did not answer, or asked us to wait. Try again later.",
}
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": f"^{idempotency.KEY.pattern}$"},
    OpenApiParameter.HEADER,
    description="1 to 255 signs, new for each call, such as a UUID. A repeat with the same key "
    "and body within 24 hours is answered as the first, and done once.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": f"^(\\*|{preconditions.TAG.pattern})$"},
    OpenApiParameter.HEADER,
    description="The ETag of the record as you read it, or `*` to overwrite whatever it is.",
)
IF_MATCH_NEEDED = OpenApiParameter(
    IF_MATCH.name,
    IF_MATCH.type,
    IF_MATCH.location,
    required=True,
    description=IF_MATCH.description,
)
ETAG = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200, 201, 202],
    description="The version of the record, for If-Match.",
)


def reads(
    name: str,
    answer: Any,
    *,
    tag: str,
    sample: Any = None,
    summary: str = "",
    asked: type[serializers.Serializer[Any]] | None = None,
    codes: tuple[int, ...] = (404,),
    is_versioned: bool = True,
) -> Any:
    """Describe a GET of one record, or of what `asked` names; `codes`: how else it is refused."""
    parameters: list[Any] = [*([asked] if asked else []), *([ETAG] if is_versioned else [])]
    refused = {401, 403, 429, *codes, *([400] if asked else [])}
    return extend_schema(
        operation_id=name,
        tags=[tag],
        summary=summary,
        parameters=parameters,
        responses={200: _answer(answer, sample), **refusals(*sorted(refused))},
    )


def lists(
    name: str,
    row: type[serializers.Serializer[Any]],
    asked: type[serializers.Serializer[Any]] | None,
    *,
    tag: str,
    summary: str,
    sample: Example | None = None,
    codes: tuple[int, ...] = (),
) -> Any:
    """Describe a GET of many, by pages where `asked` has a cursor; `codes` as in `reads`."""
    shown: Example = {"data": [sample]}
    if asked is not None:
        shown["next_cursor"] = "YmVmb3JlOjQx"
    page = _page(row, has_cursor=asked is not None)
    return extend_schema(
        operation_id=name,
        tags=[tag],
        summary=summary,
        parameters=[asked] if asked else [],
        responses={
            200: _answer(page, shown if sample else None),
            **refusals(*sorted({400, 401, 403, 429, *codes})),
        },
    )


def posts(
    name: str,
    body: Any,
    answer: Any,
    *,
    tag: str,
    summary: str,
    status: int = 200,
    sent: Any = None,
    sample: Any = None,
    versioned: bool = False,
    has_version: bool = True,
    asks: bool = False,
) -> Any:
    """
    Describe a POST.

    Args:
        versioned: If-Match counts where it is sent.
        has_version: the answer has an ETag.
        asks: QuickBooks is asked meanwhile, and may not answer.
    """
    codes = [400, 401, 403, 404, 409, 413, 415, 422, 429]
    codes += [412] if versioned else []
    codes += [503] if asks else []
    etags = [ETAG] if has_version else []
    return extend_schema(
        operation_id=name,
        tags=[tag],
        summary=summary,
        request=body,
        parameters=[KEY, *etags, *([IF_MATCH] if versioned else [])],
        examples=_examples(sent, request=True),
        responses={status: _answer(answer, sample), **refusals(*sorted(codes))},
    )


def patches(
    name: str,
    body: Any,
    answer: Any,
    *,
    tag: str,
    summary: str,
    sent: Any = None,
    sample: Any = None,
) -> Any:
    return extend_schema(
        operation_id=name,
        tags=[tag],
        summary=summary,
        request=body,
        parameters=[IF_MATCH_NEEDED, ETAG],
        examples=_examples(sent, request=True),
        responses={
            200: _answer(answer, sample),
            **refusals(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429),
        },
    )


def refusals(*statuses: int) -> dict[Any, OpenApiResponse]:
    return {(status, CONTENT_TYPE): _refusal(status) for status in statuses}


@cache
def _page(row: type[serializers.Serializer[Any]], *, has_cursor: bool) -> Any:
    fields: dict[str, Any] = {"data": row(many=True)}
    if has_cursor:
        fields["next_cursor"] = serializers.CharField(
            allow_null=True, help_text="For `cursor` of the next page; null on the last one."
        )
    return inline_serializer(f"{row.__name__.removesuffix('Out')}Page", fields)


def _refusal(status: int) -> OpenApiResponse:
    code, sentence = REFUSALS[status]
    value = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": sentence,
        "request_id": "5f0c7d0e4f1b4c9a8f3b1b0a6c2d9e11",
    }
    example = OpenApiExample(code, value=value, response_only=True, status_codes=[str(status)])
    return OpenApiResponse(ProblemOut, description=MEANINGS[status], examples=[example])


def _answer(answer: Any, sample: Any) -> OpenApiResponse:
    return OpenApiResponse(answer, description="", examples=_examples(sample, request=False))


def _examples(value: Any, *, request: bool) -> list[OpenApiExample]:
    if value is None:
        return []
    kind = "Request" if request else "Answer"
    return [OpenApiExample(kind, value=value, request_only=request, response_only=not request)]


def shared(schema: dict[str, Any]) -> dict[str, Any]:
    """The document with each refusal once, beside the codes it may have, and not at each call."""
    kept: dict[str, Any] = {}
    codes = problems.codes()
    for calls in schema["paths"].values():
        for call in calls.values():
            call.pop("description", None)  # that of the class is for those who read the code
            for status, answer in call["responses"].items():
                if CONTENT_TYPE in answer.get("content", {}):
                    kept[status] = answer
                    call["responses"][status] = {"$ref": f"#/components/responses/{status}"}
    for status, answer in kept.items():
        named = ", ".join(f"`{code}`" for code in codes.get(int(status), []))
        answer["description"] += f" Codes: {named}." if named else ""
    schema["components"]["responses"] = kept
    return schema
