"""
What can be done to a company's books: create, update, make inactive, merge, read.

The API, the desk and the control addresses all come through here, so that the same rules hold and
every change leaves a version and an event.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from . import clock as clocks
from . import errors, references, rules
from .account_balances import AccountBalances
from .clock import Clock
from .entities import BY_NAME, Entity, Find, Kind, Shape
from .jsontext import dumps, loads
from .money import from_cents, rounded
from .names import Names
from .store import Row, Store
from .switches import Switches
from .transactions.flow import Transactions

# emit(realm, entity name, id, operation, epoch, deleted id)
Emit = Callable[[str, str, str, str, float, str | None], None]


@dataclass(frozen=True)
class Actor:
    """Who acts. `by` is "api" or "ui"; a person in the UI sends no SyncToken, meets fewer rules."""

    by: str
    user: str
    client_id: str = ""

    @property
    def is_person(self) -> bool:
        return self.by == "ui"

    def __str__(self) -> str:
        return f"{self.by}|{self.user}|{self.client_id}"

    @staticmethod
    def name_of(who: str) -> str:
        return who.split("|")[1]


SYSTEM = Actor("ui", "QuickBooks")


@dataclass(frozen=True)
class Written:
    """
    A write's outcome.

    operation: Create, Update, Delete (made inactive too), Void, Merge; None: nothing changed.
    also: what moved with it, such as an invoice that a payment pays.
    """

    row: Row
    operation: str | None
    also: tuple[Row, ...] = ()


class Books:
    """The books of all companies in one store."""

    def __init__(self, store: Store, clock: Clock, switches: Switches, emit: Emit) -> None:
        self.store = store
        self.clock = clock
        self.switches = switches
        self.emit = emit
        self.names = Names(self)
        self.transactions = Transactions(self)
        self.account_balances = AccountBalances(store, self.transactions.ledger)
        self.system = SYSTEM

    # --- Reading ---

    def read(self, realm: str, entity: Entity, id: str) -> Row:
        """
        Read one object by id, inactive ones too.

        Raises:
            Fault: 610 for what does not exist, was deleted or merged away.
        """
        self.bring_up_to_date(realm, entity.name)
        lag = self.switches.id_read_lag_seconds
        if lag:
            row = self.store.get_as_of(realm, entity.name, id, self.clock.epoch() - lag)
        else:
            row = self.store.get(realm, entity.name, id)
        if row is None or row.gone:
            raise errors.object_not_found()
        return row

    def bring_up_to_date(self, realm: str, *entities: str) -> None:
        """Before objects of these entities are looked at; names in any case."""
        if any(each.strip().lower() == "account" for each in entities):
            self.account_balances.settle(realm)

    def read_dated(self, realm: str, entity: Entity, params: dict[str, str], today: str) -> Row:
        """
        Read the value of something on a day: the newest that is not younger.

        Raises:
            Fault: 2020 without what it is the value of, 2070 for a bad day, 610 if there is none.
        """
        what, day = entity.identity
        asked = {what: params.get(what.lower(), "").upper() or None}
        asked[day] = params.get(day.lower()) or today
        sent = rules.read_body(entity, asked, self.switches)
        row = self.store.newest(realm, entity.name, f"{asked[what]}-", rules.identity(entity, sent))
        if row is None:
            raise errors.object_not_found()
        return row

    def preferences(self, realm: str) -> dict[str, Any]:
        row = self.store.get(realm, "Preferences", "1")
        return {} if row is None else loads(row.doc)

    # --- Writing ---

    def write(
        self,
        realm: str,
        entity: Entity,
        body: Any,
        actor: Actor,
        include: frozenset[str] = frozenset(),
    ) -> Written:
        """
        Create or update, as the body says (5.1, 5.2).

        Args:
            include: words of the `include` parameter, such as "allowduplicatedocnum".
        Raises:
            Fault: then nothing was changed.
        """
        if entity.read_only and not actor.is_person:
            raise errors.unsupported_operation(f"A write to {entity.name} is not supported.")
        self._check_feature(realm, entity, actor)
        written_off: Written | None = None
        with self.store.transaction():
            sent = rules.read_body(entity, body, self.switches, by_person=actor.is_person)
            id = rules.read_id(entity, body.get("Id"))
            if entity.shape is Shape.SINGLE:
                id = "1"
            if entity.shape is Shape.DATED:
                id = rules.identity(entity, sent)
                id = id if self.store.get(realm, entity.name, id) else ""
            if entity.shape is Shape.TRANSACTION:
                written = self._write_transaction(realm, entity, id, body, sent, actor, include)
            elif not id:
                written = self.create(realm, entity, sent, actor)
            else:
                written_off = self._clear_balance(realm, entity, id, sent, actor)
                written = self._update(realm, entity, id, body, sent, actor)
        if written_off is not None:
            self._announce(BY_NAME[written_off.row.entity], written_off)
        self._announce(entity, written)
        return written

    def _clear_balance(
        self, realm: str, entity: Entity, id: str, sent: dict[str, Any], actor: Actor
    ) -> Written | None:
        """A person who ends a name that owes or is owed money writes it off first (4.1)."""
        if not (actor.is_person and entity.is_name and entity.balance):
            return None
        row = self._existing(realm, entity, id)
        owed = loads(row.doc).get(entity.balance) or 0
        if sent.get("Active") is not False or not row.active or not owed:
            return None
        kind, body = self.transactions.write_off(realm, entity.name, loads(row.doc), actor)
        described = BY_NAME[kind]
        read = rules.read_body(described, body, self.switches, by_person=True)
        return self._write_transaction(realm, described, "", body, read, actor, frozenset())

    def insert(self, realm: str, entity: Entity, sent: dict[str, Any], actor: Actor) -> Row:
        """Create what QuickBooks itself makes, of entities too that apps cannot write."""
        with self.store.transaction():
            written = self.create(realm, entity, sent, actor)
        self._announce(entity, written)
        return written.row

    def _check_feature(self, realm: str, entity: Entity, actor: Actor) -> None:
        group, _, name = entity.needs_preference.partition(".")
        if name and not actor.is_person and not self.preferences(realm)[group].get(name):
            raise errors.feature_not_supported(f"{entity.needs_preference} is off")

    def _write_transaction(
        self,
        realm: str,
        entity: Entity,
        id: str,
        body: dict[str, Any],
        sent: dict[str, Any],
        actor: Actor,
        include: frozenset[str],
    ) -> Written:
        flow = self.transactions
        if not id:
            row, moved = flow.create(realm, entity, sent, actor, include)
            return Written(row, "Create", tuple(moved))
        row, changed = flow.update(realm, entity, id, body, sent, actor, include)
        if changed is None:
            return Written(row, None)
        return Written(row, "Update", tuple(changed))

    def delete(self, realm: str, entity: Entity, body: Any, actor: Actor) -> Written:
        """
        Delete a transaction or an attachment (5.4).

        Raises:
            Fault: 500 for lists, which can only be made inactive; 610 for what is not there.
        """
        if not entity.can_delete:
            raise errors.unsupported_operation(f"Operation delete of {entity.name}")
        with self.store.transaction():
            id = self._id_to_change(entity, body)
            if entity.shape is Shape.ATTACHMENT:
                return Written(self._drop(realm, entity, id, body, actor), "Delete")
            row, moved = self.transactions.delete(realm, entity, id, body, actor)
        written = Written(row, "Delete", tuple(moved))
        self._announce(entity, written)
        return written

    def _drop(self, realm: str, entity: Entity, id: str, body: dict[str, Any], actor: Actor) -> Row:
        """Delete what nothing depends on; the Id alone will do (5.4)."""
        row = self._existing(realm, entity, id)
        if (
            body.get("SyncToken") not in (None, "")
            and rules.read_token(body["SyncToken"]) != row.token
        ):
            raise errors.stale_object(Actor.name_of(row.who))
        row.gone, row.updated, row.who = "deleted", self.clock.epoch(), str(actor)
        self.store.update(row, "delete")
        return row

    def void(self, realm: str, entity: Entity, body: Any, actor: Actor) -> Written:
        """
        Void a transaction (5.5). Who has no void in the API may still be voided by a person.

        Raises:
            Fault: 500 for what cannot be voided; 610 for what is not there.
        """
        if entity.post is None or not (entity.void or actor.is_person):
            raise errors.unsupported_operation(f"Operation void of {entity.name}")
        with self.store.transaction():
            id = self._id_to_change(entity, body)
            row, moved = self.transactions.void(realm, entity, id, body, actor)
        written = Written(row, None if moved is None else "Void", tuple(moved or ()))
        self._announce(entity, written)
        return written

    @staticmethod
    def _id_to_change(entity: Entity, body: Any) -> str:
        if not isinstance(body, dict):
            raise errors.unparsable()
        id = rules.read_id(entity, body.get("Id"))
        if not id:
            raise errors.required_missing("Id")
        return id

    def merge(
        self, realm: str, entity: Entity, away_id: str, into_id: str, actor: Actor
    ) -> Written:
        """Merge one name into another, as a person does in the UI (9): `away_id` vanishes."""
        if "Merge" not in entity.sends_events or away_id == into_id:
            raise errors.unsupported_operation(f"merge of {entity.name} {away_id}")
        with self.store.transaction():
            self.bring_up_to_date(realm, entity.name)
            away = self._existing(realm, entity, away_id)
            into = self._existing(realm, entity, into_id)
            if entity.name in {"Account", "Item"}:
                _check_alike(loads(away.doc), loads(into.doc))
            now = self.clock.epoch()
            for child in self.store.children(realm, entity.name, away.id):
                document = loads(child.doc)
                document["ParentRef"] = {"value": into.id}
                self.names.place(entity, child, document)
                self.save(child, document, now, actor, "merge")
                self.names.rename_children(entity, child, now, actor)
            self._move_references(entity, away, into, now, actor)
            document = loads(into.doc)
            if entity.balance:
                owed = loads(away.doc).get(entity.balance, 0)
                document[entity.balance] = document.get(entity.balance, 0) + owed
            self.save(into, document, now, actor, "merge")
            away.gone, away.updated, away.who = "merged", now, str(actor)
            self.store.update(away, "merge")
            self._total_balances(entity, realm, [into.id, away.parent], now, actor)
            into = self._existing(realm, entity, into_id)
        self.emit(realm, entity.name, into_id, "Merge", now, away_id)
        return Written(into, "Merge")

    def _announce(self, entity: Entity, written: Written) -> None:
        row = written.row
        if written.operation in entity.sends_events:
            name = entity.event_name or entity.name
            self.emit(row.realm, name, row.id, written.operation or "", row.updated, None)
        for other in written.also:
            operation = "Update" if other.token else "Create"
            if operation in BY_NAME[other.entity].sends_events:
                self.emit(other.realm, other.entity, other.id, operation, other.updated, None)

    def _existing(self, realm: str, entity: Entity, id: str) -> Row:
        row = self.store.get(realm, entity.name, id)
        if row is None or row.gone:
            raise errors.object_not_found()
        return row

    def create(self, realm: str, entity: Entity, sent: dict[str, Any], actor: Actor) -> Written:
        """Create an entry of a list from properties that were read already."""
        if not entity.can_create:
            raise errors.required_missing("Id")
        rules.check_sent(entity.required, sent)
        document = rules.new_document(entity, sent)
        _check_type(entity, document, actor)
        if entity.name_field:
            rules.name_itself(entity, document, self.switches.no_name_code)
        if entity.on_create:
            entity.on_create(document, self.preferences(realm))
        now = self.clock.epoch()
        row = Row(
            realm=realm,
            entity=entity.name,
            id="",
            id_number=0,
            token=0,
            active=int(document.get("Active", True)),
            gone=None,
            space=entity.name_space,
            name_key="",
            full_key="",
            parent="",
            created=now,
            updated=now,
            who=str(actor),
            doc="",
        )
        self.check_references(realm, entity, document, {})
        if entity.on_change:
            entity.on_change(document, {}, self.finder(realm))
        self.names.place(entity, row, document)
        if not row.active:
            self.names.mark_deleted(entity, row, document)
        self.names.check_name(entity, row, document)
        if entity.on_write:
            entity.on_write(document)
        if entity.balance_with_children:
            document[entity.balance_with_children] = document.get(entity.balance, 0)
        if entity.shape is Shape.DATED:
            row.id = rules.identity(entity, document)
        else:
            row.id_number = self.store.next_number(realm, entity.counter)
            row.id = str(row.id_number)
        self.number_addresses(realm, entity, document)
        if entity.on_number:
            entity.on_number(document, realm, row.id)
        row.doc = self.dress(row, document)
        self.store.insert(row)
        if entity.balance and document.get(entity.balance):
            self.transactions.open_balance(row, actor)
        if row.parent:
            self._total_balances(entity, realm, [row.parent], now, actor)
        return Written(row, "Create")

    def _update(
        self,
        realm: str,
        entity: Entity,
        id: str,
        body: dict[str, Any],
        sent: dict[str, Any],
        actor: Actor,
    ) -> Written:
        self.bring_up_to_date(realm, entity.name)
        row = self._existing(realm, entity, id)
        if not actor.is_person:
            if rules.read_token(body.get("SyncToken")) != row.token:
                raise errors.stale_object(Actor.name_of(row.who))
            rules.check_sent(entity.required_in_updates, sent)
        current = loads(row.doc)
        document = rules.updated_document(
            entity,
            current,
            sent,
            sparse=rules.is_sparse(body),
            merge=self.switches.sparse_objects == "merge",
        )
        _check_type(entity, current, actor)
        _check_type(entity, document, actor)
        was_active, was_full, was_parent = row.active, row.full_key, row.parent
        if entity.shape is Shape.NAME_LIST:
            self.names.settle_name(entity, row, document, current, sent, actor)
        else:
            self.check_references(realm, entity, document, current)
            if entity.on_change:
                entity.on_change(document, current, self.finder(realm))
        if entity.on_write:
            entity.on_write(document)
        self.number_addresses(realm, entity, document)
        if not self.differs(entity, current, document):
            return Written(self._existing(realm, entity, id), None)
        now = self.clock.epoch()
        row.token += 1
        ended = bool(was_active) and not row.active
        self.save(row, document, now, actor, "inactivate" if ended else "update")
        if row.full_key != was_full:
            self.rename_references(entity, row)
            self.names.rename_children(entity, row, now, actor)
        if row.parent != was_parent:
            self._total_balances(entity, realm, [row.parent, was_parent], now, actor)
        as_deleted = ended and self.switches.webhook_inactive_event == "deleted"
        as_deleted = as_deleted and "Delete" in entity.sends_events
        return Written(self._existing(realm, entity, id), "Delete" if as_deleted else "Update")

    def check_references(
        self, realm: str, entity: Entity, document: dict[str, Any], current: dict[str, Any]
    ) -> None:
        """References that are new or changed must exist and be active (2500)."""
        tree = entity.hierarchy
        if tree and document.get(tree.parent) and not document.get(tree.flag):
            # ParentRef alone makes a job; Job: false sends it back to the top.
            is_sent_back = document.get(tree.flag) is False
            if is_sent_back and tree.parent in current and current.get(tree.flag):
                document.pop(tree.parent)
            else:
                document[tree.flag] = True
        for field in entity.fields:
            value = document.get(field.name)
            target = BY_NAME.get(field.refers_to)
            if field.kind is not Kind.REF or not value or target is None:
                continue
            old = current.get(field.name)
            if old and old.get("value") == value["value"]:
                continue
            row = self.store.get(realm, target.name, value["value"])
            if row is None or row.gone:
                raise errors.unknown_reference(field.name, target.reference_kind, value["value"])
            if not row.active:
                raise errors.inactive_reference(field.name)
            if field.shows_name:
                document[field.name] = {**value, "name": shown_name(target, row)}

    def finder(self, realm: str) -> Find:
        def find(name: str, id: str) -> dict[str, Any] | None:
            row = self.store.get(realm, name, id)
            return None if row is None or row.gone else loads(row.doc)

        return find

    def rename_references(self, entity: Entity, target: Row) -> None:
        """Who shows the name of `target` shows the new one; nothing else of them changes (9)."""
        name = shown_name(entity, target)
        for row in references.holders(self.store, target, entity):
            document = loads(row.doc)
            found = list(references.inside(document, entity, target.id))
            named = [each for each in found if each.get("name", name) != name]
            for reference in named:
                reference["name"] = name
            if named:
                row.doc = self.dress(row, document)
                self.store.set_doc(row)

    def _move_references(
        self, entity: Entity, away: Row, into: Row, now: float, actor: Actor
    ) -> None:
        """What pointed at `away` points at `into`; LastUpdatedTime is new, tokens stay (9)."""
        ledger, name = self.transactions.ledger, shown_name(entity, into)
        for row in references.holders(self.store, away, entity):
            document = loads(row.doc)
            found = list(references.inside(document, entity, away.id))
            for reference in found:
                reference["value"] = into.id
                if "name" in reference:
                    reference["name"] = name
            if row.parent == f"{entity.name}:{away.id}":
                row.parent = f"{entity.name}:{into.id}"
            if found:
                self.save(row, document, now, actor, "merge", keep_who=True)
        settings = self.store.get(away.realm, "Preferences", "1")
        preferences = self.preferences(away.realm)
        if settings and references.move_defaults(preferences, entity, away.id, into.id):
            settings.doc = self.dress(settings, preferences)
            self.store.set_doc(settings)
        if entity.name == "Account":
            ledger.hand_over(away.realm, "account", away.id, into.id)
        else:
            party = f"{entity.name}:"
            ledger.hand_over(away.realm, "name", party + away.id, party + into.id)

    def _total_balances(
        self, entity: Entity, realm: str, ids: list[str], now: float, actor: Actor
    ) -> None:
        """Own balance plus those below, from each id up to the top; tokens stay (5.3)."""
        total = entity.balance_with_children
        if not total:
            return
        for start in ids:
            row = self.store.get(realm, entity.name, start) if start else None
            while row is not None:
                document = loads(row.doc)
                below = self.store.children(realm, entity.name, row.id)
                amount = Decimal(document.get(entity.balance, 0))
                amount += sum(Decimal(loads(child.doc).get(total, 0)) for child in below)
                if amount != document.get(total, 0):
                    document[total] = rounded(amount)
                    self.save(row, document, now, actor, "balance", keep_who=True)
                row = self.store.get(realm, entity.name, row.parent) if row.parent else None

    def number_addresses(self, realm: str, entity: Entity, document: dict[str, Any]) -> None:
        for field in entity.fields:
            address = document.get(field.name)
            if field.kind is Kind.ADDRESS and address and not address.get("Id"):
                id = str(self.store.next_number(realm, "address"))
                document[field.name] = {"Id": id, **{k: v for k, v in address.items() if k != "Id"}}

    def save(
        self,
        row: Row,
        document: dict[str, Any],
        now: float,
        actor: Actor,
        operation: str,
        keep_who: bool = False,
    ) -> None:
        row.updated = now
        if not keep_who:
            row.who = str(actor)
        row.doc = self.dress(row, document)
        self.store.update(row, operation)

    def settle_balances(self, realm: str, names: set[str], now: float) -> None:
        """Bring balances of customers and vendors up to their sums in the ledger (5.3, 9)."""
        for name in sorted(names):
            kind, _, id = name.partition(":")
            entity, row = BY_NAME[kind], self.store.get(realm, kind, id)
            if row is None or not entity.balance:
                continue
            document = loads(row.doc)
            owed = from_cents(self.transactions.ledger.owed(realm, name))
            if document.get(entity.balance, 0) != owed:
                document[entity.balance] = owed
                self.save(row, document, now, SYSTEM, "balance", keep_who=True)
                self._total_balances(entity, realm, [id], now, SYSTEM)

    def move_stock(self, realm: str, moved: dict[str, Decimal], now: float) -> None:
        """Raise or lower QtyOnHand of items by so much; like balances, without their token."""
        for id, quantity in moved.items():
            row = self.store.get(realm, "Item", id)
            if row is None or not quantity:
                continue
            document = loads(row.doc)
            on_hand = Decimal(document.get("QtyOnHand") or 0) + quantity
            document["QtyOnHand"] = rounded(on_hand, 5)
            self.save(row, document, now, SYSTEM, "stock", keep_who=True)

    @staticmethod
    def differs(entity: Entity, current: dict[str, Any], document: dict[str, Any]) -> bool:
        return any(current.get(field.name) != document.get(field.name) for field in entity.fields)

    @staticmethod
    def dress(row: Row, document: dict[str, Any]) -> str:
        """The stored text: the properties in their order, among them what the row knows."""
        entity = BY_NAME[row.entity]
        whole: dict[str, Any] = {}
        system = {
            "domain": "QBO",
            "sparse": False,
            "Id": row.id,
            "SyncToken": str(row.token),
            "MetaData": meta_data(entity, row.created, row.updated, row.who),
        }
        if entity.shape is Shape.DATED:
            del system["Id"]
        for field in entity.fields:
            if field.name == entity.system_before:
                whole |= system
            if field.name in document:
                whole[field.name] = document[field.name]
        return dumps(whole if entity.system_before else {**whole, **system})


def meta_data(entity: Entity, created: float, updated: float, who: str) -> dict[str, Any]:
    """When it was made and changed, of a transaction also by whom (4.0)."""
    made: dict[str, Any] = {"CreateTime": clocks.metadata_time(created)}
    if entity.shape is Shape.TRANSACTION:
        made["LastModifiedByRef"] = {"value": user_id(Actor.name_of(who))}
    return {**made, "LastUpdatedTime": clocks.metadata_time(updated)}


@cache
def user_id(name: str) -> str:
    """The number of a person: the same for the same name."""
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**11
    return f"93414{number:011d}"


def _check_type(entity: Entity, document: dict[str, Any], actor: Actor) -> None:
    """Some types of an entity are read only for apps (4.4)."""
    kind = document.get("Type")
    if kind in entity.read_only_types and not actor.is_person:
        raise errors.unsupported_operation(
            f"A write to {entity.name} of Type {kind} is not supported."
        )


def _check_alike(away: dict[str, Any], into: dict[str, Any]) -> None:
    """Accounts and items merge with their own kind only."""
    for name in ("AccountType", "Type"):
        if away.get(name) != into.get(name):
            raise errors.business_validation(
                f"What is of {name} {away.get(name)} cannot be merged with {into.get(name)}."
            )


def shown_name(target: Entity, row: Row) -> str:
    """The name that references to this row show: the full one where there are levels."""
    tree = target.hierarchy
    name = tree.full_name if tree and tree.is_shown_in_full else target.name_field
    return str(loads(row.doc).get(name, ""))
