"""Addresses of contacts under /api/v1/."""

from django.urls import URLPattern, path

from contacts.api import views

app_name = "contacts_api"
urlpatterns: list[URLPattern] = [
    path("contacts/", views.Contacts.as_view(), name="contacts"),
    path("contacts/<int:pk>/", views.OneContact.as_view(), name="contact"),
    path("contacts/<int:pk>/archive/", views.ArchiveContact.as_view(), name="archive"),
    path("contacts/<int:pk>/merge/", views.MergeContact.as_view(), name="merge"),
    path("contacts/<int:pk>/restore/", views.RestoreContact.as_view(), name="restore"),
]
