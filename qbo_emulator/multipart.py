"""Bodies of several parts (multipart/form-data), as uploads send them (5.9)."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message


class NotMultipart(ValueError):
    """The body has no parts, or its last one has no end."""


@dataclass(frozen=True)
class Part:
    """One part; `content` is decoded already. `file_name` and `content_type` may be ""."""

    name: str
    file_name: str
    content_type: str
    content: bytes


def parts(body: bytes, content_type: str) -> list[Part]:
    """
    Take a body apart. Lines may end in CRLF or LF (python-quickbooks sends LF).

    Raises:
        NotMultipart: it is no such body, or a part says base64 and is not.
    """
    head = Message()
    head["Content-Type"] = content_type
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise NotMultipart(content_type)
    return [_part(piece) for piece in _pieces(body, b"--" + boundary.encode("latin-1"))]


def _pieces(body: bytes, delimiter: bytes) -> Iterator[bytes]:
    at = body.find(delimiter)
    if at < 0:
        raise NotMultipart("no boundary")
    while not body.startswith(b"--", at + len(delimiter)):
        start = at + len(delimiter)
        end = body.find(b"\n" + delimiter, start)
        if end < 0:
            raise NotMultipart("no end")
        piece = body[start:end].removesuffix(b"\r")
        yield piece[piece.find(b"\n") + 1 :]
        at = end + 1


def _part(piece: bytes) -> Part:
    gap = re.search(rb"\r?\n\r?\n", piece)
    if gap is None:
        raise NotMultipart("a part without a head")
    headers = Message()
    for line in piece[: gap.start()].decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    content = piece[gap.end() :]
    if headers.get("Content-Transfer-Encoding", "").lower() == "base64":
        try:
            content = base64.b64decode(b"".join(content.split()), validate=True)
        except binascii.Error as error:
            raise NotMultipart("not base64") from error

    def parameter(name: str) -> str:
        return str(headers.get_param(name, "", "content-disposition") or "")

    content_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Part(parameter("name"), parameter("filename"), content_type, content)
