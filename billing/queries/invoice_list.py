"""The list of invoices: what its address says, what it finds, and how many there are of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Upper

from billing.models import Invoice, InvoiceMail
from billing.queries.money import with_balance, with_status
from firms.marks import SyncMark, SyncState
from firms.models import Firm

STATUSES = ("open", "overdue", "draft", "paid", "void", "all")
SORTS: dict[str, F | Upper] = {
    "number": Upper("number"),
    "contact": Upper("contact__display_name"),
    "issued": F("issued_on"),
    "due": F("due_on"),
    "total": F("total"),
}
MOST_WORDS = 8
PERIOD = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?")
FAILED_SHOWN = 3
NEEDS_YOU = "needs_you"  # refused there, or changed on both sides


@dataclass(frozen=True, kw_only=True)
class InvoiceFilters:
    """
    What the address of the list says. Whatever it doesn't know is the default.

    `issued` is a year or a month, "2026" or "2026-11"; `contact` an id; `sync` a SyncState or
    NEEDS_YOU.
    """

    q: str = ""
    status: str = "open"
    issued: str = ""
    contact: int | None = None
    sync: str = ""
    sort: str = "issued"
    is_descending: bool = True

    @classmethod
    def read(cls, query: Mapping[str, str]) -> InvoiceFilters:
        status, sort, sync = (query.get(name, "") for name in ("status", "sort", "sync"))
        issued, contact = query.get("issued", ""), query.get("contact", "")
        is_known = sort.removeprefix("-") in SORTS
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            status=status if status in STATUSES else "open",
            issued=issued if period_of(issued) else "",
            contact=int(contact) if re.fullmatch(r"[0-9]{1,15}", contact) else None,
            sync=sync if sync in (*SyncState.values, NEEDS_YOU) else "",
            sort=sort.removeprefix("-") if is_known else "issued",
            is_descending=sort.startswith("-") or not is_known,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.issued or self.sync or self.contact is not None)

    @property
    def period(self) -> tuple[date, date] | None:
        """The first day of `issued`, and the first day after it."""
        return period_of(self.issued)


@dataclass(frozen=True, kw_only=True)
class InvoiceCounts:
    """How many of the found invoices each tab has, and what the open ones come to."""

    open: int
    overdue: int
    draft: int
    paid: int
    void: int
    all: int
    open_balance: Decimal

    def of(self, status: str) -> int:
        count: int = getattr(self, status)
        return count


def search_invoices(firm: Firm, filters: InvoiceFilters) -> QuerySet[Invoice]:
    """
    Invoices of any status that fit all filters and have every word of the search.

    A word is looked for in our number, that of QuickBooks, the PO number and the contact's name;
    an amount is also compared with the total.
    """
    found = Invoice.objects.for_firm(firm)
    for word in filters.q.split()[:MOST_WORDS]:
        found = found.filter(_has_word(firm, word))
    if filters.period:
        start, end = filters.period
        found = found.filter(issued_on__gte=start, issued_on__lt=end)
    if filters.contact is not None:
        found = found.filter(contact=filters.contact)
    if filters.sync == SyncState.NOT_SYNCED:
        return found.filter(~Exists(_marks().exclude(state=SyncState.NOT_SYNCED)))
    if filters.sync:
        states = (SyncState.FAILED, SyncState.CONFLICT)
        wanted = states if filters.sync == NEEDS_YOU else (filters.sync,)
        return found.filter(Exists(_marks().filter(state__in=wanted)))
    return found


def count_invoices_by_status(found: QuerySet[Invoice], *, today: date) -> InvoiceCounts:
    """
    Two queries. Only what is neither draft nor void is owed, so only of that payments are read.
    """
    states = dict(found.order_by().values_list("status").annotate(Count("pk")))
    how_many = states.get(Invoice.Status.SENT, 0)
    sent = with_balance(found.filter(status=Invoice.Status.SENT))
    # The slice takes nothing away. It makes the balances a query of their own, computed once for
    # each invoice; else the database computes one anew in each of the sums below.
    columns = sent.order_by().values("pk", "due_on", "balance")  # type: ignore[misc]
    balances = columns[: max(how_many, 1)]
    owed = Q(balance__gt=0)
    counts = balances.aggregate(
        open=Count("pk", filter=owed),
        overdue=Count("pk", filter=owed & Q(due_on__lt=today)),
        open_balance=Sum("balance", filter=owed),
    )
    return InvoiceCounts(
        open=counts["open"],
        overdue=counts["overdue"],
        draft=states.get(Invoice.Status.DRAFT, 0),
        paid=how_many - counts["open"],
        void=states.get(Invoice.Status.VOID, 0),
        all=sum(states.values()),
        open_balance=counts["open_balance"] or Decimal("0.00"),
    )


def listed_invoices(
    found: QuerySet[Invoice], filters: InvoiceFilters, *, today: date
) -> QuerySet[Invoice]:
    """
    Of the found ones those of the tab, in order: with `balance`, `shown_status`, `sync_state` and
    `number_there` (both None where there is no mark), and their contact.
    """
    rows = with_status(with_balance(of_tab(found, filters.status, today=today)), today=today)
    order = SORTS[filters.sort]
    ordering = order.desc() if filters.is_descending else order.asc()
    pk = "-pk" if filters.is_descending else "pk"
    return (
        rows.annotate(
            sync_state=Subquery(_marks().values("state")[:1]),
            number_there=Subquery(_marks().values("remote_label")[:1]),
        )
        .select_related("contact")
        .order_by(ordering, pk)
    )


def of_tab(found: QuerySet[Invoice], tab: str, *, today: date) -> QuerySet[Invoice]:
    """Those of one of STATUSES."""
    if tab in ("draft", "void"):
        return found.filter(status=tab)
    if tab == "all":
        return found
    sent = with_balance(found.filter(status=Invoice.Status.SENT))
    if tab == "paid":
        return sent.filter(Q(balance__lte=0))
    owed = sent.filter(Q(balance__gt=0))
    return owed.filter(due_on__lt=today) if tab == "overdue" else owed


def invoice_mark(invoice: Invoice) -> SyncMark | None:
    marks = SyncMark.objects.filter(firm=invoice.firm_id, entity="invoice", local_id=invoice.pk)
    return marks.first()


def failed_mails(firm: Firm) -> list[InvoiceMail]:
    """
    The latest mails that failed and that nobody sent again, up to FAILED_SHOWN and one more.
    """
    later = InvoiceMail.objects.filter(
        invoice=OuterRef("invoice"), asked_at__gt=OuterRef("asked_at")
    )
    failed = InvoiceMail.objects.filter(
        invoice__firm=firm, invoice__status=Invoice.Status.SENT, state=InvoiceMail.State.FAILED
    )
    found = failed.filter(~Exists(later)).select_related("invoice").order_by("-asked_at", "-pk")
    return list(found[: FAILED_SHOWN + 1])


def _has_word(firm: Firm, word: str) -> Q:
    there = SyncMark.objects.filter(firm=firm, entity="invoice", remote_label__icontains=word)
    hit = (
        Q(number__icontains=word)
        | Q(po_number__icontains=word)
        | Q(contact__display_name__icontains=word)
        | Q(pk__in=there.values("local_id"))
    )
    amount = amount_in(word)
    return hit if amount is None else hit | Q(total=amount)


def amount_in(word: str) -> Decimal | None:
    """ "1,043.75" and "$1043.75" are amounts."""
    digits = word.lstrip("$").replace(",", "")
    if not re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,2})?", digits):
        return None
    return Decimal(digits)


def period_of(text: str) -> tuple[date, date] | None:
    """The first day of a year or a month, "2026" or "2026-11", and the first day after it."""
    found = PERIOD.fullmatch(text)
    if not found or not 1900 <= int(found[1]) <= 2199:
        return None
    year, month = int(found[1]), int(found[2] or 0)
    if not month:
        return date(year, 1, 1), date(year + 1, 1, 1)
    after = date(year, month + 1, 1) if month < 12 else date(year + 1, 1, 1)
    return date(year, month, 1), after


def _marks() -> QuerySet[SyncMark]:
    return SyncMark.objects.filter(firm=OuterRef("firm"), entity="invoice", local_id=OuterRef("pk"))
