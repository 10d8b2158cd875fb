"""The setup of QuickBooks Online: contacts, then service items and invoices."""

from __future__ import annotations

from django.urls import URLPattern, path

from integrations.wizard import services_views, views

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
    path("services/", services_views.start, name="services"),
    path("services/skip/", services_views.skip, name="services_skip"),
    path("services/progress/", services_views.import_progress, name="services_progress"),
    path("services/progress/stop/", services_views.stop_import, name="services_stop"),
    path("services/progress/again/", services_views.start_again, name="services_start_again"),
    path("services/progress/carry-on/", services_views.carry_on, name="services_carry_on"),
    path("services/check-again/", services_views.check_again, name="services_check_again"),
    path("services/sync/", services_views.sync_services, name="services_sync"),
    path("services/sync/older/<slug:side>/", services_views.older_invoices, name="services_older"),
    path("services/sync/link/<int:row_id>/", services_views.link_older, name="services_link"),
    path("services/sync/plan.csv", services_views.plan_csv, name="services_plan"),
    path("services/row/<int:row_id>/find/", services_views.find_item, name="services_find"),
    path("services/row/<int:row_id>/theirs/", services_views.use_theirs, name="services_theirs"),
    path("services/report/", services_views.sync_report, name="services_report"),
    path("services/report.csv", services_views.report_csv, name="services_report_csv"),
    path("services/<slug:name>/", services_views.services_list, name="services_list"),
    path("finish/", services_views.finish, name="finish"),
    path("report/", views.sync_report, name="report"),
    path("report.csv", views.report_csv, name="report_csv"),
]
