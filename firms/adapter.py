"""Our rules for django-allauth."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Email or password is wrong",
        "invalid_login": "Email or password is wrong",
        "account_inactive": "Email or password is wrong",
        # LOGIN_FAILED in settings says how many and for how long.
        "too_many_login_attempts": "Too many failed tries. Try again in 5 minutes.",
        "incorrect_password": "The password is wrong",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is closed: admins invite."""
        return False
