"""
A contact is a customer in QuickBooks.

Sources: sections 2.4, 4.0, 4.1, 5.2 and 5.6 of the API, as told in ../README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from integrations.entities.contact import ContactRecord
from integrations.errors import InvalidValue
from integrations.providers.base import Operation, Snapshot
from integrations.providers.quickbooks.mapping.names import FORBIDDEN, object_of, plain_name
from integrations.providers.quickbooks.values import parse_time
from integrations.reconcile.record import UNKNOWN, Life, Ref


@dataclass(frozen=True)
class Text:
    """A text of ours and where it stands in a customer; `inner`: inside a sub-object."""

    name: str
    property: str
    limit: int  # characters
    inner: str = ""


NAME: Final = Text("display_name", "DisplayName", 500)
TEXTS: Final = (
    Text("given_name", "GivenName", 100),
    Text("family_name", "FamilyName", 100),
    Text("company_name", "CompanyName", 100),
    Text("email", "PrimaryEmailAddr", 100, "Address"),
    Text("phone", "PrimaryPhone", 30, "FreeFormNumber"),
    Text("other_phone", "AlternatePhone", 30, "FreeFormNumber"),
    Text("mobile", "Mobile", 30, "FreeFormNumber"),
    Text("fax", "Fax", 30, "FreeFormNumber"),
    Text("website", "WebAddr", 1000, "URI"),
    Text("notes", "Notes", 2000),
)
PARTS: Final = (
    Text("line1", "Line1", 500),
    Text("line2", "Line2", 500),
    Text("line3", "Line3", 500),
    Text("line4", "Line4", 500),
    Text("line5", "Line5", 500),
    Text("city", "City", 255),
    Text("region", "CountrySubDivisionCode", 255),
    Text("postal_code", "PostalCode", 30),
    Text("country", "Country", 255),
)
LINES: Final = ("line1", "line2", "line3", "line4", "line5")
LINES_LIMIT: Final = 2000  # of an address, together
ADDRESSES: Final = (("billing", "BillAddr"), ("shipping", "ShipAddr"))
# Of an address we model the parts above. These may be written and go back as they came; Lat and
# Long are read only, and what is in neither list could be refused (2010).
ADDRESS_KEEPS: Final = (
    "Id", "CountryCode", "CountrySubDivision", "County", "PostalCodeSuffix", "Note", "Tag",
)  # fmt: skip
KEPT: Final = (
    "Active", "Job", "BillWithParent", "ParentRef", "BillAddr", "ShipAddr", "TaxExemptionReasonId",
)  # fmt: skip
PLAIN_NAMES: Final = frozenset({"display_name", "given_name", "family_name"})
LABELS: Final = {each.name: each.label for each in ContactRecord.fields()}


class ContactMapping:
    entity = "contact"
    resource = "Customer"
    name_property = "DisplayName"
    is_transaction = False
    where = ""

    # -- Reading ---------------------------------------------------------------------------------

    def snapshot(self, payload: Mapping[str, Any]) -> Snapshot:
        name = _display_name(payload)
        times = object_of(payload.get("MetaData"))
        return Snapshot(
            entity=self.entity,
            remote_id=str(payload["Id"]),
            version=int(payload.get("SyncToken") or 0),
            record=_record(payload, name),
            kept=_kept(payload, name),
            label=name or str(payload.get("FullyQualifiedName") or ""),
            path=_path(payload, name),
            changed_at=parse_time(times.get("LastUpdatedTime")),
            created_at=parse_time(times.get("CreateTime")),
            is_read_only=payload.get("IsProject") is True,
            facts=_facts(payload),
            raw=payload,
        )

    # -- Writing ---------------------------------------------------------------------------------

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
        """Only what is in `values` is sent, whole groups of it; an update is always sparse."""
        if operation is Operation.RETIRE:
            values = {**values, "life": Life.INACTIVE}
        values = {name: _trimmed(value) for name, value in values.items()}
        _check(values, is_new=operation is Operation.CREATE)
        changes = {
            **_names(values, kept),
            **_texts(values),
            **_addresses(values, kept),
            **_tax(values, kept),
            **_parent(values, kept),
            **_life(values),
        }
        if operation is Operation.CREATE:
            return {name: value for name, value in changes.items() if not _is_empty(value)}
        return {"Id": remote_id, "SyncToken": str(version), "sparse": True, **changes}

    def params(self, operation: Operation, company: Mapping[str, Any]) -> dict[str, str]:
        return {}

    def spellings(self, name: str) -> list[str]:
        return [name, f"{name} (deleted)", f"{name} (deleted 1)", f"{name} (deleted 2)"]


def _facts(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What the customer owes there, its own without its children's: only compared and shown."""
    told = payload.get("Balance")
    return {} if told is None else {"balance": f"{Decimal(str(told)):f}"}


def _display_name(payload: Mapping[str, Any]) -> str:
    """The name without " (deleted)", which QuickBooks adds to inactive ones (5.6)."""
    name = str(payload.get("DisplayName") or "")
    return plain_name(name) if payload.get("Active") is False else name


def _path(payload: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Names cannot hold a colon, so it separates them (4.1)."""
    full = str(payload.get("FullyQualifiedName") or "")
    above = full.split(":")[:-1]
    if payload.get("Active") is False:
        above = [plain_name(each) for each in above]
    return (*above, name) if name or above else ()


def _record(payload: Mapping[str, Any], name: str) -> ContactRecord:
    """A full answer leaves out what is blank; in a sparse one a missing property is not told."""
    blank = UNKNOWN if payload.get("sparse") is True else ""
    values: dict[str, Any] = {"display_name": name or blank}
    for each in TEXTS:
        values[each.name] = _read_text(payload, each, blank)
    for kind, property_ in ADDRESSES:
        told = property_ in payload or blank == ""
        address = object_of(payload.get(property_))
        for part in PARTS:
            value = str(address.get(part.property) or "")
            values[f"{kind}_{part.name}"] = value if told else UNKNOWN
    if "Taxable" in payload or blank == "":
        values["is_tax_exempt"] = payload.get("Taxable") is False
    return ContactRecord(**values, **_read_life(payload), **_read_parent(payload))


def _read_text(payload: Mapping[str, Any], text: Text, blank: Any) -> Any:
    if text.property not in payload:
        return blank
    value = payload[text.property]
    return str((object_of(value).get(text.inner) if text.inner else value) or "")


def _read_life(payload: Mapping[str, Any]) -> dict[str, Any]:
    if "Active" not in payload and payload.get("sparse") is True:
        return {}
    return {"life": Life.INACTIVE if payload.get("Active") is False else Life.LIVE}


def _read_parent(payload: Mapping[str, Any]) -> dict[str, Any]:
    is_told = {"ParentRef", "Job"} & set(payload) or payload.get("sparse") is not True
    if not is_told:
        return {}
    parent_id = object_of(payload.get("ParentRef")).get("value")
    parent = Ref("contact", str(parent_id)) if parent_id else None
    is_billed = parent is not None and payload.get("BillWithParent") is True
    return {"parent": parent, "bill_with_parent": is_billed}


def _kept(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    kept = {each: payload[each] for each in KEPT if each in payload}
    return {**kept, "DisplayName": name} if name else kept


def _trimmed(value: Any) -> Any:
    """QuickBooks cuts outer blanks off (section 9)."""
    return value.strip() if isinstance(value, str) else value


def _is_empty(value: Any) -> bool:
    """Whether a create can leave it out. `{"value": ""}` and an address of "" say nothing too."""
    if isinstance(value, dict):
        return not any(value.values())
    return value == ""


def _names(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, str]:
    """On reactivation the name goes along: else " (deleted)" could stay (5.6, unsure)."""
    name = values.get("display_name", UNKNOWN)
    if name is UNKNOWN and values.get("life") == Life.LIVE:
        name = kept.get("DisplayName", UNKNOWN)
    return {} if name is UNKNOWN else {"DisplayName": name}


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Texts are emptied by "", sub-objects by {} (2.4)."""
    sent: dict[str, Any] = {}
    for each in TEXTS:
        value = values.get(each.name, UNKNOWN)
        if value is not UNKNOWN:
            sent[each.property] = _wrapped(value, each.inner) if each.inner else value
    return sent


def _wrapped(value: str, inner: str) -> dict[str, str]:
    return {inner: value} if value else {}


def _addresses(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Whole addresses, blank parts as "": right whether QuickBooks replaces or merges them."""
    sent: dict[str, Any] = {}
    for kind, property_ in ADDRESSES:
        if not any(values.get(f"{kind}_{part.name}", UNKNOWN) is not UNKNOWN for part in PARTS):
            continue
        old = object_of(kept.get(property_))
        address = {name: old[name] for name in ADDRESS_KEEPS if name in old}
        for part in PARTS:
            value = values.get(f"{kind}_{part.name}", UNKNOWN)
            address[part.property] = old.get(part.property, "") if value is UNKNOWN else value
        sent[property_] = address
    return sent


def _tax(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """A reason of automated tax would keep the customer exempt, so it ends with it (4.1)."""
    is_exempt = values.get("is_tax_exempt", UNKNOWN)
    if is_exempt is UNKNOWN:
        return {}
    ended = {"TaxExemptionReasonId": ""} if kept.get("TaxExemptionReasonId") else {}
    return {"Taxable": not is_exempt, **({} if is_exempt else ended)}


def _parent(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    parent = values.get("parent", UNKNOWN)
    is_billed = values.get("bill_with_parent", UNKNOWN)
    if parent is UNKNOWN and is_billed is UNKNOWN:
        return {}
    if parent is UNKNOWN:
        parent_id = str(object_of(kept.get("ParentRef")).get("value") or "")
    else:
        if parent is not None and not isinstance(parent, Ref):
            raise TypeError("A parent is sent as a Ref of the books' own id.")
        parent_id = parent.remote_id if parent else ""
    if not parent_id:
        return {"ParentRef": {"value": ""}, "Job": False, "BillWithParent": False}
    if is_billed is UNKNOWN:
        is_billed = kept.get("BillWithParent") is True
    return {"ParentRef": {"value": parent_id}, "Job": True, "BillWithParent": bool(is_billed)}


def _life(values: Mapping[str, Any]) -> dict[str, bool]:
    life = values.get("life", UNKNOWN)
    return {} if life is UNKNOWN else {"Active": life == Life.LIVE}


# -- Limits: refused, never cut ------------------------------------------------------------------


def _check(values: Mapping[str, Any], *, is_new: bool) -> None:
    if values.get("display_name", "" if is_new else UNKNOWN) == "":
        raise InvalidValue(
            "QuickBooks needs a display name.",
            what_to_do="Give it a display name.",
            element=NAME.property,
        )
    for each in (NAME, *TEXTS):
        _check_length(each.name, each.property, values, each.limit)
        if each.name in PLAIN_NAMES:
            _check_characters(each, values)
    _check_email(values)
    for kind, property_ in ADDRESSES:
        for part in PARTS:
            field = f"{kind}_{part.name}"
            _check_length(field, f"{property_}.{part.property}", values, part.limit)
        _check_lines(kind, property_, values)


def _known(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, UNKNOWN)
    return value if isinstance(value, str) else ""


def _check_length(name: str, element: str, values: Mapping[str, Any], limit: int) -> None:
    length = len(_known(values, name))
    if length > limit:
        raise InvalidValue(
            f"{_label(name)} has {length} characters; QuickBooks takes at most {limit}.",
            what_to_do=f"Shorten it to {limit} characters.",
            element=element,
        )


def _label(name: str) -> str:
    """ "Billing address, city" for a part of an address."""
    kind, _, part = name.partition("_")
    if kind in {"billing", "shipping"} and part != "line1":
        return f"{LABELS[f'{kind}_line1']}, {LABELS[name]}"
    return LABELS[name]


def _check_characters(text: Text, values: Mapping[str, Any]) -> None:
    """The colon separates the levels of a full name (4.1)."""
    value = _known(values, text.name)
    if not FORBIDDEN.search(value):
        return
    proposal = " ".join(re.sub(r"\s*:\s*", " - ", value).split()).strip("- ")
    remedy = f'Change it, for example to "{proposal}".' if proposal else "Change it."
    raise InvalidValue(
        f"{_label(text.name)} holds a colon, a tab or a line break, which QuickBooks does not"
        " take in names.",
        what_to_do=remedy,
        element=text.property,
    )


def _check_email(values: Mapping[str, Any]) -> None:
    email = _known(values, "email")
    if email and not all("@" in each and "." in each for each in email.split(",")):
        raise InvalidValue(
            "QuickBooks takes only an e-mail address with an @ and a dot.",
            what_to_do="Correct the e-mail address.",
            element="PrimaryEmailAddr",
        )


def _check_lines(kind: str, property_: str, values: Mapping[str, Any]) -> None:
    length = sum(len(_known(values, f"{kind}_{line}")) for line in LINES)
    if length > LINES_LIMIT:
        raise InvalidValue(
            f"The lines of the {kind} address have {length} characters; QuickBooks takes at most"
            f" {LINES_LIMIT} together.",
            what_to_do="Shorten the address.",
            element=property_,
        )
