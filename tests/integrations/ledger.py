"""
A firm's invoices and payments through a random history, and what must hold at its end.

The weather, the worker's deaths and the accounts are those of `history.py`; here people bill, pay,
void and delete on both sides. Each record is born with a mark that is never edited, and each edit
writes a value of its own. What the two sides hold is read apart from the product's mapping.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing.models import Invoice, Payment, ServiceItem
from billing.queries import balances_of
from billing.services import invoices, payments, service_items
from billing.services.invoices import LineInput
from integrations.models import Connection, Issue, Link, OutboxEntry
from integrations.reconcile.policy import Side
from integrations.sync import issues
from tests.factories import connect, make_actor, make_firm
from tests.integrations.history import DEATHS, LATE_COMMIT, Broken, History
from tests.integrations.walk import FAULTS
from tests.quickbooks import Emulator
from tests.world import DEFAULTS, LISTS

NEW_YEAR = date(2027, 1, 1)
STEPS = 25
ENDED_THERE = "gone"


@dataclass
class Ledger(History):
    """Invoices and payments. A birthmark is an invoice's message, a payment's reference."""

    item_id: int = 0
    customer_id: str = ""
    contact_id: int = 0
    kept_alive: set[int] = field(default_factory=set)  # pairs of which one side ended for good
    ended: set[str] = field(default_factory=set)  # birthmarks that a person voided or deleted

    @classmethod
    def begin(cls, quickbooks: Emulator) -> Ledger:
        Connection.objects.update(state=Connection.State.DISCONNECTED)
        firm = make_firm()
        quickbooks.reset("sample", limits=False, webhook_retry=False)
        quickbooks.webhooks(url="http://127.0.0.1:9/nobody", hold=True)
        connection = connect(firm, quickbooks.base_url)
        Connection.objects.filter(pk=connection.pk).update(
            billing_started_at=connection.connected_at,
            billing_synced_at=connection.connected_at,
            defaults=DEFAULTS,
            company_facts={"lists": LISTS, "preferences": {}},
        )
        connection.refresh_from_db()
        history = cls(quickbooks=quickbooks, actor=make_actor(firm), connection=connection)
        history._meet()
        return history

    def _meet(self) -> None:
        """One contact and one service item that both sides hold."""
        item = service_items.create_service_item(
            actor=self.actor, values={"name": "Mooring hour"}, now=self.now
        )
        self.item_id = item.pk
        self.create_here()
        self.bill_here()
        self.sync()
        self.contact_id = self.contacts[0].pk
        link = Link.objects.get(entity="contact", local_id=self.contact_id)
        self.customer_id = str(link.remote_id)

    # -- what there is -----------------------------------------------------------------------------

    @property
    def bills(self) -> list[Invoice]:
        return list(Invoice.objects.for_firm(self.actor.firm_id).order_by("pk"))

    @property
    def receipts(self) -> list[Payment]:
        return list(Payment.objects.for_firm(self.actor.firm_id).order_by("pk"))

    def there(self, entity: str) -> list[dict[str, Any]]:
        """Those of this history: the sample company has others."""
        found = self.quickbooks.objects(entity)
        mine = [each for each in found if birth_there(each) in self.written]
        return sorted(mine, key=lambda each: int(each["Id"]))

    # -- people here -------------------------------------------------------------------------------

    def bill_here(self) -> None:
        birth = self._born()
        contact = self.contacts[0]
        line = LineInput(
            service_item_id=self.item_id,
            description=self._written(birth, "description"),
            quantity=Decimal(1),
            rate=Decimal(random.randint(100, 99_999)) / 100,
        )
        draft = invoices.create_draft(
            actor=self.actor,
            values={
                "contact_id": contact.pk,
                "issued_on": date(2026, 11, 20),
                "term_days": None,
                "due_on": self._day(birth),
                "message": birth,
                "lines": [line],
            },
            now=self.now,
        )
        invoices.mark_as_sent(actor=self.actor, invoice=draft, now=self.now)
        self.told.append(f"billed here: {birth}")

    def change_bill_here(self, bill: Invoice, what: str) -> None:
        bill.refresh_from_db()
        if bill.is_void:
            return
        birth = bill.message
        if what == "due_on":
            self.seen_over.add(bill.due_on.isoformat())
            changes: dict[str, Any] = {"due_on": self._day(birth), "term_days": None}
            group = "dates"
        else:
            row = bill.lines.get()
            self.seen_over.add(row.description)
            changes = {
                "lines": [
                    LineInput(
                        line_id=row.pk,
                        service_item_id=row.service_item_id,
                        description=self._written(birth, "description"),
                        quantity=row.quantity,
                        rate=row.rate,
                        amount=row.amount if row.rate is None else None,
                        is_taxable=row.is_taxable,
                    )
                ]
            }
            group = "money"
        self.edits.setdefault(f"{birth} {group}", set()).add(Side.LOCAL)
        invoices.update_invoice(
            actor=self.actor, invoice=bill, version=bill.version, changes=changes, now=self.now
        )
        self.told.append(f"changed here: {birth} {what} -> {changes.get(what, 'a line')}")

    def void_bill_here(self, bill: Invoice) -> None:
        bill.refresh_from_db()
        if bill.is_void:
            return
        self.ended.add(bill.message)
        invoices.void_invoice(actor=self.actor, invoice=bill, now=self.now)
        self.told.append(f"voided here: {bill.message}")

    def pay_here(self, bill: Invoice, *, share: int = 0) -> None:
        """All that is owed, or a part of it; `share` 3: a third."""
        owed = balances_of(Invoice.objects.filter(pk=bill.pk))[bill.pk]
        bill.refresh_from_db()
        if bill.is_void or owed <= 0:
            return
        birth = self._born()
        share = share or random.choice([1, 2, 3])
        amount = max((owed / share).quantize(Decimal("0.01")), Decimal("0.01"))
        payments.record_payment(
            actor=self.actor,
            values={
                "contact_id": bill.contact_id,
                "received_on": date(2026, 11, 25),
                "amount": amount,
                "reference": birth,
                "parts": [{"invoice_id": bill.pk, "amount": amount}],
            },
            now=self.now,
        )
        self.told.append(f"paid here: {birth} {amount} to {bill.message}")

    def void_receipt_here(self, receipt: Payment) -> None:
        receipt.refresh_from_db()
        if receipt.is_void or receipt.lock_reason:
            return
        self.ended.add(receipt.reference)
        payments.void_payment(
            actor=self.actor, payment=receipt, version=receipt.version, now=self.now
        )
        self.told.append(f"payment voided here: {receipt.reference}")

    # -- people there ------------------------------------------------------------------------------

    def bill_there(self) -> None:
        birth = self._born()
        fields = {
            "CustomerRef": {"value": self.customer_id},
            "TxnDate": "2026-11-20",
            "DueDate": self._day(birth).isoformat(),
            "CustomerMemo": {"value": birth},
            "Line": [
                {
                    "Amount": random.randint(100, 99_999) / 100,
                    "DetailType": "SalesItemLineDetail",
                    "Description": self._written(birth, "description"),
                    "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
                }
            ],
        }
        self.quickbooks.act("create", entity="Invoice", fields=fields)
        self.told.append(f"billed there: {birth}")

    def change_bill_there(self, bill: dict[str, Any], what: str) -> None:
        bill = self.quickbooks.stored(bill["Id"], "Invoice")
        if not bill["TotalAmt"]:
            return
        birth = birth_there(bill)
        if what == "due_on":
            self.seen_over.add(bill["DueDate"])
            fields: dict[str, Any] = {"DueDate": self._day(birth).isoformat()}
            group = "dates"
        else:
            line = next(each for each in bill["Line"] if each.get("Id"))
            self.seen_over.add(line.get("Description", ""))
            fields = {"Line": [{**line, "Description": self._written(birth, "description")}]}
            group = "money"
        self.edits.setdefault(f"{birth} {group}", set()).add(Side.REMOTE)
        self.quickbooks.act("update", bill["Id"], entity="Invoice", fields=fields)
        self.told.append(f"changed there: {birth} {what}")

    def end_there(self, entity: str, record: dict[str, Any], way: str) -> None:
        """Void or delete; a bookkeeper may do so at any time."""
        if not record["TotalAmt"] and way == "void":
            return
        self.ended.add(birth_there(record))
        self.quickbooks.act(way, record["Id"], entity=entity)
        self.told.append(f"{way} there: {birth_there(record)}")

    def pay_there(self, bill: dict[str, Any]) -> None:
        bill = self.quickbooks.stored(bill["Id"], "Invoice")
        if not bill["Balance"]:
            return
        birth = self._born()
        amount = max(round(bill["Balance"] / random.choice([1, 2, 3]), 2), 0.01)
        fields = {
            "CustomerRef": bill["CustomerRef"],
            "TotalAmt": amount,
            "TxnDate": "2026-11-25",
            "PaymentRefNum": birth,
            "Line": [
                {
                    "Amount": amount,
                    "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Invoice"}],
                }
            ],
        }
        self.quickbooks.act("create", entity="Payment", fields=fields)
        self.told.append(f"paid there: {birth} {amount} to {birth_there(bill)}")

    # -- tokens ------------------------------------------------------------------------------------

    def _born(self) -> str:
        birth = f"b{self.token()}"
        self.written[birth] = "a birthmark"
        return birth

    def _written(self, birth: str, name: str) -> str:
        value = self.token()
        self.written[value] = f"{name} of {birth}"
        return value

    def _day(self, birth: str) -> date:
        """A due date that no other record has."""
        day = NEW_YEAR + timedelta(days=next(self.tokens))
        self.written[day.isoformat()] = f"due date of {birth}"
        return day

    # -- the sync and its end ----------------------------------------------------------------------

    def _check_nothing_came_back(self) -> None:
        """Told by P4 and P14 here: lines come back whole where a group is kept."""

    def decide(self, issue: Issue, keep: Side) -> None:
        if issues.ended_on(issue) is keep.other:  # it cannot be brought back there: both stay
            self.kept_alive.add(issue.link.pk)
            issues.choose(actor=self.actor, issue=issue, option="leave", now=self.now)
            self.told.append(f"left {issue.link} as they are")
            return
        for group in issue.detail["groups"]:
            loser, winner = group[keep.other], group[keep]
            self.seen_over |= set(texts_in(loser)) - set(texts_in(winner))
        keeps = {group["group"]: keep for group in issue.detail["groups"]}
        issues.decide(actor=self.actor, issue=issue, keep=keeps, now=self.now)
        self.told.append(f"decided {keeps} of {issue.link}")

    def rest(self) -> None:
        super().rest()
        self._answer()
        super().rest()

    def _answer(self) -> None:
        """A person knows: each payment and each bill of a history is one of its own."""
        asked = Issue.objects.filter(connection=self.connection, state=Issue.State.OPEN)
        for issue in asked.filter(kind__in=[Issue.Kind.SAME_PAYMENT, Issue.Kind.BILLED_TWICE]):
            option = "record_both" if issue.kind == Issue.Kind.SAME_PAYMENT else "both_right"
            issues.choose(actor=self.actor, issue=issue, option=option, now=self.now)

    def check(self) -> None:
        accounts = Accounts(self)
        accounts.check_issues()
        accounts.check_counts()
        accounts.check_creates()
        accounts.check_births()
        accounts.check_equal()
        accounts.check_values()
        self._check_stable()

    def _state(self) -> dict[str, Any]:
        links = Link.objects.filter(connection=self.connection).order_by("pk")
        counts = self.quickbooks.counts()
        return {
            "writes": counts["writes"],
            "metered": counts["metered"],
            "bills": [(each.pk, each.version) for each in self.bills],
            "receipts": [(each.pk, each.version) for each in self.receipts],
            "items": list(ServiceItem.objects.values_list("pk", "version")),
            "links": list(links.values("pk", "base", "seen", "state", "remote_version", "wake_at")),
            "bells": OutboxEntry.objects.filter(connection=self.connection).count(),
        }


def birth_there(record: dict[str, Any]) -> str:
    memo = record.get("CustomerMemo") or {}
    return str(memo.get("value") or record.get("PaymentRefNum") or "")


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)
    else:
        yield str(value)


class Accounts:
    """Both sides and the links between them, read once at the end."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.bills = {each.pk: each for each in ledger.bills}
        self.receipts = {each.pk: each for each in ledger.receipts}
        self.links = list(
            Link.objects.filter(connection=ledger.connection, entity__in=["invoice", "payment"])
        )
        self.issues = list(
            Issue.objects.filter(
                connection=ledger.connection, state=Issue.State.OPEN
            ).select_related("link")
        )
        self.told_of = {each.link_id for each in self.issues}
        self.contested = {
            each.link_id: {group["group"] for group in each.detail["groups"]}
            for each in self.issues
            if each.kind == Issue.Kind.CONFLICT
        }

    def check_issues(self) -> None:
        """P3: nobody is asked about what only one side changed."""
        for issue in self.issues:
            for group in self.contested.get(issue.link_id, set()) - {"life"}:
                bill = self.bills[issue.link.local_id or 0]
                editors = self.ledger.edits.get(f"{bill.message} {group}", set())
                if len(editors) < 2:
                    raise Broken("P3", f"only {editors} changed {group} of {issue.link}")
        odd = [
            (each.kind, each.sentence, each.detail)
            for each in self.issues
            if each.kind != Issue.Kind.CONFLICT and not self._waits_for_a_decision(each.link)
        ]
        if odd:
            raise Broken("P1", f"not at rest: {odd}")

    def _waits_for_a_decision(self, link: Link) -> bool:
        """A payment of an invoice that ended there or was paid twice: a person has to say."""
        if link.entity != "payment" or link.local_id is None:
            return False
        paid = self.receipts[link.local_id].parts.values_list("invoice_id", flat=True)
        owed = balances_of(Invoice.objects.filter(pk__in=paid))
        if any(balance < 0 for balance in owed.values()):
            return True
        over = {
            each.local_id
            for each in self.links
            if each.entity == "invoice"
            and ("life" in self.contested.get(each.pk, set()) or each.pk in self.ledger.kept_alive)
        }
        return bool(over & set(paid))

    def check_counts(self) -> None:
        counts = self.ledger.quickbooks.counts()
        for name, guarantee in (
            ("overwritten_unseen", "P14"),
            ("unknown_references", "P13"),
            ("request_ids_created_twice", "P5"),
        ):
            if counts[name]:
                raise Broken(guarantee, f"{counts[name]} {name}")
        self._check_echoes()

    def _check_echoes(self) -> None:
        """P11: each write of ours changed something there."""
        for entity in ("Invoice", "Payment", "Item", "Customer"):
            last: dict[str, Any] = {}
            for version in self.ledger.quickbooks.history(entity=entity):
                fields = {
                    name: value
                    for name, value in version["fields"].items()
                    if name not in ("SyncToken", "MetaData")
                }
                if version["by"] == "api" and last.get(version["id"]) == fields:
                    raise Broken("P11", f"{entity} {version['id']} was written without a change")
                last[version["id"]] = fields

    def check_births(self) -> None:
        """P5, P6: each record was made once on the other side, and is there."""
        for entity, mine in (("Invoice", self.bills), ("Payment", self.receipts)):
            made: dict[str, int] = {}
            for version in self.ledger.quickbooks.history(entity=entity):
                if version["operation"].lower() == "create":
                    birth = birth_there(version["fields"])
                    made[birth] = made.get(birth, 0) + 1
            here = [birth_here(each) for each in mine.values()]
            for birth in {*made, *here} & set(self.ledger.written):
                if made.get(birth, 0) > 1 or here.count(birth) > 1:
                    raise Broken(
                        "P5", f"{birth}: {made.get(birth)} there, {here.count(birth)} here"
                    )
                is_over = birth in self.ledger.ended or birth in self._told_births()
                if not is_over and not (made.get(birth) and birth in here):
                    raise Broken("P6", f"{entity} {birth} is on one side only, nobody was told")

    def check_creates(self) -> None:
        """P5: the sync made no more there than people made here."""
        creates = self.ledger.quickbooks.counts()["creates"]
        for entity, mine in (("Invoice", self.bills), ("Payment", self.receipts)):
            made_here = [each for each in mine.values() if each.origin == "here"]
            if creates.get(entity, 0) > len(made_here):
                raise Broken("P5", f"{creates[entity]} x {entity} for {len(made_here)} made here")

    def _told_births(self) -> set[str]:
        told = {each.local_id for each in self.links
                if each.entity == "payment" and each.pk in self.told_of}  # fmt: skip
        return {each.reference for pk, each in self.receipts.items() if pk in told}

    def check_equal(self) -> None:
        """P1, P9: what both hold is the same, to the cent."""
        for link in self.links:
            if link.local_id is None or link.remote_id is None:
                continue
            if self.contested.get(link.pk) or link.pk in self.ledger.kept_alive:
                continue
            if link.entity == "invoice":
                self._check_bill(self.bills[link.local_id], link.remote_id)
            else:
                self._check_receipt(self.receipts[link.local_id], link.remote_id)

    def _stored(self, entity: str, remote_id: str) -> dict[str, Any] | None:
        return next(
            (x for x in self.ledger.quickbooks.objects(entity) if x["Id"] == remote_id), None
        )

    def _check_bill(self, bill: Invoice, remote_id: str) -> None:
        there = self._stored("Invoice", remote_id)
        if there is None or not there["TotalAmt"]:
            if not bill.is_void:
                raise Broken("P7", f"{bill.message} ended there and lives here")
            return
        if bill.is_void:
            raise Broken("P7", f"{bill.message} is void here and lives there")
        line = next(each for each in there["Line"] if each.get("Id"))
        row = bill.lines.get()
        here = (bill.due_on.isoformat(), row.description, bill.total, row.amount)
        told = (
            there["DueDate"],
            line.get("Description", ""),
            Decimal(str(there["TotalAmt"])),
            Decimal(str(line["Amount"])),
        )
        if here != told:
            raise Broken("P1", f"{bill.message}: {here} here, {told} there")
        owed = balances_of(Invoice.objects.filter(pk=bill.pk))[bill.pk]
        is_told = owed < 0 and self._told_births()  # paid twice, and somebody has to say
        if owed != Decimal(str(there["Balance"])) and not is_told:
            raise Broken("P9", f"{bill.message}: {owed} owed here, {there['Balance']} there")

    def _check_receipt(self, receipt: Payment, remote_id: str) -> None:
        there = self._stored("Payment", remote_id)
        is_over = there is None or not there["TotalAmt"]
        if is_over != receipt.is_void:
            raise Broken("P7", f"payment {receipt.reference}: void {receipt.is_void}, {is_over}")
        if there is not None and not is_over and Decimal(str(there["TotalAmt"])) != receipt.amount:
            raise Broken("P1", f"payment {receipt.reference}: {receipt.amount}, {there}")

    def check_values(self) -> None:
        """P4: what was written is there, or was replaced by one who had seen it."""
        current: set[str] = set()
        for bill in self.bills.values():
            current |= {bill.message, bill.due_on.isoformat(), bill.lines.get().description}
        current |= {each.reference for each in self.receipts.values()}
        current |= {each.display_name for each in self.ledger.contacts}
        for entity in ("Invoice", "Payment"):
            for version in self.ledger.there(entity):
                current |= set(texts_in(version))
        ended = self.ledger.ended
        for value, place in self.ledger.written.items():
            if value in current or value in self.ledger.seen_over or value in ended:
                continue
            if place.rpartition(" ")[2] not in ended:  # what was ended there is no longer shown
                raise Broken("P4", f"{value!r} is lost: {place}")


def birth_here(record: Invoice | Payment) -> str:
    return record.message if isinstance(record, Invoice) else record.reference


# -- a random walk ---------------------------------------------------------------------------------

SIDE = list(Side)
WHICH = [0, 0, 0, 1, 1, 2, 3, 4]
WHAT = ["due_on", "line"]
SECONDS = [1, 3, 25, LATE_COMMIT, LATE_COMMIT, 600, 13 * 3600]
KINDS: dict[str, tuple[float, dict[str, list[Any]]]] = {
    "bill": (3, {"side": SIDE}),
    "change_bill": (7, {"side": SIDE, "which": WHICH, "what": WHAT}),
    "change_both": (3, {"which": WHICH, "what": WHAT, "other": WHAT}),
    "pay": (5, {"side": SIDE, "which": WHICH}),
    "end_bill": (2, {"side": SIDE, "which": WHICH, "way": ["void", "delete"]}),
    "end_receipt": (2, {"side": SIDE, "which": WHICH, "way": ["void", "delete"]}),
    "decide": (3, {"which": WHICH, "keep": SIDE}),
    "sync": (10, {"feed": [True, False]}),
    "sync_and_die": (3, {"dies_at": sorted(DEATHS), "seconds": SECONDS, "which": WHICH}),
    "sync_while_somebody_edits": (3, {"which": WHICH, "what": WHAT, "side": SIDE}),
    "time_passes": (6, {"seconds": SECONDS}),
    "webhook_comes": (4, {"which": WHICH}),
    "will_fail": (6, {"fault": FAULTS}),
}


class Walk:
    """Takes the steps that one number draws."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self.ledger = ledger
        self.number = number
        chance = random.Random(number)
        weights = [often * chance.choice([0.2, 1, 3]) for often, _ in KINDS.values()]
        self.steps = [
            (kind, {name: chance.choice(among) for name, among in KINDS[kind][1].items()})
            for kind in chance.choices(list(KINDS), weights, k=STEPS)
        ]
        random.seed(number)  # amounts, and the engine's own delays

    def finish(self) -> None:
        """
        Raises:
            Broken: the accounts do not balance; its notes tell the history.
        """
        try:
            for kind, drawn in self.steps:
                act: Callable[..., None] = getattr(self, kind)
                act(**drawn)
            self.ledger.rest()
            self.ledger.check()
        except Exception as error:
            error.add_note("\n".join([*self.ledger.told, f"LEDGER={self.number} replays it"]))
            raise

    def bill(self, *, side: Side) -> None:
        (self.ledger.bill_here if side is Side.LOCAL else self.ledger.bill_there)()

    def change_bill(self, *, side: Side, which: int, what: str) -> None:
        if side is Side.LOCAL:
            bills = self.ledger.bills
            self.ledger.change_bill_here(bills[which % len(bills)], what)
        elif there := self.ledger.there("Invoice"):
            self.ledger.change_bill_there(there[which % len(there)], what)

    def change_both(self, *, which: int, what: str, other: str) -> None:
        bills = self.ledger.bills
        bill = bills[which % len(bills)]
        self.ledger.change_bill_here(bill, what)
        for there in self.ledger.there("Invoice"):
            if birth_there(there) == bill.message:
                self.ledger.change_bill_there(there, other)

    def pay(self, *, side: Side, which: int) -> None:
        if side is Side.LOCAL:
            bills = self.ledger.bills
            self.ledger.pay_here(bills[which % len(bills)])
        elif there := self.ledger.there("Invoice"):
            self.ledger.pay_there(there[which % len(there)])

    def end_bill(self, *, side: Side, which: int, way: str) -> None:
        if side is Side.LOCAL:
            bills = self.ledger.bills
            self.ledger.void_bill_here(bills[which % len(bills)])
        elif there := self.ledger.there("Invoice"):
            self.ledger.end_there("Invoice", there[which % len(there)], way)

    def end_receipt(self, *, side: Side, which: int, way: str) -> None:
        if side is Side.LOCAL:
            if receipts := self.ledger.receipts:
                self.ledger.void_receipt_here(receipts[which % len(receipts)])
        elif there := self.ledger.there("Payment"):
            self.ledger.end_there("Payment", there[which % len(there)], way)

    def decide(self, *, which: int, keep: Side) -> None:
        if conflicts := self.ledger.conflicts:
            self.ledger.decide(conflicts[which % len(conflicts)], keep)
            self.ledger.advance(12)

    def sync(self, *, feed: bool) -> None:
        self.ledger.sync(feed=feed)

    def sync_and_die(self, *, dies_at: str, seconds: float, which: int) -> None:
        self.change_bill(side=Side.LOCAL, which=which, what="due_on")
        self.ledger.advance(seconds)
        self.ledger.sync(dies_at=dies_at)

    def sync_while_somebody_edits(self, *, which: int, what: str, side: Side) -> None:
        self.ledger.sync(meanwhile=lambda: self.change_bill(side=side, which=which, what=what))

    def time_passes(self, *, seconds: float) -> None:
        self.ledger.advance(seconds)

    def webhook_comes(self, *, which: int) -> None:
        self.ledger.collect_webhooks()
        if heard := self.ledger.heard:
            self.ledger.deliver(heard.pop(-1 - which % len(heard)))

    def will_fail(self, *, fault: dict[str, Any]) -> None:
        self.ledger.quickbooks.fault(**fault)
        self.ledger.told.append(f"will fail: {fault}")
