"""What can be done about an issue: the buttons of its card, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firms.permissions import Actor, Permission
from integrations.models import Issue
from integrations.sync import links, resolving
from integrations.web import cards

Sent = Mapping[str, Any]
Call = Callable[[dict[str, Any], Issue, Sent], Any]


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button. `needs`: what has to be sent along; `proposal`: for that, where there is one."""

    name: str
    label: str
    effect: str = ""
    needs: tuple[str, ...] = ()
    proposal: str = ""


BUTTONS: Mapping[str, Action] = {
    "retry": Action(name="retry", label="Try again"),
    "link": Action(
        name="link_to_existing",
        label="Link to the existing one",
        effect="The record there and ours are one from then on. One metered read.",
        needs=("quickbooks_id",),
    ),
    "rename": Action(
        name="rename",
        label="Give ours another name",
        effect="It is tried again under that name. `version` is that of our record.",
        needs=("name", "version"),
    ),
    "pick": Action(
        name="pick",
        label="This one is meant",
        effect="Ours is linked with that candidate, and the answer remembered.",
        needs=("quickbooks_id",),
    ),
    "same": Action(
        name="same_payment",
        label="They are one payment",
        effect="Linked, it counts once on both sides.",
        needs=("candidate_id",),
    ),
    "archive": Action(name="archive", label="Archive ours"),
    "unmatch": Action(
        name="unmatch", label="Unmatch", effect="Changes are copied no more. Nothing is deleted."
    ),
}
CALLS: Mapping[str, Call] = {
    "retry": lambda act, issue, sent: resolving.retry(issue=issue, **act),
    "link_to_existing": lambda act, issue, sent: resolving.link_to_existing(
        issue=issue, remote_id=sent["quickbooks_id"], **act
    ),
    "rename": lambda act, issue, sent: resolving.rename(
        issue=issue, name=sent["name"], version=sent["version"], **act
    ),
    "pick": lambda act, issue, sent: resolving.pick(
        issue=issue, remote_id=sent["quickbooks_id"], **act
    ),
    "same_payment": lambda act, issue, sent: resolving.same_payment(
        issue=issue, other_id=sent["candidate_id"], **act
    ),
    "archive": lambda act, issue, sent: resolving.archive_merged(issue=issue, **act),
    "unmatch": lambda act, issue, sent: links.unmatch(link=issue.link, **act),
    "void_here": lambda act, issue, sent: resolving.void_here(issue=issue, **act),
}


def actions_of(card: cards.Card) -> list[Action]:
    """What can be done about an open issue by `resolve`; none where it is closed."""
    if card.issue.state != Issue.State.OPEN:
        return []
    buttons = [action for name, action in BUTTONS.items() if name in card.buttons]
    return buttons + [_of_choice(each) for each in card.choices]


def _of_choice(choice: cards.Choice) -> Action:
    return Action(
        name=choice.option,
        label=choice.label,
        effect=choice.effect,
        needs=("number",) if choice.longest else (),
        proposal=choice.proposal,
    )


def resolve(*, actor: Actor, issue: Issue, action: str, sent: Sent, now: datetime) -> None:
    """
    Press a button of the issue.

    Raises:
        NothingToDecide: it is closed. NotAChoice: it has no such button, or needs something more.
        and what the button's service raises.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=issue.firm_id)
    if issue.state != Issue.State.OPEN:
        raise resolving.NothingToDecide("It was decided or mended meanwhile.")
    offered = {each.name: each for each in actions_of(cards.cards([issue])[0])}
    if action not in offered:
        raise resolving.NotAChoice("Choose one of the `actions` that the issue shows.")
    missing = [name for name in offered[action].needs if name not in sent]
    if missing:
        raise resolving.NotAChoice(f"{action} needs {' and '.join(missing)}.")
    act: dict[str, Any] = {"actor": actor, "now": now}
    if action in CALLS:
        CALLS[action](act, issue, sent)
    else:
        resolving.choose(issue=issue, option=action, value=sent.get("number", True), **act)
