"""To the provider's consent page and back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.errors import SyncError
from integrations.models import Connection
from integrations.sync import consent
from integrations.sync.connection_parts import ConnectError
from integrations.sync.consent import Consented, Outcome
from integrations.web import notices, queries

IN_POPUP = "consent_in_popup"


@never_cache
@require_http_methods(["GET", "POST"])
def connect(request: FirmRequest) -> HttpResponse:
    """Leave for the consent page. Its origin is in `form-action` (settings.SECURE_CSP)."""
    if request.method == "GET":
        return redirect("integrations:integrations")
    wanted = request.POST.get("profile", "")
    profile = wanted if wanted in Connection.Profile.values else Connection.Profile.TWO_WAY
    try:
        url = consent.begin_consent(
            actor=request.actor,
            profile=profile,
            session_key=_session_key(request),
            now=timezone.now(),
        )
    except SyncError as error:
        notices.leave(request, f"{error} Nothing was changed. Try again.")
        return _leave_popup(request, request.POST.get("popup") == "1", _list())
    request.session[IN_POPUP] = request.POST.get("popup") == "1"
    return redirect(url)


@never_cache
@require_GET
def callback(request: FirmRequest) -> HttpResponse:
    """
    The consent page sends the person back here, with a code or with a refusal.

    What a program asked for only that program can finish: the person is shown what to hand over.
    """
    state = request.GET.get("state", "")
    program = consent.program_of(actor=request.actor, state=state, now=timezone.now())
    if program is not None and "error" not in request.GET:
        return render(
            request,
            "integrations/connect_for_program.html",
            {"section": "integrations", "token": program, "answer": request.GET},
        )
    in_popup = request.session.pop(IN_POPUP, False)
    return _leave_popup(request, in_popup, _finish(request))


def _finish(request: FirmRequest) -> str:
    """Do what the answer of the consent page asks for; return the page to go on with."""
    state = request.GET.get("state", "")
    now = timezone.now()
    try:
        if "error" in request.GET:
            consent.give_up_consent(
                actor=request.actor, state=state, session_key=_session_key(request), now=now
            )
            _say_refused(request)
            return _list()
        consented = consent.finish_consent(
            actor=request.actor,
            state=state,
            code=request.GET.get("code", ""),
            company_id=request.GET.get("realmId", ""),
            session_key=_session_key(request),
            now=now,
        )
    except ConnectError as error:
        notices.leave(request, str(error))
        return _list()
    return _next(request, consented)


def _say_refused(request: FirmRequest) -> None:
    if request.GET["error"] == "access_denied":
        messages.warning(request, "QuickBooks was not connected. You cancelled at QuickBooks.")
    else:
        notices.leave(request, str(consent.ConsentNotValid()))


def _next(request: FirmRequest, consented: Consented) -> str:
    if consented.outcome is Outcome.OTHER_COMPANY:
        return reverse("integrations:other_company")
    messages.success(request, f"Connected to {consented.company_name}")
    connection = consented.connection
    assert connection is not None
    if connection.profile == Connection.Profile.PUSH_ONLY:
        is_on = connection.billing_synced_at is not None
        return reverse("integrations:home" if is_on else "integrations:turn_on")
    is_set_up = connection.contacts_synced_at is not None
    return reverse("integrations:home" if is_set_up else "setup:contacts")


def _leave_popup(request: FirmRequest, in_popup: bool, url: str) -> HttpResponse:
    """Go on with `url`; from a pop-up, let the page that opened it go on."""
    if not in_popup:
        return redirect(url)
    return render(request, "integrations/connect_done.html", {"url": url})


@never_cache
@require_http_methods(["GET", "POST"])
def other_company(request: FirmRequest) -> HttpResponse:
    """The consent was given for another company than the one connected before: ask."""
    if request.method == "POST":
        return _decide_company(request)
    request.actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=request.firm.pk)
    pending = queries.pending_consent(request.firm)
    connection = queries.connection_of(request.firm)
    if pending is None or connection is None:
        return redirect("integrations:integrations")
    context = {
        "section": "integrations",
        "pending": pending,
        "connection": connection,
        "linked": queries.linked_count(connection),
        "queue": queries.queue(connection),
    }
    return render(request, "integrations/other_company.html", context)


def _decide_company(request: FirmRequest) -> HttpResponse:
    now = timezone.now()
    try:
        if request.POST.get("decision") == "use":
            return redirect(
                _next(request, consent.confirm_other_company(actor=request.actor, now=now))
            )
        name = consent.refuse_other_company(actor=request.actor, now=now)
    except ConnectError as error:
        notices.leave(request, str(error))
        return redirect(_list())
    messages.success(request, f"{name} was not connected. Nothing was changed.")
    return redirect(_list())


def _list() -> str:
    return reverse("integrations:integrations")


def _session_key(request: FirmRequest) -> str:
    if not request.session.session_key:
        request.session.create()
    return request.session.session_key or ""
