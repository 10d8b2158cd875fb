"""Where other apps show something on a contact's page, without contacts knowing them.

An app registers a maker in `AppConfig.ready()`:

    panels.register(make_quickbooks_panel)

    def make_quickbooks_panel(request: FirmRequest, contact: Contact) -> Panel | None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.template.loader import render_to_string

from contacts.models import Contact
from firms.http import FirmRequest


@dataclass(frozen=True, kw_only=True)
class Panel:
    """
    One card, a template with `<section class="card">` as its root.

    `place`: "top" (notices, over everything), "details" (in place of our own card of details),
    "main" (under it) or "side".
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    place: Literal["top", "details", "main", "side"] = "side"


MakePanel = Callable[[FirmRequest, Contact], Panel | None]

_makers: list[MakePanel] = []


def register(make: MakePanel) -> None:
    """Have `make` asked for each contact's page; None draws nothing. Order of registration."""
    if make not in _makers:
        _makers.append(make)


def draw(request: FirmRequest, contact: Contact) -> dict[str, list[str]]:
    """Return place -> the drawn panels."""
    drawn: dict[str, list[str]] = {"top": [], "details": [], "main": [], "side": []}
    for make in _makers:
        panel = make(request, contact)
        if panel is not None:
            context = {**panel.context, "contact": contact}
            drawn[panel.place].append(render_to_string(panel.template, context, request))
    return drawn
