"""
Two of our contacts become one: what links them with the books follows, so that neither customer
there is made twice or put away.

One link survives and is the survivor's. The books cannot merge customers through their API, so
two links are refused, and people are told how to merge there first (ledger rule 34).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from billing.models import Invoice, Payment
from contacts.followers import Outlook, Refusal
from contacts.models import Contact
from firms.permissions import Actor
from integrations import doorbell
from integrations.entities import CONTACT, ENTITIES
from integrations.models import Connection, Intent, Lease, Link, OutboxEntry, Setup
from integrations.sync import activity, issues, links, marks, pairs


def hold(firm_id: int) -> None:
    """No look at a pair goes on beside the merge: each holds the fence of its lease."""
    list(Lease.objects.select_for_update().filter(connection__firm=firm_id))


def foresee(*, actor: Actor, keep: Contact, lose: Contact) -> Outlook:
    """Which customer the survivor is linked with, or why the two cannot be merged yet."""
    connection = Connection.objects.filter(firm=keep.firm_id).first()
    if connection is None:
        return Outlook()
    kept, lost = _pair_of(connection, keep), _pair_of(connection, lose)
    refusals = list(_reasons_against(connection, keep, kept, lose, lost))
    effects = [] if refusals else list(_effects(keep, kept, lose, lost))
    return Outlook(effects=effects, refusals=refusals)


def follow(*, actor: Actor, keep: Contact, lose: Contact, now: datetime) -> None:
    """Let one link stand for the two, and everything that pointed to `lose` point to `keep`."""
    connection = Connection.objects.filter(firm=keep.firm_id).first()
    if connection is None:
        return
    kept = _pair_of(connection, keep, lock=True)
    lost = _pair_of(connection, lose, lock=True)
    is_handed_over = _is_linked(lost)
    gone, stays = (kept, lost) if is_handed_over else (lost, kept)
    if gone is not None:
        _retire(gone, stays, now=now)
    if lost is not None and is_handed_over:
        _hand_over(lost, keep, actor=actor, now=now)
    if stays is not None and _is_linked(stays):
        links.wake_blocked(stays, now=now)
        activity.note(stays, actor=actor, now=now, title=f"{lose} was merged into it")
    _point_to(connection, keep=keep, lose=lose)
    # Nobody is left to look at it, or to show how it stands.
    OutboxEntry.objects.filter(connection=connection, entity=CONTACT.key, local_id=lose.pk).delete()
    marks.take_away(firm_id=lose.firm_id, entity=CONTACT.key, local_id=lose.pk)
    transaction.on_commit(lambda: doorbell.ring(connection.pk))


# -- Before it is done ---------------------------------------------------------------------------


def _pair_of(connection: Connection, contact: Contact, *, lock: bool = False) -> Link | None:
    mine = Link.objects.filter(connection=connection, entity=CONTACT.key, local_id=contact.pk)
    today = mine.exclude(state=Link.State.FORMER)
    return (today.select_for_update() if lock else today).first()


def _is_linked(link: Link | None) -> bool:
    return link is not None and link.state == Link.State.LINKED


def _effects(keep: Contact, kept: Link | None, lose: Contact, lost: Link | None) -> Iterator[str]:
    if kept is not None and _is_linked(kept):
        yield (
            f"{keep} stays linked with {kept.remote_label} in QuickBooks. What of {lose} syncs "
            "goes to that customer from now on."
        )
    elif lost is not None and _is_linked(lost):
        yield (
            f"The customer {lost.remote_label} in QuickBooks belongs to {keep} from now on, and "
            f"gets the values chosen here. What of {keep} syncs goes to that customer."
        )
    else:
        yield "Neither is linked with QuickBooks. No customer changes there."
    if any(link is not None and link.state == Link.State.MERGED for link in (kept, lost)):
        yield "The issue that a customer was merged in QuickBooks is closed."


def _reasons_against(
    connection: Connection, keep: Contact, kept: Link | None, lose: Contact, lost: Link | None
) -> Iterator[Refusal]:
    if kept is not None and lost is not None and _is_linked(kept) and _is_linked(lost):
        yield _merge_there_first(kept, lost)
        return
    if _is_linked(lost) and lose.is_archived:
        yield Refusal(
            sentence=f"{lose} is archived, and its customer is inactive in QuickBooks. Restore "
            f"{lose} first, so that {keep} is linked with an active customer."
        )
    if lost is not None and _is_linked(lost) and lost.is_read_only:
        yield Refusal(
            sentence=f"The customer of {lose} can be changed in QuickBooks only. Keep {lose} "
            "instead."
        )
    if (lost is not None and _is_under_way(lost)) or (
        kept is not None and not _is_linked(kept) and _is_under_way(kept)
    ):
        yield Refusal(
            sentence="One of the two is being sent to QuickBooks just now, and the answer is not "
            "here yet. Wait until it is in step, then merge."
        )
    for contact, link, other in ((keep, kept, lost), (lose, lost, kept)):
        follows = link is not None and link.state == Link.State.MERGED and _is_linked(other)
        if not _is_linked(link) and not follows and _has_invoices_there(connection, contact):
            yield Refusal(
                sentence=f"{contact} is not linked any more, but has invoices or payments in "
                "QuickBooks. Match it with their customer first, then merge."
            )
    if _is_being_matched(connection):
        yield Refusal(
            sentence="The set-up of QuickBooks is matching contacts. Finish it with Sync contacts "
            "first, then merge."
        )


def _merge_there_first(kept: Link, lost: Link) -> Refusal:
    return Refusal(
        sentence=(
            f"The two are linked with two customers in QuickBooks, {kept.remote_label} and "
            f"{lost.remote_label}. Only QuickBooks can merge customers, so merge those first."
        ),
        steps=[
            f"In QuickBooks, open Sales, Customers, {lost.remote_label}, and choose Edit.",
            f"Change its display name to exactly {kept.remote_label} and save. If one is a "
            "sub-customer, both need the same parent first.",
            "QuickBooks asks whether to merge the two. Choose Yes.",
            "Come back to this page in a few minutes: our invoices follow, and the two contacts "
            "can be merged here.",
        ],
    )


def _is_under_way(link: Link) -> bool:
    return Intent.objects.filter(link=link).exists()


def _has_invoices_there(connection: Connection, contact: Contact) -> bool:
    """Whether invoices or payments of it are linked; their customer there is some other one."""
    there = Link.objects.filter(connection=connection, state=Link.State.LINKED)
    invoices = Invoice.objects.filter(contact=contact).values("pk")
    payments = Payment.objects.filter(contact=contact).values("pk")
    return (
        there.filter(entity="invoice", local_id__in=invoices).exists()
        or there.filter(entity="payment", local_id__in=payments).exists()
    )


def _is_being_matched(connection: Connection) -> bool:
    """Whether somebody reviews lists that name the contacts as they are now."""
    return Setup.objects.filter(
        connection=connection,
        half=Setup.Half.CONTACTS,
        is_current=True,
        confirmed_at=None,
        matched_at__isnull=False,
    ).exists()


# -- Doing it ------------------------------------------------------------------------------------


def _retire(gone: Link, stays: Link | None, *, now: datetime) -> None:
    """This pair is no more. What waited for it waits for the one that stays."""
    pairs.wake(gone.blocks.all(), now=now)
    if stays is not None:
        gone.blocks.update(blocked_on=stays)
    gone.inbox.all().delete()
    gone.outbox.all().delete()
    gone.state, gone.wake_at = Link.State.FORMER, None
    gone.rests, gone.blocked_on, gone.decisions = "", None, {}
    gone.save()
    issues.close(gone, now=now, note="Merged here")


def _hand_over(link: Link, keep: Contact, *, actor: Actor, now: datetime) -> None:
    """The link of the one that goes is the survivor's: where they differ is an edit of ours."""
    link.local_id, link.label = keep.pk, keep.display_name[:600]
    link.local_version, link.decisions = None, {}
    link.wake_at, link.lane = now, Link.Lane.PEOPLE
    link.save()
    OutboxEntry.objects.create(
        connection_id=link.connection_id,
        entity=link.entity,
        local_id=keep.pk,
        version=keep.version,
        cause=actor.label[:200],
        link=link,
        made_at=now,
    )
    marks.show(link, "queued", now=now)


def _point_to(connection: Connection, *, keep: Contact, lose: Contact) -> None:
    """
    What both sides agreed on named `lose`; the same customer is `keep` now.

    Without it each invoice would be sent once more, to name the customer that it has already.
    """
    for entity, name in _fields_that_name_a_contact():
        named = Q(**{f"base__{name}": lose.pk}) | Q(**{f"seen__{name}": lose.pk})
        for link in Link.objects.select_for_update().filter(
            named, connection=connection, entity=entity
        ):
            for told in (link.base, link.seen):
                if told.get(name) == lose.pk:
                    told[name] = keep.pk
            link.save(update_fields=["base", "seen"])
        for intent in Intent.objects.filter(
            link__connection=connection, link__entity=entity, **{f"values__{name}": lose.pk}
        ):
            intent.values[name] = keep.pk
            intent.save(update_fields=["values"])


def _fields_that_name_a_contact() -> list[tuple[str, str]]:
    return [
        (spec.key, reference.field)
        for spec in ENTITIES.values()
        for reference in spec.references
        if reference.entity == CONTACT.key
    ]
