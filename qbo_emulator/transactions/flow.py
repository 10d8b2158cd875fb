"""
The way of a write to a transaction: create, update, delete, void (5), and all that follows from it.

    checked -> settled -> stored -> posted -> linked -> what it touches refreshed -> balances

Whatever a write touches beside its own object (an invoice that is paid, the customer's balance) is
brought up to date in the same database transaction.
"""

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .. import errors, rules
from ..entities import BY_NAME, Entity
from ..jsontext import loads
from ..ledger import Entry, Ledger, Posting
from ..money import cents, from_cents
from ..store import Row
from . import applied, lines, numbers, payments, stock, tracking, write_offs
from .company import Company
from .form import CHARGES, Form
from .links import MARK, Link, Links, shown

if TYPE_CHECKING:
    from ..books import Actor, Books

VOIDED = "Voided"
AMOUNTS = (  # of a head; a void makes each 0
    "TotalAmt",
    "Amount",
    "Balance",
    "UnappliedAmt",
    "RemainingCredit",
    "Deposit",
    "HomeTotalAmt",
    "HomeBalance",
)
PAYMENTS = ("Payment", "BillPayment")


class Transactions:
    """Writes transactions for one `Books`."""

    def __init__(self, books: "Books") -> None:
        self.books = books
        self.store = books.store
        self.links = Links(books.store)
        self.ledger = Ledger(books.store)

    # --- The four writes ---

    def create(
        self,
        realm: str,
        entity: Entity,
        sent: dict[str, Any],
        actor: "Actor",
        include: frozenset[str] = frozenset(),
    ) -> tuple[Row, list[Row]]:
        """Returns the new row, and the rows of what moved with it."""
        rules.check_sent(entity.required, sent)
        now = self.books.clock.epoch()
        company = self._company(realm, actor, now)
        form = Form(
            entity=entity,
            company=company,
            document=rules.new_document(entity, sent),
            before=None,
            sent=frozenset(sent),
            is_person=actor.is_person,
            include=include,
        )
        self._check(form)
        self._settle(form)
        self._check_open_period(form, actor)
        number = self.store.next_number(realm, entity.counter)
        form.id = str(number)
        self.books.number_addresses(realm, entity, form.document)
        row = Row(
            realm=realm,
            entity=entity.name,
            id=form.id,
            id_number=number,
            token=0,
            active=1,
            gone=None,
            space="",
            name_key="",
            full_key="",
            parent="",
            created=now,
            updated=now,
            who=str(actor),
            doc="",
        )
        _index(row, form)
        row.doc = self.books.dress(row, form.document)
        self.store.insert(row)
        moved = self._follow(form, row, actor)
        if entity.name in {"Invoice", "CreditMemo"}:
            moved += self._apply_credits(form, actor)
            row = self._row(realm, entity, row.id)
        return row, moved

    def update(
        self,
        realm: str,
        entity: Entity,
        id: str,
        body: dict[str, Any],
        sent: dict[str, Any],
        actor: "Actor",
        include: frozenset[str] = frozenset(),
    ) -> tuple[Row, list[Row] | None]:
        """Returns the row and what moved with it; None for the latter where nothing changed."""
        row = self._for_change(realm, entity, id, body, actor)
        current = loads(row.doc)
        rules.check_sent(() if actor.is_person else entity.required_in_updates, sent)
        is_sparse = rules.is_sparse(body) or actor.is_person
        if not is_sparse:
            rules.check_sent(entity.required, sent)
        document = rules.updated_document(entity, current, sent, sparse=is_sparse, merge=False)
        company = self._company(realm, actor, self.books.clock.epoch())
        form = Form(
            entity=entity,
            company=company,
            document=document,
            before=current,
            sent=frozenset(sent),
            is_person=actor.is_person,
            include=include,
            id=id,
            used=self._used(realm, entity, id),
        )
        _check_not_void(form)
        self._check_not_deposited(row, actor)
        self._check(form)
        self._check_same_party(form)
        released = self._shrink(form, actor) if entity.open_amount else []
        form.used = self._used(realm, entity, id)
        self._settle(form)
        self._check_open_period(form, actor)
        self.books.number_addresses(realm, entity, document)
        if not self.books.differs(entity, current, document):
            return row, None
        self._save(row, form, actor, "update")
        moved = self._follow(form, row, actor)
        return self._row(realm, entity, id), [*released, *moved]

    def delete(
        self, realm: str, entity: Entity, id: str, body: dict[str, Any], actor: "Actor"
    ) -> tuple[Row, list[Row]]:
        """The object is gone (610 from now on); what was linked to it is free again (5.4, 9)."""
        row = self._for_change(realm, entity, id, body, actor)
        form = self._form(row, actor)
        self._check_not_deposited(row, actor)
        self._check_open_period(form, actor)
        touched = self._unlink(form)
        row.gone = "deleted"
        row.updated, row.who = form.company.now, str(actor)
        self.store.update(row, "delete")
        self._post(form, ())
        return row, self._refresh_all(realm, touched, actor)

    def void(
        self, realm: str, entity: Entity, id: str, body: dict[str, Any], actor: "Actor"
    ) -> tuple[Row, list[Row] | None]:
        """Every amount becomes 0 and the note says Voided; it stays readable (5.5)."""
        row = self._for_change(realm, entity, id, body, actor)
        form = self._form(row, actor)
        if _is_void(form.document):
            return row, None
        _check_not_settled(form)
        self._check_not_deposited(row, actor)
        self._check_open_period(form, actor)
        touched = self._unlink(form)
        document = form.document
        lines.clear(document)
        if entity.name in PAYMENTS:
            document["Line"] = []
        for name in AMOUNTS:
            if name in document:
                document[name] = 0
        if "TxnTaxDetail" in document:
            document["TxnTaxDetail"] = {"TotalTax": 0}
        if "LinkedTxn" in document:
            document["LinkedTxn"] = []
        note = document.get("PrivateNote")
        document["PrivateNote"] = (f"{VOIDED} - {note}" if note else VOIDED)[:4000]
        self._save(row, form, actor, "void")
        self._post(form, ())
        return self._row(realm, entity, id), self._refresh_all(realm, touched, actor)

    def open_balance(self, row: Row, actor: "Actor") -> None:
        """What a name owed before its first transaction here, against opening equity (4.1)."""
        entity, document = BY_NAME[row.entity], loads(row.doc)
        name = f"{row.entity}:{row.id}"
        missing = cents(document.get(entity.balance) or 0) - self.ledger.owed(row.realm, name)
        if not missing:
            return
        company = self._company(row.realm, actor, row.updated)
        is_vendor = row.entity == "Vendor"
        account = company.account("payable" if is_vendor else "receivable")["value"]
        amount = -missing if is_vendor else missing
        equity = company.account("opening")["value"]
        postings = (Posting(account, amount, name), Posting(equity, -amount))
        date = document.get("OpenBalanceDate") or company.today
        self.ledger.replace(Entry(row.realm, row.entity, row.id, date, postings))

    def write_off(
        self, realm: str, entity: str, document: dict[str, Any], actor: "Actor"
    ) -> tuple[str, dict[str, Any]]:
        """The entity and the body of the form that brings a name's balance to 0."""
        company = self._company(realm, actor, self.books.clock.epoch())
        return write_offs.form(company, entity, document)

    # --- Checks ---

    def _for_change(
        self, realm: str, entity: Entity, id: str, body: dict[str, Any], actor: "Actor"
    ) -> Row:
        row = self._row(realm, entity, id)
        if not actor.is_person and rules.read_token(body.get("SyncToken")) != row.token:
            raise errors.stale_object(actor.name_of(row.who))
        return row

    def _row(self, realm: str, entity: Entity, id: str) -> Row:
        row = self.store.get(realm, entity.name, id)
        if row is None or row.gone:
            raise errors.object_not_found()
        return row

    def _check(self, form: Form) -> None:
        """What is required is there (2020), references exist and new ones are active (2500)."""
        tracking.settle(form)
        for name in form.entity.required:
            if form.get(name) in (None, []):
                raise errors.required_missing(name)
        self.books.check_references(
            form.company.realm, form.entity, form.document, form.before or {}
        )

    def _check_not_deposited(self, row: Row, actor: "Actor") -> None:
        """What sits in a bank deposit cannot be changed, deleted or voided (6540)."""
        marks = self.links.on(row.realm, row.entity, row.id)
        if any(mark.entity == "Deposit" for mark in marks):
            raise errors.deposited()
        if row.entity == "Invoice" and self.books.switches.paid_and_deposited_invoice == "refuse":
            for link in marks:
                if any(
                    mark.entity == "Deposit"
                    for mark in self.links.on(row.realm, link.entity, link.id)
                ):
                    raise errors.deposited()

    def _check_same_party(self, form: Form) -> None:
        """What money is used on stays with its customer."""
        if not form.entity.open_amount or form.before is None:
            return
        before = form.before.get(form.entity.party, {}).get("value", "")
        if form.ref(form.entity.party) == before:
            return
        if self.links.used(form.company.realm, form.entity.name, form.id):
            raise errors.business_validation(
                "The name of a transaction that is linked to others cannot be changed.",
                form.entity.party,
            )

    def _check_open_period(self, form: Form, actor: "Actor") -> None:
        """Nothing that is posted may be written on or before the closing date (6210)."""
        closed = form.company.preference("AccountingInfoPrefs", "BookCloseDate")
        if not closed or actor.is_person or form.entity.post is None:
            return
        for document in (form.document, form.before or {}):
            if document.get("TxnDate", "9999") <= closed:
                raise errors.period_closed()

    # --- Stations ---

    def _company(self, realm: str, actor: "Actor", now: float) -> Company:
        def make(entity: str, properties: dict[str, Any]) -> Row:
            return self.books.create(realm, BY_NAME[entity], properties, self.books.system).row

        return Company(self.store, realm, self.books.switches, now, make)

    def _form(self, row: Row, actor: "Actor") -> Form:
        """A stored transaction as a form, unchanged."""
        entity = BY_NAME[row.entity]
        return Form(
            entity=entity,
            company=self._company(row.realm, actor, self.books.clock.epoch()),
            document=loads(row.doc),
            before=loads(row.doc),
            sent=frozenset(),
            is_person=True,
            id=row.id,
            used=self._used(row.realm, entity, row.id),
        )

    def _used(self, realm: str, entity: Entity, id: str) -> Any:
        if not entity.open_amount:
            return 0
        return Decimal(from_cents(self.links.used(realm, entity.name, id)))

    def _settle(self, form: Form) -> None:
        if "LinkedTxn" in form.entity.by_name:
            self._show_links(form)
        if form.entity.settle is not None:
            form.entity.settle(form)

    def _show_links(self, form: Form) -> None:
        """LinkedTxn: what the document itself may name, then what others link to it (4.6.5)."""
        own, document = form.entity.names_links, form.document
        kept = []
        for linked in document.get("LinkedTxn", []):
            kind, id = linked.get("TxnType", ""), linked.get("TxnId", "")
            if kind not in own:
                continue
            if kind not in CHARGES and form.company.row(kind, id) is None:
                if "LinkedTxn" in form.sent:
                    raise errors.cannot_link(f"Txn Id {id} cannot be linked.")
                continue
            kept.append({"TxnId": id, "TxnType": kind})
        on = self.links.on(form.company.realm, form.entity.name, form.id) if form.id else []
        document["LinkedTxn"] = [*kept, *shown(on)]

    def _save(self, row: Row, form: Form, actor: "Actor", operation: str) -> None:
        row.token += 1
        row.updated = form.company.now
        row.who = str(actor)
        _index(row, form)
        row.doc = self.books.dress(row, form.document)
        self.store.update(row, operation)

    def _follow(
        self, form: Form, row: Row, actor: "Actor", but: tuple[str, str] | None = None
    ) -> list[Row]:
        """
        Everything else a stored document changes: links, what is linked, ledger, balances.

        Args:
            but: (entity, id) of a linked transaction that is being written anyway.
        """
        realm = row.realm
        old = self.links.of(realm, row.entity, row.id)
        new = links_of(form)
        self.links.replace(realm, row.entity, row.id, new)
        self._post(form, tuple(form.entity.post(form)) if form.entity.post else ())
        changed = set(old) ^ set(new)
        touched = [(each.target, each.target_id) for each in (*old, *new) if each in changed]
        touched = [each for each in touched if each != but]
        return self._refresh_all(realm, list(dict.fromkeys(touched)), actor)

    def _post(self, form: Form, postings: tuple[Any, ...]) -> None:
        date = form.document["TxnDate"]
        entry = Entry(form.company.realm, form.entity.name, form.id, date, postings)
        names = self.ledger.replace(entry)
        self.books.settle_balances(form.company.realm, names, form.company.now)
        moved = stock.moves(form, is_gone=not postings)
        self.books.move_stock(form.company.realm, moved, form.company.now)

    def _unlink(self, form: Form) -> list[tuple[str, str]]:
        """Take all links of a transaction away; returns what they touched."""
        realm, name, id = form.company.realm, form.entity.name, form.id
        own = self.links.of(realm, name, id)
        others = self.links.on(realm, name, id)
        self.links.replace(realm, name, id, [])
        self.links.drop_target(realm, name, id)
        return [(each.target, each.target_id) for each in own] + [
            (each.entity, each.id) for each in others
        ]

    def _shrink(self, form: Form, actor: "Actor") -> list[Row]:
        """
        What becomes less than is used of it gives the rest back to its payments, newest first.

        Returns: the rows of what moved with it.
        """
        probe = Form(
            entity=form.entity,
            company=form.company,
            document=dict(form.document),
            before=form.before,
            sent=form.sent,
            is_person=True,
            id=form.id,
        )
        self._settle(probe)
        over = -Decimal(probe.document[form.entity.open_amount]) + form.used
        excess = int(over * 100)
        held: Counter[tuple[str, str]] = Counter()
        for link in self.links.on(form.company.realm, form.entity.name, form.id):
            held[link.entity, link.id] += link.cents
        moved = []
        for (entity, id), amount in reversed(held.items()):
            taken = min(max(excess, 0), amount)
            excess -= taken
            if taken:
                moved += self._release(form, BY_NAME[entity], id, amount - taken, actor)
        own = (form.entity.name, form.id)
        return [each for each in moved if (each.entity, each.id) != own]

    def _release(self, form: Form, entity: Entity, id: str, keep: int, actor: "Actor") -> list[Row]:
        """Leave a payment only so many cents on the transaction of a form."""
        row = self._row(form.company.realm, entity, id)
        payment = self._form(row, actor)
        payment.document = applied.released(payment.document, form.entity.name, form.id, keep)
        self._settle_open(payment)
        self._save(row, payment, actor, "released")
        return [row, *self._follow(payment, row, actor, but=(form.entity.name, form.id))]

    def rebuild(self, row: Row) -> None:
        """Links and postings of a stored transaction, made anew from its document alone."""
        form = self._form(row, self.books.system)
        is_live = not row.gone and not _is_void(form.document)
        postings = form.entity.post(form) if form.entity.post and is_live else ()
        self.links.replace(row.realm, row.entity, row.id, links_of(form) if is_live else [])
        date = form.document["TxnDate"]
        self.ledger.replace(Entry(row.realm, row.entity, row.id, date, tuple(postings)))

    # --- What moves with a write ---

    def _refresh_all(self, realm: str, touched: list[tuple[str, str]], actor: "Actor") -> list[Row]:
        """Bring what a write touched up to date: its SyncToken moves without an edit (5.3)."""
        moved = []
        for name, id in dict.fromkeys(touched):
            row = self.store.get(realm, name, id)
            if row is None or row.gone or BY_NAME.get(name) is None:
                continue
            moved += self._refresh(row, actor)
        return moved

    def _refresh(self, row: Row, actor: "Actor") -> list[Row]:
        """
        Only what follows from links: nobody edited it, so its lines and tax stay as they are.

        Returns: the row and what moved with it; nothing where it stays as it was.
        """
        form = self._form(row, actor)
        document = form.document
        if row.entity in PAYMENTS:
            self._drop_lost_lines(form)
        if not _is_void(document):
            self._settle_open(form)
        if not self.books.differs(form.entity, loads(row.doc), document):
            return []
        self._save(row, form, actor, "linked")
        others = self._follow(form, row, actor) if form.entity.post else []
        return [self._row(row.realm, form.entity, row.id), *others]

    def _settle_open(self, form: Form) -> None:
        if form.entity.settle_open is None:
            self._settle(form)
            return
        if "LinkedTxn" in form.entity.by_name:
            self._show_links(form)
        form.entity.settle_open(form)

    def _drop_lost_lines(self, form: Form) -> None:
        """Lines of a payment whose target is gone: their money is unapplied now (9)."""
        kept = {(each.target, each.target_id) for each in self.links.of(
            form.company.realm, form.entity.name, form.id)}  # fmt: skip
        form.document["Line"] = [
            line
            for line in form.document.get("Line", [])
            if (line["LinkedTxn"][0]["TxnType"], line["LinkedTxn"][0]["TxnId"]) in kept
        ]

    def _apply_credits(self, form: Form, actor: "Actor") -> list[Row]:
        """Write the payments QuickBooks makes by itself where credits are open."""
        company = self._company(form.company.realm, actor, form.company.now)
        entity, moved = BY_NAME["Payment"], []
        for body in payments.automatic(company, form.entity.name, form.id):
            if "Id" in body:
                row = self._row(company.realm, entity, body["Id"])
                change = self._form(row, actor)
                change.document["Line"] = body["Line"]
                change.sent = frozenset({"Line"})
                self._settle(change)
                self._save(row, change, actor, "applied")
                moved += [row, *self._follow(change, row, actor)]
            else:
                row, others = self.create(company.realm, entity, body, actor)
                moved += [row, *others]
        return [each for each in moved if (each.entity, each.id) != (form.entity.name, form.id)]


def links_of(form: Form) -> list[Link]:
    """The links that a document's own words make."""
    if form.entity.links is not None:
        return form.entity.links(form)
    marks = [each for each in form.entity.names_links if each in BY_NAME]
    return [
        Link(form.entity.name, form.id, each["TxnType"], each["TxnId"], 0, MARK)
        for each in form.get("LinkedTxn", [])
        if each["TxnType"] in marks
    ]


def _index(row: Row, form: Form) -> None:
    """The columns that look-ups use: the number and whose it is."""
    row.space = numbers.space(form.entity.numbers)
    row.name_key = numbers.key(form.get("DocNumber"))
    row.parent = form.party


def _is_void(document: dict[str, Any]) -> bool:
    note = str(document.get("PrivateNote", ""))
    amounts = (document.get("TotalAmt"), document.get("Amount"))
    return note.startswith(VOIDED) and not any(amounts)


def _check_not_settled(form: Form) -> None:
    """A card payment that Intuit Payments has settled is paid back, not voided (6450)."""
    charge = form.get("CreditCardPayment") or {}
    response = charge.get("CreditChargeResponse")
    if isinstance(response, dict) and response.get("Status") == "Completed":
        raise errors.already_settled()


def _check_not_void(form: Form) -> None:
    if form.before is not None and _is_void(form.before) and not form.is_person:
        raise errors.business_validation("A voided transaction cannot be changed.")
