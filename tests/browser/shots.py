"""`make shots`: pictures of the pages in shots/, from a demo of its own, at two widths."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import find_chromium
from tests.browser.demo import Demo, a_page, running_demo, sign_in

FOLDER = Path(__file__).resolve().parents[2] / "shots"
WIDTHS = (1280, 390)
LISTS = ("matched", "unmatched", "duplicates", "new")
AFTER = {
    "integrations-next": "/settings/integrations/",
    "integration-home": "/settings/integrations/qbo/",
    "report": "/settings/integrations/qbo/setup/report/",
    "left-out": "/settings/integrations/qbo/left-out/",
    "activity": "/settings/integrations/qbo/activity/",
    "rules": "/settings/integrations/qbo/rules/",
    "contacts": "/contacts/",
    "contact-detail": "/contacts/1/",
    "contact-edit": "/contacts/1/edit/",
    "contact-merge-which": "/contacts/1/merge/",
    "contact-merge": "/contacts/1/merge/?other=2",
    "service-items": "/service-items/",
    "service-item": "/service-items/1/",
    "invoices": "/invoices/?status=all",
    "invoice-detail": "/invoices/5/",
    "invoice-editor": "/invoices/7/edit/",
    "invoice-void": "/invoices/5/void/",
    "invoice-send": "/invoices/5/send/",
    "invoice-settings": "/invoices/settings/",
    "payments": "/payments/",
    "payment-detail": "/payments/1/",
    "payment-new": "/invoices/2/payments/new/",
    "payment-void": "/payments/1/void/",
    "agreement": "/settings/integrations/qbo/agreement/",
    "api-tokens": "/settings/api-tokens/",
    "roles": "/settings/team/roles/",
    "audit-log": "/settings/audit-log/",
    "team": "/settings/team/",
}


def main() -> int:
    path = find_chromium()
    if path is None:
        print("No Chromium is found: `make browser` installs one.")
        return 2
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="canopy-shots-") as folder,
        running_demo(Path(folder) / "data") as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path)
        with a_page(browser) as page:
            _walk(page, demo)
        browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures are in {FOLDER}")
    return 0


def _walk(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}/sign-in/")
    _picture(page, "sign-in")
    sign_in(page, demo)
    page.goto(f"{demo.url}/settings/integrations/")
    _picture(page, "integrations")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Connect").click()
    quickbooks = opened.value
    quickbooks.get_by_role("button", name="Sign In").click()
    quickbooks.wait_for_url("**/consent**")
    _picture(quickbooks, "emulator-consent")
    quickbooks.get_by_role("button", name="Connect").click()
    page.wait_for_url("**/setup/contacts/")
    _picture(page, "wizard-contacts")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/matched/", timeout=30_000)
    for name in LISTS:
        page.goto(f"{demo.url}/settings/integrations/qbo/setup/contacts/{name}/")
        _picture(page, f"review-{name}")
    page.get_by_role("link", name="Sync contacts").click()
    page.wait_for_url("**/sync/")
    _picture(page, "dry-run")
    page.get_by_role("button", name="Sync contacts").click()
    page.wait_for_url("**/settings/integrations/", timeout=60_000)
    _second_half(page, demo)
    for name, address in AFTER.items():
        page.goto(demo.url + address)
        _picture(page, name)
    page.goto(f"{demo.qbo_url}/books/customers")
    _picture(page, "emulator-books")


def _second_half(page: Page, demo: Demo) -> None:
    setup = f"{demo.url}/settings/integrations/qbo/setup"
    page.goto(f"{demo.url}/settings/integrations/")
    page.get_by_role("link", name="Next").click()
    _picture(page, "services-start")
    page.get_by_role("button", name="Start").click()
    _picture(page, "services-progress")
    page.wait_for_url("**/matched/", timeout=30_000)
    for name in ("matched", "new", "unmatched"):
        page.goto(f"{setup}/services/{name}/")
        _picture(page, f"services-{name}")
    page.get_by_label("More for Monthly bookkeeping").click()
    _picture(page, "services-more")
    page.goto(f"{setup}/services/unmatched/")  # the open menu lies over the next row
    page.get_by_role("link", name="Use theirs for Trimming").click()
    _picture(page, "services-use-theirs")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Sync service items").click()
    _picture(page, "services-sync")
    page.get_by_label("Default income account").select_option(index=1)
    page.get_by_label("From a date").check()
    page.get_by_role("button", name="Show what happens").click()
    _picture(page, "services-dry-run")
    page.get_by_role("button", name="Sync service items").click()
    page.wait_for_url("**/finish/", timeout=60_000)
    _picture(page, "wizard-finish")
    page.get_by_role("button", name="Finish").click()
    page.wait_for_url("**/qbo/")


def _picture(page: Page, name: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=FOLDER / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})


if __name__ == "__main__":
    sys.exit(main())
