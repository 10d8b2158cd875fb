"""Payments: what is kept equal with the payments of the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet

from billing.errors import BillingError
from billing.events import payment_changed
from billing.models import Payment, PaymentPart, VoidedBy
from billing.queries import with_unapplied
from billing.services import payments
from firms.permissions import Actor
from integrations.entities import lines
from integrations.entities.base import (
    EntitySpec,
    Half,
    Local,
    LocalRefused,
    Reference,
    Rules,
    Unlinked,
    id_of_theirs,
    theirs,
)
from integrations.entities.contact import fold
from integrations.entities.store import ModelStore
from integrations.reconcile import record as compare
from integrations.reconcile.policy import Direction
from integrations.reconcile.record import Life, Record, Ref, Unknown, part

REFERENCE_LIMIT = 21  # QuickBooks' PaymentRefNum; a longer one goes into the memo whole
INVOICE_TXN = "Invoice:"


@dataclass(frozen=True, kw_only=True)
class PaymentRecord(Record):
    """A payment as both sides understand it. Dates are ISO text, money decimal text."""

    entity: ClassVar[str] = "payment"

    contact: int | Ref | None | Unknown = part(key=compare.plain, blank=None)
    received_on: str | Unknown = part(label="Date")
    amount: str | Unknown = part(group="split", key=compare.money)
    parts: Sequence[Mapping[str, Any]] | Unknown = part(
        group="split", key=lines.parts, blank=(), label="Applied to"
    )
    currency: str | Unknown = part(group="split", key=compare.goes_along)
    method: str | Ref | Unknown = part(key=lambda value: fold(value))
    reference: str | Unknown = part()
    long_reference: str | Unknown = part(key=compare.goes_along)  # sent once, when it is made


class PaymentStore(ModelStore[Payment]):
    """Reads `billing.models`, writes through `billing.services.payments`."""

    refusals = (BillingError,)
    prefetched = ("parts__invoice",)

    def rows(self, firm_id: int) -> QuerySet[Payment]:
        return Payment.objects.for_firm(firm_id)

    def local(self, row: Payment) -> Local:
        return _local(row)

    def count_known(self, *, firm_id: int, names: Sequence[str]) -> int:
        return 0  # payments have no names

    def open_amounts(self, *, firm_id: int, local_ids: Sequence[int]) -> Mapping[int, Decimal]:
        rows: QuerySet[Any] = with_unapplied(self.rows(firm_id).filter(pk__in=local_ids))
        return {each.pk: -each.unapplied for each in rows}

    def accept(
        self, *, actor: Actor, local_id: int | None, values: Mapping[str, Any], now: datetime
    ) -> Payment:
        return payments.accept_from_books(
            actor=actor, payment_id=local_id, values=to_payment(values), now=now
        )

    def change(
        self,
        *,
        actor: Actor,
        row: Payment,
        version: int | None,
        values: Mapping[str, Any],
        now: datetime,
    ) -> Payment:
        raise LocalRefused("Change it on the payment's own page.")

    def take_back_void(self, *, actor: Actor, local_id: int, now: datetime) -> Local | None:
        return _local(payments.take_back_void(actor=actor, payment_id=local_id, now=now))

    def void(
        self, *, actor: Actor, local_id: int, with_payments: bool = False, now: datetime
    ) -> None:
        payment = self.rows(actor.firm_id).get(pk=local_id)
        if payment.is_void:
            return
        try:
            payments.void_payment(actor=actor, payment=payment, version=payment.version, now=now)
        except BillingError as error:
            raise LocalRefused(str(error)) from error

    def note(self, *, actor: Actor, local_id: int, facts: Mapping[str, Any], now: datetime) -> None:
        payments.note_from_books(
            actor=actor,
            payment_id=local_id,
            lock_reason=str(facts.get("lock_reason") or ""),
            now=now,
        )


# -- Their values, as our service takes them -----------------------------------------------------


def to_payment(values: Mapping[str, Any]) -> dict[str, Any]:
    """See billing.services.payments.accept_from_books."""
    copied = ("method", "reference", "currency", "life")
    changes: dict[str, Any] = {name: values[name] for name in copied if name in values}
    if "contact" in values:
        changes["contact_id"] = values["contact"]
    if "received_on" in values:
        changes["received_on"] = date.fromisoformat(values["received_on"])
    if "amount" in values:
        changes["amount"] = Decimal(values["amount"])
    if "parts" in values:
        changes["parts"] = [_part_to_ours(each) for each in values["parts"]]
    return changes


def _part_to_ours(told: Mapping[str, Any]) -> dict[str, Any]:
    paid = told.get("invoice")
    their_invoice = id_of_theirs(paid)
    return {
        "invoice_id": paid if isinstance(paid, int) else None,
        "books_txn": f"{INVOICE_TXN}{their_invoice}" if their_invoice else told.get("txn", ""),
        "label": str(told.get("label") or ""),
        "amount": Decimal(told["amount"]),
    }


# -- Ours, as a record ---------------------------------------------------------------------------


def _local(payment: Payment) -> Local:
    is_long = len(payment.reference) > REFERENCE_LIMIT
    record = PaymentRecord(
        life=_life(payment),
        contact=payment.contact_id,
        received_on=payment.received_on.isoformat(),
        amount=f"{payment.amount:.2f}",
        parts=[_part(each) for each in payment.parts.all() if not _is_void(each)],
        currency=payment.currency,
        method=payment.method,
        reference="" if is_long else payment.reference,
        long_reference=payment.reference if is_long else "",
    )
    return Local(
        local_id=payment.pk,
        version=payment.version,
        record=record,
        label=f"Payment of {payment.amount:,.2f}",
        is_ours=not is_long,
        amount=payment.amount,
    )


def _life(payment: Payment) -> Life:
    if not payment.is_void:
        return Life.LIVE
    return Life.DELETED if payment.voided_by == VoidedBy.BOOKS_DELETE else Life.VOID


def _is_void(part: PaymentPart) -> bool:
    """What stands against a void invoice is applied to nothing."""
    return part.invoice is not None and part.invoice.is_void


def _part(part: PaymentPart) -> dict[str, Any]:
    amount = f"{part.amount:.2f}"
    if part.invoice_id is not None:
        return {"invoice": part.invoice_id, "amount": amount}
    if part.books_txn.startswith(INVOICE_TXN):
        return {
            "invoice": theirs(part.books_txn.removeprefix(INVOICE_TXN)),
            "label": part.label,
            "amount": amount,
        }
    return {"txn": part.books_txn, "label": part.label, "amount": amount}


# -- Rules ---------------------------------------------------------------------------------------


def kept_out(rules: Rules, local: Local | None) -> frozenset[str]:
    """A method that the books don't know stays here alone, and so does a reference too long."""
    groups = set()
    if local is not None and not local.is_ours:
        groups.add("reference")
    record = local.record if local is not None else None
    if isinstance(record, PaymentRecord) and record.method:
        is_known = fold(str(record.method)) in rules.methods
        if not is_known:
            groups.add("method")
    return frozenset(groups)


def same_payment(record: Record, path: Sequence[str]) -> str:
    """Part of the key: date and amount. Contact and invoices are compared beside it."""
    assert isinstance(record, PaymentRecord)
    return f"{record.received_on}|{record.amount}"


PAYMENT = EntitySpec(
    key="payment",
    label="Payments",
    singular="payment",
    theirs="payment",
    record=PaymentRecord,
    store=PaymentStore(),
    changed=payment_changed,
    match={"two_way": same_payment},
    directions={
        "two_way": (Direction.TWO_WAY, Direction.PUSH),
        "push_only": (Direction.PUSH,),
    },
    half=Half.BILLING,
    kept_out=kept_out,
    chosen_direction=lambda rules: rules.invoices_direction,
    references=(
        Reference(entity="contact", field="contact", unlinked=Unlinked.WAITS),
        Reference(
            entity="invoice",
            field="parts",
            inner="invoice",
            unlinked=Unlinked.THEIRS,
            outlives=True,  # unmatching an invoice does not un-pay it (ledger rule 36)
        ),
        Reference(entity="payment_method", field="method"),
    ),
    names="reference",
    is_transaction=True,
    url_name="billing:payment",
)
