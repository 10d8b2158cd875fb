"""Signing in, settings of the firm."""

from allauth.account.views import login
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from firms import role_views, token_views, views

firm_patterns = [
    path("", views.home, name="home"),
    path("theme/", views.set_theme, name="theme"),
    path("switch-firm/", views.switch_firm, name="switch"),
    path("settings/firm/", views.firm_profile, name="profile"),
    path("settings/team/", views.team, name="team"),
    path("settings/team/invite/", views.invite, name="invite"),
    path("settings/team/roles/", role_views.roles, name="roles"),
    path("settings/team/roles/new/", role_views.new_role, name="role_new"),
    path("settings/team/roles/<int:pk>/", role_views.edit_role, name="role_edit"),
    path("settings/team/roles/<int:pk>/delete/", role_views.delete_role, name="role_delete"),
    path("settings/team/<int:pk>/role/", views.member_role, name="member_role"),
    path("settings/team/<int:pk>/remove/", views.remove_member, name="member_remove"),
    path("settings/plan/", views.billing_plan, name="plan"),
    path("settings/api-tokens/", token_views.tokens, name="tokens"),
    path("settings/api-tokens/new/", token_views.new_token, name="token_new"),
    path("settings/api-tokens/<int:pk>/revoke/", token_views.revoke, name="token_revoke"),
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
