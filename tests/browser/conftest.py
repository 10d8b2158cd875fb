"""A real browser, where one is found: else each test says why it was skipped."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.demo import Demo, running_demo

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Playwright's loop runs in our thread; Django would take each query for one from async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="package")  # Playwright's loop would be in the way of tests after these
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("No Chromium found: `make browser` installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, live_server: Any, client: Any) -> Iterator[Callable[..., Page]]:
    """Open a window of our site; `user` is signed in, `options` are those of a browser context."""
    contexts = []

    def make(user: Any = None, *, width: int = 1440, **options: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, **options
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        if user is not None:
            client.force_login(user)
            context.add_cookies(
                [
                    {
                        "name": "sessionid",
                        "value": client.cookies["sessionid"].value,
                        "url": live_server.url,
                    }
                ]
            )
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def demo() -> Iterator[Demo]:
    """`make demo` in a folder of its own: nobody is connected yet."""
    # pytest's own temporary folders are closed to the user the database runs as.
    with (
        tempfile.TemporaryDirectory(prefix="canopy-demo-") as folder,
        running_demo(Path(folder) / "data") as made,
    ):
        yield made
