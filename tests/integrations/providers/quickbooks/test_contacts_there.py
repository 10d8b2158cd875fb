"""The contact mapping against the emulator: what it changes there, and what it must not."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from integrations.errors import DuplicateName, HasBalance, Stale, TryLater
from integrations.providers.base import Operation, Present, Snapshot
from integrations.providers.quickbooks.provider import QuickBooksBooks
from integrations.reconcile.record import Life
from tests.integrations.providers.suite import FULL, Sent
from tests.quickbooks import Emulator

OF_THE_SYSTEM = {"SyncToken", "MetaData", "FullyQualifiedName"}
UNMODELLED = {
    "Title": "Dr",
    "MiddleName": "B.",
    "Suffix": "III",
    "PrintOnCheckName": "A. Byron",
    "ResaleNum": "0042",
    "PreferredDeliveryMethod": "Email",
    "SalesTermRef": {"value": "3"},
}
# A change of ours, and the properties that may differ after it.
EDITS: list[tuple[dict[str, Any], set[str]]] = [
    ({"phone": "1"}, {"PrimaryPhone"}),
    ({"email": ""}, {"PrimaryEmailAddr"}),
    ({"billing_city": "Pescadero"}, {"BillAddr"}),
    ({"notes": ""}, {"Notes"}),
    ({"is_tax_exempt": False}, {"Taxable"}),
    ({"display_name": "Quist & Sons"}, {"DisplayName"}),
    ({"given_name": "", "family_name": ""}, {"GivenName", "FamilyName"}),
    ({"life": Life.INACTIVE}, {"Active", "DisplayName"}),
]


@pytest.fixture(params=["replace", "merge"])
def made(request: pytest.FixtureRequest, books: QuickBooksBooks, emulator: Emulator) -> Snapshot:
    """A customer with much that we do not model, in both readings of a sparse update."""
    emulator.switch(sparse_objects=request.param)
    remote_id = Sent(books).create(**FULL).remote_id
    emulator.edit(remote_id, **UNMODELLED)
    found = books.fetch("contact", [remote_id])[remote_id]
    assert isinstance(found, Present)
    return found.snapshot


@pytest.mark.parametrize(("values", "touched"), EDITS)
def test_what_we_do_not_touch_stays_byte_for_byte(
    books: QuickBooksBooks,
    emulator: Emulator,
    made: Snapshot,
    values: dict[str, Any],
    touched: set[str],
) -> None:
    before = emulator.stored(made.remote_id)

    changed = Sent(books).update(made, **values)

    after = emulator.stored(made.remote_id)
    differing = {name for name in before | after if before.get(name) != after.get(name)}
    assert differing - OF_THE_SYSTEM == touched
    assert {name: after[name] for name in UNMODELLED} == {name: before[name] for name in UNMODELLED}
    assert changed.record == made.record.with_changes(values)
    if "BillAddr" in touched:
        assert after["BillAddr"].get("Id") == before["BillAddr"].get("Id")


def test_a_reason_of_automated_tax_ends_with_the_exemption(
    books: QuickBooksBooks, emulator: Emulator
) -> None:
    tax = {"TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": True}}
    emulator.act("update", "1", entity="Preferences", fields=tax)
    made = emulator.create("Quist Boats", TaxExemptionReasonId="9")
    found = books.fetch("contact", [made["Id"]])[made["Id"]]
    assert isinstance(found, Present)
    assert found.snapshot.record.values(["is_tax_exempt"]) == {"is_tax_exempt": True}

    changed = Sent(books).update(found.snapshot, is_tax_exempt=False)

    assert changed.record.values(["is_tax_exempt"]) == {"is_tax_exempt": False}
    assert "TaxExemptionReasonId" not in emulator.stored(made["Id"])


def test_each_update_is_sparse_and_names_the_version(
    books: QuickBooksBooks, emulator: Emulator, made: Snapshot
) -> None:
    outgoing = books.compose(
        "contact",
        Operation.UPDATE,
        {"phone": "1"},
        remote_id=made.remote_id,
        version=made.version,
        kept=made.kept,
    )

    assert outgoing.body == (
        f'{{"Id":"{made.remote_id}","SyncToken":"{made.version}","sparse":true,'
        '"PrimaryPhone":{"FreeFormNumber":"1"}}'
    )


def test_an_old_version_is_stale_and_changes_nothing(
    books: QuickBooksBooks, emulator: Emulator, made: Snapshot
) -> None:
    emulator.edit(made.remote_id, Notes="meanwhile")
    before = emulator.stored(made.remote_id)

    with pytest.raises(Stale):
        Sent(books).update(made, phone="1")

    assert emulator.stored(made.remote_id) == before


def test_a_name_that_a_vendor_has_is_a_duplicate_that_names_it(
    books: QuickBooksBooks, emulator: Emulator
) -> None:
    vendor = emulator.objects("Vendor")[0]

    with pytest.raises(DuplicateName) as caught:
        Sent(books).create(display_name=vendor["DisplayName"].upper())

    assert caught.value.other_id == vendor["Id"]


def test_a_customer_with_a_balance_stays_active(books: QuickBooksBooks, emulator: Emulator) -> None:
    owing = next(each for each in emulator.objects() if float(each.get("Balance", 0)) > 0)
    found = books.fetch("contact", [owing["Id"]])[owing["Id"]]
    assert isinstance(found, Present)

    with pytest.raises(HasBalance) as caught:
        Sent(books).update(found.snapshot, Operation.RETIRE)

    assert "open balance" in str(caught.value)
    assert emulator.stored(owing["Id"])["Active"] is True


def test_one_name_at_a_time_is_only_a_wait(books: QuickBooksBooks, emulator: Emulator) -> None:
    emulator.fault(
        "fault",
        operation="write",
        code="6000",
        message="A business validation error has occurred while processing your request",
        detail="Business Validation Error: You can only add or edit one name at a time."
        " Please try again.",
    )

    with pytest.raises(TryLater) as caught:
        Sent(books).create(display_name="Quist Boats")

    assert type(caught.value) is TryLater


@pytest.mark.parametrize("strips", [True, False])
def test_a_customer_comes_back_by_its_plain_name_in_both_readings(
    books: QuickBooksBooks, emulator: Emulator, strips: bool
) -> None:
    emulator.switch(reactivation_strips_suffix=strips)
    made = Sent(books).create(display_name="Quist Boats")
    retired = Sent(books).update(made, Operation.RETIRE)
    assert emulator.stored(made.remote_id)["DisplayName"] == "Quist Boats (deleted)"

    revived = Sent(books).update(retired, life=Life.LIVE)

    assert emulator.stored(made.remote_id)["DisplayName"] == "Quist Boats"
    assert revived.label == "Quist Boats"


def test_two_retired_ones_of_a_name_are_both_found_by_it(books: QuickBooksBooks) -> None:
    ids = []
    for _ in range(2):
        made = Sent(books).create(display_name="Quist Boats")
        ids.append(Sent(books).update(made, Operation.RETIRE).remote_id)

    found = books.find_by_name("contact", "Quist Boats")

    assert sorted(each.remote_id for each in found) == sorted(ids)
    assert {each.label for each in found} == {"Quist Boats"}


@pytest.mark.parametrize(
    "name",
    ["Amy's", "back\\slash", '"quoted"', "<script>alert(1)</script>", "שלום עולם", "x" * 500],
)
def test_any_name_quickbooks_takes_arrives_as_it_is(books: QuickBooksBooks, name: str) -> None:
    request_id = str(uuid.uuid4())
    outgoing = books.compose("contact", Operation.CREATE, {"display_name": name})

    assert books.send(outgoing, request_id=request_id).label == name
