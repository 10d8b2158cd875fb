"""Programs of a firm that is connected to the emulator: set up, or at the start of set-up."""

from __future__ import annotations

from typing import Any

import pytest

from firms.models import Membership
from tests.api.conftest import Program, Shelf
from tests.integrations.wizard.conftest import half, wizard
from tests.world import World

__all__ = ["half", "wizard"]


@pytest.fixture
def books(world: World, shelf: Shelf) -> Program:
    """A program of the admin of the world's firm."""
    member = Membership.objects.get(user_id=world.actor.user_id, firm=world.firm)
    return Program(shelf.make(member))


@pytest.fixture
def walker(wizard: Any, shelf: Shelf) -> Program:
    """A program that walks set-up in place of the person in the wizard."""
    return Program(shelf.make(wizard.member))
