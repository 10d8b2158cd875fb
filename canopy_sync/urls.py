"""Which address belongs to which app."""

from django.contrib import admin
from django.urls import include, path

from canopy_sync.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("firms.urls")),
    path("contacts/", include("contacts.urls")),
    path("settings/integrations/", include("integrations.web.urls")),
    path("admin/", admin.site.urls),
]

handler403 = "firms.http.permission_denied"
handler404 = "firms.http.page_not_found"
