"""The invoice editor: one form, which may be saved, sent, looked at or made longer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing import panels, queries
from billing.dates import write_date
from billing.invoice_forms import (
    LABELS,
    Row,
    Sheet,
    due_by_terms,
    fingerprint,
    plain_value,
)
from billing.models import Invoice
from billing.services import invoice_rules as rules
from billing.services import invoices, numbering
from billing.services.invoices import InvoiceChanged, InvoiceError, Preview
from billing.views.frame import needs_billing
from contacts.models import Contact
from firms.http import FirmRequest
from firms.permissions import Permission

PAGE = "billing/invoice_editor.html"
STANDARD_DAYS = 30


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def new_invoice(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    if request.method == "POST":
        return _post(request, _made_with(request))
    today = timezone.localdate()
    chosen = _whole(request.GET.get("contact", ""))
    number = numbering.propose(request.firm)
    values = {
        "contact_id": chosen,
        "number": number,
        "issued_on": today,
        "term_days": STANDARD_DAYS,
        "due_on": today + timedelta(days=STANDARD_DAYS),
        "is_discount_before_tax": True,
    }
    sheet = Sheet.drawn(
        firm=request.firm,
        invoice=None,
        values=values,
        lines=(),
        today=today,
        fixed={},
        proposed=number,
        form_key=str(uuid4()),
    )
    return _page(request, sheet)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def edit_invoice(request: FirmRequest, pk: int) -> HttpResponse:
    invoice = get_object_or_404(_invoices(request), pk=pk)
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    if request.method == "POST":
        return _post(request, invoice)
    return _page(request, _sheet_of(request, invoice))


@require_safe
@needs_billing
def contact_options(request: FirmRequest) -> HttpResponse:
    """Options of the combobox Contact; what was typed is the one value of the query."""
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    found = queries.bill_to_options(request.firm, _typed(request))
    return render(request, "billing/_contact_options.html", {"contacts": found})


@require_safe
@needs_billing
def item_options(request: FirmRequest) -> HttpResponse:
    """Options of a line's combobox Service item."""
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    text = _typed(request)
    found = queries.line_item_options(request.firm, text)
    is_known = text.strip().casefold() in {item.name.casefold() for item in found}
    context = {"items": found, "text": "" if is_known else text}
    return render(request, "billing/_item_options.html", context)


def _post(request: FirmRequest, invoice: Invoice | None) -> HttpResponse:
    sheet = Sheet.posted(
        request.POST,
        firm=request.firm,
        invoice=invoice,
        today=timezone.localdate(),
        fixed=_fixed(invoice),
    )
    what = request.POST.get("do", "save")
    if what == "totals":
        return _show_totals(request, sheet)
    if what in ("add", "last") or what.startswith("remove-"):
        return _reshape(request, sheet, what)
    if what == "auto":
        return _save_by_itself(request, sheet)
    return _save(request, sheet, what)


# -- Looks -----------------------------------------------------------------------------------------
def _show_totals(request: FirmRequest, sheet: Sheet) -> HttpResponse:
    context = {**_context(request, sheet), "is_tax_redrawn": _is_exempt_anew(request, sheet)}
    template = "billing/_invoice_totals_swap.html" if request.htmx else PAGE
    return render(request, template, context)


def _is_exempt_anew(request: FirmRequest, sheet: Sheet) -> bool:
    """Whether the tax is shown otherwise than by the form that was sent: another contact."""
    shown = str(sheet.exempt.pk) if sheet.exempt else ""
    return shown != request.POST.get("exempt", "")


def _reshape(request: FirmRequest, sheet: Sheet, what: str) -> HttpResponse:
    """Add, remove or copy lines. Nothing is saved."""
    if what == "add":
        sheet.rows.append(Row())
        focus = len(sheet.rows) - 1
    elif what == "last":
        focus = _add_last_items(sheet)
    else:
        focus = _remove(sheet, what.removeprefix("remove-"))
    sheet.number_rows()
    context = {**_context(request, sheet), "focus": str(focus)}
    if not request.htmx:
        return render(request, PAGE, context)
    answer = render(request, "billing/_invoice_lines_swap.html", context)
    answer["HX-Trigger-After-Swap"] = "lines"
    return answer


def _add_last_items(sheet: Sheet) -> int:
    """Copy the lines that the contact was billed last. Their dates are not those of this one."""
    sheet.read(complete=False)
    own = sheet.invoice.pk if sheet.invoice else None
    last = sheet.contact and queries.last_invoice_of(sheet.firm, sheet.contact.pk, other_than=own)
    if not last:
        who = sheet.contact or "this contact"
        sheet.sentence = f"Nothing was sent to {who} yet, so there are no items to add."
        return len(sheet.rows) - 1
    rows = sheet.filled
    focus = len(rows)
    for line in queries.lines_with_items(last):
        row = Row.of(line)
        row.was, row.line_id, row.served_on = None, None, ""
        rows.append(row)
    sheet.rows = rows
    return focus


def _remove(sheet: Sheet, key: str) -> int:
    kept = [row for row in sheet.rows if row.key != key or row.is_locked]
    at = next((place for place, row in enumerate(sheet.rows) if row.key == key), 0)
    sheet.rows = kept
    return max(min(at, len(kept) - 1), 0)


# -- Saves -----------------------------------------------------------------------------------------
def _save(request: FirmRequest, sheet: Sheet, what: str) -> HttpResponse:
    try:
        invoice = _write(request, sheet)
    except InvoiceChanged as changed:
        return _conflict_page(request, sheet, changed.invoice)
    if invoice is None:
        return _page(request, sheet)
    try:
        if what in ("send", "mark") and invoice.is_draft:
            invoices.check_can_be_sent(actor=request.actor, invoice=invoice)
        if what == "mark" and invoice.is_draft:
            invoice = invoices.mark_as_sent(
                actor=request.actor, invoice=invoice, version=invoice.version, now=timezone.now()
            )
            messages.success(request, f"{invoice} marked as sent")
    except InvoiceChanged as changed:
        return _conflict_page(request, sheet, changed.invoice)
    except InvoiceError as error:  # it is saved, and cannot be billed as it is
        saved = _sheet_of(request, get_object_or_404(_invoices(request), pk=invoice.pk))
        saved.add_error(error)
        return _page(request, saved)
    if what == "send":
        return redirect("billing:invoice_send", pk=invoice.pk)
    if not invoice.is_draft:
        if what != "mark":
            messages.success(request, f"{invoice} saved")
        return redirect("billing:invoice", pk=invoice.pk)
    messages.success(request, f"{invoice} saved as a draft")
    return redirect("billing:invoice_edit", pk=invoice.pk)


def _write(request: FirmRequest, sheet: Sheet) -> Invoice | None:
    """
    Save the form; None where it was refused, with the reasons in the form.

    Raises:
        InvoiceChanged: somebody else saved first.
    """
    values = sheet.read()
    if sheet.has_errors:
        return None
    try:
        if sheet.invoice is None:
            return invoices.create_draft(
                actor=request.actor,
                values=values,
                form_key=sheet.head.cleaned_data.get("form_key"),
                now=timezone.now(),
            )
        return invoices.update_invoice(
            actor=request.actor,
            invoice=sheet.invoice,
            version=sheet.head.cleaned_data.get("version") or 1,
            changes=values,
            now=timezone.now(),
        )
    except InvoiceChanged:
        raise
    except InvoiceError as error:
        sheet.add_error(error)
        return None


def _save_by_itself(request: FirmRequest, sheet: Sheet) -> HttpResponse:
    """A draft, two seconds after a change. Says what is saved, or what keeps it from it."""
    if sheet.invoice is not None and not sheet.invoice.is_draft:
        return HttpResponse(status=204)
    template, context = "billing/_invoice_saved.html", {"sheet": sheet, "form": sheet.head}
    try:
        invoice = _write(request, sheet)
    except InvoiceChanged as changed:
        return render(request, template, {**context, "changed": changed.invoice})
    if invoice is None:
        return render(request, template, context)
    fresh = _sheet_of(request, invoice)
    answer = render(request, template, {**context, "invoice": invoice, "fresh": fresh.head})
    if sheet.invoice is None:
        answer["HX-Replace-Url"] = reverse("billing:invoice_edit", args=[invoice.pk])
    return answer


# -- Somebody else saved first ---------------------------------------------------------------------
def _conflict_page(request: FirmRequest, sheet: Sheet, current: Invoice) -> HttpResponse:
    """
    The form comes back with the person's own changes over the invoice as it is now, so that
    Keep mine is to send it again; what only the other changed stays.
    """
    seen, now = sheet.seen(), invoices.values_of(current)
    lines = queries.lines_with_items(current)
    mine = {
        name: value
        for name, value in sheet.values.items()
        if name != "lines" and plain_value(value) != seen.get(name) and value != now[name]
    }
    rows = []
    for name, value in mine.items():
        told = [_told(request, name, each) for each in (value, now[name])]
        rows.append({"label": LABELS[name], "mine": told[0], "theirs": told[1]})
    fresh = Sheet.drawn(
        firm=request.firm,
        invoice=current,
        values={**now, **mine},
        lines=lines,
        seen=now,
        today=sheet.today,
        fixed=_fixed(current),
        form_key=str(sheet.head["form_key"].value() or ""),
    )
    fresh.values = {
        name: {**now, **mine}[name] for name in invoices.PREVIEWED
    }  # for what it comes to
    wanted = fingerprint(sheet.values.get("lines", ()))
    if "lines" in sheet.values and wanted not in (seen.get("lines"), fingerprint(lines)):
        rows.append(
            {"label": "Lines", "mine": _told_rows(sheet.rows), "theirs": _told_rows(fresh.rows)}
        )
        fresh.rows, fresh.values["lines"] = sheet.rows, sheet.values["lines"]
    context = {**_context(request, fresh), "conflict": rows, "is_conflict": True}
    return render(request, PAGE, context)


def _told(request: FirmRequest, name: str, value: Any) -> str:
    if value in (None, ""):
        return "Empty"
    if name == "contact_id":
        return str(Contact.objects.for_firm(request.firm).filter(pk=value).first() or "Empty")
    if name == "tax_rate_id":
        rates = {rate.pk: str(rate) for rate in queries.tax_rates_with_use(request.firm)}
        return rates.get(value, "Empty")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return write_date(value) if isinstance(value, date) else str(plain_value(value))


def _told_rows(rows: Iterable[Row]) -> str:
    told = []
    for row in rows:
        price = f"{row.quantity} × {row.rate}" if row.rate else row.amount
        told.append(" ".join(part for part in (price, row.item, row.description) if part))
    return "\n".join(told)


# -- The page --------------------------------------------------------------------------------------
def _page(request: FirmRequest, sheet: Sheet) -> HttpResponse:
    return render(request, PAGE, _context(request, sheet))


def _context(request: FirmRequest, sheet: Sheet) -> dict[str, Any]:
    invoice = sheet.invoice
    if sheet.head.is_bound and not sheet.values:
        sheet.read(complete=False)
    preview, problem = _preview(request, sheet)
    address = reverse("billing:invoice_edit", args=[invoice.pk]) if invoice else ""
    return {
        "section": "invoices",
        "sheet": sheet,
        "form": sheet.head,
        "invoice": invoice,
        "address": address or reverse("billing:invoice_new"),
        "fixed": sheet.fixed,
        "preview": preview,
        "problem": problem,
        "due_shown": _due_shown(sheet),
        "panels": panels.draw(panels.Page.EDITOR, request, _edited(sheet)),
    }


def _preview(request: FirmRequest, sheet: Sheet) -> tuple[Preview | None, str]:
    """What it comes to, or why that cannot be said. Tells each row its amount."""
    if not sheet.head.is_bound and not sheet.values and sheet.invoice is not None:
        return Preview(invoice=sheet.invoice, lines=[], taxes=list(sheet.invoice.taxes.all())), ""
    wrong = [sentence for row in sheet.rows for sentence in row.errors.values()]
    if wrong:
        return None, wrong[0]
    known: Mapping[str, Any] = sheet.values
    values = {name: known[name] for name in (*invoices.PREVIEWED, "lines") if name in known}
    try:
        preview = invoices.preview(actor=request.actor, values=values, invoice=sheet.invoice)
    except InvoiceError as error:
        return None, str(error)
    for row, line in zip(sheet.filled, preview.lines, strict=False):
        row.shown = line.amount
    return preview, ""


def _due_shown(sheet: Sheet) -> str:
    """The due date that follows from the terms, where another one is in the form; else ""."""
    due = due_by_terms(sheet.values.get("issued_on"), sheet.values.get("term_days"))
    return write_date(due) if due != sheet.values.get("due_on") else ""


def _edited(sheet: Sheet) -> panels.Edited:
    return panels.Edited(
        invoice=sheet.invoice,
        contact=sheet.contact,
        number=str(sheet.head["number"].value() or ""),
        service_items=[
            row.item_id for row in sheet.filled if row.quantity or row.rate or row.amount
        ],
    )


def _sheet_of(request: FirmRequest, invoice: Invoice) -> Sheet:
    return Sheet.drawn(
        firm=request.firm,
        invoice=invoice,
        values=invoices.values_of(invoice),
        lines=queries.lines_with_items(invoice),
        today=timezone.localdate(),
        fixed=_fixed(invoice),
        form_key=str(invoice.form_key or ""),
    )


def _fixed(invoice: Invoice | None) -> dict[str, str]:
    if invoice is None or invoice.is_draft:
        return {}
    return rules.fixed_fields(invoice, is_settled=queries.is_settled(invoice))


def _invoices(request: FirmRequest) -> Any:
    return Invoice.objects.for_firm(request.firm).select_related("contact", "tax_rate")


def _made_with(request: FirmRequest) -> Invoice | None:
    """The invoice that this very form made before: a double click, its own saving, Back."""
    try:
        key = UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None
    made: Invoice | None = _invoices(request).filter(form_key=key).first()
    return made


def _typed(request: FirmRequest) -> str:
    """What is typed in a combobox: the value of the one control that was sent."""
    return next((request.GET[name] for name in request.GET), "")[:200]


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
