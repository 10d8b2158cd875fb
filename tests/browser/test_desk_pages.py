"""The emulator's desk in a real browser: nothing is wider than the window, on a phone too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.emulator.conftest import Quick, start
from tests.emulator.sales import form, invoice, link, pay, preferences

PAGES = (
    *("customers", "customers/8", "customers/new", "vendors/30", "items", "items/11", "accounts"),
    *("invoices", "invoices/new", "payments", "payments/new?customer=6", "deposits/new"),
    *("estimates", "taxcodes", "terms/new", "preferences", "apps", "log", "log/1", "faults"),
    *("webhooks", "settings"),
)


@pytest.fixture
def books() -> Iterator[Quick]:
    """An emulator of its own, with an invoice that is paid in part."""
    with tempfile.TemporaryDirectory() as folder:
        process, base_url = start(Path(folder))
        qbo = Quick(base_url, Path(folder))
        qbo.reset()
        yield qbo
        process.terminate()
        process.wait(timeout=10)


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_of_the_desk_scrolls_sideways(browser: Browser, books: Quick, width: int) -> None:
    made = invoice(books, TxnDate="2026-01-31")
    pay(books, 40, link(made["Id"], 40))
    estimate = books.create("Estimate", **form())
    preferences(books, "AccountingInfoPrefs", BookCloseDate="2026-01-31")
    own = (f"invoices/{made['Id']}", f"invoices/{made['Id']}/void", f"estimates/{estimate['Id']}")
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{books.base_url}/books")
    page.get_by_role("button", name="Sign In").click()

    for address in (*PAGES, *own):
        answer = page.goto(f"{books.base_url}/books/{address}")
        assert answer is not None
        assert answer.status == 200, address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    context.close()


def test_a_void_is_asked_for_and_done_without_javascript(browser: Browser, books: Quick) -> None:
    made = invoice(books)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{books.base_url}/books/invoices/{made['Id']}")
    page.get_by_role("button", name="Sign In").click()

    page.get_by_role("link", name="Void", exact=True).click()
    assert "owes 100.00 less" in page.inner_text("main")
    page.get_by_role("button", name="Void", exact=True).click()

    assert "Voided." in page.inner_text("main")
    assert books.read(made["Id"], "Invoice")["TotalAmt"] == 0
    context.close()
