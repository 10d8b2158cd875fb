"""Unknown addresses and faults of ours: a page for people, a problem for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from firms import http
from firms.api.middleware import is_api
from firms.api.problems import NOT_FOUND, plain_answer


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return plain_answer(request, 404, "not_found", NOT_FOUND)
    return http.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        sentence = "Something is wrong on our side. Try again, and tell us the request_id."
        return plain_answer(request, 500, "server_error", sentence)
    return defaults.server_error(request)
