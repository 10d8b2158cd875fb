"""Invoices and payments that ended on one side while the other one was edited."""

from __future__ import annotations

from datetime import date

import pytest

from billing.models import Invoice, Payment
from billing.services import invoices, payments
from integrations.models import Issue, Link
from integrations.reconcile.policy import Side
from integrations.sync import links, resolving
from tests.integrations.sync.test_invoices import edit, linked, pay
from tests.integrations.web.billed import browser_of, press, words
from tests.world import World

EACH = pytest.mark.parametrize("kind", ["invoice", "payment"])
BOTH = pytest.mark.parametrize("ending", ["delete", "void"])


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def ended_there(books: World, kind: str, ending: str) -> Invoice | Payment:
    """One that was edited here while it ended in QuickBooks."""
    record: Invoice | Payment = linked(books)
    if kind == "payment":
        assert isinstance(record, Invoice)
        record = pay(books, record)
        books.sync()
    books.act(record, ending)
    change(books, record, 1)
    books.sync(feed=True)
    assert books.open_issue().kind == Issue.Kind.CONFLICT
    return record


def change(books: World, record: Invoice | Payment, number: int) -> None:
    if isinstance(record, Invoice):
        edit(books, record, due_on=date(2026, 12, 20 + number), term_days=None)
        return
    record.refresh_from_db()
    payments.update_payment(
        actor=books.actor,
        payment=record,
        version=record.version,
        changes={"reference": f"R-{number}"},
        now=books.now,
    )


def is_void(record: Invoice | Payment) -> bool:
    record.refresh_from_db()
    return record.is_void


def creates(books: World, record: Invoice | Payment) -> int:
    return int(books.quickbooks.counts()["creates"][type(record).__name__])


@EACH
@BOTH
def test_only_what_can_be_done_is_offered(books: World, kind, ending):
    """Keep ours did nothing, and the question came back without end."""
    ended_there(books, kind, ending)

    page = words(browser_of(books))

    assert "Accept: void it here" in page
    assert "Leave both as they are" in page
    assert ("Make it anew in QuickBooks" in page) is (ending == "delete")
    assert "Keep ours" not in page
    with pytest.raises(resolving.NotAChoice):
        resolving.decide(
            actor=books.actor, issue=books.open_issue(), keep={"life": Side.LOCAL}, now=books.now
        )


@EACH
@BOTH
def test_accepted_it_is_void_here(books: World, kind, ending):
    record = ended_there(books, kind, ending)

    press(browser_of(books), "choose", books.open_issue(), option="accept")
    books.sync(after=60)

    assert is_void(record)
    assert creates(books, record) == 1
    assert not Issue.objects.filter(state="open").exists()


@EACH
@BOTH
def test_left_as_they_are_nobody_is_asked_again(books: World, kind, ending):
    record = ended_there(books, kind, ending)

    press(browser_of(books), "choose", books.open_issue(), option="leave")
    writes = books.writes()
    books.sync()
    change(books, record, 2)
    books.sync(feed=True)
    books.sync(after=60)

    assert not is_void(record)
    assert books.writes() == writes
    assert not Issue.objects.filter(state="open").exists()


@EACH
@pytest.mark.parametrize("fault", ["", "cut_after_commit", "cut_before"])
def test_made_anew_there_it_is_there_once(books: World, kind, fault):
    record = ended_there(books, kind, "delete")
    old = books.link_of(record)
    issue = books.open_issue()
    if fault:
        books.quickbooks.fault(fault, operation="create")

    press(browser_of(books), "choose", issue, option="make_anew")
    with pytest.raises(links.AlreadyLinked):
        resolving.make_anew(actor=books.actor, issue=issue, now=books.now)
    for seconds in (0.01, 140, 140):
        books.sync(after=seconds, feed=True)

    new = books.link_of(record)
    old.refresh_from_db()
    assert (old.state, new.state) == (Link.State.FORMER, Link.State.LINKED)
    assert new.remote_id not in (None, old.remote_id)
    assert creates(books, record) == 2
    assert not is_void(record)
    assert not Issue.objects.filter(state="open").exists()


def test_what_is_void_there_is_not_made_anew(books: World):
    ended_there(books, "invoice", "void")

    with pytest.raises(resolving.NotAChoice):
        resolving.make_anew(actor=books.actor, issue=books.open_issue(), now=books.now)


@pytest.mark.parametrize(("option", "total"), [("accept", 0), ("leave", 300)])
def test_void_here_and_edited_there_is_asked_once(books: World, option, total):
    invoice = linked(books)
    invoice.refresh_from_db()
    books.act(invoice, "update", CustomerMemo={"value": "Hello"})
    invoices.void_invoice(actor=books.actor, invoice=invoice, now=books.now)
    books.sync(feed=True)
    assert "Accept: void it in QuickBooks" in words(browser_of(books))

    press(browser_of(books), "choose", books.open_issue(), option=option)
    books.sync(after=60)
    books.sync(feed=True)

    assert is_void(invoice)
    assert books.theirs(invoice)["TotalAmt"] == total
    assert not Issue.objects.filter(state="open").exists()


def test_a_rule_that_cannot_be_carried_out_leaves_it_to_a_person(books: World):
    books.switch_billing_on(on_conflict="local")

    invoice = ended_there(books, "invoice", "delete")

    assert not is_void(invoice)
