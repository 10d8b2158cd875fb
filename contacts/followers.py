"""
Who takes part when two contacts are merged, without contacts knowing them.

An app registers itself in `AppConfig.ready()`: billing moves invoices and payments, integrations
what links the two with the books.

    followers.register(Follower(foresee=what_would_move, follow=move))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contacts.models import Contact
from firms.permissions import Actor, Permission


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """
    Why two contacts cannot be merged now, and what to do first, step by step if need be.

    `lacks`: the permission, where that is all that is missing.
    """

    sentence: str
    steps: Sequence[str] = ()
    lacks: Permission | None = None

    def __str__(self) -> str:
        return " ".join([self.sentence, *self.steps])


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a merge would do, told before anybody presses."""

    moves: Sequence[str] = ()  # "3 invoices, 1,200.00 open"
    effects: Sequence[str] = ()  # what happens elsewhere, a sentence each
    refusals: Sequence[Refusal] = ()


class Foresee(Protocol):
    def __call__(self, *, actor: Actor, keep: Contact, lose: Contact) -> Outlook: ...


class Follow(Protocol):
    """Called in the transaction of the merge, when both contacts are written."""

    def __call__(self, *, actor: Actor, keep: Contact, lose: Contact, now: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Follower:
    """`hold(firm_id)`, if there is one, is called first: whoever works beside the merge waits."""

    foresee: Foresee
    follow: Follow
    hold: Callable[[int], None] | None = None


_followers: list[Follower] = []


def register(follower: Follower) -> None:
    """Asked and called in the order of registration."""
    if follower not in _followers:
        _followers.append(follower)


def hold(firm_id: int) -> None:
    for each in _followers:
        if each.hold is not None:
            each.hold(firm_id)


def foresee(*, actor: Actor, keep: Contact, lose: Contact) -> Outlook:
    """What all of them say, as one."""
    told = [each.foresee(actor=actor, keep=keep, lose=lose) for each in _followers]
    return Outlook(
        moves=[move for each in told for move in each.moves],
        effects=[effect for each in told for effect in each.effects],
        refusals=[refusal for each in told for refusal in each.refusals],
    )


def follow(*, actor: Actor, keep: Contact, lose: Contact, now: datetime) -> None:
    for each in _followers:
        each.follow(actor=actor, keep=keep, lose=lose, now=now)
