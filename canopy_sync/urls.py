"""Which address belongs to which app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("firms.urls")),
    path("contacts/", include("contacts.urls")),
    path("settings/integrations/", include("integrations.web.urls")),
    path("admin/", admin.site.urls),
]
