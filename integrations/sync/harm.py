"""What a plan would end or replace though nobody asked for it: the brake counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.models import InboxEntry
from integrations.reconcile.plan import Create, Plan, Update, replaced
from integrations.reconcile.policy import Side
from integrations.reconcile.record import Record
from integrations.sync import (
    brake,
)
from integrations.sync.look import Look


def guard(look: Look, plan: Plan, base: Mapping[str, Any], remote: Record | None) -> set[Side]:
    """
    Ask the brake before the sync itself ends or replaces something; return on which sides.

    Raises:
        brake.Held: it would be too much within a day.
    """
    harmed = set()
    if _loses_here(look, plan):
        harmed.add(Side.LOCAL)
    known = remote.values() if remote else {}
    if plan.remote is not None and loses_there(look, base, known, plan.remote.values):
        harmed.add(Side.REMOTE)
    if harmed:
        look.drain.brake.check(look.link, now=look.now)
        look.drain.brake.count(look.link)
    return harmed


def _loses_here(look: Look, plan: Plan) -> bool:
    """Whether a value or a life of ours gives way; in a full comparison, what is new counts."""
    if isinstance(plan.local, Create):
        return not look.link.may_create and _was_only_listed(look)
    if look.local is None or brake.is_granted(look.link, Side.LOCAL):
        return False
    return bool(replaced(plan.local, look.local.record) - look.acting_decisions().keys())


def _was_only_listed(look: Look) -> bool:
    bells = InboxEntry.objects.filter(link=look.link, needs_read=False)
    return bells.filter(source=InboxEntry.Source.LISTING).exists()


def loses_there(
    look: Look, base: Mapping[str, Any], known: Mapping[str, Any], sent: Mapping[str, Any]
) -> bool:
    """
    Whether what is `known` of theirs gives way to what is sent though nobody edited it here.

    Against a base it is somebody's edit that goes over, and that one's doing.
    """
    if brake.is_granted(look.link, Side.REMOTE):
        return False
    theirs = look.spec.record.from_values(
        {name: value for name, value in known.items() if name not in base}
    )
    action = Update(values={name: sent[name] for name in sent if name not in base})
    return bool(replaced(action, theirs) - look.acting_decisions().keys())
