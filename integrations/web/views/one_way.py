"""The one page that turns a one-way connection on, and its test invoice."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from firms.http import FirmRequest
from firms.permissions import Permission
from integrations.errors import SyncError
from integrations.models import Connection
from integrations.sync import rule_values, trial, turn_on
from integrations.web import cards
from integrations.web.attempts import attempt
from integrations.web.forms import NewServiceForm, TurnOnForm
from integrations.web.views.loading import connection_or_404, managed, page


@require_http_methods(["GET", "POST"])
def settings(request: FirmRequest) -> HttpResponse:
    """Default service, deposit account, numbers; then Turn on."""
    connection = managed(request)
    if connection.profile != Connection.Profile.PUSH_ONLY or connection.billing_synced_at:
        return redirect("integrations:home")
    sent = request.POST if request.method == "POST" else None
    form = TurnOnForm(sent, connection=connection)
    if request.method == "POST" and form.is_valid() and _turn_on(request, connection, form):
        return redirect("integrations:home")
    return _page(request, connection, form=form)


def _turn_on(request: FirmRequest, connection: Connection, form: TurnOnForm) -> bool:
    try:
        left = turn_on.turn_on(
            actor=request.actor, connection=connection, now=timezone.now(), **form.cleaned_data
        )
    except rule_values.RuleNotPossible as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    except turn_on.NotPossible as error:
        form.add_error(None, str(error))
        return False
    stay = f" {left} older ones stay here." if left else ""
    messages.success(request, f"On. What is sent from now on goes to QuickBooks.{stay}")
    return True


@require_POST
def new_service(request: FirmRequest) -> HttpResponse:
    """Make the service that lines go out on."""
    connection = managed(request)
    form = NewServiceForm(request.POST, connection=connection)
    if form.is_valid():
        try:
            made = turn_on.create_service(
                actor=request.actor, connection=connection, now=timezone.now(), **form.cleaned_data
            )
        except rule_values.RuleNotPossible as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except SyncError as error:
            form.add_error(None, f"{error} {error.what_to_do}".strip())
        else:
            messages.success(request, f"{form.cleaned_data['name']} was made in QuickBooks.")
            return redirect(f"{request.path.removesuffix('new-service/')}?service={made}")
    return _page(request, connection, new_form=form)


def _page(
    request: FirmRequest,
    connection: Connection,
    *,
    form: TurnOnForm | None = None,
    new_form: NewServiceForm | None = None,
) -> HttpResponse:
    shown = form or TurnOnForm(connection=connection)
    made = request.GET.get("service")
    if made and not shown.is_bound:
        shown.initial["service_item"] = made
    makes = new_form or NewServiceForm(connection=connection)
    has_sales = bool(shown.initial.get("service_item"))
    if has_sales:
        makes.initial["name"] = ""  # what is proposed is there already
    lists = connection.company_facts.get("lists") or {}
    context: dict[str, Any] = {
        "turn_on_form": shown,
        "new_form": makes,
        "form": new_form or shown,  # whose errors the summary tells
        "has_lists": "items" in lists,
        "has_sales": has_sales,
        "banks": [
            each["label"]
            for each in rule_values.choices(connection, "deposit_account")
            if rule_values.is_bank(connection, each["id"])
        ],
        "own_numbers": (connection.company_facts.get("preferences") or {}).get("own_numbers"),
    }
    return page(request, connection, "turn_on", **context)


# -- The test invoice ----------------------------------------------------------------------------


@require_POST
def make_test(request: FirmRequest) -> HttpResponse:
    connection = connection_or_404(request)
    attempt(
        request,
        lambda: trial.begin(actor=request.actor, connection=connection, now=timezone.now()),
    )
    return redirect("integrations:test_invoice")


@require_GET
def show_test(request: FirmRequest) -> HttpResponse:
    """How the last test goes; the part that changes alone for htmx, until it is over."""
    connection = connection_or_404(request)
    test = trial.last(connection)
    is_going_on = test is not None and test.is_going_on(timezone.now())
    context = {
        "test": test,
        "is_going_on": is_going_on,
        "invoice_url": cards.record_url("invoice", test.invoice_id) if test else "",
        "may_test": request.actor.can(Permission.MANAGE_INTEGRATIONS),
    }
    if not request.htmx:
        return page(request, connection, "test_invoice", **context)
    answer = render(request, "integrations/_test_invoice.html", context)
    if not is_going_on:
        answer.status_code = 286  # htmx: stop asking
    return answer
