"""
A test of a one-way connection: an invoice is made, found in the books, and voided again.

Voiding it here deletes it there. Here nothing that was sent is deleted: it stays, void. Progress
is derived from the invoice, its pair and the history; nothing else is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from billing.models import Invoice
from billing.services import invoices
from billing.services.invoices import LineInput
from contacts import services as contact_services
from contacts.models import Contact
from firms.middleware import actor_of
from firms.models import Membership
from firms.permissions import Actor, Permission
from integrations.errors import SyncError
from integrations.models import Activity, Connection, Issue, Link
from integrations.providers.base import Present, Snapshot
from integrations.reconcile.record import Life
from integrations.sync import access, activity, engine
from integrations.sync.connections import ConnectError

CONTACT = "QuickBooks test"
AMOUNT = Decimal("1.00")
LASTS = timedelta(minutes=5)
LOOKS = 60  # drains that one test may ask for; each waits for nothing
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
    is_there: bool
    is_checked: bool
    is_void: bool
    is_gone: bool  # deleted there
    problem: str  # why it does not go on

    @property
    def is_over(self) -> bool:
        return self.is_gone or bool(self.problem)

    def is_going_on(self, now: datetime) -> bool:
        """Not over, and not given up: QuickBooks may be slow, but not that slow."""
        return not self.is_over and now - self.made_at < LASTS


def begin(*, actor: Actor, connection: Connection, now: datetime) -> Invoice:
    """
    Make an invoice of 1.00 to a contact of its own and send it off; the rest is `run`.

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
        )
        transaction.on_commit(lambda: _go_on(connection.pk, invoice.pk, actor.person_id, LOOKS))
    return invoice


def _contact(actor: Actor, now: datetime) -> Contact:
    found = Contact.objects.for_firm(actor.firm_id).filter(display_name=CONTACT, is_archived=False)
    return found.order_by("pk").first() or contact_services.create_contact(
        actor=actor, values={"display_name": CONTACT}, now=now
    )


def _go_on(connection_id: int, invoice_id: int, user_id: int | None, looks: int) -> None:
    async_task("integrations.tasks.run_test_invoice", connection_id, invoice_id, user_id, looks)


def run(connection_id: int, invoice_id: int, user_id: int, looks: int, *, now: datetime) -> str:
    """
    Do the next step of a test; ask for another look until it is over.

    Who began the test voids the invoice: with the permissions that person has now.
    """
    connection = Connection.objects.get(pk=connection_id)
    engine.drain(connection, now=now)
    test = _of(connection, invoice_id)
    if test is None or test.is_over or looks <= 0:
        return "over"
    if test.is_there and not test.is_checked:
        _check(connection, invoice_id)
    elif test.is_checked and not test.is_void:
        _void(connection, invoice_id, user_id)
    _go_on(connection_id, invoice_id, user_id, looks - 1)
    return "goes on"


def _check(connection: Connection, invoice_id: int) -> None:
    """Read it in the books, and say whether it is the same there."""
    link = _link(connection, invoice_id)
    assert link is not None
    assert link.remote_id is not None
    now = timezone.now()
    try:
        books = access.open_books(connection, lane="people")
        told = books.fetch("invoice", [link.remote_id])[link.remote_id]
    except SyncError as error:
        activity.write(
            link,
            direction="received",
            result="failed",
            title=NOT_RIGHT,
            detail={"message": str(error)},
            now=now,
        )
        return
    is_same = isinstance(told, Present) and _is_the_same(told.snapshot)
    activity.write(
        link,
        direction="received",
        result="done" if is_same else "failed",
        title=FOUND if is_same else NOT_RIGHT,
        now=now,
    )


def _is_the_same(there: Snapshot) -> bool:
    return there.amount == AMOUNT and there.record.life == Life.LIVE


def _void(connection: Connection, invoice_id: int, user_id: int) -> None:
    member = Membership.objects.select_related("user", "role").get(
        user_id=user_id, firm_id=connection.firm_id
    )
    invoice = Invoice.objects.for_firm(connection.firm_id).get(pk=invoice_id)
    invoices.void_invoice(
        actor=actor_of(member),
        invoice=invoice,
        version=invoice.version,
        reason="A test of the connection",
        now=timezone.now(),
    )


# -- How far it is -------------------------------------------------------------------------------


def last(connection: Connection) -> Trial | None:
    """The newest test of this connection."""
    made = Activity.objects.filter(connection_id=connection.pk, entity="invoice", title=MADE)
    entry = made.order_by("-at").first()
    return None if entry is None or entry.local_id is None else _of(connection, entry.local_id)


def _of(connection: Connection, invoice_id: int) -> Trial | None:
    invoice = Invoice.objects.for_firm(connection.firm_id).filter(pk=invoice_id).first()
    if invoice is None:
        return None
    link = _link(connection, invoice_id)
    told = Activity.objects.filter(
        connection_id=connection.pk, entity="invoice", local_id=invoice_id
    )
    titles = set(told.values_list("title", flat=True))
    is_there = link is not None and link.remote_id is not None
    return Trial(
        invoice_id=invoice_id,
        number=invoice.number,
        number_there=link.remote_label if link is not None else "",
        made_at=invoice.sent_at or invoice.created_at,
        is_there=is_there,
        is_checked=FOUND in titles,
        is_void=invoice.is_void,
        is_gone=link is not None and link.base.get("life") == Life.DELETED,
        problem=_problem(connection, invoice, link, titles),
    )


def _link(connection: Connection, invoice_id: int) -> Link | None:
    found = Link.objects.filter(connection=connection, entity="invoice", local_id=invoice_id)
    return found.exclude(state=Link.State.FORMER).first()


def _problem(connection: Connection, invoice: Invoice, link: Link | None, titles: set[str]) -> str:
    if NOT_RIGHT in titles:
        return "QuickBooks does not show the same invoice. Look at it there, then void it here."
    contact = Link.objects.filter(
        connection=connection, entity="contact", local_id=invoice.contact_id
    ).first()
    links = [each for each in (link, contact) if each is not None]
    issue = Issue.objects.filter(link__in=links, state=Issue.State.OPEN).first()
    return issue.sentence if issue is not None else ""
