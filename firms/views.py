"""Pages of the firm: profile, team, billing plan, audit log; and the choices of the frame."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from firms import audit, services
from firms.context import THEME_COOKIE, THEMES
from firms.forms import AuditForm, FirmForm, InviteForm, RoleForm
from firms.http import FirmRequest
from firms.middleware import SESSION_KEY
from firms.models import Membership, Role
from firms.permissions import Permission

PAGE = 300
A_YEAR = 365 * 24 * 3600


@login_not_required
def closed(request: HttpRequest) -> HttpResponse:
    """An address of django-allauth that we do not offer: sign-up, one's own mail addresses."""
    raise Http404


@require_safe
def home(request: FirmRequest) -> HttpResponse:
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
def switch_firm(request: FirmRequest) -> HttpResponse:
    memberships = Membership.objects.filter(user=request.user)
    chosen = request.POST.get("firm", "")
    membership = get_object_or_404(memberships, firm_id=chosen if chosen.isdecimal() else None)
    request.session[SESSION_KEY] = membership.firm_id
    return redirect("contacts:contacts")


@require_http_methods(["GET", "HEAD", "POST"])
def firm_profile(request: FirmRequest) -> HttpResponse:
    firm = request.firm
    if request.method != "POST":
        form = FirmForm(
            initial={
                "name": firm.name,
                "time_zone": firm.time_zone,
                "home_currency": firm.home_currency,
            }
        )
        return render(request, "firms/firm_profile.html", {"section": "firm", "form": form})
    request.actor.must(Permission.MANAGE_TEAM, in_firm=firm.pk)
    form = FirmForm(request.POST)
    if form.is_valid():
        services.update_firm(
            actor=request.actor, firm=firm, now=timezone.now(), **form.cleaned_data
        )
        messages.success(request, "Firm profile saved")
        return redirect("firms:profile")
    return render(request, "firms/firm_profile.html", {"section": "firm", "form": form})


@require_safe
def team(request: FirmRequest) -> HttpResponse:
    members = (
        Membership.objects.filter(firm=request.firm)
        .select_related("user", "role")
        .order_by("user__name", "pk")
    )
    roles = Role.objects.filter(firm=request.firm).order_by("pk")
    context = {
        "section": "team",
        "members": members,
        "roles": [
            {"role": role, "permissions": [Permission(each).label for each in role.permissions]}
            for role in roles
        ],
    }
    return render(request, "firms/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    form = InviteForm(request.POST or None, firm=request.firm)
    if request.method == "POST" and form.is_valid():
        try:
            member = services.invite_member(
                actor=request.actor, firm=request.firm, now=timezone.now(), **form.cleaned_data
            )
        except services.AlreadyMember as error:
            form.add_error("email", str(error))
        except services.RoleGone as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, f"{member.user} invited")
            return redirect("firms:team")
    return render(request, "firms/invite.html", {"section": "team", "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def member_role(request: FirmRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    form = RoleForm(request.POST or None, firm=request.firm, initial={"role": member.role_id})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(
                actor=request.actor, membership=member, now=timezone.now(), **form.cleaned_data
            )
        except (services.LastAdmin, services.RoleGone) as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, f"Role of {member.user} changed")
            return redirect("firms:team")
    return render(
        request, "firms/member_role.html", {"section": "team", "form": form, "member": member}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def remove_member(request: FirmRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    context = {"section": "team", "member": member}
    if request.method == "POST":
        try:
            services.remove_member(actor=request.actor, membership=member, now=timezone.now())
        except services.LastAdmin as error:
            return render(request, "firms/member_remove.html", {**context, "error": str(error)})
        messages.success(request, f"{member.user} removed from the team")
        return redirect("firms:team")
    return render(request, "firms/member_remove.html", context)


@require_safe
def billing_plan(request: FirmRequest) -> HttpResponse:
    return render(request, "firms/billing_plan.html", {"section": "plan"})


@require_safe
def audit_log(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    form = _audit_form(request)
    page = Paginator(audit.search(request.firm, form.filters), PAGE).get_page(
        request.GET.get("page")
    )
    context = {"section": "audit", "page": page, "form": form, "filters": form.filters}
    return render(request, "firms/audit_log.html", context)


@require_safe
def export_audit_log(request: FirmRequest) -> StreamingHttpResponse:
    """The filtered log as CSV, row by row."""
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    entries = audit.search(request.firm, _audit_form(request).filters)
    lines = audit.csv_lines(entries, zone=timezone.get_current_timezone())
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"audit-log-{timezone.localdate():%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _audit_form(request: FirmRequest) -> AuditForm:
    return AuditForm(
        request.GET,
        people=audit.choices(request.firm, "actor_label"),
        actions=audit.choices(request.firm, "action"),
    )


def _member(request: FirmRequest, pk: int) -> Membership:
    members = Membership.objects.filter(firm=request.firm).select_related("user", "role", "firm")
    return get_object_or_404(members, pk=pk)


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else "/"
