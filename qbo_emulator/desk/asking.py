"""What a void or a delete will do, said before it is done; and whether it is in a closed period."""

from collections import defaultdict

from ..emulator import Emulator
from ..entities import BY_NAME, Entity
from ..ledger import PAYABLE, RECEIVABLE
from ..transactions.links import Links
from .forms import Document, at, money

ASKS = {"void": "Void", "delete": "Delete"}
FORMS_WITH_MONEY = {"Payment", "BillPayment"}


def effects(
    emulator: Emulator, realm: str, entity: Entity, document: Document, doing: str
) -> list[str]:
    """Sentences for the person who is asked."""
    if doing == "void":
        own = ["Every amount of it becomes 0.00. Its number, date and lines stay."]
        own.append("Its memo begins with “Voided”. This cannot be undone.")
    else:
        own = ["It is gone for good; apps that ask for it hear that it does not exist."]
        if document.get("DocNumber"):
            own.append(f"Its number {document['DocNumber']} is free again.")
    return [
        *own,
        *_on_others(emulator, realm, entity, document),
        *_on_balances(emulator, realm, entity, document),
    ]


def _on_others(emulator: Emulator, realm: str, entity: Entity, document: Document) -> list[str]:
    """What becomes of the transactions it is linked with."""
    links = Links(emulator.store)
    key = (realm, entity.name, document["Id"])
    told: dict[tuple[str, str], int] = defaultdict(int)
    for link in links.of(*key):
        told[link.target, link.target_id] += link.cents
    for link in links.on(*key):
        told[link.entity, link.id] += link.cents
    return [_on_other(emulator, realm, *other, cents) for other, cents in told.items()]


def _on_other(emulator: Emulator, realm: str, kind: str, id: str, cents: int) -> str:
    noun = BY_NAME[kind].noun if kind in BY_NAME else kind
    row = emulator.store.get(realm, kind, id)
    name = f"The {noun} with the Id {id}"
    if row is not None and row.name_key:
        name = f"The {noun} {row.name_key.upper()}"
    if not cents:
        return f"{name} is no longer linked with it."
    amount = money(cents / 100)
    if kind in FORMS_WITH_MONEY:
        return f"{name} stays: {amount} of it is not applied any more."
    return f"{name} stays: {amount} of it is open again."


def _on_balances(emulator: Emulator, realm: str, entity: Entity, document: Document) -> list[str]:
    """How much more or less customers owe and vendors are owed, as the ledger has it."""
    ledger = emulator.books.transactions.ledger
    owed: dict[str, int] = defaultdict(int)
    for posting in ledger.lines(realm, entity.name, document["Id"]):
        if posting["type"] in (RECEIVABLE, PAYABLE) and posting["name"]:
            owed[posting["name"]] -= posting["cents"]
    return [_on_balance(emulator, realm, name, cents) for name, cents in owed.items() if cents]


def _on_balance(emulator: Emulator, realm: str, name: str, cents: int) -> str:
    kind, _, id = name.partition(":")
    row = emulator.store.get(realm, kind, id)
    shown = emulator.books.finder(realm)(kind, id) if row is not None else None
    who = (shown or {}).get("DisplayName", name)
    if kind == "Vendor":
        cents = -cents
    word = "is owed" if kind == "Vendor" else "owes"
    return f"{who} {word} {money(abs(cents) / 100)} {'more' if cents > 0 else 'less'}."


def closed_until(emulator: Emulator, realm: str, entity: Entity, *days: str) -> str:
    """
    The closing date of the books where one of these days lies on or before it; else "".

    What posts nothing, such as an estimate, has no closed period.
    """
    preferences = emulator.books.preferences(realm)
    closed = str(at(preferences, "AccountingInfoPrefs.BookCloseDate") or "")
    if entity.post is None or not any(day and day <= closed for day in days):
        return ""
    return closed
