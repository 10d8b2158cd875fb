"""Service items on both sides: stories of one item, real engine, real emulator."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from billing.models import ServiceItem
from billing.services import service_items
from integrations.models import Issue, Link
from integrations.sync import rule_changes
from tests.world import World


@pytest.fixture
def billing(world: World) -> World:
    world.switch_billing_on()
    return world


def make_item(world: World, name: str = "Mooring hour", **values: Any) -> ServiceItem:
    return service_items.create_service_item(
        actor=world.actor, values={"name": name, **values}, now=world.now
    )


def edit(world: World, item: ServiceItem, **changes: Any) -> ServiceItem:
    item.refresh_from_db()
    return service_items.update_service_item(
        actor=world.actor, item=item, version=item.version, changes=changes, now=world.now
    )


def linked(world: World, **values: Any) -> ServiceItem:
    item = make_item(world, **values)
    world.sync()
    assert world.link_of(item).state == Link.State.LINKED
    return item


def test_an_item_made_here_is_made_there_with_the_chosen_account_and_exact_rate(billing: World):
    item = make_item(billing, rate=Decimal("75.1234567"), sku="M-1", is_taxable=True)

    billing.sync()

    theirs = billing.theirs(item)
    assert (theirs["Type"], theirs["Name"], theirs["Sku"]) == ("Service", "Mooring hour", "M-1")
    assert theirs["IncomeAccountRef"]["value"] == "1"
    assert theirs["Taxable"] is True
    assert '"UnitPrice":75.1234567' in billing.quickbooks.writes[-1]["request"]


def test_without_an_income_account_a_person_is_told_what_to_choose(world: World):
    world.switch_billing_on(defaults={})
    make_item(world)

    world.sync()

    issue = world.open_issue()
    assert issue.kind == Issue.Kind.SET_UP
    assert "income account" in issue.sentence
    assert "Rules" in issue.what_to_do
    assert world.writes() == 0


def test_once_the_income_account_is_chosen_the_waiting_items_go(world: World):
    lists = {"income_accounts": [{"id": "1", "label": "Services"}]}
    world.switch_billing_on(defaults={}, company_facts={"lists": lists})
    item = make_item(world)
    world.sync()

    rule_changes.set_rules(
        actor=world.actor, connection=world.connection, now=world.now, income_account="1"
    )
    world.sync()

    assert world.theirs(item)["IncomeAccountRef"]["value"] == "1"
    assert not Issue.objects.filter(state="open").exists()


def test_nothing_of_items_syncs_before_their_half_of_set_up_is_done(world: World):
    make_item(world)

    world.sync()

    assert world.writes() == 0
    assert not Issue.objects.exists()


def test_an_edit_here_sends_that_field_only_and_never_the_account(billing: World):
    item = linked(billing)

    edit(billing, item, rate=Decimal("80.5"), income_account_id="79")
    billing.sync()

    body = json.loads(billing.quickbooks.writes[-1]["request"])
    assert body.keys() == {"Id", "SyncToken", "sparse", "UnitPrice"}
    assert billing.theirs(item)["UnitPrice"] == 80.5
    assert billing.theirs(item)["IncomeAccountRef"]["value"] == "1"


def test_an_edit_there_arrives_here(billing: World):
    item = linked(billing, rate=Decimal(75))

    billing.act(item, "update", UnitPrice=90, Description="By the hour")
    billing.sync(feed=True)

    item.refresh_from_db()
    assert (item.rate, item.description) == (Decimal(90), "By the hour")


def test_archived_here_is_inactive_there_and_back(billing: World):
    item = linked(billing)

    service_items.archive_service_item(actor=billing.actor, item=item, now=billing.now)
    billing.sync()
    assert billing.theirs(item)["Active"] is False

    billing.act(item, "reactivate")
    billing.sync(feed=True)
    item.refresh_from_db()
    assert item.is_archived is False
    assert item.name == "Mooring hour"


def test_a_new_service_there_comes_in_with_its_category_and_account(billing: World):
    made = billing.quickbooks.act(
        "create",
        entity="Item",
        fields={
            "Name": "Dredging",
            "Type": "Service",
            "UnitPrice": 120,
            "IncomeAccountRef": {"value": "1"},
        },
    )

    billing.sync(feed=True)

    item = ServiceItem.objects.get(name="Dredging")
    assert billing.link_of(item).remote_id == made["Id"]
    assert (item.rate, item.income_account_id) == (Decimal(120), "1")


def test_stock_made_there_does_not_become_a_service_item(billing: World):
    billing.quickbooks.act(
        "create",
        entity="Item",
        fields={
            "Name": "Buoy",
            "Type": "Inventory",
            "TrackQtyOnHand": True,
            "QtyOnHand": 5,
            "InvStartDate": "2026-01-01",
            "IncomeAccountRef": {"value": "79"},
            "ExpenseAccountRef": {"value": "80"},
            "AssetAccountRef": {"value": "81"},
        },
    )

    billing.sync(feed=True)

    assert not ServiceItem.objects.filter(name="Buoy").exists()
