"""Signing in, settings of the firm."""

from django.urls import URLPattern, URLResolver, include, path

from firms import views

firm_patterns = [
    path("", views.home, name="home"),
    path("theme/", views.set_theme, name="theme"),
    path("switch-firm/", views.switch_firm, name="switch"),
    path("settings/firm/", views.firm_profile, name="profile"),
    path("settings/team/", views.team, name="team"),
    path("settings/plan/", views.billing_plan, name="plan"),
    path("settings/audit-log/", views.audit_log, name="audit_log"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((firm_patterns, "firms"))),
    path("accounts/", include("allauth.urls")),
]
