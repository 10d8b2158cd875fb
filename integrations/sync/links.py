"""Find, make and retire links; wake what waited for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from firms.permissions import Actor, Permission
from integrations import doorbell
from integrations.entities import ENTITIES
from integrations.errors import Refused
from integrations.models import Connection, ImportedRecord, InboxEntry, Intent, Link
from integrations.sync import activity, marks, pairs


class AlreadyLinked(Refused):
    """One of the two is linked with another record already."""

    code = "already_linked"


def is_called(text: str) -> Q:
    """Pairs in whose name, on either side, this text is."""
    return Q(label__icontains=text) | Q(remote_label__icontains=text)


def wake_blocked(link: Link, *, now: datetime) -> None:
    """
    Whatever waits for this pair is looked at again.

    What went on without it is read again, so that its reference is told once more.
    """
    waiting = Link.objects.filter(blocked_on=link)
    found = list(waiting)
    if link.state == Link.State.LINKED:
        # Left out only because this one did not sync: now it comes in.
        waiting.filter(state=Link.State.LEFT_OUT, rests=Link.Rests.DEPENDENCY).update(
            state=Link.State.UNDECIDED
        )
    if any(each.rests == Link.Rests.DEPENDENCY for each in found):
        pairs.wake(waiting.filter(rests=Link.Rests.DEPENDENCY), now=now)
    went_on = [each for each in found if each.remote_id and each.rests != Link.Rests.DEPENDENCY]
    if went_on and link.state == Link.State.LINKED:
        for each in went_on:
            read_again(each, now=now)
        waiting.exclude(rests=Link.Rests.DEPENDENCY).update(blocked_on=None)


# -- what the books did --------------------------------------------------------------------------


def adopt(link: Link, remote_id: str) -> None:
    """
    Take `remote_id` for a pair that created it, with the bells that came for it meanwhile.

    Raises:
        AlreadyLinked: another record of ours has it.
    """
    if link.remote_id == remote_id:
        return
    other = (
        Link.objects.select_for_update()
        .filter(connection_id=link.connection_id, entity=link.entity, remote_id=remote_id)
        .exclude(state__in=pairs.HIDDEN)
        .exclude(pk=link.pk)
        .first()
    )
    if other is not None:
        if other.local_id is not None:
            raise AlreadyLinked(f"{other.label} is linked with it already.")
        _take_over(other, link)
    link.remote_id = remote_id


def _take_over(other: Link, link: Link) -> None:
    """`other` stood for the same record as `link`: its bells, and who waits for it, move over."""
    other.inbox.update(link=link)
    other.blocks.update(blocked_on=link)
    other.delete()


def drop_unseen(link: Link, *, now: datetime) -> None:
    """Their record is gone, and we never had it: so is its pair. Who waited for it goes on."""
    pairs.wake(link.blocks.all(), now=now)
    link.delete()


def follow_merge(
    connection: Connection, entity: str, *, gone: str, into: str, now: datetime
) -> Link | None:
    """
    Two customers became one: our link moves to the survivor.

    Where both had a contact of ours, the pair of the vanished one waits for a person: it is
    returned.
    """
    of_gone = (
        Link.objects.select_for_update()
        .filter(connection=connection, entity=entity, remote_id=gone)
        .exclude(state__in=pairs.HIDDEN)
        .first()
    )
    if of_gone is None:
        return None
    survivor = (
        Link.objects.select_for_update()
        .filter(connection=connection, entity=entity, remote_id=into)
        .exclude(state__in=pairs.HIDDEN)
        .first()
    )
    if of_gone.local_id is None:  # never ours: nothing to move
        drop_unseen(of_gone, now=now)
        return None
    drop_intent(of_gone)
    of_gone.merged_into = into
    if survivor is not None and survivor.local_id is not None:
        of_gone.state = Link.State.MERGED
        of_gone.wake_at = None
        of_gone.save()
        return of_gone
    if survivor is not None:
        _take_over(survivor, of_gone)
    of_gone.remote_id = into
    of_gone.remote_version = None  # nothing of the survivor was seen yet
    of_gone.save()
    return None


def drop_intent(link: Link) -> None:
    """The record it was meant for is gone: whether it was done or not, it says nothing any more."""
    Intent.objects.filter(link=link).delete()


# -- what people do ------------------------------------------------------------------------------


def match(
    *,
    actor: Actor,
    connection: Connection,
    entity: str,
    local_id: int,
    remote_id: str,
    now: datetime,
) -> Link:
    """
    Link one of our records with one of theirs; the first look merges the two.

    Raises:
        AlreadyLinked: one of them is linked with another record. Nothing was changed.
    """
    _must(actor, connection)
    with transaction.atomic():
        local = ENTITIES[entity].store.read(
            firm_id=connection.firm_id, local_id=local_id, lock=True
        )
        if local is None:
            raise AlreadyLinked("That record is no longer there.")
        ours, theirs = _pairs_of(connection, entity, local_id, remote_id)
        if ours is not None and ours.state == Link.State.MERGED:
            _forget_theirs(ours)
        if ours is not None and ours.remote_id not in (None, remote_id):
            raise AlreadyLinked(f"{local.label} is linked with {ours.remote_label} already.")
        if theirs is not None and theirs.local_id not in (None, local_id):
            raise AlreadyLinked(f"{theirs.remote_label} is linked with {theirs.label} already.")
        if ours is not None:
            _must_not_be_under_way(ours)
        link = _join(connection, entity, local_id, remote_id, ours, theirs)
        link.state = Link.State.LINKED
        link.label = local.label
        if connection.profile == Connection.Profile.PUSH_ONLY:
            # The customer stays as it is there: only what changes here later is sent.
            link.base = local.record.values()
        link.rests, link.blocked_on, link.attempts = "", None, 0
        link.wake_at, link.lane = now, Link.Lane.PEOPLE
        link.save()
        _ask_for_content(link, now=now)
        link.issues.filter(state="open").update(
            state="resolved", closed_at=now, closed_by_id=actor.user_id, closing_note="Matched"
        )
        marks.show(link, "queued", now=now)
        activity.note(
            link, actor=actor, now=now, title=f"Matched with {link.remote_label or remote_id}"
        )
        transaction.on_commit(lambda: doorbell.ring(connection.pk))
    return link


def unmatch(*, actor: Actor, link: Link, now: datetime) -> Link:
    """
    Stop copying changes between the two. Nothing is deleted on either side.

    The pair is remembered: in the same company neither is created again unasked.
    """
    _must(actor, link.connection)
    with transaction.atomic():
        link = _retire(link, actor=actor, note="Unmatched", now=now)
        left = Link.objects.create(
            connection_id=link.connection_id,
            firm_id=link.firm_id,
            entity=link.entity,
            local_id=link.local_id,
            label=link.label,
            state=Link.State.LEFT_OUT,
        )
        Link.objects.create(
            connection_id=link.connection_id,
            firm_id=link.firm_id,
            entity=link.entity,
            remote_id=link.remote_id,
            remote_label=link.remote_label,
            state=Link.State.LEFT_OUT,
        )
        marks.show(left, "not_synced", now=now)
        activity.note(link, actor=actor, now=now, title=f"Unmatched from {link.remote_label}")
    return left


def make_anew(*, actor: Actor, link: Link, now: datetime) -> Link:
    """
    Have a record of ours made in the books once more: the one there was deleted.

    It is a new pair; the old one is kept as a former link. Where that is pressed twice, the second
    finds nothing linked.

    Raises:
        AlreadyLinked: it is not linked any more, or is being sent just now.
    """
    _must(actor, link.connection)
    with transaction.atomic():
        old = _retire(link, actor=actor, note="Made anew in QuickBooks", now=now)
        activity.note(
            old, actor=actor, now=now, title="Deleted in QuickBooks. It is made anew there"
        )
        return _let_create(
            Link(
                connection_id=old.connection_id,
                firm_id=old.firm_id,
                entity=old.entity,
                local_id=old.local_id,
                label=old.label,
            ),
            actor=actor,
            now=now,
        )


def _retire(link: Link, *, actor: Actor, note: str, now: datetime) -> Link:
    """Lock the pair and keep it as a former link, with nothing left to do."""
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.state not in (Link.State.LINKED, Link.State.MERGED):
        raise AlreadyLinked("It is not linked any more.")
    _must_not_be_under_way(link)
    link.state = Link.State.FORMER
    link.wake_at = None
    link.rests, link.blocked_on, link.decisions = "", None, {}
    link.save()
    link.outbox.all().delete()
    link.inbox.all().delete()
    link.issues.filter(state="open").update(
        state="resolved", closed_at=now, closed_by_id=actor.user_id, closing_note=note
    )
    return link


def leave_out(*, actor: Actor, link: Link, now: datetime) -> Link:
    """Stop trying to create this record on the other side; it is kept on the list of those."""
    _must(actor, link.connection)
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=link.pk)
        if link.state == Link.State.LINKED:
            raise AlreadyLinked("It is linked. Unmatch it instead.")
        _must_not_be_under_way(link)
        if link.state == Link.State.MERGED:
            _forget_theirs(link)
        link.state, link.wake_at, link.rests = Link.State.LEFT_OUT, None, ""
        link.may_create = False
        link.save()
        wake_blocked(link, now=now)
        link.issues.filter(state="open").update(
            state="resolved", closed_at=now, closed_by_id=actor.user_id, closing_note="Left out"
        )
        marks.show(link, "not_synced", now=now)
        activity.note(link, actor=actor, now=now, title="Left out of the sync")
    return link


def create_there(
    *, actor: Actor, connection: Connection, entity: str, local_id: int, now: datetime
) -> Link:
    """Have a record of ours created in the books, though it was left out until now."""
    _must(actor, connection)
    with transaction.atomic():
        ours, _ = _pairs_of(connection, entity, local_id, None)
        if ours is not None and ours.state == Link.State.LINKED:
            raise AlreadyLinked(f"It is linked with {ours.remote_label} already.")
        link = ours or Link(
            connection=connection, firm_id=connection.firm_id, entity=entity, local_id=local_id
        )
        if link.state == Link.State.MERGED:
            _forget_theirs(link)
        return _let_create(link, actor=actor, now=now)


def create_here(*, actor: Actor, link: Link, now: datetime) -> Link:
    """Have a record of theirs created here, though it was left out until now."""
    _must(actor, link.connection)
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=link.pk)
        if link.local_id is not None:
            raise AlreadyLinked(f"It is linked with {link.label} already.")
        _ask_for_content(link, now=now)
        return _let_create(link, actor=actor, now=now)


def create_other_side(*, actor: Actor, link: Link, now: datetime) -> Link:
    """Have a record that was left out created where it is missing."""
    if link.local_id is None:
        return create_here(actor=actor, link=link, now=now)
    return create_there(
        actor=actor,
        connection=link.connection,
        entity=link.entity,
        local_id=link.local_id,
        now=now,
    )


def sync_now(*, actor: Actor, link: Link, now: datetime) -> Link:
    """Look at this pair at once, though it may be resting."""
    actor.must(Permission.VIEW_ONLY, in_firm=link.firm_id)
    with transaction.atomic():
        link = Link.objects.select_for_update().get(pk=link.pk)
        if link.state in (Link.State.LINKED, Link.State.UNDECIDED):
            _ask_for_content(link, now=now)
            pairs.wake(Link.objects.filter(pk=link.pk), now=now, at_once=True)
            transaction.on_commit(lambda: doorbell.ring(link.connection_id))
    return link


def _let_create(link: Link, *, actor: Actor, now: datetime) -> Link:
    link.state, link.may_create = Link.State.UNDECIDED, True
    link.rests, link.blocked_on, link.attempts = "", None, 0
    link.wake_at, link.lane = now, Link.Lane.PEOPLE
    link.save()
    link.issues.filter(state="open", kind="merged_there").update(
        state="resolved", closed_at=now, closed_by_id=actor.user_id, closing_note="Created anew"
    )
    marks.show(link, "queued", now=now)
    activity.note(link, actor=actor, now=now, title="To be created on the other side")
    transaction.on_commit(lambda: doorbell.ring(link.connection_id))
    return link


def _must(actor: Actor, connection: Connection) -> None:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)


def _pairs_of(
    connection: Connection, entity: str, local_id: int, remote_id: str | None
) -> tuple[Link | None, Link | None]:
    """Today's pair of our record and today's pair of theirs, both locked."""
    rows = Link.objects.select_for_update().filter(connection=connection, entity=entity)
    ours = rows.filter(local_id=local_id).exclude(state=Link.State.FORMER).first()
    theirs = None
    if remote_id is not None:
        theirs = rows.filter(remote_id=remote_id).exclude(state__in=pairs.HIDDEN).first()
    return ours, theirs


def _join(
    connection: Connection,
    entity: str,
    local_id: int,
    remote_id: str,
    ours: Link | None,
    theirs: Link | None,
) -> Link:
    """One row for the two: the one of ours if there is one; bells of the other move to it."""
    if ours is not None and theirs is not None and ours.pk != theirs.pk:
        ours.remote_label = theirs.remote_label
        _take_over(theirs, ours)
    link = ours or theirs
    if link is None:
        link = Link(connection=connection, firm_id=connection.firm_id, entity=entity)
    link.local_id, link.remote_id = local_id, remote_id
    return link


def _ask_for_content(link: Link, *, now: datetime) -> None:
    """Unless it is known what the record there holds, have it read."""
    if link.remote_id is None:
        return
    is_known = link.remote_version is not None or (
        ImportedRecord.objects.filter(
            connection_id=link.connection_id, entity=link.entity, remote_id=link.remote_id
        ).exists()
    )
    if not is_known:
        read_again(link, now=now)


def read_again(link: Link, *, now: datetime) -> None:
    """Have what the record there holds read by its id."""
    assert link.remote_id is not None
    InboxEntry.objects.create(
        connection_id=link.connection_id,
        entity=link.entity,
        remote_id=link.remote_id,
        source=InboxEntry.Source.LISTING,
        needs_read=True,
        made_at=now,
    )


def _must_not_be_under_way(link: Link) -> None:
    if hasattr(link, "intent"):
        raise AlreadyLinked("It is being sent to QuickBooks just now. Try again in a moment.")


def _forget_theirs(link: Link) -> None:
    """Their record is gone: ours is as if it had never been linked. The caller saves."""
    link.remote_id, link.remote_label, link.merged_into = None, "", ""
    link.remote_version, link.remote_changed_at = None, None
    link.base, link.seen, link.kept, link.decisions = {}, {}, {}, {}
