"""The pages where a person edits as the bookkeeper, signs in and gives an app access."""

from starlette.routing import Route

from ..emulator import Emulator
from .apps import AppPages
from .books import PEOPLE, BooksPages
from .consent import ConsentPages
from .lists import ITEMS, LISTS
from .log import LogPages
from .objects import ObjectPages
from .pages import Pages
from .settings import SettingsPages
from .trouble import TroublePages


class Desk:
    """All pages of one emulator. They work without JavaScript and load nothing from elsewhere."""

    def __init__(self, emulator: Emulator) -> None:
        pages = Pages(emulator)
        sheets = [ITEMS, *LISTS]
        objects = [ObjectPages(pages, sheet) for sheet in sheets]
        people = [(entity, f"{entity.name}s") for entity in PEOPLE]
        pages.lists = [*people, *((sheet.entity, sheet.heading) for sheet in sheets)]
        # The people come last: /books/{names} would take the other addresses too.
        self.parts = (
            ConsentPages(pages),
            AppPages(pages),
            LogPages(pages),
            TroublePages(pages),
            SettingsPages(pages),
            *objects,
            BooksPages(pages),
        )
        self.pages = pages

    def routes(self) -> list[Route]:
        own = [route for part in self.parts for route in part.routes()]
        return [*self.pages.routes(), *own]


__all__ = ["Desk"]
