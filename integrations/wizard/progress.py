"""Where a run of set-up stands: derived from its facts, never stored."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.models import Setup
from integrations.wizard.steps import LATER_PARTS, LISTS, STEPS, Step, has_seen


def current_step(setup: Setup) -> Step | None:
    """The first step that is not done; None when all of them are."""
    return next((step for step in STEPS if not step.is_done(setup)), None)


def may_open(setup: Setup, step: Step) -> bool:
    """Whether every step before this one is done."""
    return all(each.is_done(setup) for each in STEPS[: STEPS.index(step)])


def unseen_lists(setup: Setup) -> list[str]:
    return [name for name in LISTS if not has_seen(setup, name)]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A heading of the left-hand navigation."""

    number: int
    title: str
    state: str  # "done", "now" or "": not yet
    sub: str = ""


def parts(setup: Setup) -> list[Part]:
    """The headings of the navigation, in order."""
    now = current_step(setup)
    titles = list(dict.fromkeys(step.part for step in STEPS))
    found = []
    for number, title in enumerate([*titles, *LATER_PARTS], start=1):
        steps = [step for step in STEPS if step.part == title]
        is_done = bool(steps) and all(step.is_done(setup) for step in steps)
        is_now = now is not None and now.part == title
        sub = now.title if now is not None and is_now else ""
        if title == "Connect":
            sub = setup.connection.company_name
        found.append(
            Part(
                number=number,
                title=title,
                state="done" if is_done else "now" if is_now else "",
                sub=sub,
            )
        )
    return found
