"""Which address belongs to which app."""

from django.contrib import admin
from django.urls import include, path

from canopy_sync.health import healthz
from integrations.api import webhooks

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("firms.urls")),
    path("contacts/", include("contacts.urls")),
    path("", include("billing.urls")),
    path("settings/integrations/qbo/setup/", include("integrations.wizard.urls")),
    path("settings/integrations/", include("integrations.web.urls")),
    path("webhooks/quickbooks/", webhooks.quickbooks, name="quickbooks_webhook"),
    path("admin/", admin.site.urls),
]

handler403 = "firms.http.permission_denied"
handler404 = "firms.http.page_not_found"
