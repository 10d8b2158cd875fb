"""Service items and invoices are for firms with the Time & Billing licence."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from firms.models import Firm, Licence


class NotLicensed(PermissionDenied):
    """The firm lacks the licence that billing needs."""


def must_have_billing(firm: Firm) -> None:
    """
    Raises:
        NotLicensed: the firm holds no Time & Billing licence.
    """
    if not firm.has_billing:
        raise NotLicensed(
            "Service items, invoices and payments need the "
            f"{Licence.TIME_AND_BILLING.label} licence, which {firm} doesn't hold. An admin sees "
            "the firm's licences in Settings, Billing plan."
        )
