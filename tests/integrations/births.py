"""The birthmark of a record, which nobody edits: it tells which records of two sides are one."""

from __future__ import annotations

import re
from typing import Any

from billing.models import Invoice, ServiceItem
from contacts.models import Contact

BIRTH = re.compile(r"bt\d+x")


def birth_in(text: Any) -> str:
    found = BIRTH.match(str(text or ""))
    return found[0] if found else ""


def birth_there(resource: str, doc: dict[str, Any]) -> str:
    told = {
        "Customer": (doc.get("Fax") or {}).get("FreeFormNumber"),
        "Item": doc.get("Sku"),
        "Invoice": (doc.get("CustomerMemo") or {}).get("value"),
        "Payment": doc.get("PaymentRefNum"),
    }
    return birth_in(told[resource])


def birth_here(row: Any) -> str:
    marks = {Contact: "fax", ServiceItem: "sku", Invoice: "message"}
    return birth_in(getattr(row, marks.get(type(row), "reference")))
