"""Law 7 for service items: what is sent means what was meant, and nothing else changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from integrations.entities.service_item import ServiceItemRecord
from integrations.errors import InvalidValue, SetUpNeeded
from integrations.providers.base import Operation
from integrations.providers.quickbooks.mapping.service_item import ServiceItemMapping
from integrations.reconcile.record import UNKNOWN, Life, plain_number
from tests.integrations.providers.quickbooks import forms_shelf as shelf

MAPPING = ServiceItemMapping()
on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
COMPANY = {"defaults": {"income_account": {"id": "1"}}}
UNMODELLED = {
    "SalesTaxCodeRef": {"value": "7", "name": "Labour"},
    "ExpenseAccountRef": {"value": "80"},
    "PurchaseCost": Decimal("12.3456789"),
    "PurchaseDesc": "As bought\n",
    "ParentRef": {"value": "4"},
    "ClassRef": {"value": "9"},
    "PrefVendorRef": {"value": "44"},
}
LIMITS = {"name": 100, "description": 4000, "sku": 100}

TEXTS = some.text(
    some.characters(exclude_categories=["Cs", "Cc"], exclude_characters=":"), max_size=20
).map(str.strip)
STRANGE = some.sampled_from(["", "Amy's", '"no"', "back\\slash", "<script>", "שלום", "=1+1", "0"])
NUMBERS = some.decimals(-10_000, 10_000, places=7, allow_nan=False, allow_infinity=False)


@some.composite
def records(draw: Any) -> ServiceItemRecord:
    return ServiceItemRecord(
        life=draw(some.sampled_from([Life.LIVE, Life.INACTIVE])),
        name=draw(some.one_of(STRANGE, TEXTS)) or "Mooring hour",
        description=draw(STRANGE),
        sku=draw(STRANGE),
        rate=plain_number(draw(NUMBERS)) if draw(some.booleans()) else draw(some.just("")),
        is_taxable=draw(some.booleans()),
        income_account="1",
    )


def created(record: ServiceItemRecord, **unmodelled: Any) -> dict[str, Any]:
    payload = MAPPING.payload(
        Operation.CREATE, record.values(), remote_id="", version=None, kept={}, company=COMPANY
    )
    return shelf.create(payload, **unmodelled)


def changed(stored: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    told = MAPPING.snapshot(shelf.told(stored))
    payload = MAPPING.payload(
        Operation.UPDATE,
        values,
        remote_id=told.remote_id,
        version=told.version,
        kept=told.kept,
        company=COMPANY,
    )
    return shelf.update(stored, payload)


def changes(one: ServiceItemRecord, other: ServiceItemRecord) -> dict[str, Any]:
    return {
        each.name: getattr(other, each.name)
        for each in one.fields()
        if not each.same(getattr(one, each.name), getattr(other, each.name))
    }


def read(stored: dict[str, Any]) -> ServiceItemRecord:
    record = MAPPING.snapshot(shelf.told(stored)).record
    assert isinstance(record, ServiceItemRecord)
    return record


def send(**values: Any) -> dict[str, Any]:
    return MAPPING.payload(
        Operation.UPDATE, values, remote_id="5", version=0, kept={}, company=COMPANY
    )


# -- The laws ------------------------------------------------------------------------------------


@on_a_busy_machine
@given(records())
def test_an_item_that_was_created_reads_as_it_was(record: ServiceItemRecord) -> None:
    assert changes(record, read(created(record))) == {}


@on_a_busy_machine
@given(records(), records())
def test_the_changes_from_one_to_another_sent_to_the_one_mean_the_other(
    one: ServiceItemRecord, other: ServiceItemRecord
) -> None:
    assert changes(other, read(changed(created(one), changes(one, other)))) == {}


@on_a_busy_machine
@given(records(), records())
def test_what_we_do_not_model_survives(one: ServiceItemRecord, other: ServiceItemRecord) -> None:
    stored = created(one, **UNMODELLED)

    after = changed(stored, changes(one, other))

    assert {name: after[name] for name in UNMODELLED} == UNMODELLED
    assert (after["Type"], after["IncomeAccountRef"]) == ("Service", {"value": "1"})


@on_a_busy_machine
@given(records(), records())
def test_nothing_is_sent_that_did_not_change(
    one: ServiceItemRecord, other: ServiceItemRecord
) -> None:
    theirs = {
        "life": "Active", "name": "Name", "description": "Description", "sku": "Sku",
        "rate": "UnitPrice", "is_taxable": "Taxable",
    }  # fmt: skip

    sent = send(**changes(one, other))

    expected = {theirs[name] for name in changes(one, other)}
    assert set(sent) - {"Id", "SyncToken", "sparse"} == expected


def test_what_an_update_sends_never_names_the_account() -> None:
    assert "IncomeAccountRef" not in send(name="Mooring", income_account="2")


# -- Limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_a_text_at_the_limit_goes_whole_and_one_more_is_refused(name: str, limit: int) -> None:
    assert "x" * limit in send(**{name: "x" * limit}).values()

    with pytest.raises(InvalidValue) as caught:
        send(**{name: "x" * (limit + 1)})

    assert str(limit) in caught.value.what_to_do


@pytest.mark.parametrize("rate", ["0.12345678", "100000000000", "-100000000000"])
def test_a_rate_out_of_reach_is_refused_and_never_rounded(rate: str) -> None:
    with pytest.raises(InvalidValue, match="7 decimals"):
        send(rate=rate)


def test_seven_decimals_go_as_they_are() -> None:
    assert shelf.wire(send(rate="0.1234567"))["UnitPrice"] == Decimal("0.1234567")


@pytest.mark.parametrize("name", ["A:B", "A\tB", "A\nB", "", "  "])
def test_a_name_quickbooks_refuses_is_refused_here(name: str) -> None:
    with pytest.raises(InvalidValue):
        send(name=name)


def test_without_an_income_account_nothing_is_made() -> None:
    with pytest.raises(SetUpNeeded, match="income account"):
        MAPPING.payload(
            Operation.CREATE, {"name": "A"}, remote_id="", version=None, kept={}, company={}
        )


def test_in_a_sparse_answer_what_is_missing_is_unknown() -> None:
    record = read({"Id": "5", "Name": "Mooring", "sparse": True})

    assert (record.name, record.rate, record.life) == ("Mooring", UNKNOWN, UNKNOWN)
