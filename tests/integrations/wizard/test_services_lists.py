"""Service items side by side: what matches, what differs, what people decide."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import ServiceItem
from integrations.models import MatchProposal
from integrations.wizard import decisions, importing, queries
from integrations.wizard.decisions import Rows


@pytest.fixture
def act(half):
    return {"actor": half.actor, "setup": half.setup, "now": half.clock.now}


def there(half, name, rate, sku="", **more):
    """An item of the books."""
    return half.emulator.act(
        "create",
        entity="Item",
        fields={
            "Name": name,
            "Type": "Service",
            "UnitPrice": rate,
            "Sku": sku,
            "IncomeAccountRef": {"value": "1"},
            **more,
        },
    )


def labels(half, name):
    return [each.local_label or each.remote_label for each in half.rows(name)]


def test_items_match_where_name_rate_and_sku_agree(half):
    half.item(name="monthly  bookkeeping", rate="425", sku="BK-100")
    there(half, "Monthly Bookkeeping", 425.00, "bk-100")

    half.import_all()

    [row] = half.rows("matched")
    assert (row.local_label, row.remote_label) == ("monthly  bookkeeping", "Monthly Bookkeeping")
    assert row.decision == "link"


@pytest.mark.parametrize(
    ("name", "rate", "sku"),
    [
        ("Monthly bookkeeping", "400", "BK-100"),
        ("Monthly bookkeeping", "425", "BK100"),
        ("Monthly bookkeepings", "425", "BK-100"),
        ("Monthly bookkeeping", "425", ""),
    ],
)
def test_one_that_differs_is_unmatched_and_its_look_alike_is_not_created(half, name, rate, sku):
    half.item(name=name, rate=rate, sku=sku)
    there(half, "Monthly bookkeeping", 425, "BK-100")

    half.import_all()

    row = half.row("unmatched", name)
    assert row.suggested.label == "Monthly bookkeeping"
    assert row.remote_told["rate"] == "425"
    theirs = half.row("new", "Monthly bookkeeping")
    assert theirs.decision == ""
    assert theirs.suggestion_reason == f"Close to {name}"


def test_items_in_a_category_compare_by_their_own_name(half):
    category = half.emulator.act(
        "create", entity="Item", fields={"Name": "Retainers", "Type": "Category"}
    )
    there(half, "Advice", 210, SubItem=True, ParentRef={"value": category["Id"]})
    half.item(name="Advice", rate="210")

    half.import_all()

    assert half.row("matched", "Advice").remote_told["category"] == "Retainers"
    assert "Retainers" not in labels(half, "new")


def test_two_hits_are_unmatched_and_neither_is_created(half):
    there(half, "Advice", 210)
    there(half, "\N{FULLWIDTH LATIN CAPITAL LETTER A}dvice", 210)
    half.item(name="Advice", rate="210")

    half.import_all()

    assert half.row("unmatched", "Advice").suggestion_reason == "2 hits in QuickBooks"
    new = [each for each in half.rows("new") if each.remote_label.endswith("dvice")]
    assert [each.decision for each in new] == ["", ""]
    assert "duplicates" not in {each.list for each in MatchProposal.objects.all()}


def test_new_items_are_created_unless_they_are_inactive(half):
    gone = there(half, "Gone service", 10)
    half.emulator.act("inactivate", gone["Id"], entity="Item")
    there(half, "Fresh service", 10)

    half.import_all()

    assert half.row("new", "Fresh service").decision == "create_here"
    assert half.row("new", "Gone service").decision == ""


def test_use_theirs_copies_name_rate_and_sku_to_ours(half, act):
    ours = half.item(name="Sales tax filing", rate="120", sku="", description="Ours stays")
    there(half, "Sales tax filings", 130, "ST-010", Description="Theirs")
    half.import_all()
    row = half.row("unmatched", "Sales tax filing")

    decisions.use_theirs(row_id=row.pk, version=ours.version, **act)

    ours.refresh_from_db()
    assert (ours.name, ours.rate, ours.sku) == ("Sales tax filings", Decimal(130), "ST-010")
    assert ours.description == "Ours stays"
    assert half.row("matched", "Sales tax filings").local_id == ours.pk
    assert "Sales tax filings" not in labels(half, "new")
    half.setup.refresh_from_db()
    assert half.setup.counts["unmatched"] == 0
    assert half.emulator.writes == []


def test_use_theirs_writes_nothing_where_ours_changed_meanwhile(half, act):
    ours = half.item(name="Payroll", rate="180")
    there(half, "Payroll", 175)
    half.import_all()
    row = half.row("unmatched", "Payroll")

    with pytest.raises(decisions.Taken):
        decisions.use_theirs(row_id=row.pk, version=ours.version + 1, **act)

    ours.refresh_from_db()
    assert ours.rate == 180


def test_check_again_finds_what_agrees_by_now(half):
    half.item(name="Payroll", rate="180")
    item = there(half, "Payroll", 175)
    half.import_all()
    assert labels(half, "unmatched") == ["Payroll"]
    half.emulator.act("update", item["Id"], entity="Item", fields={"UnitPrice": 180})

    assert importing.check_again(actor=half.actor, setup=half.setup, now=half.clock.now)

    assert labels(half, "unmatched") == []
    assert "Payroll" in labels(half, "matched")


def test_match_anyway_create_there_and_leave_out_work_in_bulk_and_can_be_undone(half, act):
    for number in range(3):
        half.item(name=f"Payroll run {number}", rate="180")
        there(half, f"Payroll run {number}", 175)
    half.item(name="Quite ours", rate="1")
    half.import_all()

    matched = decisions.match_suggested(rows=Rows(is_all=True), **act)
    assert len(matched) == 3
    assert all(each.remote_told["rate"] == "175" for each in half.rows("matched"))
    assert decisions.undo(what="match", decided_at=half.clock.now, **act) == 3
    assert len(half.rows("matched")) == 0
    assert len(half.rows("unmatched")) == 4

    rows = Rows(ids=[half.row("unmatched", "Quite ours").pk])
    decisions.decide(name="unmatched", rows=rows, decision="create_there", **act)
    assert half.row("unmatched", "Quite ours").decision == "create_there"
    decisions.decide(name="unmatched", rows=Rows(is_all=True), decision="leave_out", **act)
    assert {each.decision for each in half.rows("unmatched")} == {"leave_out"}


def test_decisions_stay_when_the_comparison_is_repeated(half, act):
    half.item(name="Quite ours", rate="1")
    there(half, "Quite theirs", 1)
    half.import_all()
    for name, label, decision in (
        ("unmatched", "Quite ours", "create_there"),
        ("new", "Quite theirs", "leave_out"),
    ):
        rows = Rows(ids=[half.row(name, label).pk])
        decisions.decide(name=name, rows=rows, decision=decision, **act)

    importing.check_again(actor=half.actor, setup=half.setup, now=half.clock.now)

    assert half.row("unmatched", "Quite ours").decision == "create_there"
    assert half.row("new", "Quite theirs").decision == "leave_out"


@pytest.mark.parametrize(("number", "pages"), [(0, 1), (1, 1), (300, 1), (301, 2)])
def test_a_list_has_300_rows_a_page(half, number, pages):
    ServiceItem.objects.bulk_create(
        ServiceItem(
            firm=half.firm, name=f"Item {place:04}", created_at=half.clock.now,
            updated_at=half.clock.now,
        )
        for place in range(number)
    )  # fmt: skip
    half.import_all()

    rows = queries.rows_of(half.setup, "unmatched")
    page = queries.page_of(half.setup, rows, total=rows.count(), number=1, anchor=None)

    assert page.pages == pages
    assert len(page.rows) == min(number, 300)
    assert (page.next_anchor is not None) == (pages > 1)


def test_of_two_admins_the_second_acts_on_what_the_first_left(half, act):
    half.item(name="Payroll", rate="180")
    there(half, "Payroll", 175)
    half.import_all()
    row = half.row("unmatched", "Payroll")
    decisions.match_suggested(rows=Rows(ids=[row.pk]), **act)

    with pytest.raises(decisions.Taken):
        decisions.use_theirs(row_id=row.pk, version=1, **act)
    ids = decisions.decide(name="unmatched", rows=Rows(ids=[row.pk]), decision="leave_out", **act)

    assert ids == []
    assert half.row("matched", "Payroll").decision == "link"
