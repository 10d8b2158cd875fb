"""Addresses of the contacts' pages."""

from django.urls import URLPattern, path

from contacts import merge_views, views

app_name = "contacts"
urlpatterns: list[URLPattern] = [
    path("", views.contact_list, name="contacts"),
    path("new/", views.new_contact, name="new"),
    path("parents/", views.parent_options, name="parents"),
    path("import/", views.import_contacts, name="import"),
    path("import/template.csv", views.import_template, name="import_template"),
    path("import/<int:pk>/", views.confirm_import, name="import_confirm"),
    path("export.csv", views.export_contacts, name="export"),
    path("<int:pk>/", views.contact_detail, name="contact"),
    path("<int:pk>/edit/", views.edit_contact, name="edit"),
    path("<int:pk>/archive/", views.archive_contact, name="archive"),
    path("<int:pk>/merge/", merge_views.merge_contact, name="merge"),
    path("<int:pk>/restore/", views.restore_contact, name="restore"),
]
