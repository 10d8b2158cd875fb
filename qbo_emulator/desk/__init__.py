"""The pages where a person edits as the bookkeeper, signs in and gives an app access."""

from starlette.routing import Route

from ..emulator import Emulator
from .books import BooksPages
from .consent import ConsentPages
from .pages import Pages
from .trouble import TroublePages


class Desk:
    """All pages of one emulator. They work without JavaScript and load nothing from elsewhere."""

    def __init__(self, emulator: Emulator) -> None:
        pages = Pages(emulator)
        # The log and the faults come first: /books/{names} would take their addresses too.
        self.parts = (ConsentPages(pages), TroublePages(pages), BooksPages(pages))
        self.pages = pages

    def routes(self) -> list[Route]:
        own = [route for part in self.parts for route in part.routes()]
        return [*self.pages.routes(), *own]


__all__ = ["Desk"]
