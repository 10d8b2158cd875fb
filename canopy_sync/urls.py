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
    path("api/v1/", include("canopy_sync.api.urls")),
    path("admin/", admin.site.urls),
]

handler403 = "firms.http.permission_denied"
handler404 = "canopy_sync.answers.page_not_found"
handler500 = "canopy_sync.answers.server_error"
