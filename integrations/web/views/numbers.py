"""Whether our next invoice number is clear of QuickBooks: asked, and set, from three pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.services.invoice_errors import InvoiceError
from firms.http import FirmRequest
from integrations.sync import numbers
from integrations.web.attempts import attempt
from integrations.web.views.loading import connection_or_404, managed

PAGES = {"setup": "setup:contacts", "invoices": "billing:invoice_settings"}


@require_POST
def check(request: FirmRequest) -> HttpResponse:
    """Ask QuickBooks which numbers its invoices have."""
    connection = managed(request)
    attempt(
        request,
        lambda: numbers.read(actor=request.actor, connection=connection, now=timezone.now()),
        done="The invoice numbers were read from QuickBooks.",
    )
    return _back(request)


@require_POST
def use(request: FirmRequest) -> HttpResponse:
    """Number the next invoices as proposed."""
    connection = connection_or_404(request)
    try:
        wanted = numbers.use(actor=request.actor, connection=connection, now=timezone.now())
    except InvoiceError as error:
        messages.error(request, str(error))
    else:
        if wanted:
            messages.success(request, f"The next invoice gets {wanted}")
    return _back(request)


def _back(request: FirmRequest) -> HttpResponse:
    return redirect(PAGES.get(request.POST.get("next", ""), "integrations:rules"))
