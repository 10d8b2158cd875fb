"""What is sold and what is owed."""

from billing.models.invoice import (
    Invoice,
    InvoiceCredit,
    InvoiceLine,
    InvoiceNumbering,
    InvoiceTax,
    Origin,
    VoidedBy,
)
from billing.models.mail import InvoiceMail
from billing.models.payment import Payment, PaymentPart
from billing.models.service_item import ServiceItem
from billing.models.tax import TaxRate, TaxRatePart

__all__ = [
    "Invoice",
    "InvoiceCredit",
    "InvoiceLine",
    "InvoiceMail",
    "InvoiceNumbering",
    "InvoiceTax",
    "Origin",
    "Payment",
    "PaymentPart",
    "ServiceItem",
    "TaxRate",
    "TaxRatePart",
    "VoidedBy",
]
