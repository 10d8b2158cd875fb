"""docs/coverage.md says which test shows which rule; those tests exist, and no rule is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COVERAGE = (ROOT / "docs/coverage.md").read_text()
ROWS = [line for line in COVERAGE.splitlines() if re.match(r"\| [CPR]\d+ ", line)]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", COVERAGE)))


def cells(row: str) -> list[str]:
    return [each.strip() for each in row.strip("|").split("|")]


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_exists(path: str, name: str):
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=[cells(row)[0] for row in ROWS])
def test_each_rule_names_a_test_or_says_not_yet(row: str):
    _, rule, section, shown = cells(row)

    assert rule
    assert section
    assert "::" in shown or "*not yet*" in shown


def test_all_rules_of_the_ledger_are_listed():
    numbers = [int(cells(row)[0][1:]) for row in ROWS if row.startswith("| R")]

    assert numbers == list(range(1, 44))


def test_no_rule_is_listed_twice():
    ids = [cells(row)[0] for row in ROWS]

    assert len(ids) == len(set(ids))
