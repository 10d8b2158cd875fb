"""What was left out of the sync, and how it comes in after all."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.entities import ENTITIES
from integrations.models import Link
from integrations.sync import links
from integrations.web import cards, notices, queries
from integrations.web.attempts import EXPECTED
from integrations.web.views.loading import connection_or_404

PAGE = 300
AT_ONCE = 300  # a press creates this many; the person is told how many are left


@require_GET
def left_out(request: FirmRequest) -> HttpResponse:
    connection = connection_or_404(request)
    filters = _filters(request.GET)
    rows = queries.left_out(connection, **filters)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "integrations",
        "connection": connection,
        "page": page,
        "rows": [(link, cards.record_url(link.entity, link.local_id)) for link in page],
        "filters": filters,
        "counts": queries.left_out_counts(connection, entity=filters["entity"]),
        "kinds": [(key, spec.label) for key, spec in ENTITIES.items()],
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
    }
    return render(request, "integrations/left_out_list.html", context)


@require_POST
def create(request: FirmRequest) -> HttpResponse:
    """Create the chosen ones on the other side: the ticked rows, one row, or all that match."""
    connection = connection_or_404(request)
    request.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    filters = _filters(request.POST)
    rows = queries.left_out(connection, **filters)
    if request.POST.get("all") != "1":
        chosen = request.POST.getlist("only") or request.POST.getlist("link")
        rows = rows.filter(pk__in=[each for each in chosen if each.isdecimal()])
    number, done, refused = rows.count(), 0, []
    for link in rows[:AT_ONCE]:
        problem = _create(request, link)
        if problem:
            refused.append(problem)
        else:
            done += 1
    _tell(request, done, refused, side=filters["side"], rest=max(number - AT_ONCE, 0))
    return redirect(f"{reverse('integrations:left_out')}?{_query(filters)}")


def _create(request: FirmRequest, link: Link) -> str:
    """Have one of them created; return why not, if not."""
    now = timezone.now()
    try:
        links.create_other_side(actor=request.actor, link=link, now=now)
    except EXPECTED as error:
        return f"{link.label or link.remote_label}: {error}"
    return ""


def _tell(request: FirmRequest, done: int, refused: list[str], *, side: str, rest: int) -> None:
    place = "here" if side == "theirs" else "in QuickBooks"
    if done:
        noun = "record" if done == 1 else "records"
        messages.success(request, f"{done} {noun} will be created {place}.")
    if rest:
        notices.leave(request, f"{rest} more match. Press again for the next ones.", tone="info")
    elif refused:
        notices.leave(request, " ".join(refused[:5]))
    elif not done:
        notices.leave(request, "Choose at least one row.", tone="warn")


def _filters(sent: QueryDict) -> dict[str, Any]:
    side = "theirs" if sent.get("side") == "theirs" else "ours"
    kind = sent.get("kind", "")
    return {
        "side": side,
        "entity": kind if kind in ENTITIES else "",
        "text": sent.get("q", "").strip().replace("\x00", ""),
    }


def _query(filters: dict[str, Any]) -> str:
    query = QueryDict(mutable=True)
    query.update({"side": filters["side"], "kind": filters["entity"], "q": filters["text"]})
    return query.urlencode()
