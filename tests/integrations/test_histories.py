"""
Random histories: people on both sides, faults, kills, webhooks and clocks, and then the accounts.

A failure prints the history step by step, and its number; `WALK=number pytest -k whatever_happens`
replays it. `EXPLORE=500 pytest tests/integrations/test_histories.py` looks at that many fresh
histories, and with each deliberate bug until it is found; it prints the numbers for `WALKS`, which
have to be found anew when `walk.py` draws other steps.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.integrations.deliberate_bugs import BUGS, linked
from tests.integrations.history import BIRTHMARK, LATE_COMMIT, Broken, History, read_there
from tests.integrations.reconcile.cases import explored
from tests.integrations.walk import STEPS, Walk
from tests.quickbooks import Emulator

REPLAYED = os.environ.get("WALK", "")
NUMBERS = st.just(int(REPLAYED)) if REPLAYED else st.integers(0, 100_000)

# The walk in which each deliberate bug shows.
WALKS = {
    "skip the base": 12,
    "forget the request id": 12,
    "a new id after an edit": 12,
    "take today's values for what was sent": 12,
    "store the base of a part that was not done": 6,
    "keep a version beside an older base": 6,
    "absent means gone": 55,
    "lose a wake-up": 22,
    "ignore what a decision was shown": 17,
    "take in what may be ours": 14,
    "let the windows not overlap": 4,
    "forget merges": 3,
}


class Life(RuleBasedStateMachine):
    """A walk, step by step. `quickbooks` and `failed` are given by the test."""

    quickbooks: Emulator
    failed: list[int]
    walk: Walk

    @initialize(number=NUMBERS)
    def begin(self, number: int) -> None:
        self.walk = Walk(History.begin(self.quickbooks), number)

    @rule()
    def step(self) -> None:
        self.walk.step()

    def teardown(self) -> None:
        try:
            if not self.walk.has_failed:
                self.walk.finish()
        finally:
            if self.walk.has_failed:
                self.failed.append(self.walk.number)


def machine(quickbooks: Emulator) -> type[Life]:
    return type("Life", (Life,), {"quickbooks": quickbooks, "failed": []})


def many(walks: int) -> settings:
    explore = explored()
    return settings(
        max_examples=1 if REPLAYED else explore or walks,
        stateful_step_count=STEPS,
        derandomize=not explore,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def machine_of_lives(transactional_db: None, qbo: Emulator) -> type[Life]:
    return machine(qbo)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whatever_happens_both_sides_end_equal_and_nothing_is_lost(machine_of_lives: type[Life]):
    run_state_machine_as_test(machine_of_lives, settings=many(12))


def live(history: History, story: Callable[[History], None]) -> None:
    story(history)
    history.rest()
    history.check()


@pytest.mark.parametrize("name", BUGS)
def test_a_deliberate_bug_is_found(name: str, qbo: Emulator, machine_of_lives: type[Life]):
    bug = BUGS[name]
    history = History.begin(qbo)
    with bug.switched_on(), pytest.raises(Broken) as found:
        live(history, bug.story)

    assert found.value.guarantee == bug.breaks, "\n".join([str(found.value), *history.told])


@pytest.mark.slow
@pytest.mark.parametrize("name", WALKS)
def test_a_random_history_finds_a_deliberate_bug(name: str, qbo: Emulator, transactional_db: None):
    with BUGS[name].switched_on(), pytest.raises(Broken):
        Walk(History.begin(qbo), WALKS[name]).finish()


@pytest.mark.slow
@pytest.mark.parametrize("number", sorted(set(WALKS.values())))
def test_without_the_bug_that_random_history_ends_well(
    number: int, qbo: Emulator, transactional_db: None
):
    Walk(History.begin(qbo), number).finish()


if explored():

    @pytest.mark.timeout(0)
    @pytest.mark.parametrize("name", BUGS)
    def test_fresh_random_histories_find_a_deliberate_bug(
        name: str, machine_of_lives: type[Life], capsys: pytest.CaptureFixture[str]
    ):
        with BUGS[name].switched_on(), suppress(Exception):
            run_state_machine_as_test(machine_of_lives, settings=many(0))

        assert machine_of_lives.failed
        with capsys.disabled():
            print(f'\n    "{name}": {machine_of_lives.failed[0]},')  # noqa: T201


# -- histories that once ended badly ---------------------------------------------------------------


def merged_while_a_write_was_open(history: History) -> None:
    """The pair came back as linked with the customer that was gone."""
    history.create_there()
    history.sync(feed=True)
    history.create_here()
    history.sync()
    history.edit_here(history.contacts[0], "company_name")
    history.sync(dies_at="answer read, not stored")
    history.merge_there(history.customers[0], history.customers[1])
    history.deliver(history.merges[0])


def merged_into_one_that_reads_do_not_show_yet(history: History) -> None:
    """The survivor was taken for gone as well, and came in a second time as a new contact."""
    history.create_there()
    history.create_there()
    history.sync(feed=True)
    history.quickbooks.switch(read_lag_seconds=30, id_read_lag_seconds=30)
    history.merge_there(history.customers[0], history.customers[1])
    history.deliver(history.merges[0])
    history.sync()


def made_and_merged_away_before_it_was_read(history: History) -> None:
    """Nothing was ever known of it, and it was asked for without end."""
    linked(history)
    history.create_there()
    history.collect_webhooks()
    told_of_the_new_one = history.heard[-1]
    history.merge_there(history.customers[1], history.customers[0])
    history.deliver(told_of_the_new_one)
    history.advance(25)
    history.sync()
    before = history.quickbooks.counts()["calls"]
    history.advance(600)
    history.sync()
    assert history.quickbooks.counts()["calls"] - before <= 4


def refused_and_then_merged_away(history: History) -> None:
    """The refusal stayed open beside the merge, though nothing could ever mend it."""
    history.create_there()
    linked(history)
    history.sync(feed=True)
    mine = history.contacts[0]
    history.edit_here(mine, "phone")
    history.quickbooks.fault("fault", operation="update", code="9999", message="No")
    history.sync()
    into, gone = sorted(history.customers, key=lambda x: read_there(x, BIRTHMARK) == mine.fax)
    history.merge_there(gone, into)


def refused_and_then_archived(history: History) -> None:
    """It was to be created no longer, and its refusal stayed open whoever pressed Retry."""
    history.create_here()
    history.quickbooks.fault("fault", operation="create", code="9999", message="No")
    history.sync()
    history.archive_here(history.contacts[0])
    history.sync()


def renamed_there_until_the_request_id_was_forgotten(history: History) -> None:
    """The lost create went again: no name clashed any more, and a second customer was made."""
    history.create_here()
    history.quickbooks.fault("cut_after_commit", operation="create")
    history.sync()
    history.edit_there(history.customers[0], "display_name")
    history.advance(24 * 3600)
    history.quickbooks.ask("requestids", {"forget": True})
    history.sync()


def made_and_refused_when_it_went_again(history: History) -> None:
    """The refusal of the second try was taken for that of the first: two contacts in the end."""
    history.create_here()
    history.quickbooks.fault("cut_after_commit", operation="create")
    history.sync()
    history.advance(LATE_COMMIT)
    history.quickbooks.fault("fault", operation="create", code="9999", message="No")
    history.sync()


def changed_and_refused_when_it_went_again(history: History) -> None:
    """Our own change was taken for one of QuickBooks, against the next one here."""
    linked(history)
    history.edit_here(history.contacts[0], "phone")
    history.quickbooks.fault("cut_after_commit", operation="update")
    history.sync()
    history.advance(LATE_COMMIT)
    history.quickbooks.fault("fault", operation="update", code="9999", message="No")
    history.sync()
    history.edit_here(history.contacts[0], "phone")
    history.advance(LATE_COMMIT)


def changed_and_stale_when_it_went_again(history: History) -> None:
    """The same, where QuickBooks had forgotten the request id."""
    linked(history)
    history.edit_here(history.contacts[0], "phone")
    history.quickbooks.fault("cut_after_commit", operation="update")
    history.sync()
    history.quickbooks.ask("requestids", {"forget": True})
    history.edit_here(history.contacts[0], "phone")
    history.advance(LATE_COMMIT)
    history.sync()


def made_edited_and_stale_at_once(history: History) -> None:
    """The update that followed the create knew no id to read, and ended as an error of ours."""
    history.create_here()
    history.quickbooks.fault("stale", operation="update")
    history.sync(meanwhile=lambda: history.edit_here(history.contacts[0], "phone"))


@pytest.mark.parametrize(
    "story",
    [
        made_edited_and_stale_at_once,
        made_and_refused_when_it_went_again,
        changed_and_refused_when_it_went_again,
        changed_and_stale_when_it_went_again,
        renamed_there_until_the_request_id_was_forgotten,
        refused_and_then_archived,
        refused_and_then_merged_away,
        merged_while_a_write_was_open,
        merged_into_one_that_reads_do_not_show_yet,
        made_and_merged_away_before_it_was_read,
    ],
)
def test_what_once_ended_badly_ends_well(
    story: Callable[[History], None], qbo: Emulator, machine_of_lives: type[Life]
):
    live(History.begin(qbo), story)


@pytest.mark.parametrize("story", {bug.story: None for bug in BUGS.values()})
def test_without_the_bug_its_story_ends_well(
    story: Callable[[History], None], qbo: Emulator, machine_of_lives: type[Life]
):
    live(History.begin(qbo), story)
