"""
A test of a one-way connection: an invoice is made, found in the books, and voided again.

Voiding it here deletes it there. Here nothing that was sent is deleted: it stays, void. Progress
is derived from the invoice, its pair and the history; nothing else is stored. The sync does the
sending; the steps between are done after each drain (`go_on`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing.models import Invoice
from billing.services import invoices
from billing.services.invoices import LineInput
from contacts import services as contact_services
from contacts.models import Contact
from firms.middleware import actor_of
from firms.models import Membership
from firms.permissions import Actor, Permission
from integrations.errors import SyncError, TryLater
from integrations.models import Activity, Connection, Issue, Link, OutboxEntry
from integrations.providers.base import Present, Snapshot
from integrations.reconcile.record import Life
from integrations.sync import access, activity
from integrations.sync.connection_parts import ConnectError

CONTACT = "QuickBooks test"
AMOUNT = Decimal("1.00")
SILENCE = timedelta(minutes=5)  # with nothing queued and no sign of life: it is given up
AGAIN = timedelta(seconds=30)  # QuickBooks could not be asked: the next look
FOLLOWED = timedelta(days=1)
MADE = "Test invoice made"
FOUND = "Test invoice found in QuickBooks"
NOT_RIGHT = "Test invoice is not the same in QuickBooks"


class CannotTest(ConnectError):
    """There is nothing that could be tested now."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How far the last test is."""

    invoice_id: int
    number: str
    number_there: str
    made_at: datetime
    last_sign_at: datetime
    is_queued: bool  # the sync has something of it to do, as soon as QuickBooks answers
    is_there: bool
    is_checked: bool
    is_void: bool
    is_gone: bool  # deleted there
    problem: str  # why it does not go on

    @property
    def is_over(self) -> bool:
        return self.is_gone or bool(self.problem)

    def is_going_on(self, now: datetime) -> bool:
        """Not over, and not lost: however slow QuickBooks is, what is queued goes on."""
        return not self.is_over and (self.is_queued or now - self.last_sign_at < SILENCE)


def begin(*, actor: Actor, connection: Connection, now: datetime) -> Invoice:
    """
    Make an invoice of 1.00 to a contact of its own and send it off; the rest is `go_on`.

    Raises:
        CannotTest: it is not on, or cannot work now, or a test is under way.
        NotAllowed: the person may not make invoices and contacts.
    """
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)
    actor.must(Permission.EDIT_INVOICES, in_firm=connection.firm_id)
    if connection.profile != Connection.Profile.PUSH_ONLY or connection.billing_synced_at is None:
        raise CannotTest("Turn the connection on first.")
    if not connection.may_work:
        raise CannotTest("Nothing can be sent now. The notice on the home page says why.")
    under_way = last(connection)
    if under_way is not None and under_way.is_going_on(now):
        raise CannotTest("A test is under way.")
    today = timezone.localdate(now)
    with transaction.atomic():
        draft = invoices.create_draft(
            actor=actor,
            values={
                "contact_id": _contact(actor, now).pk,
                "issued_on": today,
                "term_days": 30,
                "message": "A test of the connection. It is voided by itself.",
                "lines": [LineInput(description="Test", quantity=Decimal(1), rate=AMOUNT)],
            },
            now=now,
        )
        invoice = invoices.mark_as_sent(actor=actor, invoice=draft, now=now)
        Activity.objects.create(
            at=now,
            connection_id=connection.pk,
            firm_id=connection.firm_id,
            entity="invoice",
            local_id=invoice.pk,
            label=invoice.number,
            direction=Activity.Direction.HERE,
            result=Activity.Result.DONE,
            title=MADE,
            cause=actor.label[:200],
            detail={"user_id": actor.person_id},
        )
    return invoice


def _contact(actor: Actor, now: datetime) -> Contact:
    found = Contact.objects.for_firm(actor.firm_id).filter(display_name=CONTACT, is_archived=False)
    return found.order_by("pk").first() or contact_services.create_contact(
        actor=actor, values={"display_name": CONTACT}, now=now
    )


def go_on(connection: Connection, *, now: datetime) -> None:
    """
    Do the next steps of the test that is under way, if there is one. Called after each drain.

    Who began the test voids the invoice: with the permissions that person has now.
    """
    if connection.profile != Connection.Profile.PUSH_ONLY:
        return
    entry = _made(connection).filter(at__gt=now - FOLLOWED).first()
    test = _of(connection, entry)
    if entry is None or test is None or test.is_over or not test.is_there or test.is_void:
        return
    if test.is_checked or _check(connection, test.invoice_id, now=now):
        _void(connection, test.invoice_id, entry.detail["user_id"], now=now)


def _check(connection: Connection, invoice_id: int, *, now: datetime) -> bool:
    """Read it in the books; return whether it is the same there."""
    link = _link(connection, invoice_id)
    assert link is not None
    assert link.remote_id is not None
    is_same, detail = False, {}
    try:
        books = access.open_books(connection, lane="people")
        told = books.fetch("invoice", [link.remote_id])[link.remote_id]
        is_same = isinstance(told, Present) and _is_the_same(told.snapshot)
    except TryLater:
        Link.objects.filter(pk=link.pk, wake_at=None).update(wake_at=now + AGAIN)
        return False
    except SyncError as error:
        detail = {"message": str(error)}
    activity.write(
        link,
        direction="received",
        result="done" if is_same else "failed",
        title=FOUND if is_same else NOT_RIGHT,
        detail=detail,
        now=now,
    )
    return is_same


def _is_the_same(there: Snapshot) -> bool:
    return there.amount == AMOUNT and there.record.life == Life.LIVE


def _void(connection: Connection, invoice_id: int, user_id: int, *, now: datetime) -> None:
    member = Membership.objects.select_related("user", "role").get(
        user_id=user_id, firm_id=connection.firm_id
    )
    invoice = Invoice.objects.for_firm(connection.firm_id).get(pk=invoice_id)
    invoices.void_invoice(
        actor=actor_of(member),
        invoice=invoice,
        version=invoice.version,
        reason="A test of the connection",
        now=now,
    )


# -- How far it is -------------------------------------------------------------------------------


def last(connection: Connection) -> Trial | None:
    """The newest test of this connection."""
    return _of(connection, _made(connection).first())


def _made(connection: Connection) -> QuerySet[Activity]:
    """The entries that began a test, the newest first."""
    made = Activity.objects.filter(connection_id=connection.pk, entity="invoice", title=MADE)
    return made.order_by("-at")


def _of(connection: Connection, entry: Activity | None) -> Trial | None:
    if entry is None or entry.local_id is None:
        return None
    invoice = Invoice.objects.for_firm(connection.firm_id).filter(pk=entry.local_id).first()
    if invoice is None:
        return None
    link = _link(connection, invoice.pk)
    told = Activity.objects.filter(
        connection_id=connection.pk, entity="invoice", local_id=invoice.pk, at__gte=entry.at
    )
    signs = dict(told.order_by("at").values_list("title", "at"))
    is_gone = link is not None and link.base.get("life") == Life.DELETED
    return Trial(
        invoice_id=invoice.pk,
        number=invoice.number,
        number_there=link.remote_label if link is not None and not is_gone else "",
        made_at=entry.at,
        last_sign_at=max(signs.values()),
        is_queued=_is_queued(connection, invoice, link),
        is_there=link is not None and link.remote_id is not None,
        is_checked=FOUND in signs,
        is_void=invoice.is_void,
        is_gone=is_gone,
        problem=_problem(connection, invoice, link, is_wrong=NOT_RIGHT in signs),
    )


def _is_queued(connection: Connection, invoice: Invoice, link: Link | None) -> bool:
    """Whether its pair, or the one it waits for, is due now or later, or has a bell unanswered."""
    bells = OutboxEntry.objects.filter(
        connection=connection, entity="invoice", local_id=invoice.pk, link=None
    )
    waiting = [link, link.blocked_on] if link is not None else []
    return bells.exists() or any(each is not None and each.wake_at for each in waiting)


def _link(connection: Connection, invoice_id: int) -> Link | None:
    found = Link.objects.filter(connection=connection, entity="invoice", local_id=invoice_id)
    return found.exclude(state=Link.State.FORMER).first()


def _problem(connection: Connection, invoice: Invoice, link: Link | None, *, is_wrong: bool) -> str:
    if is_wrong:
        return "QuickBooks does not show the same invoice. Look at it there, then void it here."
    contact = Link.objects.filter(
        connection=connection, entity="contact", local_id=invoice.contact_id
    ).first()
    links = [each for each in (link, contact) if each is not None]
    issue = Issue.objects.filter(link__in=links, state=Issue.State.OPEN).first()
    return issue.sentence if issue is not None else ""
