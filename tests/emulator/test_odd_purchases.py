"""Odd bodies of what is bought are refused with a Fault or taken, never a failure (6, 12)."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbo_emulator.entities import BY_NAME
from qbo_emulator.errors import Fault
from qbo_emulator.jsontext import dumps, loads

from .buying import (
    ADVERTISING,
    CHECKING,
    PAYABLE,
    SAVINGS,
    entry_line,
    expense,
    goods,
    pay_bill,
    ref,
    use,
)
from .test_odd_requests import TEXTS, VALUES
from .test_payables import VENDOR, Company

BODIES: dict[str, dict[str, Any]] = {
    "Bill": {
        "VendorRef": ref(VENDOR),
        "Line": [expense(10), goods(2, 10)],
        "SalesTermRef": ref("3"),
    },
    "VendorCredit": {"VendorRef": ref(VENDOR), "Line": [expense(10)]},
    "Purchase": {
        "PaymentType": "Check",
        "AccountRef": ref(CHECKING),
        "EntityRef": {"value": VENDOR, "type": "Vendor"},
        "Line": [expense(10), goods(2, 10)],
    },
    "PurchaseOrder": {"VendorRef": ref(VENDOR), "Line": [goods(2, 10)]},
    "BillPayment": pay_bill(10, use("Bill", "1", 5)),
    "JournalEntry": {
        "Line": [
            entry_line("Debit", 5, ADVERTISING),
            entry_line("Credit", 5, PAYABLE, "Vendor", VENDOR),
        ]
    },
    "TimeActivity": {
        "NameOf": "Employee",
        "EmployeeRef": ref("54"),
        "StartTime": "2026-02-03T08:00:00-08:00",
        "EndTime": "2026-02-03T17:00:00-08:00",
        "BillableStatus": "NotBillable",
        "Hours": 1,
    },
    "Transfer": {"FromAccountRef": ref(CHECKING), "ToAccountRef": ref(SAVINGS), "Amount": 5},
}
WITHOUT_LINKS: dict[str, dict[str, Any]] = {"BillPayment": {"Line": []}}
DATES = st.sampled_from(["0001-01-01", "9999-12-31", "2026-02-30", "2026-01-01"])
ODD = VALUES | DATES | st.sampled_from([{}, [], [{}], {"value": "99999"}, {"value": None}, 10**12])


@cache
def company() -> Company:
    return Company()


def _change(body: Any, path: list[int], value: Any) -> Any:
    """The body with another value somewhere inside: each number chooses one way further in."""
    if not path or not isinstance(body, dict | list) or not body:
        return value
    keys = list(body) if isinstance(body, dict) else list(range(len(body)))
    key = keys[path[0] % len(keys)]
    changed = dict(body) if isinstance(body, dict) else list(body)
    changed[key] = _change(body[key], path[1:], value)
    return changed


@pytest.mark.parametrize("entity", BODIES)
@settings(max_examples=60, deadline=None)
@given(
    path=st.lists(st.integers(0, 9), min_size=1, max_size=5),
    value=ODD,
    extra=st.dictionaries(st.integers(0, 60), ODD, max_size=2),
    is_update=st.booleans(),
    unknown=st.none() | TEXTS,
)
def test_an_odd_body_is_taken_or_refused_12(
    entity: str,
    path: list[int],
    value: Any,
    extra: dict[int, Any],
    is_update: bool,
    unknown: str | None,
) -> None:
    names = list(BY_NAME[entity].by_name)
    odd_ones = {names[number % len(names)]: odd for number, odd in extra.items()}
    body = {**_change(BODIES[entity], path, value), **odd_ones}
    body.pop("Id", None)
    if unknown is not None:
        body[unknown] = 1
    here = company()
    if is_update:
        made = here.write(entity, **{**BODIES[entity], **WITHOUT_LINKS.get(entity, {})})
        body |= {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True}

    try:
        written = here.write(entity, **loads(dumps(body)))
    except Fault as fault:
        answer = fault.body("now")["Fault"]["Error"][0]["code"]
    else:
        answer = written["Id"]

    assert answer
