"""
A random walk of a ledger: what happens in it, drawn from one number before the first step.

As in `walk.py` a walk has a mood: some kinds of steps come often and others hardly. `which` counts
round the records that there are; both sides mean the same record where it is there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from contacts.models import Contact
from integrations.models import Cursor, Link
from integrations.reconcile.policy import Side
from tests.integrations.births import birth_here, birth_there
from tests.integrations.history import DEATHS, EDITED, LATE_COMMIT
from tests.integrations.ledger import RESOURCES, Ledger
from tests.integrations.ledger_accounts import check
from tests.integrations.walk import DAY, FAULTS, LAGS, MONTH_AND_MORE
from tests.quickbooks import Emulator

STEPS = 40

SIDE = list(Side)
WHICH = [0, 0, 0, 1, 1, 2, 3, 4]
YES_OR_NO = [True, False]
RARELY = [True, False, False, False]
MONEY = ["words", "words", "price", "item", "more", "fewer", "discount", "tax"]
OF_BILL = ["due_on", "due_on", "issued_on", "message", "number", "contact", *MONEY]
OF_RECEIPT = ["reference", "received_on", "method", "amount", "parts"]
OF_ITEM = ["name", "description", "rate"]
WAYS = ["void", "delete"]
SECONDS = [1, 3, 12, 25, LATE_COMMIT, LATE_COMMIT, 600, 13 * 3600]

# What can happen: how often, and what of it is drawn.
KINDS: dict[str, tuple[float, dict[str, list[Any]]]] = {
    "make_contact": (1, {"side": SIDE, "has_parent": YES_OR_NO}),
    "change_contact": (2, {"side": SIDE, "which": WHICH, "name": EDITED}),
    "end_contact": (1, {"side": SIDE, "which": WHICH}),
    "merge_contacts": (0.3, {"which": WHICH, "into": WHICH}),
    "make_item": (1, {"side": SIDE}),
    "change_item": (2, {"side": SIDE, "which": WHICH, "what": OF_ITEM}),
    "end_item": (1, {"side": SIDE, "which": WHICH}),
    "bill": (4, {"side": SIDE, "which": WHICH, "lines": [1, 1, 2, 3], "is_sent": YES_OR_NO}),
    "send": (2, {"which": WHICH}),
    "delete_draft": (0.5, {"which": WHICH}),
    "change_bill": (8, {"side": SIDE, "which": WHICH, "what": OF_BILL}),
    "change_bill_on_both": (4, {"which": WHICH, "what": OF_BILL, "other": OF_BILL}),
    "end_bill": (2, {"side": SIDE, "which": WHICH, "way": WAYS, "payments": ["keep", "void"]}),
    "pay": (5, {"side": SIDE, "which": WHICH, "count": [1, 1, 2], "share": [1, 2, 3],
                "surplus": [0, 0, 5]}),
    "change_receipt": (4, {"side": SIDE, "which": WHICH, "what": OF_RECEIPT}),
    "change_receipt_on_both": (2, {"which": WHICH, "what": OF_RECEIPT, "other": OF_RECEIPT}),
    "end_receipt": (2, {"side": SIDE, "which": WHICH, "way": WAYS}),
    "deposit": (1, {"which": WHICH}),
    "credit": (1, {"which": WHICH, "amount": [5, 50, 500]}),
    "unmatch": (0.7, {"entity": list(RESOURCES), "which": WHICH}),
    "leave_out": (0.5, {}),
    "bring_back": (1, {"which": WHICH}),
    "decide": (4, {"which": WHICH, "keep": SIDE, "seconds": [1, 12, 12]}),
    "sync": (10, {"feed": YES_OR_NO}),
    "sync_and_die": (3, {"dies_at": sorted(DEATHS), "feed": YES_OR_NO, "which": WHICH,
                         "side": SIDE, "what": OF_BILL, "seconds": SECONDS}),
    "sync_while_somebody_edits": (3, {"which": WHICH, "what": OF_BILL, "side": SIDE,
                                      "feed": YES_OR_NO}),
    "time_passes": (6, {"seconds": SECONDS}),
    "nobody_reads_for_long": (0.5, {}),
    "webhook_comes": (5, {"which": WHICH, "again": RARELY}),
    "will_fail": (7, {"fault": FAULTS}),
    "reads_lag": (2, {"seconds": LAGS}),
    "clock_stands": (1, {"frozen": YES_OR_NO}),
    "request_ids_are_forgotten": (0.5, {}),
}  # fmt: skip

Step = tuple[str, dict[str, Any]]


def draw(number: int) -> list[Step]:
    """The steps of the walk with this number."""
    chance = random.Random(number)
    weights = [often * chance.choice([0.2, 1, 3]) for often, _ in KINDS.values()]
    return [
        (kind, {name: chance.choice(among) for name, among in KINDS[kind][1].items()})
        for kind in chance.choices(list(KINDS), weights, k=STEPS)
    ]


class Walk:
    """Takes the steps in one ledger, that of a family and another contact with three items."""

    def __init__(self, quickbooks: Emulator, number: int) -> None:
        self.number = number
        self.steps = draw(number)
        self.was_long_unread = False
        random.seed(number)  # the engine's own delays
        ledger = self.ledger = Ledger.begin(quickbooks, sends_numbers=number % 2 == 1)
        ledger.chance = random.Random(number)  # amounts, and which line
        self.make_contact(side=Side.LOCAL, has_parent=True)
        self.make_contact(side=Side.LOCAL, has_parent=False)
        self.make_item(side=Side.LOCAL)
        self.make_item(side=Side.REMOTE)
        ledger.sync(feed=True)

    def finish(self) -> None:
        """
        Take the steps, and do the accounts.

        Raises:
            Broken: they do not balance; its notes tell the history.
        """
        try:
            for kind, drawn in self.steps:
                act: Callable[..., None] = getattr(self, kind)
                act(**drawn)
            self.ledger.rest()
            check(self.ledger)
        except Exception as error:
            error.add_note("\n".join([*self.ledger.told, f"LEDGER={self.number} replays it"]))
            raise

    # -- which record ------------------------------------------------------------------------------

    def here(self, entity: str, which: int) -> Any:
        rows = self.ledger.rows(entity)
        return rows[which % len(rows)] if rows else None

    def there(self, entity: str, which: int) -> dict[str, Any] | None:
        """The same record there, or if it is not there another."""
        docs = self.ledger.books(RESOURCES[entity])
        row = self.here(entity, which)
        return self.same_there(entity, row) or (docs[which % len(docs)] if docs else None)

    def same_there(self, entity: str, row: Any) -> dict[str, Any] | None:
        birth, resource = row and birth_here(row), RESOURCES[entity]
        docs = self.ledger.books(resource)
        return next((each for each in docs if birth_there(resource, each) == birth), None)

    # -- contacts and items ------------------------------------------------------------------------

    def make_contact(self, *, side: Side, has_parent: bool) -> None:
        if side is Side.REMOTE:
            self.ledger.create_there()
        else:
            self.ledger.create_here(under=self.ledger.contacts[0] if has_parent else None)

    def change_contact(self, *, side: Side, which: int, name: str) -> None:
        if side is Side.LOCAL:
            self.ledger.edit_here(self.here("contact", which), name)
        elif customer := self.there("contact", which):
            self.ledger.edit_there(customer, name)

    def end_contact(self, *, side: Side, which: int) -> None:
        with self.ledger.tried(f"a contact ends or begins: {side}"):
            if side is Side.LOCAL:
                self.ledger.archive_here(self.here("contact", which))
            elif customer := self.there("contact", which):
                self.ledger.inactivate_there(customer)

    def merge_contacts(self, *, which: int, into: int) -> None:
        gone, kept = self.there("contact", which), self.there("contact", into)
        if gone and kept:
            with self.ledger.tried("merged there"):
                self.ledger.merge_there(gone, kept)

    def make_item(self, *, side: Side) -> None:
        (self.ledger.here if side is Side.LOCAL else self.ledger.there).make_item()

    def change_item(self, *, side: Side, which: int, what: str) -> None:
        if side is Side.LOCAL:
            self.ledger.here.change_item(self.here("service_item", which), what)
        elif item := self.there("service_item", which):
            self.ledger.there.change_item(item, what)

    def end_item(self, *, side: Side, which: int) -> None:
        if side is Side.LOCAL:
            self.ledger.here.end_item(self.here("service_item", which))
        elif item := self.there("service_item", which):
            self.ledger.there.end_item(item)

    # -- invoices ----------------------------------------------------------------------------------

    def bill(self, *, side: Side, which: int, lines: int, is_sent: bool) -> None:
        if side is Side.LOCAL:
            contact: Contact = self.here("contact", which)
            self.ledger.here.bill(contact=contact, lines=lines, is_sent=is_sent)
        else:
            self.ledger.there.bill(customer=self.there("contact", which), lines=lines)

    def _draft(self, which: int) -> Any:
        drafts = [each for each in self.ledger.bills if each.is_draft]
        return drafts[which % len(drafts)] if drafts else None

    def send(self, *, which: int) -> None:
        if draft := self._draft(which):
            self.ledger.here.send(draft)

    def delete_draft(self, *, which: int) -> None:
        if draft := self._draft(which):
            self.ledger.here.delete_draft(draft)

    def change_bill(self, *, side: Side, which: int, what: str) -> None:
        if side is Side.LOCAL:
            self.ledger.here.change_bill(self.here("invoice", which), what)
        elif bill := self.there("invoice", which):
            self.ledger.there.change_bill(bill, what)

    def change_bill_on_both(self, *, which: int, what: str, other: str) -> None:
        """The same one, between two looks."""
        bill = self.here("invoice", which)
        self.ledger.here.change_bill(bill, what)
        if same := self.same_there("invoice", bill):
            self.ledger.there.change_bill(same, other)

    def end_bill(self, *, side: Side, which: int, way: str, payments: str) -> None:
        if side is Side.LOCAL:
            self.ledger.here.void_bill(self.here("invoice", which), payments=payments)
        elif bill := self.there("invoice", which):
            self.ledger.there.end("Invoice", bill, way)

    # -- payments ----------------------------------------------------------------------------------

    def pay(self, *, side: Side, which: int, count: int, share: int, surplus: int) -> None:
        numbers = range(which, which + count)
        if side is Side.LOCAL:
            bills = {each.pk: each for n in numbers if (each := self.here("invoice", n))}
            self.ledger.here.pay(*bills.values(), share=share, surplus=Decimal(surplus))
        else:
            docs = {each["Id"]: each for n in numbers if (each := self.there("invoice", n))}
            self.ledger.there.pay(*docs.values(), share=share, surplus=Decimal(surplus))

    def change_receipt(self, *, side: Side, which: int, what: str) -> None:
        if side is Side.LOCAL:
            if receipt := self.here("payment", which):
                self.ledger.here.change_receipt(receipt, what)
        elif doc := self.there("payment", which):
            self.ledger.there.change_receipt(doc, what)

    def change_receipt_on_both(self, *, which: int, what: str, other: str) -> None:
        receipt = self.here("payment", which)
        if receipt is None:
            return
        self.ledger.here.change_receipt(receipt, what)
        if same := self.same_there("payment", receipt):
            self.ledger.there.change_receipt(same, other)

    def end_receipt(self, *, side: Side, which: int, way: str) -> None:
        if side is Side.LOCAL:
            if receipt := self.here("payment", which):
                self.ledger.here.void_receipt(receipt)
        elif doc := self.there("payment", which):
            self.ledger.there.end("Payment", doc, way)

    def deposit(self, *, which: int) -> None:
        if doc := self.there("payment", which):
            self.ledger.there.deposit(doc)

    def credit(self, *, which: int, amount: int) -> None:
        if customer := self.there("contact", which):
            self.ledger.there.credit(customer, Decimal(amount))

    # -- what syncs --------------------------------------------------------------------------------

    def unmatch(self, *, entity: str, which: int) -> None:
        found = Link.objects.filter(
            connection=self.ledger.connection, entity=entity, state="linked"
        ).order_by("pk")
        pairs = list(found.exclude(local_id=None))
        if pairs:
            self.ledger.unmatch(pairs[which % len(pairs)])

    def leave_out(self) -> None:
        """A new contact that is billed all the same."""
        self.ledger.create_here()
        new = self.ledger.contacts[-1]
        link = Link.objects.filter(entity="contact", local_id=new.pk).first()
        if link is not None:
            self.ledger.leave_out(link)
        self.ledger.here.bill(contact=new)

    def bring_back(self, *, which: int) -> None:
        if found := self.ledger.left_out():
            self.ledger.bring_back(found[which % len(found)])

    def decide(self, *, which: int, keep: Side, seconds: float) -> None:
        if conflicts := self.ledger.conflicts:
            self.ledger.decide(conflicts[which % len(conflicts)], keep)
            self.ledger.advance(seconds)

    # -- the sync ----------------------------------------------------------------------------------

    def sync(self, *, feed: bool) -> None:
        self.ledger.sync(feed=feed)

    def sync_and_die(
        self, *, dies_at: str, feed: bool, which: int, side: Side, what: str, seconds: float
    ) -> None:
        """Of something that is there to be done."""
        self.change_bill(side=side, which=which, what=what)
        self.ledger.advance(seconds)
        self.ledger.sync(feed=feed, dies_at=dies_at)

    def sync_while_somebody_edits(self, *, which: int, what: str, side: Side, feed: bool) -> None:
        def meanwhile() -> None:
            self.change_bill(side=side, which=which, what=what)

        self.ledger.sync(feed=feed, meanwhile=meanwhile)

    def time_passes(self, *, seconds: float) -> None:
        self.ledger.advance(seconds)

    def nobody_reads_for_long(self) -> None:
        """The feed no longer goes back to what was read last: all will be listed."""
        if self.was_long_unread:
            return  # a consent that is not used for 100 days ends
        self.was_long_unread = True
        self.ledger.quickbooks.switch(cdc_older_than_30_days="refuse")
        self.ledger.advance(MONTH_AND_MORE)
        Cursor.objects.filter(connection=self.ledger.connection).update(wanted_at=None)

    def webhook_comes(self, *, which: int, again: bool) -> None:
        """Any of those under way, in any order; some come twice, some never."""
        self.ledger.collect_webhooks()
        if heard := self.ledger.heard:
            webhook = heard[-1 - which % len(heard)]
            self.ledger.deliver(webhook)
            if not again:
                heard.remove(webhook)

    # -- the weather -------------------------------------------------------------------------------

    def will_fail(self, *, fault: dict[str, Any]) -> None:
        self.ledger.quickbooks.fault(**fault)
        self.ledger.told.append(f"will fail: {fault}")

    def reads_lag(self, *, seconds: float) -> None:
        self.ledger.quickbooks.switch(read_lag_seconds=seconds, id_read_lag_seconds=seconds)
        self.ledger.told.append(f"reads lag {seconds} s behind")

    def clock_stands(self, *, frozen: bool) -> None:
        """Several changes there have the same time."""
        self.ledger.quickbooks.ask("clock", {"frozen": frozen})
        self.ledger.told.append(f"their clock stands: {frozen}")

    def request_ids_are_forgotten(self) -> None:
        self.ledger.advance(DAY)
        self.ledger.quickbooks.ask("requestids", {"forget": True})
        self.ledger.told.append("request ids are forgotten")
