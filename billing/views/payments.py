"""Pages of payments to look at, and the void: the list, one payment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing import panels, periods, queries
from billing.action_forms import VoidPaymentForm
from billing.errors import BillingError
from billing.models import Payment
from billing.services import payments
from billing.services.payment_errors import PaymentChanged
from billing.views.frame import needs_billing
from billing.views.invoices import PAGE, SYNC_CHOICES, must_look, period_choices, period_label
from contacts.models import Contact
from firms.http import FirmRequest
from firms.permissions import Permission

TAB_LABELS = {"received": "Received", "unapplied": "Unapplied", "void": "Void", "all": "All"}


@require_safe
@needs_billing
def payment_list(request: FirmRequest) -> HttpResponse:
    must_look(request)
    filters = queries.PaymentFilters.read(request.GET)
    found = queries.search_payments(request.firm, filters)
    counts = queries.count_payments_by_tab(found)
    paginator = Paginator(queries.listed_payments(found, filters), PAGE)
    paginator.count = counts.of(filters.tab)  # counted already, with the tabs
    page = paginator.get_page(request.GET.get("page"))
    contact = None
    if filters.contact is not None:
        contact = Contact.objects.for_firm(request.firm).filter(pk=filters.contact).first()
    context = {
        "section": "payments",
        "filters": filters,
        "tabs": [(name, TAB_LABELS[name], counts.of(name)) for name in queries.PAYMENT_TABS],
        "counts": counts,
        "page": page,
        "title": _list_title(page),
        "sort_columns": _sort_columns(filters),
        "sync_choices": SYNC_CHOICES,
        "sync_label": dict(SYNC_CHOICES).get(filters.sync, ""),
        "received_choices": period_choices(timezone.localdate()),
        "received_label": period_label(filters.received),
        "contact": contact,
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "billing/_payment_list.html" if is_fragment else "billing/payment_list.html"
    return render(request, template, context)


@require_safe
@needs_billing
def payment_detail(request: FirmRequest, pk: int) -> HttpResponse:
    must_look(request)
    payment = payment_of(request, pk)
    context = {
        "section": "payments",
        "payment": payment,
        "parts": queries.applied_parts(payment, today=timezone.localdate()),
        "mark": queries.payment_mark(payment),
        "panels": panels.draw(panels.Page.PAYMENT, request, payment),
    }
    return render(request, "billing/payment_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def void_payment(request: FirmRequest, pk: int) -> HttpResponse:
    payment = payment_of(request, pk)
    request.actor.must(Permission.RECORD_PAYMENTS, in_firm=request.firm.pk)
    if payment.is_void:
        return redirect("billing:payment", pk=pk)
    if request.method != "POST":
        return _void_page(request, payment, VoidPaymentForm(initial={"version": payment.version}))
    form = VoidPaymentForm(request.POST)
    if form.is_valid():
        try:
            payments.void_payment(
                actor=request.actor,
                payment=payment,
                version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except PaymentChanged as changed:
            return _void_conflict(request, form, changed)
        except BillingError as error:
            field = getattr(error, "field", "")
            form.add_error(field if field in form.fields else None, str(error))
        else:
            messages.success(request, f"{payment} voided")
            return redirect("billing:payment", pk=pk)
    return _void_page(request, payment, form)


def payment_of(request: FirmRequest, pk: int) -> Any:
    """The payment with `unapplied`; one of another firm is not found."""
    rows = queries.with_unapplied(Payment.objects.for_firm(request.firm))
    return get_object_or_404(rows.select_related("contact", "firm"), pk=pk)


def why_fixed(payment: Payment) -> str:
    """Why nothing of it can be changed or voided here; "" where it can."""
    if payment.lock_reason:
        return payment.lock_reason.rstrip(".") + "."
    try:
        periods.must_be_open(payment.firm_id, payment.received_on, field="received_on")
    except periods.PeriodClosed as closed:
        return str(closed)
    return ""


def _void_page(request: FirmRequest, payment: Any, form: forms.Form) -> HttpResponse:
    parts = queries.applied_parts(payment, today=timezone.localdate())
    reopened, rest = [], []
    for part, invoice in parts:
        if invoice is None or invoice.is_void:
            rest.append({"part": part, "invoice": invoice})
            continue
        balance: Decimal = invoice.balance + part.amount
        reopened.append({"part": part, "invoice": invoice, "balance": balance})
    context = {
        "section": "payments",
        "payment": payment,
        "form": form,
        "reopened": reopened,
        "rest": rest,
        "why_not": why_fixed(payment),
    }
    return render(request, "billing/payment_void.html", context)


def _void_conflict(
    request: FirmRequest, form: VoidPaymentForm, changed: PaymentChanged
) -> HttpResponse:
    """Somebody changed it meanwhile: what voiding does is shown anew; the reason is kept."""
    who, current = changed.payment.changed_by or "Somebody", changed.payment
    if current.is_void:
        messages.info(request, f"{who} voided it already")
        return redirect("billing:payment", pk=current.pk)
    fresh = VoidPaymentForm({"version": current.version, "reason": form.cleaned_data["reason"]})
    at = timezone.localtime(current.updated_at)
    fresh.add_error(
        None, f"{who} changed this at {at:%H:%M}. Nothing is voided yet: look at it again."
    )
    return _void_page(request, payment_of(request, current.pk), fresh)


def _list_title(page: Page) -> str:
    pages = page.paginator.num_pages
    return f"Payments (page {page.number} of {pages})" if pages > 1 else "Payments"


def _sort_columns(filters: queries.PaymentFilters) -> dict[str, dict[str, str]]:
    """Headings that sort: their direction now, and what a press asks for."""
    columns = {}
    for key, label in (("received", "Received"), ("contact", "Contact"), ("amount", "Amount")):
        is_current = key == filters.sort
        now = ("descending" if filters.is_descending else "ascending") if is_current else ""
        turn = not filters.is_descending if is_current else key != "contact"
        columns[key] = {"label": label, "now": now, "ask": f"-{key}" if turn else key}
    return columns
