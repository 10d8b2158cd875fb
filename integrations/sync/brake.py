"""
Stops a run that would change far too much.

Counted are archives, voids, deletes and replaced values that the sync wrote on either side within
24 hours, one a pair; in a full comparison, also what it created here. What a person edited here
and the sync carried over is that person's doing and does not count. Neither does what a person
saw in the dry run of set-up and confirmed: each pair counted there keeps its grant until it was
looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.models import Activity, Connection, Link
from integrations.reconcile.policy import Side

WINDOW = timedelta(hours=24)
AT_LEAST = 20
SHARE = 10  # percent of the linked records of the entity
GRANTED = "granted"  # in Link.options


class Held(Exception):
    """Too much would change. `str()` is a sentence for the person who has to confirm."""


@dataclass
class Brake:
    """What one connection's sync has done lately. Read once a drain, then counted along."""

    connection: Connection
    harmed: dict[str, set[int]] = field(default_factory=dict)
    allowed: dict[str, int] = field(default_factory=dict)

    def check(self, link: Link, *, now: datetime) -> None:
        """
        Before harm is done to `link`.

        Raises:
            Held: one more would be too many.
        """
        self._load(link.entity, now)
        harmed = self.harmed[link.entity]
        if link.pk not in harmed and len(harmed) >= self.allowed[link.entity]:
            raise Held(
                f"In the last 24 hours the sync changed, archived or brought in {len(harmed)} "
                f"records of one kind. It stopped before the next one, so that you can look first."
            )

    def count(self, link: Link) -> None:
        self.harmed.setdefault(link.entity, set()).add(link.pk)

    def _load(self, entity: str, now: datetime) -> None:
        if entity in self.allowed:
            return
        since = max(filter(None, (now - WINDOW, self.connection.brake_from)))
        done = Activity.objects.filter(
            connection_id=self.connection.pk, entity=entity, at__gt=since, is_harmful=True
        ).values_list("link_id", flat=True)
        pairs = {link_id for link_id in done.distinct() if link_id is not None}
        self.harmed[entity] = pairs | self.harmed.get(entity, set())
        linked = Link.objects.filter(
            connection=self.connection, entity=entity, state=Link.State.LINKED
        ).count()
        self.allowed[entity] = max(AT_LEAST, linked * SHARE // 100)


def grant(link: Link, sides: Iterable[Side]) -> None:
    """A person was told that values of these sides give way, and confirmed it. Not saved."""
    link.options = {**link.options, GRANTED: [str(side) for side in sides]}


def is_granted(link: Link, side: Side) -> bool:
    return side in link.options.get(GRANTED, ())


def use_up(link: Link) -> None:
    """It was looked at: what happens to it from now on was in no dry run. Not saved."""
    link.options = {name: value for name, value in link.options.items() if name != GRANTED}


def is_confirmed(connection: Connection, *, now: datetime) -> bool:
    """Whether a person let it go on within the last 24 hours."""
    return connection.brake_from is not None and now - connection.brake_from < WINDOW


def hold(connection: Connection, error: Held, *, now: datetime) -> None:
    """Stop working for this connection until a person confirms."""
    Connection.objects.filter(pk=connection.pk, held_reason="").update(held_reason=str(error)[:500])
    connection.refresh_from_db()
