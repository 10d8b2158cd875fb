"""Write the description of the REST API (OpenAPI 3.1) to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from canopy_sync.api.views import description


class Command(BaseCommand):
    help = "Write the description of the REST API to a file, such as docs/openapi.json."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        options["file"].write_text(description())
