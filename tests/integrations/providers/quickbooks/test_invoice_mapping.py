"""Law 7 for invoices: what is sent means what was meant, and nothing else changes."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from integrations.entities.invoice import InvoiceRecord
from integrations.errors import InvalidValue, SetUpNeeded
from integrations.providers.base import Operation
from integrations.providers.quickbooks.mapping.invoice import InvoiceMapping
from integrations.reconcile.record import Field, Life, Ref, plain_number
from tests.integrations.providers.quickbooks import forms_shelf as shelf

MAPPING = InvoiceMapping()
on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
COMPANY = {
    "profile": "two_way",
    "preferences": {
        "discounts": True,
        "discount_account": "86",
        "sales_tax": True,
        "custom_fields": ["Crew", "P.O. Number"],
    },
    "defaults": {"service_item": {"id": "6"}},
    "lists": {"terms": [{"id": "3", "name": "Net 30", "days": 30}]},
}
UNMODELLED = {
    "ClassRef": {"value": "5"},
    "DepartmentRef": {"value": "2"},
    "SalesTermRef": {"value": "9"},
    "ShipAddr": {"Line1": "Pier 4\n", "Lat": "37.5"},
    "ExchangeRate": Decimal("1.2345678"),
    "AllowOnlineCreditCardPayment": True,
    "BillEmailCc": {"Address": "cc@quist.example"},
    "CustomField": [
        {"DefinitionId": "1", "Name": "Crew", "Type": "StringType", "StringValue": "A1"}
    ],
}
CLASS = {
    "ClassRef": {"value": "7", "name": "Boats"},
    "ItemAccountRef": {"value": "45"},
    "MarkupInfo": {"PercentBased": True, "Percent": Decimal("2.5")},
    "TaxInclusiveAmt": Decimal("10.00"),
}
BUNDLE = {
    "Id": "901",
    "Amount": Decimal("60.50"),
    "DetailType": "GroupLineDetail",
    "GroupLineDetail": {
        "GroupItemRef": {"value": "31", "name": "Haul and wash"},
        "Quantity": Decimal("1.5"),
        "Line": [
            {
                "Id": "902",
                "Amount": Decimal("60.50"),
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "6"}, "Qty": 1, "UnitPrice": 60.5},
            }
        ],
    },
}
SUBTOTAL = {
    "Id": "903",
    "DetailType": "DescriptionOnly",
    "Description": "Subtotal: 60.50",
    "DescriptionLineDetail": {},
}
SHIPPING = {
    "Id": "904",
    "Amount": Decimal("8.25"),
    "DetailType": "SalesItemLineDetail",
    "SalesItemLineDetail": {"ItemRef": {"value": "SHIPPING_ITEM_ID"}},
}
LOCKED = [BUNDLE, SUBTOTAL, SHIPPING]

# -- Every invoice that may go out ---------------------------------------------------------------

STRANGE = some.sampled_from(["", "Amy's", '"no"', "a\nb", "<script>", "שלום", "=1+1", "0"])
NUMBERS = some.decimals(Decimal("0.0000001"), 500, places=7)
AMOUNTS = some.decimals(-300, 5000, places=2)


@some.composite
def lines(draw: Any) -> dict[str, Any]:
    common = {"id": "", "description": draw(STRANGE), "served_on": draw(DAYS)}
    if draw(some.integers(0, 3)) == 0:
        return {**common, "kind": "text"}
    quantity, rate, amount = None, None, draw(AMOUNTS)
    if draw(some.booleans()):
        quantity, rate = draw(NUMBERS), draw(NUMBERS)
        amount = (quantity * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return {
        **common,
        "kind": "item",
        "item": Ref("service_item", draw(some.sampled_from(["6", "11"]))),
        "quantity": plain_number(quantity),
        "rate": plain_number(rate),
        "amount": f"{amount:.2f}",
        "is_taxable": draw(some.booleans()),
    }


DAYS = some.sampled_from(["", "2026-11-20"])


@some.composite
def discounts(draw: Any) -> dict[str, Any]:
    kind = draw(some.sampled_from(["", "percent", "amount"]))
    percent = draw(some.decimals(Decimal("0.0000001"), 100, places=7))
    amount = draw(some.decimals(Decimal("0.01"), 100, places=2))
    return {
        "discount_percent": plain_number(percent) if kind == "percent" else "",
        "discount_amount": f"{amount:.2f}" if kind == "amount" else "",
        "is_discount_before_tax": bool(kind) and draw(some.booleans()),
        "discount": "12.00" if kind == "percent" else "",
    }


@some.composite
def records(draw: Any) -> InvoiceRecord:
    its_lines = draw(some.lists(lines(), min_size=1, max_size=4))
    is_taxed = any(each.get("is_taxable") for each in its_lines) and draw(some.booleans())
    if not is_taxed:
        its_lines = [{**each, "is_taxable": False} for each in its_lines]
    return InvoiceRecord(
        life=Life.LIVE,
        contact=Ref("contact", draw(some.sampled_from(["58", "59"]))),
        number=draw(some.sampled_from(["", "INV-7", "=1", "x" * 21])),
        po_number=draw(some.sampled_from(["", "PO 7"])),
        issued_on="2026-11-20",
        due_on=draw(some.sampled_from(["2026-11-20", "2026-12-20"])),
        term_days=draw(some.sampled_from([30, None])),
        lines=its_lines,
        **draw(discounts()),
        tax_rate=Ref("tax_code", "2") if is_taxed else None,
        currency="",
        taxes=[{"amount": "1.00"}] if is_taxed else [],
        message=draw(STRANGE),
        private_note=draw(STRANGE),
        is_emailed=False,
        emailed_to="",
    )


def changed_groups(one: InvoiceRecord, other: InvoiceRecord) -> dict[str, Any]:
    return {
        each.name: getattr(other, each.name)
        for group in one.groups().values()
        if any(differs(each, one, other) for each in group)
        for each in group
    }


def differs(field: Field, one: InvoiceRecord, other: InvoiceRecord) -> bool:
    ours, theirs = getattr(one, field.name), getattr(other, field.name)
    return field.comparable(ours) != field.comparable(theirs)


def difference(one: InvoiceRecord, other: InvoiceRecord) -> dict[str, Any]:
    return {
        each.name: (getattr(one, each.name), getattr(other, each.name))
        for each in one.fields()
        if differs(each, one, other)
    }


def composed(operation: Operation, values: Any, **more: Any) -> dict[str, Any]:
    given = {"remote_id": "130", "version": 0, "kept": {}, "company": COMPANY, **more}
    return MAPPING.payload(operation, values, **given)


def created(record: InvoiceRecord, **unmodelled: Any) -> dict[str, Any]:
    payload = composed(Operation.CREATE, record.values(), remote_id="", version=None)
    return shelf.create(payload, **unmodelled)


def changed(stored: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    told = MAPPING.snapshot(shelf.told(stored))
    payload = composed(Operation.UPDATE, values, version=told.version, kept=told.kept)
    return shelf.update(stored, payload)


def read(stored: dict[str, Any]) -> InvoiceRecord:
    record = MAPPING.snapshot(shelf.told(stored)).record
    assert isinstance(record, InvoiceRecord)
    return record


# -- The laws ------------------------------------------------------------------------------------


@on_a_busy_machine
@given(records())
def test_an_invoice_that_was_created_reads_as_it_was(record: InvoiceRecord) -> None:
    assert difference(record, read(created(record))) == {}


@on_a_busy_machine
@given(records(), records())
def test_the_changes_from_one_to_another_sent_to_the_one_mean_the_other(
    one: InvoiceRecord, other: InvoiceRecord
) -> None:
    stored = changed(created(one), changed_groups(one, other))

    assert difference(other, read(stored)) == {}


@on_a_busy_machine
@given(records(), records())
def test_what_we_do_not_model_survives(one: InvoiceRecord, other: InvoiceRecord) -> None:
    one, other = (each.with_changes({"term_days": None}) for each in (one, other))
    one, other = (each.with_changes({"po_number": ""}) for each in (one, other))
    assert isinstance(one, InvoiceRecord)
    assert isinstance(other, InvoiceRecord)
    stored = shelf.update(
        created(one), {"Id": "130", "SyncToken": "0", "sparse": True, **UNMODELLED}
    )

    after = changed(stored, changed_groups(one, other))

    assert {name: after[name] for name in UNMODELLED} == UNMODELLED


@on_a_busy_machine
@given(records(), STRANGE)
def test_lines_keep_their_ids_and_all_that_is_not_ours(record: InvoiceRecord, words: str) -> None:
    """Another one's words change; bundles, subtotals, shipping, class and markup stay."""
    stored = _with_odd_lines(created(record))
    mine = list(read(stored).values()["lines"])
    edited = [{**each, "description": words} if each["kind"] == "item" else each for each in mine]

    after = changed(stored, {**_money(read(stored)), "lines": edited})

    before = {each["Id"]: each for each in stored["Line"] if "Id" in each}
    kept = [each for each in after["Line"] if each["DetailType"] != "SubTotalLineDetail"]
    sold = {each["id"] for each in mine if each["kind"] == "item"}
    for line in kept:
        if line["DetailType"] == "DiscountLineDetail":
            continue
        old = before[line["Id"]]
        expected = {**old, "LineNum": line["LineNum"]}
        expected |= {"Description": words} if line["Id"] in sold else {}
        expected |= {} if "Description" in old or line.get("Description") else {}
        assert shelf.wire(_described(line)) == shelf.wire(_described(expected))


def _with_odd_lines(stored: dict[str, Any]) -> dict[str, Any]:
    told = [each for each in stored["Line"] if each["DetailType"] != "SubTotalLineDetail"]
    for line in told:
        if line["DetailType"] == "SalesItemLineDetail":
            line["SalesItemLineDetail"] |= CLASS
    odd = {"Id": "130", "SyncToken": stored["SyncToken"], "sparse": True}
    fields = {**odd, "Line": [*told, *LOCKED]}
    after = {**stored, **shelf.wire(fields)}
    return shelf._settled({**after, "SyncToken": "1", "sparse": False})


def _money(record: InvoiceRecord) -> dict[str, Any]:
    return record.values(each.name for each in record.groups()["money"])


def _described(line: dict[str, Any]) -> dict[str, Any]:
    """A blank description is as good as none."""
    return {name: value for name, value in line.items() if name != "Description" or value}


def test_a_line_of_nothing_keeps_its_item_when_another_line_changes() -> None:
    """ "No charge" is an item like any other."""
    free = {
        "Id": "1",
        "Amount": Decimal(0),
        "Description": "No charge",
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}, **CLASS},
    }
    paid = {**free, "Id": "2", "Amount": Decimal(40), "Description": "Weeding"}
    stored = shelf.create({"CustomerRef": {"value": "58"}, "Line": [free, paid]})
    mine = read(stored)
    edited = [
        {**each, "description": "Mowing"} if each["id"] == "2" else each
        for each in mine.values()["lines"]
    ]

    after = changed(stored, {**_money(mine), "lines": edited})

    line = after["Line"][0]
    assert (line["DetailType"], line["Amount"]) == ("SalesItemLineDetail", 0)
    assert line["SalesItemLineDetail"]["ItemRef"] == {"value": "6"}
    assert line["SalesItemLineDetail"]["ClassRef"] == CLASS["ClassRef"]


@on_a_busy_machine
@given(records(), records())
def test_nothing_is_sent_that_did_not_change(one: InvoiceRecord, other: InvoiceRecord) -> None:
    told = MAPPING.snapshot(shelf.told(created(one)))
    values = changed_groups(one, other)

    payload = composed(Operation.UPDATE, values, kept=told.kept)

    by_group = {
        "contact": {"CustomerRef"},
        "number": {"DocNumber"},
        "po_number": {"CustomField"},
        "dates": {"TxnDate", "DueDate", "SalesTermRef"},
        "money": {"Line", "TxnTaxDetail", "ApplyTaxAfterDiscount"},
        "message": {"CustomerMemo"},
        "private_note": {"PrivateNote"},
        "emailed": {"EmailStatus", "BillEmail"},
        "life": set(),
    }
    groups = {each.group for each in one.fields() if each.name in values}
    allowed = set().union(*(by_group[group] for group in groups)) if groups else set()
    assert set(payload) <= {"Id", "SyncToken", "sparse"} | allowed


@pytest.mark.parametrize("operation", [Operation.VOID, Operation.DELETE])
def test_a_void_and_a_delete_send_nothing_of_its_content(operation: Operation) -> None:
    assert composed(operation, {"life": "void"}) == {"Id": "130", "SyncToken": "0"}


def test_a_void_there_is_known_and_changes_nothing_of_ours() -> None:
    stored = {"Id": "130", "TotalAmt": 0, "Balance": 0, "PrivateNote": "Voided", "Line": []}

    assert read(stored).values() == {"life": "void"}


def test_an_invoice_of_nothing_is_alive() -> None:
    stored = {"Id": "130", "TotalAmt": 0, "Balance": 0, "Line": [], "TxnDate": "2026-11-20"}

    assert read(stored).life is Life.LIVE


def test_what_lines_discount_and_tax_do_not_explain_is_told() -> None:
    line = {"Amount": 40, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    stored = {"Id": "130", "TotalAmt": 45, "TxnDate": "2026-11-20", "Line": [line]}

    assert read(stored).other_amount == "5.00"


def test_the_words_of_sent_from_here_ask_quickbooks_to_send_nothing() -> None:
    payload = composed(Operation.UPDATE, {"is_emailed": True, "emailed_to": "a@x.org"})

    assert payload["EmailStatus"] == "EmailSent"
    assert payload["BillEmail"] == {"Address": "a@x.org"}


# -- Limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "limit"),
    [("number", 21), ("message", 1000), ("private_note", 4000), ("po_number", 31)],
)
def test_a_text_at_the_limit_goes_whole_and_one_more_is_refused(name: str, limit: int) -> None:
    assert "x" * limit in str(composed(Operation.UPDATE, {name: "x" * limit}))

    with pytest.raises(InvalidValue) as caught:
        composed(Operation.UPDATE, {name: "x" * (limit + 1)})

    assert str(limit) in caught.value.what_to_do


def sent_line(**entries: Any) -> dict[str, Any]:
    line = {"kind": "item", "item": Ref("service_item", "6"), "amount": "5.00", **entries}
    return composed(Operation.UPDATE, {"lines": [line]})


@pytest.mark.parametrize(
    "entries",
    [
        {"description": "x" * 4001},
        {"amount": "100000000000.00"},
        {"amount": "0.001"},
        {"quantity": "0.12345678", "rate": "1"},
        {"quantity": "1", "rate": "0.12345678"},
        {"kind": "text", "description": "Subtotal: mine", "amount": ""},
    ],
)
def test_a_line_out_of_reach_is_refused_and_never_cut(entries: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue) as caught:
        sent_line(**entries)

    assert "line 1" in str(caught.value)
    assert caught.value.element


def test_an_address_out_of_reach_is_refused() -> None:
    with pytest.raises(InvalidValue, match="100"):
        composed(Operation.UPDATE, {"is_emailed": True, "emailed_to": "a@" + "x" * 99})


@pytest.mark.parametrize("discount", ["discount_percent", "discount_amount"])
def test_a_discount_that_is_switched_off_there_is_refused_not_dropped(discount: str) -> None:
    company = {**COMPANY, "preferences": {"discounts": False}}

    with pytest.raises(SetUpNeeded, match="discount"):
        composed(Operation.UPDATE, {"lines": [], discount: "5.00"}, company=company)


@pytest.mark.parametrize("amount", ["0.001", "100000000000.00"])
def test_a_discount_out_of_reach_is_refused_and_never_rounded(amount: str) -> None:
    with pytest.raises(InvalidValue, match="discount"):
        composed(Operation.UPDATE, {"lines": [], "discount_amount": amount})


def test_a_percentage_beyond_seven_decimals_is_refused() -> None:
    with pytest.raises(InvalidValue, match="decimals"):
        composed(Operation.UPDATE, {"lines": [], "discount_percent": "0.12345678"})


def test_a_line_without_an_item_takes_the_default_service_or_is_refused() -> None:
    item = sent_line(item=None)["Line"][0]["SalesItemLineDetail"]["ItemRef"]
    assert item == {"value": "6"}

    with pytest.raises(SetUpNeeded, match="default service"):
        composed(
            Operation.UPDATE,
            {"lines": [{"kind": "item", "item": None, "amount": "5.00"}]},
            company={**COMPANY, "defaults": {}},
        )


def test_a_reference_that_was_not_turned_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError):
        sent_line(item=7)
