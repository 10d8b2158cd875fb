"""
P9, the money: both ledgers hold the same, to the cent.

Ours is added up by plain SQL, from the tables alone; theirs by the emulator's documents and its
general ledger. Neither shares a line with `billing.totals` or `billing.queries`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection as database

from tests.integrations.history import Broken
from tests.integrations.ledger import Ledger

CENT = Decimal("0.01")
RECEIVABLE = "Accounts Receivable"

# What an invoice comes to on one side: total, tax, discount, balance.
Figures = tuple[Decimal, Decimal, Decimal, Decimal]
Sums = dict[tuple[str, str], Decimal]  # by their customer, with its family, and month
Apart = dict[str, set[str]]  # entity -> their ids of what a person has yet to decide about


def check_money(ledger: Ledger, apart: Apart) -> None:
    """
    Raises:
        Broken: an invoice, or a customer's month, does not come to the same on both sides.
    """
    ours, theirs = our_invoices(ledger), their_invoices(ledger)
    for key in (ours.keys() & theirs.keys()) - apart["invoice"]:
        if ours[key] != theirs[key]:
            raise Broken("P9", f"invoice {key}: {ours[key]} here, {theirs[key]} there")
    here, there = our_months(ledger, apart), their_months(ledger, apart)
    if here != there:
        raise Broken("P9", f"by customer and month: {here} here, {there} there")


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
SELECT customer.remote_id, to_char(issued_on, 'YYYY-MM') AS month, sum(total)
FROM billing_invoice invoice
JOIN integrations_link link ON link.entity = 'invoice' AND link.local_id = invoice.id
     AND link.state = 'linked' AND link.connection_id = %(connection)s
JOIN integrations_link customer ON customer.entity = 'contact'
     AND customer.local_id = invoice.contact_id
     AND customer.state = 'linked' AND customer.connection_id = %(connection)s
WHERE invoice.status = 'sent' AND NOT link.remote_id = ANY(%(invoices)s)
GROUP BY customer.remote_id, month
UNION ALL
SELECT customer.remote_id, to_char(received_on, 'YYYY-MM') AS month, -sum(amount)
FROM billing_payment payment
JOIN integrations_link link ON link.entity = 'payment' AND link.local_id = payment.id
     AND link.state = 'linked' AND link.connection_id = %(connection)s
JOIN integrations_link customer ON customer.entity = 'contact'
     AND customer.local_id = payment.contact_id
     AND customer.state = 'linked' AND customer.connection_id = %(connection)s
WHERE NOT payment.is_void AND NOT link.remote_id = ANY(%(payments)s)
GROUP BY customer.remote_id, month
"""


def _ask(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def our_invoices(ledger: Ledger) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for row in _ask(OUR_INVOICES, [ledger.connection.pk]):
        remote_id, total, tax, discount, other, lines, taxes, applied, credited = row
        if lines - discount + tax + other != total:
            raise Broken("P9", f"lines, discount and tax of {remote_id} are not its total")
        if taxes != tax:
            raise Broken("P9", f"the parts of the tax of {remote_id} are not its tax")
        found[remote_id] = (total, tax, discount, total - applied - credited)
    return found


def our_months(ledger: Ledger, apart: Apart) -> Sums:
    names = {f"{entity}s": sorted(ids) for entity, ids in apart.items()}
    return _summed(ledger, _ask(OUR_MONTHS, {"connection": ledger.connection.pk, **names}))


def _summed(ledger: Ledger, rows: Iterable[tuple[Any, ...]]) -> Sums:
    """A parent pays for its family: QuickBooks books each part with the customer of its invoice."""
    above = {
        each["Id"]: each["ParentRef"]["value"]
        for each in ledger.quickbooks.objects("Customer")
        if "ParentRef" in each
    }
    sums: Sums = {}
    for customer, month, amount in rows:
        key = (above.get(customer, customer), month)
        sums[key] = sums.get(key, Decimal(0)) + amount
    return {key: amount for key, amount in sums.items() if amount}


# -- theirs, by documents and by their general ledger ----------------------------------------------


def their_invoices(ledger: Ledger) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for form in ledger.books("Invoice"):
        if not form["TotalAmt"]:
            continue
        lines = _sum(form, "SalesItemLineDetail")
        discount = _sum(form, "DiscountLineDetail")
        tax = _money((form.get("TxnTaxDetail") or {}).get("TotalTax"))
        total = _money(form["TotalAmt"])
        if lines - discount + tax != total:
            raise Broken("P9", f"QuickBooks' own sum of {form['Id']}")
        found[form["Id"]] = (total, tax, discount, _money(form["Balance"]))
    return found


def _sum(form: dict[str, Any], kind: str) -> Decimal:
    amounts = (_money(each["Amount"]) for each in form["Line"] if each["DetailType"] == kind)
    return sum(amounts, Decimal(0))


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(CENT, ROUND_HALF_UP)


def their_months(ledger: Ledger, apart: Apart) -> Sums:
    """Receivables of invoices and payments that we are to hold, posting by posting."""
    realm = ledger.quickbooks.access["realm_id"]
    told = ledger.quickbooks.ask(f"ledger/{realm}", by="type")
    if not told["in_balance"]:
        raise Broken("P9", f"QuickBooks' ledger is out of balance: {told['unbalanced']}")
    rows: list[tuple[str, str, Decimal]] = []
    for entity, resource in (("invoice", "Invoice"), ("payment", "Payment")):
        ours = {str(x) for (x,) in _ask(LINKED, [entity, ledger.connection.pk])}
        for doc in ledger.quickbooks.objects(resource):
            if doc["Id"] in ours - apart[entity]:
                rows += _postings(ledger, f"{realm}/{resource}/{doc['Id']}")
    return _summed(ledger, rows)


LINKED = """
SELECT remote_id FROM integrations_link
WHERE entity = %s AND connection_id = %s AND state = 'linked' AND local_id IS NOT NULL
"""


def _postings(ledger: Ledger, path: str) -> list[tuple[str, str, Decimal]]:
    return [
        (
            str(each["name"]).removeprefix("Customer:"),
            str(each["date"])[:7],
            Decimal(each["cents"]) / 100,
        )
        for each in ledger.quickbooks.ask(f"ledger/{path}")["lines"]
        if each["type"] == RECEIVABLE
    ]
