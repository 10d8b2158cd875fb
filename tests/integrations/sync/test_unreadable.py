"""A company that cannot be read is still written to."""

from __future__ import annotations

from contacts.models import Contact
from integrations.models import Cursor
from tests.world import World


def test_a_feed_that_is_refused_stops_nothing_that_is_sent(world: World):
    contact = world.linked("Quist Boats")
    world.quickbooks.fault("fault", operation="cdc", code="9999", message="No", times=None)
    world.edit(contact, phone="555-0100")

    world.sync(feed=True)

    assert world.customer(contact)["PrimaryPhone"] == {"FreeFormNumber": "555-0100"}
    assert Cursor.objects.get().wanted_at > world.now  # and it is asked for again


def test_without_reads_left_what_needs_none_is_sent(world: World):
    contact = world.linked("Quist Boats")
    world.quickbooks.switch(metered_allowance=1)
    world.sync(feed=True)
    world.edit(contact, phone="555-0100")

    world.sync(feed=True)

    assert world.customer(contact)["PrimaryPhone"] == {"FreeFormNumber": "555-0100"}
    assert not world.connection.failures


def test_without_reads_left_a_stale_contact_waits_and_the_others_go_on(world: World):
    stale, other = world.linked("Quist Boats"), world.linked("Ada Boats")
    world.quickbooks.switch(metered_allowance=1)
    world.sync(feed=True)
    world.edit_there(stale, PrimaryPhone={"FreeFormNumber": "theirs"})
    world.edit(stale, email="ours@x.org")
    world.edit(other, phone="555-0100")

    world.sync()

    assert world.customer(other)["PrimaryPhone"] == {"FreeFormNumber": "555-0100"}
    assert "PrimaryEmailAddr" not in world.customer(stale)
    world.quickbooks.switch(metered_allowance=None)
    world.sync(after=13 * 3600)
    assert world.customer(stale)["PrimaryEmailAddr"] == {"Address": "ours@x.org"}
    assert Contact.objects.get(pk=stale.pk).phone == "theirs"


def test_a_feed_older_than_quickbooks_tells_is_replaced_by_the_full_list(world: World):
    contact = world.linked("Quist Boats")
    world.quickbooks.switch(cdc_older_than_30_days="refuse")
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "theirs"})
    world.quickbooks.advance(40 * 24 * 3600)

    world.sync(feed=True)

    assert Contact.objects.get(pk=contact.pk).phone == "theirs"
