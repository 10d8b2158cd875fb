"""
A service item is an item in QuickBooks: a service, or a product without stock.

Sources: sections 4.4, 5.2 and 5.6 of the API, as told in ../README.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from integrations.entities.service_item import ServiceItemRecord
from integrations.errors import InvalidValue, SetUpNeeded
from integrations.providers.base import Operation, Snapshot
from integrations.providers.quickbooks.mapping.names import FORBIDDEN, object_of, plain_name
from integrations.providers.quickbooks.values import number_text, parse_time
from integrations.reconcile.record import UNKNOWN, Life

OURS: Final = frozenset({"Service", "NonInventory"})  # the types that are service items here
TEXTS: Final = (  # our field, their property, most characters
    ("name", "Name", 100),
    ("description", "Description", 4000),
    ("sku", "Sku", 100),
)
MOST: Final = Decimal("99999999999")
DECIMALS: Final = 7
LABELS: Final = {each.name: each.label for each in ServiceItemRecord.fields()}


class ServiceItemMapping:
    entity = "service_item"
    resource = "Item"
    name_property = "Name"
    is_transaction = False
    where = "Type IN ('Service', 'NonInventory')"  # of a listing; the feed tells of all

    def snapshot(self, payload: Mapping[str, Any]) -> Snapshot:
        name = _name(payload)
        times = object_of(payload.get("MetaData"))
        kind = str(payload.get("Type") or "")
        return Snapshot(
            entity=self.entity,
            remote_id=str(payload["Id"]),
            version=int(payload.get("SyncToken") or 0),
            record=_record(payload, name),
            kept={"Name": name} if name else {},
            label=name or str(payload.get("FullyQualifiedName") or ""),
            path=(name,) if name else (),
            changed_at=parse_time(times.get("LastUpdatedTime")),
            created_at=parse_time(times.get("CreateTime")),
            is_read_only=bool(kind) and kind not in OURS,
            is_foreign=bool(kind) and kind not in OURS,
            facts={
                "type": kind,
                "category": _category(payload),
                "income_account": str(
                    object_of(payload.get("IncomeAccountRef")).get("value") or ""
                ),
            },
            raw=payload,
        )

    def payload(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        remote_id: str,
        version: int | None,
        kept: Mapping[str, Any],
        company: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Only what is in `values` is sent; an update is always sparse."""
        if operation is Operation.RETIRE:
            values = {**values, "life": Life.INACTIVE}
        values = {name: _trimmed(value) for name, value in values.items()}
        _check(values, is_new=operation is Operation.CREATE)
        changes = {**_texts(values, kept), **_numbers(values), **_life(values)}
        if operation is Operation.CREATE:
            return {
                **{name: value for name, value in changes.items() if value != ""},
                "Type": "Service",
                "IncomeAccountRef": {"value": _income_account(values, company)},
            }
        return {"Id": remote_id, "SyncToken": str(version), "sparse": True, **changes}

    def params(self, operation: Operation, company: Mapping[str, Any]) -> dict[str, str]:
        return {}

    def spellings(self, name: str) -> list[str]:
        return [name, f"{name} (deleted)", f"{name} (deleted 1)", f"{name} (deleted 2)"]


# -- Reading -------------------------------------------------------------------------------------


def _name(payload: Mapping[str, Any]) -> str:
    name = str(payload.get("Name") or "")
    return plain_name(name) if payload.get("Active") is False else name


def _category(payload: Mapping[str, Any]) -> str:
    """The path above it; only an item under a Category or another item has one (4.4)."""
    above, _, _ = str(payload.get("FullyQualifiedName") or "").rpartition(":")
    return above


def _record(payload: Mapping[str, Any], name: str) -> ServiceItemRecord:
    """A full answer leaves out what is blank; in a sparse one a missing property is not told."""
    blank = UNKNOWN if payload.get("sparse") is True else ""
    values: dict[str, Any] = {
        ours: str(payload[theirs] or "") if theirs in payload else blank
        for ours, theirs, _ in TEXTS
    }
    values["name"] = name or blank
    if "UnitPrice" in payload or blank == "":
        values["rate"] = number_text(payload.get("UnitPrice"))
    if "Taxable" in payload or blank == "":
        values["is_taxable"] = payload.get("Taxable") is True
    if "Active" in payload or blank == "":
        values["life"] = Life.INACTIVE if payload.get("Active") is False else Life.LIVE
    account = object_of(payload.get("IncomeAccountRef")).get("value")
    values["income_account"] = str(account or "")
    return ServiceItemRecord(**values)


# -- Writing -------------------------------------------------------------------------------------


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _texts(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """On reactivation the name goes along: else " (deleted)" could stay (5.6, unsure)."""
    sent = {theirs: values[ours] for ours, theirs, _ in TEXTS if ours in values}
    if values.get("life") == Life.LIVE and "Name" not in sent and "Name" in kept:
        sent["Name"] = kept["Name"]
    return sent


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    if "rate" in values:
        sent["UnitPrice"] = Decimal(values["rate"] or 0)
    if "is_taxable" in values:
        sent["Taxable"] = bool(values["is_taxable"])
    return sent


def _life(values: Mapping[str, Any]) -> dict[str, bool]:
    return {"Active": values["life"] == Life.LIVE} if "life" in values else {}


def _income_account(values: Mapping[str, Any], company: Mapping[str, Any]) -> str:
    """
    Its own, else the one the connection uses (4.4: a service needs one).

    Raises:
        SetUpNeeded: none is chosen.
    """
    own = str(values.get("income_account") or "")
    default = (company.get("defaults") or {}).get("income_account") or {}
    account = own or str(default.get("id") or "")
    if not account:
        raise SetUpNeeded(
            "QuickBooks needs an income account for a new item, and none is chosen.",
            what_to_do="Choose a default income account under Rules, then retry.",
            element="IncomeAccountRef",
        )
    return account


def _check(values: Mapping[str, Any], *, is_new: bool) -> None:
    if values.get("name", "" if is_new else UNKNOWN) == "":
        raise InvalidValue(
            "QuickBooks needs a name.", what_to_do="Give the item a name.", element="Name"
        )
    for ours, theirs, limit in TEXTS:
        length = len(str(values.get(ours) or ""))
        if length > limit:
            raise InvalidValue(
                f"{LABELS[ours]} has {length} characters; QuickBooks takes at most {limit}.",
                what_to_do=f"Shorten it to {limit} characters.",
                element=theirs,
            )
    if FORBIDDEN.search(str(values.get("name") or "")):
        raise InvalidValue(
            "The name holds a colon, a tab or a line break, which QuickBooks does not take in"
            " an item's name.",
            what_to_do="Change it.",
            element="Name",
        )
    _check_rate(values.get("rate"))


def _check_rate(rate: Any) -> None:
    value = Decimal(rate or 0)
    exponent = value.normalize().as_tuple().exponent
    if abs(value) > MOST or (isinstance(exponent, int) and -exponent > DECIMALS):
        raise InvalidValue(
            f"The rate {value:f} is outside what QuickBooks takes: at most {MOST:,} with "
            f"{DECIMALS} decimals.",
            what_to_do="Change the rate.",
            element="UnitPrice",
        )
