"""
Customer payments (4.7): money received, used on invoices, with or without credits.

A journal entry is paid like an invoice where it raises what the customer owes, and used like a
credit where it lowers that.
"""

from decimal import Decimal
from typing import Any

from .. import errors
from ..jsontext import loads
from ..ledger import Posting
from ..money import cents, from_cents, rounded
from . import journal
from .applied import Applied, within
from .company import Company
from .form import Form
from .sales import receivable, settle_deposit_account, settle_head

CREDITS = ("CreditMemo",)
CHARGED = ("Invoice",)
JOURNAL = "JournalEntry"
AUTOMATIC_NOTE = "Created by QB Online to link credits to charges."


def settle(form: Form) -> None:
    """
    Complete a payment.

    Raises:
        Fault: 620 for what cannot be linked, 6000 for more than is open or more than was paid.
    """
    settle_head(form)
    if form.money("TotalAmt") < 0:
        raise errors.negative_amount("TotalAmt")
    if form.before is None or form.sent & {"Line", "CustomerRef"}:
        applied = Applied(form, (*CHARGED, *CREDITS, JOURNAL))
        settled = [_settled(form, applied, line) for line in form.get("Line", [])]
        form.document["Line"] = [line for line in settled if line["Amount"]]  # 0 uses nothing
    left = _left(form)
    if left < 0:
        raise errors.business_validation(
            "The amount applied to transactions is more than the amount received.", "Line"
        )
    if left > cents(form.money("TotalAmt")):
        raise errors.business_validation(
            "The credits used are more than the transactions they are used on.", "Line"
        )
    form.document["UnappliedAmt"] = from_cents(left)
    if form.money("TotalAmt") or form.get("DepositToAccountRef"):
        settle_deposit_account(form)


def settle_open(form: Form) -> None:
    """After links were taken from it: nothing is used beyond what there is."""
    lines = within(form.get("Line", []), _left(form), lambda line: _sign(form, line) > 0)
    form.document["Line"] = lines
    spare = cents(form.money("TotalAmt")) - _left(form)  # negative: credits without a charge
    form.document["Line"] = within(lines, spare, lambda line: _sign(form, line) < 0)
    form.document["UnappliedAmt"] = from_cents(_left(form))


def _left(form: Form) -> int:
    """Cents that were received or taken from credits, and not used on charges."""
    used = sum(_sign(form, line) * cents(line["Amount"]) for line in form.document["Line"])
    return cents(form.money("TotalAmt")) - used


def _sign(form: Form, line: dict[str, Any]) -> int:
    """1 for a line that pays something, -1 for one that takes from a credit."""
    linked = line["LinkedTxn"][0]
    if linked["TxnType"] == JOURNAL:
        entry = form.company.find(JOURNAL, linked["TxnId"]) or {}
        return 1 if journal.receivable(form.company, entry, form.ref("CustomerRef")) > 0 else -1
    return -1 if linked["TxnType"] in CREDITS else 1


def _settled(form: Form, applied: Applied, line: dict[str, Any]) -> dict[str, Any]:
    kind, id, target = applied.target(line)
    customer = form.ref("CustomerRef")
    if kind == JOURNAL:
        worth = journal.receivable(form.company, target, customer)
        is_theirs = bool(worth)
        open_cents = abs(worth) - journal.used(form.company, id, customer, but=form.id)
    else:
        is_theirs = _is_theirs(form.company, target, customer)
        open_cents = cents(target["TotalAmt"]) - cents(target.get("Deposit") or 0)
        open_cents -= applied.used(kind, id)
    if not is_theirs:
        raise errors.cannot_link(f"Txn Id {id} cannot be linked: it is of another customer.")
    amount = applied.use(line, kind, id, open_cents)
    shown = {"TxnId": id, "TxnType": kind}
    extra = _extra(id, open_cents, target.get("DocNumber", ""))
    return {"Amount": from_cents(amount), "LinkedTxn": [shown], "LineEx": extra}


def _is_theirs(company: Company, target: dict[str, Any], customer: str) -> bool:
    """The transaction is the customer's own, or of a sub-customer who is billed with them."""
    id = str(target.get("CustomerRef", {}).get("value", ""))
    while id and id != customer:
        document = company.find("Customer", id) or {}
        id = document["ParentRef"]["value"] if document.get("BillWithParent") else ""
    return bool(id)


def _extra(id: str, open_cents: int, number: str) -> dict[str, Any]:
    """The name and value pairs that answers add to a line (R26)."""
    pairs = {
        "txnId": id,
        "txnOpenBalance": f"{open_cents / 100:.2f}",
        "txnReferenceNumber": number,
    }
    return {
        "any": [
            {
                "name": "{http://schema.intuit.com/finance/v3}NameValue",
                "declaredType": "com.intuit.schema.finance.v3.NameValue",
                "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                "value": {"Name": name, "Value": value},
                "nil": False,
                "globalScope": True,
                "typeSubstituted": False,
            }
            for name, value in pairs.items()
        ]
    }


def post(form: Form) -> list[Posting]:
    """
    Money in, receivables down: of each invoice's customer for what is used on it, of the payer for
    the rest. A credit that is used lifts its customer's receivable again.
    """
    account = receivable(form.company)
    found = []
    if form.money("TotalAmt"):
        found.append(Posting(form.ref("DepositToAccountRef"), cents(form.money("TotalAmt"))))
    for line in form.get("Line", []):
        linked = line["LinkedTxn"][0]
        target = form.company.find(linked["TxnType"], linked["TxnId"]) or {}
        customer = target.get("CustomerRef") or form.document["CustomerRef"]
        whose = f"Customer:{customer['value']}"
        found.append(Posting(account, -_sign(form, line) * cents(line["Amount"]), whose))
    return [*found, Posting(account, -cents(form.money("UnappliedAmt")), form.party)]


# --- Credits that apply themselves (AutoApplyCredit, 4.7) ---


def automatic(company: Company, entity: str, id: str) -> list[dict[str, Any]]:
    """
    The payments that QuickBooks writes by itself for a new invoice or credit memo.

    Returns: bodies of payments; one with an Id is a change to a payment that was not used up.
    """
    if not company.preference("SalesFormsPrefs", "AutoApplyCredit"):
        return []
    document = company.find(entity, id) or {}
    customer = document["CustomerRef"]["value"]
    left = cents(document["Balance"])
    other = "CreditMemo" if entity == "Invoice" else "Invoice"
    bodies: list[dict[str, Any]] = []
    for other_id, found in _open(company, other, customer, "Balance"):
        amount = min(left, cents(found["Balance"]))
        if amount > 0:
            left -= amount
            pairs = ((entity, id), (other, other_id))
            bodies.append(_zero_payment(customer, amount, pairs, document))
    if entity == "Invoice":
        for payment_id, found in _open(company, "Payment", customer, "UnappliedAmt"):
            amount = min(left, cents(found["UnappliedAmt"]))
            if amount > 0:
                left -= amount
                lines = [*found["Line"], _line(amount, entity, id)]
                bodies.append({"Id": payment_id, "Line": lines})
    return bodies


def _open(
    company: Company, entity: str, customer: str, what: str
) -> list[tuple[str, dict[str, Any]]]:
    """Transactions of a customer with something open, oldest first."""
    rows = company.store.db.execute(
        "SELECT id, doc FROM object WHERE realm = ? AND entity = ? AND parent = ?"
        f" AND parent <> '' AND gone IS NULL AND json_extract(doc, '$.{what}') > 0"
        " ORDER BY json_extract(doc, '$.TxnDate'), id_number",
        (company.realm, entity, f"Customer:{customer}"),
    )
    return [(id, loads(doc)) for id, doc in rows]


def _zero_payment(
    customer: str, amount: int, pairs: tuple[tuple[str, str], ...], source: dict[str, Any]
) -> dict[str, Any]:
    return {
        "CustomerRef": {"value": customer},
        "TotalAmt": 0,
        "TxnDate": source["TxnDate"],
        "CurrencyRef": source["CurrencyRef"],
        "PrivateNote": AUTOMATIC_NOTE,
        "Line": [_line(amount, kind, id) for kind, id in pairs],
    }


def _line(amount: int, kind: str, id: str) -> dict[str, Any]:
    linked = [{"TxnId": id, "TxnType": kind}]
    return {"Amount": rounded(Decimal(amount) / 100), "LinkedTxn": linked}
