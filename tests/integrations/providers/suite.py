"""
What every provider must do, whatever the accounting system behind it.

A provider's tests subclass ProviderSuite and give the fixtures `books` (of a company that has some
contacts), `desk` (edits there as a person), `known` (one of these contacts) and `count_of_calls`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pytest

from integrations.errors import InvalidValue, SyncError
from integrations.providers.base import Books, Gone, Operation, Present, Snapshot
from integrations.reconcile.record import UNKNOWN, Life, Ref

FULL: dict[str, Any] = {
    "display_name": 'Ada\'s "Looms" & Ćo',
    "given_name": "Ada",
    "family_name": "O'Byron",
    "company_name": "Looms",
    "email": "ada@looms.test",
    "phone": "(650) 555-0101",
    "other_phone": "555 0102",
    "mobile": "555 0103",
    "fax": "555 0104",
    "website": "https://looms.test",
    "is_tax_exempt": True,
    "notes": "One\nTwo \\ ' \"",
    "billing_line1": "12 Pier Road",
    "billing_line5": "Back door",
    "billing_city": "Half Moon Bay",
    "billing_region": "CA",
    "billing_postal_code": "94213",
    "shipping_line1": "1 Dock",
    "shipping_country": "USA",
}


class Desk(Protocol):
    def edit(self, remote_id: str, **values: Any) -> None:
        """Change a contact as a person there; `values` as in our record."""

    def retire(self, remote_id: str) -> None: ...

    def lose_next_answer(self) -> None:
        """Do the next write, and drop its answer."""


@dataclass(frozen=True)
class Sent:
    """Writes through the books, as the engine would."""

    books: Books

    def create(self, **values: Any) -> Snapshot:
        outgoing = self.books.compose("contact", Operation.CREATE, values)
        return self.books.send(outgoing, request_id=str(uuid.uuid4()))

    def update(
        self, at: Snapshot, operation: Operation = Operation.UPDATE, **values: Any
    ) -> Snapshot:
        outgoing = self.books.compose(
            "contact",
            operation,
            values,
            remote_id=at.remote_id,
            version=at.version,
            kept=at.kept,
        )
        return self.books.send(outgoing, request_id=str(uuid.uuid4()))


class ProviderSuite:
    @pytest.fixture
    def sent(self, books: Books) -> Sent:
        return Sent(books)

    def test_a_record_comes_back_as_it_was_sent(self, sent: Sent, books: Books) -> None:
        made = sent.create(**FULL)

        assert made.record.values(FULL) == FULL
        assert made.record.life is Life.LIVE
        assert made.label == FULL["display_name"]
        read = books.fetch("contact", [made.remote_id])[made.remote_id]
        assert isinstance(read, Present)
        assert read.snapshot.record == made.record
        assert read.snapshot.version == made.version

    def test_only_what_was_sent_changes(self, sent: Sent) -> None:
        made = sent.create(**FULL)

        changed = sent.update(made, phone="1", email="b@looms.test")

        assert changed.record == made.record.with_changes({"phone": "1", "email": "b@looms.test"})
        assert changed.version > made.version

    def test_every_field_can_be_emptied(self, sent: Sent) -> None:
        made = sent.create(**FULL)
        blank: dict[str, Any] = {
            name: "" for name in FULL if name not in ("display_name", "is_tax_exempt")
        }
        blank["is_tax_exempt"] = False

        emptied = sent.update(made, **blank)

        assert emptied.record.values(blank) == blank
        assert emptied.label == FULL["display_name"]

    def test_a_child_gets_a_parent_and_loses_it(self, sent: Sent) -> None:
        parent = sent.create(display_name="Above")
        child = sent.create(
            display_name="Below", parent=Ref("contact", parent.remote_id), bill_with_parent=True
        )
        assert child.record.parent == Ref("contact", parent.remote_id)
        assert child.record.bill_with_parent is True
        assert child.path == ("Above", "Below")

        freed = sent.update(child, parent=None, bill_with_parent=False)

        assert (freed.record.parent, freed.record.bill_with_parent) == (None, False)
        assert freed.path == ("Below",)

    def test_a_retired_record_keeps_its_name_and_comes_back(self, sent: Sent) -> None:
        made = sent.create(**FULL)

        retired = sent.update(made, Operation.RETIRE, life=Life.INACTIVE)
        assert retired.record == made.record.with_changes({"life": Life.INACTIVE})
        revived = sent.update(retired, life=Life.LIVE)

        assert revived.record == made.record

    def test_the_same_request_again_does_nothing_anew(self, books: Books) -> None:
        outgoing = books.compose("contact", Operation.CREATE, {"display_name": "Once"})
        request_id = str(uuid.uuid4())

        first = books.send(outgoing, request_id=request_id)
        second = books.send(outgoing, request_id=request_id)

        assert first.remote_id == second.remote_id
        assert len(books.find_by_name("contact", "Once")) == 1

    def test_a_lost_answer_is_no_failure(self, books: Books, desk: Desk) -> None:
        outgoing = books.compose("contact", Operation.CREATE, {"display_name": "Lost"})
        desk.lose_next_answer()

        with pytest.raises(SyncError) as caught:
            books.send(outgoing, request_id=str(uuid.uuid4()))

        assert caught.value.code == "outcome_unknown"
        assert len(books.find_by_name("contact", "Lost")) == 1

    def test_lists_hold_each_record_once_and_tell_the_inactive(
        self, books: Books, known: Snapshot, desk: Desk
    ) -> None:
        desk.retire(known.remote_id)
        found: list[Snapshot] = []
        position: int | None = 1
        while position is not None:
            page = books.list("contact", which="all", position=position, size=7)
            found.extend(page.snapshots)
            position = page.next_position

        ids = [each.remote_id for each in found]
        assert len(ids) == len(set(ids)) == books.count("contact", which="all")
        inactive = books.list("contact", which="inactive", position=1).snapshots
        assert [each.remote_id for each in inactive] == [known.remote_id]
        assert books.count("contact", which="active") == len(ids) - 1

    def test_an_edit_there_is_in_the_feed(self, books: Books, known: Snapshot, desk: Desk) -> None:
        cursor = books.list("contact", which="all", position=1, size=1).read_at

        desk.edit(known.remote_id, phone="555 0199")
        page = books.changes_since(cursor, ["contact"])

        changed = {each.remote_id: each for each in page.snapshots}[known.remote_id]
        assert changed.record.phone == "555 0199"
        assert changed.version > known.version
        assert page.is_complete
        assert page.next_cursor >= cursor

    def test_a_record_that_was_never_there_is_gone(self, books: Books, known: Snapshot) -> None:
        found = books.fetch("contact", ["999999", known.remote_id])

        assert found["999999"] == Gone()
        assert isinstance(found[known.remote_id], Present)

    def test_a_record_is_found_by_its_exact_name_also_when_retired(
        self, books: Books, known: Snapshot, desk: Desk
    ) -> None:
        assert [each.remote_id for each in books.find_by_name("contact", known.label)] == [
            known.remote_id
        ]
        desk.retire(known.remote_id)
        assert [each.remote_id for each in books.find_by_name("contact", known.label)] == [
            known.remote_id
        ]

    def test_a_value_outside_the_limits_is_refused_before_sending(
        self, books: Books, count_of_calls: Callable[[], int]
    ) -> None:
        before = count_of_calls()

        with pytest.raises(InvalidValue) as caught:
            books.compose("contact", Operation.CREATE, {"display_name": "x" * 5000})

        assert caught.value.element
        assert caught.value.what_to_do
        assert count_of_calls() == before

    def test_a_stored_answer_reads_as_it_did(self, provider: Any, known: Snapshot) -> None:
        stored = json.loads(json.dumps(known.raw))

        assert provider.read_stored("contact", stored) == replace(known, trace="")

    def test_no_value_of_a_full_answer_is_unknown(self, known: Snapshot) -> None:
        assert UNKNOWN not in [getattr(known.record, f.name) for f in known.record.fields()]
