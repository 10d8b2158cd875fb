"""Where other apps show something on billing's pages, without billing knowing them.

An app registers a maker for a page in `AppConfig.ready()`:

    panels.register(Page.INVOICE, make_quickbooks_panel)

    def make_quickbooks_panel(request: FirmRequest, invoice: Invoice) -> Panel | None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from django.template.loader import render_to_string

from billing.models import Invoice
from contacts.models import Contact
from firms.http import FirmRequest


class Page(StrEnum):
    """A page with a place for panels, and what its makers are given."""

    EDITOR = "editor"  # Edited
    INVOICE = "invoice"  # Invoice
    VOID = "void"  # Invoice, about to be voided: what that does elsewhere
    PAYMENT = "payment"  # Payment
    ITEM = "item"  # ServiceItem
    NUMBERS = "numbers"  # Firm: how its invoices are numbered


@dataclass(frozen=True, kw_only=True)
class Edited:
    """
    An invoice as it stands in the editor, saved or not.

    `invoice` is the saved one, or None. `service_items` are the ids of the lines with an amount, in
    their order; None is a line without a service item.
    """

    invoice: Invoice | None
    contact: Contact | None
    number: str
    service_items: Sequence[int | None]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """
    One card, a template with `<section class="card">` as its root.

    `place`: "top" (notices, over everything), "main" (under it) or "side".
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    place: Literal["top", "main", "side"] = "side"


MakePanel = Callable[[FirmRequest, Any], Panel | None]

_makers: dict[Page, list[MakePanel]] = {page: [] for page in Page}


def register(page: Page, make: MakePanel) -> None:
    """Have `make` asked each time the page is drawn; None draws nothing."""
    if make not in _makers[page]:
        _makers[page].append(make)


def draw(page: Page, request: FirmRequest, subject: Any) -> dict[str, list[str]]:
    """Return place -> the drawn panels, in the order of registration."""
    drawn: dict[str, list[str]] = {"top": [], "main": [], "side": []}
    for make in _makers[page]:
        panel = make(request, subject)
        if panel is not None:
            context = {**panel.context, "subject": subject}
            drawn[panel.place].append(render_to_string(panel.template, context, request))
    return drawn
