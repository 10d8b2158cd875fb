"""Pages of the firm's roles."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from firms import roles as services
from firms.forms import PermissionsForm
from firms.http import FirmRequest
from firms.models import Role
from firms.permissions import Permission
from firms.services import LastAdmin


@require_safe
def roles(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    found = request.firm.roles.annotate(members=Count("memberships")).order_by("pk")
    rows = [
        {"role": role, "permissions": [Permission(each).label for each in role.permissions]}
        for role in found
    ]
    return render(request, "firms/role_list.html", {"section": "team", "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def new_role(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    form = PermissionsForm(request.POST or None, offered=request.actor.permissions)
    if request.method == "POST" and form.is_valid():
        try:
            role = services.create_role(
                actor=request.actor, firm=request.firm, now=timezone.now(), **form.cleaned_data
            )
        except services.RoleRefused as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"Role {role} added")
            return redirect("firms:roles")
    return render(request, "firms/role_form.html", {"section": "team", "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def edit_role(request: FirmRequest, pk: int) -> HttpResponse:
    role = _role(request, pk)
    form = PermissionsForm(
        request.POST or None,
        offered=request.actor.permissions | set(role.permissions),
        initial={"name": role.name, "permissions": role.permissions},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.update_role(
                actor=request.actor, role=role, now=timezone.now(), **form.cleaned_data
            )
        except services.RoleRefused as error:
            form.add_error(error.field, str(error))
        except LastAdmin as error:
            form.add_error("permissions", str(error))
        else:
            messages.success(request, "Role saved")
            return redirect("firms:roles")
    return render(request, "firms/role_form.html", {"section": "team", "form": form, "role": role})


@require_http_methods(["GET", "HEAD", "POST"])
def delete_role(request: FirmRequest, pk: int) -> HttpResponse:
    role = _role(request, pk)
    context = {"section": "team", "role": role, "members": role.memberships.count()}
    if request.method == "POST":
        try:
            services.delete_role(actor=request.actor, role=role, now=timezone.now())
        except services.RoleInUse:
            return render(request, "firms/role_delete.html", context)
        messages.success(request, f"Role {role} deleted")
        return redirect("firms:roles")
    return render(request, "firms/role_delete.html", context)


def _role(request: FirmRequest, pk: int) -> Role:
    """Another firm's is not found, whatever one may do."""
    role = get_object_or_404(request.firm.roles, pk=pk)
    request.actor.must(Permission.MANAGE_TEAM, in_firm=request.firm.pk)
    return role
