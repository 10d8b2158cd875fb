"""Contacts: what is kept equal with the customers of the books, and by what they match."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Upper

from contacts import services
from contacts.events import contact_changed
from contacts.models import Address, Contact
from firms.permissions import Actor
from integrations.entities.base import (
    EntitySpec,
    Local,
    Reference,
    Rules,
)
from integrations.entities.store import ModelStore
from integrations.reconcile import record as compare
from integrations.reconcile.policy import Direction
from integrations.reconcile.record import Life, Record, Ref, Unknown, part


@dataclass(frozen=True, kw_only=True)
class ContactRecord(Record):
    """A contact as both sides understand it. `parent`: id of our contact; a Ref until turned."""

    entity: ClassVar[str] = "contact"

    display_name: str | Unknown = part()
    given_name: str | Unknown = part(label="First name")
    family_name: str | Unknown = part(label="Last name")
    company_name: str | Unknown = part(label="Company")
    email: str | Unknown = part(key=compare.email)
    phone: str | Unknown = part()
    other_phone: str | Unknown = part()
    mobile: str | Unknown = part()
    fax: str | Unknown = part()
    website: str | Unknown = part()
    notes: str | Unknown = part()
    is_tax_exempt: bool | Unknown = part(key=compare.plain, blank=False, label="Tax exempt")

    billing_line1: str | Unknown = part(group="billing_address", label="Billing address")
    billing_line2: str | Unknown = part(group="billing_address", label="line 2")
    billing_line3: str | Unknown = part(group="billing_address", label="line 3")
    billing_line4: str | Unknown = part(group="billing_address", label="line 4")
    billing_line5: str | Unknown = part(group="billing_address", label="line 5")
    billing_city: str | Unknown = part(group="billing_address", label="city")
    billing_region: str | Unknown = part(group="billing_address", label="state")
    billing_postal_code: str | Unknown = part(group="billing_address", label="postal code")
    billing_country: str | Unknown = part(
        group="billing_address", label="country", key=compare.country
    )
    shipping_line1: str | Unknown = part(group="shipping_address", label="Shipping address")
    shipping_line2: str | Unknown = part(group="shipping_address", label="line 2")
    shipping_line3: str | Unknown = part(group="shipping_address", label="line 3")
    shipping_line4: str | Unknown = part(group="shipping_address", label="line 4")
    shipping_line5: str | Unknown = part(group="shipping_address", label="line 5")
    shipping_city: str | Unknown = part(group="shipping_address", label="city")
    shipping_region: str | Unknown = part(group="shipping_address", label="state")
    shipping_postal_code: str | Unknown = part(group="shipping_address", label="postal code")
    shipping_country: str | Unknown = part(
        group="shipping_address", label="country", key=compare.country
    )

    parent: int | Ref | None | Unknown = part(
        group="parent", key=compare.plain, blank=None, label="Parent"
    )
    bill_with_parent: bool | Unknown = part(
        group="parent", key=compare.plain, blank=False, label="Bill with parent"
    )


class ContactStore(ModelStore[Contact]):
    """Reads `contacts.models`, writes through `contacts.services`."""

    refusals = (services.ContactError,)

    def rows(self, firm_id: int) -> QuerySet[Contact]:
        """A contact that was merged into another one is no record of its own any more."""
        return Contact.objects.for_firm(firm_id).standing()

    def local(self, row: Contact) -> Local:
        return _local(row, path=_path(row))

    def many(self, firm_id: int, rows: QuerySet[Contact]) -> Iterator[Local]:
        return _read(firm_id, rows)

    def count_known(self, *, firm_id: int, names: Sequence[str]) -> int:
        rows = self.rows(firm_id).annotate(folded=Upper("display_name"))
        known = rows.filter(folded__in=[name.upper() for name in names])
        return known.values("folded").distinct().count()

    def accept(
        self, *, actor: Actor, local_id: int | None, values: Mapping[str, Any], now: datetime
    ) -> Contact:
        return services.accept_from_books(
            actor=actor, contact_id=local_id, values=_to_contact(values), now=now
        )

    def change(
        self,
        *,
        actor: Actor,
        row: Contact,
        version: int | None,
        values: Mapping[str, Any],
        now: datetime,
    ) -> Contact:
        return services.update_contact(
            actor=actor,
            contact=row,
            version=row.version if version is None else version,
            changes=_to_contact(values),
            now=now,
        )

    def note(self, *, actor: Actor, local_id: int, facts: Mapping[str, Any], now: datetime) -> None:
        """Nothing: all that is shown of a customer is synced."""


def _read(firm_id: int, rows: QuerySet[Contact]) -> Iterator[Local]:
    """Read many contacts with a fixed number of queries a thousand."""
    family = Contact.objects.for_firm(firm_id)
    above = dict(family.filter(children__isnull=False).values_list("pk", "display_name"))
    parents = dict(family.exclude(parent=None).values_list("pk", "parent_id"))
    ordered = rows.order_by("pk").prefetch_related("addresses")
    for contact in ordered.iterator(chunk_size=1000):
        names = [contact.display_name]
        parent_id = contact.parent_id
        while parent_id is not None and len(names) <= len(parents):
            names.insert(0, above[parent_id])
            parent_id = parents.get(parent_id)
        yield _local(contact, path=tuple(names))


def _path(contact: Contact) -> tuple[str, ...]:
    names: list[str] = []
    above: Contact | None = contact
    while above is not None:
        names.insert(0, above.display_name)
        above = above.parent
    return tuple(names)


def _to_contact(values: Mapping[str, Any]) -> dict[str, Any]:
    changes = dict(values)
    if "life" in changes:
        changes["is_archived"] = changes.pop("life") != Life.LIVE
    if "parent" in changes:
        changes["parent_id"] = changes.pop("parent")
    return changes


def _local(contact: Contact, *, path: tuple[str, ...]) -> Local:
    addresses = {each.kind: each for each in contact.addresses.all()}
    parts = {
        f"{kind}_{name}": getattr(addresses.get(kind), name, "")
        for kind in Address.Kind.values
        for name in Address.PARTS
    }
    record = ContactRecord(
        life=Life.INACTIVE if contact.is_archived else Life.LIVE,
        display_name=contact.display_name,
        given_name=contact.given_name,
        family_name=contact.family_name,
        company_name=contact.company_name,
        email=contact.email,
        phone=contact.phone,
        other_phone=contact.other_phone,
        mobile=contact.mobile,
        fax=contact.fax,
        website=contact.website,
        notes=contact.notes,
        is_tax_exempt=contact.is_tax_exempt,
        parent=contact.parent_id,
        bill_with_parent=contact.bill_with_parent,
        **parts,
    )
    return Local(
        local_id=contact.pk,
        version=contact.version,
        record=record,
        label=contact.display_name,
        path=path,
    )


def fold(value: str) -> str:
    """The form in which names are compared: NFKC, case-folded, blanks collapsed and trimmed."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def same_name(record: Record, path: Sequence[str]) -> str:
    """The name key: the whole path of a sub-customer, else its display name."""
    assert isinstance(record, ContactRecord)
    return ":".join(fold(name) for name in path)


def same_email(record: Record, path: Sequence[str]) -> str:
    assert isinstance(record, ContactRecord)
    return str(compare.email(record.email)) if isinstance(record.email, str) else ""


def kept_out(rules: Rules, local: Local | None) -> frozenset[str]:
    """Notes may hold what bookkeepers must not see: they go along by a rule only."""
    return frozenset() if rules.syncs_notes else frozenset({"notes"})


CONTACT = EntitySpec(
    key="contact",
    label="Contacts",
    singular="contact",
    theirs="customer",
    record=ContactRecord,
    store=ContactStore(),
    changed=contact_changed,
    match={"two_way": same_name, "push_only": same_email},
    kept_out=kept_out,
    directions={"two_way": (Direction.TWO_WAY,), "push_only": (Direction.PUSH,)},
    references=(Reference(entity="contact", field="parent"),),
    tells_apart=("email", "phone", "other_phone", "mobile", "fax"),
    url_name="contacts:contact",
)
