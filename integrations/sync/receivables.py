"""
What each contact owes on both sides, added up from the rows of a comparison (ledger rule 43).

QuickBooks' receivable = our invoices - payments - QuickBooks credits + what is not held here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import Invoice, InvoiceCredit
from integrations.models import AgreementRow, AgreementRun

ZERO = Decimal(0)
Result = AgreementRow.Result
OTHER = "Other in QuickBooks, such as credit memos and journal entries"


def rows(run: AgreementRun, *, after: int, limit: int) -> tuple[list[AgreementRow], int | None]:
    """A row for each of the next contacts with anything owed, and the last contact's id."""
    sums = list(_sums(run, after=after)[:limit])
    if not sums:
        return [], None
    ids = [each["contact_id"] for each in sums]
    contacts = {
        each.contact_id: each for each in run.rows.filter(entity="contact", contact_id__in=ids)
    }
    billed, credited = _billed(ids), _credited(ids)
    made = [
        _row(run, each, contacts.get(each["contact_id"]), billed, credited)
        for each in sums
        if each["records"]
    ]
    return made, ids[-1]


def _sums(run: AgreementRun, *, after: int) -> QuerySet[Any]:
    """By contact: what is open on each side, and how much of the difference has no cause."""
    ours, theirs = Coalesce("ours", Value(ZERO)), Coalesce("theirs", Value(ZERO))
    is_money = ~Q(entity="contact") & ~Q(entity=AgreementRow.RECEIVABLE)
    found = run.rows.filter(contact_id__gt=after).exclude(result=Result.LISTED)
    return (
        found.values("contact_id")
        .annotate(
            records=Count("pk", filter=is_money),
            sum_ours=Coalesce(Sum("ours", filter=is_money), Value(ZERO)),
            sum_theirs=Coalesce(Sum("theirs", filter=is_money), Value(ZERO)),
            sum_not_held=Coalesce(Sum("not_held", filter=is_money), Value(ZERO)),
            red=Count("pk", filter=is_money & Q(is_explained=False) & ~Q(ours=F("theirs"))),
            unexplained=Coalesce(
                Sum(theirs - ours, filter=is_money & Q(is_explained=False)), Value(ZERO)
            ),
        )
        .order_by("contact_id")
    )


def _billed(contact_ids: Sequence[int]) -> Mapping[int, Decimal]:
    sent = Invoice.objects.filter(contact__in=contact_ids, status=Invoice.Status.SENT)
    found = sent.order_by().values("contact").annotate(sum=Sum("total"))
    return {each["contact"]: each["sum"] for each in found}


def _credited(contact_ids: Sequence[int]) -> Mapping[int, Decimal]:
    told = InvoiceCredit.objects.filter(
        invoice__contact__in=contact_ids, invoice__status=Invoice.Status.SENT
    )
    found = told.order_by().values("invoice__contact").annotate(sum=Sum("amount"))
    return {each["invoice__contact"]: each["sum"] for each in found}


def _row(
    run: AgreementRun,
    sums: Mapping[str, Any],
    contact: AgreementRow | None,
    billed: Mapping[int, Decimal],
    credited: Mapping[int, Decimal],
) -> AgreementRow:
    contact_id = sums["contact_id"]
    ours, theirs, not_held = sums["sum_ours"], sums["sum_theirs"], sums["sum_not_held"]
    told = contact.told_balance if contact else None
    other = ZERO  # a customer's own balance is told afresh by a full listing alone
    if run.is_full and told is not None:
        other = told - theirs - not_held
    invoices, credits = billed.get(contact_id, ZERO), credited.get(contact_id, ZERO)
    is_red = bool(sums["red"] or sums["unexplained"])
    return AgreementRow(
        run=run,
        firm_id=run.firm_id,
        entity=AgreementRow.RECEIVABLE,
        local_id=contact_id,
        contact_id=contact_id,
        link_id=contact.link_id if contact else None,
        remote_id=contact.remote_id if contact else "",
        label=contact.label if contact else "",
        result=Result.AGREES if ours == theirs else Result.DIFFERS,
        is_explained=not is_red,
        sentence=_sentence(theirs - ours, other, is_red=is_red),
        ours=ours,
        theirs=theirs + not_held + other,
        not_held=not_held + other,
        told_balance=told,
        detail={
            "invoices": f"{invoices:.2f}",
            "credits": f"{credits:.2f}",
            "payments": f"{invoices - credits - ours:.2f}",  # applied to them, or on account
            "other": f"{other:.2f}",
        },
    )


def _sentence(difference: Decimal, other: Decimal, *, is_red: bool) -> str:
    told = []
    if is_red:
        told.append("No reason is known for a part of the difference.")
    elif difference:
        told.append("The records below say why.")
    if other:
        told.append(f"{OTHER}: {other:,.2f}.")
    return " ".join(told)
