"""Pages that make one contact of two: which other one, then both side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from contacts import merge_choices, queries, services
from contacts.models import Contact
from firms.http import FirmRequest
from firms.permissions import Permission


@require_http_methods(["GET", "HEAD", "POST"])
def merge_contact(request: FirmRequest, pk: int) -> HttpResponse:
    """`?other=` is the contact that goes; without it the page asks which one."""
    keep = _contact(request, pk)
    request.actor.must(Permission.MANAGE_CONTACTS, in_firm=request.firm.pk)
    asked = request.GET.get("other", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 16):
        return _which_other(request, keep)
    lose = _contact(request, int(asked))
    if request.method == "POST":
        return _merge(request, keep, lose)
    return _page(request, keep, lose)


def _which_other(request: FirmRequest, keep: Contact) -> HttpResponse:
    text = request.GET.get("q", "")[:200]
    context = {
        "section": "contacts",
        "contact": keep,
        "q": text,
        "others": queries.to_merge_with(keep, text),
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "contacts/_merge_others.html" if is_fragment else "contacts/contact_merge_which.html"
    return render(request, template, context)


def _merge(request: FirmRequest, keep: Contact, lose: Contact) -> HttpResponse:
    chosen = {name: request.POST.get(f"take-{name}", "") for name in merge_choices.LABELS}
    chosen = {name: value for name, value in chosen.items() if value}
    try:
        services.merge_contacts(
            actor=request.actor,
            keep=keep,
            lose=lose,
            versions=(_number(request, "keep_version"), _number(request, "lose_version")),
            take=merge_choices.fields_to_take(keep, lose, chosen),
            now=timezone.now(),
        )
    except services.ContactChanged as changed:
        return _page(
            request,
            _contact(request, keep.pk),
            _contact(request, lose.pk),
            chosen=chosen,
            problem=f"{changed} Nothing was merged. Look at it as it is now, and merge again.",
        )
    except services.ContactError as error:
        return _page(request, keep, lose, chosen=chosen, problem=f"Nothing was merged. {error}")
    messages.success(request, f"{lose} merged into {_contact(request, keep.pk)}")
    return redirect("contacts:contact", pk=keep.pk)


def _page(
    request: FirmRequest,
    keep: Contact,
    lose: Contact,
    *,
    chosen: dict[str, str] | None = None,
    problem: str = "",
) -> HttpResponse:
    differing = [
        {"choice": each, "value": (chosen or {}).get(each.name, each.default)}
        for each in merge_choices.choices(keep, lose)
    ]
    context: dict[str, Any] = {
        "section": "contacts",
        "contact": keep,
        "other": lose,
        "differing": differing,
        "children": lose.children.standing().count(),
        "outlook": services.foresee_merge(actor=request.actor, keep=keep, lose=lose),
        "problem": problem,
    }
    return render(request, "contacts/contact_merge.html", context)


def _number(request: FirmRequest, name: str) -> int:
    value = request.POST.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _contact(request: FirmRequest, pk: int) -> Contact:
    contacts = Contact.objects.for_firm(request.firm).select_related("parent", "merged_into")
    return get_object_or_404(contacts.prefetch_related("addresses"), pk=pk)
