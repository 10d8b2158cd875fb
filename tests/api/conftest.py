"""Callers of the API: a signed-in person, and programs with tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from firms.api import tokens
from firms.middleware import actor_of
from firms.models import Firm, Membership
from firms.permissions import ADMIN, ActorKind, Permission
from tests.factories import make_firm, make_member


class Shelf:
    """Tokens by their text, and how many seconds each has to wait."""

    def __init__(self) -> None:
        self.known: dict[str, tokens.Found] = {}
        self.waits: dict[int, float] = {}

    def find(self, text: str, *, now: datetime) -> tokens.Found | None:
        return self.known.get(text)

    def take(self, token_id: int, *, now: datetime) -> float:
        return self.waits.get(token_id, 0)

    def make(self, member: Membership, permissions: Any = ADMIN) -> str:
        """A token of a member that holds some of the permissions; return its text."""
        number = len(self.known) + 1
        actor = replace(
            actor_of(member),
            kind=ActorKind.TOKEN,
            permissions=frozenset(permissions) & frozenset(member.role.permissions),
        )
        self.known[f"text-of-{number}"] = tokens.Found(token_id=number, actor=actor)
        return f"text-of-{number}"


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
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    forget = tokens.register(shelf)
    yield shelf
    forget()


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
