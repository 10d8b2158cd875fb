"""The addresses under /api/v1/."""

from django.urls import URLPattern, URLResolver, include, path

from canopy_sync.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("contacts.api.urls")),
    path("", include("billing.api.urls")),
    path("integrations/quickbooks/", include("integrations.api.urls")),
    path("openapi.json", views.Description.as_view(), name="api_description"),
    path("docs/", views.ApiDocs.as_view(), name="api_docs"),
]
