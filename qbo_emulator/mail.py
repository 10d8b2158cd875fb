"""
Sending forms by e-mail (5.10). Nothing leaves the emulator: the mails are kept and can be listed.
"""

from typing import Any

from . import clock as clocks
from . import errors, rules
from .books import Actor, Books, Written
from .entities import Entity
from .jsontext import dumps, loads
from .limits import Limits
from .store import Row

MOST_CHARACTERS = 100  # of BillEmail (4.6.1)


class Mails:
    """The mails of all companies in one store."""

    def __init__(self, books: Books, limits: Limits) -> None:
        self.books = books
        self.limits = limits
        self.store = books.store

    def send(self, realm: str, entity: Entity, id: str, to: str, actor: Actor) -> Written:
        """
        Mail a form: it becomes EmailSent and gets the address, its SyncToken moves.

        Args:
            to: the address asked for; "" takes the form's own, for a form that has none (a payment)
                its customer's or vendor's.
        Raises:
            Fault: 500 for entities that cannot be mailed, 610 for what is not there, 6420 without
                an address, 2050 and 2210 for one that is none. Then nothing was changed.
            GatewayFault: the company's mails of the day are used up (7.1).
        """
        if not entity.can_email:
            raise errors.unsupported_operation(f"Operation send of {entity.name}")
        row = self.store.get(realm, entity.name, id)
        if row is None or row.gone:
            raise errors.object_not_found()
        document = loads(row.doc)
        address = self._address(realm, entity, document, to.strip())
        now = self.books.clock.epoch()
        if not self.limits.take_mail(realm, now):
            raise errors.throttled(self.books.switches.throttle_shape)
        if "EmailStatus" in entity.by_name:
            document["EmailStatus"] = "EmailSent"
            document[_own_address(entity)] = {"Address": address}
        if "DeliveryInfo" in entity.by_name:
            document["DeliveryInfo"] = {
                "DeliveryType": "Email",
                "DeliveryTime": clocks.metadata_time(now),
            }
        with self.store.transaction():
            row.token += 1
            row.updated, row.who = now, str(actor)
            row.doc = self.books.dress(row, document)
            self.store.update(row, "emailed")
            self._keep(row, address, document)
        self.books.emit(realm, entity.name, id, "Emailed", now, None)
        return Written(row, "Emailed")

    def _address(self, realm: str, entity: Entity, document: dict[str, Any], to: str) -> str:
        own = _own_address(entity)
        address = to or str((document.get(own) or {}).get("Address", ""))
        if not address and not own:
            party = (document.get(entity.party) or {}).get("value", "")
            row = self.store.get(realm, entity.party_entity, party)
            theirs = loads(row.doc).get("PrimaryEmailAddr", {}) if row else {}
            address = str(theirs.get("Address", ""))
        if not address:
            raise errors.email_required()
        if len(address) > MOST_CHARACTERS:
            raise errors.wrong_length("sendTo", 0, MOST_CHARACTERS, len(address))
        if not rules.are_addresses(address):
            raise errors.invalid_email("sendTo" if to else own)
        return address

    def _keep(self, row: Row, address: str, document: dict[str, Any]) -> None:
        preferences = self.books.preferences(row.realm).get("EmailMessagesPrefs", {})
        message = preferences.get(f"{row.entity}Message", {})
        facts = {
            "to": address,
            "cc": (document.get("BillEmailCc") or {}).get("Address", ""),
            "bcc": (document.get("BillEmailBcc") or {}).get("Address", ""),
            "subject": message.get("Subject", f"{row.entity} {document.get('DocNumber', row.id)}"),
            "total": document.get("TotalAmt"),
        }
        self.store.db.execute(
            "INSERT INTO mail (realm, at, entity, id, facts) VALUES (?, ?, ?, ?, ?)",
            (row.realm, row.updated, row.entity, row.id, dumps(facts)),
        )

    def sent(self, realm: str) -> list[dict[str, Any]]:
        """All mails of a company, oldest first."""
        rows = self.store.db.execute(
            "SELECT number, at, entity, id, facts FROM mail WHERE realm = ? ORDER BY number",
            (realm,),
        )
        return [
            {
                "number": number,
                "at": clocks.metadata_time(at),
                "entity": entity,
                "id": id,
                **loads(facts),
            }
            for number, at, entity, id, facts in rows
        ]


def _own_address(entity: Entity) -> str:
    """The property of a form that holds where it is mailed to; "" where it has none."""
    return next((each for each in ("BillEmail", "POEmail") if each in entity.by_name), "")
