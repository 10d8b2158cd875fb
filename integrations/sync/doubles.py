"""
Looks for what may be entered twice: the same payment on both sides, one bill made on both.

Nothing is ever linked by itself here: a person says whether the two are one (ledger rules 9, 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from billing.models import Invoice, Payment
from billing.queries import balances_of
from contacts.models import Contact
from integrations.errors import Refused
from integrations.models import Connection, ImportedRecord, Link
from integrations.providers import get_provider
from integrations.providers.base import Snapshot
from integrations.reconcile.record import Ref

PAYMENT_DAYS = timedelta(days=10)
BILL_DAYS = timedelta(days=7)


class MaybeSamePayment(Refused):
    """It may be the same payment as another one that was entered on the other side."""

    code = "same_payment"

    def __init__(self, sentence: str, *, candidates: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(
            sentence,
            what_to_do="Link them if they are one payment. Record both if the client paid twice.",
        )
        self.candidates = list(candidates)  # of the other side: {"id", "label", "dated_on"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A payment that is about to be made on one side."""

    contact_id: int
    amount: Decimal
    received_on: date
    invoice_ids: Sequence[int]  # ours, that it pays

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day on which the same payment may be dated."""
        return self.received_on - PAYMENT_DAYS, self.received_on + PAYMENT_DAYS


def asked_of(values: Mapping[str, Any]) -> Asked | None:
    """From the values of a create; None where its contact is not known."""
    if not isinstance(values.get("contact"), int):
        return None
    parts = values.get("parts") or ()
    return Asked(
        contact_id=values["contact"],
        amount=Decimal(values["amount"]),
        received_on=date.fromisoformat(values["received_on"]),
        invoice_ids=[each["invoice"] for each in parts if isinstance(each.get("invoice"), int)],
    )


def check_payment_there(connection: Connection, asked: Asked) -> None:
    """
    Before a payment of ours is made in the books.

    Raises:
        MaybeSamePayment: an unlinked one there fits, or an invoice owes less there than is paid.
    """
    fitting = list(_unlinked_there(connection, asked))
    if fitting:
        raise MaybeSamePayment(
            f"QuickBooks has a payment of {asked.amount:,.2f} of the same client that is not "
            "linked.",
            candidates=fitting,
        )
    balances = balances_of(Invoice.objects.filter(pk__in=asked.invoice_ids))
    overpaid = [pk for pk, balance in balances.items() if balance < 0]
    if overpaid:
        short = Invoice.objects.get(pk=min(overpaid))
        raise MaybeSamePayment(
            f"{short} owes less in QuickBooks than this payment pays: it may be entered there "
            "already.",
            candidates=[],
        )


def _unlinked_there(connection: Connection, asked: Asked) -> Iterable[Mapping[str, Any]]:
    """What is known of payments there without a partner, by all that was told of them."""
    customers = _customers_of(connection, asked.contact_id)
    kept = ImportedRecord.objects.filter(
        connection=connection,
        entity="payment",
        amount=asked.amount,
        dated_on__range=asked.days,
    )
    linked = _linked(connection).values("remote_id")
    provider = get_provider(connection.provider)
    for row in kept.exclude(remote_id__in=linked).order_by("dated_on", "pk"):
        contact = provider.read_stored("payment", row.raw).record.values().get("contact")
        if isinstance(contact, Ref) and contact.remote_id in customers:
            yield {"id": row.remote_id, "label": row.label, "dated_on": f"{row.dated_on}"}


def without_partner(connection: Connection, found: Sequence[Snapshot]) -> list[Snapshot]:
    """Those of the payments found there that are not linked with one of ours."""
    linked = set(_linked(connection).values_list("remote_id", flat=True))
    return [each for each in found if each.remote_id not in linked]


def _linked(connection: Connection) -> QuerySet[Link]:
    return Link.objects.filter(
        connection=connection, entity="payment", local_id__isnull=False, remote_id__isnull=False
    )


def check_payment_here(connection: Connection, asked: Asked) -> None:
    """
    Before a payment of the books is made here.

    Raises:
        MaybeSamePayment: one of ours that is not linked fits.
    """
    linked = _linked(connection).values("local_id")
    family = _family_of(connection.firm_id, asked.contact_id)
    fitting = (
        Payment.objects.for_firm(connection.firm_id)
        .live()
        .filter(
            contact__in=family,
            amount=asked.amount,
            received_on__range=asked.days,
        )
        .exclude(pk__in=linked)
    )
    found = [
        {"id": each.pk, "label": str(each), "dated_on": f"{each.received_on}"}
        for each in fitting.order_by("received_on", "pk")[:20]
    ]
    if found:
        raise MaybeSamePayment(
            f"A payment of {asked.amount:,.2f} of the same client was recorded here, too, and is "
            "not linked.",
            candidates=found,
        )


def billed_twice(connection: Connection, invoice_id: int) -> Invoice | None:
    """The invoice of ours that one which just came in may be a second copy of, if any."""
    came = Invoice.objects.get(pk=invoice_id)
    days = (came.issued_on - BILL_DAYS, came.issued_on + BILL_DAYS)
    same_bill = Q(contact=came.contact_id, total=came.total, issued_on__range=days)
    same_number = Q(number__iexact=came.number) if came.number else Q()
    ours = Invoice.objects.for_firm(connection.firm_id).exclude(pk=invoice_id)
    made_here = ours.filter(origin="here", status=Invoice.Status.SENT)
    return made_here.filter(same_bill | same_number).order_by("-issued_on", "pk").first()


def _customers_of(connection: Connection, contact_id: int) -> set[str]:
    """Ids there of the contact and those above it."""
    found = Link.objects.filter(
        connection=connection,
        entity="contact",
        local_id__in=_family_of(connection.firm_id, contact_id),
        remote_id__isnull=False,
    )
    return {str(each) for each in found.values_list("remote_id", flat=True)}


def _family_of(firm_id: int, contact_id: int) -> list[int]:
    """The contact and those above it, the nearest first."""
    family: list[int] = []
    above: int | None = contact_id
    while above is not None and above not in family:
        family.append(above)
        rows = Contact.objects.for_firm(firm_id).filter(pk=above)
        above = rows.values_list("parent_id", flat=True).first()
    return family
