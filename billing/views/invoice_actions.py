"""What is done with one invoice: send, mark as sent, void, duplicate, delete a draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing import panels
from billing.action_forms import SendForm, VoidForm
from billing.models import Invoice, InvoiceMail
from billing.paper import Paper
from billing.services import invoices, sending
from billing.services.invoices import InvoiceError
from billing.views.frame import needs_billing
from billing.views.invoices import paper_of
from firms.http import FirmRequest
from firms.permissions import Permission


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def send_invoice(request: FirmRequest, pk: int) -> HttpResponse:
    paper = _editable(request, pk)
    if paper.invoice.is_void:
        messages.error(request, f"{paper.invoice} is void. It can be downloaded, but not sent.")
        return redirect("billing:invoice", pk=pk)
    if request.method != "POST":
        return _send_page(request, paper, SendForm(initial=_first_letter(paper)))
    form = SendForm(request.POST)
    if form.is_valid():
        try:
            mail = sending.send_by_email(
                actor=request.actor,
                invoice=paper.invoice,
                letter=form.letter(),
                version=form.cleaned_data["version"],
                form_key=form.cleaned_data["form_key"],
                now=timezone.now(),
            )
        except InvoiceError as error:
            _add_error(form, error)
        else:
            messages.success(request, f"{paper.invoice} is on its way to {mail.to}")
            return redirect("billing:invoice", pk=pk)
    return _send_page(request, paper, form)


@require_POST
@needs_billing
def mark_as_sent(request: FirmRequest, pk: int) -> HttpResponse:
    invoice = _editable(request, pk).invoice
    try:
        invoices.mark_as_sent(
            actor=request.actor,
            invoice=invoice,
            version=_version(request),
            now=timezone.now(),
        )
    except InvoiceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{invoice} marked as sent")
    return redirect("billing:invoice", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def void_invoice(request: FirmRequest, pk: int) -> HttpResponse:
    paper = _editable(request, pk)
    invoice = paper.invoice
    if invoice.status != Invoice.Status.SENT:
        return redirect("billing:invoice", pk=pk)
    if request.method != "POST":
        return _void_page(request, paper, VoidForm(initial={"version": invoice.version}))
    form = VoidForm(request.POST)
    if form.is_valid():
        try:
            invoices.void_invoice(
                actor=request.actor,
                invoice=invoice,
                version=form.cleaned_data["version"],
                reason=form.cleaned_data["reason"],
                payments=form.cleaned_data["payments"],
                now=timezone.now(),
            )
        except InvoiceError as error:
            _add_error(form, error)
        else:
            messages.success(request, f"{invoice} voided")
            return redirect("billing:invoice", pk=pk)
    return _void_page(request, paper, form)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def duplicate_invoice(request: FirmRequest, pk: int) -> HttpResponse:
    paper = _editable(request, pk)
    if request.method != "POST":
        context = {"section": "invoices", "invoice": paper.invoice, "form_key": uuid4()}
        return render(request, "billing/invoice_duplicate.html", context)
    try:
        made = invoices.duplicate_invoice(
            actor=request.actor,
            invoice=paper.invoice,
            form_key=_uuid(request.POST.get("form_key")),
            now=timezone.now(),
        )
    except InvoiceError as error:
        messages.error(request, str(error))
        return redirect("billing:invoice", pk=pk)
    messages.success(request, f"{made} made from {paper.invoice}, as a draft issued today")
    return redirect("billing:invoice_edit", pk=made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def delete_draft(request: FirmRequest, pk: int) -> HttpResponse:
    invoice = _editable(request, pk).invoice
    if not invoice.is_draft:
        return redirect("billing:invoice", pk=pk)
    if request.method != "POST":
        context = {"section": "invoices", "invoice": invoice}
        return render(request, "billing/invoice_delete.html", context)
    try:
        invoices.delete_draft(actor=request.actor, invoice=invoice, version=_version(request))
    except InvoiceError as error:
        messages.error(request, str(error))
        return redirect("billing:invoice", pk=pk)
    messages.success(request, f"{invoice} deleted")
    return redirect("billing:invoices")


def _editable(request: FirmRequest, pk: int) -> Paper:
    paper = paper_of(request, pk)
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    return paper


def _first_letter(paper: Paper) -> dict[str, Any]:
    """What was written for a mail that failed, else what we would write."""
    latest = paper.invoice.mails.order_by("-asked_at", "-pk").first()
    is_failed = latest is not None and latest.state == InvoiceMail.State.FAILED
    letter = latest if is_failed and latest else sending.default_letter(paper)
    words = {"to": letter.to, "subject": letter.subject, "message": letter.message}
    return {**words, "version": paper.invoice.version, "form_key": uuid4()}


def _send_page(request: FirmRequest, paper: Paper, form: SendForm) -> HttpResponse:
    context = {"section": "invoices", "paper": paper, "invoice": paper.invoice, "form": form}
    return render(request, "billing/invoice_send.html", context)


def _void_page(request: FirmRequest, paper: Paper, form: VoidForm) -> HttpResponse:
    context = {
        "section": "invoices",
        "paper": paper,
        "invoice": paper.invoice,
        "form": form,
        "may_void_payments": request.actor.can(Permission.RECORD_PAYMENTS),
        "panels": panels.draw(panels.Page.VOID, request, paper.invoice),
    }
    return render(request, "billing/invoice_void.html", context)


def _add_error(form: forms.Form, error: InvoiceError) -> None:
    """Beside its field where the form has it, else above all."""
    form.add_error(error.field if error.field in form.fields else None, str(error))


def _version(request: FirmRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
