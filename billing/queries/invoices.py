"""What the invoice editor offers to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Upper

from billing.models import Invoice, InvoiceLine, ServiceItem, TaxRate
from contacts.models import Contact
from firms.models import Firm

MOST_OPTIONS = 8
MOST_WORDS = 8


def bill_to_options(firm: Firm, text: str) -> QuerySet[Contact]:
    """The first active contacts with every word of `text` in a name or address; none: the first."""
    found = Contact.objects.for_firm(firm).active()
    for word in _words(text):
        found = found.filter(
            Q(display_name__icontains=word)
            | Q(company_name__icontains=word)
            | Q(email__icontains=word)
        )
    return found.order_by(_starts_first("display_name", text), "display_name", "pk")[:MOST_OPTIONS]


def line_item_options(firm: Firm, text: str) -> QuerySet[ServiceItem]:
    """The first active service items with every word of `text` in name, SKU or category."""
    found = ServiceItem.objects.for_firm(firm).active()
    for word in _words(text):
        found = found.filter(
            Q(name__icontains=word) | Q(sku__icontains=word) | Q(category__icontains=word)
        )
    return found.order_by(_starts_first("name", text), "name", "pk")[:MOST_OPTIONS]


def items_called(firm: Firm, names: Iterable[str]) -> QuerySet[ServiceItem]:
    """The active service items of these names; capitals don't count."""
    folded = ServiceItem.objects.for_firm(firm).active().annotate(folded=Upper("name"))
    return folded.filter(folded__in=[name.upper() for name in names]).order_by("pk")


def last_invoice_of(firm: Firm, contact_id: int, *, other_than: int | None) -> Invoice | None:
    """The contact's latest invoice that was sent, for "Add last items"."""
    sent = Invoice.objects.for_firm(firm).filter(contact=contact_id, status=Invoice.Status.SENT)
    return sent.exclude(pk=other_than or 0).order_by("-issued_on", "-pk").first()


def lines_with_items(invoice: Invoice) -> list[InvoiceLine]:
    return list(invoice.lines.select_related("service_item").order_by("position"))


def tax_rates_of(firm: Firm) -> QuerySet[TaxRate]:
    """The rates to choose from, with their parts."""
    return TaxRate.objects.for_firm(firm).active().prefetch_related("parts").order_by("name", "pk")


def tax_rates_with_use(firm: Firm) -> QuerySet[TaxRate]:
    """All rates, the active ones first, with their parts and `is_used`."""
    used = Invoice.objects.filter(tax_rate=OuterRef("pk"))
    rates = TaxRate.objects.for_firm(firm).prefetch_related("parts").annotate(is_used=Exists(used))
    return rates.order_by("is_archived", "name", "pk")


def _words(text: str) -> list[str]:
    return text.replace("\x00", "").split()[:MOST_WORDS]


def _starts_first(column: str, text: str) -> Case:
    text = text.replace("\x00", "").strip()
    starts = When(**{f"{column}__istartswith": text}, then=Value(0))
    return Case(starts, default=Value(1))
