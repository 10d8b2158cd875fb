"""What a payment pays, while an invoice of it is void on one side only."""

from __future__ import annotations

from billing.models import Invoice
from integrations.models import Link


def is_in_question(link: Link) -> bool:
    """
    Whether this payment pays an invoice that is void here and, as far as agreed, not there.

    It pays nothing here. That is no un-applying: QuickBooks does that itself when the invoice is
    voided there, and does not where a person lets it live.
    """
    if link.local_id is None or link.remote_id is None:
        return False  # it is made as it is
    paid = Invoice.objects.for_firm(link.firm_id).filter(
        payment_parts__payment=link.local_id, status=Invoice.Status.VOID
    )
    pairs = Link.objects.filter(
        connection_id=link.connection_id,
        entity="invoice",
        local_id__in=paid.values("pk"),
        state=Link.State.LINKED,
    )
    return pairs.exclude(base__life__in=["void", "deleted"]).exists()
