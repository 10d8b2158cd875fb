"""
Random histories: people on both sides, faults, kills, webhooks and clocks, and then the accounts.

A failure prints the history step by step. `EXPLORE=500 pytest tests/integrations/test_histories.py`
looks at that many fresh histories; `--hypothesis-seed` replays what it found.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from integrations.reconcile.policy import Side
from tests.integrations.deliberate_bugs import BUGS, linked
from tests.integrations.history import (
    BIRTHMARK,
    DEATHS,
    EDITED,
    LATE_COMMIT,
    Broken,
    History,
    read_there,
)
from tests.integrations.reconcile.cases import explored
from tests.quickbooks import Emulator

WHICH = st.integers(0, 5)
FIELD = st.sampled_from(EDITED)
RARELY = st.sampled_from([False, False, False, True])
FAULTS = [
    {"kind": "cut_after_commit", "operation": "write"},
    {"kind": "cut_after_commit", "operation": "create"},
    {"kind": "cut_before", "operation": "write"},
    {"kind": "cut_json", "operation": "write"},
    {"kind": "late_commit", "operation": "write", "seconds": 0.05},
    {"kind": "status_after_commit", "operation": "write", "status": 503},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "operation": "cdc", "times": 2},
    {"kind": "html"},
    {"kind": "stale", "operation": "update"},
    {"kind": "throttle"},
    {"kind": "expire_token"},
    {"kind": "cut_body", "operation": "cdc"},
    {"kind": "unknown_value"},
    {"kind": "fault", "operation": "write", "code": "9999", "message": "Something else"},
]


class Life(RuleBasedStateMachine):
    """Steps that a history is made of. `quickbooks` is given by the test."""

    quickbooks: Emulator
    failed: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.history = History.begin(self.quickbooks)

    @initialize()
    def some_are_linked(self) -> None:
        for _ in range(2):
            self.history.create_here()
        self.history.create_there()
        self.history.sync(feed=True)

    # -- people ------------------------------------------------------------------------------------

    def contact(self, which: int) -> Any:
        contacts = self.history.contacts
        return contacts[which % len(contacts)]

    def customer(self, which: int) -> Any:
        customers = self.history.customers
        return customers[which % len(customers)] if customers else None

    @rule(which=WHICH, has_parent=RARELY)
    def create_here(self, which: int, has_parent: bool) -> None:
        top = [each for each in self.history.contacts if each.parent_id is None]
        self.history.create_here(under=top[which % len(top)] if has_parent and top else None)

    @rule(which=WHICH, name=FIELD, clear=RARELY)
    def edit_here(self, which: int, name: str, clear: bool) -> None:
        self.history.edit_here(self.contact(which), name, clear=clear)

    @rule(which=WHICH)
    def archive_or_restore_here(self, which: int) -> None:
        self.history.archive_here(self.contact(which))

    @rule()
    def create_there(self) -> None:
        self.history.create_there()

    @rule(which=WHICH, name=FIELD, clear=RARELY)
    def edit_there(self, which: int, name: str, clear: bool) -> None:
        if customer := self.customer(which):
            self.history.edit_there(customer, name, clear=clear)

    @rule(which=WHICH)
    def inactivate_or_reactivate_there(self, which: int) -> None:
        if customer := self.customer(which):
            self.history.inactivate_there(customer)

    @rule(which=WHICH, name=FIELD, other=FIELD)
    def edit_both(self, which: int, name: str, other: str) -> None:
        """The same record, between two looks."""
        if customer := self.customer(which):
            self.history.edit_there(customer, name)
            for contact in self.history.contacts:
                if contact.fax == customer.get("Fax", {}).get("FreeFormNumber"):
                    self.history.edit_here(contact, other)

    @rule(gone=WHICH, into=WHICH, really=RARELY)
    def merge_there(self, gone: int, into: int, really: bool) -> None:
        if really and len(self.history.customers) > 2:
            self.history.merge_there(self.customer(gone), self.customer(into))

    @rule(which=WHICH, keep=st.sampled_from(Side))
    def decide(self, which: int, keep: Side) -> None:
        if conflicts := self.history.conflicts:
            self.history.decide(conflicts[which % len(conflicts)], keep)

    # -- the sync ----------------------------------------------------------------------------------

    @rule(feed=st.booleans())
    def sync(self, feed: bool) -> None:
        self.history.sync(feed=feed)

    @rule(dies_at=st.sampled_from(sorted(DEATHS)), feed=st.booleans())
    def sync_and_die(self, dies_at: str, feed: bool) -> None:
        self.history.sync(feed=feed, dies_at=dies_at)

    @rule(which=WHICH, name=FIELD, here=st.booleans(), feed=st.booleans())
    def sync_while_somebody_edits(self, which: int, name: str, here: bool, feed: bool) -> None:
        def edit() -> None:
            (self.edit_here if here else self.edit_there)(which=which, name=name, clear=False)

        self.history.sync(feed=feed, meanwhile=edit)

    @rule(seconds=st.sampled_from([1, 12, 25, LATE_COMMIT, 16 * 60, 13 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.history.advance(seconds)

    # -- the weather -------------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS))
    def something_will_fail(self, fault: dict[str, Any]) -> None:
        self.history.quickbooks.fault(**fault)
        self.history.told.append(f"will fail: {fault}")

    @rule(seconds=st.sampled_from([0, 30]))
    def reads_lag(self, seconds: int) -> None:
        self.history.quickbooks.switch(read_lag_seconds=seconds, id_read_lag_seconds=seconds)
        self.history.told.append(f"reads lag {seconds} s behind")

    @rule()
    def request_ids_are_forgotten(self) -> None:
        self.history.quickbooks.ask("requestids", {"forget": True})
        self.history.told.append("request ids are forgotten")

    @rule(which=WHICH, again=RARELY)
    def a_webhook_comes(self, which: int, again: bool) -> None:
        """Any of those under way, in any order; some come twice, some never."""
        self.history.collect_webhooks()
        if heard := self.history.heard:
            webhook = heard[which % len(heard)]
            self.history.deliver(webhook)
            if not again:
                heard.remove(webhook)

    def teardown(self) -> None:
        history = self.history
        try:
            history.rest()
            history.check()
        except Broken as error:
            self.failed.append(error.guarantee)
            error.add_note("\n".join(history.told))
            raise


def machine(quickbooks: Emulator) -> type[Life]:
    return type("Life", (Life,), {"quickbooks": quickbooks, "failed": []})


def many(examples: int, steps: int) -> settings:
    explore = explored()
    return settings(
        max_examples=explore or examples,
        stateful_step_count=steps,
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
    run_state_machine_as_test(machine_of_lives, settings=many(8, 20))


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


@pytest.mark.timeout(0)
@pytest.mark.skipif(not explored(), reason="EXPLORE=200 lets random histories look for the bugs")
@pytest.mark.parametrize("name", BUGS)
def test_random_histories_find_a_deliberate_bug(name: str, machine_of_lives: type[Life]):
    with BUGS[name].switched_on(), suppress(Exception):
        run_state_machine_as_test(machine_of_lives, settings=many(0, 25))

    assert machine_of_lives.failed


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
