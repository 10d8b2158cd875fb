"""Settings of invoices: how they are numbered, and the tax rates to choose from."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import panels, queries
from billing.invoice_forms import read_number
from billing.models import InvoiceNumbering, TaxRate
from billing.services import invoices, numbering, tax_rates
from billing.views.frame import needs_billing
from firms.http import FirmRequest
from firms.permissions import Permission

PAGE = "billing/invoice_settings.html"


class NumberingForm(forms.Form):
    number_prefix = forms.CharField(
        label="Prefix", required=False, help_text="Such as INV- or 2026-. May be empty."
    )
    next_number = forms.IntegerField(
        label="Next number",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Enter a whole number", "required": "Enter a number"},
    )


class TaxRateForm(forms.Form):
    """A new rate. One percentage, or the parts it is made of, one a line."""

    name = forms.CharField(error_messages={"required": "Enter a name"})
    parts = forms.CharField(
        label="Percentage, or parts",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="8.7, or a line for each part: State 2 and County 6.7.",
        error_messages={"required": "Enter a percentage"},
    )

    def clean_parts(self) -> list[tax_rates.Part]:
        lines = [line.strip() for line in self.cleaned_data["parts"].splitlines() if line.strip()]
        return [_read_part(line) for line in lines]


@require_safe
@needs_billing
def settings_page(request: FirmRequest) -> HttpResponse:
    return _page(request)


@require_POST
@needs_billing
def set_numbering(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    form = NumberingForm(request.POST)
    if form.is_valid():
        try:
            numbering.change_numbering(
                actor=request.actor,
                prefix=form.cleaned_data["number_prefix"],
                next_number=form.cleaned_data["next_number"],
                now=timezone.now(),
            )
        except invoices.errors.NumberingNotPossible as error:
            form.add_error({"prefix": "number_prefix"}.get(error.field, error.field), str(error))
        else:
            messages.success(request, "Numbering saved")
            return redirect("billing:invoice_settings")
    return _page(request, numbering_form=form)


@require_POST
@needs_billing
def new_tax_rate(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    form = TaxRateForm(request.POST)
    if form.is_valid():
        try:
            rate = tax_rates.create_tax_rate(
                actor=request.actor, now=timezone.now(), **form.cleaned_data
            )
        except tax_rates.TaxRateError as error:
            form.add_error({"percent": "parts"}.get(error.field, error.field) or None, str(error))
        else:
            messages.success(request, f"{rate} added")
            return redirect("billing:invoice_settings")
    return _page(request, rate_form=form)


@require_POST
@needs_billing
def edit_tax_rate(request: FirmRequest, pk: int) -> HttpResponse:
    """Rename (`name`, `version`), archive or restore (`do`)."""
    rate = get_object_or_404(TaxRate.objects.for_firm(request.firm), pk=pk)
    request.actor.must(Permission.EDIT_INVOICES, in_firm=request.firm.pk)
    told: dict[str, Any] = {"actor": request.actor, "rate": rate, "now": timezone.now()}
    what = request.POST.get("do", "rename")
    try:
        if what == "archive":
            rate = tax_rates.archive_tax_rate(**told)
        elif what == "restore":
            rate = tax_rates.restore_tax_rate(**told)
        else:
            version = request.POST.get("version", "")
            rate = tax_rates.rename_tax_rate(
                **told,
                name=request.POST.get("name", ""),
                version=int(version) if version.isdigit() and len(version) < 10 else 0,
            )
    except tax_rates.TaxRateError as error:
        messages.error(request, str(error))
    else:
        done = {"archive": "archived", "restore": "restored"}.get(what, "renamed")
        messages.success(request, f"{rate} {done}")
    return redirect("billing:invoice_settings")


def _page(request: FirmRequest, **forms_: Any) -> HttpResponse:
    current = InvoiceNumbering.objects.filter(firm=request.firm).first() or InvoiceNumbering()
    start = {"number_prefix": current.prefix, "next_number": current.next_number}
    context = {
        "section": "invoices",
        "numbering_form": forms_.get("numbering_form") or NumberingForm(initial=start),
        "rate_form": forms_.get("rate_form") or TaxRateForm(),
        "form": next(iter(forms_.values()), None),
        "proposed": numbering.propose(request.firm),
        "panels": panels.draw(panels.Page.NUMBERS, request, request.firm),
        "rates": queries.tax_rates_with_use(request.firm),
    }
    return render(request, PAGE, context)


def _read_part(line: str) -> tax_rates.Part:
    """ "County 6.7 %" is a part of 6.7 called County; "6.7" has the name of the rate."""
    name, _, percent = line.removesuffix("%").strip().rpartition(" ")
    try:
        value = read_number(percent)
    except ValueError:
        value = None
    if value is None:
        raise forms.ValidationError(f'"{line[:60]}" ends with no percentage. Enter "County 6.7".')
    return tax_rates.Part(name=name.strip(), percent=value)
