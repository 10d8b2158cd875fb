"""What people do here with service items, invoices and payments, each by one call of a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from billing.models import Invoice, InvoiceLine, Payment, ServiceItem
from billing.queries import balances_of
from billing.services import invoices, payments, service_items
from billing.services.invoices import LineInput
from contacts.models import Contact
from integrations.reconcile.policy import Side
from tests.integrations.births import birth_in

if TYPE_CHECKING:
    from tests.integrations.ledger import Ledger

RECEIVED = date(2026, 11, 25)
CENT = Decimal("0.01")
METHODS = ["", "Cash", "Check"]


@dataclass
class Wish:
    """What somebody wants of a record: values of `group`, some of them marked as their own."""

    group: str
    changes: dict[str, Any]
    new: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)


class Here:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    # -- service items -----------------------------------------------------------------------------

    def make_item(self) -> None:
        ledger = self.ledger
        birth = f"b{ledger.token()}"
        name = ledger.token()
        with ledger.tried(f"item made here: {birth} as {name}"):
            service_items.create_service_item(
                actor=ledger.actor,
                values={"name": name, "sku": birth, "rate": ledger.cents()},
                now=ledger.now,
            )
            ledger.note(birth, "name", new=[name])

    def change_item(self, item: ServiceItem, what: str) -> None:
        ledger = self.ledger
        item.refresh_from_db()
        if what == "rate":
            wish = Wish("rate", {"rate": ledger.cents()})
        else:
            wish = Wish(what, {what: ledger.token()}, over=[getattr(item, what)])
            wish.new = [wish.changes[what]]
        with ledger.tried(f"item changed here: {item.sku} {wish.changes}"):
            service_items.update_service_item(
                actor=ledger.actor,
                item=item,
                version=item.version,
                changes=wish.changes,
                now=ledger.now,
            )
            ledger.note(item.sku, wish.group, new=wish.new, over=wish.over, side=Side.LOCAL)

    def end_item(self, item: ServiceItem) -> None:
        item.refresh_from_db()
        act = service_items.archive_service_item
        if item.is_archived:
            act = service_items.restore_service_item
        with self.ledger.tried(f"{act.__name__}: {item.sku}"):
            act(actor=self.ledger.actor, item=item, now=self.ledger.now)
            self.ledger._turn(item.sku, "begin" if item.is_archived else "end")

    # -- invoices ----------------------------------------------------------------------------------

    def bill(self, *, contact: Contact | None = None, lines: int = 1, is_sent: bool = True) -> None:
        ledger = self.ledger
        birth = f"b{ledger.token()}"
        given = [self._line() for _ in range(lines)]
        due_on, issued_on = ledger.day("due_on"), ledger.day("issued_on")
        is_taxed = any(each.is_taxable for each in given)
        values = {
            "contact_id": (contact or ledger.contacts[0]).pk,
            "issued_on": issued_on,
            "term_days": None,
            "due_on": due_on,
            "message": f"{birth} {ledger.token()}",
            "lines": given,
            "tax_rate_id": ledger.rate_id if is_taxed else None,
            **self._discount(),
        }
        with ledger.tried(f"billed here: {birth}{'' if is_sent else ', a draft'}"):
            draft = invoices.create_draft(actor=ledger.actor, values=values, now=ledger.now)
            ledger.note(birth, "message", new=[values["message"]])
            ledger.note(birth, "dates", new=[issued_on.isoformat(), due_on.isoformat()])
            ledger.note(birth, "money", new=[each.description for each in given])
            if is_sent:
                invoices.mark_as_sent(actor=ledger.actor, invoice=draft, now=ledger.now)

    def _line(self) -> LineInput:
        ledger = self.ledger
        active = [each for each in ledger.items if not each.is_archived] or ledger.items
        return LineInput(
            service_item_id=ledger.chance.choice(active).pk,
            description=ledger.token(),
            quantity=Decimal(ledger.chance.randint(1_000_000, 9_999_999)) / 1_000_000,
            rate=Decimal(ledger.chance.randint(10_000, 9_999_999)) / 10_000,
            is_taxable=ledger.chance.random() < 0.4,
        )

    def _discount(self) -> dict[str, Any]:
        chance = self.ledger.chance
        none: dict[str, Any] = {"discount_percent": None, "discount_amount": None}
        kind = chance.choice(["discount_percent", "discount_amount", "", ""])
        if not kind:
            return none
        value = Decimal(chance.randint(1, 3333 if kind == "discount_percent" else 50)) / 100
        return {**none, kind: value, "is_discount_before_tax": chance.random() < 0.5}

    def send(self, draft: Invoice) -> None:
        with self.ledger.tried(f"sent here: {draft.message}"):
            invoices.mark_as_sent(actor=self.ledger.actor, invoice=draft, now=self.ledger.now)

    def delete_draft(self, draft: Invoice) -> None:
        birth = birth_in(draft.message)
        with self.ledger.tried(f"draft deleted here: {birth}"):
            invoices.delete_draft(actor=self.ledger.actor, invoice=draft)
            self.ledger.ended.add(birth)

    def change_bill(self, bill: Invoice, what: str) -> None:
        bill.refresh_from_db()
        birth = birth_in(bill.message)
        wish = self._wish_of_bill(bill, birth, what)
        if wish is None or bill.is_void:
            return
        with self.ledger.tried(f"changed here: {birth} {what} {wish.new}"):
            invoices.update_invoice(
                actor=self.ledger.actor,
                invoice=bill,
                version=bill.version,
                changes=wish.changes,
                now=self.ledger.now,
            )
            self.ledger.note(birth, wish.group, new=wish.new, over=wish.over, side=Side.LOCAL)
            if wish.group == "money":
                self.ledger.resplit |= self.ledger.there.paying(
                    self.ledger.remote_id("invoice", bill.pk)
                )

    def _wish_of_bill(self, bill: Invoice, birth: str, what: str) -> Wish | None:
        ledger = self.ledger
        if what in ("due_on", "issued_on"):
            day = ledger.day(what)
            over = [getattr(bill, what).isoformat()]
            return Wish("dates", {what: day, "term_days": None}, [day.isoformat()], over)
        if what == "message":
            message = f"{birth} {ledger.token()}"
            return Wish("message", {"message": message}, [message], [bill.message])
        if what == "number":
            number = f"N{ledger.token()}"
            return Wish("number", {"number": number}, [number], [bill.number])
        if what == "contact":
            return Wish("contact", {"contact_id": ledger.chance.choice(ledger.contacts).pk})
        return self._wish_of_lines(bill, what)

    def _wish_of_lines(self, bill: Invoice, what: str) -> Wish | None:
        """Whatever changes, one line gets new words, so that it can be told who wrote last."""
        rows = list(bill.lines.all())
        given = [_as_input(each) for each in rows]
        free = [n for n, row in enumerate(rows) if row.kind == InvoiceLine.Kind.ITEM]
        if not free or (what == "fewer" and len(free) < 2):
            return None
        place = self.ledger.chance.choice(free)
        words = self.ledger.token()
        wish = Wish("money", {}, [words], [rows[place].description])
        drawn = self._line()
        given[place] = replace(given[place], description=words)
        if what == "price":
            given[place] = replace(given[place], rate=drawn.rate, quantity=drawn.quantity)
        elif what == "item":
            given[place] = replace(given[place], service_item_id=drawn.service_item_id)
        elif what == "more":
            given.append(drawn)
            wish.new.append(drawn.description)
        elif what == "fewer":
            gone = next(n for n in free if n != place)
            given.pop(gone)
            wish.over.append(rows[gone].description)
        elif what == "discount":
            wish.changes |= self._discount()
        elif what == "tax":
            is_taxed = bill.tax_rate_id is None
            given[place] = replace(given[place], is_taxable=is_taxed)
            wish.changes["tax_rate_id"] = self.ledger.rate_id if is_taxed else None
        wish.changes["lines"] = given
        return wish

    def void_bill(self, bill: Invoice, *, payments: str = "keep") -> None:
        bill.refresh_from_db()
        birth = birth_in(bill.message)
        paying = list(Payment.objects.live().filter(parts__invoice=bill).distinct())
        with self.ledger.tried(f"voided here: {birth}, its payments: {payments}"):
            invoices.void_invoice(
                actor=self.ledger.actor, invoice=bill, now=self.ledger.now, payments=payments
            )
            self.ledger.ended.add(birth)
            for each in paying:
                paid = birth_in(each.reference)
                self.ledger.note(paid, "split", side=Side.LOCAL)
                self.ledger.resplit.add(paid)
                if payments == "void":
                    self.ledger.ended.add(paid)

    # -- payments ----------------------------------------------------------------------------------

    def owed(self, bills: Sequence[Invoice]) -> dict[int, Decimal]:
        """What is open on them, by id."""
        wanted = Invoice.objects.filter(pk__in=[each.pk for each in bills], status="sent")
        return {pk: owed for pk, owed in balances_of(wanted).items() if owed > 0}

    def pay(self, *bills: Invoice, share: int = 1, surplus: Decimal = Decimal(0)) -> None:
        """All that is owed on bills of one family, or a part of it; `share` 3: a third."""
        ledger = self.ledger
        owed = self.owed(bills)
        payer = self._payer([each for each in bills if each.pk in owed])
        parts = [
            {"invoice_id": pk, "amount": max((amount / share).quantize(CENT), CENT)}
            for pk, amount in owed.items()
        ]
        amount = sum((each["amount"] for each in parts), surplus)
        if payer is None or not amount:
            return
        birth = f"b{ledger.token()}"
        values = {
            "contact_id": payer,
            "received_on": RECEIVED,
            "amount": amount,
            "method": ledger.chance.choice(METHODS),
            "reference": f"{birth} {ledger.token()}",
            "parts": parts,
        }
        with ledger.tried(f"paid here: {birth} {amount} to {[each.message for each in bills]}"):
            payments.record_payment(actor=ledger.actor, values=values, now=ledger.now)
            ledger.note(birth, "reference", new=[values["reference"]])
            ledger.splits[birth] = {birth_in(each.message) for each in bills if each.pk in owed}

    def _payer(self, bills: Sequence[Invoice]) -> int | None:
        """Whose bills they are, or the parent of all of them."""
        of = {each.contact_id for each in bills}
        if len(of) == 1:
            return of.pop()
        above = {each.contact.parent_id or each.contact_id for each in bills}
        return above.pop() if len(above) == 1 else None

    def change_receipt(self, receipt: Payment, what: str) -> None:
        ledger = self.ledger
        receipt.refresh_from_db()
        birth = birth_in(receipt.reference)
        wish = self._wish_of_receipt(receipt, birth, what)
        if wish is None or receipt.is_void:
            return
        with ledger.tried(f"payment changed here: {birth} {wish.changes}"):
            payments.update_payment(
                actor=ledger.actor,
                payment=receipt,
                version=receipt.version,
                changes=wish.changes,
                now=ledger.now,
            )
            ledger.note(birth, wish.group, new=wish.new, over=wish.over, side=Side.LOCAL)
            if what == "parts":
                ledger.resplit.add(birth)

    def _wish_of_receipt(self, receipt: Payment, birth: str, what: str) -> Wish | None:
        ledger = self.ledger
        if what == "reference":
            reference = f"{birth} {ledger.token()}"
            return Wish(what, {what: reference}, [reference], [receipt.reference])
        if what == "received_on":
            day = ledger.day(what)
            return Wish(what, {what: day}, [day.isoformat()], [receipt.received_on.isoformat()])
        if what == "method":
            others = [each for each in METHODS if each != receipt.method]
            return Wish(what, {what: ledger.chance.choice(others)})
        parts = payments.values_of(receipt)["parts"]
        if what == "amount":  # a cent more, that stays unapplied
            return Wish("split", {"amount": receipt.amount + CENT})
        return Wish("split", {"parts": parts[:-1]}) if parts else None

    def void_receipt(self, receipt: Payment) -> None:
        receipt.refresh_from_db()
        birth = birth_in(receipt.reference)
        with self.ledger.tried(f"payment voided here: {birth}"):
            payments.void_payment(
                actor=self.ledger.actor,
                payment=receipt,
                version=receipt.version,
                now=self.ledger.now,
            )
            self.ledger.ended.add(birth)


def _as_input(row: InvoiceLine) -> LineInput:
    return LineInput(
        line_id=row.pk,
        kind=row.kind,
        service_item_id=row.service_item_id,
        description=row.description,
        quantity=row.quantity,
        rate=row.rate,
        amount=row.amount if row.rate is None else None,
        is_taxable=row.is_taxable,
    )
