"""A text column stored encrypted, with keys of its own: rotating SECRET_KEY ends nothing."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


def _fernet() -> MultiFernet:
    """The first key writes, all of them read."""
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


class EncryptedTextField(models.TextField):
    """Plain text in Python, a Fernet token in the database. Cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return _fernet().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        if value is None:
            return None
        return _fernet().decrypt(value.encode()).decode()
