"""What people answer to issues. Each answer is noted with the pair, which is looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from firms.permissions import Actor, Permission
from integrations import doorbell
from integrations.entities import ENTITIES, LocalRefused
from integrations.errors import (
    SyncError,
)
from integrations.models import Connection, Issue, Link
from integrations.providers.base import Gone
from integrations.reconcile.policy import Side
from integrations.reconcile.record import Life
from integrations.sync import (
    access,
    activity,
    company_facts,
    issues,
    links,
    marks,
    pairs,
    voids,
)


class NothingToDecide(Exception):
    """It was decided or mended meanwhile."""


class ShownChanged(Exception):
    """What would be lost is no longer what the person saw. Read the issue again."""


class AnotherKind(Exception):
    """The name there belongs to a record that ours cannot be linked with."""


def retry(*, actor: Actor, issue: Issue, now: datetime) -> None:
    """
    Look at the pair again at once. The issue closes when that goes well.

    Two metered reads where closed books refused a void: they may be open again.

    Raises:
        LocalRefused: what was refused cannot be voided here any more; the sentence says why.
    """
    _must(actor, issue.firm_id)
    refused = issue.link.options.get(voids.REFUSED) == issue.kind
    if refused and issue.kind == Issue.Kind.PERIOD_CLOSED:
        _read_closing_date(issue.connection, now)
    with transaction.atomic():
        if issue.link.options.get(voids.REFUSED) == issue.kind:
            _void_again(issue.link, actor=actor, now=now)
        _wake(issue.link, now=now)


def _read_closing_date(connection: Connection, now: datetime) -> None:
    """Where it cannot be read, what was told last counts."""
    with suppress(SyncError):
        company = access.open_books(connection, lane="people").company()
        company_facts.refresh_facts(connection=connection, company=company, now=now)


def _forget_void(issue: Issue) -> None:
    """Nobody wants it voided any more."""
    link = issue.link
    if link.options.get(voids.REFUSED) == issue.kind:
        Link.objects.filter(pk=link.pk).update(options=_without_void(link))


def _without_void(link: Link) -> dict[str, Any]:
    names = (voids.REFUSED, voids.WITH_PAYMENTS)
    return {name: value for name, value in link.options.items() if name not in names}


def _void_again(link: Link, *, actor: Actor, now: datetime) -> None:
    """
    A void that the books refused was taken back here; who retries wants it voided.

    Raises:
        LocalRefused: it cannot be voided here any more; the sentence says why.
    """
    if not link.options.get(voids.REFUSED) or link.local_id is None:
        return
    Link.objects.filter(pk=link.pk).update(options=_without_void(link))
    ENTITIES[link.entity].store.void(
        actor=actor,
        local_id=link.local_id,
        with_payments=bool(link.options.get(voids.WITH_PAYMENTS)),
        now=now,
    )


def retry_all(*, actor: Actor, connection: Connection, now: datetime) -> int:
    """Retry every error, never a conflict; return how many."""
    _must(actor, connection.firm_id)
    closed = {f"options__{voids.REFUSED}": Issue.Kind.PERIOD_CLOSED}
    if Link.objects.filter(connection=connection, **closed).exists():
        _read_closing_date(connection, now)
    with transaction.atomic():
        refused = Link.objects.filter(connection=connection, options__has_key=voids.REFUSED)
        for link in refused:
            waits = link.issues.filter(state=Issue.State.OPEN, kind=link.options[voids.REFUSED])
            if not waits.exists():
                continue
            # Its issue stays, and so does what was noted of it; the others go on.
            with suppress(LocalRefused, PermissionDenied), transaction.atomic():
                _void_again(link, actor=actor, now=now)
        waiting = Link.objects.filter(
            pk__in=Issue.objects.filter(connection=connection, state=Issue.State.OPEN)
            .exclude(kind__in=[Issue.Kind.CONFLICT, Issue.Kind.MERGED_THERE])
            .values("link_id")
        )
        count = pairs.wake(waiting, now=now, at_once=True)
        transaction.on_commit(lambda: doorbell.ring(connection.pk))
    return count


def decide(
    *,
    actor: Actor,
    issue: Issue,
    keep: Mapping[str, Side],
    now: datetime,
    loses: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """
    Answer a conflict, group by group, on the values the issue shows.

    It is carried out after UNDO_SECONDS. If what would be lost changes until then, the answer
    does not count any more and the conflict is shown anew.

    Args:
        loses: group -> the values that go, as whoever decides read them; None: as they are now.
    Raises:
        NothingToDecide: the issue is no longer open.
        NotAChoice: it is no conflict, has no such group, or would bring back what ended for good.
        ShownChanged: `loses` is not what would be lost now.
    """
    _must(actor, issue.firm_id)
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=issue.link_id)
        issue = _still_open(issue)
        _check_keep(issue, keep, loses)
        acts_at = now + timedelta(seconds=settings.UNDO_SECONDS)
        for group in issue.detail["groups"]:
            side = keep.get(group["group"])
            if side is not None:
                link.decisions[group["group"]] = {
                    "keep": side,
                    "shown": group[side.other],
                    "by": actor.label,
                    "acts_at": acts_at.isoformat(),
                }
        link.wake_at = min(link.wake_at or acts_at, acts_at)
        link.save(update_fields=["decisions", "wake_at"])
        issue.decided_at = acts_at
        issue.closed_by_id = actor.user_id
        issue.save(update_fields=["decided_at", "closed_by"])
        kept = ", ".join(
            f"{group['label']}: {'ours' if keep[group['group']] is Side.LOCAL else 'theirs'}"
            for group in issue.detail["groups"]
            if group["group"] in keep
        )
        activity.note(link, actor=actor, now=now, title=f"Decided. Keep {kept}")


def _check_keep(
    issue: Issue, keep: Mapping[str, Side], loses: Mapping[str, Mapping[str, Any]] | None
) -> None:
    groups = {each["group"]: each for each in issue.detail.get("groups", [])}
    if not issue.is_conflict or not keep or not set(keep) <= set(groups):
        raise NotAChoice("Choose a side for fields that the conflict shows.")
    if any(groups[name].get("only") not in (None, "", side) for name, side in keep.items()):
        raise NotAChoice("Choose one of the buttons that the issue shows.")
    if loses is None:
        return
    for name, side in keep.items():
        if loses.get(name) != groups[name][side.other]:
            raise ShownChanged(
                f"{groups[name]['label']} is no longer what you saw. Read the issue again."
            )


def undo(*, actor: Actor, issue: Issue, now: datetime) -> None:
    """
    Take a decision back before it is carried out.

    Raises:
        NothingToDecide: it was carried out already, or never made.
    """
    _must(actor, issue.firm_id)
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=issue.link_id)
        issue = _still_open(issue)
        if issue.decided_at is None or issue.decided_at <= now:
            raise NothingToDecide("It was carried out already.")
        link.decisions = {}  # `wake_at` stays: other work may wait for it
        link.save(update_fields=["decisions"])
        issue.decided_at = None
        issue.closed_by = None
        issue.save(update_fields=["decided_at", "closed_by"])
        activity.note(link, actor=actor, now=now, title="Decision taken back")


def ignore(*, actor: Actor, issue: Issue, reason: str, now: datetime) -> None:
    """Put an issue aside. It opens again when the pair is looked at and still fails."""
    _must(actor, issue.firm_id)
    with transaction.atomic():
        issue = _still_open(issue)
        issue.state = Issue.State.IGNORED
        issue.closed_at, issue.closed_by_id = now, actor.user_id
        issue.closing_note = reason[:500]
        issue.save()
        _forget_void(issue)
        activity.note(issue.link, actor=actor, now=now, title=f"Ignored: {reason}"[:300])


def link_to_existing(*, actor: Actor, issue: Issue, remote_id: str, now: datetime) -> Link:
    """
    The record of that name there is the same one: link ours with it. One metered read.

    Raises:
        AnotherKind: it is none of this kind there, a vendor or an employee; the issue says so.
        AlreadyLinked: it is linked with another record of ours.
        SyncError: QuickBooks could not be asked.
    """
    _must(actor, issue.firm_id)
    link = issue.link
    assert link.local_id is not None
    books = access.open_books(link.connection, lane="people")
    if isinstance(books.fetch(link.entity, [remote_id])[remote_id], Gone):
        raise _told_as_another_kind(issue)
    return links.match(
        actor=actor,
        connection=link.connection,
        entity=link.entity,
        local_id=link.local_id,
        remote_id=remote_id,
        now=now,
    )


def _told_as_another_kind(issue: Issue) -> AnotherKind:
    """Customers, vendors and employees share their names; only a customer can be linked with."""
    issue.sentence = f"A vendor or an employee in QuickBooks is called {issue.link.label}."
    issue.what_to_do = "Rename the contact: it can't be linked with a vendor or an employee."
    issue.detail = {**issue.detail, "other_id": "", "is_another_kind": True}
    issue.save(update_fields=["sentence", "what_to_do", "detail"])
    return AnotherKind(f"{issue.sentence} {issue.what_to_do}")


def rename(*, actor: Actor, issue: Issue, name: str, version: int, now: datetime) -> None:
    """
    Give our record another name; the edit itself makes the sync look again.

    Raises:
        LocalRefused: it was changed since `version`, or the name will not do.
    """
    spec = ENTITIES[issue.link.entity]
    assert issue.link.local_id is not None
    spec.store.edit(
        actor=actor,
        local_id=issue.link.local_id,
        version=version,
        values={spec.names: name},
        now=now,
    )


# What a person may choose for a pair, by the kind of issue that asks: see Link.options.
OPTIONS: Mapping[str, frozenset[str]] = {
    Issue.Kind.DUPLICATE_NUMBER: frozenset({"same_number", "number_there"}),
    Issue.Kind.HELD: frozenset({"default_items"}),
    Issue.Kind.SAME_PAYMENT: frozenset({"record_both"}),
    Issue.Kind.BILLED_TWICE: frozenset({"both_right"}),
    Issue.Kind.DELETED_THERE: frozenset({"leave"}),
    Issue.Kind.CONFLICT: frozenset({"leave"}),  # of one that ended on one side: see ended_on
    Issue.Kind.DELETE_HELD: frozenset({"delete_anyway", "void_there", "leave"}),
}


NUMBER_LIMIT = 21  # characters of a form's number in QuickBooks


class NotAChoice(ValueError):
    """This issue does not ask for that."""


def choose(*, actor: Actor, issue: Issue, option: str, value: Any = True, now: datetime) -> None:
    """
    Answer an issue by a choice that is kept with the pair, and look at the pair again.

    Args:
        option: one of OPTIONS of the issue's kind. "default_items" puts the lines of the items
            that the issue names on the default service, those lines alone.
        value: True, or the number to use there.
    Raises:
        NotAChoice: the issue does not ask for it, or the number will not do.
        NothingToDecide: the issue is no longer open.
    """
    _must(actor, issue.firm_id)
    is_plain_conflict = issue.is_conflict and ended_on(issue) is None
    if option not in OPTIONS.get(issue.kind, frozenset()) or is_plain_conflict:
        raise NotAChoice("Choose one of the buttons that the issue shows.")
    if option == "number_there":
        value = _checked_number(value)
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=issue.link_id)
        issue = _still_open(issue)
        told = option.replace("_", " ").capitalize()
        if option == "default_items":
            items = issue.detail.get("items", [])
            value = sorted({*link.options.get(option, []), *(each["id"] for each in items)})
            names = ", ".join(each["label"] for each in items)
            told = f"Use the default service for {names}"
        elif value is not True:
            told = f"{told}: {value}"
        link.options, link.decisions = {**link.options, option: value}, {}
        link.save(update_fields=["options", "decisions"])
        issue.state, issue.closed_at = Issue.State.RESOLVED, now
        issue.closed_by_id, issue.closing_note = actor.user_id, option.replace("_", " ")
        issue.save()
        activity.note(link, actor=actor, now=now, title=told[:300])
        _wake(link, now=now)


def ended_on(issue: Issue) -> Side | None:
    """The side on which the record ended for good while the other one changed it, if that is so."""
    told = [each.get("only") for each in issue.detail.get("groups", []) if each.get("only")]
    return Side(told[0]) if issue.is_conflict and told else None


def accept_end(*, actor: Actor, issue: Issue, now: datetime) -> None:
    """
    It ended on one side: let it end on the other, too, UNDO_SECONDS from now.

    Raises:
        NotAChoice: the issue does not ask for it.
        NothingToDecide: the issue is no longer open.
    """
    _must(actor, issue.firm_id)
    side = ended_on(issue)
    if side is None:
        raise NotAChoice("Choose one of the buttons that the issue shows.")
    decide(actor=actor, issue=issue, keep={"life": side}, now=now)


def may_make_anew(issue: Issue) -> bool:
    """Whether it is an invoice or a payment that was deleted there and lives here."""
    lives = [each["remote"].get("life") for each in issue.detail.get("groups", [])]
    is_deleted = ended_on(issue) is Side.REMOTE and Life.DELETED in lives
    return is_deleted and ENTITIES[issue.link.entity].is_transaction


def make_anew(*, actor: Actor, issue: Issue, now: datetime) -> Link:
    """
    It was deleted there: have ours made there once more, as a new pair.

    Raises:
        NotAChoice: the issue does not ask for it.
        AlreadyLinked: somebody did so just now, or it is being sent.
    """
    _must(actor, issue.firm_id)
    if not may_make_anew(issue):
        raise NotAChoice("Choose one of the buttons that the issue shows.")
    return links.make_anew(actor=actor, link=issue.link, now=now)


def _checked_number(value: Any) -> str:
    number = value.strip() if isinstance(value, str) else ""
    if not number:
        raise NotAChoice("Enter the number it gets in QuickBooks.")
    if len(number) > NUMBER_LIMIT:
        raise NotAChoice(
            f"QuickBooks takes at most {NUMBER_LIMIT} characters; these are {len(number)}."
        )
    return number


def void_here(*, actor: Actor, issue: Issue, now: datetime) -> None:
    """
    It is void or deleted there: void ours, too. Needs the permission of what is voided.

    Raises:
        NotAChoice: the issue does not ask for it.
        NothingToDecide: the issue is no longer open.
        LocalRefused: it cannot be voided here as it is.
    """
    _must(actor, issue.firm_id)
    entity, local_id = issue.link.entity, issue.link.local_id
    is_voidable = ENTITIES[entity].is_transaction and local_id is not None
    if issue.kind != Issue.Kind.DELETED_THERE or not is_voidable:
        raise NotAChoice("Choose one of the buttons that the issue shows.")
    assert local_id is not None
    with transaction.atomic():
        issue = _still_open(issue)
        ENTITIES[entity].store.void(actor=actor, local_id=local_id, now=now)
        issue.state, issue.closed_at = Issue.State.RESOLVED, now
        issue.closed_by_id, issue.closing_note = actor.user_id, "Voided here, too"
        issue.save()
        activity.note(issue.link, actor=actor, now=now, title="Voided here, too")


def pick(*, actor: Actor, issue: Issue, remote_id: str, now: datetime) -> Link:
    """
    Of several records there that ours may be, it is this one: link the two.

    Raises:
        NotAChoice: it is none of the issue's candidates.
        AlreadyLinked: it is linked with another record of ours.
    """
    _must(actor, issue.firm_id)
    offered = {str(each["id"]) for each in issue.detail.get("candidates", [])}
    if issue.kind != Issue.Kind.SEVERAL_MATCHES or remote_id not in offered:
        raise NotAChoice("Choose one of the records that the issue shows.")
    link = issue.link
    assert link.local_id is not None
    return links.match(
        actor=actor,
        connection=link.connection,
        entity=link.entity,
        local_id=link.local_id,
        remote_id=remote_id,
        now=now,
    )


def same_payment(*, actor: Actor, issue: Issue, other_id: str, now: datetime) -> Link:
    """
    The payment here and one of the candidates there (or the reverse) are one: link them.

    Raises:
        NotAChoice: it is none of the issue's candidates.
        AlreadyLinked: one of them is linked with another by now.
    """
    _must(actor, issue.firm_id)
    offered = {str(each["id"]) for each in issue.detail.get("candidates", [])}
    link = issue.link
    if issue.kind != Issue.Kind.SAME_PAYMENT or other_id not in offered:
        raise NotAChoice("Choose one of the payments that the issue shows.")
    is_ours = link.local_id is not None
    return links.match(
        actor=actor,
        connection=link.connection,
        entity=link.entity,
        local_id=link.local_id if link.local_id is not None else int(other_id),
        remote_id=other_id if is_ours else str(link.remote_id),
        now=now,
    )


def archive_merged(*, actor: Actor, issue: Issue, now: datetime) -> None:
    """Two customers were merged there: put our contact of the vanished one away."""
    _must(actor, issue.firm_id)
    with transaction.atomic():
        link = issue.link
        assert link.local_id is not None
        ENTITIES[link.entity].store.edit(
            actor=actor,
            local_id=link.local_id,
            version=None,
            values={"life": Life.INACTIVE},
            now=now,
        )
        issues.close(link, now=now, note="Archived here")


def _still_open(issue: Issue) -> Issue:
    found = Issue.objects.select_for_update().filter(pk=issue.pk, state=Issue.State.OPEN).first()
    if found is None:
        raise NothingToDecide("It was decided or mended meanwhile.")
    return found


def _wake(link: Link, *, now: datetime) -> None:
    pairs.wake(Link.objects.filter(pk=link.pk), now=now, at_once=True)
    marks.show(link, "queued", now=now)
    transaction.on_commit(lambda: doorbell.ring(link.connection_id))


def _must(actor: Actor, firm_id: int) -> None:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=firm_id)
