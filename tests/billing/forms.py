"""What a browser without scripts would send of a page's form."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Controls(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.is_inside = form_id, False
        self.values: dict[str, list[str]] = {}
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.is_inside = given.get("id") == self.form_id
        if not self.is_inside:
            return
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "select":
            self.select = name
            self.values[name] = []
        elif tag == "option" and "selected" in given:
            self.values[self.select].append(value)
        elif tag == "textarea":
            self.area = name
            self.values[name] = [""]
        elif tag == "input" and name:
            is_box = given.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in given:
                self.values.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            # As in browsers, the first line break after the tag is not part of the text.
            self.values[self.area][0] = self.values[self.area][0].removeprefix("\n")
            self.area = ""
        if tag == "form":
            self.is_inside = False


def controls(answer: Any, form_id: str) -> dict[str, list[str]]:
    """Name -> the values that would be sent; an unticked box is not there."""
    parser = _Controls(form_id)
    parser.feed(answer.content.decode())
    return parser.values
