"""One decision for many issues of a kind. One that cannot be decided so keeps back no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from firms.permissions import Actor, Permission
from integrations.entities import LocalRefused
from integrations.errors import SyncError
from integrations.models import Connection, Issue
from integrations.reconcile.policy import Side
from integrations.sync import resolving

AT_ONCE = 300
KEEP = {"keep_ours": Side.LOCAL, "keep_quickbooks": Side.REMOTE}
WITH_A_VALUE = "number_there"  # each its own: nothing for many at once
EXPECTED = (
    SyncError,
    LocalRefused,
    resolving.NothingToDecide,
    resolving.NotAChoice,
    PermissionDenied,
)


@dataclass(kw_only=True)
class Resolved:
    """What became of it."""

    done: int = 0
    refused: dict[int, str] = field(default_factory=dict)  # id of the issue -> why
    last_id: int | None = None  # where the next call goes on; None: that was all


def actions_of(kind: str) -> frozenset[str]:
    """What can be done with all issues of a kind at once."""
    if kind == Issue.Kind.CONFLICT:
        return frozenset({*KEEP, "ignore"})
    options = resolving.OPTIONS.get(kind, frozenset()) - {WITH_A_VALUE}
    voids = {"void_here"} if kind == Issue.Kind.DELETED_THERE else set()
    return frozenset({"retry", "ignore", *options, *voids})


def resolve(
    *,
    actor: Actor,
    connection: Connection,
    kind: str,
    action: str,
    now: datetime,
    reason: str = "",
    after: int = 0,
) -> Resolved:
    """
    Do the same with the open issues of a kind, up to 300 of them, in the order of their ids.

    Args:
        reason: of "ignore". `after`: `last_id` of the call before.
    Raises:
        resolving.NotAChoice: that cannot be done with issues of this kind, or without a reason.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    if action not in actions_of(kind):
        raise resolving.NotAChoice("That cannot be done with all issues of this kind.")
    if action == "ignore" and not reason.strip():
        raise resolving.NotAChoice("Say why they can be put aside.")
    act = _call(action, reason, {"actor": actor, "now": now})
    rows = Issue.objects.filter(
        connection=connection, kind=kind, state=Issue.State.OPEN, pk__gt=after
    )
    found = list(rows.select_related("link", "connection").order_by("pk")[: AT_ONCE + 1])
    told = Resolved()
    for issue in found[:AT_ONCE]:
        try:
            with transaction.atomic():
                act(issue)
        except EXPECTED as error:
            told.refused[issue.pk] = str(error)
        else:
            told.done += 1
    if len(found) > AT_ONCE:
        told.last_id = found[AT_ONCE - 1].pk
    return told


def _call(action: str, reason: str, common: dict[str, Any]) -> Callable[[Issue], Any]:
    if action in KEEP:
        return lambda issue: resolving.decide(
            issue=issue,
            keep={each["group"]: KEEP[action] for each in issue.detail["groups"]},
            **common,
        )
    if action == "retry":
        return lambda issue: resolving.retry(issue=issue, **common)
    if action == "ignore":
        return lambda issue: resolving.ignore(issue=issue, reason=reason, **common)
    if action == "void_here":
        return lambda issue: resolving.void_here(issue=issue, **common)
    return lambda issue: resolving.choose(issue=issue, option=action, **common)
