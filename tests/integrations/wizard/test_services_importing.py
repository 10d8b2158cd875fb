"""The import of the second half: items, invoices and payments, one entity after another."""

from __future__ import annotations

import pytest

from billing.models import TaxRate
from firms.permissions import Actor
from integrations.models import Connection, ImportedRecord, Setup, TaxCode
from integrations.sync import rule_changes, rule_values, short_lists
from integrations.wizard import importing, services
from tests.factories import make_tax_rate

State = Setup.Import
ENTITIES = ("service_item", "invoice", "payment")


def number_of(half):
    return {
        entity: ImportedRecord.objects.filter(connection=half.connection, entity=entity).count()
        for entity in ENTITIES
    }


def in_the_books(half):
    items = [
        each
        for each in half.emulator.objects("Item")
        if each["Type"] in ("Service", "NonInventory")
    ]
    return {
        "service_item": len(items),
        "invoice": len(half.emulator.objects("Invoice")),
        "payment": len(half.emulator.objects("Payment")),
    }


def test_everything_is_read_and_nothing_is_written(half):
    half.start()
    half.connection.refresh_from_db()
    assert half.connection.billing_started_at == half.clock.now

    half.read()

    assert half.setup.import_state == State.DONE, half.setup.import_message
    assert number_of(half) == in_the_books(half)
    assert half.setup.counts["read_invoice"] == number_of(half)["invoice"]
    assert half.emulator.writes == []
    assert half.connection.billing_synced_at is None


@pytest.mark.parametrize("again", ["start_again", "check_again"])
def test_services_that_the_rules_choose_from_outlast_another_reading(half, again):
    half.import_all()
    rule_changes.read_lists(actor=half.actor, connection=half.connection, now=half.clock.now)
    half.setup.connection.refresh_from_db()
    items = rule_values.choices(half.setup.connection, "service_item")
    assert items

    act = services if again == "start_again" else importing
    getattr(act, again)(actor=half.actor, setup=half.setup, now=half.clock.now)
    half.read()

    assert rule_values.choices(Connection.objects.get(), "service_item") == items


def test_the_short_lists_are_kept_with_the_connection(half):
    half.import_all()
    half.connection.refresh_from_db()

    lists = half.connection.company_facts["lists"]
    assert {"id": "1", "label": "Services"} in lists["income_accounts"]
    assert {"id": "4", "label": "Undeposited Funds"} in lists["deposit_accounts"]
    assert {"Checking"} <= {each["label"] for each in lists["deposit_accounts"]}
    assert {each["name"]: each["days"] for each in lists["terms"]}["Net 30"] == 30
    assert "Check" in {each["name"] for each in lists["methods"]}
    codes = {each.name: each.parts for each in TaxCode.objects.all()}
    assert codes["California"] == [{"name": "California", "percent": "8"}]
    assert "TAX" not in codes
    assert "NON" not in codes


def test_a_code_of_the_same_percentages_is_mapped_to_our_rate(half):
    same = make_tax_rate(half.firm, "8")
    half.import_all()

    assert TaxCode.objects.get(name="California").tax_rate_id == same.pk
    assert TaxRate.objects.count() == 1  # the others are made at Sync, not before


def test_rates_are_made_for_codes_that_none_of_ours_means(half):
    make_tax_rate(half.firm, "5", name="California")
    half.import_all()

    actor = Actor.for_sync(firm_id=half.firm.pk)
    short_lists.create_missing_rates(actor=actor, connection=half.connection, now=half.clock.now)
    again = short_lists.create_missing_rates(
        actor=actor, connection=half.connection, now=half.clock.now
    )

    made = TaxRate.objects.get(pk=TaxCode.objects.get(name="California").tax_rate_id)
    assert made.name == "California (QuickBooks)"
    assert [part.percent for part in made.parts.all()] == [8]
    assert again == 0


def test_a_killed_worker_costs_at_most_one_page_of_each_entity(half):
    half.start()
    pages = 0
    while half.setup.import_state != State.DONE:
        half.read_slowly(8)
        pages += 1
        if half.setup.import_state == State.DONE:
            break
        # kill -9 in the middle of the next page leaves its claim, and nothing else
        Setup.objects.filter(pk=half.setup.pk).update(
            import_claimed_until=half.clock.now + importing.CLAIM
        )
        assert half.read() == "nothing to read"
        half.clock.pass_(importing.CLAIM.total_seconds() + 1)
        assert pages < 40

    assert number_of(half) == in_the_books(half)
    asked = [each for each in half.queries() if "COUNT" not in str(each)]
    listed = sum(-(-number // 7) + 1 for number in in_the_books(half).values())
    assert len(asked) <= listed + 5 + 3  # the short lists, and the counts


@pytest.mark.parametrize("entity", ["Item", "Invoice", "Payment"])
def test_it_goes_on_in_the_entity_where_quickbooks_did_not_answer(half, entity):
    half.start()
    half.emulator.fault("status", status=503, operation="query", path="query", entity=entity)
    half.read()
    if half.setup.import_state == State.WAITING:
        half.clock.now = half.setup.import_retry_at
        half.read()

    assert half.setup.import_state == State.DONE, half.setup.import_message
    assert number_of(half) == in_the_books(half)


def test_stopping_keeps_nothing_and_the_feed_does_not_follow(half):
    half.start()
    half.read_slowly(8)
    assert ImportedRecord.objects.exists()

    services.stop_import(actor=half.actor, setup=half.setup, now=half.clock.now)

    half.setup.refresh_from_db()
    assert half.setup.import_state == State.NOT_STARTED
    assert half.setup.import_entity == ""
    assert not ImportedRecord.objects.exists()
    assert Connection.objects.get().billing_started_at is None


def test_skip_drops_what_was_read_and_start_takes_it_back(half):
    half.import_all()
    walk = Setup.objects.get(half="contacts", is_current=True)

    services.skip_services(actor=half.actor, setup=half.setup, now=half.clock.now)
    walk.refresh_from_db()
    assert walk.services_skipped_at is not None
    assert not ImportedRecord.objects.exists()
    half.setup.refresh_from_db()
    half.import_all()

    walk.refresh_from_db()
    assert walk.services_skipped_at is None
    assert number_of(half) == in_the_books(half)


def test_the_contacts_run_is_left_alone(half):
    half.import_all()

    walk = Setup.objects.get(half="contacts", is_current=True)
    assert walk.import_entity == ""
    assert walk.counts == {}
