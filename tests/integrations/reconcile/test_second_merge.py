"""Two merges, written apart from the same table, agree on every case."""

from __future__ import annotations

from hypothesis import given

from integrations.entities.contact import ContactRecord
from integrations.reconcile.policy import Side
from integrations.reconcile.record import Record
from integrations.reconcile.three_way import reconcile
from tests.integrations.reconcile.cases import CARDS, CONTACTS, Card, Case, comparable, fixed
from tests.integrations.reconcile.second_merge import merge


@fixed(3000)
@given(CARDS)
def test_both_merges_agree_on_a_small_record(case: Case) -> None:
    check(Card, case)


@fixed(800)
@given(CONTACTS)
def test_both_merges_agree_on_a_contact(case: Case) -> None:
    check(ContactRecord, case)


def check(record: type[Record], case: Case) -> None:
    plan = reconcile(**vars(case))
    other = merge(**vars(case))

    def keyed(values):
        return comparable(record, values)

    assert keyed(plan.local and plan.local.values) == keyed(other.local)
    assert keyed(plan.remote and plan.remote.values) == keyed(other.remote)
    assert {each.group for each in plan.conflicts} == other.conflicts
    assert plan.unknown == other.unknown
    assert keyed(plan.base_after(*Side)) == keyed(other.base)
