"""What needs a person: one page an issue, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.models import Issue
from integrations.reconcile.policy import Side
from integrations.sync import links, resolving
from integrations.web import cards, notices, queries
from integrations.web.attempts import attempt
from integrations.web.forms import IgnoreForm, RenameForm
from integrations.web.views.loading import connection_or_404, issue_or_404


@require_GET
def issue(request: FirmRequest, pk: int) -> HttpResponse:
    found = issue_or_404(request, pk)
    context = _context(request, found)
    return render(request, "integrations/issue_page.html", context)


def _context(request: FirmRequest, found: Issue, **more: Any) -> dict[str, Any]:
    return {
        "section": "integrations",
        "connection": found.connection,
        "card": cards.cards([found])[0],
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "notice": notices.take(request),
        "timeline": list(queries.timeline(found.link)[:20]),
        "rename_form": RenameForm.of(found),
        "ignore_form": IgnoreForm(),
        "is_page": True,
        **more,
    }


@require_POST
def decide(request: FirmRequest, pk: int) -> HttpResponse:
    """Keep ours, keep theirs, or group by group."""
    found = issue_or_404(request, pk)
    keep = _choices(request.POST, found)
    if not keep:
        notices.leave(request, "Choose which side to keep for at least one field.")
        return _back(request, found)
    now = timezone.now()
    attempt(
        request,
        lambda: resolving.decide(actor=request.actor, issue=found, keep=keep, now=now),
        done="Decided. It takes effect in a few seconds; until then it can be undone.",
    )
    return _back(request, found)


def _choices(posted: Mapping[str, str], found: Issue) -> dict[str, Side]:
    """Group -> the side to keep. `keep_all` decides every group alike."""
    sides = {side.value: side for side in Side}
    groups = [each["group"] for each in found.detail.get("groups", [])]
    wanted = {group: posted.get("keep_all") or posted.get(f"keep_{group}", "") for group in groups}
    return {group: sides[side] for group, side in wanted.items() if side in sides}


@require_POST
def undo(request: FirmRequest, pk: int) -> HttpResponse:
    found = issue_or_404(request, pk)
    attempt(
        request,
        lambda: resolving.undo(actor=request.actor, issue=found, now=timezone.now()),
        done="Decision taken back. Nothing was sent.",
    )
    return _back(request, found)


@require_POST
def retry(request: FirmRequest, pk: int) -> HttpResponse:
    found = issue_or_404(request, pk)
    attempt(
        request,
        lambda: resolving.retry(actor=request.actor, issue=found, now=timezone.now()),
        done=f"{found.link.label or found.link.remote_label} is tried again.",
    )
    return _back(request, found)


@require_POST
def retry_all(request: FirmRequest) -> HttpResponse:
    """Errors only, never conflicts."""
    connection = connection_or_404(request)
    count = resolving.retry_all(actor=request.actor, connection=connection, now=timezone.now())
    messages.success(request, f"{count} error{'' if count == 1 else 's'} will be tried again.")
    return redirect("integrations:home")


@require_POST
def ignore(request: FirmRequest, pk: int) -> HttpResponse:
    found = issue_or_404(request, pk)
    form = IgnoreForm(request.POST)
    if not form.is_valid():
        context = _context(request, found, ignore_form=form, form=form)
        return render(request, "integrations/issue_page.html", context)
    return _press(
        request,
        found,
        resolving.ignore,
        done=f"{found.link.label or found.link.remote_label} was put aside.",
        issue=found,
        reason=form.cleaned_data["reason"],
    )


@require_POST
def rename(request: FirmRequest, pk: int) -> HttpResponse:
    """Give our record another name; it is tried again at once."""
    found = issue_or_404(request, pk)
    form = RenameForm(request.POST)
    if not form.is_valid():
        context = _context(request, found, rename_form=form, form=form)
        return render(request, "integrations/issue_page.html", context)
    attempt(
        request,
        lambda: resolving.rename(
            actor=request.actor,
            issue=found,
            name=form.cleaned_data["name"],
            version=form.cleaned_data["version"],
            now=timezone.now(),
        ),
        done=f"Renamed to {form.cleaned_data['name']}. It is tried again.",
    )
    return _back(request, found)


@require_POST
def link_to_existing(request: FirmRequest, pk: int) -> HttpResponse:
    """The record of that name there is the same one."""
    found = issue_or_404(request, pk)
    remote_id = request.POST.get("remote_id") or str(found.detail.get("other_id") or "")
    if not remote_id:
        return redirect("integrations:find", found.link.entity, found.link.local_id)
    return _press(
        request,
        found,
        resolving.link_to_existing,
        done=f"{found.link.label} is linked.",
        issue=found,
        remote_id=remote_id,
    )


SERVICES: Mapping[str, tuple[Callable[..., Any], str]] = {  # options that do more than be kept
    "void_here": (resolving.void_here, "was voided here, too."),
    "make_anew": (resolving.make_anew, "will be made anew in QuickBooks."),
}


@require_POST
def choose(request: FirmRequest, pk: int) -> HttpResponse:
    """One of the issue's own buttons: see cards.Choice."""
    found = issue_or_404(request, pk)
    option = request.POST.get("option", "")
    label = found.link.label or found.link.remote_label
    if option == "accept":
        attempt(
            request,
            lambda: resolving.accept_end(actor=request.actor, issue=found, now=timezone.now()),
            done="Decided. It takes effect in a few seconds; until then it can be undone.",
        )
        return _back(request, found)
    if option in SERVICES:
        service, told = SERVICES[option]
        return _press(request, found, service, done=f"{label} {told}", issue=found)
    return _press(
        request,
        found,
        resolving.choose,
        done=f"Decided. {label} is looked at now.",
        issue=found,
        option=option,
        value=request.POST.get("number", "") if option == "number_there" else True,
    )


@require_POST
def same_payment(request: FirmRequest, pk: int) -> HttpResponse:
    """The payment on this side and the chosen one on the other are one."""
    found = issue_or_404(request, pk)
    return _press(
        request,
        found,
        resolving.same_payment,
        done="Linked. It counts once on both sides.",
        issue=found,
        other_id=request.POST.get("other_id", ""),
    )


@require_POST
def pick(request: FirmRequest, pk: int) -> HttpResponse:
    """Of several records there that ours may be, this one is meant."""
    found = issue_or_404(request, pk)
    return _press(
        request,
        found,
        resolving.pick,
        done=f"{found.link.label} is linked. The answer is remembered.",
        issue=found,
        remote_id=request.POST.get("remote_id", ""),
    )


@require_POST
def archive(request: FirmRequest, pk: int) -> HttpResponse:
    """Its customer is gone: put our contact away."""
    found = issue_or_404(request, pk)
    done = f"{found.link.label} was archived."
    return _press(request, found, resolving.archive_merged, done=done, issue=found)


@require_POST
def unmatch(request: FirmRequest, pk: int) -> HttpResponse:
    found = issue_or_404(request, pk)
    done = f"{found.link.label} unmatched."
    return _press(request, found, links.unmatch, done=done, link=found.link)


def _press(
    request: FirmRequest, found: Issue, service: Callable[..., Any], *, done: str, **sent: Any
) -> HttpResponse:
    """Call the service behind a button that ends the issue; then home, or back if it refused."""
    is_done = attempt(
        request,
        lambda: service(actor=request.actor, now=timezone.now(), **sent),
        done=done,
    )
    return redirect("integrations:home") if is_done else _back(request, found)


def _back(request: FirmRequest, found: Issue) -> HttpResponse:
    """To where the button was pressed: the home, or the issue's own page."""
    if request.POST.get("next") == "issue":
        return redirect("integrations:issue", pk=found.pk)
    return redirect(f"{reverse('integrations:home')}#issue-{found.pk}")
