"""
P9, the money: after random histories with faults both ledgers hold the same, to the cent.

Ours is added up by plain SQL, from the tables alone; theirs by the emulator's general ledger.
Neither shares a line with `billing.totals` or `billing.queries`. Bills are of quantities and rates,
with discounts and tax. `MONEY=number pytest tests/integrations/test_money.py` replays one history.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import connection as database

from billing.services import invoices, tax_rates
from billing.services.invoices import LineInput
from integrations.models import Connection, Link, TaxCode
from integrations.reconcile.policy import Side
from tests.integrations.ledger import Ledger, Walk, birth_there
from tests.integrations.reconcile.cases import explored
from tests.quickbooks import Emulator
from tests.world import LISTS

CENT = Decimal("0.01")
REPLAYED = os.environ.get("MONEY", "")
KEPT = [5001, 5002, 5004, 5010, 5013]
PREFERENCES = {"discounts": True, "discount_account": "86", "sales_tax": True}
RECEIVABLE = "Accounts Receivable"


def numbers() -> list[int]:
    if REPLAYED:
        return [int(REPLAYED)]
    return list(range(5000, 5000 + explored())) if explored() else KEPT


class Money(Ledger):
    """A ledger whose bills have odd quantities, discounts, tax and months."""

    rate_id: int = 0

    def _meet(self) -> None:
        rate = tax_rates.create_tax_rate(
            actor=self.actor,
            name="California",
            parts=[tax_rates.Part(name="California", percent=Decimal(8))],
            now=self.now,
        )
        Connection.objects.filter(pk=self.connection.pk).update(
            company_facts={"lists": LISTS, "preferences": PREFERENCES}
        )
        self.connection.refresh_from_db()
        TaxCode.objects.create(
            connection=self.connection,
            firm_id=self.actor.firm_id,
            remote_id="2",
            name="California",
            tax_rate_id=rate.pk,
            read_at=self.now,
        )
        self.rate_id = rate.pk
        super()._meet()
        self.seen_over.add(self.contacts[0].display_name)  # nobody edits it

    def bill_here(self) -> None:
        birth = self._born()
        is_taxed = random.random() < 0.5
        line = LineInput(
            service_item_id=self.item_id,
            description=self._written(birth, "description"),
            quantity=Decimal(random.randint(1, 9_999_999)) / 1_000_000,
            rate=Decimal(random.randint(1_000, 9_999_999)) / 10_000,
            is_taxable=is_taxed,
        )
        draft = invoices.create_draft(
            actor=self.actor,
            values={
                "contact_id": self.contacts[0].pk,
                "issued_on": date(2026, 9, 15) + timedelta(days=random.randint(0, 60)),
                "term_days": None,
                "due_on": self._day(birth),
                "message": birth,
                "lines": [line],
                "tax_rate_id": self.rate_id if is_taxed else None,
                **_discount(),
            },
            now=self.now,
        )
        invoices.mark_as_sent(actor=self.actor, invoice=draft, now=self.now)
        self.told.append(f"billed here: {birth} {draft.total}")

    def change_bill_there(self, bill: dict[str, Any], what: str) -> None:
        """A bookkeeper changes words; the discount stays, or a payment here could be too much."""
        bill = self.quickbooks.stored(bill["Id"], "Invoice")
        discount = [x for x in bill["Line"] if x["DetailType"] == "DiscountLineDetail"]
        if what == "due_on" or not discount or not bill["TotalAmt"]:
            super().change_bill_there(bill, what)
            return
        birth = birth_there(bill)
        line = next(each for each in bill["Line"] if each.get("Id") and each not in discount)
        self.seen_over.add(line.get("Description", ""))
        changed = {**line, "Description": self._written(birth, "description")}
        self.edits.setdefault(f"{birth} money", set()).add(Side.REMOTE)
        fields = {"Line": [changed, *discount]}
        self.quickbooks.act("update", bill["Id"], entity="Invoice", fields=fields)
        self.told.append(f"changed there: {birth} {what}")


def _discount() -> dict[str, Any]:
    drawn = random.random()
    if drawn < 0.3:
        percent = Decimal(random.randint(1, 3333)) / 100
        return {"discount_percent": percent, "is_discount_before_tax": random.random() < 0.5}
    if drawn < 0.5:
        amount = Decimal(random.randint(1, 50)) / 100
        return {"discount_amount": amount, "is_discount_before_tax": random.random() < 0.5}
    return {}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", numbers())
def test_after_any_history_both_ledgers_hold_the_same_to_the_cent(
    number: int, qbo: Emulator, transactional_db: None
):
    ledger = Money.begin(qbo)
    assert isinstance(ledger, Money)
    Walk(ledger, number).finish()

    apart = _contested(ledger)
    ours, theirs = _our_invoices(ledger), _their_invoices(ledger)
    shared = (ours.keys() & theirs.keys()) - apart["invoice"]
    assert shared or number not in KEPT, "a history kept here has a bill on both sides"
    assert {key: ours[key] for key in shared} == {key: theirs[key] for key in shared}
    assert _our_months(ledger, apart) == _their_months(ledger, apart)


def test_the_sql_finds_a_cent(qbo: Emulator, transactional_db: None):
    """Otherwise the test above could not fail."""
    ledger = Money.begin(qbo)
    assert isinstance(ledger, Money)
    apart = _contested(ledger)
    assert _our_months(ledger, apart) == _their_months(ledger, apart)

    with database.cursor() as cursor:
        cursor.execute("UPDATE billing_invoice SET total = total + 0.01")

    assert _our_months(ledger, apart) != _their_months(ledger, apart)
    with pytest.raises(AssertionError, match="lines, discount and tax"):
        _our_invoices(ledger)


def _contested(ledger: Money) -> dict[str, set[str]]:
    """
    Their ids of what a person has yet to decide, or decided to keep apart; and of what hangs on it.
    """
    told = Link.objects.filter(connection=ledger.connection, issues__state="open")
    kept = Link.objects.filter(pk__in=ledger.kept_alive)
    apart: dict[str, set[str]] = {"invoice": set(), "payment": set()}
    local: set[int] = set()
    for link in [*told, *kept]:
        apart[link.entity].add(str(link.remote_id))
        local |= {link.local_id or 0} if link.entity == "invoice" else set()
    paying = _ask(
        "SELECT payment_id FROM billing_paymentpart WHERE invoice_id = ANY(%s)", [list(local)]
    )
    its = Link.objects.filter(
        connection=ledger.connection, entity="payment", local_id__in=[each for (each,) in paying]
    )
    apart["payment"] |= {str(each.remote_id) for each in its}
    return apart


# -- ours, by plain SQL --------------------------------------------------------------------------

OUR_INVOICES = """
SELECT link.remote_id, invoice.total, invoice.tax, invoice.discount, invoice.other_amount,
       coalesce((SELECT sum(amount) FROM billing_invoiceline WHERE invoice_id = invoice.id), 0),
       coalesce((SELECT sum(amount) FROM billing_invoicetax WHERE invoice_id = invoice.id), 0),
       coalesce((SELECT sum(part.amount) FROM billing_paymentpart part
                 JOIN billing_payment payment ON payment.id = part.payment_id
                 WHERE part.invoice_id = invoice.id AND NOT payment.is_void), 0),
       coalesce((SELECT sum(amount) FROM billing_invoicecredit WHERE invoice_id = invoice.id), 0)
FROM billing_invoice invoice
JOIN integrations_link link ON link.entity = 'invoice' AND link.local_id = invoice.id
     AND link.state = 'linked' AND link.connection_id = %s
WHERE invoice.status = 'sent'
"""
OUR_MONTHS = """
SELECT to_char(issued_on, 'YYYY-MM') AS month, sum(total)
FROM billing_invoice invoice
JOIN integrations_link link ON link.entity = 'invoice' AND link.local_id = invoice.id
     AND link.state = 'linked' AND link.connection_id = %s
WHERE invoice.status = 'sent' AND NOT link.remote_id = ANY(%s)
GROUP BY month
UNION ALL
SELECT to_char(received_on, 'YYYY-MM') AS month, -sum(amount)
FROM billing_payment payment
JOIN integrations_link link ON link.entity = 'payment' AND link.local_id = payment.id
     AND link.state = 'linked' AND link.connection_id = %s
WHERE NOT payment.is_void AND NOT link.remote_id = ANY(%s)
GROUP BY month
"""

# What an invoice comes to on one side: total, tax, discount, balance.
Figures = tuple[Decimal, Decimal, Decimal, Decimal]


def _ask(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _our_invoices(ledger: Money) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for row in _ask(OUR_INVOICES, [ledger.connection.pk]):
        remote_id, total, tax, discount, other, lines, taxes, applied, credited = row
        assert lines - discount + tax + other == total, f"lines, discount and tax of {remote_id}"
        assert taxes == tax, f"the parts of the tax of {remote_id}"
        found[remote_id] = (total, tax, discount, total - applied - credited)
    return found


def _our_months(ledger: Money, apart: dict[str, set[str]]) -> dict[str, Decimal]:
    pk = ledger.connection.pk
    rows = _ask(OUR_MONTHS, [pk, list(apart["invoice"]), pk, list(apart["payment"])])
    return _by_month(rows)


def _by_month(rows: Iterable[tuple[Any, ...]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for month, amount in rows:
        sums[month] = sums.get(month, Decimal(0)) + amount
    return {month: amount for month, amount in sums.items() if amount}


# -- theirs, by documents and by their general ledger ----------------------------------------------


def _their_invoices(ledger: Money) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for form in ledger.quickbooks.objects("Invoice"):
        if form["CustomerRef"]["value"] != ledger.customer_id or not form["TotalAmt"]:
            continue
        lines = _sum(form, "SalesItemLineDetail")
        discount = _sum(form, "DiscountLineDetail")
        tax = _money((form.get("TxnTaxDetail") or {}).get("TotalTax"))
        total = _money(form["TotalAmt"])
        assert lines - discount + tax == total, f"QuickBooks' own sum of {form['Id']}"
        found[form["Id"]] = (total, tax, discount, _money(form["Balance"]))
    return found


def _sum(form: dict[str, Any], kind: str) -> Decimal:
    amounts = (_money(each["Amount"]) for each in form["Line"] if each["DetailType"] == kind)
    return sum(amounts, Decimal(0))


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(CENT, ROUND_HALF_UP)


def _their_months(ledger: Money, apart: dict[str, set[str]]) -> dict[str, Decimal]:
    """Receivables by customer and month; what is apart is taken off again, posting by posting."""
    realm = ledger.quickbooks.access["realm_id"]
    whose = f"Customer:{ledger.customer_id}"
    told = ledger.quickbooks.ask(f"ledger/{realm}", by="type,name,month")
    assert told["in_balance"], told["unbalanced"]
    rows = [
        (each["month"], Decimal(each["cents"]) / 100)
        for each in told["sums"]
        if each["name"] == whose and each["type"] == RECEIVABLE
    ]
    for entity, ids in apart.items():
        for remote_id in ids:
            rows += _taken_off(ledger, entity.capitalize(), remote_id)
    return _by_month(rows)


def _taken_off(ledger: Money, entity: str, remote_id: str) -> list[tuple[str, Decimal]]:
    realm = ledger.quickbooks.access["realm_id"]
    lines = ledger.quickbooks.ask(f"ledger/{realm}/{entity}/{remote_id}")["lines"]
    return [
        (str(each["date"])[:7], -Decimal(each["cents"]) / 100)
        for each in lines
        if each["name"] == f"Customer:{ledger.customer_id}" and each["type"] == RECEIVABLE
    ]
