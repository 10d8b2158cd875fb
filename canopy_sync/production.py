"""What must be set before strangers can reach it: the demo's keys are known to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured


def missing() -> list[str]:
    """Settings that a real installation needs and lacks, each with the remedy."""
    found = []
    if settings.SECRET_KEY == settings.DEMO_SECRET_KEY:
        found.append("SECRET_KEY (any 50 random characters)")
    if settings.DEMO_TOKEN_KEY in settings.TOKEN_KEYS:
        found.append("TOKEN_KEYS (a Fernet key; see .env.example)")
    if settings.ALLOWED_HOSTS == settings.DEMO_HOSTS:
        found.append("ALLOWED_HOSTS (the host names people use)")
    if not settings.BASE_URL.startswith("https://"):
        found.append("BASE_URL (https://..., where people reach it)")
    if not settings.HTTPS:
        found.append("HTTPS=1 (the proxy in front speaks https)")
    found += [
        f"{name.upper()} (from the app's page at developer.intuit.com)"
        for name, key in {
            "qbo_client_id": "client_id",
            "qbo_client_secret": "client_secret",
            "qbo_webhook_verifier": "webhook_verifier",
        }.items()
        if not settings.QUICKBOOKS[key]
    ]
    return found


def must_be_configured() -> None:
    """
    Called by whatever serves or works.

    Raises:
        ImproperlyConfigured: this is no demo, no test and no development, and settings lack.
    """
    lacking = missing() if settings.PRODUCTION else []
    if lacking:
        raise ImproperlyConfigured(
            f"Set {'; '.join(lacking)} in the environment or in .env. "
            "To try it out, run `make demo`; for development set DEBUG=1."
        )


@register(Tags.security, deploy=True)
def check_settings(app_configs: Sequence[Any] | None, **_: Any) -> list[Error]:
    return [Error(f"Not set: {each}", id="canopy.E001") for each in missing()]
