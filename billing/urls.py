"""Addresses of billing's pages."""

from django.urls import URLPattern, path

from billing.views import service_items

app_name = "billing"
urlpatterns: list[URLPattern] = [
    path("service-items/", service_items.item_list, name="items"),
    path("service-items/new/", service_items.new_item, name="new_item"),
    path("service-items/<int:pk>/", service_items.item_detail, name="item"),
    path("service-items/<int:pk>/edit/", service_items.edit_item, name="edit_item"),
    path("service-items/<int:pk>/archive/", service_items.archive_item, name="archive_item"),
    path("service-items/<int:pk>/restore/", service_items.restore_item, name="restore_item"),
]
