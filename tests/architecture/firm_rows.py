"""One firm with at least one row of everything that an address can name."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from billing.models import Invoice
from billing.services import invoices
from contacts import imports
from contacts.models import Contact
from firms import api_tokens
from firms.middleware import actor_of
from firms.models import Firm
from firms.permissions import Actor, Permission
from integrations.models import (
    Activity,
    AgreementRow,
    AgreementRun,
    Connection,
    Cursor,
    ImportedRecord,
    Issue,
    Lease,
    Link,
    MatchProposal,
    Setup,
)
from tests.factories import (
    make_contact,
    make_firm,
    make_invoice,
    make_member,
    make_payment,
    make_service_item,
    make_tax_rate,
)


def fill(*, company_id: str) -> Firm:
    firm = make_firm()
    admin = make_member(firm)
    make_member(firm, role="Viewer")
    firm.roles.create(name="Unused")
    api_tokens.create_token(
        actor=actor_of(admin),
        firm=firm,
        name="Payroll",
        permissions=[Permission.VIEW_ONLY],
        expires_at=timezone.now() + timedelta(days=1),
        now=timezone.now(),
    )
    imports.keep(
        actor=actor_of(admin), name="c.csv", data=b"Display name\nAda\n", now=timezone.now()
    )
    contact = make_contact(firm)
    make_service_item(firm)
    _bill_something(firm, contact)
    connection = _connect(firm, company_id)
    link = Link.objects.create(
        connection=connection,
        firm=firm,
        entity="contact",
        local_id=contact.pk,
        remote_id="58",
        state=Link.State.LINKED,
        label=contact.display_name,
    )
    _ask_something(firm, connection, link)
    _compare_something(firm, connection, link)
    _review_something(firm, connection, contact)
    return firm


def _bill_something(firm: Firm, contact: Contact) -> None:
    rate = make_tax_rate(firm)
    make_invoice(firm, contact=contact, status="draft")
    sent = make_invoice(firm, contact=contact, tax_rate_id=rate.pk)
    invoices.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=sent.pk,
        line_ids=["1"],
        credits=[{"kind": "Credit memo", "amount": Decimal(1)}],
        lock_reason=None,
        now=timezone.now(),
    )
    make_payment(sent, 10)


def _connect(firm: Firm, company_id: str) -> Connection:
    now = timezone.now()
    connection = Connection.objects.create(
        firm=firm,
        company_id=company_id,
        company_name="Sample Company",
        state_changed_at=now,
        connected_at=now,
        contacts_synced_at=now,
    )
    Lease.objects.create(connection=connection)
    Cursor.objects.create(connection=connection)
    return connection


def _ask_something(firm: Firm, connection: Connection, link: Link) -> None:
    now = timezone.now()
    Issue.objects.create(
        connection=connection,
        firm=firm,
        link=link,
        kind=Issue.Kind.REFUSED,
        sentence="QuickBooks refused it.",
        opened_at=now,
        last_seen_at=now,
    )
    Activity.objects.create(
        at=now,
        connection_id=connection.pk,
        firm_id=firm.pk,
        link_id=link.pk,
        direction=Activity.Direction.SENT,
        result=Activity.Result.FAILED,
        title="Refused by QuickBooks",
    )


def _compare_something(firm: Firm, connection: Connection, link: Link) -> None:
    now = timezone.now()
    run = AgreementRun.objects.create(
        connection=connection, firm=firm, started_at=now, worked_at=now, state="done"
    )
    AgreementRow.objects.create(run=run, firm=firm, entity="contact", link=link, result="differs")


def _review_something(firm: Firm, connection: Connection, contact: Contact) -> None:
    now = timezone.now()
    setup = Setup.objects.create(
        connection=connection, firm=firm, started_at=now, which=Setup.Filter.ACTIVE
    )
    imported = ImportedRecord.objects.create(
        connection=connection,
        entity="contact",
        remote_id="59",
        version=0,
        raw={},
        label="Cool Cars",
        setup=setup,
        read_at=now,
    )
    MatchProposal.objects.create(
        setup=setup,
        entity="contact",
        list=MatchProposal.List.UNMATCHED,
        sort_key="cool cars",
        local_id=contact.pk,
        imported=imported,
    )
    _fill_second_half(connection, firm, now)


def _fill_second_half(connection: Connection, firm: Firm, now: datetime) -> None:
    """A row of its lists; they open once the contacts are synced."""
    Setup.objects.filter(connection=connection).update(confirmed_at=now, worked_off_at=now)
    setup = Setup.objects.create(
        connection=connection, firm=firm, half=Setup.Half.BILLING, started_at=now
    )
    for entity, local_id in (
        ("service_item", make_service_item(firm).pk),
        ("invoice", Invoice.objects.filter(firm=firm).earliest("pk").pk),
    ):
        MatchProposal.objects.create(
            setup=setup,
            entity=entity,
            list=MatchProposal.List.UNMATCHED,
            sort_key="advice",
            local_id=local_id,
        )
