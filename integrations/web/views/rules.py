"""What decides by itself: the rules of a connection, and which way it goes."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from firms.http import FirmRequest
from integrations.models import Connection
from integrations.sync import rule_changes, rule_values, turn_on
from integrations.sync.rules import lists_of, po_field, preferences_of
from integrations.web.attempts import attempt
from integrations.web.forms import RulesForm
from integrations.web.views.loading import connection_or_404, managed, page
from integrations.wizard import preflight

SHOWN_TERMS = 12


@require_http_methods(["GET", "POST"])
def rules(request: FirmRequest) -> HttpResponse:
    connection = connection_or_404(request)
    sent = request.POST if request.method == "POST" else None
    form = RulesForm(sent, connection=connection, has_billing=request.firm.has_billing)
    if request.method == "POST" and form.is_valid():
        try:
            rule_changes.set_rules(
                actor=request.actor, connection=connection, now=timezone.now(), **form.wanted()
            )
        except rule_values.RuleNotPossible as error:
            form.refuse(error)
        else:
            return redirect("integrations:rules" if "stay" in request.POST else "integrations:home")
    return page(request, connection, "rules", **_context(request, connection, form))


def _context(request: FirmRequest, connection: Connection, form: RulesForm) -> dict[str, Any]:
    preferences = preferences_of(connection)
    account = (connection.defaults or {}).get("deposit_account") or {}
    return {
        "form": form,
        "is_one_way": connection.profile == Connection.Profile.PUSH_ONLY,
        "is_on": connection.billing_synced_at is not None,
        "has_lists": rule_values.has_lists(connection),
        "own_numbers": preferences.get("own_numbers"),
        "taxes_by_hand": not preferences.get("automated_sales_tax"),
        "tax_rows": form.tax_rows(),
        "po_field": po_field(preferences),
        "terms": [each for each in lists_of(connection, "terms") if each.get("days") is not None][
            :SHOWN_TERMS
        ],
        "deposits_at_bank": rule_values.is_bank(connection, str(account.get("id") or "")),
        **preflight.sorted_out(connection),
    }


@require_POST
def read_lists(request: FirmRequest) -> HttpResponse:
    """Read accounts, tax codes and services of the company again."""
    connection = connection_or_404(request)
    attempt(
        request,
        lambda: rule_changes.read_lists(
            actor=request.actor, connection=connection, now=timezone.now()
        ),
        done="Accounts, tax codes and services were read from QuickBooks.",
    )
    goes_to = request.POST.get("next")
    return redirect("integrations:turn_on" if goes_to == "turn_on" else "integrations:rules")


@require_http_methods(["GET", "POST"])
def go_two_way(request: FirmRequest) -> HttpResponse:
    """From one way to both: asks, then the wizard begins."""
    connection = managed(request)
    if request.method == "POST":
        is_done = attempt(
            request,
            lambda: turn_on.go_two_way(
                actor=request.actor, connection=connection, now=timezone.now()
            ),
        )
        return redirect("setup:contacts" if is_done else "integrations:rules")
    return page(request, connection, "go_two_way")


@require_http_methods(["GET", "POST"])
def go_one_way(request: FirmRequest) -> HttpResponse:
    """From both ways to QuickBooks only: asks, then it waits to be turned on."""
    connection = managed(request)
    if request.method == "POST":
        is_done = attempt(
            request,
            lambda: turn_on.go_push_only(
                actor=request.actor, connection=connection, now=timezone.now()
            ),
        )
        return redirect("integrations:turn_on" if is_done else "integrations:rules")
    return page(request, connection, "go_one_way")
