"""What can be done with one record and its partner there: find, match, create, sync, unmatch."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.entities import ENTITIES, Local
from integrations.errors import SyncError
from integrations.models import Connection, Link
from integrations.sync import access, links
from integrations.web import cards, find, notices, queries, wording
from integrations.web.attempts import attempt
from integrations.web.loaded import is_moving, rows_of
from integrations.web.views.loading import connection_or_404, link_or_404

SECTIONS = {
    "contact": "contacts",
    "service_item": "items",
    "invoice": "invoices",
    "payment": "payments",
}


@require_GET
def find_partner(request: FirmRequest, entity: str, local_id: int) -> HttpResponse:
    """Search what QuickBooks holds of this kind; with `ask` also in QuickBooks itself."""
    connection = connection_or_404(request)
    ours = _sought(connection, entity, local_id)
    text = request.GET.get("q", ours.label).strip().replace("\x00", "")
    found = find.candidates(connection, ours, text) if text else []
    may_ask = entity in find.ASKED_BY_NAME
    problem = ""
    if "ask" in request.GET and text and may_ask:
        request.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
        try:
            books = access.open_books(connection, lane="people")
            found = find.joined(found, find.ask_there(books, ours, text))
        except SyncError as error:
            problem = str(error)
    context = {
        "section": SECTIONS[entity],
        "connection": connection,
        "ours": ours,
        "noun": ENTITIES[entity].singular,
        "their_noun": ENTITIES[entity].theirs,
        "record_url": cards.record_url(entity, local_id),
        "text": text,
        "candidates": found,
        "may_ask": may_ask,
        "problem": problem,
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
    }
    return render(request, "integrations/find.html", context)


@require_POST
def match(request: FirmRequest, entity: str, local_id: int) -> HttpResponse:
    connection = connection_or_404(request)
    ours = _sought(connection, entity, local_id)
    is_done = attempt(
        request,
        lambda: links.match(
            actor=request.actor,
            connection=connection,
            entity=entity,
            local_id=local_id,
            remote_id=request.POST.get("remote_id", ""),
            now=timezone.now(),
        ),
        done=f"{ours.label} matched.",
    )
    if not is_done:
        return redirect("integrations:find", entity, local_id)
    return _to_page(entity, local_id)


@require_POST
def create_there(request: FirmRequest, entity: str, local_id: int) -> HttpResponse:
    connection = connection_or_404(request)
    ours = _sought(connection, entity, local_id)
    attempt(
        request,
        lambda: links.create_there(
            actor=request.actor,
            connection=connection,
            entity=entity,
            local_id=local_id,
            now=timezone.now(),
        ),
        done=f"{ours.label} will be created in QuickBooks.",
    )
    return _to_page(entity, local_id)


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
        "section": SECTIONS[link.entity],
        "noun": ENTITIES[link.entity].singular,
        "list_name": ENTITIES[link.entity].label,
        "their_noun": ENTITIES[link.entity].theirs,
        "link": link,
        "record_url": cards.record_url(link.entity, link.local_id),
    }
    return render(request, "integrations/unmatch.html", context)


@require_GET
def compare(request: FirmRequest, pk: int) -> HttpResponse:
    """Every field of a pair on both sides, and what QuickBooks says beside."""
    link = link_or_404(request, pk)
    spec = ENTITIES[link.entity]
    local = None
    if link.local_id is not None:
        local = spec.store.read(firm_id=link.firm_id, local_id=link.local_id)
    if local is None:
        raise Http404("There is nothing to compare.")
    context: dict[str, Any] = {
        "section": SECTIONS[link.entity],
        "noun": spec.singular,
        "link": link,
        "connection": link.connection,
        "record_url": cards.record_url(link.entity, link.local_id),
        "rows": rows_of(link, local, link.connection),
        "is_moving": is_moving(link, local),
        "sums": _sums(link, local),
        "memo": str(link.facts.get("memo") or ""),
    }
    return render(request, "integrations/compare.html", context)


def _sums(link: Link, local: Local) -> list[cards.Row]:
    """What each side makes of it: totals are compared, never copied."""
    if local.amount is None or not link.facts:
        return []
    theirs = wording.money(link.facts.get("total"))
    return [cards.Row(label="Total", ours=wording.money(local.amount), theirs=theirs)]


@require_GET
def timeline(request: FirmRequest, pk: int) -> HttpResponse:
    """Everything that happened to one pair."""
    link = link_or_404(request, pk)
    context = {
        "section": SECTIONS[link.entity],
        "noun": ENTITIES[link.entity].singular,
        "list_name": ENTITIES[link.entity].label,
        "their_noun": ENTITIES[link.entity].theirs,
        "link": link,
        "record_url": cards.record_url(link.entity, link.local_id),
        "timeline": list(queries.timeline(link)[:300]),
    }
    return render(request, "integrations/timeline.html", context)


def _sought(connection: Connection, entity: str, local_id: int) -> find.Sought:
    ours = find.sought(connection, entity, local_id)
    if ours is None:
        raise Http404("No such record.")
    return ours


def _to_page(entity: str, local_id: int) -> HttpResponse:
    return redirect(cards.record_url(entity, local_id) or "integrations:left_out")


def _to_record(link: Link) -> HttpResponse:
    return redirect(cards.record_url(link.entity, link.local_id) or "integrations:home")
