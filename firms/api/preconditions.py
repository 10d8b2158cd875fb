"""ETag and If-Match: nobody overwrites what they have not seen."""

from __future__ import annotations

import re

from rest_framework.request import Request

from firms.api.problems import VersionMissing, VersionNotReadable

# Compression makes a strong tag weak on its way (W/"7"): it still names the version.
TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')


def etag(version: int) -> str:
    return f'"{version}"'


def version_asked(request: Request, *, current: int) -> int | None:
    """
    The version that If-Match names; `*` is the current one; None where the header is missing.

    Raises:
        VersionNotReadable
    """
    text = request.headers.get("If-Match", "").strip()
    if not text:
        return None
    if text == "*":
        return current
    match = TAG.fullmatch(text)
    if match is None:
        raise VersionNotReadable(
            'Send If-Match with the ETag of one answer, such as "7", or * to overwrite.'
        )
    return int(match[1])


def version_needed(request: Request, *, current: int) -> int:
    """
    Raises:
        VersionMissing, VersionNotReadable
    """
    version = version_asked(request, current=current)
    if version is None:
        raise VersionMissing(
            "Send If-Match with the ETag of the record as you read it, or * to overwrite "
            "whatever it is."
        )
    return version
