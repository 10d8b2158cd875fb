"""Pages of service items: list, detail, forms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from billing import limits, panels, queries
from billing.forms import ITEM_LABELS, ServiceItemForm, initial_of_item, plain
from billing.models import ServiceItem
from billing.services import service_items as services
from billing.views.frame import needs_billing
from firms.http import FirmRequest
from firms.permissions import Permission

PAGE = 300


@require_safe
@needs_billing
def item_list(request: FirmRequest) -> HttpResponse:
    filters = queries.ItemFilters.read(request.GET)
    found = queries.search_items(request.firm, filters)
    counts = queries.count_items_by_status(found)
    paginator = Paginator(queries.listed_items(found, filters), PAGE)
    paginator.count = counts[filters.status]  # counted already, with the tabs
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "section": "items",
        "filters": filters,
        "counts": counts,
        "page": page,
        "title": _list_title(page),
        "sort_columns": _sort_columns(filters),
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "billing/_item_list.html" if is_fragment else "billing/item_list.html"
    return render(request, template, context)


@require_safe
@needs_billing
def item_detail(request: FirmRequest, pk: int) -> HttpResponse:
    item = _item(request, pk)
    context = {
        "section": "items",
        "item": item,
        "warnings": limits.warnings(services.values_of(item)),
        "sync_state": queries.item_sync_state(item),
        "panels": panels.draw(panels.Page.ITEM, request, item),
    }
    return render(request, "billing/item_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def new_item(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.MANAGE_SERVICE_ITEMS, in_firm=request.firm.pk)
    if request.method != "POST":
        name = request.GET.get("name", "").replace("\x00", "")[:100]
        return _form_page(request, ServiceItemForm(initial={"name": name}))
    form = ServiceItemForm(request.POST)
    if form.is_valid() and _is_accepted(form):
        try:
            item = services.create_service_item(
                actor=request.actor, values=form.values(), now=timezone.now()
            )
        except services.ServiceItemError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, f"{item} saved")
            return redirect("billing:item", pk=item.pk)
    return _form_page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def edit_item(request: FirmRequest, pk: int) -> HttpResponse:
    item = _item(request, pk)
    request.actor.must(Permission.MANAGE_SERVICE_ITEMS, in_firm=request.firm.pk)
    if request.method != "POST":
        return _form_page(request, ServiceItemForm(initial=initial_of_item(item)), item=item)
    form = ServiceItemForm(request.POST)
    if form.is_valid() and _is_accepted(form):
        try:
            services.update_service_item(
                actor=request.actor,
                item=item,
                version=form.cleaned_data["version"] or 0,
                changes=form.values(),
                now=timezone.now(),
            )
        except services.ServiceItemChanged as changed:
            return _conflict_page(request, form, changed.item)
        except services.ServiceItemError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, f"{form.cleaned_data['name']} saved")
            return redirect(_back(request) or reverse("billing:item", args=[pk]))
    return _form_page(request, form, item=item)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def archive_item(request: FirmRequest, pk: int) -> HttpResponse:
    item = _item(request, pk)
    if request.method != "POST":
        return _confirm_page(request, item, "billing/item_archive.html")
    services.archive_service_item(actor=request.actor, item=item, now=timezone.now())
    messages.success(request, f"{item} archived")
    return redirect("billing:item", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def restore_item(request: FirmRequest, pk: int) -> HttpResponse:
    item = _item(request, pk)
    if request.method != "POST":
        return _confirm_page(request, item, "billing/item_restore.html")
    try:
        services.restore_service_item(actor=request.actor, item=item, now=timezone.now())
    except services.NameTaken as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{item} restored")
    return redirect("billing:item", pk=pk)


def _back(request: FirmRequest) -> str:
    """Where the person came from and wants to be after saving: an address of ours, or ""."""
    address = request.GET.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours and address.startswith("/") else ""


def _item(request: FirmRequest, pk: int) -> ServiceItem:
    return get_object_or_404(ServiceItem.objects.for_firm(request.firm), pk=pk)


def _list_title(page: Page) -> str:
    pages = page.paginator.num_pages
    return f"Service items (page {page.number} of {pages})" if pages > 1 else "Service items"


def _sort_columns(filters: queries.ItemFilters) -> list[dict[str, str]]:
    """Headings that sort: their direction now, and what a press asks for."""
    columns = []
    for key, label in (("name", "Name"), ("sku", "SKU"), ("rate", "Rate"), ("changed", "Changed")):
        is_current = key == filters.sort
        now = ("descending" if filters.is_descending else "ascending") if is_current else ""
        turn = is_current and not filters.is_descending
        columns.append({"key": key, "label": label, "now": now, "ask": f"-{key}" if turn else key})
    return columns


def _is_accepted(form: ServiceItemForm) -> bool:
    """QuickBooks' limits are warned of once: a second press saves all the same."""
    return set(_warnings(form)) <= set(form.cleaned_data["accepted"].split())


def _warnings(form: ServiceItemForm) -> dict[str, str]:
    return limits.warnings(form.values()) if form.is_bound and form.is_valid() else {}


def _form_page(
    request: FirmRequest, form: ServiceItemForm, *, item: ServiceItem | None = None, **more: Any
) -> HttpResponse:
    found = _warnings(form)
    context = {
        "section": "items",
        "back": _back(request),
        "form": form,
        "item": item,
        "warnings": found,
        "accepted": " ".join(found),
        **more,
    }
    return render(request, "billing/item_form.html", context)


def _conflict_page(
    request: FirmRequest, form: ServiceItemForm, current: ServiceItem
) -> HttpResponse:
    """
    Somebody else saved first. The form comes back with the person's own changes over the item
    as it is now, so that Keep mine is to send it again; fields that only the other changed stay.
    """
    seen, now = form.seen_values(), services.values_of(current)
    wanted = form.values()
    mine = {name: value for name, value in wanted.items() if plain(value) != seen.get(name)}
    clash = {name: value for name, value in mine.items() if value != now[name]}
    rows = [
        {"label": ITEM_LABELS[name], "mine": _shown(value), "theirs": _shown(now[name])}
        for name, value in clash.items()
    ]
    return _form_page(
        request,
        ServiceItemForm(initial=initial_of_item(current, overlay=clash)),
        item=current,
        conflict=rows,
        is_conflict=True,
        accepted=form.cleaned_data["accepted"],
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(plain(value) or "Empty")


def _confirm_page(request: FirmRequest, item: ServiceItem, template: str) -> HttpResponse:
    request.actor.must(Permission.MANAGE_SERVICE_ITEMS, in_firm=request.firm.pk)
    return render(request, template, {"section": "items", "item": item})
