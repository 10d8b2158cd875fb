"""What holds for every address of the API, known or not."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from firms.api.parsing import MOST_BYTES, TOO_LARGE
from firms.api.problems import plain_answer

PREFIX = "/api/"


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(PREFIX)


class ApiMiddleware:
    """Refuses large bodies before anything reads them; a missing slash at the end is added."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api(request):
            return self.get_response(request)
        if _length(request) > MOST_BYTES:
            return plain_answer(request, 413, "body_too_large", TOO_LARGE)
        if not request.path_info.endswith(("/", ".json")):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)


def _length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
