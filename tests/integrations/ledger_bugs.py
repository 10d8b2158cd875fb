"""
Bugs of invoices and payments made on purpose, each with a story in which the accounts must not
balance. Without its bug the same story must.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pkgutil import resolve_name
from typing import Any
from unittest import mock

from integrations.models import Link
from integrations.reconcile.record import Life
from tests.integrations.history import LATE_COMMIT
from tests.integrations.ledger import Ledger

MAPPING = "integrations.providers.quickbooks.mapping"


@dataclass(frozen=True)
class Bug:
    """`place` of the product does what `make(original)` returns instead."""

    place: str
    make: Callable[[Any], Any]
    story: Callable[[Ledger], None]
    breaks: str

    def switched_on(self) -> Any:
        return mock.patch(self.place, self.make(resolve_name(self.place)))


# -- stories ---------------------------------------------------------------------------------------


def bill_there(ledger: Ledger) -> dict[str, Any]:
    """The first bill, as it is there."""
    return ledger.books("Invoice")[0]


def voided_there(ledger: Ledger) -> None:
    ledger.there.end("Invoice", bill_there(ledger), "void")
    ledger.sync(feed=True)


def deleted_there(ledger: Ledger) -> None:
    ledger.sync(feed=True)
    ledger.there.end("Invoice", bill_there(ledger), "delete")
    ledger.sync(feed=True)


def voided_here(ledger: Ledger) -> None:
    ledger.here.void_bill(ledger.bills[0])
    ledger.sync()


def paid_there(ledger: Ledger) -> None:
    ledger.there.pay(bill_there(ledger))
    ledger.sync(feed=True)


def paid_here_and_void_again(ledger: Ledger) -> None:
    ledger.here.pay(ledger.bills[0])
    ledger.sync(feed=True)
    ledger.here.void_receipt(ledger.receipts[0])
    ledger.sync(feed=True)


def billed_with_a_lost_answer_and_forgotten_ids(ledger: Ledger) -> None:
    ledger.here.bill()
    ledger.quickbooks.fault("cut_after_commit", operation="create")
    ledger.sync()
    ledger.advance(24 * 3600)
    ledger.quickbooks.ask("requestids", {"forget": True})
    ledger.sync()


def paid_with_a_lost_answer_and_forgotten_ids(ledger: Ledger) -> None:
    ledger.here.pay(ledger.bills[0], share=3)
    ledger.quickbooks.fault("cut_after_commit", operation="create")
    ledger.sync()
    ledger.advance(24 * 3600)
    ledger.quickbooks.ask("requestids", {"forget": True})
    ledger.sync()


def paid_here_before_the_bill_is_there(ledger: Ledger) -> None:
    ledger.here.bill()
    ledger.here.pay(ledger.bills[-1])
    ledger.quickbooks.fault("status", operation="create", status=503)
    ledger.sync()
    ledger.advance(LATE_COMMIT)
    ledger.sync()


def line_changed_here(ledger: Ledger) -> None:
    ledger.here.change_bill(ledger.bills[0], "words")
    ledger.sync()


def date_here_and_line_there(ledger: Ledger) -> None:
    ledger.here.change_bill(ledger.bills[0], "due_on")
    ledger.there.change_bill(bill_there(ledger), "words")
    ledger.sync()
    ledger.sync(feed=True)


def line_there_between_two_looks(ledger: Ledger) -> None:
    bill = bill_there(ledger)
    ledger.there.pay(bill)
    ledger.there.change_bill(bill, "words")
    ledger.sync(feed=True)


def line_of_two_changed_here(ledger: Ledger) -> None:
    ledger.here.bill(lines=2)
    ledger.sync()
    ledger.here.change_bill(ledger.bills[-1], "words")
    ledger.sync()


def paid_there_with_one_that_is_none_here(ledger: Ledger) -> None:
    """Two bills paid at once, of which one does not sync: its part is locked here."""
    ledger.here.bill()
    ledger.sync()
    ledger.unmatch(Link.objects.get(entity="invoice", local_id=ledger.bills[-1].pk))
    ledger.there.pay(*ledger.books("Invoice"))
    ledger.sync(feed=True)
    ledger.here.change_receipt(ledger.receipts[0], "reference")
    ledger.here.change_receipt(ledger.receipts[0], "amount")
    ledger.sync()


def two_bills_paid_there(ledger: Ledger) -> None:
    ledger.here.bill()
    ledger.sync()
    ledger.there.pay(*ledger.books("Invoice"))
    ledger.sync(feed=True)


def credited_there(ledger: Ledger) -> None:
    ledger.there.credit(ledger.customers[0], Decimal("1.50"))
    ledger.sync(feed=True)


def voided_here_after_the_deposit(ledger: Ledger) -> None:
    """Nothing is known here of the deposit, and QuickBooks refuses the void."""
    ledger.here.pay(ledger.bills[0])
    ledger.sync()
    ledger.there.deposit(ledger.books("Payment")[0])
    ledger.here.void_receipt(ledger.receipts[0])
    ledger.sync()


def discounted_there(ledger: Ledger) -> None:
    ledger.chance.seed(3)  # so that there is one after the change
    ledger.there.change_bill(bill_there(ledger), "discount")
    ledger.sync(feed=True)


# -- the bugs --------------------------------------------------------------------------------------


def _void_is_an_edit(life_of: Any) -> Any:
    return lambda payload: Life.LIVE


def _overlook_deletions(_: Any) -> Any:
    return lambda connection, removed, *, now: None


def _never_void_there(_: Any) -> Any:
    """Void here goes as an update of nothing."""
    return lambda mapping, operation, company: {}


def _count_payments_as_credits(_: Any) -> Any:
    return lambda connection, remote_ids: {}


def _send_again_without_looking(_: Any) -> Any:
    return lambda intent, *, books, now: None


def _never_merge_money(_: Any) -> Any:
    """Lines agree, whatever they are."""
    return lambda value: True


def _retire_the_pair(note_gone: Any) -> Any:
    """What is gone there is as if it had never been linked: it is made again."""

    def instead(connection: Any, entity: str, remote_id: str, *, now: Any) -> None:
        pairs = Link.objects.filter(connection=connection, entity=entity, remote_id=remote_id)
        link = pairs.first()
        if link is None:
            return
        link.remote_id, link.remote_version, link.base, link.seen = None, None, {}, {}
        link.state, link.wake_at = Link.State.UNDECIDED, now
        link.save()

    return instead


def _forget_line_ids(write_lines: Any) -> Any:
    return lambda lines, *, kept, company: write_lines(lines, kept=[], company=company)


def _drop_locked_parts(split: Any) -> Any:
    """Only what pays our invoices is sent."""

    def instead(values: Any, kept: Any) -> Any:
        ours = [x for x in values.get("parts", ()) if str(x.get("invoice", "")).isdecimal()]
        return split({**values, "parts": ours} if "parts" in values else values, kept)

    return instead


def _read_the_first_part(read_parts: Any) -> Any:
    return lambda payload: read_parts(payload)[:1]


def _bill_the_default_item(rules_of: Any) -> Any:
    return lambda *args: replace(rules_of(*args), uses_default_item=True)


def _count_credits_twice(credits_of: Any) -> Any:
    return lambda connection, link: [
        {**row, "amount": 2 * row["amount"]} for row in credits_of(connection, link)
    ]


def _leave_it_void(_: Any) -> Any:
    return lambda link, *, kind, now: ""


def _overlook_discounts(_: Any) -> Any:
    return lambda told: None


LEDGER_BUGS = {
    "forget the ids of lines": Bug(
        f"{MAPPING}.lines.write_lines", _forget_line_ids, line_of_two_changed_here, "P8"
    ),
    "drop the locked parts of a payment": Bug(
        f"{MAPPING}.payment._split",
        _drop_locked_parts,
        paid_there_with_one_that_is_none_here,
        "P18",
    ),
    "read the first part of a payment": Bug(
        f"{MAPPING}.payment._read_parts", _read_the_first_part, two_bills_paid_there, "P1"
    ),
    "bill the default service unasked": Bug(
        "integrations.sync.rules.rules_of", _bill_the_default_item, line_changed_here, "P1"
    ),
    "count credits twice": Bug(
        "integrations.sync.credits.credits_of", _count_credits_twice, credited_there, "P9"
    ),
    "leave void here what the books refused": Bug(
        "integrations.sync.voids.take_back",
        _leave_it_void,
        voided_here_after_the_deposit,
        "P7",
    ),
    "overlook a discount": Bug(
        f"{MAPPING}.lines.discount_line", _overlook_discounts, discounted_there, "P1"
    ),
    "take a void for an edit": Bug(
        f"{MAPPING}.invoice.life_of", _void_is_an_edit, voided_there, "P7"
    ),
    "overlook what the feed names as deleted": Bug(
        "integrations.sync.feed._note_removed", _overlook_deletions, deleted_there, "P7"
    ),
    "make again what was deleted there": Bug(
        "integrations.sync.feed.note_gone", _retire_the_pair, deleted_there, "P5"
    ),
    "void here without a word to the books": Bug(
        f"{MAPPING}.invoice.InvoiceMapping.params", _never_void_there, voided_here, "P1"
    ),
    "count payments as credits as well": Bug(
        "integrations.sync.credits._ours", _count_payments_as_credits, paid_there, "P9"
    ),
    "send a lost invoice again without looking": Bug(
        "integrations.sync.intents._made_long_ago",
        _send_again_without_looking,
        billed_with_a_lost_answer_and_forgotten_ids,
        "P5",
    ),
    "send a lost payment again without looking": Bug(
        "integrations.sync.intents._made_long_ago",
        _send_again_without_looking,
        paid_with_a_lost_answer_and_forgotten_ids,
        "P5",
    ),
    "take all lines for equal": Bug(
        "integrations.entities.lines._line", _never_merge_money, line_changed_here, "P1"
    ),
    "overlook lines beside a date": Bug(
        "integrations.entities.lines._line", _never_merge_money, date_here_and_line_there, "P1"
    ),
}
