"""The description of the API (OpenAPI 3.1), and its pages."""

from __future__ import annotations

import json
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView, View
from drf_spectacular.generators import SchemaGenerator

from firms.api.docs import TAGS, shared


@cache
def description() -> str:
    """The OpenAPI document as text. It says nothing of any firm."""
    schema = shared(SchemaGenerator().get_schema(request=None, public=True))
    schema["tags"] = TAGS
    schema["servers"] = [{"url": "/", "description": "This installation"}]
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


@method_decorator(login_not_required, name="dispatch")
class Description(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(description(), content_type="application/json")


@method_decorator(login_not_required, name="dispatch")
class ApiDocs(TemplateView):
    template_name = "api_docs.html"
