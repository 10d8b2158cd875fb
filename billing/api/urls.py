"""Addresses of billing under /api/v1/."""

from django.urls import URLPattern, path

from billing.api import invoices, payments, service_items, taxes

app_name = "billing_api"
urlpatterns: list[URLPattern] = [
    path("service-items/", service_items.ServiceItems.as_view(), name="service_items"),
    path("service-items/<int:pk>/", service_items.OneServiceItem.as_view(), name="service_item"),
    path("service-items/<int:pk>/archive/", service_items.ArchiveServiceItem.as_view()),
    path("service-items/<int:pk>/restore/", service_items.RestoreServiceItem.as_view()),
    path("invoices/", invoices.Invoices.as_view(), name="invoices"),
    path("invoices/<int:pk>/", invoices.OneInvoice.as_view(), name="invoice"),
    path("invoices/<int:pk>/send/", invoices.SendInvoice.as_view()),
    path("invoices/<int:pk>/mark-sent/", invoices.MarkSent.as_view()),
    path("invoices/<int:pk>/void/", invoices.VoidInvoice.as_view()),
    path("invoices/<int:pk>/duplicate/", invoices.DuplicateInvoice.as_view()),
    path("invoices/<int:pk>/pdf/", invoices.InvoicePdf.as_view()),
    path("invoices/<int:pk>/payments/", invoices.InvoicePayments.as_view()),
    path("payments/", payments.Payments.as_view(), name="payments"),
    path("payments/<int:pk>/", payments.OnePayment.as_view(), name="payment"),
    path("payments/<int:pk>/void/", payments.VoidPayment.as_view()),
    path("tax-rates/", taxes.TaxRates.as_view(), name="tax_rates"),
    path("tax-rates/<int:pk>/", taxes.OneTaxRate.as_view(), name="tax_rate"),
    path("tax-rates/<int:pk>/archive/", taxes.ArchiveTaxRate.as_view()),
    path("tax-rates/<int:pk>/restore/", taxes.RestoreTaxRate.as_view()),
    path("terms/", taxes.Terms.as_view(), name="terms"),
]
