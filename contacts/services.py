"""The only writers of contacts. Each is one transaction: the change, its version, one event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Upper

from contacts import events, followers, queries
from contacts.models import Address, Contact
from firms.permissions import Actor, Permission
from firms.services import write_audit

# Names of the values a contact has, flat: addresses as "billing_line1" ... "shipping_country".
ADDRESS_FIELDS = tuple(f"{kind}_{part}" for kind in Address.Kind.values for part in Address.PARTS)
OWN_FIELDS = (
    "display_name", "given_name", "family_name", "company_name",
    "email", "more_emails", "phone", "other_phone", "mobile", "fax", "website", "notes",
    "parent_id", "bill_with_parent", "is_tax_exempt", "is_archived",
)  # fmt: skip
FIELDS = OWN_FIELDS + ADDRESS_FIELDS
# What a merge may take from the contact that goes; where it belongs stays as it is.
MERGED_FIELDS = frozenset(FIELDS) - {"parent_id", "bill_with_parent", "is_archived"}


class ContactError(Exception):
    """The contact could not be saved. `str()` is a sentence for the person."""


class ContactChanged(ContactError):
    """Somebody else saved it since the form was drawn; `contact` holds it as it is now."""

    def __init__(self, contact: Contact) -> None:
        self.contact = contact
        super().__init__(f"{contact} was changed by somebody else meanwhile.")


class NameMissing(ContactError):
    """A contact needs a display name."""


class ParentNotPossible(ContactError):
    """The parent is of another firm, or below this contact, or more than four levels up."""


class ContactMerged(ContactError):
    """It was merged into another contact, which stands for it: nothing of it changes any more."""


class MergeRefused(ContactError):
    """The two cannot be merged as they are; nothing was changed. `refusals` names each reason."""

    def __init__(self, refusals: Sequence[followers.Refusal]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(str(each) for each in refusals))


@dataclass(frozen=True)
class ImportRow:
    """
    One contact of a file: `values` are FIELDS without `parent_id`, `parent` is the name of
    another row or of a contact that is here already, or "". The headings are row 1.
    """

    number: int
    values: Mapping[str, Any]
    parent: str = ""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one row; `column` is its heading, or "" for the whole row."""

    row: int
    column: str
    reason: str


class ImportRefused(ContactError):
    """Some rows are wrong; nothing was imported. `faults` names each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        super().__init__(f"{len(faults)} rows are wrong; nothing was imported.")


MAX_LEVELS = 5  # a top contact and four below it, as in QuickBooks


@transaction.atomic
def create_contact(*, actor: Actor, values: Mapping[str, Any], now: datetime) -> Contact:
    """
    Make a contact from flat `values` (see FIELDS).

    Raises:
        NameMissing, ParentNotPossible: nothing was saved.
    """
    actor.must(Permission.MANAGE_CONTACTS, in_firm=actor.firm_id)
    return _create(actor=actor, values=values, now=now)


@transaction.atomic
def update_contact(
    *, actor: Actor, contact: Contact, version: int, changes: Mapping[str, Any], now: datetime
) -> Contact:
    """
    Change the named fields of a contact, if it still has the `version` the person saw.

    Raises:
        ContactChanged: it has another version by now; nothing was saved.
        ContactMerged, NameMissing, ParentNotPossible: nothing was saved.
    """
    actor.must(Permission.MANAGE_CONTACTS, in_firm=contact.firm_id)
    current = _lock(contact.pk)
    if current.version != version:
        raise ContactChanged(current)
    _must_stand(current)
    return _update(actor=actor, contact=current, changes=changes, now=now)


def archive_contact(*, actor: Actor, contact: Contact, now: datetime) -> Contact:
    """Take a contact out of use. Archiving twice is archiving once."""
    return _set_archived(actor=actor, contact=contact, is_archived=True, now=now)


def restore_contact(*, actor: Actor, contact: Contact, now: datetime) -> Contact:
    """
    Take an archived contact into use again.

    Raises:
        ContactMerged: another contact stands for it.
    """
    return _set_archived(actor=actor, contact=contact, is_archived=False, now=now)


def foresee_merge(*, actor: Actor, keep: Contact, lose: Contact) -> followers.Outlook:
    """What merging `lose` into `keep` would do, and why it cannot be done, if so."""
    told = followers.foresee(actor=actor, keep=keep, lose=lose)
    return replace(told, refusals=[*_reasons_against(keep, lose), *told.refusals])


@transaction.atomic
def merge_contacts(
    *,
    actor: Actor,
    keep: Contact,
    lose: Contact,
    versions: tuple[int, int],
    take: Collection[str],
    now: datetime,
) -> Contact:
    """
    Make one contact of two. `keep` stays; `lose` is archived for good and points to it.

    What `lose` has moves: contacts below it, and whatever followers hold of it.

    Args:
        versions: of `keep` and of `lose`, as the person saw them.
        take: names of MERGED_FIELDS whose values `keep` gets from `lose`.
    Raises:
        ContactChanged: one of them has another version by now; nothing was changed.
        MergeRefused, NotAllowed: nothing was changed.
    """
    actor.must(Permission.MANAGE_CONTACTS, in_firm=keep.firm_id)
    actor.must_be_of(lose.firm_id)
    followers.hold(keep.firm_id)
    kept, lost = _lock_both(keep, lose, versions)
    outlook = foresee_merge(actor=actor, keep=kept, lose=lost)
    for each in outlook.refusals:
        if each.lacks is not None:
            actor.must(each.lacks, in_firm=kept.firm_id)
    if outlook.refusals:
        raise MergeRefused(outlook.refusals)
    before, theirs = values_of(kept), values_of(lost)
    changes = {name: theirs[name] for name in MERGED_FIELDS & set(take)}
    kept = _update(actor=actor, contact=kept, changes=changes, now=now)
    for child in lost.children.standing().select_for_update().order_by("pk"):
        _update(actor=actor, contact=child, changes={"parent_id": kept.pk}, now=now)
    lost.merged_into, lost.is_archived = kept, True
    lost.version, lost.updated_at = lost.version + 1, now
    lost.save()
    _tell(actor=actor, contact=lost)
    followers.follow(actor=actor, keep=kept, lose=lost, now=now)
    write_audit(
        actor=actor,
        firm_id=kept.firm_id,
        action="Contacts merged",
        before={name: before[name] for name in changes if before[name] != changes[name]},
        after={name: value for name, value in changes.items() if before[name] != value},
        detail={
            "kept": f"{kept} #{kept.pk}",
            "merged": f"{lost} #{lost.pk}",
            "moved": ", ".join(outlook.moves),
        },
        now=now,
    )
    return kept


def _reasons_against(keep: Contact, lose: Contact) -> list[followers.Refusal]:
    if keep.pk == lose.pk:
        return [followers.Refusal(sentence="Choose another contact: this is the same one.")]
    reasons = [
        f"{each} was merged into {each.merged_into} already. Choose that one."
        for each in (keep, lose)
        if each.merged_into is not None
    ]
    if keep.is_archived and not keep.merged_into_id:
        reasons.append(f"{keep} is archived. Restore it first, or keep {lose} instead.")
    above = queries.line_up(keep)
    if lose.pk in above:
        reasons.append(
            f"{keep} lies below {lose}. Give it another parent first, or keep {lose} instead."
        )
    elif len(above) >= MAX_LEVELS and lose.children.standing().exists():
        reasons.append(
            f"{lose} has contacts below it, and {keep} lies {MAX_LEVELS} levels deep already: "
            "contacts go no deeper, as in QuickBooks. Give them another parent first."
        )
    return [followers.Refusal(sentence=each) for each in reasons]


@transaction.atomic
def import_contacts(*, actor: Actor, rows: Sequence[ImportRow], now: datetime) -> list[Contact]:
    """
    Make a contact of each row: all of them or none.

    Raises:
        ImportRefused: at least one row is wrong; nothing was saved.
    """
    actor.must(Permission.MANAGE_CONTACTS, in_firm=actor.firm_id)
    faults = check_import(firm_id=actor.firm_id, rows=rows)
    if faults:
        raise ImportRefused(faults)
    parents = {name: pks[0] for name, pks in _here_by_name(actor.firm_id, rows).items()}
    made: list[Contact] = []
    for generation in _generations(rows):
        contacts = [
            Contact(firm_id=actor.firm_id, created_at=now, updated_at=now) for _ in generation
        ]
        for contact, row in zip(contacts, generation, strict=True):
            _assign(contact, row.values)
            contact.parent_id = parents[row.parent.upper()] if row.parent else None
        Contact.objects.bulk_create(contacts)
        Address.objects.bulk_create(
            address
            for contact, row in zip(contacts, generation, strict=True)
            for address in _new_addresses(contact, row.values)
        )
        # A row of the file comes before a contact that has the same name.
        parents.update((contact.display_name.upper(), contact.pk) for contact in contacts)
        made.extend(contacts)
    for contact in made:
        _tell(actor=actor, contact=contact)
    return made


def check_import(*, firm_id: int, rows: Sequence[ImportRow]) -> list[Fault]:
    """Say which rows could not be imported, in the order of the file."""
    names = Counter(str(row.values.get("display_name", "")).upper() for row in rows)
    here = _here_by_name(firm_id, rows)
    faults = []
    for row in rows:
        parent = row.parent.upper()
        if not str(row.values.get("display_name", "")).strip():
            faults.append(Fault(row.number, "Display name", "is empty"))
        if not parent:
            continue
        if names[parent] > 1 or (parent not in names and len(here.get(parent, ())) > 1):
            reason = f'"{row.parent[:60]}" is the name of several contacts'
            faults.append(Fault(row.number, "Parent contact", reason))
        elif parent not in names and parent not in here:
            reason = f'"{row.parent[:60]}" is neither in the file nor a contact of yours'
            faults.append(Fault(row.number, "Parent contact", reason))
    return faults or _too_deep(firm_id, rows, here)


@transaction.atomic
def accept_from_books(
    *, actor: Actor, contact_id: int | None, values: Mapping[str, Any], now: datetime
) -> Contact:
    """
    Write what the books of the firm hold; with `contact_id` None as a new contact.

    No rule for people applies: what the books hold always lands. The caller holds the row's lock.
    """
    if not actor.is_sync:
        raise ValueError("Only the sync writes what the books hold.")
    if contact_id is None:
        return _create(actor=actor, values=values, now=now)
    return _update(actor=actor, contact=_lock(contact_id), changes=values, now=now)


def values_of(contact: Contact) -> dict[str, Any]:
    """The flat values of a contact, all FIELDS but `is_archived`."""
    values = {name: getattr(contact, name) for name in OWN_FIELDS if name != "is_archived"}
    addresses = {address.kind: address for address in contact.addresses.all()}
    for kind in Address.Kind.values:
        for part in Address.PARTS:
            values[f"{kind}_{part}"] = getattr(addresses.get(kind), part, "")
    return values


def _lock(contact_id: int) -> Contact:
    return Contact.objects.select_for_update().get(pk=contact_id)


def _lock_both(keep: Contact, lose: Contact, versions: tuple[int, int]) -> tuple[Contact, Contact]:
    """Both rows as they are now, until the commit. Raises ContactChanged."""
    rows = Contact.objects.filter(pk__in=[keep.pk, lose.pk]).order_by("pk")
    found = {each.pk: each for each in rows.select_for_update()}
    for contact, version in zip((keep, lose), versions, strict=True):
        if found[contact.pk].version != version:
            raise ContactChanged(found[contact.pk])
    return found[keep.pk], found[lose.pk]


def _must_stand(contact: Contact) -> None:
    if contact.merged_into is not None:
        raise ContactMerged(
            f"{contact} was merged into {contact.merged_into}, which stands for it now. "
            "Change that one."
        )


@transaction.atomic
def _set_archived(*, actor: Actor, contact: Contact, is_archived: bool, now: datetime) -> Contact:
    actor.must(Permission.MANAGE_CONTACTS, in_firm=contact.firm_id)
    current = _lock(contact.pk)
    _must_stand(current)
    return _update(actor=actor, contact=current, changes={"is_archived": is_archived}, now=now)


def _create(*, actor: Actor, values: Mapping[str, Any], now: datetime) -> Contact:
    contact = Contact(firm_id=actor.firm_id, created_at=now, updated_at=now)
    _assign(contact, values)
    _check(actor=actor, contact=contact)
    contact.save(force_insert=True)
    _save_addresses(contact, values)
    _tell(actor=actor, contact=contact)
    return contact


def _update(
    *, actor: Actor, contact: Contact, changes: Mapping[str, Any], now: datetime
) -> Contact:
    own = {name: value for name, value in changes.items() if name in OWN_FIELDS}
    is_changed = any(getattr(contact, name) != value for name, value in own.items())
    _assign(contact, own)
    _check(actor=actor, contact=contact)
    if not (_save_addresses(contact, changes) or is_changed):
        return contact
    contact.version += 1
    contact.updated_at = now
    contact.save()
    _tell(actor=actor, contact=contact)
    return contact


def _assign(contact: Contact, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ValueError(f"A contact has no {', '.join(sorted(unknown))}.")
    for name in OWN_FIELDS:
        if name in values:
            setattr(contact, name, values[name])


def _check(*, actor: Actor, contact: Contact) -> None:
    if not contact.display_name.strip():
        raise NameMissing("A contact needs a display name.")
    if contact.parent_id is None:
        return
    above: list[int | None] = [contact.pk] if contact.pk else []
    parent_id: int | None = contact.parent_id
    while parent_id is not None:
        parent = Contact.objects.filter(pk=parent_id, firm_id=contact.firm_id).first()
        if parent is None or parent_id in above:
            raise ParentNotPossible("Choose a parent that is not this contact or one below it.")
        if parent.merged_into is not None:
            raise ParentNotPossible(
                f"{parent} was merged into {parent.merged_into}. Choose that one as the parent."
            )
        above.append(parent_id)
        if len(above) > MAX_LEVELS and not actor.is_sync:
            raise ParentNotPossible("Contacts go at most five levels deep, as in QuickBooks.")
        parent_id = parent.parent_id


def _save_addresses(contact: Contact, values: Mapping[str, Any]) -> bool:
    """Write the address parts named in `values`; return whether anything changed."""
    is_changed = False
    for kind in Address.Kind.values:
        parts = {
            part: values[f"{kind}_{part}"] for part in Address.PARTS if f"{kind}_{part}" in values
        }
        if not parts:
            continue
        address = Address.objects.filter(contact=contact, kind=kind).first()
        if address is None and not any(parts.values()):
            continue
        address = address or Address(contact=contact, kind=kind)
        if address.pk and all(getattr(address, part) == value for part, value in parts.items()):
            continue
        for part, value in parts.items():
            setattr(address, part, value)
        address.save()
        is_changed = True
    return is_changed


def _new_addresses(contact: Contact, values: Mapping[str, Any]) -> list[Address]:
    found = []
    for kind in Address.Kind.values:
        parts = {part: values.get(f"{kind}_{part}", "") for part in Address.PARTS}
        if any(parts.values()):
            found.append(Address(contact=contact, kind=kind, **parts))
    return found


def _here_by_name(firm_id: int, rows: Sequence[ImportRow]) -> dict[str, list[int]]:
    """Of the parents that rows name: upper-case name -> ids of contacts that have it."""
    wanted = {row.parent.upper() for row in rows if row.parent}
    found: dict[str, list[int]] = {}
    contacts = Contact.objects.for_firm(firm_id).standing().annotate(upper=Upper("display_name"))
    for pk, name in contacts.filter(upper__in=wanted).values_list("pk", "upper"):
        found.setdefault(name, []).append(pk)
    return found


def _generations(rows: Sequence[ImportRow]) -> list[list[ImportRow]]:
    """Sort rows so that a parent's generation comes before its children's."""
    level = _levels(rows)
    found: list[list[ImportRow]] = [[] for _ in range(max(level.values(), default=0))]
    for row in rows:
        found[level[row.number] - 1].append(row)
    return found


def _levels(rows: Sequence[ImportRow]) -> dict[int, int]:
    """Row number -> 1 for a row without a parent in the file, 2 for its children and so on."""
    by_name = {str(row.values.get("display_name", "")).upper(): row for row in rows}
    levels = {}
    for row in rows:
        level, above = 1, by_name.get(row.parent.upper()) if row.parent else None
        while above is not None and level <= MAX_LEVELS:
            level += 1
            above = by_name.get(above.parent.upper()) if above.parent else None
        levels[row.number] = level
    return levels


def _too_deep(
    firm_id: int, rows: Sequence[ImportRow], here: Mapping[str, Sequence[int]]
) -> list[Fault]:
    by_name = {str(row.values.get("display_name", "")).upper(): row for row in rows}
    height = {name: _height(pks[0]) for name, pks in here.items()}
    levels = _levels(rows)
    faults = []
    for row in rows:
        top = row
        for _ in range(levels[row.number] - 1):
            top = by_name[top.parent.upper()]
        if levels[row.number] + height.get(top.parent.upper(), 0) > MAX_LEVELS:
            reason = "lies more than five levels deep, or in a circle; QuickBooks allows five"
            faults.append(Fault(row.number, "Parent contact", reason))
    return faults


def _height(contact_id: int) -> int:
    """How many levels there are from the top down to this contact, itself included."""
    return len(queries.line_up(Contact.objects.get(pk=contact_id)))


def _tell(*, actor: Actor, contact: Contact) -> None:
    events.contact_changed.send(
        sender=Contact,
        firm_id=contact.firm_id,
        contact_id=contact.pk,
        version=contact.version,
        actor=actor,
    )
