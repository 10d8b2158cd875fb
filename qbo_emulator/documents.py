"""
What the API does with a whole document beside reading and writing it: mail it, print it, keep files
with it (5.9 to 5.11), and the reports (5.13).
"""

import hashlib
from typing import Any

from . import attachments, pdf, query, reports, rules
from . import clock as clocks
from .asked import Asked, Reply
from .books import Actor, Written
from .calls import Call
from .emulator import Emulator
from .entities import Entity
from .errors import Fault, unsupported_operation
from .jsontext import dumps, loads

WRITES = ("send", "upload")
READS = ("pdf", "download", "report")
PORTAL = "https://connect.intuit.com/portal/app/CommerceNetwork/view"


class Documents:
    """One method an operation; token, realm and limits were checked before."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def _time(self) -> str:
        return clocks.answer_time(self.emulator.clock.epoch())

    # --- Writes ---

    def write(self, asked: Asked, call: Call, actor: Actor) -> Reply:
        return self._upload(asked, call, actor) if asked.kind == "upload" else self._send(
            asked, call, actor
        )  # fmt: skip

    def _send(self, asked: Asked, call: Call, actor: Actor) -> Reply:
        """`POST invoice/155/send?sendTo=a@b.test` (5.10)."""
        entity = _entity(asked)
        id = rules.check_id(entity, asked.parts[1])
        to = asked.params.get("sendto", "")
        row = self.emulator.mails.send(asked.realm, entity, id, to, actor).row
        self.emulator.calls.wrote(call, "Emailed")
        body = f'{{"{entity.name}":{row.doc},"time":"{self._time()}"}}'
        shown = [(entity.name, row.id, row.token)]
        return Reply(200, body, "application/json;charset=UTF-8", shown=shown)

    def _upload(self, asked: Asked, call: Call, actor: Actor) -> Reply:
        """`POST upload`: each file alone, a fault in the place of one that fails (5.9)."""
        call.entity = attachments.ATTACHABLE.name
        files = attachments.uploads(asked.body, asked.headers.get("content-type", ""))
        outcomes: list[Written | Fault] = []
        for file in files:
            try:
                outcomes.append(self.emulator.attachments.add(asked.realm, file, actor))
                self.emulator.calls.wrote(call, "Create")
            except Fault as fault:
                outcomes.append(fault)
        made = [each.row for each in outcomes if isinstance(each, Written)]
        if made:
            call.id = made[0].id
        entries = [attachments.answered(each, self._time()) for each in outcomes]
        shown = [(row.entity, row.id, row.token) for row in made]
        return Reply(200, dumps({"AttachableResponse": entries, "time": self._time()}), shown=shown)

    # --- Reads ---

    def read(self, asked: Asked) -> Reply:
        if asked.kind == "pdf":
            return self._pdf(asked)
        return self._download(asked) if asked.kind == "download" else self._report(asked)

    def _pdf(self, asked: Asked) -> Reply:
        """`GET invoice/155/pdf` (5.11)."""
        entity = _entity(asked)
        if not entity.can_print:
            raise unsupported_operation(f"Operation pdf of {entity.name}")
        id = rules.check_id(entity, asked.parts[1])
        row = self.emulator.books.read(asked.realm, entity, id)
        company = self.emulator.document(asked.realm, "CompanyInfo", "1") or {}
        data = pdf.form(entity.name, loads(row.doc), company)
        body = f"a PDF of {len(data)} bytes"
        return Reply(200, body, "application/pdf", data=data)

    def _download(self, asked: Asked) -> Reply:
        """`GET download/5000000000000503624`: where the file is, for 15 minutes (5.9)."""
        entity = attachments.ATTACHABLE
        row = self.emulator.books.read(asked.realm, entity, rules.check_id(entity, asked.parts[1]))
        base_url = self.emulator.base_url
        link = self.emulator.attachments.link(asked.realm, row.id, loads(row.doc), base_url)
        return Reply(200, link, "text/plain;charset=utf-8")

    def _report(self, asked: Asked) -> Reply:
        """`GET reports/AgedReceivableDetail?report_date=2026-11-28` (5.13)."""
        emulator = self.emulator
        made = reports.run(
            emulator.store,
            asked.realm,
            asked.parts[1],
            asked.params,
            today=query.today(emulator.clock.epoch()),
            time=clocks.metadata_time(emulator.clock.epoch()),
        )
        return Reply(200, dumps(made))

    # --- What answers show beside the stored document ---

    def shown(self, realm: str, entity: Entity, id: str, doc: str, include: frozenset[str]) -> str:
        """An object as an answer shows it; `include` holds the words of that parameter."""
        if entity is attachments.ATTACHABLE:
            return self.emulator.attachments.shown(realm, id, doc, self.emulator.base_url)
        if entity.name == "Invoice" and "invoicelink" in include:
            return self._with_invoice_link(realm, id, doc)
        return doc

    def _with_invoice_link(self, realm: str, id: str, doc: str) -> str:
        """The page where an invoice can be paid, if it can be paid online (4.6.1)."""
        document = loads(doc)
        preferences = self.emulator.books.preferences(realm).get("SalesFormsPrefs", {})
        allowed = ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
        is_payable = preferences.get("ETransactionPaymentEnabled") and any(
            document.get(name) for name in allowed
        )
        if not is_payable or not document.get("BillEmail"):
            return doc
        key = hashlib.sha256(f"{realm}/{id}".encode()).hexdigest()
        whole: dict[str, Any] = {"InvoiceLink": f"{PORTAL}/scs-v1-{key}?locale=en_US", **document}
        return dumps(whole)


def _entity(asked: Asked) -> Entity:
    if asked.entity is None:
        raise unsupported_operation(asked.relative)
    return asked.entity
