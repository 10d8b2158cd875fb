"""Several writes are under way at once; what is true of one is true of each."""

from __future__ import annotations

import pytest

from billing.models import Invoice
from billing.services import invoices
from integrations.models import Link
from integrations.sync.flights import AT_ONCE
from tests.integrations.sync.test_invoices import draft, linked, make_item
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def bills(books: World, count: int) -> list[Invoice]:
    """Invoices that can go at once: their contact and item are linked."""
    first = linked(books)
    item = first.lines.get().service_item
    return [
        invoices.mark_as_sent(
            actor=books.actor,
            invoice=draft(books, first.contact, item, message=f"Bill {number}"),
            now=books.now,
        )
        for number in range(count)
    ]


def count_there(books: World) -> int:
    """Our invoices in the books, without the one that `bills` made first."""
    ours = [each for each in books.quickbooks.objects("Invoice") if each["TotalAmt"] == 300]
    return len(ours) - 1


def slow(books: World) -> None:
    """Answers take a while, so that several are waited for."""
    books.quickbooks.switch(write_seconds=0.3)


def most_at_once(books: World) -> int:
    return max(books.quickbooks.counts()["limits"]["most_at_once"].values())


def test_invoices_go_side_by_side_but_never_more_than_eight(books: World) -> None:
    made = bills(books, 12)
    slow(books)

    books.sync()

    assert 1 < most_at_once(books) <= AT_ONCE
    assert count_there(books) == 12
    assert {books.link_of(each).state for each in made} == {Link.State.LINKED}


def test_names_go_one_at_a_time(books: World) -> None:
    """QuickBooks keeps names unique: two at once would wait for one another there."""
    for number in range(4):
        books.create(f"Client {number}")
        make_item(books, f"Service {number}")
    slow(books)

    books.sync()

    assert most_at_once(books) == 1
    assert len(books.customers_named("Client 3")) == 1


def test_of_several_whose_answers_are_lost_each_is_made_once(books: World) -> None:
    made = bills(books, 5)
    books.quickbooks.fault("cut_after_commit", operation="create", times=5)
    books.sync()

    for _ in range(5):
        books.sync(after=3600)  # the company rests meanwhile, then is tried with one

    assert count_there(books) == 5
    assert {books.link_of(each).state for each in made} == {Link.State.LINKED}


def test_one_that_is_refused_holds_back_no_other(books: World) -> None:
    made = bills(books, 4)
    books.quickbooks.fault("fault", operation="create", code="2020", status=400, nth=2)

    books.sync()

    assert count_there(books) == 3
    assert books.open_issue().link.local_id in {each.pk for each in made}


def test_what_came_in_meanwhile_waits_until_it_is_known_whose_it_is(books: World) -> None:
    """A new invoice there might be one of ours that is under way."""
    made = bills(books, 3)
    customer = books.theirs(made_before(made))["CustomerRef"]["value"]
    slow(books)
    books.quickbooks.act(
        "create",
        entity="Invoice",
        fields={
            "CustomerRef": {"value": customer},
            "Line": [
                {
                    "Amount": 42,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
                }
            ],
        },
    )

    books.sync(feed=True)

    assert Invoice.objects.filter(total=42).count() == 1
    assert count_there(books) == 3
    assert Invoice.objects.count() == 5


def made_before(made: list[Invoice]) -> Invoice:
    return Invoice.objects.exclude(pk__in=[each.pk for each in made]).get()
