"""Pages of contacts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def contact_list(request: HttpRequest) -> HttpResponse:
    return render(request, "contacts/contact_list.html", {"section": "contacts"})
