"""Nothing serves strangers with keys that everybody knows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

REAL = {
    "HTTPS": "1",
    "SECRET_KEY": "k" * 25 + "e4Xq9-Zp7_tR2vB8nM1wL6yC3",
    "TOKEN_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "canopy.example.com",
    "BASE_URL": "https://canopy.example.com",
    "DATABASE_URL": "postgres://canopy@127.0.0.1:1/canopy",
    "QBO_CLIENT_ID": "id",
    "QBO_CLIENT_SECRET": "secret",
    "QBO_WEBHOOK_VERIFIER": "verifier",
}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SERVE = ("-c", "import canopy_sync.wsgi")


@pytest.mark.parametrize("arguments", [SERVE, ("manage.py", "worker")])
def test_without_settings_neither_web_nor_worker_starts_and_all_that_lacks_is_named(arguments):
    done = run(*arguments)

    said = done.stderr.strip().splitlines()[-1]
    assert done.returncode != 0
    for name in ("SECRET_KEY", "TOKEN_KEYS", "ALLOWED_HOSTS", "BASE_URL", "QBO_CLIENT_ID"):
        assert name in said


@pytest.mark.parametrize("name", ["SECRET_KEY", "TOKEN_KEYS", "HTTPS", "QBO_WEBHOOK_VERIFIER"])
def test_one_that_lacks_is_enough(name):
    done = run(*SERVE, **{key: value for key, value in REAL.items() if key != name})

    assert done.returncode != 0
    assert f"Set {name}" in done.stderr.splitlines()[-1]


def test_with_all_of_them_it_starts_and_the_deploy_check_says_nothing():
    assert run(*SERVE, **REAL).returncode == 0

    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **REAL)

    assert done.returncode == 0, done.stderr


def test_a_form_of_ours_may_lead_to_the_consent_page_and_nowhere_else():
    code = "from django.conf import settings as s; print(s.SECURE_CSP['form-action'])"

    done = run("-c", f"import canopy_sync.wsgi; {code}", **REAL)

    assert done.stdout.strip() == "[<CSP.SELF: \"'self'\">, 'https://appcenter.intuit.com']"
