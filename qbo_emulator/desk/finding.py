"""Look-ups in a company's books that lists and fields to pick from need."""

from typing import Any

from ..entities import BY_NAME, Entity, Shape
from ..jsontext import loads
from ..store import Store
from .forms import Document

PAGE_ROWS = 100
MATCHES = {
    Shape.NAME_LIST: "instr(fold(json_extract(doc, '$.PrimaryEmailAddr.Address')), :text)",
    Shape.TRANSACTION: "instr(fold(json_extract(doc, '$.CustomerRef.name')), :text)",
}
ORDERS = {
    Shape.NAME_LIST: "full_key, name_key, id_number",
    Shape.TRANSACTION: "json_extract(doc, '$.TxnDate') DESC, id_number DESC",
}


def find(
    store: Store, realm: str, entity: Entity, text: str, *, inactive: bool, page: int
) -> tuple[int, list[Document]]:
    """
    One page of a list: names in their order, transactions newest first.

    Args:
        text: an Id, or a part of the name, number, email or customer; "" for all.
    Returns: how many there are on all pages, and the documents of this one.
    """
    where = "realm = :realm AND entity = :entity AND gone IS NULL"
    if not inactive:
        where += " AND active = 1"
    if text:
        where += f" AND (instr(name_key, :text) OR id = :exact OR {MATCHES[entity.shape]})"
    values: dict[str, Any] = {
        "realm": realm,
        "entity": entity.name,
        "text": text.casefold(),
        "exact": text,
    }
    total = store.db.execute(f"SELECT COUNT(*) FROM object WHERE {where}", values).fetchone()[0]
    rows = store.db.execute(
        f"SELECT doc FROM object WHERE {where} ORDER BY {ORDERS[entity.shape]}"
        " LIMIT :most OFFSET :skip",
        {**values, "most": PAGE_ROWS, "skip": (page - 1) * PAGE_ROWS},
    )
    return total, [loads(row[0]) for row in rows]


def options(store: Store, realm: str, entity: str, where: Any) -> list[tuple[str, str]]:
    """Ids and names of the active entries of a list for which `where(document)` is true."""
    name = BY_NAME[entity].name_field
    rows = store.db.execute(
        "SELECT doc FROM object WHERE realm = ? AND entity = ? AND gone IS NULL AND active = 1"
        " ORDER BY full_key, name_key, id_number",
        (realm, entity),
    )
    found = [document for document in (loads(row[0]) for row in rows) if where(document)]
    return [(each["Id"], each.get("FullyQualifiedName") or each[name]) for each in found]
