"""What is done with many invoices of the list: send, download, and what other apps add."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from uuid import UUID, uuid5

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing import bulk, queries
from billing.action_forms import BulkForm, ids_of
from billing.models import Invoice
from billing.paper import read_paper
from billing.pdf import draw_invoice
from billing.services import invoices, sending
from billing.services.invoices import InvoiceError
from billing.views.frame import needs_billing
from billing.views.invoices import must_look, pdf_answer
from firms.http import FirmRequest
from firms.permissions import Permission

MOST = 300  # at once: a page of the list
LISTED = 20  # reasons that a page names


@dataclass(frozen=True, kw_only=True)
class Held:
    """An invoice that is not sent, and why."""

    invoice: Invoice
    reason: str


@require_POST
@needs_billing
def bulk_action(request: FirmRequest) -> HttpResponse:
    must_look(request)
    form = BulkForm(request.POST)
    back = _list_address(request.POST.get("filters", ""))
    if not form.is_valid():
        messages.error(request, "That could not be done. Choose invoices and try again.")
        return redirect(back)
    chosen = _chosen(request, form)
    if not chosen or len(chosen) > MOST:
        messages.error(
            request,
            f"At most {MOST} invoices at once. Narrow the list, or choose page by page."
            if chosen
            else "Choose invoices first.",
        )
        return redirect(back)
    do = form.cleaned_data["do"]
    if do == "pdf":
        return _download(request, chosen)
    if do in ("send", "send_now"):
        request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
        return _send(request, chosen, form) if do == "send_now" else _ask(request, chosen, form)
    action = bulk.action(do)
    if action is None:
        messages.error(request, "That could not be done. Choose invoices and try again.")
    else:
        messages.success(request, action.run(request, [invoice.pk for invoice in chosen]))
    return redirect(back)


def _chosen(request: FirmRequest, form: BulkForm) -> list[Invoice]:
    """Up to MOST and one more, in the order of the list."""
    firm, today = request.firm, timezone.localdate()
    filters = queries.InvoiceFilters.read(QueryDict(form.cleaned_data["filters"]))
    if form.cleaned_data["scope"] == "all":
        found = queries.search_invoices(firm, filters)
        return list(queries.listed_invoices(found, filters, today=today)[: MOST + 1])
    ticked = Invoice.objects.for_firm(firm).filter(pk__in=ids_of(request.POST)[: MOST + 1])
    return list(ticked.select_related("contact__parent").order_by("-issued_on", "-pk"))


def _download(request: FirmRequest, chosen: Sequence[Invoice]) -> HttpResponse:
    """One PDF, or several in a zip. Whoever has them knows their numbers."""
    today, now = timezone.localdate(), timezone.now()
    for invoice in chosen:
        invoices.note_downloaded(actor=request.actor, invoice=invoice)
    if len(chosen) == 1:
        return pdf_answer(read_paper(request.firm, chosen[0].pk, today=today))
    file, names = BytesIO(), set[str]()
    with zipfile.ZipFile(file, "w") as archive:
        for invoice in chosen:
            paper = read_paper(request.firm, invoice.pk, today=today)
            name = sending.file_name(invoice)
            if name.casefold() in names:  # QuickBooks may repeat a number
                name = f"{name.removesuffix('.pdf')}-{invoice.pk}.pdf"
            names.add(name.casefold())
            archive.writestr(_entry(name, now), draw_invoice(paper, now=now))
    return HttpResponse(
        file.getvalue(),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="Invoices-{today}.zip"'},
    )


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    local = timezone.localtime(now)
    return zipfile.ZipInfo(name, local.timetuple()[:6])


def _ask(request: FirmRequest, chosen: Sequence[Invoice], form: BulkForm) -> HttpResponse:
    """Say which would be sent where, and which not, before anything is."""
    ready, held = _sorted_out(request, chosen)
    context = {
        "section": "invoices",
        "ready": [(invoice, sending.address_of(invoice)) for invoice in ready],
        "held": held[:LISTED],
        "more_held": len(held) - LISTED,
        "held_count": len(held),
        "filters": form.cleaned_data["filters"],
        "form_key": form.key(),
        "back": _list_address(form.cleaned_data["filters"]),
    }
    return render(request, "billing/invoices_send.html", context)


def _send(request: FirmRequest, chosen: Sequence[Invoice], form: BulkForm) -> HttpResponse:
    ready, held = _sorted_out(request, chosen)
    sent = 0
    for invoice in ready:
        reason = _send_one(request, invoice, uuid5(form.key(), str(invoice.pk)))
        sent += not reason
        if reason:
            held.append(Held(invoice=invoice, reason=reason))
    noun = "invoice is" if sent == 1 else "invoices are"
    if sent:
        messages.success(request, f"{sent} {noun} on the way")
    if held:
        told = "; ".join(f"{each.invoice}: {each.reason}" for each in held[:3])
        more = f" and {len(held) - 3} more" if len(held) > 3 else ""
        messages.error(request, f"Not sent: {told}{more}")
    return redirect(_list_address(form.cleaned_data["filters"]))


def _sorted_out(
    request: FirmRequest, chosen: Sequence[Invoice]
) -> tuple[list[Invoice], list[Held]]:
    """Which can be sent, and which not, and why. What leaves draft is checked again when sent."""
    ready: list[Invoice] = []
    held: list[Held] = []
    for invoice in chosen:
        reason = _why_not(request, invoice)
        if reason:
            held.append(Held(invoice=invoice, reason=reason))
        else:
            ready.append(invoice)
    return ready, held


def _why_not(request: FirmRequest, invoice: Invoice) -> str:
    if invoice.is_void:
        return "It is void."
    if not sending.address_of(invoice):
        return f"{invoice.contact} has no e-mail address."
    if invoice.is_draft:
        try:
            invoices.check_can_be_sent(actor=request.actor, invoice=invoice)
        except InvoiceError as error:
            return str(error)
    return ""


def _send_one(request: FirmRequest, invoice: Invoice, key: UUID) -> str:
    """Send one with our own words; return why it could not be, or nothing."""
    paper = read_paper(request.firm, invoice.pk, today=timezone.localdate())
    try:
        sending.send_by_email(
            actor=request.actor,
            invoice=invoice,
            letter=sending.default_letter(paper),
            form_key=key,
            now=timezone.now(),
        )
    except InvoiceError as error:
        return str(error)
    return ""


def _list_address(filters: str) -> str:
    """The list as it was; a pick is over once something was done with it."""
    query = QueryDict(filters[:2000], mutable=True)
    query.pop("pick", None)
    return reverse("billing:invoices") + (f"?{query.urlencode()}" if query else "")
