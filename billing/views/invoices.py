"""Pages of invoices to look at: the list, one invoice, its PDF."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from billing import bulk, panels, queries
from billing.models import Invoice, InvoiceMail
from billing.paper import Paper, read_paper
from billing.pdf import draw_invoice
from billing.queries.invoice_list import FAILED_SHOWN, NEEDS_YOU
from billing.services import invoices
from billing.services.sending import file_name
from billing.views.frame import needs_billing
from contacts.models import Contact
from firms.http import FirmRequest
from firms.marks import SyncMark, SyncState
from firms.permissions import Permission

PAGE = 300
MAILS_SHOWN = 20
STALLED_SECONDS = 600  # a task of the queue is stopped long before
SYNC_CHOICES = ((NEEDS_YOU, "Needs you"), *((each.value, each.label) for each in SyncState))
TABS = tuple((name, name.capitalize()) for name in queries.INVOICE_STATUSES)


@require_safe
@needs_billing
def invoice_list(request: FirmRequest) -> HttpResponse:
    must_look(request)
    filters = queries.InvoiceFilters.read(request.GET)
    today = timezone.localdate()
    found = queries.search_invoices(request.firm, filters)
    counts = queries.count_invoices_by_status(found, today=today)
    paginator = Paginator(queries.listed_invoices(found, filters, today=today), PAGE)
    paginator.count = counts.of(filters.status)  # counted already, with the tabs
    page = paginator.get_page(request.GET.get("page"))
    failed = queries.failed_mails(request.firm)
    context = {
        "section": "invoices",
        "filters": filters,
        "tabs": [(name, label, counts.of(name)) for name, label in TABS],
        "counts": counts,
        "page": page,
        "title": _list_title(page),
        "sort_columns": _sort_columns(filters),
        "sync_choices": SYNC_CHOICES,
        "sync_label": dict(SYNC_CHOICES).get(filters.sync, ""),
        "issued_choices": period_choices(today),
        "issued_label": period_label(filters.issued),
        "contact": _contact(request, filters),
        "pick": request.GET.get("pick") if request.GET.get("pick") in ("page", "all") else "",
        "bulk_actions": bulk.actions(),
        "form_key": uuid4(),
        "problems": _sync_problems(request),
        "failed_mails": failed[:FAILED_SHOWN],
        "has_more_failed": len(failed) > FAILED_SHOWN,
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "billing/_invoice_list.html" if is_fragment else "billing/invoice_list.html"
    return render(request, template, context)


@require_safe
@needs_billing
def invoice_detail(request: FirmRequest, pk: int) -> HttpResponse:
    must_look(request)
    paper = paper_of(request, pk)
    invoice = paper.invoice
    mails = list(invoice.mails.order_by("-asked_at", "-pk")[:MAILS_SHOWN])
    context = {
        "section": "invoices",
        "paper": paper,
        "invoice": invoice,
        "days": (invoice.due_on - timezone.localdate()).days,
        "is_owed": invoice.status == Invoice.Status.SENT and paper.settling[-1].amount > 0,
        "mark": queries.invoice_mark(invoice),
        "mails": mails,
        "mail_problem": _mail_problem(mails),
        "form_key": uuid4(),
        "panels": panels.draw(panels.Page.INVOICE, request, invoice),
    }
    return render(request, "billing/invoice_detail.html", context)


@require_safe
@needs_billing
def invoice_pdf(request: FirmRequest, pk: int) -> HttpResponse:
    """Its PDF. Whoever has it knows the number, so that stays from now on."""
    must_look(request)
    paper = paper_of(request, pk)
    if request.method == "GET":
        invoices.note_downloaded(actor=request.actor, invoice=paper.invoice)
    return pdf_answer(paper)


def pdf_answer(paper: Paper) -> HttpResponse:
    name = file_name(paper.invoice)
    return HttpResponse(
        draw_invoice(paper, now=timezone.now()),
        content_type="application/pdf",
        headers={"Content-Disposition": content_disposition_header(False, name) or "inline"},
    )


def must_look(request: FirmRequest) -> None:
    request.actor.must(Permission.VIEW_ONLY, in_firm=request.firm.pk)


def paper_of(request: FirmRequest, pk: int) -> Paper:
    try:
        return read_paper(request.firm, pk, today=timezone.localdate())
    except Invoice.DoesNotExist:
        raise Http404 from None


def _mail_problem(mails: list[InvoiceMail]) -> InvoiceMail | None:
    """The latest mail, where it failed, waits for long, or nobody knows if it left."""
    latest = mails[0] if mails else None
    if latest is None or latest.state == InvoiceMail.State.SENT:
        return None
    waited = (timezone.now() - (latest.started_at or latest.asked_at)).total_seconds()
    is_failed = latest.state == InvoiceMail.State.FAILED
    return latest if is_failed or waited > STALLED_SECONDS else None


def _list_title(page: Page) -> str:
    pages = page.paginator.num_pages
    return f"Invoices (page {page.number} of {pages})" if pages > 1 else "Invoices"


def _sort_columns(filters: queries.InvoiceFilters) -> list[dict[str, str]]:
    """Headings that sort: their direction now, and what a press asks for."""
    columns = []
    labels = {"number": "Number", "contact": "Contact", "issued": "Issued", "due": "Due"}
    for key, label in {**labels, "total": "Total"}.items():
        is_current = key == filters.sort
        now = ("descending" if filters.is_descending else "ascending") if is_current else ""
        turn = not filters.is_descending if is_current else key in ("issued", "total")
        columns.append({"key": key, "label": label, "now": now, "ask": f"-{key}" if turn else key})
    return columns


def period_choices(today: date) -> list[tuple[str, str]]:
    """The months and years that people ask for: (value, label)."""
    last = date(today.year - 1, 12, 1) if today.month == 1 else today.replace(month=today.month - 1)
    months = [f"{day:%Y-%m}" for day in (today, last.replace(day=1))]
    years = [str(today.year), str(today.year - 1)]
    return [(value, period_label(value)) for value in (*months, *years)]


def period_label(period: str) -> str:
    """ "2026" as it is, "2026-11" as "Nov 2026"."""
    if len(period) != 7:
        return period
    return f"{date.fromisoformat(period + '-01'):%b %Y}"


def _contact(request: HttpRequest, filters: queries.InvoiceFilters) -> Contact | None:
    if filters.contact is None:
        return None
    return Contact.objects.for_firm(request.firm).filter(pk=filters.contact).first()  # type: ignore[attr-defined]


def _sync_problems(request: FirmRequest) -> dict[str, int]:
    """How many invoices QuickBooks refused, and how many were changed on both sides."""
    marks = SyncMark.objects.filter(firm=request.firm, entity="invoice")
    states = (SyncState.FAILED, SyncState.CONFLICT)
    found = list(marks.filter(state__in=states).values_list("state", flat=True))
    return {state.value: found.count(state) for state in states}
