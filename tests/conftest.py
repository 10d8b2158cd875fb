"""Where the product and the emulator meet: everything goes over loopback HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import override_settings

from canopy_sync import settings as product


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The cache's table as well: processes of the product that tests start need it."""
    with django_db_blocker.unblock(), override_settings(CACHES=product.CACHES):
        call_command("createcachetable")


@pytest.fixture(autouse=True)
def _no_cache_from_before() -> None:
    cache.clear()
