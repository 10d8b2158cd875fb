from starlette.routing import Route

from ..emulator import Emulator


class Desk:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def routes(self) -> list[Route]:
        return []
