"""A person in front of QuickBooks' sign-in and consent pages, without a browser."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import requests


class _Inputs(HTMLParser):
    """The hidden inputs of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("type") == "hidden":
            self.found[values["name"] or ""] = values.get("value") or ""


def answer_consent(url: str, *, decision: str = "connect", company: str = "") -> str:
    """
    Sign in, choose the company, press Connect or Cancel.

    Returns:
        The address QuickBooks sends the browser back to.
    """
    session = requests.Session()
    session.trust_env = False
    sign_in = session.get(url, timeout=30)
    origin = "/".join(sign_in.url.split("/", 3)[:3])
    page = session.post(
        f"{origin}/sign-in",
        data={
            **_hidden(sign_in.text),
            "email": "sandbox.owner@example.test",
            "password": "sandbox",
        },
        timeout=30,
    )
    answer = session.post(
        f"{origin}/consent",
        data={**_hidden(page.text), "company": company, "decision": decision},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def _hidden(page: str) -> dict[str, Any]:
    parser = _Inputs()
    parser.feed(page)
    return parser.found
