"""Addresses of billing's pages."""

from django.urls import URLPattern, path

from billing.views import (
    invoice_actions,
    invoice_bulk,
    invoice_editor,
    invoice_settings,
    invoices,
    payment_editor,
    payments,
    service_items,
)

app_name = "billing"
urlpatterns: list[URLPattern] = [
    path("service-items/", service_items.item_list, name="items"),
    path("service-items/new/", service_items.new_item, name="new_item"),
    path("service-items/<int:pk>/", service_items.item_detail, name="item"),
    path("service-items/<int:pk>/edit/", service_items.edit_item, name="edit_item"),
    path("service-items/<int:pk>/archive/", service_items.archive_item, name="archive_item"),
    path("service-items/<int:pk>/restore/", service_items.restore_item, name="restore_item"),
    path("invoices/", invoices.invoice_list, name="invoices"),
    path("invoices/bulk/", invoice_bulk.bulk_action, name="invoices_bulk"),
    path("invoices/<int:pk>/", invoices.invoice_detail, name="invoice"),
    path("invoices/<int:pk>/pdf", invoices.invoice_pdf, name="invoice_pdf"),
    path("invoices/<int:pk>/send/", invoice_actions.send_invoice, name="invoice_send"),
    path("invoices/<int:pk>/mark-sent/", invoice_actions.mark_as_sent, name="invoice_mark_sent"),
    path("invoices/<int:pk>/void/", invoice_actions.void_invoice, name="invoice_void"),
    path(
        "invoices/<int:pk>/duplicate/", invoice_actions.duplicate_invoice, name="invoice_duplicate"
    ),
    path("invoices/<int:pk>/delete/", invoice_actions.delete_draft, name="invoice_delete"),
    path("invoices/<int:pk>/payments/new/", payment_editor.pay_invoice, name="payment_new"),
    path("payments/", payments.payment_list, name="payments"),
    path("payments/new/", payment_editor.new_payment, name="contact_payment_new"),
    path("payments/<int:pk>/", payments.payment_detail, name="payment"),
    path("payments/<int:pk>/edit/", payment_editor.edit_payment, name="payment_edit"),
    path("payments/<int:pk>/void/", payments.void_payment, name="payment_void"),
    path("invoices/new/", invoice_editor.new_invoice, name="invoice_new"),
    path("invoices/<int:pk>/edit/", invoice_editor.edit_invoice, name="invoice_edit"),
    path("invoices/options/contacts/", invoice_editor.contact_options, name="contact_options"),
    path("invoices/options/items/", invoice_editor.item_options, name="item_options"),
    path("invoices/settings/", invoice_settings.settings_page, name="invoice_settings"),
    path("invoices/settings/numbering/", invoice_settings.set_numbering, name="set_numbering"),
    path("invoices/settings/tax-rates/new/", invoice_settings.new_tax_rate, name="new_tax_rate"),
    path("invoices/settings/tax-rates/<int:pk>/", invoice_settings.edit_tax_rate, name="tax_rate"),
]
