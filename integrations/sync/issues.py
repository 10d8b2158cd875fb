"""Opens and closes what needs a person: one open issue a pair and kind. See also resolving.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from billing.models import Invoice
from billing.queries import balances_of
from integrations.entities import ENTITIES
from integrations.errors import (
    Deposited,
    DuplicateName,
    DuplicateNumber,
    HasBalance,
    PeriodClosed,
    ReferenceInactive,
    SetUpNeeded,
    SyncError,
)
from integrations.models import Issue, Link
from integrations.reconcile.plan import Conflict
from integrations.sync import activity, marks, rules
from integrations.sync.doubles import MaybeSamePayment
from integrations.sync.partners import DeleteHeld, SeveralMatches

KIND_OF: tuple[tuple[type[SyncError], str], ...] = (
    (DuplicateName, Issue.Kind.DUPLICATE_NAME),
    (DuplicateNumber, Issue.Kind.DUPLICATE_NUMBER),
    (Deposited, Issue.Kind.DEPOSITED),
    (MaybeSamePayment, Issue.Kind.SAME_PAYMENT),
    (SeveralMatches, Issue.Kind.SEVERAL_MATCHES),
    (DeleteHeld, Issue.Kind.DELETE_HELD),
    (SetUpNeeded, Issue.Kind.SET_UP),
    (ReferenceInactive, Issue.Kind.INACTIVE_REFERENCE),
    (HasBalance, Issue.Kind.HAS_BALANCE),
    (PeriodClosed, Issue.Kind.PERIOD_CLOSED),
)


def open_issue(
    link: Link,
    *,
    kind: str,
    sentence: str,
    now: datetime,
    what_to_do: str = "",
    detail: Mapping[str, Any] | None = None,
) -> tuple[Issue, bool]:
    """The open issue of this kind, told anew; and whether it is new."""
    values = {
        "sentence": sentence,
        "what_to_do": what_to_do,
        "detail": dict(detail or {}),
        "last_seen_at": now,
    }
    found = Issue.objects.filter(link=link, kind=kind, state=Issue.State.OPEN)
    if found.update(**values, tries=F("tries") + 1):
        return found.get(), False
    issue = Issue.objects.create(
        connection_id=link.connection_id,
        firm_id=link.firm_id,
        link=link,
        kind=kind,
        opened_at=now,
        **values,
    )
    transaction.on_commit(lambda: _tell_people(issue, now))
    return issue, True


def _tell_people(issue: Issue, now: datetime) -> None:
    from integrations.sync import notices

    notices.issue_opened(issue, now)


def kind_of(error: SyncError) -> str:
    return next((kind for sort, kind in KIND_OF if isinstance(error, sort)), Issue.Kind.REFUSED)


def open_refusal(link: Link, error: SyncError, *, more: str = "", now: datetime) -> Issue:
    """
    The provider, or our side, will not take it: in words, with what to do.

    `more`: a sentence about what follows from it.
    """
    kind = kind_of(error)
    sentence, what_to_do = str(error), error.what_to_do
    spec = ENTITIES[link.entity]
    if isinstance(error, DuplicateName):
        taken_by = "customer, vendor or employee" if spec.key == "contact" else spec.theirs
        sentence = f"QuickBooks already has a {taken_by} called {link.label}."
        what_to_do = f"Link to the existing {spec.theirs}, or rename the {spec.singular}."
    if isinstance(error, PeriodClosed):
        sentence = _first_open_day(link) or sentence
    if isinstance(error, HasBalance):
        sentence += _open_invoices_of(link)
    issue, _ = open_issue(
        link,
        kind=kind,
        sentence=f"{sentence} {more}".strip(),
        what_to_do=what_to_do,
        detail={
            "code": error.provider_code or error.code,
            "message": error.detail,
            "element": error.element,
            "trace": error.trace,
            "other_id": getattr(error, "other_id", ""),
            "candidates": getattr(error, "candidates", []),
        },
        now=now,
    )
    return issue


def _first_open_day(link: Link) -> str:
    """The closing date as last read, and the day after it, in words; "" where none is known."""
    closed = rules.books_closed_until(link.firm_id)
    if closed is None:
        return ""
    first = closed + timedelta(days=1)
    return (
        f"The books are closed up to {closed:%b} {closed.day}, {closed.year} in QuickBooks. The "
        f"first open day is {first:%b} {first.day}, {first.year}."
    )


def _open_invoices_of(link: Link) -> str:
    """Which of our invoices the customer still owes, in words; "" where none of ours is known."""
    rows = Invoice.objects.for_firm(link.firm_id).filter(
        contact=link.local_id, status=Invoice.Status.SENT
    )
    owed = {pk for pk, balance in balances_of(rows).items() if balance > 0}
    numbers = list(rows.filter(pk__in=owed).order_by("due_on").values_list("number", flat=True))
    if link.entity != "contact" or not numbers:
        return ""
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f" Open here: {', '.join(numbers[:5])}{more}."


def open_conflict(
    link: Link, conflicts: Sequence[Conflict], *, local_by: str, now: datetime
) -> Issue:
    """
    What both sides changed, field by field, as it stands now.

    `local_by`: who changed ours; "" keeps the name an earlier look found.
    """
    earlier = Issue.objects.filter(
        link=link, kind=Issue.Kind.CONFLICT, state=Issue.State.OPEN
    ).first()
    who = local_by or (earlier.detail.get("local_by", "") if earlier else "")
    issue, is_new = open_issue(
        link,
        kind=Issue.Kind.CONFLICT,
        sentence=_what_happened(conflicts),
        detail={
            "groups": [_shown(link.entity, each) for each in conflicts],
            "local_by": who,
            "remote_by": "Somebody in QuickBooks" if who else "",  # QuickBooks does not say who
        },
        now=now,
    )
    if issue.decided_at is not None and issue.decided_at <= now:
        # The loser changed meanwhile: it is a new question.
        issue.decided_at = None
        issue.save(update_fields=["decided_at"])
    if is_new:
        activity.write(
            link,
            direction=activity.Activity.Direction.RECEIVED,
            result=activity.Activity.Result.CONFLICT,
            title="Changed on both sides",
            before={name: value for each in conflicts for name, value in each.local.items()},
            after={name: value for each in conflicts for name, value in each.remote.items()},
            now=now,
        )
    return issue


def _what_happened(conflicts: Sequence[Conflict]) -> str:
    had_agreed = any(each.base for each in conflicts)
    fact = "Changed on both sides since the last sync." if had_agreed else "The two sides differ."
    return f"{fact} Nothing is overwritten until you choose."


def _shown(entity: str, conflict: Conflict) -> dict[str, Any]:
    record = ENTITIES[entity].record
    fields = {each.name: each for each in record.fields()}
    names = list(dict.fromkeys([*conflict.local, *conflict.remote]))
    return {
        "group": conflict.group,
        "label": record.groups()[conflict.group][0].label,
        "only": conflict.only or "",
        "local": dict(conflict.local),
        "remote": dict(conflict.remote),
        "fields": [
            {
                "name": name,
                "label": fields[name].label,
                "base": conflict.base.get(name),
                "local": conflict.local.get(name, ""),
                "remote": conflict.remote.get(name, ""),
            }
            for name in names
        ],
    }


def open_merged(link: Link, *, now: datetime) -> Issue:
    """
    What was linked vanished into another one there: a person decides about ours.

    What else was open of the pair cannot be mended any more, and is closed.
    """
    other = (
        Link.objects.filter(
            connection_id=link.connection_id,
            entity=link.entity,
            remote_id=link.merged_into,
            local_id__isnull=False,
        )
        .exclude(state=Link.State.FORMER)
        .first()
        if link.merged_into
        else None
    )
    spec = ENTITIES[link.entity]
    into = f"merged into {other.remote_label}" if other else "merged or removed"
    archive = "Merge the two here, archive" if link.entity == "contact" else "Archive"
    issue, _ = open_issue(
        link,
        kind=Issue.Kind.MERGED_THERE,
        sentence=f"{link.remote_label or f'The {spec.theirs}'} was {into} in QuickBooks.",
        what_to_do=(
            f"{other.label} is linked with the {spec.theirs} that is left. {archive} this "
            f"{spec.singular}, or keep it apart from the sync."
            if other
            else f"Match this {spec.singular} with the {spec.theirs} that is left, or archive it."
        ),
        detail={"merged_into": link.merged_into, "other_local_id": other and other.local_id},
        now=now,
    )
    moot = [kind for kind in Issue.Kind.values if kind != Issue.Kind.MERGED_THERE]
    note = f"The {spec.theirs} was merged into another in QuickBooks."
    close(link, kinds=moot, now=now, note=note)
    link.rests = Link.Rests.ISSUE
    link.save(update_fields=["rests"])
    marks.show(link, "failed", now=now)
    return issue


def close(link: Link, *, now: datetime, kinds: Sequence[str] | None = None, note: str = "") -> int:
    """What was wrong is mended. `kinds` None: whatever is open."""
    found = Issue.objects.filter(link=link, state=Issue.State.OPEN)
    if kinds is not None:
        found = found.filter(kind__in=kinds)
    return found.update(state=Issue.State.RESOLVED, closed_at=now, closing_note=note)
