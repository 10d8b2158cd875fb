"""Our invoice numbers beside those of QuickBooks: checked, proposed, applied (ledger rule 15)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import InvoiceNumbering
from billing.services import numbering
from integrations.models import Connection
from integrations.sync import access, company_facts
from tests.integrations.sync.test_invoices import linked
from tests.integrations.web.billed import browser_of, words
from tests.world import World

CHECK, USE = reverse("integrations:check_numbers"), reverse("integrations:use_number")
RULES, SETTINGS = reverse("integrations:rules"), reverse("billing:invoice_settings")


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    world.prefer("SalesFormsPrefs", CustomTxnNumbers=True)
    return world


def number_from(books: World, prefix: str, next_number: int) -> None:
    numbering.change_numbering(
        actor=books.actor, prefix=prefix, next_number=next_number, now=books.now
    )


def metered(books: World) -> int:
    return int(books.quickbooks.counts()["metered"])


@pytest.mark.parametrize(("page", "name"), [(RULES, "rules"), (SETTINGS, "invoices")])
def test_a_number_clear_of_quickbooks_is_proposed_and_applied(books: World, page: str, name: str):
    number_from(books, "", 1001)  # QuickBooks has 1001 to 1037
    browser = browser_of(books)
    assert "check that no invoice there has it" in words(browser, page)
    before = metered(books)

    answer = browser.post(CHECK, {"next": name})
    shown = words(browser, answer["Location"])
    assert metered(books) - before == 1
    assert answer["Location"] == page
    assert "has invoices up to <b><bdi>1037</bdi></b>" in shown
    assert "Go on with <bdi>1038</bdi>" in shown
    browser.post(USE, {"next": name})

    assert str(InvoiceNumbering.objects.get(firm=books.firm)) == "1038"
    assert "QuickBooks has invoices up to <bdi>1037</bdi>, so it is free." in words(browser, page)
    invoice = linked(books)
    assert books.theirs(invoice)["DocNumber"] == invoice.number == "1038"


def test_a_number_that_is_clear_already_stays(books: World):
    number_from(books, "INV-", 1001)
    browser = browser_of(books)

    browser.post(CHECK)

    assert "No invoice in QuickBooks has a number like it." in words(browser, RULES)
    browser.post(USE)
    assert str(InvoiceNumbering.objects.get(firm=books.firm)) == "INV-1001"


def test_another_prefix_has_to_be_checked_anew_and_new_preferences_do_not(books: World):
    number_from(books, "", 1001)
    browser = browser_of(books)
    browser.post(CHECK)

    books.connection.refresh_from_db()
    kept = books.connection.company_facts["numbers"]
    company = access.open_books(books.connection, lane="people").company()
    company_facts.refresh_facts(connection=books.connection, company=company, now=books.now)
    assert Connection.objects.get().company_facts["numbers"] == kept
    number_from(books, "2026-", 1)

    assert "check that no invoice there has it" in words(browser, RULES)


def test_where_quickbooks_numbers_by_itself_nothing_is_proposed(books: World):
    books.prefer("SalesFormsPrefs", CustomTxnNumbers=False)
    browser = browser_of(books)

    for page in (RULES, SETTINGS):
        assert "Invoice numbers and QuickBooks" not in words(browser, page)
