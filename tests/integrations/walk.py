"""
A random walk: what happens in a history, drawn from one number.

All steps are drawn before the first is taken, so the same number gives the same steps whatever
becomes of them. A walk has a mood: some kinds of steps come often and others hardly, and few
records and fields are touched again and again, so that sides, faults and clocks meet.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from contacts.models import Contact
from integrations.models import Cursor
from integrations.reconcile.policy import Side
from tests.integrations.history import (
    BIRTHMARK,
    DEATHS,
    EDITED,
    LATE_COMMIT,
    History,
    read_there,
)

STEPS = 25

FAULTS: list[dict[str, Any]] = [
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
OF_WRITES = [each for each in FAULTS if each.get("operation") in ("write", "create", "update")]
DAY = 24 * 3600
MONTH_AND_MORE = 40 * DAY  # more than the feed goes back

SIDE = list(Side)
WHICH = [0, 0, 0, 0, 1, 1, 2, 3, 4, 5]
FIELD = ["hot"] * 6 + EDITED + ["display_name"] * 2  # a name there belongs to one record only
YES_OR_NO = [True, False]
RARELY = [True, False, False, False]
SECONDS = [1, 3, 12, 25, 25, LATE_COMMIT, LATE_COMMIT, 200, 600, 16 * 60, 13 * 3600]
LAGS = [0, 0, 30, 300]

# What can happen: how often, and what of it is drawn.
KINDS: dict[str, tuple[float, dict[str, list[Any]]]] = {
    "create": (3, {"side": SIDE, "which": WHICH, "has_parent": RARELY}),
    "edit": (10, {"side": SIDE, "which": WHICH, "name": FIELD, "clear": RARELY}),
    "edit_both": (4, {"which": WHICH, "name": FIELD, "other": FIELD}),
    "write_goes_wrong": (
        3,
        {
            "which": WHICH,
            "is_new": YES_OR_NO,
            "name": FIELD,
            "fault": OF_WRITES,
            "side": SIDE,
            "other": FIELD,
            "seconds": SECONDS,
            "feed": YES_OR_NO,
        },
    ),
    "end_or_begin": (2, {"side": SIDE, "which": WHICH}),
    "merge": (1, {"gone": WHICH, "into": WHICH}),
    "decide": (
        3,
        {"which": WHICH, "keep": SIDE, "goes_on": YES_OR_NO, "side": SIDE, "seconds": SECONDS},
    ),
    "sync": (10, {"feed": YES_OR_NO}),
    "sync_and_die": (
        4,
        {
            "dies_at": sorted(DEATHS),
            "feed": YES_OR_NO,
            "side": SIDE,
            "which": WHICH,
            "name": FIELD,
            "seconds": SECONDS,
        },
    ),
    "sync_while_somebody_edits": (
        3,
        {"side": SIDE, "which": WHICH, "name": FIELD, "feed": YES_OR_NO},
    ),
    "time_passes": (8, {"seconds": SECONDS}),
    "nobody_reads_for_long": (1, {}),
    "webhook_comes": (5, {"which": WHICH, "again": RARELY}),
    "will_fail": (8, {"fault": FAULTS}),
    "reads_lag": (3, {"seconds": LAGS}),
    "request_ids_are_forgotten": (1, {}),
}


@dataclass(frozen=True)
class Step:
    kind: str
    drawn: dict[str, Any]


def draw(number: int) -> Iterator[Step]:
    """The steps of the walk with this number."""
    chance = random.Random(number)
    hot = chance.choice(EDITED)
    weights = [often * chance.choice([0.2, 1, 3]) for often, _ in KINDS.values()]
    for _ in range(STEPS):
        kind = chance.choices(list(KINDS), weights)[0]
        drawn = {name: chance.choice(among) for name, among in KINDS[kind][1].items()}
        yield Step(kind, {name: hot if value == "hot" else value for name, value in drawn.items()})


class Walk:
    """Takes the steps in one history. `which` counts round the records that there are."""

    def __init__(self, history: History, number: int) -> None:
        self.history = history
        self.number = number
        self.steps = draw(number)
        self.was_long_unread = False
        self.has_failed = False
        random.seed(number)  # the engine's own delays
        for side in (Side.LOCAL, Side.LOCAL, Side.REMOTE):
            self.create(side=side)
        history.sync(feed=True)

    def step(self) -> bool:
        """Take the next step, if there is one."""
        step = next(self.steps, None)
        if step is None:
            return False
        act: Callable[..., None] = getattr(self, step.kind)
        with self.telling():
            act(**step.drawn)
        return True

    def finish(self) -> None:
        """
        Take the steps that are left, and do the accounts.

        Raises:
            Broken: they do not balance; its notes tell the history.
        """
        while self.step():
            pass
        with self.telling():
            self.history.rest()
            self.history.check()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Who fails tells the history, and how to see it again."""
        try:
            yield
        except Exception as error:
            self.has_failed = True
            error.add_note("\n".join([*self.history.told, f"WALK={self.number} replays it"]))
            raise

    # -- people ------------------------------------------------------------------------------------

    def contact(self, which: int) -> Contact:
        contacts = self.history.contacts
        return contacts[which % len(contacts)]

    def customer(self, which: int) -> dict[str, Any]:
        """The same record there, or if it is not there another; 5: the newest."""
        customers = self.history.customers
        if which == 5:
            return customers[-1]
        return self.same_there(self.contact(which)) or customers[which % len(customers)]

    def same_there(self, contact: Contact) -> dict[str, Any] | None:
        found = [x for x in self.history.customers if read_there(x, BIRTHMARK) == contact.fax]
        return found[0] if found else None

    def create(self, *, side: Side, which: int = 0, has_parent: bool = False) -> None:
        if side is Side.REMOTE:
            self.history.create_there()
            return
        top = [each for each in self.history.contacts if each.parent_id is None]
        self.history.create_here(under=top[which % len(top)] if has_parent else None)

    def edit(self, *, side: Side, which: int, name: str, clear: bool = False) -> None:
        if side is Side.LOCAL:
            self.history.edit_here(self.contact(which), name, clear=clear)
        else:
            self.history.edit_there(self.customer(which), name, clear=clear)

    def edit_one(self, contact: Contact, *, side: Side, name: str) -> None:
        """This record, on one side; there only if it is there."""
        if side is Side.LOCAL:
            self.history.edit_here(contact, name)
        elif customer := self.same_there(contact):
            self.history.edit_there(customer, name)

    def edit_both(self, *, which: int, name: str, other: str) -> None:
        """The same record on both sides, between two looks."""
        contact = self.contact(which)
        self.edit_one(contact, side=Side.LOCAL, name=name)
        self.edit_one(contact, side=Side.REMOTE, name=other)

    def write_goes_wrong(
        self,
        *,
        which: int,
        is_new: bool,
        name: str,
        fault: dict[str, Any],
        side: Side,
        other: str,
        seconds: float,
        feed: bool,
    ) -> None:
        """And somebody goes on with that record before the sync does."""
        if is_new:
            self.history.create_here()
        contact = self.history.contacts[-1] if is_new else self.contact(which)
        if not is_new:
            self.history.edit_here(contact, name)
        self.will_fail(fault=fault)
        self.history.sync()
        self.edit_one(contact, side=side, name=other)
        self.history.advance(seconds)
        self.history.sync(feed=feed)

    def end_or_begin(self, *, side: Side, which: int) -> None:
        if side is Side.LOCAL:
            self.history.archive_here(self.contact(which))
        else:
            self.history.inactivate_there(self.customer(which))

    def merge(self, *, gone: int, into: int) -> None:
        if len(self.history.customers) > 2:
            self.history.merge_there(self.customer(gone), self.customer(into))

    def decide(self, *, which: int, keep: Side, goes_on: bool, side: Side, seconds: float) -> None:
        """A conflict; perhaps somebody goes on with that field before the decision acts."""
        if not (conflicts := self.history.conflicts):
            return
        issue = conflicts[which % len(conflicts)]
        self.history.decide(issue, keep)
        contact = Contact.objects.get(pk=issue.link.local_id)
        fields = [name for group in issue.detail["groups"] for name in group["local"]]
        names = [name for name in fields if name in EDITED]
        if goes_on and names:
            self.edit_one(contact, side=side, name=names[0])
        self.history.advance(seconds)

    # -- the sync ----------------------------------------------------------------------------------

    def sync(self, *, feed: bool) -> None:
        self.history.sync(feed=feed)

    def sync_and_die(
        self, *, dies_at: str, feed: bool, side: Side, which: int, name: str, seconds: float
    ) -> None:
        """Of something that is there to be done."""
        self.edit(side=side, which=which, name=name)
        self.history.advance(seconds)
        self.history.sync(feed=feed, dies_at=dies_at)

    def sync_while_somebody_edits(self, *, side: Side, which: int, name: str, feed: bool) -> None:
        def meanwhile() -> None:
            self.edit(side=side, which=which, name=name)

        self.history.sync(feed=feed, meanwhile=meanwhile)

    def time_passes(self, *, seconds: float) -> None:
        self.history.advance(seconds)

    def nobody_reads_for_long(self) -> None:
        """The feed no longer goes back to what was read last: all will be listed."""
        if self.was_long_unread:
            return  # a consent that is not used for 100 days ends
        self.was_long_unread = True
        self.history.quickbooks.switch(cdc_older_than_30_days="refuse")
        self.history.advance(MONTH_AND_MORE)
        Cursor.objects.filter(connection=self.history.connection).update(wanted_at=None)

    def webhook_comes(self, *, which: int, again: bool) -> None:
        """Any of those under way, in any order; some come twice, some never."""
        self.history.collect_webhooks()
        if heard := self.history.heard:
            webhook = heard[-1 - which % len(heard)]
            self.history.deliver(webhook)
            if not again:
                heard.remove(webhook)

    # -- the weather -------------------------------------------------------------------------------

    def will_fail(self, *, fault: dict[str, Any]) -> None:
        self.history.quickbooks.fault(**fault)
        self.history.told.append(f"will fail: {fault}")

    def reads_lag(self, *, seconds: float) -> None:
        self.history.quickbooks.switch(read_lag_seconds=seconds, id_read_lag_seconds=seconds)
        self.history.told.append(f"reads lag {seconds} s behind")

    def request_ids_are_forgotten(self) -> None:
        self.history.advance(DAY)
        self.history.quickbooks.ask("requestids", {"forget": True})
        self.history.told.append("request ids are forgotten")
