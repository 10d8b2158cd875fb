"""The form of a payment: to record one, or to change it. Its split is live, and works without."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing import queries
from billing.dates import write_date
from billing.errors import BillingError
from billing.models import Invoice, Payment
from billing.money import write_money
from billing.payment_forms import LABELS, USUAL_METHODS, Sheet, plain_values
from billing.services import payments
from billing.services.payment_errors import PaymentChanged
from billing.views.frame import needs_billing
from billing.views.payments import payment_of, why_fixed
from contacts.models import Contact
from firms.http import FirmRequest
from firms.permissions import Permission

PAGE = "billing/payment_form.html"
LOOK_AGAIN = (
    "Not recorded yet: the amount is split over the oldest open invoices below. Look at it, "
    "change it if you want, and record it."
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def pay_invoice(request: FirmRequest, pk: int) -> HttpResponse:
    """Record what was paid on one invoice; the rest of it goes to older ones."""
    invoices = queries.with_balance(Invoice.objects.for_firm(request.firm))
    invoice: Any = get_object_or_404(invoices.select_related("contact__parent"), pk=pk)
    request.actor.must(Permission.RECORD_PAYMENTS, in_firm=request.firm.pk)
    if request.method == "POST":
        return _record(request, invoice.contact, first=invoice)
    if invoice.status != Invoice.Status.SENT or invoice.balance <= 0:
        messages.error(request, _why_not_payable(invoice))
        return redirect("billing:invoice", pk=pk)
    return _new_page(request, invoice.contact, first=invoice, amount=invoice.balance)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def new_payment(request: FirmRequest) -> HttpResponse:
    """Record what a contact paid: `?contact=`, else a page that asks who paid."""
    request.actor.must(Permission.RECORD_PAYMENTS, in_firm=request.firm.pk)
    asked = request.GET.get("contact", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 16):
        return _who_paid(request)
    contacts = Contact.objects.for_firm(request.firm).select_related("parent")
    contact = get_object_or_404(contacts, pk=int(asked))
    if request.method == "POST":
        return _record(request, contact)
    if contact.is_archived:
        messages.error(request, f"{contact} is archived. Restore the contact first.")
        return redirect("contacts:contact", pk=contact.pk)
    return _new_page(request, contact)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_billing
def edit_payment(request: FirmRequest, pk: int) -> HttpResponse:
    payment = payment_of(request, pk)
    request.actor.must(Permission.RECORD_PAYMENTS, in_firm=request.firm.pk)
    why_not = "It is void." if payment.is_void else why_fixed(payment)
    if request.method != "POST" or why_not:
        sheet = Sheet.drawn(
            contact=payment.contact,
            payment=payment,
            values=payments.values_of(payment),
            today=timezone.localdate(),
        )
        return _page(request, sheet, why_not=why_not)
    sheet = Sheet.posted(
        request.POST, contact=payment.contact, payment=payment, today=timezone.localdate()
    )
    return _look(request, sheet) or _save(request, sheet, payment)


# -- New -------------------------------------------------------------------------------------------
def _who_paid(request: FirmRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:200]
    context = {
        "section": "payments",
        "q": text,
        "payers": queries.payers(request.firm, text, today=timezone.localdate()),
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "billing/_payment_payers.html" if is_fragment else "billing/payment_who.html"
    return render(request, template, context)


def _new_page(
    request: FirmRequest,
    contact: Contact,
    *,
    first: Any = None,
    amount: Decimal | None = None,
) -> HttpResponse:
    today = timezone.localdate()
    sheet = Sheet.drawn(
        contact=contact,
        first=first.pk if first else None,
        values={"amount": amount, "received_on": today, "parts": []},
        today=today,
        form_key=str(uuid4()),
    )
    sheet.propose()
    return _page(request, sheet, first=first)


def _record(request: FirmRequest, contact: Contact, *, first: Any = None) -> HttpResponse:
    made = _made_with(request)
    if made is not None and not request.htmx:  # a double click, or Back and once more
        messages.info(request, f"{made} is recorded already; it was not recorded again")
        return redirect("billing:payment", pk=made.pk)
    sheet = Sheet.posted(
        request.POST,
        contact=contact,
        first=first.pk if first else None,
        today=timezone.localdate(),
    )
    looked = _look(request, sheet, first=first)
    if looked is not None:
        return looked
    values = sheet.read()
    if sheet.has_errors:
        return _page(request, sheet, first=first)
    if sheet.amount and not sheet.is_own_split and sheet.propose():
        sheet.notice = LOOK_AGAIN
        return _page(request, sheet, first=first)
    try:
        payment = payments.record_payment(
            actor=request.actor,
            values=values,
            form_key=sheet.head.cleaned_data.get("form_key"),
            now=timezone.now(),
        )
    except BillingError as error:
        sheet.add_error(error)
        return _page(request, sheet, first=first)
    amount = write_money(payment.amount, payment.currency)
    messages.success(request, f"{amount} of {contact} recorded")
    if first is not None:
        return redirect("billing:invoice", pk=first.pk)
    return redirect("billing:payment", pk=payment.pk)


def _made_with(request: FirmRequest) -> Payment | None:
    """The payment that this very form recorded before."""
    try:
        key = UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None
    return Payment.objects.for_firm(request.firm).filter(form_key=key).first()


def _why_not_payable(invoice: Any) -> str:
    if invoice.is_draft:
        return f"{invoice} is a draft. Send it or mark it as sent before it is paid."
    if invoice.is_void:
        return f"{invoice} is void, so nothing can be paid on it."
    return f"{invoice} is paid. What comes in on top is recorded from the contact's page."


# -- Looks: nothing is saved -----------------------------------------------------------------------
def _look(request: FirmRequest, sheet: Sheet, *, first: Any = None) -> HttpResponse | None:
    """The form with another split or its sums, where that is asked for; else None."""
    what = request.POST.get("do", "save")
    if what == "split":
        sheet.propose()
    elif what == "clear":
        sheet.clear()
    elif what == "sums":
        if not sheet.is_own_split:
            sheet.propose()
    else:
        return None
    if request.htmx:
        return render(request, "billing/_payment_swap.html", _context(sheet, first=first))
    return _page(request, sheet, first=first)


# -- Change ----------------------------------------------------------------------------------------
def _save(request: FirmRequest, sheet: Sheet, payment: Payment) -> HttpResponse:
    values = sheet.read()
    if sheet.has_errors:
        return _page(request, sheet)
    try:
        payments.update_payment(
            actor=request.actor,
            payment=payment,
            version=sheet.head.cleaned_data.get("version") or 0,
            changes=values,
            now=timezone.now(),
        )
    except PaymentChanged as changed:
        return _conflict_page(request, sheet, values, changed.payment)
    except BillingError as error:
        sheet.add_error(error)
        return _page(request, sheet)
    messages.success(request, "Payment saved")
    return redirect("billing:payment", pk=payment.pk)


def _conflict_page(
    request: FirmRequest, sheet: Sheet, values: dict[str, Any], current: Payment
) -> HttpResponse:
    """
    Somebody else saved first. The form comes back with the person's own changes over the payment
    as it is now, so that Keep mine is to send it again; what only the other changed stays.
    """
    now = payments.values_of(current)
    seen, mine, theirs = sheet.seen(), plain_values(values), plain_values(now)
    clash = {
        name: values[name]
        for name in LABELS
        if mine[name] != seen.get(name) and mine[name] != theirs[name]
    }
    rows = [
        {"label": LABELS[name], "mine": _told(name, value), "theirs": _told(name, now[name])}
        for name, value in clash.items()
    ]
    fresh = Sheet.drawn(
        contact=payment_of(request, current.pk).contact,
        payment=current,
        values={**now, **clash},
        seen=now,
        today=sheet.today,
    )
    return _page(request, fresh, conflict=rows, is_conflict=True)


def _told(name: str, value: Any) -> str:
    if name == "parts":
        numbers = dict(
            Invoice.objects.filter(pk__in=[part["invoice_id"] for part in value]).values_list(
                "pk", "number"
            )
        )
        told = [
            f"{numbers.get(part['invoice_id']) or 'Without a number'}: {part['amount']:,.2f}"
            for part in value
        ]
        return "\n".join(told) or "Nothing"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return write_date(value) if isinstance(value, date) else str(value or "Empty")


# -- The page --------------------------------------------------------------------------------------
def _page(request: FirmRequest, sheet: Sheet, *, first: Any = None, **more: Any) -> HttpResponse:
    methods = [*USUAL_METHODS, *queries.methods_used(request.firm)]
    context = {
        **_context(sheet, first=first),
        "methods": list({name.casefold(): name for name in methods}.values()),
        "number_there": _number_there(first),
        **more,
    }
    return render(request, PAGE, context)


def _context(sheet: Sheet, *, first: Any = None) -> dict[str, Any]:
    if sheet.payment is not None:
        address = reverse("billing:payment_edit", args=[sheet.payment.pk])
    elif first is not None:
        address = reverse("billing:payment_new", args=[first.pk])
    else:
        address = f"{reverse('billing:contact_payment_new')}?contact={sheet.contact.pk}"
    return {
        "section": "payments" if first is None else "invoices",
        "sheet": sheet,
        "form": sheet.head,
        "payment": sheet.payment,
        "contact": sheet.contact,
        "first": first,
        "address": address,
    }


def _number_there(invoice: Any) -> str:
    mark = queries.invoice_mark(invoice) if invoice is not None else None
    return mark.remote_label if mark is not None else ""
