"""
What QuickBooks does with a customer that is written, told once more and without our mapping.

Sections 2.4, 4.1, 5.2 and 5.6 of the API. `merges`: the two readings of a sparse update's
sub-objects, replaced or laid over the stored ones.
"""

from __future__ import annotations

import copy
from typing import Any

WRAPPERS = {"PrimaryEmailAddr", "PrimaryPhone", "AlternatePhone", "Mobile", "Fax", "WebAddr"}
ADDRESSES = {"BillAddr", "ShipAddr"}


def create(payload: dict[str, Any], **unmodelled: Any) -> dict[str, Any]:
    stored = {
        "Id": "58",
        "SyncToken": "0",
        "Active": True,
        "Job": False,
        "BillWithParent": False,
        "domain": "QBO",
        "sparse": False,
        "MetaData": {"LastUpdatedTime": "2026-11-22T02:05:12-08:00"},
        **copy.deepcopy(unmodelled),
    }
    return _named(_written(stored, payload, merges=False), was_active=True)


def update(stored: dict[str, Any], payload: dict[str, Any], *, merges: bool) -> dict[str, Any]:
    assert (payload["Id"], payload["SyncToken"]) == (stored["Id"], stored["SyncToken"])
    assert payload["sparse"] is True
    changes = {name: payload[name] for name in payload if name not in {"Id", "SyncToken", "sparse"}}
    was_active = stored["Active"]
    result = _written(copy.deepcopy(stored), changes, merges=merges)
    result["SyncToken"] = str(int(stored["SyncToken"]) + 1)
    return _named(result, was_active=was_active)


def _written(stored: dict[str, Any], changes: dict[str, Any], *, merges: bool) -> dict[str, Any]:
    for name, value in changes.items():
        if name in ADDRESSES:
            old = stored.get(name, {})
            # Read-only parts are QuickBooks' own; what is not sent goes unless it merges.
            own = {part: old[part] for part in ("Lat", "Long") if part in old}
            laid = {**old, **value} if merges else {**own, **value}
            stored[name] = {part: text for part, text in laid.items() if text != ""}
        elif name == "ParentRef":
            stored[name] = value if value.get("value") else {}
        else:
            stored[name] = value
    return {name: value for name, value in stored.items() if value not in ("", {}, None)}


def _named(stored: dict[str, Any], *, was_active: bool) -> dict[str, Any]:
    """Making it inactive adds " (deleted)"; a name sent for an inactive one gets it as well."""
    name = stored["DisplayName"]
    if not stored["Active"] and (was_active or not name.endswith(" (deleted)")):
        stored["DisplayName"] = f"{name} (deleted)"
    return stored
