"""Reads of billing that search, filter, sort or count, one module a kind. All in one firm."""

from billing.queries.invoice_list import STATUSES as INVOICE_STATUSES
from billing.queries.invoice_list import (
    InvoiceCounts,
    InvoiceFilters,
    count_invoices_by_status,
    failed_mails,
    invoice_mark,
    listed_invoices,
    of_tab,
    search_invoices,
)
from billing.queries.invoices import (
    bill_to_options,
    items_called,
    last_invoice_of,
    line_item_options,
    lines_with_items,
    tax_rates_of,
    tax_rates_with_use,
)
from billing.queries.money import (
    ContactMoney,
    balances_of,
    contact_money,
    is_settled,
    with_balance,
    with_status,
    with_unapplied,
)
from billing.queries.service_items import (
    ItemFilters,
    count_items_by_status,
    item_sync_state,
    listed_items,
    search_items,
)

__all__ = [
    "INVOICE_STATUSES",
    "ContactMoney",
    "InvoiceCounts",
    "InvoiceFilters",
    "ItemFilters",
    "balances_of",
    "bill_to_options",
    "contact_money",
    "count_invoices_by_status",
    "count_items_by_status",
    "failed_mails",
    "invoice_mark",
    "is_settled",
    "item_sync_state",
    "items_called",
    "last_invoice_of",
    "line_item_options",
    "lines_with_items",
    "listed_invoices",
    "listed_items",
    "of_tab",
    "search_invoices",
    "search_items",
    "tax_rates_of",
    "tax_rates_with_use",
    "with_balance",
    "with_status",
    "with_unapplied",
]
