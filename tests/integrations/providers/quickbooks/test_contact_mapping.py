"""Law 7: what is sent means what was meant, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from integrations.entities.contact import ContactRecord
from integrations.errors import InvalidValue
from integrations.providers.base import Operation, Snapshot
from integrations.providers.quickbooks.mapping.contact import ContactMapping
from integrations.providers.quickbooks.values import json_ready
from integrations.reconcile.record import UNKNOWN, Life, Ref
from tests.integrations.providers.quickbooks import shelf

MAPPING = ContactMapping()
on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
UNMODELLED = {
    "Title": "Dr",
    "PrintOnCheckName": "A. Byron",
    "PreferredDeliveryMethod": "Email",
    "SalesTermRef": {"value": "3"},
    "Balance": "12.30",
    "ResaleNum": "0042",
}
LIMITS = {
    "display_name": 500,
    "given_name": 100,
    "family_name": 100,
    "company_name": 100,
    "email": 100,
    "phone": 30,
    "other_phone": 30,
    "mobile": 30,
    "fax": 30,
    "website": 1000,
    "notes": 2000,
    **{f"{kind}_line{n}": 500 for kind in ("billing", "shipping") for n in range(1, 6)},
    **{f"{kind}_city": 255 for kind in ("billing", "shipping")},
    **{f"{kind}_region": 255 for kind in ("billing", "shipping")},
    **{f"{kind}_country": 255 for kind in ("billing", "shipping")},
    **{f"{kind}_postal_code": 30 for kind in ("billing", "shipping")},
}

# -- Every record QuickBooks can hold ------------------------------------------------------------


# Without control characters; outer blanks are cut, as QuickBooks does.
TEXTS = some.text(
    some.characters(exclude_categories=["Cs", "Cc"], exclude_characters=":"), max_size=20
).map(str.strip)
STRANGE = some.sampled_from(["", "Amy's", '"no"', "back\\slash", "<script>", "שלום", "=1+1", "0"])


def some_text(name: str) -> some.SearchStrategy[str]:
    """Any text for the names; for the many others one out of a few, which is quick."""
    return some.one_of(STRANGE, TEXTS) if name.endswith("name") else STRANGE


emails = some.sampled_from(["", "a@b.co", "a@b.co, c@d.co", "O'Hara@x.test"])
parents = some.sampled_from(
    [(None, False), (Ref("contact", "7"), False), (Ref("contact", "8"), True)]
)


@some.composite
def records(draw: Any) -> ContactRecord:
    parent, is_billed = draw(parents)
    values: dict[str, Any] = {name: draw(some_text(name)) for name in LIMITS}
    return ContactRecord(
        **{
            **values,
            "life": draw(some.sampled_from([Life.LIVE, Life.INACTIVE])),
            "display_name": values["display_name"] or "Ada",
            "email": draw(emails),
            "notes": draw(some.sampled_from(["", "One\nTwo", "Tab\tbed"])),
            "is_tax_exempt": draw(some.booleans()),
            "parent": parent,
            "bill_with_parent": is_billed,
        }
    )


def changed_groups(one: ContactRecord, other: ContactRecord) -> dict[str, Any]:
    """What the planner would send: whole groups that differ."""
    return {
        field.name: getattr(other, field.name)
        for group in one.groups().values()
        if any(getattr(one, each.name) != getattr(other, each.name) for each in group)
        for field in group
    }


def created(record: ContactRecord, **unmodelled: Any) -> dict[str, Any]:
    payload = MAPPING.payload(
        Operation.CREATE, record.values(), remote_id="", version=None, kept={}, company={}
    )
    return shelf.create(json.loads(json.dumps(payload)), **unmodelled)


def changed(stored: dict[str, Any], values: dict[str, Any], *, merges: bool) -> dict[str, Any]:
    told = MAPPING.snapshot(json_ready(stored))
    payload = MAPPING.payload(
        Operation.UPDATE,
        values,
        remote_id=told.remote_id,
        version=told.version,
        kept=json.loads(json.dumps(told.kept)),
        company={},
    )
    return shelf.update(stored, json.loads(json.dumps(payload)), merges=merges)


def read(stored: dict[str, Any]) -> Snapshot:
    return MAPPING.snapshot(json_ready(stored))


# -- The laws ------------------------------------------------------------------------------------


@on_a_busy_machine
@given(records())
def test_a_record_that_was_created_reads_as_it_was(record: ContactRecord) -> None:
    assert read(created(record)).record == record


@on_a_busy_machine
@given(records(), records(), some.booleans())
def test_the_changes_from_one_to_another_sent_to_the_one_mean_the_other(
    one: ContactRecord, other: ContactRecord, merges: bool
) -> None:
    stored = changed(created(one), changed_groups(one, other), merges=merges)

    assert read(stored).record == other


@on_a_busy_machine
@given(records(), records(), some.booleans())
def test_what_we_do_not_model_survives(
    one: ContactRecord, other: ContactRecord, merges: bool
) -> None:
    stored = created(one, **UNMODELLED)
    address = {"Id": "99", "Note": "ring twice", "Lat": "37.5", "Long": "-122.4"}
    stored["BillAddr"] = {**stored.get("BillAddr", {}), **address}

    after = changed(stored, changed_groups(one, other), merges=merges)

    assert {name: after[name] for name in UNMODELLED} == UNMODELLED
    assert {name: after["BillAddr"][name] for name in address} == address


@on_a_busy_machine
@given(records(), records())
def test_nothing_is_sent_that_did_not_change(one: ContactRecord, other: ContactRecord) -> None:
    stored = created(one)
    values = changed_groups(one, other)
    told = read(stored)

    payload = MAPPING.payload(
        Operation.UPDATE, values, remote_id="58", version=0, kept=told.kept, company={}
    )

    names_of = {"parent": {"ParentRef", "Job", "BillWithParent"}, "life": {"Active"}}
    by_group = {
        "billing_address": {"BillAddr"},
        "shipping_address": {"ShipAddr"},
        "display_name": {"DisplayName"},
        "given_name": {"GivenName"},
        "family_name": {"FamilyName"},
        "company_name": {"CompanyName"},
        "email": {"PrimaryEmailAddr"},
        "phone": {"PrimaryPhone"},
        "other_phone": {"AlternatePhone"},
        "mobile": {"Mobile"},
        "fax": {"Fax"},
        "website": {"WebAddr"},
        "notes": {"Notes"},
        "is_tax_exempt": {"Taxable"},
        **names_of,
    }
    groups = {field.group for field in one.fields() if field.name in values}
    allowed = set().union(*(by_group[group] for group in groups)) if groups else set()
    if values.get("life") == Life.LIVE:
        allowed.add("DisplayName")  # else " (deleted)" could stay
    assert set(payload) == {"Id", "SyncToken", "sparse"} | allowed


# -- Names of inactive ones ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown",
    [
        "Fees Billed (deleted)",
        "Fees Billed (deleted 2)",
        "Fees Billed (deleted) 2",
        "Fees Billed (deleted)-2",
        "Fees Billed (deleted) (2)",
    ],
)
def test_deleted_is_never_part_of_a_name(shown: str) -> None:
    stored = shelf.create({"DisplayName": "x"}) | {
        "DisplayName": shown,
        "Active": False,
        "FullyQualifiedName": f"Above (deleted):{shown}",
    }

    told = read(stored)

    assert (told.record.display_name, told.label) == ("Fees Billed", "Fees Billed")
    assert told.path == ("Above", "Fees Billed")


def test_an_active_customer_may_be_called_deleted() -> None:
    assert read(shelf.create({"DisplayName": "X (deleted)"})).label == "X (deleted)"


def test_reactivation_sends_the_name_without_deleted() -> None:
    stored = changed(created_named("Fees Billed"), {"life": Life.INACTIVE}, merges=False)
    assert stored["DisplayName"] == "Fees Billed (deleted)"

    payload = MAPPING.payload(
        Operation.UPDATE,
        {"life": Life.LIVE},
        remote_id="58",
        version=1,
        kept=read(stored).kept,
        company={},
    )

    assert (payload["Active"], payload["DisplayName"]) == (True, "Fees Billed")


def test_an_edit_of_an_inactive_customer_does_not_touch_its_name() -> None:
    stored = changed(created_named("Fees Billed"), {"life": Life.INACTIVE}, merges=False)

    payload = MAPPING.payload(
        Operation.UPDATE,
        {"phone": "1"},
        remote_id="58",
        version=1,
        kept=read(stored).kept,
        company={},
    )

    assert payload == {
        "Id": "58",
        "SyncToken": "1",
        "sparse": True,
        "PrimaryPhone": {"FreeFormNumber": "1"},
    }


def created_named(name: str) -> dict[str, Any]:
    return created(ContactRecord().from_values({"display_name": name, "life": "live"}))


# -- What an answer does not tell ----------------------------------------------------------------


def test_in_a_full_answer_what_is_missing_is_blank() -> None:
    record = read(shelf.create({"DisplayName": "Ada"})).record

    assert record == ContactRecord.from_values(
        {**ContactRecord.blanks(), "display_name": "Ada", "life": "live"}
    )


def test_in_a_sparse_answer_what_is_missing_is_unknown() -> None:
    told = MAPPING.snapshot({"Id": "5", "DisplayName": "Ada", "sparse": True})

    assert told.record.values() == {"display_name": "Ada"}
    assert told.record.billing_city is UNKNOWN
    assert told.record.life is UNKNOWN


def test_a_project_is_read_only() -> None:
    assert read(shelf.create({"DisplayName": "Roof"}, IsProject=True)).is_read_only
    assert not read(shelf.create({"DisplayName": "Roof"}, IsProject=False)).is_read_only


def test_several_addresses_in_one_text_stay_one_text() -> None:
    stored = shelf.create({"DisplayName": "A", "PrimaryEmailAddr": {"Address": "a@b.c, d@e.f"}})

    assert read(stored).record.email == "a@b.c, d@e.f"


def test_text_that_no_column_can_hold_is_cleaned() -> None:
    stored = shelf.create({"DisplayName": "A\0da \ud800", "Notes": "n\0"})

    told = read(stored)

    assert told.record.display_name == "Ada ?"
    json.dumps(told.raw).encode()
    assert "\\u0000" not in json.dumps(told.raw)


# -- Limits --------------------------------------------------------------------------------------


def send(**values: Any) -> dict[str, Any]:
    return MAPPING.payload(Operation.UPDATE, values, remote_id="58", version=0, kept={}, company={})


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_a_text_at_the_limit_goes_whole_and_one_more_is_refused(name: str, limit: int) -> None:
    fill = "@." if name == "email" else ""
    fits = fill + "x" * (limit - len(fill))
    assert fits in json.dumps(send(**{name: fits}))

    with pytest.raises(InvalidValue) as caught:
        send(**{name: fits + "x"})

    assert f"{limit + 1} characters" in str(caught.value)
    assert str(limit) in caught.value.what_to_do
    assert caught.value.element


def test_the_lines_of_an_address_share_a_limit() -> None:
    lines = {f"billing_line{n}": "x" * 400 for n in range(1, 6)}
    send(**lines)

    with pytest.raises(InvalidValue, match="2001 characters; QuickBooks takes at most 2000"):
        send(**{**lines, "billing_line5": "x" * 401})


@pytest.mark.parametrize("name", ["display_name", "given_name", "family_name"])
@pytest.mark.parametrize(
    ("value", "proposal"),
    [
        ("Acme: North", "Acme - North"),
        ("Acme:North", "Acme - North"),
        ("Acme\tNorth", "Acme North"),
        ("Acme\nNorth", "Acme North"),
    ],
)
def test_a_name_quickbooks_refuses_comes_with_a_proposal(
    name: str, value: str, proposal: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        send(**{name: value})

    assert proposal in caught.value.what_to_do
    send(**{name: proposal})


def test_a_company_may_hold_a_colon() -> None:
    assert send(company_name="Acme: North")["CompanyName"] == "Acme: North"


@pytest.mark.parametrize("email", ["ada", "ada@here", "ada.here", "a@b.c, d"])
def test_an_email_without_its_signs_is_refused(email: str) -> None:
    with pytest.raises(InvalidValue, match="e-mail"):
        send(email=email)


def test_a_customer_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidValue, match="display name"):
        send(display_name="  ")
    with pytest.raises(InvalidValue, match="display name"):
        MAPPING.payload(
            Operation.CREATE, {"given_name": "Ada"}, remote_id="", version=None, kept={}, company={}
        )


def test_a_parent_of_ours_that_was_not_turned_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError):
        send(parent=7)
