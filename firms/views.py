"""Pages of the firm: profile, team, billing plan, audit log; and the choices of the frame."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from firms.context import THEME_COOKIE, THEMES
from firms.middleware import SESSION_KEY
from firms.models import AuditEntry, Membership

PAGE = 300
A_YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return redirect("contacts:contacts")


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie; anything but light and dark follows the system."""
    response = redirect(_safe_next(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE, theme, max_age=A_YEAR, samesite="Lax", secure=request.is_secure()
        )
    else:
        response.delete_cookie(THEME_COOKIE)
    return response


@require_POST
def switch_firm(request: HttpRequest) -> HttpResponse:
    memberships = Membership.objects.filter(user=request.user)
    chosen = request.POST.get("firm", "")
    membership = get_object_or_404(memberships, firm_id=chosen if chosen.isdigit() else None)
    request.session[SESSION_KEY] = membership.firm_id
    return redirect("contacts:contacts")


@require_safe
def firm_profile(request: HttpRequest) -> HttpResponse:
    return render(request, "firms/firm_profile.html", {"section": "firm"})


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    members = (
        Membership.objects.filter(firm=request.firm)
        .select_related("user", "role")
        .order_by("user__name", "pk")
    )
    return render(request, "firms/team.html", {"section": "team", "members": members})


@require_safe
def billing_plan(request: HttpRequest) -> HttpResponse:
    return render(request, "firms/billing_plan.html", {"section": "plan"})


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    entries = AuditEntry.objects.filter(firm=request.firm).order_by("-at", "-pk")
    page = Paginator(entries, PAGE).get_page(request.GET.get("page"))
    return render(request, "firms/audit_log.html", {"section": "audit", "page": page})


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else "/"
