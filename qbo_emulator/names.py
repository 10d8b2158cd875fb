"""
Names and levels of list entries (4.1, 5.6): unique names, parents and children, what is inactive.
"""

from typing import TYPE_CHECKING, Any

from . import errors, rules
from .entities import Entity
from .jsontext import loads
from .store import Row

if TYPE_CHECKING:
    from .books import Actor, Books


class Names:
    """The names of all companies in one `Books`."""

    def __init__(self, books: "Books") -> None:
        self.books = books

    def settle_name(
        self,
        entity: Entity,
        row: Row,
        document: dict[str, Any],
        current: dict[str, Any],
        sent: dict[str, Any],
        actor: "Actor",
    ) -> None:
        """Everything about name, parent and Active that an update of a name list touches."""
        name = entity.name_field
        rules.name_itself(entity, document, self.books.switches.no_name_code)
        self.books.check_references(row.realm, entity, document, current)
        if entity.on_change:
            entity.on_change(document, current, self.books.finder(row.realm))
        if entity.name == "Customer" and not actor.is_person:
            self._check_who_is_billed(row, document, current)
        was_active, row.active = row.active, int(document.get("Active", True))
        if was_active and not row.active:
            self._check_can_end(entity, row, document, actor)
        old_key, old_full = row.name_key, row.full_key
        if not was_active and row.active:
            strips = actor.is_person or self.books.switches.reactivation_strips_suffix
            if strips and document[name] == current[name]:
                document[name] = rules.without_suffix(document[name])
        self.place(entity, row, document)
        if was_active and not row.active:
            self.mark_deleted(entity, row, document)
        if (row.name_key, row.full_key) != (old_key, old_full) or row.active > was_active:
            self.check_name(entity, row, document)

    def _check_who_is_billed(
        self, row: Row, document: dict[str, Any], current: dict[str, Any]
    ) -> None:
        """Whether the parent is billed stays as it is once there are invoices (6130)."""
        is_parent = bool(document.get("BillWithParent") and document.get("ParentRef"))
        if is_parent == bool(current.get("BillWithParent")):
            return
        if self.books.switches.bill_with_parent_change == "refuse" and self.books.store.of_party(
            row.realm, "Invoice", f"Customer:{row.id}"
        ):
            raise errors.cannot_change_who_is_billed()

    def _has_unbilled_time(self, row: Row) -> bool:
        activities = self.books.store.of_party(row.realm, "TimeActivity", f"Customer:{row.id}")
        return any(loads(each.doc).get("BillableStatus") == "Billable" for each in activities)

    def _check_can_end(
        self, entity: Entity, row: Row, document: dict[str, Any], actor: "Actor"
    ) -> None:
        """May this be made inactive (5.6)? People may end what has a balance; names are cleared."""
        children = self.books.store.children(row.realm, row.entity, row.id)
        if any(child.active for child in children):
            raise errors.business_validation(
                f"This {entity.noun} has active sub-{entity.noun}s and cannot be made inactive.",
                "Active",
            )
        if entity.name == "Customer" and not actor.is_person and self._has_unbilled_time(row):
            raise errors.unbilled_charges()
        if entity.balance and document.get(entity.balance) and not actor.is_person:
            raise errors.has_balance(entity.noun)

    def mark_deleted(self, entity: Entity, row: Row, document: dict[str, Any]) -> None:
        if not entity.marks_inactive:
            return
        field = entity.by_name[entity.name_field]
        plain = document[entity.name_field]
        if rules.without_suffix(plain) != plain:  # sent back as read: it has its suffix
            return

        def is_taken(name: str) -> bool:
            others = self.books.store.named(row.realm, entity.name_space, rules.name_key(name))
            return any((each.entity, each.id) != (row.entity, row.id) for each in others)

        document[entity.name_field] = rules.deleted_name(plain, is_taken, field.limit)
        self.place(entity, row, document)

    def place(self, entity: Entity, row: Row, document: dict[str, Any]) -> None:
        """Set parent, level, full name and the keys of a row from its document (4.1)."""
        name = document.get(entity.name_field, "") if entity.name_field else ""
        full_name, tree = name, entity.hierarchy
        if tree:
            parent = self._parent_of(entity, row, document)
            row.parent = parent.id if parent else ""
            document.pop(tree.level, None)
            document.pop(tree.flag, None)
            if parent is not None or tree.flag_at_top:
                document[tree.flag] = parent is not None
            if parent is not None:
                above = loads(parent.doc)
                level = rules.depth(parent.full_key) + 1
                if level + self._depth_below(entity, row) > tree.levels - 1:
                    raise errors.too_many_levels(tree.levels)
                if tree.level:
                    document[tree.level] = level
                full_name = f"{above[tree.full_name]}:{name}"
            document[tree.full_name] = full_name
        row.name_key = rules.name_key(name)
        row.full_key = rules.full_key(full_name)

    def _parent_of(self, entity: Entity, row: Row, document: dict[str, Any]) -> Row | None:
        tree = entity.hierarchy
        if tree is None:
            return None
        reference = document.get(tree.parent)
        if reference is None:
            if document.get(tree.flag) and not entity.by_name[tree.flag].read_only:
                raise errors.parent_required()
            return None
        if reference["value"] == row.id and row.id:
            raise errors.parent_cannot_be_child()
        parent = self.books.store.get(row.realm, entity.name, reference["value"])
        if parent is None or parent.gone:
            raise errors.unknown_reference(tree.parent, entity.reference_kind, reference["value"])
        name, word = tree.parent_is
        if name and loads(parent.doc).get(name) != word:
            raise errors.parent_invalid(f"{tree.parent} is not of {name} {word}")
        above = parent
        while row.id and above.parent:
            if above.parent == row.id:
                raise errors.parent_cannot_be_child()
            next_above = self.books.store.get(row.realm, entity.name, above.parent)
            if next_above is None:
                break
            above = next_above
        return parent

    def _depth_below(self, entity: Entity, row: Row) -> int:
        if not row.id:
            return 0
        children = self.books.store.children(row.realm, entity.name, row.id)
        return max((1 + self._depth_below(entity, child) for child in children), default=0)

    def check_name(self, entity: Entity, row: Row, document: dict[str, Any]) -> None:
        """A name belongs to one entity of its space, active or not (6240)."""
        if not entity.name_space:
            return
        for other in self.books.store.named(row.realm, entity.name_space, row.name_key):
            if (other.entity, other.id) == (row.entity, row.id):
                continue
            apart = other.entity == row.entity and other.full_key != row.full_key
            switched = entity.is_name and self.books.switches.sub_names == "within_parent"
            if apart and (entity.unique_within_parent or switched):
                continue
            raise errors.duplicate_name(other.id, entity.name_field)

    def rename_children(self, entity: Entity, row: Row, now: float, actor: "Actor") -> None:
        """Full names and levels below a renamed or moved object; their SyncTokens stay."""
        for child in self.books.store.children(row.realm, entity.name, row.id):
            document = loads(child.doc)
            self.place(entity, child, document)
            self.books.save(child, document, now, actor, "renamed above", keep_who=True)
            self.books.rename_references(entity, child)
            self.rename_children(entity, child, now, actor)
