"""From the properties of an object to the row that a company starts with."""

from typing import Any

from ..books import Books
from ..entities import BY_NAME
from ..rules import full_key, name_key
from ..store import Row

SEEDED_BY = "ui|Robin Carlson|"


def seeded(entity: str, realm: str, id: str, made: float, document: dict[str, Any]) -> Row:
    described = BY_NAME[entity]
    name = document.get(described.name_field, "") if described.name_field else ""
    row = Row(
        realm=realm,
        entity=entity,
        id=id,
        id_number=int(id) if id.isdigit() else 0,
        token=0,
        active=int(document.get("Active", True)),
        gone=None,
        space=described.name_space,
        name_key=name_key(name),
        full_key=full_key(document.get("FullyQualifiedName", name)),
        parent=document.get("ParentRef", {}).get("value", ""),
        created=made,
        updated=made,
        who=SEEDED_BY,
        doc="",
    )
    row.doc = Books.dress(row, document)
    return row
