"""What the API views of billing share: the licence, and which error has which status."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from rest_framework.request import Request

from billing.errors import BillingError
from billing.licence import must_have_billing
from billing.services import invoice_errors, payment_errors, service_items, tax_rates
from billing.services.sending import today_of
from firms.api import problems
from firms.api.views import ApiView
from firms.marks import SyncMark, SyncState

problems.register(BillingError, 422)
for _changed in (
    invoice_errors.InvoiceChanged,
    payment_errors.PaymentChanged,
    service_items.ServiceItemChanged,
    tax_rates.TaxRateChanged,
):
    problems.register(_changed, 412)
for _state in (
    invoice_errors.InvoiceNotDraft,
    invoice_errors.InvoiceNotSent,
    invoice_errors.InvoiceIsVoid,
    invoice_errors.InvoiceLocked,
    invoice_errors.NumberIsOut,
    invoice_errors.PaymentsInTheWay,
    payment_errors.PaymentIsVoid,
    payment_errors.PaymentLocked,
):
    problems.register(_state, 409)


class BillingView(ApiView):
    """For firms with the Time & Billing licence."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        must_have_billing(self.firm)

    @property
    def today(self) -> date:
        return today_of(self.firm, timezone.now())


def with_sync_state(found: QuerySet[Any], entity: str, state: str) -> QuerySet[Any]:
    """Of the found ones those that are shown in this state of the sync; "" is any."""
    if not state:
        return found
    marks = SyncMark.objects.filter(firm=OuterRef("firm"), entity=entity, local_id=OuterRef("pk"))
    if state == SyncState.NOT_SYNCED:
        return found.filter(~Exists(marks.exclude(state=state)))
    return found.filter(Exists(marks.filter(state=state)))
