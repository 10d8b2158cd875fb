"""The setup of QuickBooks Online, its contacts half."""

from __future__ import annotations

from django.urls import URLPattern, path

from integrations.wizard import views

app_name = "setup"
urlpatterns: list[URLPattern] = [
    path("", views.go_on, name="go_on"),
    path("contacts/", views.choose_contacts, name="contacts"),
    path("contacts/progress/", views.contacts_progress, name="contacts_progress"),
    path("contacts/progress/stop/", views.stop_import, name="contacts_stop"),
    path("contacts/progress/again/", views.start_again, name="contacts_start_again"),
    path("contacts/progress/carry-on/", views.carry_on, name="contacts_carry_on"),
    path("contacts/check-again/", views.check_again, name="contacts_check_again"),
    path("contacts/sync/", views.sync_contacts, name="contacts_sync"),
    path("contacts/sync/plan.csv", views.plan_csv, name="contacts_plan"),
    path("contacts/row/<int:row_id>/find/", views.find_customer, name="contacts_find"),
    path("contacts/<slug:name>/", views.contacts_list, name="contacts_list"),
    path("report/", views.sync_report, name="report"),
    path("report.csv", views.report_csv, name="report_csv"),
]
