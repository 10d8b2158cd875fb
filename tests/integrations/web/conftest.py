"""Firms with a connection in every state, and people who look at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from firms.models import Firm, Membership
from firms.permissions import STAFF
from tests.factories import make_firm, make_member


@pytest.fixture
def firm() -> Firm:
    return make_firm(name="Alder & Finch")


@pytest.fixture
def admin(firm: Firm) -> Membership:
    return make_member(firm, name="Priya Raman")


@pytest.fixture
def sign_in() -> Callable[[Membership], Client]:
    def signed_in(membership: Membership) -> Client:
        client = Client()
        client.force_login(membership.user)
        return client

    return signed_in


@pytest.fixture
def client(admin: Membership, sign_in: Callable[[Membership], Client]) -> Client:
    """The browser of the firm's admin."""
    return sign_in(admin)


@pytest.fixture
def staff_client(firm: Firm, sign_in: Callable[[Membership], Client]) -> Client:
    """The browser of somebody without Manage Integrations."""
    return sign_in(make_member(firm, role="Staff accountant", permissions=STAFF))


@pytest.fixture
def text_of() -> Callable[[Any], str]:
    """The words of an answer, with white space collapsed."""

    def text(response: Any) -> str:
        return " ".join(response.content.decode().split())

    return text
