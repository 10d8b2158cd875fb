"""The pages where a person edits as the bookkeeper, signs in and gives an app access."""

from typing import Protocol

from starlette.routing import Route

from ..emulator import Emulator
from .apps import AppPages
from .books import PEOPLE, BooksPages
from .consent import ConsentPages
from .lists import ITEMS, LISTS
from .log import LogPages
from .objects import ObjectPages
from .pages import Pages
from .preferences import PreferencesPages
from .receiving import DEPOSITS, PAYMENTS, DepositPages, PaymentPages
from .sales import INVOICES, SALES, SalesPages
from .settings import SettingsPages
from .trouble import TroublePages


class Part(Protocol):
    """Pages that belong together."""

    def routes(self) -> list[Route]: ...


class Desk:
    """All pages of one emulator. They work without JavaScript and load nothing from elsewhere."""

    def __init__(self, emulator: Emulator) -> None:
        pages = Pages(emulator)
        objects: list[ObjectPages] = [
            ObjectPages(pages, ITEMS),
            SalesPages(pages, INVOICES),
            PaymentPages(pages, PAYMENTS),
            DepositPages(pages, DEPOSITS),
            *(SalesPages(pages, sheet) for sheet in SALES),
            *(ObjectPages(pages, sheet) for sheet in LISTS),
        ]
        people = [(entity, f"{entity.name}s") for entity in PEOPLE]
        own = [(each.sheet.entity, each.sheet.heading) for each in objects]
        pages.lists = [*people, *own]
        # The people come last: /books/{names} would take the other addresses too.
        self.parts: tuple[Part, ...] = (
            ConsentPages(pages),
            AppPages(pages),
            LogPages(pages),
            TroublePages(pages),
            SettingsPages(pages),
            PreferencesPages(pages),
            *objects,
            BooksPages(pages),
        )
        self.pages = pages

    def routes(self) -> list[Route]:
        own = [route for part in self.parts for route in part.routes()]
        return [*self.pages.routes(), *own]


__all__ = ["Desk"]
