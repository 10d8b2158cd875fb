"""Invoices: what is kept equal with the invoices of the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet

from billing.errors import BillingError
from billing.events import invoice_changed
from billing.models import Invoice, InvoiceLine, VoidedBy
from billing.queries import balances_of
from billing.services import invoices, invoices_from_books
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
from integrations.reconcile.record import Life, Record, Ref, Unknown, part, plain_number


@dataclass(frozen=True, kw_only=True)
class InvoiceRecord(Record):
    """
    An invoice as both sides understand it. Dates are ISO text, numbers decimal text.

    What it comes to is not part of it: each side computes its own. `taxes`, `discount` and
    `other_amount` say what the books computed, for an invoice that was made there.
    """

    entity: ClassVar[str] = "invoice"

    contact: int | Ref | None | Unknown = part(key=compare.plain, blank=None)
    number: str | Unknown = part()
    po_number: str | Unknown = part(label="PO number")

    issued_on: str | Unknown = part(group="dates", label="Issue date")
    due_on: str | Unknown = part(group="dates", label="Due date")
    term_days: int | Ref | None | Unknown = part(
        group="dates", label="Terms", key=compare.goes_along, blank=None
    )

    lines: Sequence[Mapping[str, Any]] | Unknown = part(group="money", key=lines.lines, blank=())
    discount_percent: str | Unknown = part(group="money", key=compare.number, label="Discount in %")
    discount_amount: str | Unknown = part(group="money", key=compare.money, label="Discount")
    is_discount_before_tax: bool | Unknown = part(
        group="money", key=compare.plain, blank=False, label="Discount before tax"
    )
    tax_rate: int | str | Ref | None | Unknown = part(
        group="money", key=compare.plain, blank=None, label="Tax"
    )
    currency: str | Unknown = part(group="money", key=compare.goes_along)
    taxes: Sequence[Mapping[str, Any]] | Unknown = part(
        group="money", key=compare.goes_along, blank=()
    )
    discount: str | Unknown = part(group="money", key=compare.goes_along)  # what it came to
    other_amount: str | Unknown = part(group="money", key=compare.goes_along)

    message: str | Unknown = part()
    private_note: str | Unknown = part()
    is_emailed: bool | Unknown = part(
        group="emailed", key=compare.plain, blank=False, label="E-mailed"
    )
    emailed_to: str | Unknown = part(group="emailed", key=compare.goes_along)


DATES = ("issued_on", "due_on")
GIVEN = ("discount_percent", "discount_amount")
SUMS = ("discount", "other_amount")
ZERO = Decimal("0.00")
COPIED = (
    "number", "po_number", "term_days", "is_discount_before_tax", "currency", "message",
    "private_note", "emailed_to",
)  # fmt: skip


class InvoiceStore(ModelStore[Invoice]):
    """Reads `billing.models`, writes through `billing.services.invoices`."""

    refusals = (BillingError,)
    prefetched = ("lines", "taxes")

    def rows(self, firm_id: int) -> QuerySet[Invoice]:
        return Invoice.objects.for_firm(firm_id)

    def local(self, row: Invoice) -> Local:
        return _local(row)

    def count_known(self, *, firm_id: int, names: Sequence[str]) -> int:
        known = self.rows(firm_id).filter(number__in=list(names))
        return known.values("number").distinct().count()

    def open_amounts(self, *, firm_id: int, local_ids: Sequence[int]) -> Mapping[int, Decimal]:
        sent = self.rows(firm_id).filter(pk__in=local_ids)
        return balances_of(sent.exclude(status=Invoice.Status.DRAFT))

    def accept(
        self, *, actor: Actor, local_id: int | None, values: Mapping[str, Any], now: datetime
    ) -> Invoice:
        return invoices_from_books.accept_from_books(
            actor=actor, invoice_id=local_id, values=to_invoice(values), now=now
        )

    def change(
        self,
        *,
        actor: Actor,
        row: Invoice,
        version: int | None,
        values: Mapping[str, Any],
        now: datetime,
    ) -> Invoice:
        """Of an invoice pages of the sync change the number only (a clash)."""
        return invoices.update_invoice(
            actor=actor,
            invoice=row,
            version=row.version if version is None else version,
            changes=values,
            now=now,
        )

    def take_back_void(self, *, actor: Actor, local_id: int, now: datetime) -> Local | None:
        return _local(invoices_from_books.take_back_void(actor=actor, invoice_id=local_id, now=now))

    def void(
        self, *, actor: Actor, local_id: int, with_payments: bool = False, now: datetime
    ) -> None:
        invoice = self.rows(actor.firm_id).get(pk=local_id)
        if invoice.is_void:
            return
        try:
            invoices.void_invoice(
                actor=actor,
                invoice=invoice,
                payments="void" if with_payments else "keep",
                now=now,
            )
        except BillingError as error:
            raise LocalRefused(str(error)) from error

    def note(self, *, actor: Actor, local_id: int, facts: Mapping[str, Any], now: datetime) -> None:
        """The ids of its lines there, and why it cannot be changed; credits: sync/credits.py."""
        invoices_from_books.note_from_books(
            actor=actor,
            invoice_id=local_id,
            line_ids=facts.get("line_ids"),
            credits=facts.get("credits"),
            lock_reason=facts.get("lock_reason"),
            now=now,
        )


# -- Their values, as our service takes them -----------------------------------------------------


def to_invoice(values: Mapping[str, Any]) -> dict[str, Any]:
    """See billing.services.invoices.accept_from_books."""
    changes: dict[str, Any] = {name: values[name] for name in COPIED if name in values}
    changes |= {name: date.fromisoformat(values[name]) for name in DATES if name in values}
    changes |= {name: _decimal(values[name]) for name in GIVEN if name in values}
    changes |= {name: _decimal(values[name]) or ZERO for name in SUMS if name in values}
    if "contact" in values:
        changes["contact_id"] = values["contact"]
    if "life" in values:
        changes["life"] = values["life"]
    if "is_emailed" in values:
        changes["is_emailed_there"] = values["is_emailed"]
    if "tax_rate" in values:
        code = id_of_theirs(values["tax_rate"])
        changes["tax_rate_id"] = None if code else values["tax_rate"]
        changes["books_tax_code"] = code or ""
    if "taxes" in values:
        changes["taxes"] = [_tax(each) for each in values["taxes"]]
        changes["tax"] = sum((each["amount"] for each in changes["taxes"]), ZERO)
    if "lines" in values:
        changes["lines"] = [_line_to_ours(each) for each in values["lines"]]
    return changes


def _decimal(text: Any) -> Decimal | None:
    return None if text in (None, "") else Decimal(text)


def _tax(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(told.get("name") or ""),
        "percent": _decimal(told.get("percent")),
        "base": _decimal(told.get("base")),
        "amount": Decimal(told["amount"]),
    }


def _line_to_ours(line: Mapping[str, Any]) -> dict[str, Any]:
    item = line.get("item")
    served_on = line.get("served_on")
    return {
        "books_id": str(line.get("id") or ""),
        "kind": line["kind"],
        "service_item_id": item if isinstance(item, int) else None,
        "books_item": id_of_theirs(item) or "",
        "item_name": str(line.get("item_name") or ""),
        "description": str(line.get("description") or ""),
        "served_on": date.fromisoformat(served_on) if served_on else None,
        "quantity": _decimal(line.get("quantity")),
        "rate": _decimal(line.get("rate")),
        "amount": _decimal(line.get("amount")),
        "is_taxable": bool(line.get("is_taxable")),
        "lock_reason": str(line.get("lock_reason") or ""),
    }


# -- Ours, as a record ---------------------------------------------------------------------------


def _local(invoice: Invoice) -> Local:
    has_discount = invoice.discount_percent is not None or invoice.discount_amount is not None
    record = InvoiceRecord(
        life=_life(invoice),
        contact=invoice.contact_id,
        number=invoice.number,
        po_number=invoice.po_number,
        issued_on=invoice.issued_on.isoformat(),
        due_on=invoice.due_on.isoformat(),
        term_days=invoice.term_days,
        lines=[_line(each) for each in invoice.lines.all()],
        discount_percent=plain_number(invoice.discount_percent),
        discount_amount=_money(invoice.discount_amount),
        is_discount_before_tax=has_discount and invoice.is_discount_before_tax,
        tax_rate=theirs(invoice.books_tax_code) if invoice.books_tax_code else invoice.tax_rate_id,
        currency=invoice.currency,
        taxes=[_tax_text(each) for each in invoice.taxes.all()],
        discount=_money(invoice.discount),
        other_amount=_money(invoice.other_amount),
        message=invoice.message,
        private_note=invoice.private_note,
        is_emailed=invoice.is_emailed_there,
        emailed_to=invoice.emailed_to,
    )
    return Local(
        local_id=invoice.pk,
        version=invoice.version,
        record=record,
        label=invoice.number or "Invoice without a number",
        path=(invoice.number,),
        is_ready=not invoice.is_draft,
        is_ours=invoice.is_numbered_here,
        amount=invoice.total,
    )


def _life(invoice: Invoice) -> Life:
    if not invoice.is_void:
        return Life.LIVE
    return Life.DELETED if invoice.voided_by == VoidedBy.BOOKS_DELETE else Life.VOID


def _money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _line(line: InvoiceLine) -> dict[str, Any]:
    item = theirs(line.books_item) if line.books_item else line.service_item_id
    return {
        "id": line.books_id,
        "kind": line.kind,
        "item": item,
        "item_name": line.item_name,
        "description": line.description,
        "served_on": line.served_on.isoformat() if line.served_on else "",
        "quantity": plain_number(line.quantity),
        "rate": plain_number(line.rate),
        "amount": _money(line.amount),
        "is_taxable": line.is_taxable,
        "lock_reason": line.lock_reason,
    }


def _tax_text(tax: Any) -> dict[str, Any]:
    return {
        "name": tax.name,
        "percent": plain_number(tax.percent),
        "base": _money(tax.base),
        "amount": _money(tax.amount),
    }


# -- Rules ---------------------------------------------------------------------------------------


def kept_out(rules: Rules, local: Local | None) -> frozenset[str]:
    """
    Groups that do not flow. An invoice that is new here keeps the number it has there.

    Private notes: QuickBooks prints them on statements (ledger rule 11).
    """
    groups = set() if rules.syncs_private_notes else {"private_note"}
    if not rules.has_po_field:
        groups.add("po_number")
    if local is not None and local.is_ours and not rules.sends_numbers:
        groups.add("number")
    return frozenset(groups)


def as_compared(record: Record, rules: Rules) -> Record:
    """Where the company's tax is automated it has no code of ours; without tax no line is taxed."""
    assert isinstance(record, InvoiceRecord)
    if record.lines is Unknown.UNKNOWN:
        return record
    taxes = () if isinstance(record.taxes, Unknown) else record.taxes
    is_taxed = record.tax_rate is not None or any(Decimal(each["amount"]) for each in taxes)
    lines = [
        {
            **each,
            "item": _compared_item(each.get("item"), rules),
            "is_taxable": bool(each.get("is_taxable")) and is_taxed,
        }
        for each in record.lines
    ]
    return replace(
        record, lines=lines, tax_rate=None if rules.is_tax_automated else record.tax_rate
    )


def _compared_item(item: Any, rules: Rules) -> Any:
    """None for what is on the default service there: whatever it is here."""
    if rules.uses_default_item or item in rules.default_items:
        return None
    return None if rules.default_items and item == rules.default_item else item


def as_synced(record: Record, rules: Rules) -> Record:
    """Voided may mean deleted there, and its number another one."""
    assert isinstance(record, InvoiceRecord)
    if rules.number_there:
        record = replace(record, number=rules.number_there)
    if rules.deletes_voided and record.life is Life.VOID:
        record = replace(record, life=Life.DELETED)
    return record


def is_po_field(name: str) -> bool:
    """Whether a custom field is for PO numbers, by what it is called: "P.O. Number"."""
    words = "".join(sign if sign.isalnum() else " " for sign in name.casefold()).split()
    return words[:1] == ["po"] or words[:2] in (["p", "o"], ["purchase", "order"])


def chosen_direction(rules: Rules) -> Direction:
    return rules.invoices_direction


def same_invoice(record: Record, path: Sequence[str]) -> str:
    """Part of the key: the number. Contact and total are compared beside it (linking.py)."""
    assert isinstance(record, InvoiceRecord)
    return fold(str(record.number or ""))


INVOICE = EntitySpec(
    key="invoice",
    label="Invoices",
    singular="invoice",
    theirs="invoice",
    record=InvoiceRecord,
    store=InvoiceStore(),
    changed=invoice_changed,
    match={"two_way": same_invoice},
    directions={
        "two_way": (Direction.TWO_WAY, Direction.PUSH),
        "push_only": (Direction.PUSH,),
    },
    half=Half.BILLING,
    kept_out=kept_out,
    as_compared=as_compared,
    as_synced=as_synced,
    chosen_direction=chosen_direction,
    references=(
        Reference(entity="contact", field="contact", unlinked=Unlinked.WAITS),
        Reference(entity="service_item", field="lines", inner="item", unlinked=Unlinked.THEIRS),
        Reference(entity="tax_code", field="tax_rate", unlinked=Unlinked.THEIRS),
        Reference(entity="term", field="term_days"),
    ),
    names="number",
    is_transaction=True,
    url_name="billing:invoice",
)
