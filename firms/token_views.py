"""Pages of API tokens: everybody has their own; who manages the team sees and revokes all."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from firms import api_tokens as services
from firms.forms import TokenForm
from firms.http import FirmRequest
from firms.models import ApiToken
from firms.permissions import Permission


@require_safe
def tokens(request: FirmRequest) -> HttpResponse:
    now = timezone.now()
    rows = [
        {
            "token": token,
            "permissions": [Permission(each).label for each in token.permissions],
            "is_live": token.is_live(now),
        }
        for token in _visible(request).order_by("-made_at", "-pk")
    ]
    return render(request, "firms/api_tokens.html", {"section": "tokens", "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request: FirmRequest) -> HttpResponse:
    """The answer to the post holds the token's text; no other page ever does."""
    form = TokenForm(request.POST or None, offered=request.actor.permissions)
    context = {"section": "tokens", "form": form}
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            token, text = services.create_token(
                actor=request.actor,
                firm=request.firm,
                name=form.cleaned_data["name"],
                permissions=form.cleaned_data["permissions"],
                expires_at=now + timedelta(days=form.cleaned_data["days"]),
                now=now,
            )
        except services.TokenRefused as error:
            form.add_error("days" if error.field == "expires_at" else error.field, str(error))
        else:
            context |= {"token": token, "text": text}
            return render(request, "firms/api_token_made.html", context)
    return render(request, "firms/api_token_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: FirmRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(_visible(request), pk=pk)
    if request.method == "POST":
        services.revoke_token(actor=request.actor, token=token, now=timezone.now())
        messages.success(request, f"Token {token} revoked")
        return redirect("firms:tokens")
    return render(request, "firms/api_token_revoke.html", {"section": "tokens", "token": token})


def _visible(request: FirmRequest) -> QuerySet[ApiToken]:
    found = ApiToken.objects.filter(firm=request.firm).select_related("made_by")
    if request.actor.can(Permission.MANAGE_TEAM):
        return found
    return found.filter(made_by=request.user)
