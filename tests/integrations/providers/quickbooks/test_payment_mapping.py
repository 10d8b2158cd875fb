"""Law 7 for payments: what is sent means what was meant, and nothing is un-applied."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from integrations.entities.payment import PaymentRecord
from integrations.errors import InvalidValue
from integrations.providers.base import Operation, Snapshot
from integrations.providers.quickbooks.mapping.payment import PaymentMapping
from integrations.reconcile.record import Life, Ref
from tests.integrations.providers.quickbooks import forms_shelf as shelf

MAPPING = PaymentMapping()
on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
METHODS = [{"id": "1", "name": "Cash"}, {"id": "2", "name": "Check"}]
COMPANY = {"lists": {"methods": METHODS}}
UNMODELLED = {
    "PrivateNote": "Bookkeeper's own",
    "ARAccountRef": {"value": "84"},
    "ExchangeRate": Decimal("1.25"),
    "CreditCardPayment": {"CreditChargeInfo": {"Number": "xxxx", "ProcessPayment": False}},
    "TransactionLocationType": "WithinFrance",
}
AMOUNTS = some.decimals(Decimal("0.01"), 5000, places=2)


@some.composite
def records(draw: Any) -> PaymentRecord:
    """Parts to invoices, to a journal entry, and with a credit memo used beside the money."""
    paid = draw(some.lists(some.sampled_from(["7", "8", "9"]), unique=True, max_size=3))
    parts: list[dict[str, Any]] = [
        {"invoice": Ref("invoice", each), "amount": f"{draw(AMOUNTS):.2f}"} for each in paid
    ]
    if parts and draw(some.booleans()):
        credit = draw(some.decimals(Decimal("0.01"), Decimal(parts[0]["amount"]), places=2))
        parts.append({"txn": "CreditMemo:73", "amount": f"{-credit:.2f}"})
    if draw(some.booleans()):
        parts.append({"txn": "JournalEntry:12", "amount": f"{draw(AMOUNTS):.2f}"})
    applied = sum((Decimal(each["amount"]) for each in parts), Decimal(0))
    amount = max(applied, Decimal("0.01")) + draw(some.sampled_from([Decimal(0), Decimal(3)]))
    return PaymentRecord(
        life=Life.LIVE,
        contact=Ref("contact", draw(some.sampled_from(["58", "59"]))),
        received_on=draw(some.sampled_from(["2026-11-20", "2026-11-21"])),
        amount=f"{amount:.2f}",
        parts=parts,
        method=draw(some.sampled_from(["", "Cash", "Check"])),
        reference=draw(some.sampled_from(["", "2064", "=1+1", "Nº 7", "x" * 21])),
    )


def changed_groups(one: PaymentRecord, other: PaymentRecord) -> dict[str, Any]:
    return {
        each.name: value
        for group in one.groups().values()
        if any(not _same(each, one, other) for each in group)
        for each in group
        if (value := other.values([each.name]).get(each.name)) is not None
    }


def _same(field: Any, one: PaymentRecord, other: PaymentRecord) -> bool:
    names = one.values([field.name]).keys() & other.values([field.name]).keys()
    return not names or bool(field.same(getattr(one, field.name), getattr(other, field.name)))


def created(record: PaymentRecord, **unmodelled: Any) -> dict[str, Any]:
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


def snapshot(stored: dict[str, Any]) -> Snapshot:
    return MAPPING.snapshot(shelf.told(stored))


def read(stored: dict[str, Any]) -> PaymentRecord:
    """With the method by its name, as the company's list turns it."""
    record = snapshot(stored).record
    assert isinstance(record, PaymentRecord)
    names = {each["id"]: each["name"] for each in METHODS}
    is_ref = isinstance(record.method, Ref)
    name = names[record.method.remote_id] if is_ref else record.method  # type: ignore[union-attr]
    told = record.with_changes({"method": name})
    assert isinstance(told, PaymentRecord)
    return told


# -- The laws ------------------------------------------------------------------------------------


@on_a_busy_machine
@given(records())
def test_a_payment_that_was_created_reads_as_it_was(record: PaymentRecord) -> None:
    assert changed_groups(record, read(created(record))) == {}


@on_a_busy_machine
@given(records(), records())
def test_the_changes_from_one_to_another_sent_to_the_one_mean_the_other(
    one: PaymentRecord, other: PaymentRecord
) -> None:
    assert changed_groups(other, read(changed(created(one), changed_groups(one, other)))) == {}


@on_a_busy_machine
@given(records(), records())
def test_what_we_do_not_model_survives(one: PaymentRecord, other: PaymentRecord) -> None:
    stored = created(one, **UNMODELLED)

    after = changed(stored, changed_groups(one, other))

    assert {name: after[name] for name in UNMODELLED} == UNMODELLED


@on_a_busy_machine
@given(records(), some.sampled_from(["2026-12-01", "2026-12-02"]))
def test_every_update_repeats_the_lines_so_that_nothing_is_un_applied(
    record: PaymentRecord, day: str
) -> None:
    stored = created(record)

    after = changed(stored, {"received_on": day})

    lines = [(each["LinkedTxn"], each["Amount"]) for each in stored.get("Line", [])]
    assert [(each["LinkedTxn"], each["Amount"]) for each in after.get("Line", [])] == lines
    assert after.get("UnappliedAmt") == stored.get("UnappliedAmt")


@on_a_busy_machine
@given(records())
def test_parts_and_what_is_unapplied_add_up_to_the_payment(record: PaymentRecord) -> None:
    stored = created(record)

    parts = read(stored).values().get("parts") or []

    applied = sum((Decimal(each["amount"]) for each in parts), Decimal(0))
    assert Decimal(stored["TotalAmt"]) - applied == stored["UnappliedAmt"]


def test_a_journal_entry_that_is_used_like_a_credit_is_below_nothing() -> None:
    lines = [
        {"Id": "1", "Amount": 300, "LinkedTxn": [{"TxnId": "7", "TxnType": "Invoice"}]},
        {"Id": "2", "Amount": 50, "LinkedTxn": [{"TxnId": "12", "TxnType": "JournalEntry"}]},
    ]
    stored = {"Id": "9", "TotalAmt": 250, "UnappliedAmt": 0, "TxnDate": "2026-11-20", "Line": lines}

    parts = read(stored).values()["parts"]

    assert [each["amount"] for each in parts] == ["300.00", "-50.00"]


def test_an_account_of_the_books_is_kept_when_a_payment_changes() -> None:
    company = {**COMPANY, "defaults": {"deposit_account": {"id": "4"}}}
    record = PaymentRecord.from_values({
        "contact": Ref("contact", "58"), "received_on": "2026-11-20", "amount": "5.00", "parts": [],
    })  # fmt: skip
    payload = MAPPING.payload(
        Operation.CREATE, record.values(), remote_id="", version=None, kept={}, company=company
    )
    stored = shelf.create(payload, DepositToAccountRef={"value": "35"})
    stored["DepositToAccountRef"] = {"value": "35"}

    after = changed(stored, {"received_on": "2026-12-01"})

    assert after["DepositToAccountRef"] == {"value": "35"}


# -- Limits --------------------------------------------------------------------------------------


def send(**values: Any) -> dict[str, Any]:
    return MAPPING.payload(
        Operation.UPDATE, values, remote_id="9", version=0, kept={}, company=COMPANY
    )


def test_a_reference_at_the_limit_goes_whole_and_one_more_is_refused() -> None:
    assert send(reference="x" * 21)["PaymentRefNum"] == "x" * 21

    with pytest.raises(InvalidValue) as caught:
        send(reference="x" * 22)

    assert "21" in caught.value.what_to_do


def test_a_long_reference_goes_whole_into_the_memo() -> None:
    values = {"contact": Ref("contact", "58"), "amount": "5.00", "parts": [], "reference": ""}
    payload = MAPPING.payload(
        Operation.CREATE,
        {**values, "long_reference": "x" * 100},
        remote_id="",
        version=None,
        kept={},
        company=COMPANY,
    )

    assert payload["PrivateNote"] == "x" * 100
    assert "PaymentRefNum" not in payload


@pytest.mark.parametrize("amount", ["0.001", "100000000000.00"])
def test_an_amount_out_of_reach_is_refused_and_never_rounded(amount: str) -> None:
    with pytest.raises(InvalidValue, match="whole cents"):
        send(amount=amount, parts=[])

    with pytest.raises(InvalidValue, match="whole cents"):
        send(amount="5.00", parts=[{"txn": "JournalEntry:1", "amount": amount}])


def test_a_method_that_the_books_do_not_know_is_sent_blank() -> None:
    assert send(method="Barter")["PaymentMethodRef"] == {"value": ""}


def test_a_payment_of_nothing_that_only_links_credits_is_no_payment_here() -> None:
    assert snapshot({"Id": "9", "TotalAmt": 0, "TxnDate": "2026-11-20", "Line": []}).is_foreign


def test_a_reference_that_was_not_turned_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError):
        send(contact=7)
