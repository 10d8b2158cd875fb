"""Where a run of set-up stands: derived from its facts, never stored."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.models import Setup
from integrations.wizard.errors import SetupError
from integrations.wizard.steps import FINISH, PARTS, STEPS, Step, has_seen, lists_of


def current_step(setup: Setup) -> Step | None:
    """The first step that is not done; None when all of them are."""
    return next((step for step in _steps(setup) if not step.is_done(setup)), None)


def may_open(setup: Setup, step: Step) -> bool:
    """Whether every step before this one is done."""
    steps = _steps(setup)
    return all(each.is_done(setup) for each in steps[: steps.index(step)])


class NotOpen(SetupError):
    """The lists are not there yet, or were synced."""


def must_review(setup: Setup) -> None:
    """
    Raises:
        NotOpen: the lists cannot be looked at or decided on now.
    """
    if setup.confirmed_at is not None:
        raise NotOpen("They were synced; these lists are closed.")
    if setup.import_state != Setup.Import.DONE:
        raise NotOpen("QuickBooks was not read yet. The lists are there once it is.")


def unseen_lists(setup: Setup) -> list[str]:
    return [name for name in lists_of(setup) if not has_seen(setup, name)]


def _steps(setup: Setup) -> tuple[Step, ...]:
    return STEPS[Setup.Half(setup.half)]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A heading of the left-hand navigation."""

    number: int
    title: str
    state: str  # "done", "now" or "": not yet
    sub: str = ""


def parts(setup: Setup) -> list[Part]:
    """
    The headings of the navigation, in order.

    In the first half the second is not begun; a run of the second half means the first is done.
    """
    now = current_step(setup)
    mine = {step.part for step in _steps(setup)}
    here = now.part if now is not None else FINISH if setup.half == Setup.Half.BILLING else ""
    last = max((PARTS.index(each) for each in mine), default=0)
    end = PARTS.index(here) if here else last + 1
    titles = PARTS if setup.connection.firm.has_billing else ("Connect", "Contacts", FINISH)
    return [
        Part(
            number=number,
            title=title,
            state="now" if title == here else "done" if PARTS.index(title) < end else "",
            sub=_sub(setup, title, now if title == here else None),
        )
        for number, title in enumerate(titles, start=1)
    ]


def _sub(setup: Setup, title: str, now: Step | None) -> str:
    if title == "Connect":
        return setup.connection.company_name
    return now.title if now is not None else ""
