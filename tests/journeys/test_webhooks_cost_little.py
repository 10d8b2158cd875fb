"""What QuickBooks tells by webhook: an edit there is read once, our own echo never."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import InboxEntry
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def webhooks(world: World, live_server: Any) -> None:
    """The emulator tells the product itself, over loopback, when a test says `deliver`."""
    address = live_server.url + reverse("quickbooks_webhook")
    world.quickbooks.webhooks(url=address, delay_seconds=600)


def deliver(world: World) -> None:
    told = world.quickbooks.webhooks(flush=True)
    assert told["attempts"][-1]["status"] == 200


def reads(world: World) -> int:
    return int(world.quickbooks.counts()["metered"])


def test_our_own_writes_echo_without_a_single_read(world: World) -> None:
    world.now = timezone.now()  # the emulator goes by the real clock
    contact = world.linked("Quist Boats")
    deliver(world)
    world.now = timezone.now()
    world.edit(contact, phone="555 0101")
    world.sync()
    deliver(world)
    assert InboxEntry.objects.filter(source="webhook", needs_read=True).exists()

    for _ in range(3):
        world.sync(after=30)

    assert reads(world) == 0
    assert InboxEntry.objects.count() == 0


def test_an_edit_there_is_read_with_one_call(world: World) -> None:
    contact = world.linked("Quist Boats")
    world.quickbooks.advance(60)  # long after our own write
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555 0199"})
    deliver(world)

    world.sync(after=1)
    world.sync(after=30)

    contact.refresh_from_db()
    assert contact.phone == "555 0199"
    assert reads(world) == 1
    assert InboxEntry.objects.count() == 0


def test_a_webhook_that_comes_again_costs_nothing_more(world: World) -> None:
    contact = world.linked("Quist Boats")
    world.quickbooks.advance(60)
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555 0199"})
    deliver(world)
    world.sync(after=1)

    world.quickbooks.webhooks(resend_last=True)
    deliver(world)
    world.sync(after=30)

    assert reads(world) <= 2
    assert InboxEntry.objects.count() == 0
