"""Lists of payments, and what the forms of payments offer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Upper

from billing.models import Invoice, Payment, PaymentPart
from billing.queries.invoice_list import NEEDS_YOU, amount_in, period_of
from billing.queries.money import with_balance, with_status, with_unapplied
from contacts.models import Contact
from firms.marks import SyncMark, SyncState
from firms.models import Firm

TABS = ("received", "unapplied", "void", "all")
SORTS: dict[str, F | Upper] = {
    "received": F("received_on"),
    "contact": Upper("contact__display_name"),
    "amount": F("amount"),
}
MOST_WORDS = 8
MOST_METHODS = 20
MOST_PAYERS = 20


@dataclass(frozen=True, kw_only=True)
class PaymentFilters:
    """
    What the address of the list says. Whatever it doesn't know is the default.

    `received` is a year or a month, "2026" or "2026-11"; `contact` an id; `sync` a SyncState or
    NEEDS_YOU.
    """

    q: str = ""
    tab: str = "received"
    received: str = ""
    contact: int | None = None
    sync: str = ""
    sort: str = "received"
    is_descending: bool = True

    @classmethod
    def read(cls, query: Mapping[str, str]) -> PaymentFilters:
        tab, sort, sync = (query.get(name, "") for name in ("tab", "sort", "sync"))
        received, contact = query.get("received", ""), query.get("contact", "")
        is_known = sort.removeprefix("-") in SORTS
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            tab=tab if tab in TABS else "received",
            received=received if period_of(received) else "",
            contact=int(contact) if re.fullmatch(r"[0-9]{1,15}", contact) else None,
            sync=sync if sync in (*SyncState.values, NEEDS_YOU) else "",
            sort=sort.removeprefix("-") if is_known else "received",
            is_descending=sort.startswith("-") or not is_known,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.received or self.sync or self.contact is not None)


@dataclass(frozen=True, kw_only=True)
class PaymentCounts:
    """How many of the found payments each tab has, and what is left of them unapplied."""

    received: int
    unapplied: int
    void: int
    all: int
    credit: Decimal

    def of(self, tab: str) -> int:
        count: int = getattr(self, tab)
        return count


def search_payments(firm: Firm, filters: PaymentFilters) -> QuerySet[Payment]:
    """
    Payments of any state that fit all filters and have every word of the search.

    A word is looked for in the contact's name, reference, method and the numbers of what it paid;
    an amount is also compared with what was received.
    """
    found = Payment.objects.for_firm(firm)
    for word in filters.q.split()[:MOST_WORDS]:
        found = found.filter(_has_word(firm, word))
    if period := period_of(filters.received):
        found = found.filter(received_on__gte=period[0], received_on__lt=period[1])
    if filters.contact is not None:
        found = found.filter(contact=filters.contact)
    if filters.sync == SyncState.NOT_SYNCED:
        return found.filter(~Exists(_marks().exclude(state=SyncState.NOT_SYNCED)))
    if filters.sync:
        states = (SyncState.FAILED, SyncState.CONFLICT)
        wanted = states if filters.sync == NEEDS_YOU else (filters.sync,)
        return found.filter(Exists(_marks().filter(state__in=wanted)))
    return found


def count_payments_by_tab(found: QuerySet[Payment]) -> PaymentCounts:
    """Two queries. Only of payments that are not void the parts are read."""
    states = dict(found.order_by().values_list("is_void").annotate(Count("pk")))
    live = states.get(False, 0)
    # The slice takes nothing away; it has each rest computed once, as of invoices' balances.
    live_rows: QuerySet[Any] = with_unapplied(found.filter(is_void=False)).order_by()
    rests = live_rows.values("pk", "unapplied")
    left = Q(unapplied__gt=0)
    counts = rests[: max(live, 1)].aggregate(
        with_rest=Count("pk", filter=left), credit=Sum("unapplied", filter=left)
    )
    return PaymentCounts(
        received=live,
        unapplied=counts["with_rest"],
        void=states.get(True, 0),
        all=sum(states.values()),
        credit=counts["credit"] or Decimal("0.00"),
    )


def listed_payments(found: QuerySet[Payment], filters: PaymentFilters) -> QuerySet[Payment]:
    """
    Of the found ones those of the tab, in order: with `unapplied`, `sync_state` (None without a
    mark), `paid_count` and `paid_number` (how many it paid, the number or label of the first).
    """
    rows: QuerySet[Any] = with_unapplied(found)
    if filters.tab != "all":
        rows = rows.filter(is_void=filters.tab == "void")
    if filters.tab == "unapplied":
        rows = rows.filter(unapplied__gt=0)
    order = SORTS[filters.sort]
    ordering = order.desc() if filters.is_descending else order.asc()
    return _with_what_it_paid(rows).order_by(ordering, "-pk" if filters.is_descending else "pk")


def payment_mark(payment: Payment) -> SyncMark | None:
    marks = SyncMark.objects.filter(firm=payment.firm_id, entity="payment", local_id=payment.pk)
    return marks.first()


def applied_parts(payment: Payment, *, today: date) -> list[tuple[PaymentPart, Any]]:
    """The parts in their order, each with its invoice (balance and status told) or None."""
    parts = list(payment.parts.all())
    ids = [part.invoice_id for part in parts if part.invoice_id is not None]
    invoices = {row.pk: row for row in _told(Invoice.objects.filter(pk__in=ids), today=today)}
    return [(part, invoices.get(part.invoice_id or 0)) for part in parts]


def payable_invoices(
    firm: Firm, family: Collection[int], *, today: date, also: Collection[int] = ()
) -> QuerySet[Invoice]:
    """
    Invoices of these contacts that are owed, the oldest first, with balance and status.

    `also`: ids of invoices that are wanted whatever they owe.
    """
    rows: QuerySet[Any] = _told(Invoice.objects.for_firm(firm), today=today)
    owed = Q(contact__in=family, status=Invoice.Status.SENT, balance__gt=0)
    return rows.filter(owed | Q(pk__in=also)).order_by("issued_on", "pk")


def methods_used(firm: Firm) -> list[str]:
    """Methods that the firm's payments name, those used most first."""
    rows = Payment.objects.for_firm(firm).exclude(method="").order_by()
    counted = rows.values("method").annotate(many=Count("pk")).order_by("-many", "method")
    return [each["method"] for each in counted[:MOST_METHODS]]


def payers(firm: Firm, text: str, *, today: date) -> QuerySet[Contact]:
    """
    The first active contacts with every word of `text` in a name or address; with `owed`, what
    their own invoices are short of, and `late`, of these what is overdue.
    """
    found = Contact.objects.for_firm(firm).active()
    for word in text.replace("\x00", "").split()[:MOST_WORDS]:
        found = found.filter(
            Q(display_name__icontains=word)
            | Q(company_name__icontains=word)
            | Q(email__icontains=word)
        )
    nothing = Decimal("0.00")
    rows = found.annotate(
        owed=Coalesce(_owed_by(), nothing), late=Coalesce(_owed_by(due_on__lt=today), nothing)
    )
    return rows.order_by(Upper("display_name"), "pk")[:MOST_PAYERS]


def latest_invoices_of(contact: Contact, *, today: date) -> QuerySet[Invoice]:
    """The contact's own invoices, the newest first, as the list of invoices shows them."""
    marks = SyncMark.objects.filter(
        firm=OuterRef("firm"), entity="invoice", local_id=OuterRef("pk")
    )
    rows = _told(Invoice.objects.filter(contact=contact), today=today)
    return rows.annotate(sync_state=Subquery(marks.values("state")[:1])).order_by(
        "-issued_on", "-pk"
    )


def latest_payments_of(contact: Contact) -> QuerySet[Payment]:
    """The contact's own payments, the newest first, as `listed_payments` shows them."""
    rows = with_unapplied(Payment.objects.filter(contact=contact))
    return _with_what_it_paid(rows).order_by("-received_on", "-pk")


def _told(rows: QuerySet[Invoice], *, today: date) -> QuerySet[Invoice]:
    return with_status(with_balance(rows), today=today).select_related("contact")


def _with_what_it_paid(rows: QuerySet[Payment]) -> QuerySet[Payment]:
    parts: QuerySet[Any] = PaymentPart.objects.filter(payment=OuterRef("pk")).order_by("position")
    counted = parts.order_by().values("payment").annotate(many=Count("pk")).values("many")
    names = parts.annotate(paid=Coalesce("invoice__number", "label")).values("paid")
    return rows.annotate(
        sync_state=Subquery(_marks().values("state")[:1]),
        paid_count=Coalesce(Subquery(counted), 0),
        paid_number=Subquery(names[:1]),
    ).select_related("contact")


def _owed_by(**narrow: Any) -> Subquery:
    """What the sent invoices of the contact of the query around it are short of."""
    sent = Invoice.objects.filter(contact=OuterRef("pk"), status=Invoice.Status.SENT, **narrow)
    owed = with_balance(sent).filter(balance__gt=0).order_by().values("contact")  # type: ignore[misc]
    return Subquery(owed.annotate(owed=Sum("balance")).values("owed"))


def _has_word(firm: Firm, word: str) -> Q:
    paid = PaymentPart.objects.filter(invoice__firm=firm, invoice__number__icontains=word)
    hit = (
        Q(contact__display_name__icontains=word)
        | Q(reference__icontains=word)
        | Q(method__icontains=word)
        | Q(pk__in=paid.values("payment"))
    )
    amount = amount_in(word)
    return hit if amount is None else hit | Q(amount=amount)


def _marks() -> QuerySet[SyncMark]:
    return SyncMark.objects.filter(firm=OuterRef("firm"), entity="payment", local_id=OuterRef("pk"))
