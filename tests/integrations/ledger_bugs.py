"""
Bugs of invoices and payments made on purpose, each with a story in which the accounts must not
balance. Without its bug the same story must.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


def voided_there(ledger: Ledger) -> None:
    ledger.end_there("Invoice", ledger.there("Invoice")[0], "void")
    ledger.sync(feed=True)


def deleted_there(ledger: Ledger) -> None:
    ledger.sync(feed=True)
    ledger.end_there("Invoice", ledger.there("Invoice")[0], "delete")
    ledger.sync(feed=True)


def voided_here(ledger: Ledger) -> None:
    ledger.void_bill_here(ledger.bills[0])
    ledger.sync()


def paid_there(ledger: Ledger) -> None:
    ledger.pay_there(ledger.there("Invoice")[0])
    ledger.sync(feed=True)


def paid_here_and_void_again(ledger: Ledger) -> None:
    ledger.pay_here(ledger.bills[0])
    ledger.sync(feed=True)
    ledger.void_receipt_here(ledger.receipts[0])
    ledger.sync(feed=True)


def billed_with_a_lost_answer_and_forgotten_ids(ledger: Ledger) -> None:
    ledger.bill_here()
    ledger.quickbooks.fault("cut_after_commit", operation="create")
    ledger.sync()
    ledger.advance(24 * 3600)
    ledger.quickbooks.ask("requestids", {"forget": True})
    ledger.sync()


def paid_with_a_lost_answer_and_forgotten_ids(ledger: Ledger) -> None:
    ledger.pay_here(ledger.bills[0], share=3)
    ledger.quickbooks.fault("cut_after_commit", operation="create")
    ledger.sync()
    ledger.advance(24 * 3600)
    ledger.quickbooks.ask("requestids", {"forget": True})
    ledger.sync()


def paid_here_before_the_bill_is_there(ledger: Ledger) -> None:
    ledger.bill_here()
    ledger.pay_here(ledger.bills[-1])
    ledger.quickbooks.fault("status", operation="create", status=503)
    ledger.sync()
    ledger.advance(LATE_COMMIT)
    ledger.sync()


def line_changed_here(ledger: Ledger) -> None:
    ledger.change_bill_here(ledger.bills[0], "line")
    ledger.sync()


def date_here_and_line_there(ledger: Ledger) -> None:
    ledger.change_bill_here(ledger.bills[0], "due_on")
    ledger.change_bill_there(ledger.there("Invoice")[0], "line")
    ledger.sync()
    ledger.sync(feed=True)


def line_there_between_two_looks(ledger: Ledger) -> None:
    bill = ledger.there("Invoice")[0]
    ledger.pay_there(bill)
    ledger.change_bill_there(bill, "line")
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


LEDGER_BUGS = {
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
