"""A worker killed at any step: the next one ends what it began, once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from contacts.models import Contact
from integrations.models import Intent, Issue, Link, OutboxEntry
from tests.processes import environment
from tests.world import World

ROOT = Path(__file__).resolve().parents[3]
LATER = 131  # seconds until a lost write may be sent again


def drain_and_die(world: World, step: str) -> int:
    """Drain in another process that is killed at `step`; return how it ended."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.integrations.sync.die_at",
            step,
            str(world.connection.pk),
            world.now.isoformat(),
            json.dumps(settings.QUICKBOOKS),
        ],
        cwd=ROOT,
        env=environment(),
        timeout=60,
        check=False,
        capture_output=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-2000:]
    return ended.returncode


WRITING = [
    "lease taken",
    "bells became pairs",
    "request id stored",
    "answer read, not stored",
    "link and base stored",
]


@pytest.mark.parametrize("step", WRITING)
def test_a_create_is_done_once(world: World, step: str):
    contact = world.create("Quist Boats", phone="555")

    drain_and_die(world, step)
    world.sync(feed=True)
    world.sync(after=LATER, feed=True)

    assert len(world.customers_named("Quist Boats")) == 1
    assert world.link(contact).state == Link.State.LINKED
    _at_rest(world, contacts=1)


@pytest.mark.parametrize("step", WRITING)
def test_an_edit_arrives_once(world: World, step: str):
    contact = world.linked("Quist Boats")
    world.edit(contact, phone="555")

    drain_and_die(world, step)
    world.sync(feed=True)
    world.sync(after=LATER, feed=True)

    customer = world.customer(contact)
    assert (customer["PrimaryPhone"]["FreeFormNumber"], customer["SyncToken"]) == ("555", "1")
    _at_rest(world, contacts=1)


@pytest.mark.parametrize("step", WRITING)
def test_an_archive_arrives_once(world: World, step: str):
    from contacts import services

    contact = world.linked("Quist Boats")
    services.archive_contact(actor=world.actor, contact=contact, now=world.now)

    drain_and_die(world, step)
    world.sync(feed=True)
    world.sync(after=LATER, feed=True)

    customer = world.customer(contact)
    assert (customer["Active"], customer["SyncToken"]) == (False, "1")
    _at_rest(world, contacts=1)


READING = [
    "lease taken",
    "feed read, not stored",
    "cursor moved",
    "bells became pairs",
    "local write done",
    "link and base stored",
]


@pytest.mark.parametrize("step", READING)
def test_what_changed_there_arrives_once(world: World, step: str):
    contact = world.linked("Quist Boats")
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555"})
    world.quickbooks.act("create", fields={"DisplayName": "Harbour Timber"})
    writes = world.writes()
    _want_feed(world)

    drain_and_die(world, step)
    world.sync()
    world.sync(feed=True)

    contact.refresh_from_db()
    assert contact.phone == "555"
    assert Contact.objects.filter(display_name="Harbour Timber").count() == 1
    assert world.writes() == writes
    _at_rest(world, contacts=2)


def _want_feed(world: World) -> None:
    from integrations.models import Cursor

    Cursor.objects.update(wanted_at=world.now)


def _at_rest(world: World, *, contacts: int) -> None:
    assert Contact.objects.count() == contacts
    assert Link.objects.count() == contacts
    assert not Intent.objects.exists()
    assert not OutboxEntry.objects.exists()
    assert not Issue.objects.filter(state="open").exists()
    counts: dict[str, Any] = world.quickbooks.ask("counts")
    assert counts["overwritten_unseen"] == 0
    assert counts["request_ids_created_twice"] == {}
