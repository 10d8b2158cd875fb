"""What can be done with one contact and its customer: find, match, create, sync, unmatch."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.models import Contact
from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.errors import SyncError
from integrations.models import Link
from integrations.sync import access, links
from integrations.web import cards, find, notices, queries
from integrations.web.attempts import attempt
from integrations.web.views.loading import connection_or_404, link_or_404


@require_GET
def find_customer(request: FirmRequest, contact_id: int) -> HttpResponse:
    """Search the customers; with `ask` also in QuickBooks itself."""
    connection = connection_or_404(request)
    contact = _contact(request, contact_id)
    text = request.GET.get("q", contact.display_name).strip().replace("\x00", "")
    found = find.candidates(connection, contact, text) if text else []
    problem = ""
    if "ask" in request.GET and text:
        request.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
        try:
            books = access.open_books(connection, lane="people")
            found = find.joined(found, find.ask_there(books, contact, text))
        except SyncError as error:
            problem = str(error)
    context = {
        "section": "contacts",
        "connection": connection,
        "contact": contact,
        "contact_url": cards.record_url("contact", contact.pk),
        "text": text,
        "candidates": found,
        "has_asked": "ask" in request.GET,
        "problem": problem,
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
    }
    return render(request, "integrations/find.html", context)


@require_POST
def match(request: FirmRequest, contact_id: int) -> HttpResponse:
    connection = connection_or_404(request)
    contact = _contact(request, contact_id)
    is_done = attempt(
        request,
        lambda: links.match(
            actor=request.actor,
            connection=connection,
            entity=find.ENTITY,
            local_id=contact.pk,
            remote_id=request.POST.get("remote_id", ""),
            now=timezone.now(),
        ),
        done=f"{contact} matched.",
    )
    if not is_done:
        return redirect("integrations:find", contact_id=contact.pk)
    return _to_contact(contact.pk)


@require_POST
def create_there(request: FirmRequest, contact_id: int) -> HttpResponse:
    connection = connection_or_404(request)
    contact = _contact(request, contact_id)
    attempt(
        request,
        lambda: links.create_there(
            actor=request.actor,
            connection=connection,
            entity=find.ENTITY,
            local_id=contact.pk,
            now=timezone.now(),
        ),
        done=f"{contact} will be created in QuickBooks.",
    )
    return _to_contact(contact.pk)


@require_POST
def sync_now(request: FirmRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk)
    attempt(
        request,
        lambda: links.sync_now(actor=request.actor, link=link, now=timezone.now()),
        done=f"{link.label} is looked at now.",
    )
    return _to_record(link)


@require_http_methods(["GET", "POST"])
def unmatch(request: FirmRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk)
    if request.method == "POST":
        attempt(
            request,
            lambda: links.unmatch(actor=request.actor, link=link, now=timezone.now()),
            done=f"{link.label} unmatched.",
        )
        return _to_record(link)
    request.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=link.firm_id)
    context: dict[str, Any] = {
        "section": "contacts",
        "link": link,
        "record_url": cards.record_url(link.entity, link.local_id),
    }
    return render(request, "integrations/unmatch.html", context)


@require_GET
def timeline(request: FirmRequest, pk: int) -> HttpResponse:
    """Everything that happened to one pair."""
    link = link_or_404(request, pk)
    context = {
        "section": "contacts",
        "link": link,
        "record_url": cards.record_url(link.entity, link.local_id),
        "timeline": list(queries.timeline(link)[:300]),
    }
    return render(request, "integrations/timeline.html", context)


def _contact(request: FirmRequest, contact_id: int) -> Contact:
    return get_object_or_404(Contact.objects.for_firm(request.firm), pk=contact_id)


def _to_contact(contact_id: int) -> HttpResponse:
    return redirect(cards.record_url("contact", contact_id) or "integrations:left_out")


def _to_record(link: Link) -> HttpResponse:
    return redirect(cards.record_url(link.entity, link.local_id) or "integrations:home")
