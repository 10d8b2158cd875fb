"""The pages of payments and of deposits: money that comes in and goes to the bank."""

import re
from decimal import Decimal
from typing import Any

from ..entities import BY_NAME
from ..jsontext import loads
from ..transactions.deposits import DEPOSITABLE
from ..transactions.links import MARK, Links
from .finding import options
from .forms import Column, Document, Input, Values, anything, clean, money, number, plain
from .lists import of_type, takes_money
from .objects import ObjectPages, Sheet, Visit
from .sales import (
    CUSTOMER,
    DATE,
    ID,
    MEMO,
    MONEY_IN,
    PICK_DATE,
    STATE,
    TOTAL,
    is_void,
)

CHARGES, CREDITS = ("Invoice",), ("CreditMemo",)
_USE = re.compile(r"use-(Invoice|CreditMemo|JournalEntry)-(\w{1,20})", re.ASCII)
_TAKE = re.compile(r"take-(\w{1,20})-(\w{1,20})", re.ASCII)
LEFT = Column("Not applied", "UnappliedAmt", "money")


def applied(document: Document, today: str) -> tuple[str, str]:
    if is_void(document):
        return "Voided", "r"
    return ("Partly applied", "y") if document.get("UnappliedAmt") else ("Applied", "g")


def in_the_bank(document: Document, today: str) -> tuple[str, str]:
    return "Deposited", "g"


PAYMENTS = Sheet(
    BY_NAME["Payment"],
    "Payments",
    (ID, CUSTOMER, DATE, Column("Reference", "PaymentRefNum"), TOTAL, LEFT, STATE),
    (Input("TotalAmt", "Amount received", "number"), PICK_DATE, *MONEY_IN, MEMO),
    (
        CUSTOMER,
        TOTAL,
        LEFT,
        Column("Deposited to", "DepositToAccountRef.name"),
    ),
    applied,
)
DEPOSITS = Sheet(
    BY_NAME["Deposit"],
    "Deposits",
    (ID, DATE, Column("Account", "DepositToAccountRef.name"), TOTAL, STATE),
    (
        Input(
            "DepositToAccountRef.value",
            "Deposit to",
            "pick",
            picks="Account",
            where=of_type("Bank"),
        ),
        PICK_DATE,
        MEMO,
    ),
    (TOTAL, Column("Account", "DepositToAccountRef.name")),
    in_the_bank,
)


class PaymentPages(ObjectPages):
    """A payment of a customer: what was received, and what it is used on."""

    template = "payment_form.html"

    def new_values(self, visit: Visit) -> Values:
        asked = visit.request.query_params
        values = {"TxnDate": self.today, "customer": asked.get("customer", "")}
        id = asked.get("invoice", "")
        invoice = self.pages.document(visit.realm, "Invoice", id) if id else None
        if invoice is not None:
            values[f"use-Invoice-{id}"] = values["TotalAmt"] = plain(invoice["Balance"])
        return values

    def old_values(self, visit: Visit, document: Document) -> Values:
        return super().old_values(visit, document) | _uses(document)

    def more(self, visit: Visit, document: Document | None, values: Values) -> dict[str, Any]:
        customer = _customer(values, document)
        known = self.pages.document(visit.realm, "Customer", customer) if customer else None
        return {
            "customer": customer,
            "customer_name": (known or {}).get("FullyQualifiedName", f"Unknown: {customer}"),
            "customers": options(self.emulator.store, visit.realm, "Customer", anything),
            "charges": self._charges(visit, customer, document, values) if customer else [],
        }

    def _charges(
        self, visit: Visit, customer: str, document: Document | None, values: Values
    ) -> list[dict[str, Any]]:
        """What the payment uses or can use, oldest first, with what was typed for each."""
        own = _uses(document or {})
        found = []
        for entity in (*CHARGES, *CREDITS):
            for each in self._open(visit.realm, entity, customer, own):
                name = f"use-{entity}-{each['Id']}"
                open_now = each["Balance"] + Decimal(own.get(name, "0"))
                found.append(
                    {
                        "name": name,
                        "kind": BY_NAME[entity].noun.capitalize(),
                        "number": each.get("DocNumber") or f"with the Id {each['Id']}",
                        "href": self.pages.address(entity, each["Id"]),
                        "date": each["TxnDate"],
                        "total": money(each["TotalAmt"]),
                        "open": money(open_now),
                        "value": values.get(name, ""),
                    }
                )
        return found

    def _open(self, realm: str, entity: str, customer: str, own: Values) -> list[Document]:
        """Transactions of a customer and of who is billed with them that are open, or used."""
        store = self.emulator.store
        family, at = [customer], 0
        while at < len(family):
            for row in store.children(realm, "Customer", family[at]):
                if loads(row.doc).get("BillWithParent") and row.id not in family:
                    family.append(row.id)
            at += 1
        marks = ", ".join("?" * len(family))
        rows = store.db.execute(
            f"SELECT doc FROM object WHERE realm = ? AND entity = ? AND parent IN ({marks})"
            " AND parent <> '' AND gone IS NULL"
            " ORDER BY json_extract(doc, '$.TxnDate'), id_number",
            (realm, entity, *(f"Customer:{id}" for id in family)),
        )
        documents = [loads(row[0]) for row in rows]
        return [e for e in documents if e["Balance"] or f"use-{entity}-{e['Id']}" in own]

    def body(self, visit: Visit, document: Document | None) -> Document:
        values = visit.values
        body = super().body(visit, document)
        typed, old = _typed_uses(values), _uses(document or {})
        if typed != {name: Decimal(amount) for name, amount in old.items()}:
            body["Line"] = [_line(name, amount) for name, amount in typed.items()]
        if document is None:
            body["CustomerRef"] = {"value": values.get("customer", "").strip()}
            if "TotalAmt" not in body:
                signs = {name: -1 if "-CreditMemo-" in name else 1 for name in typed}
                total = sum((signs[name] * typed[name] for name in typed), Decimal(0))
                body["TotalAmt"] = max(total, Decimal(0))
        elif "TotalAmt" in body and body["TotalAmt"] == "":
            body["TotalAmt"] = 0
        return body


def _customer(values: Values, document: Document | None) -> str:
    if document is not None:
        return str(document["CustomerRef"]["value"])
    return values.get("customer", "").strip()


def _line(name: str, amount: Decimal) -> Document:
    _, kind, id = name.split("-")
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def _uses(document: Document) -> Values:
    """The lines of a payment as fields: use-Invoice-145 -> 100."""
    found: dict[str, Decimal] = {}
    for line in document.get("Line", []):
        for linked in line.get("LinkedTxn", []):
            name = f"use-{linked['TxnType']}-{linked['TxnId']}"
            found[name] = found.get(name, Decimal(0)) + line["Amount"]
    return {name: plain(amount) for name, amount in found.items()}


def _typed_uses(values: Values) -> dict[str, Decimal]:
    found = {}
    for name, text in values.items():
        match = _USE.fullmatch(name)
        what = f"The amount for {match[1]} {match[2]}" if match else ""
        amount = number(clean(text), what) if match else None
        if amount:
            found[name] = amount
    return found


class DepositPages(ObjectPages):
    """A deposit is made of what waits in Undeposited Funds; undoing it is deleting it."""

    template = "deposit_form.html"

    def new_values(self, visit: Visit) -> Values:
        return {"TxnDate": self.today}

    def doings(self, document: Document) -> list[tuple[str, str]]:
        return [("delete", "Undo the deposit")]

    def more(self, visit: Visit, document: Document | None, values: Values) -> dict[str, Any]:
        if document is not None:
            return {"waiting": []}
        return {"waiting": [self._row(each, values) for each in self._waiting(visit.realm)]}

    def _row(self, document: Document, values: Values) -> dict[str, Any]:
        name = f"take-{document['entity']}-{document['Id']}"
        return {
            "name": name,
            "kind": BY_NAME[document["entity"]].noun.capitalize(),
            "href": self.pages.address(document["entity"], document["Id"]),
            "id": document["Id"],
            "customer": document.get("CustomerRef", {}).get("name", ""),
            "date": document["TxnDate"],
            "total": money(document["TotalAmt"]),
            "ticked": name in values,
        }

    def _waiting(self, realm: str) -> list[Document]:
        """What is in Undeposited Funds and in no deposit, oldest first."""
        store = self.emulator.store
        accounts = {
            id
            for id, _ in options(
                store,
                realm,
                "Account",
                lambda account: takes_money(account) and account["AccountType"] != "Bank",
            )
        }
        links, found = Links(store), []
        for entity in DEPOSITABLE:
            rows = store.db.execute(
                "SELECT doc FROM object WHERE realm = ? AND entity = ? AND gone IS NULL"
                " AND json_extract(doc, '$.TotalAmt') > 0",
                (realm, entity),
            )
            for document in (loads(row[0]) for row in rows):
                account = document.get("DepositToAccountRef", {}).get("value")
                marks = links.on(realm, entity, document["Id"])
                if account in accounts and not any(each.kind == MARK for each in marks):
                    found.append({**document, "entity": entity})
        return sorted(found, key=lambda each: (each["TxnDate"], int(each["Id"])))

    def body(self, visit: Visit, document: Document | None) -> Document:
        body = super().body(visit, document)
        taken = [match for match in map(_TAKE.fullmatch, visit.values) if match]
        if document is None:
            body["Line"] = [
                {"LinkedTxn": [{"TxnId": each[2], "TxnType": each[1], "TxnLineId": "0"}]}
                for each in taken
            ]
        return body
