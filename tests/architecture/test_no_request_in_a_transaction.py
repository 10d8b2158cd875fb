"""No transaction spans a request. tests/conftest.py watches every test; here it is watched."""

from __future__ import annotations

import pytest
from django.db import transaction

from integrations.providers.quickbooks.session import exchange, make_session

pytestmark = pytest.mark.django_db


def test_a_request_inside_a_transaction_is_noticed(qbo, requests_in_transactions):
    url = f"{qbo.base_url}/.well-known/openid_configuration"

    with transaction.atomic():
        exchange(make_session(), "GET", url, seconds=5)

    assert requests_in_transactions == [f"GET {url}"]
    requests_in_transactions.clear()


def test_a_request_outside_one_is_not(qbo, requests_in_transactions):
    exchange(make_session(), "GET", f"{qbo.base_url}/.well-known/openid_configuration", seconds=5)

    assert requests_in_transactions == []
