"""Signing in, settings of the firm."""

from allauth.account.views import login
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from firms import views

firm_patterns = [
    path("", views.home, name="home"),
    path("theme/", views.set_theme, name="theme"),
    path("switch-firm/", views.switch_firm, name="switch"),
    path("settings/firm/", views.firm_profile, name="profile"),
    path("settings/team/", views.team, name="team"),
    path("settings/team/invite/", views.invite, name="invite"),
    path("settings/team/<int:pk>/role/", views.member_role, name="member_role"),
    path("settings/team/<int:pk>/remove/", views.remove_member, name="member_remove"),
    path("settings/plan/", views.billing_plan, name="plan"),
    path("settings/audit-log/", views.audit_log, name="audit_log"),
    path("settings/audit-log/export.csv", views.export_audit_log, name="audit_csv"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((firm_patterns, "firms"))),
    path("accounts/signup/", views.closed),
    path("accounts/email/", views.closed),
    path("accounts/login/", RedirectView.as_view(url="/sign-in/", query_string=True)),
    path("accounts/", include("allauth.urls")),
    # After the include: of two patterns of one name, `reverse` takes the last.
    path("sign-in/", login, name="account_login"),
]
