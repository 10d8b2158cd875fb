"""Drains whatever is due, again and again, until it is killed: a worker without its queue."""

from __future__ import annotations

import time

import django


def main() -> None:
    django.setup()
    from django.utils import timezone

    from integrations.models import Connection
    from integrations.sync import engine

    while True:
        now = timezone.now()
        for connection in Connection.objects.all():
            if engine.is_due(connection, now=now):
                engine.drain(connection, now=now)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
