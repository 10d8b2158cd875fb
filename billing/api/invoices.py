"""Invoices over the API: drafts, changes, and what is done with one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing import queries
from billing.api.invoice_serializers import (
    EXAMPLE_HEAD,
    EXAMPLE_IN,
    EXAMPLE_OUT,
    FILTERS,
    InvoiceHeadOut,
    InvoiceIn,
    InvoiceOut,
    InvoicesAsked,
    InvoiceVoidIn,
    SendIn,
    values_of,
)
from billing.api.payments import EXAMPLE_OUT as PAYMENT_EXAMPLE
from billing.api.payments import MoneyIn, PaymentOut, PaymentView
from billing.api.views import BillingView
from billing.models import Invoice
from billing.paper import Paper, read_paper
from billing.pdf import draw_invoice
from billing.services import invoices, payments, sending
from firms.api import docs
from firms.api.fields import Nothing
from firms.api.idempotency import idempotent
from firms.api.paging import PageAsked
from firms.api.preconditions import version_asked, version_needed

TAG, ENTITY = "Invoices", "invoice"


class InvoiceView(BillingView):
    def paper(self, pk: int) -> Paper:
        try:
            return read_paper(self.firm, pk, today=self.today)
        except Invoice.DoesNotExist:
            raise Http404 from None

    def invoice(self, pk: int) -> Invoice:
        invoice: Invoice = self.found(Invoice.objects.for_firm(self.firm), pk)
        return invoice

    def answer(self, pk: int, *, status: int = 200) -> Response:
        paper = self.paper(pk)
        invoice: Any = paper.invoice
        invoice.paper = paper
        invoice.last_mail = invoice.mails.order_by("-asked_at", "-pk").first()
        location = reverse("billing_api:invoice", args=[pk]) if status == 201 else ""
        return self.one(invoice, InvoiceOut, entity=ENTITY, status=status, location=location)


class Invoices(InvoiceView):
    @docs.lists(
        "list_invoices", InvoiceHeadOut, InvoicesAsked,
        tag=TAG, summary="List invoices, the newest first, without lines", sample=EXAMPLE_HEAD,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(InvoicesAsked)
        filters = queries.InvoiceFilters(q=asked.get("q", ""), sync=asked.get("sync_state", ""))
        found = queries.search_invoices(self.firm, filters)
        found = found.filter(**{FILTERS[name]: asked[name] for name in FILTERS if name in asked})
        found = queries.of_tab(found, asked.get("status", "all"), today=self.today)
        rows = queries.with_status(queries.with_balance(found), today=self.today)
        return self.page(rows, InvoiceHeadOut, entity=ENTITY, asked=asked)

    @docs.posts(
        "create_invoice", InvoiceIn, InvoiceOut, status=201, sent=EXAMPLE_IN,
        tag=TAG, summary="Make a draft", sample=EXAMPLE_OUT,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        values = values_of({"issued_on": self.today, **self.body(InvoiceIn)})
        made = invoices.create_draft(actor=self.actor, values=values, now=timezone.now())
        return self.answer(made.pk, status=201)


class OneInvoice(InvoiceView):
    @docs.reads("read_invoice", InvoiceOut, tag=TAG, summary="Read an invoice", sample=EXAMPLE_OUT)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(pk)

    @docs.patches(
        "update_invoice", InvoiceIn, InvoiceOut,
        tag=TAG, summary="Change the fields of an invoice that are named",
        sent={"message": "Thank you", "term_days": 15},
    )  # fmt: skip
    def patch(self, request: Request, pk: int) -> Response:
        invoice = self.invoice(pk)
        invoices.update_invoice(
            actor=self.actor,
            invoice=invoice,
            version=version_needed(request, current=invoice.version),
            changes=values_of(self.body(InvoiceIn, partial=True)),
            now=timezone.now(),
        )
        return self.answer(pk)

    @extend_schema(
        operation_id="delete_draft",
        tags=[TAG],
        summary="Delete a draft; its number is free again",
        parameters=[docs.IF_MATCH_NEEDED],
        responses={204: None, **docs.refusals(400, 401, 403, 404, 409, 412, 428, 429)},
    )
    def delete(self, request: Request, pk: int) -> Response:
        invoice = self.invoice(pk)
        version = version_needed(request, current=invoice.version)
        invoices.delete_draft(actor=self.actor, invoice=invoice, version=version)
        return Response(status=204)


class SendInvoice(InvoiceView):
    @docs.posts(
        "send_invoice", SendIn, InvoiceOut, status=202, versioned=True,
        sent={"to": "office@mapleridge.example"},
        tag=TAG, summary="E-mail an invoice with its PDF; a draft leaves draft now",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        paper = self.paper(pk)
        first = sending.default_letter(paper)
        sent = self.body(SendIn)
        letter = sending.Letter(
            to=sent.get("to", first.to),
            subject=sent.get("subject", first.subject),
            message=sent.get("message", first.message),
        )
        sending.send_by_email(
            actor=self.actor,
            invoice=paper.invoice,
            letter=letter,
            version=version_asked(request, current=paper.invoice.version),
            now=timezone.now(),
        )
        return self.answer(pk, status=202)


class MarkSent(InvoiceView):
    @docs.posts(
        "mark_invoice_sent", Nothing, InvoiceOut, versioned=True,
        tag=TAG, summary="Let a draft leave draft without an e-mail",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        invoice = self.invoice(pk)
        self.no_body()
        version = version_asked(request, current=invoice.version)
        invoices.mark_as_sent(
            actor=self.actor, invoice=invoice, version=version, now=timezone.now()
        )
        return self.answer(pk)


class VoidInvoice(InvoiceView):
    @docs.posts(
        "void_invoice", InvoiceVoidIn, InvoiceOut, versioned=True, sent={"reason": "Billed twice"},
        tag=TAG, summary="Let a sent invoice count as nothing",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        invoice = self.invoice(pk)
        sent = self.body(InvoiceVoidIn)
        invoices.void_invoice(
            actor=self.actor,
            invoice=invoice,
            reason=sent.get("reason", ""),
            payments=sent.get("payments", "keep"),
            version=version_asked(request, current=invoice.version),
            now=timezone.now(),
        )
        return self.answer(pk)


class DuplicateInvoice(InvoiceView):
    @docs.posts(
        "duplicate_invoice", Nothing, InvoiceOut, status=201,
        tag=TAG, summary="Make a draft like it, issued today, with the next number",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        invoice = self.invoice(pk)
        self.no_body()
        made = invoices.duplicate_invoice(actor=self.actor, invoice=invoice, now=timezone.now())
        return self.answer(made.pk, status=201)


class InvoicePdf(InvoiceView):
    @extend_schema(
        operation_id="read_invoice_pdf",
        tags=[TAG],
        summary="Its PDF. Whoever has it knows the number, so that stays from now on",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            **docs.refusals(401, 403, 404, 429),
        },
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        paper = self.paper(pk)
        if request.method == "GET":
            invoices.note_downloaded(actor=self.actor, invoice=paper.invoice)
        name = sending.file_name(paper.invoice)
        return HttpResponse(
            draw_invoice(paper, now=timezone.now()),
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{_plain(name)}"'},
        )


class InvoicePayments(PaymentView):
    def invoice(self, pk: int) -> Invoice:
        invoice: Invoice = self.found(Invoice.objects.for_firm(self.firm), pk)
        return invoice

    @docs.lists(
        "list_payments_of_invoice", PaymentOut, PageAsked, codes=(404,),
        tag=TAG, summary="List the payments that pay it", sample=PAYMENT_EXAMPLE,
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        invoice = self.invoice(pk)
        rows: QuerySet[Any] = self.payments().filter(parts__invoice=invoice)
        return self.page(rows, PaymentOut, entity="payment", asked=self.asked(PageAsked))

    @docs.posts(
        "pay_invoice", MoneyIn, PaymentOut, status=201,
        sent={"amount": "151.00", "received_on": "2026-11-25", "method": "Check"},
        tag=TAG, summary="Record a payment of it by its contact",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        invoice = self.invoice(pk)
        sent = self.body(MoneyIn)
        part = {"invoice_id": invoice.pk, "amount": sent["amount"]}
        made = payments.record_payment(
            actor=self.actor,
            values={**sent, "contact_id": invoice.contact_id, "parts": [part]},
            now=timezone.now(),
        )
        return self.answer(made, status=201)


def _plain(name: str) -> str:
    """A file name as a header can hold it."""
    return name.encode("ascii", "replace").decode().replace("?", "-")
