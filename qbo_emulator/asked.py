"""A request to the Accounting API taken apart, and an answer before it is dressed."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request

from . import errors
from .entities import BY_PATH, Entity, Shape
from .errors import Fault, GatewayFault
from .jsontext import NotJson, dumps, loads

MEGABYTE = 1024 * 1024
MOST_BODY_BYTES = 5 * MEGABYTE
MOST_UPLOAD_MEGABYTES = 100  # per request in all (5.9)
JSON_OK = "application/json;charset=utf-8"
# What is no entity: the first word below the company, its kind, methods, how many words follow.
SERVICES = {
    "query": ("query", {"GET", "POST"}, 0),
    "cdc": ("cdc", {"GET"}, 0),
    "batch": ("batch", {"POST"}, 0),
    "upload": ("upload", {"POST"}, 0),
    "download": ("download", {"GET"}, 1),
    "reports": ("report", {"GET"}, 1),
    "taxservice": ("taxservice", {"POST"}, 1),
}
NAMES_AN_OBJECT = {"read", "update", "inactivate", "delete", "void", "send", "pdf", "download"}


@dataclass
class Asked:
    """A request, taken apart once."""

    method: str
    path: str  # as sent, with the query
    relative: str  # below /v3
    realm: str
    parts: list[str]  # below the realm
    params: dict[str, str]
    headers: Any
    body: bytes = b""
    parsed: Any = None
    problem: Fault | GatewayFault | None = None
    kind: str = "other"
    entity: Entity | None = None
    page_shift: int = 0  # of a fault: rows that seem to have gone before the page

    @property
    def requestid(self) -> str:
        return self.params.get("requestid", "")

    @property
    def include(self) -> frozenset[str]:
        """The words of the `include` parameter, in lower case."""
        words = self.params.get("include", "").lower().split(",")
        return frozenset(each.strip() for each in words)


@dataclass
class Reply:
    """
    An answer before it is dressed.

    shown: the versions it lets the client see.  data: what is sent in place of `body`, a PDF.
    """

    status: int
    body: str
    content_type: str = JSON_OK
    headers: dict[str, str] = field(default_factory=dict)
    shown: list[tuple[str, str, int]] = field(default_factory=list)
    code: str = ""
    is_xml: bool = False
    data: bytes = b""


def take_apart(request: Request) -> Asked:
    """The head of a request: which operation the address names."""
    path = request.url.path
    pieces = [piece for piece in path.removeprefix("/v3/").split("/") if piece]
    in_company = len(pieces) >= 2 and pieces[0] == "company"
    asked = Asked(
        method=request.method,
        path=path + (f"?{request.url.query}" if request.url.query else ""),
        relative=path.removeprefix("/v3"),
        realm=pieces[1] if in_company else "",
        parts=[pieces[2].lower(), *pieces[3:]] if in_company and len(pieces) > 2 else [],
        params={key.lower(): value for key, value in request.query_params.items()},
        headers=request.headers,
    )
    _classify(asked)
    return asked


async def read_body(asked: Asked, request: Request) -> None:
    """Read the body once; whatever is wrong with it waits in `problem` for its turn."""
    is_upload = asked.kind == "upload"
    most, size = MOST_UPLOAD_MEGABYTES * MEGABYTE if is_upload else MOST_BODY_BYTES, 0
    chunks = []
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                asked.problem = errors.request_too_large()
                if is_upload:
                    asked.problem = errors.upload_too_large(MOST_UPLOAD_MEGABYTES)
                break
            chunks.append(chunk)
    except ClientDisconnect:
        asked.problem = errors.unparsable()
    asked.body = b"".join(chunks)
    if asked.kind == "write" and asked.entity is not None:
        _classify_write(asked, asked.entity)
        if asked.parts[0] == "taxservice":
            asked.kind = "create"


def _classify(asked: Asked) -> None:
    """Find out which operation is meant, before anything is checked."""
    if not asked.parts:
        return
    head, *rest = asked.parts
    if head in SERVICES:
        kind, methods, further = SERVICES[head]
        if asked.method in methods and len(rest) == further:
            asked.kind = kind
        if asked.kind == "taxservice" and rest[0].lower() == "taxcode":
            asked.entity = BY_PATH["taxcode"]
            asked.kind = "write"
        return
    asked.entity = entity = BY_PATH.get(head)
    if entity is None:
        return
    is_single = entity.shape is Shape.SINGLE
    match asked.method, rest:
        case "GET", [_]:
            asked.kind = "read"
        case "GET", [] if is_single or entity.identity:
            asked.kind = "read"
        case "GET", [_, "pdf"]:
            asked.kind = "pdf"
        case "POST", [_, "send"]:
            asked.kind = "send"
        case "POST", []:
            asked.kind = "write"  # which one the body tells


def _classify_write(asked: Asked, entity: Entity) -> None:
    if asked.problem is not None:
        return
    try:
        asked.parsed = loads(asked.body)
    except UnicodeDecodeError as error:
        asked.problem = errors.not_utf8(error.start + 1)
        return
    except NotJson:
        asked.problem = errors.unparsable()
        return
    if isinstance(asked.parsed, dict):
        asked.kind = kind_of_write(entity, asked.parsed, asked.params)


def kind_of_write(entity: Entity, body: dict[str, Any], params: dict[str, str]) -> str:
    """create, update, inactivate, delete or void; "write" for an operation nobody knows (5)."""
    operation = params.get("operation", "update").lower()
    has_id = body.get("Id") not in (None, "", 0, "0")
    if operation in {"delete", "void"}:
        return operation
    if operation not in {"create", "update"}:
        return "write"
    if operation == "update" and "void" in params.get("include", "").lower().split(","):
        return "void"
    if not has_id and entity.shape is not Shape.SINGLE:
        return "create"
    return "inactivate" if body.get("Active") is False else "update"


def id_of(asked: Asked) -> str:
    """The Id a call is about, for the log."""
    if asked.kind in {"read", "send", "pdf", "download"}:
        return asked.parts[1][:50] if len(asked.parts) > 1 else "1"
    if asked.entity is not None and asked.entity.shape is Shape.SINGLE:
        return "1"
    return str(asked.parsed.get("Id"))[:50]


def statement(asked: Asked) -> str:
    """The text of a query: in the address, or as the body of a POST (3.1)."""
    if asked.method == "GET" or "query" in asked.params:
        text = asked.params.get("query", "")
    else:
        content_type = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in {"application/text", "text/plain"}:
            raise errors.query_parse_error("null")
        try:
            text = asked.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise errors.not_utf8(error.start + 1) from None
    if not text.strip():
        raise errors.query_parse_error("null")
    return text


def check_json(asked: Asked) -> None:
    """A write is sent as JSON (2.2), else 1050."""
    content_type = asked.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise errors.invalid_content_type(content_type[:100])


def wants_xml(asked: Asked) -> bool:
    return "json" not in asked.headers.get("accept", "").lower()


def fingerprint(asked: Asked) -> str:
    return hashlib.sha256(asked.body).hexdigest()


def fault_reply(fault: Fault, time: str) -> Reply:
    return Reply(fault.status, dumps(fault.body(time)), "application/json", code=fault.code)
