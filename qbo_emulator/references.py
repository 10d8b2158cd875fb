"""
References inside documents: which property points at which entity, on the head and in lines.

A merge points them at the survivor, a rename shows the new name (9).
"""

from collections.abc import Iterator
from typing import Any

from .entities import ENTITIES, Entity, Field, Shape
from .store import Row, Store

# References in lines, of which descriptions do not say what they point at.
IN_LINES = {
    "Item": {"ItemRef", "GroupItemRef"},
    "Customer": {"CustomerRef"},
    "Vendor": {"VendorRef"},
    "Class": {"ClassRef"},
    "Department": {"DepartmentRef"},
    "PaymentMethod": {"PaymentMethodRef"},
    "TaxCode": {"TaxCodeRef", "TxnTaxCodeRef"},
}
NAMES = {"Customer", "Vendor", "Employee"}
# References that say themselves what they point at, by their `type`.
TYPED = {"Entity", "EntityRef", "PayeeEntityRef"}


def references_to(entity: Entity) -> Iterator[tuple[Entity, Field]]:
    """Every reference property of a head that points at `entity`, parents apart."""
    for owner in ENTITIES:
        for field in owner.fields:
            is_parent = owner.hierarchy and field.name == owner.hierarchy.parent
            if entity.name in (field.refers_to, *field.refers_to_any) and not is_parent:
                yield owner, field


def names_of(entity: Entity) -> set[str]:
    """The properties that point at an entity."""
    return {field.name for _, field in references_to(entity)} | IN_LINES.get(entity.name, set())


def inside(value: Any, entity: Entity, id: str) -> Iterator[dict[str, Any]]:
    """Every reference to (entity, id) in a document, to be changed in place."""
    yield from _inside(value, names_of(entity), entity.name, id)


def _inside(value: Any, names: set[str], entity: str, id: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _inside(each, names, entity, id)
    if not isinstance(value, dict):
        return
    for name, each in value.items():
        if not isinstance(each, dict):
            yield from _inside(each, names, entity, id)
        elif each.get("value") == id and _points(name, each, names, entity):
            yield each
        else:
            yield from _inside(each, names, entity, id)


def _points(name: str, reference: dict[str, Any], names: set[str], entity: str) -> bool:
    if name in TYPED:
        kind = reference.get("type")  # without one it is some name: their ids are one sequence
        return entity in NAMES if not kind else str(kind).lower() == entity.lower()
    is_account = entity == "Account" and name.endswith("AccountRef")
    return name in names or is_account


def move_defaults(preferences: dict[str, Any], entity: Entity, away: str, into: str) -> bool:
    """The company's default item and discount account after a merge; whether one has changed."""
    sales = preferences.get("SalesFormsPrefs", {})
    if entity.name == "Account" and sales.get("DefaultDiscountAccount") == away:
        sales["DefaultDiscountAccount"] = into
        return True
    for pair in preferences.get("OtherPrefs", {}).get("NameValue", []):
        is_default = pair.get("Name") == "SalesFormsPrefs.DefaultItem"
        if entity.name == "Item" and is_default and pair.get("Value") == away:
            pair["Value"] = into
            return True
    return False


def holders(store: Store, target: Row, entity: Entity) -> Iterator[Row]:
    """
    The objects that may refer to `target`.

    Whose a transaction is stands in a column; only for the rest are texts looked through.
    """
    owners = {owner.name: owner for owner, _ in references_to(entity)}
    owners |= {each.name: each for each in ENTITIES if each.shape is Shape.TRANSACTION}
    owners |= {each.name: each for each in ENTITIES if each.shape is Shape.ATTACHMENT}
    for owner in owners.values():
        has_party_only = owner.party_entity == entity.name and entity.name == "Customer"
        if has_party_only:
            yield from store.children(target.realm, owner.name, f"{entity.name}:{target.id}")
        else:
            yield from store.mentioning(target.realm, owner.name, target.id)
