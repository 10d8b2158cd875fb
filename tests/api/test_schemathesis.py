"""Whatever is sent, the API answers as its description says. What is sent is made from that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
)

from firms.api.models import CallBucket
from firms.permissions import ADMIN
from tests.api.conftest import Shelf
from tests.api.quickbooks.test_routes import PREFIX
from tests.api.quickbooks.test_routes import House as QuickBooksHouse
from tests.api.test_description import ROOT
from tests.api.test_routes import OF_SENT, House
from tests.factories import connect, make_firm
from tests.quickbooks import Emulator

EXAMPLES = 15  # of each call
NOT_TRIED = [
    # Which records there are, and what they allow, is more than a description of shapes can say.
    positive_data_acceptance,
    # The caller is always the same; tests/api/test_routes.py tries each call with every other kind.
    ignored_auth,
]

schema = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.json")
schema.app = get_wsgi_application()
schema.config.generation.with_security_parameters = False
schema.config.phases.coverage.enabled = False  # thousands of calls


ABOUT_QUICKBOOKS = f"^/api/v1/{PREFIX}"
EACH_CALL = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
# Its id and its version are right by then.
NOT_TRIED_ON_WHAT_IS_THERE = [*NOT_TRIED, negative_data_rejection, missing_required_header]


@pytest.mark.django_db
@schema.exclude(path_regex=ABOUT_QUICKBOOKS).parametrize()
@EACH_CALL
def test_every_answer_is_as_described(case: Any, house: House) -> None:
    send(case, house, NOT_TRIED)
    if "id" in case.path_parameters:
        name_what_is_there(case, house)
        send(case, house, NOT_TRIED_ON_WHAT_IS_THERE)


@pytest.mark.django_db
@schema.include(path_regex=ABOUT_QUICKBOOKS).parametrize()
@EACH_CALL
def test_every_answer_about_quickbooks_is_as_described(
    case: Any, connected: QuickBooksHouse
) -> None:
    send(case, connected, NOT_TRIED)
    if case.path_parameters:
        kind = case.path.removeprefix(f"/api/v1/{PREFIX}").partition("/")[0]
        named = {"half": "contacts", "name": "unmatched", "id": connected.ids.get(kind)}
        case.path_parameters.update({name: named[name] for name in case.path_parameters})
        case.headers["If-Match"] = "*"
        send(case, connected, NOT_TRIED_ON_WHAT_IS_THERE)


def send(case: Any, house: Any, but: list[Any]) -> None:
    CallBucket.objects.all().delete()  # it calls more often than a program may
    # No gzip: the client that stands in for the network does not unpack it.
    headers = {"Authorization": f"Bearer {house.token}", "Accept-Encoding": "identity"}
    case.call_and_validate(headers=headers, excluded_checks=but)


def name_what_is_there(case: Any, house: House) -> None:
    """A record of the firm in its address, and no version in the way."""
    pattern = case.path.removeprefix("/api/v1/").replace("{id}", "<int:pk>")
    kind = pattern.partition("/")[0]
    case.path_parameters["id"] = house.sent if pattern in OF_SENT else house.ids[kind]
    case.headers["If-Match"] = "*"


@pytest.fixture(scope="module", autouse=True)
def _one_database_connection() -> Iterator[None]:
    """The application would close it at the end of a request, and end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def connected(qbo: Emulator, shelf: Shelf) -> QuickBooksHouse:
    made = QuickBooksHouse(connect(make_firm(), qbo.base_url), shelf)
    made.token = shelf.make(made.admin, ADMIN)
    return made


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    """Made once: what a test does to it is rolled back to here."""
    block = transaction.atomic()
    block._from_testcase = True  # no transaction of the product's
    with django_db_blocker.unblock(), block:
        made = House(Shelf())
        made.token = made.shelf.make(made.admin, ADMIN)
        yield made
        transaction.set_rollback(True)
