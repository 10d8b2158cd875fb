"""Which invoice number is clear of those in the books, though many are no numbers."""

from __future__ import annotations

import pytest

from integrations.reconcile.numbers import Numbering, highest, proposal, spare_prefix

THERE = ["1041", "INV-88", "inv-0107", "INV-2026-3", "INV-", "Smith, March", "", "4²", "9" * 21]


@pytest.mark.parametrize(
    ("prefix", "expected"), [("INV-", 107), ("", 1041), ("INV-2026-", 3), ("ZZ", 0)]
)
def test_the_highest_is_that_behind_our_prefix(prefix: str, expected: int) -> None:
    assert highest(prefix, THERE) == expected


@pytest.mark.parametrize(
    ("prefix", "next_number", "taken", "expected"),
    [
        ("INV-", 108, 107, None),  # clear already
        ("INV-", 107, 107, "INV-108"),
        ("", 1001, 1041, "1042"),
        ("Twelve-char-", 1, 10**9 - 1, "B-1001"),  # another digit would be the 22nd character
    ],
)
def test_what_is_proposed_is_clear_of_the_highest_and_has_at_most_21_characters(
    prefix: str, next_number: int, taken: int, expected: str | None
) -> None:
    found = proposal(Numbering(prefix=prefix, next_number=next_number), taken=taken, spare="B-")

    assert (str(found) if found else None) == expected
    assert found is None or len(str(found)) <= 21


def test_another_prefix_is_one_that_no_number_begins_with() -> None:
    assert spare_prefix(THERE) == "A-"
    assert spare_prefix([*THERE, "a-1", "B-x"]) == "C-"
    assert spare_prefix(["INV-1", "A-1", "B-1", "C-1"]) == ""
