"""Reads of contacts that search, filter, sort or count. All in one firm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Upper

from contacts.models import Contact, ContactQuerySet
from firms.marks import SyncMark, SyncState
from firms.models import Firm

STATUSES = ("active", "archived", "all")
SORTS: dict[str, F | Upper] = {
    "name": Upper("display_name"),
    "company": Upper("company_name"),
    "email": Upper("email"),
    "changed": F("updated_at"),
}
MOST_WORDS = 8
MOST_TO_MERGE = 50


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the address of the list says. Whatever it doesn't know is the default."""

    q: str = ""
    status: str = "active"
    sync: str = ""  # a SyncState
    sort: str = "name"
    is_descending: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        status, sync = query.get("status", ""), query.get("sync", "")
        sort = query.get("sort", "")
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            status=status if status in STATUSES else "active",
            sync=sync if sync in SyncState.values else "",
            sort=sort.removeprefix("-") if sort.removeprefix("-") in SORTS else "name",
            is_descending=sort.startswith("-") and sort.removeprefix("-") in SORTS,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.sync)


def search(firm: Firm | int, filters: Filters) -> ContactQuerySet:
    """Contacts of any status that have every word of the search, each in any of its columns."""
    found = Contact.objects.for_firm(firm)
    for word in filters.q.split()[:MOST_WORDS]:
        found = found.filter(
            Q(display_name__icontains=word)
            | Q(company_name__icontains=word)
            | Q(given_name__icontains=word)
            | Q(family_name__icontains=word)
            | Q(email__icontains=word)
            | Q(phone__icontains=word)
            | Q(mobile__icontains=word)
            | Q(other_phone__icontains=word)
        )
    if filters.sync == SyncState.NOT_SYNCED:
        return found.filter(~Exists(_marks().exclude(state=SyncState.NOT_SYNCED)))
    if filters.sync:
        return found.filter(Exists(_marks().filter(state=filters.sync)))
    return found


def count_by_status(found: QuerySet[Contact]) -> dict[str, int]:
    counts = found.aggregate(all=Count("pk"), archived=Count("pk", filter=Q(is_archived=True)))
    return {**counts, "active": counts["all"] - counts["archived"]}


def listed(found: QuerySet[Contact], filters: Filters) -> QuerySet[Contact]:
    """Of the found ones those of the status, in order, each with `sync_state` (or None)."""
    if filters.status != "all":
        found = found.filter(is_archived=filters.status == "archived")
    order = SORTS[filters.sort]
    ordering = order.desc() if filters.is_descending else order.asc()
    state = Subquery(_marks().values("state")[:1])
    found = found.annotate(sync_state=state).select_related("parent", "merged_into")
    return found.order_by(ordering, "pk")


def parents_first(found: QuerySet[Contact], filters: Filters) -> Iterator[Contact]:
    """What the list shows, all pages, for a file: a child comes after its parent."""
    contacts = listed(found, filters).prefetch_related("addresses")
    yield from contacts.filter(parent=None).iterator(chunk_size=1000)
    children = list(contacts.exclude(parent=None))
    above = {child.pk: child.parent_id for child in children}
    yield from sorted(children, key=lambda child: _level(child.pk, above))


def sync_state(contact: Contact) -> str | None:
    marks = SyncMark.objects.filter(firm=contact.firm_id, entity="contact", local_id=contact.pk)
    return marks.values_list("state", flat=True).first()


def namesakes(firm: Firm | int, display_name: str, *, other_than: int | None = None) -> int:
    """How many other contacts have this name; capitals don't count."""
    found = Contact.objects.for_firm(firm).standing().alias(upper=Upper("display_name"))
    found = found.filter(upper=display_name.upper())
    return (found.exclude(pk=other_than) if other_than is not None else found).count()


def to_merge_with(contact: Contact, text: str) -> QuerySet[Contact]:
    """The first contacts, active ones before archived, that have every word of `text`."""
    found = search(contact.firm_id, Filters.read({"q": text})).standing().exclude(pk=contact.pk)
    return found.order_by("is_archived", Upper("display_name"), "pk")[:MOST_TO_MERGE]


def possible_parents(firm: Firm, text: str) -> QuerySet[Contact]:
    """A handful of active contacts whose name has the text."""
    found = Contact.objects.for_firm(firm).active()
    text = text.replace("\x00", "").strip()
    return found.filter(display_name__icontains=text).order_by(Upper("display_name"), "pk")[:10]


def line_up(contact: Contact) -> list[int]:
    """Ids from this contact, itself included, up to the top."""
    line: list[int] = []
    above: Contact | None = contact
    while above is not None and above.pk not in line:
        line.append(above.pk)
        above = above.parent
    return line


def _level(contact_id: int, above: Mapping[int, int | None]) -> int:
    level, parent = 0, above.get(contact_id)
    while parent is not None:
        level, parent = level + 1, above.get(parent)
    return level


def _marks() -> QuerySet[SyncMark]:
    return SyncMark.objects.filter(firm=OuterRef("firm"), entity="contact", local_id=OuterRef("pk"))
