"""What a contact's page shows of billing: money tiles, its invoices and payments."""

from __future__ import annotations

from django.utils import timezone

from billing import queries
from contacts.models import Contact
from contacts.panels import Panel, register
from firms.http import FirmRequest
from firms.permissions import Permission

ROWS_SHOWN = 10


def install() -> None:
    """Have the contacts' pages ask for these panels."""
    for make in (money_tiles, latest_invoices, latest_payments):
        register(make)


def money_tiles(request: FirmRequest, contact: Contact) -> Panel | None:
    """Open, overdue, unapplied credit, invoiced this year: of the contact itself."""
    if not _shows_billing(request):
        return None
    money = queries.contact_money(contact, today=timezone.localdate())
    return Panel(
        template="billing/_contact_money.html",
        context={"money": money, "currency": request.firm.home_currency},
        place="top",
    )


def latest_invoices(request: FirmRequest, contact: Contact) -> Panel | None:
    if not _shows_billing(request):
        return None
    found = queries.latest_invoices_of(contact, today=timezone.localdate())
    rows = list(found[: ROWS_SHOWN + 1])
    return Panel(
        template="billing/_contact_invoices.html",
        context={"invoices": rows[:ROWS_SHOWN], "has_more": len(rows) > ROWS_SHOWN},
        place="main",
    )


def latest_payments(request: FirmRequest, contact: Contact) -> Panel | None:
    if not _shows_billing(request):
        return None
    rows = list(queries.latest_payments_of(contact)[: ROWS_SHOWN + 1])
    return Panel(
        template="billing/_contact_payments.html",
        context={"payments": rows[:ROWS_SHOWN], "has_more": len(rows) > ROWS_SHOWN},
        place="main",
    )


def _shows_billing(request: FirmRequest) -> bool:
    return request.firm.has_billing and request.actor.can(Permission.VIEW_ONLY)
