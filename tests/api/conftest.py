"""Callers of the API: a signed-in person, and programs with tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from firms.api_tokens import create_token
from firms.middleware import actor_of
from firms.models import ApiToken, Firm, Membership
from firms.permissions import ADMIN, Permission
from tests.factories import make_firm, make_member


class Shelf:
    """Makes tokens."""

    def make(self, member: Membership, permissions: Any = ADMIN) -> str:
        """A token of a member that holds some of the permissions; return its text."""
        now = timezone.now()
        _, text = create_token(
            actor=actor_of(member),
            firm=member.firm,
            name=f"Token {ApiToken.objects.count()}",
            permissions=permissions,
            expires_at=now + timedelta(days=1),
            now=now,
        )
        return text


class Program:
    """A program that calls with a token."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """`program.post("/contacts/", {...}, headers={...})`, under /api/v1."""

        def call(address: str, body: Any = None, **options: Any) -> Any:
            if method != "get":
                options.setdefault("content_type", "application/json")
                return getattr(self.client, method)("/api/v1" + address, body or {}, **options)
            return self.client.get("/api/v1" + address, body, **options)

        return call


@pytest.fixture
def shelf(db: None) -> Shelf:
    return Shelf()


@pytest.fixture
def firm(db: None) -> Firm:
    return make_firm()


@pytest.fixture
def member(firm: Firm) -> Membership:
    return make_member(firm)


@pytest.fixture
def program(shelf: Shelf, member: Membership) -> Program:
    return Program(shelf.make(member))


@pytest.fixture
def viewer(shelf: Shelf, member: Membership) -> Program:
    return Program(shelf.make(member, [Permission.VIEW_ONLY]))
