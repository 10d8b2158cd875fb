"""Customers that one of our contacts could be: from what was read already, or by asking there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Q

from contacts.models import Contact
from integrations.models import Connection, ImportedRecord, Link
from integrations.providers.base import Books, Snapshot

SHOWN = 50
ENTITY = "contact"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    remote_id: str
    label: str
    email: str = ""
    phone: str = ""
    is_active: bool = True
    reason: str = ""  # "Same email"
    linked_to: str = ""  # our record it is linked with already
    linked_url_id: int | None = None


def candidates(connection: Connection, contact: Contact, text: str) -> list[Candidate]:
    """What was read already and fits `text`, or shares e-mail or phone. Three queries."""
    imported = ImportedRecord.objects.filter(connection=connection, entity=ENTITY)
    fits = Q(label__icontains=text)
    if contact.email:
        fits |= Q(email__iexact=contact.email)
    if contact.phone:
        fits |= Q(phone=contact.phone)
    found = {
        row.remote_id: Candidate(
            remote_id=row.remote_id,
            label=row.path.rpartition(":")[0] + ": " + row.label if ":" in row.path else row.label,
            email=row.email,
            phone=row.phone,
            is_active=row.is_active,
            reason=_reason(contact, row.label, row.email, row.phone),
        )
        for row in imported.filter(fits).order_by("label", "pk")[:SHOWN]
    }
    pairs = (
        Link.objects.filter(connection=connection, entity=ENTITY, remote_id__isnull=False)
        .exclude(state__in=[Link.State.FORMER, Link.State.MERGED])
        .filter(Q(remote_label__icontains=text) | Q(remote_id__in=list(found)))
        .order_by("remote_label", "pk")[:SHOWN]
    )
    for pair in pairs:
        known = found.get(pair.remote_id or "") or Candidate(
            remote_id=pair.remote_id or "", label=pair.remote_label
        )
        found[known.remote_id] = replace(
            known,
            linked_to=(pair.label or "another contact") if pair.local_id else "",
            linked_url_id=pair.local_id,
        )
    return sorted(found.values(), key=lambda each: (not each.reason, bool(each.linked_to)))


def ask_there(books: Books, contact: Contact, name: str) -> list[Candidate]:
    """Customers of exactly this name, read now. One metered read. Raises SyncError."""
    return [_of_snapshot(contact, each) for each in books.find_by_name(ENTITY, name)]


def _of_snapshot(contact: Contact, snapshot: Snapshot) -> Candidate:
    values = snapshot.record.values()
    email, phone = str(values.get("email", "")), str(values.get("phone", ""))
    return Candidate(
        remote_id=snapshot.remote_id,
        label=snapshot.label,
        email=email,
        phone=phone,
        is_active=values.get("life") == "live",
        reason=_reason(contact, snapshot.label, email, phone),
    )


def joined(told: Iterable[Candidate], asked: Iterable[Candidate]) -> list[Candidate]:
    """Both lists as one; what was read already knows what it is linked with."""
    known = {each.remote_id: each for each in told}
    return [*known.values(), *(each for each in asked if each.remote_id not in known)]


def _reason(contact: Contact, label: str, email: str, phone: str) -> str:
    """Why it may be the same. It never links by itself."""
    same = [
        word
        for word, ours, theirs in (
            ("name", contact.display_name, label),
            ("email", contact.email, email),
            ("phone", contact.phone, phone),
        )
        if ours and ours.casefold() == theirs.casefold()
    ]
    return f"Same {' and '.join(same)}" if same else ""
