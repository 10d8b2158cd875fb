"""Where the product and the emulator meet: everything goes over loopback HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from canopy_sync import settings as product
from integrations.providers.quickbooks import oauth
from tests.quickbooks import Emulator, running
from tests.world import World, make_world


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The cache's table as well: processes of the product that tests start need it."""
    with django_db_blocker.unblock(), override_settings(CACHES=product.CACHES):
        call_command("createcachetable")


@pytest.fixture(autouse=True)
def _no_cache_from_before() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def requests_in_transactions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Fails any test in which the product sends a request while a transaction is open."""
    found: list[str] = []
    send = requests.Session.send

    def watched(self: requests.Session, request: Any, **more: Any) -> requests.Response:
        is_ours = "/emulator/" not in request.url  # the control addresses are the tests' own
        # A test that runs inside a transaction has two of its own around it.
        if is_ours and any(not block._from_testcase for block in connection.atomic_blocks):
            found.append(f"{request.method} {request.url}")
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", watched)
    yield found
    assert not found, "Sent inside a transaction"


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulated QuickBooks Online, as a process that lives as long as the run."""
    with running(tmp_path_factory.mktemp("quickbooks")) as emulator:
        yield emulator


@pytest.fixture
def qbo(emulator_process: Emulator, settings: Any) -> Emulator:
    """The sample company, fresh, with its limits off; the product's settings point at it."""
    emulator_process.reset(limits=False)
    settings.QUICKBOOKS = emulator_process.settings(settings.QUICKBOOKS)
    settings.CALLS_PER_MINUTE = 60_000  # without limits there, no test waits for its turn
    oauth.forget_discovered()
    return emulator_process


@pytest.fixture
def emulator(qbo: Emulator) -> Emulator:
    return qbo


@pytest.fixture
def world(transactional_db: None, qbo: Emulator) -> World:
    """A firm connected to a fresh sample company, its set-up done. Nothing is rolled back."""
    return make_world(qbo)
